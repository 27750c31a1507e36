"""What every part of the configuration is made of: strict models, durations, topics."""

import contextlib
import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr

from gasguard.durations import EXAMPLES, parse_duration
from gasguard.errors import DurationError

TOPIC = r"^[^+#/\x00\s]+(/[^+#/\x00\s]+)*$"
_LONGEST_TOPIC = 65_535
_LONGEST_NAME = 253
"""Characters in a DNS name (RFC 1035)."""


class Strict(BaseModel):
    """Unknown keys are faults, values are fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _duration(value: object) -> float:
    # The value is not repeated: a secret may stand in the wrong line.
    if not isinstance(value, bool) and isinstance(value, str | int | float):
        with contextlib.suppress(DurationError):
            return parse_duration(str(value), milliseconds=True)
    raise ValueError(f"is no duration; write for example {EXAMPLES}")


def _token(value: object) -> object:
    # YAML reads a token of digits alone as a number, with a leading zero even as an octal one.
    if isinstance(value, int):
        raise ValueError("put the token in quotes: YAML took it for a number")
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{32}", value):
        raise ValueError("must be 32 hexadecimal digits (firmware_notes/commissioning.md says how)")
    return value


def _device_topic(value: str) -> str:
    """Other people's topics may hold blanks: Zigbee2MQTT's names do."""
    sound = value and value == value.strip() and not set(value) & set("+#\0")
    if not sound or len(value.encode()) > _LONGEST_TOPIC:
        raise ValueError("is no topic; write for example zigbee2mqtt/stove, without + and #")
    return value


def _host(value: str) -> str:
    if set(value) & set("/@?#") or value.split() != [value]:
        raise ValueError("is an address or a name alone, without mqtt:// and blanks: 192.168.1.20")
    name, colon, port = value.rpartition(":")
    if colon and ":" not in name:
        raise ValueError(f"is an address or a name alone; write port: {port} in a line of its own")
    if colon:
        _check_address(value, ipaddress.IPv6Address)
    elif re.fullmatch(r"[0-9.]+", value):
        _check_address(value, ipaddress.IPv4Address)
    elif "" in value.removesuffix(".").split(".") or len(value) > _LONGEST_NAME:
        raise ValueError("is no name; write for example relay.local or 192.168.1.20")
    return value


def _check_address(value: str, kind: Callable[[str], object]) -> None:
    try:
        kind(value)
    except ValueError:
        raise ValueError("is no address; write for example 192.168.1.20") from None


def _ipv4_host(value: str) -> str:
    if ":" in value:
        raise ValueError("is IPv6, which relays do not speak; write for example 192.168.1.40")
    return value


Host = Annotated[str, AfterValidator(_host)]
"""An address or a name, without a port."""
RelayHost = Annotated[Host, AfterValidator(_ipv4_host)]
Duration = Annotated[float, BeforeValidator(_duration)]
Token = Annotated[SecretStr, BeforeValidator(_token)]
DeviceTopic = Annotated[str, AfterValidator(_device_topic)]
WiringWord = Literal["normally_closed", "normally_open"]


class Availability(Strict):
    """Where the device, or the broker for it, says that it is there. Plain, or JSON's `state`."""

    topic: DeviceTopic
    online: str = "online"
    offline: str = "offline"
