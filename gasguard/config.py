"""The configuration file: YAML in, checked settings out, every fault at once with its place."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from gasguard.durations import format_duration
from gasguard.errors import ConfigError
from gasguard.settings.fields import TOPIC, Availability, Duration, Strict
from gasguard.settings.file import Unresolved, read_file, unresolved_in
from gasguard.settings.mqtt_relay import MqttRelay
from gasguard.settings.relays import Channel, MiioRelay, MiotRelay
from gasguard.settings.sensors import FlameSensor, Hazard, MqttFlame, ThermocoupleFlame

__all__ = [
    "AnyRelay",
    "Availability",
    "Bemfa",
    "Burner",
    "Channel",
    "Config",
    "FlameSensor",
    "Hazard",
    "MiioRelay",
    "MiotRelay",
    "Mqtt",
    "MqttFlame",
    "MqttRelay",
    "ThermocoupleFlame",
    "Tls",
    "load_config",
    "load_control_socket",
    "parse_config",
]

CONTROL_SOCKET = "control.sock"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "is no name; use a-z, 0-9 and _, a letter first, at most 32, for example kitchen_gas"
        )
    return value


def _burner_id(value: str) -> str:
    if value == "all" or not _NAME.fullmatch(value):
        raise ValueError(
            "is no burner id; use a-z, 0-9 and _, a letter first, at most 32, and not 'all', "
            "for example front_left"
        )
    return value


def _cloud_key(value: object) -> object:
    if isinstance(value, int):
        raise ValueError("put the key in quotes: YAML took it for a number")
    if not isinstance(value, str) or not re.fullmatch(r"\w{8,128}", value, re.ASCII):
        raise ValueError("must be the private key (私钥) that bemfa's console shows, 32 digits")
    return value


def _cloud_topic(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Za-z]{1,61}00[126]", value):
        raise ValueError(
            "must be letters and digits that end in 001 (outlet), 006 (switch) or 002 (light), "
            "for example gasleft002"
        )
    return value


def _distinct(topics: dict[str, str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for burner, topic in topics.items():
        other = taken.setdefault(topic, burner)
        if other != burner:
            raise ValueError(f"{other} and {burner} share {topic}; each burner needs its own")
    return topics


BurnerId = Annotated[str, AfterValidator(_burner_id)]
Name = Annotated[str, AfterValidator(_name)]
CloudKey = Annotated[SecretStr, BeforeValidator(_cloud_key)]
CloudTopic = Annotated[str, BeforeValidator(_cloud_topic)]


class Tls(Strict):
    """TLS to the broker. An empty block means the system's authorities."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False
    """Accept any certificate: against eavesdroppers only, not against impostors."""


class HomeAssistant(Strict):
    """How gasguard announces itself to Home Assistant."""

    discovery: bool = True
    """Off also takes back what was announced before."""
    prefix: str = Field("homeassistant", pattern=TOPIC)
    form: Literal["component", "device"] = "component"
    """One message an entity, for every Home Assistant; or one a device, from 2024.11 on."""
    language: Literal["en", "zh"] = "en"
    """Of the names that it shows."""


class Mqtt(Strict):
    """The broker."""

    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(1883, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    base_topic: str = Field("gasguard", pattern=TOPIC)
    tls: Tls | None = None
    home_assistant: HomeAssistant = HomeAssistant()


class Bemfa(Strict):
    """bemfa (巴法云): Mi Home's way to relays that are no Mi devices. Always TLS."""

    key: CloudKey
    host: str = Field("bemfa.com", min_length=1)
    port: int = Field(9503, ge=1, le=65535)
    tls: Tls = Tls()
    topics: Annotated[dict[BurnerId, CloudTopic], AfterValidator(_distinct)] = Field(min_length=1)
    """Topic of each burner that the cloud may shut off."""


AnyRelay = MiotRelay | MiioRelay | MqttRelay
Relay = Annotated[AnyRelay, Field(discriminator="driver")]


class Limits(Strict):
    """How long things may last. Each is a duration."""

    max_burn: Annotated[Duration, Field(ge=10, le=24 * 3600)] | None = None
    prewarn: Duration = Field(60.0, ge=0, le=3600)
    rearm_after: Duration = Field(10.0, ge=2, le=600)
    flame_out_within: Duration = Field(120.0, ge=1, le=600)


class Burner(Strict):
    """One burner: its relay or relays in series, and what belongs to them."""

    name: str | None = Field(None, min_length=1, max_length=64)
    relay: Relay | None = None
    relays: list[Relay] | None = Field(None, min_length=1, max_length=4)
    voice: Channel | None = None
    flame: FlameSensor | None = None
    limits: Limits = Limits()

    @property
    def in_series(self) -> list[AnyRelay]:
        """Every relay of this burner; opening any one of them takes the flame away."""
        return self.relays or ([self.relay] if self.relay else [])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.relay is None) == (self.relays is None):
            raise ValueError("needs either relay: or relays: (several in series)")
        if self.voice and self.voice_relay is None:
            raise ValueError("voice needs a relay with driver: miot")
        if self.limits.max_burn is not None and self.flame is None:
            raise ValueError("limits.max_burn needs flame: (how else to know that it burns?)")
        return self

    @property
    def voice_relay(self) -> MiotRelay | None:
        """The module that carries the voice channel: the first one that has channels."""
        return next((relay for relay in self.in_series if isinstance(relay, MiotRelay)), None)


class Config(Strict):
    """The whole file."""

    mqtt: Mqtt = Mqtt()
    bemfa: Bemfa | None = None
    state_dir: Path = Path("/var/lib/gasguard")
    burners: dict[BurnerId, Burner] = Field(min_length=1, max_length=256)
    hazards: dict[Name, Hazard] = Field({}, max_length=64)
    """Gas, smoke and heat alarms, by name."""
    on_shutdown: Literal["trip_if_active", "leave"] = "trip_if_active"
    allow_remote_rearm: bool = False

    def hazards_of(self, burner: str) -> dict[str, Hazard]:
        """The alarms that this burner heeds."""
        return {
            name: hazard
            for name, hazard in self.hazards.items()
            if hazard.burners is None or burner in hazard.burners
        }

    @property
    def control_socket(self) -> Path:
        """The local socket of the running daemon."""
        return self.state_dir / CONTROL_SOCKET


def _relay_places(burners: dict[str, Burner]) -> Iterator[tuple[str, AnyRelay]]:
    for burner_id, burner in burners.items():
        for index, relay in enumerate(burner.in_series):
            yield f"burners.{burner_id}." + ("relay" if burner.relay else f"relays.{index}"), relay


def _shared_topics(burners: dict[str, Burner]) -> Iterator[str]:
    placed = [(p, relay) for p, relay in _relay_places(burners) if isinstance(relay, MqttRelay)]
    for index, (place, relay) in enumerate(placed):
        for first, other in placed[:index]:
            if relay.shares_a_switch_with(other):
                yield (
                    f"{place}.command_topic: {relay.command_topic} commands the same relay as "
                    f"{first}; each needs one of its own (channel: tells several of a device apart)"
                )
                break


def _shared_channels(burners: dict[str, Burner]) -> Iterator[str]:
    taken: dict[tuple[object, ...], str] = {}
    for burner_id, burner in burners.items():
        for place, key in _channels(burner_id, burner):
            if key in taken:
                yield f"{place}: is the same channel as {taken[key]}; each needs one of its own"
            taken.setdefault(key, place)


def _channels(burner_id: str, burner: Burner) -> Iterator[tuple[str, tuple[object, ...]]]:
    for place, relay in _relay_places({burner_id: burner}):
        if isinstance(relay, MiotRelay):
            yield f"{place}.switch", (relay.host, relay.port, relay.switch.siid, relay.switch.piid)
            if relay.lease:
                lease = relay.lease
                yield f"{place}.lease", (relay.host, relay.port, lease.siid, lease.piid)
        elif isinstance(relay, MiioRelay):
            yield f"{place}.host", (relay.host, relay.port)
    if burner.voice and (module := burner.voice_relay):
        voice = burner.voice
        yield f"burners.{burner_id}.voice", (module.host, module.port, voice.siid, voice.piid)


def _token_clash(burners: dict[str, Burner]) -> Iterator[str]:
    seen: dict[tuple[str, int], tuple[str, str]] = {}
    for burner_id, burner in burners.items():
        for relay in burner.in_series:
            if isinstance(relay, MqttRelay):
                continue
            place = f"burners.{burner_id}.relay.token"
            secret = relay.token.get_secret_value().lower()
            first, known = seen.setdefault((relay.host, relay.port), (place, secret))
            if known != secret:
                yield f"{place}: differs from {first}, but a device has one token"


def _unknown_burners(raw: dict[str, Any]) -> Iterator[str]:
    known = raw.get("burners")
    if not isinstance(known, dict):
        return
    for place, name in _named_burners(raw):
        if name not in known:
            there = ", ".join(map(str, known))
            yield f"{place}: there is no such burner; there are: {there}"


def _named_burners(raw: dict[str, Any]) -> Iterator[tuple[str, object]]:
    bemfa, hazards = raw.get("bemfa"), raw.get("hazards")
    topics = bemfa.get("topics") if isinstance(bemfa, dict) else None
    for name in topics if isinstance(topics, dict) else ():
        yield f"bemfa.topics.{name}", name
    for hazard, settings in hazards.items() if isinstance(hazards, dict) else ():
        names = settings.get("burners") if isinstance(settings, dict) else None
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str):  # pydantic has told of all else
                yield f"hazards.{hazard}.burners.{index}", name


def _own_topics(config: Config) -> Iterator[str]:
    """A sensor there would swallow commands, or hear gasguard itself."""
    base, prefix = config.mqtt.base_topic, config.mqtt.home_assistant.prefix
    own = (f"{base}/status", f"{base}/history/get", f"{prefix}/status")
    for place, topic in _sensor_topics(config):
        below = topic.startswith(f"{base}/") and topic.endswith(
            ("/set", "/state", "/event", "/ack")
        )
        if below or topic in own:
            yield f"{place}: {topic} is one of gasguard's own topics; a sensor needs another"


def _sensor_topics(config: Config) -> Iterator[tuple[str, str]]:
    for burner_id, burner in config.burners.items():
        if burner.flame is not None:
            yield f"burners.{burner_id}.flame.topic", burner.flame.topic
    for name, hazard in config.hazards.items():
        yield f"hazards.{name}.topic", hazard.topic
        for availability in hazard.availability:
            yield f"hazards.{name}.availability.topic", availability.topic


def load_config(path: Path) -> Config:
    """Read and check `path`. Relative paths in it are relative to its folder.

    Raises ConfigError with every fault found; secrets never appear in it.
    """
    raw, faults = read_file(path)
    return parse_config(raw, path.parent, faults)


def load_control_socket(path: Path) -> Path:
    """Where the daemon of this configuration listens.

    All else in the file may have faults, secrets be out of reach: an off must still get through.
    Raises ConfigError when not even `state_dir` can be read.
    """
    raw, _ = read_file(path)
    state_dir = raw.get("state_dir", Config.model_fields["state_dir"].default)
    if not isinstance(state_dir, str | Path) or isinstance(state_dir, Unresolved):
        raise ConfigError(["state_dir: must be the path of a folder"])
    return (path.parent / state_dir).resolve() / CONTROL_SOCKET


def parse_config(raw: dict[str, Any], folder: Path, faults: list[str] | None = None) -> Config:
    """Check data already read. `folder` anchors relative paths. Raises ConfigError."""
    unresolved = dict(unresolved_in(raw))
    faults = [*(faults or []), *(f"{place}: {fault}" for place, fault in unresolved.items())]
    config, burners = None, {}
    try:
        config = Config.model_validate(raw)
        burners = config.burners
    except ValidationError as error:
        faults += [text for place, text in _explain(error) if place not in unresolved]
        burners = _sound_burners(raw.get("burners"))
    faults += [*_shared_channels(burners), *_shared_topics(burners), *_token_clash(burners)]
    faults += _unknown_burners(raw)
    faults += _own_topics(config) if config else ()
    if faults or config is None:
        raise ConfigError(faults)
    return config.model_copy(update={"state_dir": (folder / config.state_dir).resolve()})


def _sound_burners(raw: object) -> dict[str, Burner]:
    """The burners without faults of their own: cross-checks among them still count."""
    sound = {}
    for burner_id, burner in raw.items() if isinstance(raw, dict) else ():
        with contextlib.suppress(ValidationError):
            sound[burner_id] = Burner.model_validate(burner)
    return sound


def _explain(error: ValidationError) -> Iterator[tuple[str, str]]:
    for fault in error.errors(include_url=False, include_input=False):
        place = ".".join(_without_tags(fault["loc"]))
        message = fault["msg"].removeprefix("Value error, ")
        yield place, f"{place}: {_hint(fault) or message}{_bound(fault)}"


_HINTS = {
    "extra_forbidden": "is no key that gasguard knows; see config.example.yaml",
    "missing": "is required",
    "union_tag_not_found": "is missing driver:; see config.example.yaml",
}


def _hint(fault: Any) -> str | None:  # pydantic's ErrorDetails has no type for its context
    if fault["type"] == "union_tag_invalid":
        drivers = fault["ctx"]["expected_tags"].replace("'", "").split(", ")
        return f"driver: must be {' or '.join(drivers)}"
    return _HINTS.get(fault["type"])


def _bound(fault: Any) -> str:  # pydantic's ErrorDetails has no type for its context
    """Bounds of a duration are seconds inside; say them the way they are written."""
    context, place = fault.get("ctx") or {}, fault["loc"][-1] if fault["loc"] else ""
    bound = next((context[key] for key in ("ge", "gt", "le", "lt") if key in context), None)
    if bound is None or place not in {*Limits.model_fields, "after", "jog", "expire_after"}:
        return ""
    return f" seconds ({format_duration(bound)})"


def _without_tags(location: tuple[int | str, ...]) -> Iterator[str]:
    """The path as it stands in the file: pydantic adds the driver behind relay(s) and flame."""
    for index, part in enumerate(location):
        above = location[:index]
        of_a_list = above[-2:-1] == ("relays",) and isinstance(above[-1], int)
        if part != "[key]" and not of_a_list and above[-1:] not in (("relay",), ("flame",)):
            yield str(part)
