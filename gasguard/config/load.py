"""The configuration file: YAML in, checked settings out, every fault at once with its place."""

import contextlib
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, ValidationError

from gasguard.config.bemfa import Bemfa
from gasguard.config.broker import Mqtt
from gasguard.config.burners import BurnerConfig
from gasguard.config.explain import explain, explain_empty
from gasguard.config.faults import Fault, Marks
from gasguard.config.fields import FilePath, Flag, Strict
from gasguard.config.hood import AnyHood
from gasguard.config.hood_together import hood_topics
from gasguard.config.messages import Messages
from gasguard.config.named import with_named_flames
from gasguard.config.names import BurnerId, Name
from gasguard.config.schedules import Schedule, TimeZone
from gasguard.config.sensors import AnySensor, Hazard, OnTopic, PeopleSensor
from gasguard.config.together import (
    disagreements,
    incomplete_burners,
    own_topics,
    pins_of_a_bus,
    shared_flames,
    shared_hardware,
    taken_names,
    twice_named,
    unheld_locks,
    unknown_addresses,
    unknown_burners,
    unwatched_limits,
)
from gasguard.config.unknown import hidden, without_unknown
from gasguard.config.web import Web
from gasguard.config.yaml_file import Document, read_file
from gasguard.errors import ConfigError

CONTROL_SOCKET = "control.sock"
_STATE_DIR = Path("/var/lib/gasguard")
_M = TypeVar("_M")


class _Some(Strict):
    """Parts of the file, whatever else it says."""

    mqtt: Mqtt = Mqtt()
    bemfa: Bemfa | None = None
    messages: Messages | None = None
    hood: AnyHood | None = None
    web: Web | None = None
    state_dir: FilePath = _STATE_DIR


class Config(Strict):
    """The whole file."""

    mqtt: Mqtt = Mqtt()
    bemfa: Bemfa | None = None
    state_dir: FilePath = _STATE_DIR
    burners: dict[BurnerId, BurnerConfig] = Field(min_length=1, max_length=256)
    hazards: dict[Name, Hazard] = Field(
        {},
        max_length=64,
        examples=["hazards: {kitchen_gas: {driver: mqtt, kind: gas_alarm, topic: home/gas}}"],
    )
    """Gas, smoke and heat alarms, by name; `sensors` may hold them too."""
    sensors: dict[Name, AnySensor] = Field(
        {},
        max_length=64,
        examples=["sensors: {kitchen: {driver: mqtt, kind: presence, topic: home/presence}}"],
    )
    """Sensors of every kind, by name. Flames are put in where burners name them."""
    schedules: dict[Name, Schedule] = Field(
        {}, max_length=64, examples=['schedules: {night: {lock: {from: "22:00", to: "06:00"}}}']
    )
    """Windows that lock and offs at a time, by name."""
    timezone: TimeZone | None = None
    """That of the schedules; None is this machine's."""
    hood: AnyHood | None = Field(
        None, examples=["hood: {driver: mqtt, command_topic: home/hood/set, levels: {1: low}}"]
    )
    """A range hood that follows the burners."""
    messages: Messages | None = Field(None, examples=["messages: {to: {mum: ntfy://TOPIC}}"])
    web: Web | None = None
    """The page, which `gasguard web` serves."""
    on_shutdown: Literal["trip_if_active", "leave"] = "trip_if_active"
    allow_remote_rearm: Flag = False

    @property
    def zone(self) -> tzinfo | None:
        """That of `timezone`."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def alarms(self) -> dict[str, Hazard]:
        """All alarms, wherever they stand."""
        named = {name: one for name, one in self.sensors.items() if isinstance(one, Hazard)}
        return {**self.hazards, **named}

    @property
    def people(self) -> dict[str, PeopleSensor]:
        """The sensors that say whether anybody is there."""
        return {name: one for name, one in self.sensors.items() if isinstance(one, PeopleSensor)}

    def hazards_of(self, burner: str) -> dict[str, Hazard]:
        """The alarms that this burner heeds."""
        return {name: hazard for name, hazard in self.alarms.items() if hazard.concerns(burner)}

    def people_of(self, burner: str) -> dict[str, PeopleSensor]:
        """The sensors that look for this burner's cook."""
        return {name: one for name, one in self.people.items() if one.concerns(burner)}

    def listening(self) -> Iterator[tuple[str, OnTopic]]:
        """Every sensor behind the broker with its place; one that a burner names stands once."""
        for burner_id, burner in self.burners.items():
            if isinstance(burner.flame, OnTopic) and burner.flame not in self.sensors.values():
                yield f"burners.{burner_id}.flame", burner.flame
        yield from ((f"hazards.{name}", one) for name, one in self.hazards.items())
        for name, sensor in self.sensors.items():
            if isinstance(sensor, OnTopic):
                yield f"sensors.{name}", sensor

    def schedules_of(self, burner: str) -> dict[str, Schedule]:
        """Those that concern this burner."""
        return {name: one for name, one in self.schedules.items() if one.concerns(burner)}

    @property
    def control_socket(self) -> Path:
        """The local socket of the running daemon."""
        return self.state_dir / CONTROL_SOCKET


def load_config(path: Path) -> Config:
    """Read and check `path`. Relative paths in it are relative to its folder.

    Raises ConfigError with every fault found; secrets never appear in it.
    """
    document = read_file(path)
    config, faults = examine(document, path.parent)
    return faultless(config, faults, document.marks)


def load_control_socket(path: Path) -> Path:
    """Where the daemon of this configuration listens.

    All else in the file may have faults, secrets be out of reach: an off must still get through.
    Raises ConfigError when not even `state_dir` can be read.
    """
    return state_dir_of(read_file(path), path.parent) / CONTROL_SOCKET


def state_dir_of(document: Document, folder: Path) -> Path:
    """The folder of the daemon's state, for a file in `folder`; all else may have faults.

    Raises ConfigError where it cannot be read.
    """
    said = {key: value for key, value in document.data.items() if key == "state_dir"}
    unread = any(fault.place == "state_dir" for fault in document.faults)
    try:
        state_dir = _Some.model_validate(said, context=folder).state_dir
    except ValidationError:
        unread = True
    if unread:
        raise ConfigError(["state_dir: must be the path of a folder"])
    return state_dir


def load_web(path: Path) -> tuple[Web, Path]:
    """The settings of the page, and the folder of the daemon's state.

    All else in the file may have faults, secrets be out of reach. Raises ConfigError.
    """
    document = read_file(path)
    state_dir = state_dir_of(document, path.parent)
    if "web" not in document.data:
        raise ConfigError(["web: is missing, and without it there is no page; write: web: {}"])
    raw = {"web": document.data["web"]}
    found = [fault for fault in document.faults if f"{fault.place}.".startswith("web.")]
    try:
        web = _Some.model_validate(raw, context=path.parent).web
    except ValidationError as error:
        web = None
        found += explain(error, _Some, raw)
    places = [place for place in document.empty if f"{place}.".startswith("web.")]
    found += explain_empty(_Some, raw, places)
    if found:
        raise ConfigError(document.marks.told(found))
    return web or Web(), state_dir


def parse_config(raw: dict[str, Any], folder: Path) -> Config:
    """Check data already read. `folder` anchors relative paths. Raises ConfigError."""
    config, faults = examine(Document(raw, [], Marks(), []), folder)
    return faultless(config, faults, Marks())


def faultless(config: Config, faults: list[Fault], marks: Marks) -> Config:
    """The configuration. Raises ConfigError where there are faults."""
    if faults:
        raise ConfigError(marks.told(faults))
    return config


def examine(document: Document, folder: Path) -> tuple[Config, list[Fault]]:
    """The configuration, or what of it is sound, with the faults of the rest."""
    faults = list(document.faults)
    unread = {fault.place for fault in faults if fault.at is None}
    raw, unknown, named = with_named_flames(document.data)
    faults += unknown
    try:
        config = Config.model_validate(raw, context=folder)
    except ValidationError as error:
        known = without_unknown(error, Config, raw)
        found = list(explain(error, Config, raw))
        found += hidden(known, Config, folder, found)
        found = [fault for fault in found if not _within(fault, named)]
        faults += [fault for fault in found if fault.at_key or fault.place not in unread]
        config = _sound_parts(known.data, folder)
    faults += explain_empty(Config, raw, document.empty)
    faults += shared_hardware(config.burners, config.hood)
    faults += shared_flames(config.burners)
    faults += pins_of_a_bus(config.burners)
    faults += disagreements(config.burners, config.hood)
    faults += incomplete_burners(raw)
    faults += unknown_burners(raw)
    faults += unheld_locks(config.burners, config.schedules)
    faults += unknown_addresses(raw)
    described = raw.get("sensors") or {}
    unsound = not isinstance(described, dict) or len(config.sensors) < len(described)
    faults += unwatched_limits(config.burners, config.people, unsound=unsound)
    faults += twice_named(config.hazards, config.sensors)
    faults += taken_names(config.alarms, config.people, config.sensors)
    faults += own_topics(config.mqtt, config.listening())
    if config.hood is not None:
        faults += hood_topics(config.hood, config.mqtt, config.burners, config.listening())
    return config, faults


def _within(fault: Fault, places: set[str]) -> bool:
    return any(f"{fault.place}.".startswith(f"{place}.") for place in places)


def _sound_parts(raw: dict[str, Any], folder: Path) -> Config:
    """Those without faults of their own: what must hold between them still counts."""

    def sound(key: str, kind: TypeAdapter[_M]) -> dict[str, _M]:
        parts = raw.get(key)
        found = {}
        for name, settings in parts.items() if isinstance(parts, dict) else ():
            with contextlib.suppress(ValidationError):
                found[name] = kind.validate_python(settings)
        return found

    burners = raw.get("burners")
    parts = {
        name: BurnerConfig.sound_parts(one)
        for name, one in (burners.items() if isinstance(burners, dict) else ())
    }
    config = Config.model_construct(
        burners={**parts, **sound("burners", TypeAdapter(BurnerConfig))},
        hazards=sound("hazards", TypeAdapter(Hazard)),
        sensors=sound("sensors", TypeAdapter(AnySensor)),
        schedules=sound("schedules", TypeAdapter(Schedule)),
    )
    for key in ("mqtt", "bemfa", "messages", "hood", "web", "state_dir"):
        with contextlib.suppress(ValidationError):
            one = _Some.model_validate({key: raw[key]} if key in raw else {}, context=folder)
            config = config.model_copy(update={key: getattr(one, key)})
    return config
