"""What every part of the configuration is made of: strict models, numbers, durations, topics.

YAML interprets nothing: what stands in the file arrives here as text, and each field says what
counts as a number, a yes or a duration.
"""

import contextlib
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    ValidationInfo,
    model_validator,
)

from gasguard.durations import EXAMPLES, parse_duration
from gasguard.errors import DurationError

TOPIC = r"^[^+#/\x00\s]+(/[^+#/\x00\s]+)*$"
WHOLE, NUMBER = "must be a whole number in digits", "must be a number in digits"
_YES, _NO = {"true", "yes", "on"}, {"false", "no", "off"}
_LONGEST_TOPIC = 65_535
_LONGEST_NAME = 253
"""Characters in a DNS name (RFC 1035)."""
_LABEL = re.compile(r"\w(?:[\w-]{0,61}\w)?")


OF_OLD_YAML = {"false": "off", "true": "on"}
"""Writers of YAML 1.1 turn these two keys of ours into truth values."""


class Strict(BaseModel):
    """Unknown keys are faults, values are fixed once read."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        # Built at the first look, and only what is looked at: a tenth of the start.
        defer_build=True,
    )
    fills_in: ClassVar[frozenset[str]] = frozenset()
    """Required keys that others stand for: nobody misses them who has got those wrong."""

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, raw: Any) -> Any:  # Any: before anything is checked
        """Keys as YAML 1.1 leaves them; a block without anything in it has its default values."""
        if not isinstance(raw, dict):
            return raw
        meant = {}
        for key, value in raw.items():
            new = OF_OLD_YAML.get(str(key).lower(), key)
            own = key in cls.model_fields or new not in cls.model_fields or new in raw
            name = key if own else new
            if value is not None or not cls._has_block(name):
                meant[name] = value
        return meant

    @classmethod
    def _has_block(cls, key: object) -> bool:
        """Whether the key's value is a block that need not be there, and is never none."""
        field = cls.model_fields.get(str(key))
        if field is None or field.is_required():
            return False
        return isinstance(field.get_default(call_default_factory=True), BaseModel | dict | list)


def _whole(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        return int(value)
    if type(value) is not int:
        raise ValueError(WHOLE)
    return value


def _number(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(
        r"-?([0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})", value.strip()
    ):
        return float(value)
    if type(value) not in (int, float):
        raise ValueError(NUMBER)
    return value


def _flag(value: object) -> bool:
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise ValueError("must be true or false")
    return word in _YES


def _duration(value: object) -> float:
    # The value is not repeated: a secret may stand in the wrong line.
    if not isinstance(value, bool) and isinstance(value, str | int | float):
        with contextlib.suppress(DurationError):
            return parse_duration(str(value), milliseconds=True)
    raise ValueError(f"is no duration; write for example {EXAMPLES}")


def _token(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{32}", value):
        raise ValueError("must be 32 hexadecimal digits (firmware_notes/commissioning.md says how)")
    return value


def _device_topic(value: str) -> str:
    """Other people's topics may hold blanks: Zigbee2MQTT's names do."""
    sound = value and value == value.strip() and not set(value) & set("+#\0") and value[0] != "$"
    if not sound or len(value.encode()) > _LONGEST_TOPIC:
        raise ValueError(
            "is no topic; write for example zigbee2mqtt/stove, without + and #, no $ before it"
        )
    return value


def _host(value: str) -> str:
    if set(value) & set("/@?#") or value.split() != [value]:
        raise ValueError("is an address or a name alone, without mqtt:// and blanks: 192.168.1.20")
    name, colon, port = value.rpartition(":")
    if colon and ":" not in name and port.isdecimal():
        raise ValueError(f"is an address or a name alone; write port: {port} in a line of its own")
    if colon:
        _check_address(value, ipaddress.IPv6Address)
    elif re.fullmatch(r"[0-9.]+", value):
        _check_address(value, ipaddress.IPv4Address)
    else:
        _check_name(value)
    return value


def _check_name(value: str) -> None:
    labels = value.removesuffix(".").split(".")
    # 192.168.1.5O with a letter: no name ends in a part that begins with a digit.
    if len(labels) > 1 and labels[-1][:1].isdecimal():
        raise ValueError("is no address; write for example 192.168.1.20")
    if len(value) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("is no name; write for example relay.local or 192.168.1.20")


def same_host(host: str) -> str:
    """The one form of all that are surely the same host."""
    name = host.lower().removesuffix(".")
    return "127.0.0.1" if name == "localhost" else name


def _check_address(value: str, kind: Callable[[str], object]) -> None:
    try:
        kind(value)
    except ValueError:
        zeros = re.search(r"\b0[0-9]", value) and " without leading zeros"
        raise ValueError(f"is no address; write for example 192.168.1.20{zeros or ''}") from None


def _ipv4_host(value: str) -> str:
    if ":" in value:
        raise ValueError("is IPv6, which relays do not speak; write for example 192.168.1.40")
    return value


Host = Annotated[str, AfterValidator(_host)]
"""An address or a name, without a port."""
RelayHost = Annotated[Host, AfterValidator(_ipv4_host)]


def _path(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and value:
        with contextlib.suppress(RuntimeError, ValueError):  # no such user; a NUL
            return ((info.context or Path()) / Path(value).expanduser()).resolve()
    elif isinstance(value, Path):
        return value
    raise ValueError("is no path; write for example /etc/gasguard/certificate.pem")


def _each_once(value: list[str]) -> list[str]:
    return list(dict.fromkeys(value))


EachOnce = AfterValidator(_each_once)
"""A list in which what stands twice counts once."""
Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
FilePath = Annotated[Path, BeforeValidator(_path)]
"""Relative to the configuration file's folder, which is the validation's context; `~` is a home."""
DURATION = BeforeValidator(_duration)
Duration = Annotated[float, DURATION]
"""Seconds."""
Token = Annotated[SecretStr, BeforeValidator(_token)]
DeviceTopic = Annotated[str, AfterValidator(_device_topic)]
WiringWord = Literal["normally_closed", "normally_open"]


class Availability(Strict):
    """Where the device, or the broker for it, says that it is there. Plain, or JSON's `state`."""

    topic: DeviceTopic
    online: str = "online"
    offline: str = "offline"

    @model_validator(mode="after")
    def _two_words(self) -> Self:
        if self.online.strip().casefold() == self.offline.strip().casefold():
            raise ValueError(
                "online and offline must differ; write for example online: Online, offline: Offline"
            )
        return self
