"""The broker in the configuration."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, TypeAdapter

from gasguard.config.fields import TOPIC, FilePath, Flag, Host, Strict, Whole
from gasguard.durations import parse_duration

_MOST_HOSTS = 8
_KEEPALIVE_MIN, _KEEPALIVE_MAX = 5, 120
_LONGEST_ID = 128
_PROTOCOLS = {"5": "5", "5.0": "5", "3.1.1": "3.1.1", "311": "3.1.1"}
_ONE: TypeAdapter[str] = TypeAdapter(Host)
_SEVERAL: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[Host, ...])


def _hosts(value: object) -> str | tuple[str, ...]:
    """Each fault is told at its own place: at the key, or at one of the list."""
    if not isinstance(value, list | tuple):
        return _ONE.validate_python(value)
    if not 0 < len(value) <= _MOST_HOSTS:
        raise ValueError(f"names 1 to {_MOST_HOSTS} hosts: [192.168.1.20, 192.168.1.21]")
    return _SEVERAL.validate_python(value)


def _protocol(value: object) -> object:
    """As people write it: 5, "5.0", 3.1.1, 311, MQTT 5, v3.1.1."""
    if not isinstance(value, bool):
        number = re.sub(r"^(mqtt)?[\s_-]*v?\s*", "", str(value).strip().lower())
        if number in _PROTOCOLS:
            return _PROTOCOLS[number]
    raise ValueError("must be 5 or 3.1.1; left out, 5 is tried first")


def _client_id(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    sound = isinstance(value, str) and value == value.strip() and value.isprintable()
    if not sound or not 0 < len(str(value)) <= _LONGEST_ID:
        raise ValueError(
            f"must be 1 to {_LONGEST_ID} printable characters, for example gasguard-kitchen; "
            "left out, gasguard makes one"
        )
    return value


def _keepalive(value: object) -> object:
    """Seconds where only a number stands, as in every other program's MQTT settings."""
    seconds: float | None = None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        written = str(value).strip()
        try:
            bare = re.fullmatch(r"[0-9.]+", written)
            seconds = float(written) if bare else parse_duration(written)
        except ValueError:
            seconds = None
    if seconds not in range(_KEEPALIVE_MIN, _KEEPALIVE_MAX + 1):
        raise ValueError(
            f"must be {_KEEPALIVE_MIN} to {_KEEPALIVE_MAX} whole seconds, for example 12 or 12s: "
            "a frozen broker is noticed after about twice that"
        )
    return seconds


class Tls(Strict):
    """TLS to the broker. An empty block means the system's authorities."""

    ca: FilePath | None = None
    cert: FilePath | None = None
    key: FilePath | None = None
    insecure: Flag = False
    """Accept any certificate: against eavesdroppers only, not against impostors."""


class HomeAssistant(Strict):
    """How gasguard announces itself to Home Assistant."""

    discovery: Flag = True
    """Off also takes back what was announced before."""
    prefix: str = Field("homeassistant", pattern=TOPIC)
    form: Literal["component", "device"] = "component"
    """One message an entity, for every Home Assistant; or one a device, from 2024.11 on."""
    language: Literal["en", "zh"] = "en"
    """Of the names that it shows."""


class Mqtt(Strict):
    """The broker."""

    host: Annotated[str | tuple[str, ...], PlainValidator(_hosts)] = "127.0.0.1"
    """One, or several that are tried in turn."""
    port: Whole = Field(1883, ge=1, le=65535)
    protocol: Annotated[Literal["5", "3.1.1"] | None, BeforeValidator(_protocol)] = None
    """Only this one; None: MQTT 5, and 3.1.1 where there is no 5."""
    client_id: Annotated[str | None, BeforeValidator(_client_id)] = None
    """Of the connection for people; the devices' is named after it. None: by the base topic."""
    keepalive: Annotated[int, BeforeValidator(_keepalive)] = 12
    """Seconds."""
    username: str | None = None
    password: SecretStr | None = None
    base_topic: str = Field("gasguard", pattern=TOPIC)
    tls: Tls | None = None
    home_assistant: HomeAssistant = HomeAssistant()

    @property
    def hosts(self) -> tuple[str, ...]:
        """In the order in which they are tried."""
        return (self.host,) if isinstance(self.host, str) else self.host
