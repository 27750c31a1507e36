"""The broker in the configuration."""

from typing import Literal

from pydantic import Field, SecretStr

from gasguard.config.fields import TOPIC, FilePath, Flag, Host, Strict, Whole


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

    host: Host = "127.0.0.1"
    port: Whole = Field(1883, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    base_topic: str = Field("gasguard", pattern=TOPIC)
    tls: Tls | None = None
    home_assistant: HomeAssistant = HomeAssistant()
