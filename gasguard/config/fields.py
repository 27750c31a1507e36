"""What every part of the configuration is made of: strict models, durations, topics."""

import contextlib
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr

from gasguard.durations import EXAMPLES, parse_duration
from gasguard.errors import DurationError

TOPIC = r"^[^+#/\x00\s]+(/[^+#/\x00\s]+)*$"
_LONGEST_TOPIC = 65_535


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


Duration = Annotated[float, BeforeValidator(_duration)]
Token = Annotated[SecretStr, BeforeValidator(_token)]
DeviceTopic = Annotated[str, AfterValidator(_device_topic)]
WiringWord = Literal["normally_closed", "normally_open"]


class Availability(Strict):
    """Where the device, or the broker for it, says that it is there. Plain, or JSON's `state`."""

    topic: DeviceTopic
    online: str = "online"
    offline: str = "offline"
