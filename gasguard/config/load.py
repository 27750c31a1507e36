"""The configuration file: YAML in, checked settings out, every fault at once with its place."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gasguard.config.bemfa import Bemfa
from gasguard.config.broker import Mqtt
from gasguard.config.burners import BurnerConfig
from gasguard.config.explain import explain, explain_empty
from gasguard.config.faults import Fault, Marks
from gasguard.config.fields import FilePath, Flag, Strict
from gasguard.config.machine import unsure_folder, unusable_files, unusable_folder
from gasguard.config.names import BurnerId, Name
from gasguard.config.sensors import Hazard
from gasguard.config.together import (
    disagreements,
    incomplete_burners,
    own_topics,
    seeming_twins,
    shared_flames,
    shared_hardware,
    sure_twins,
    unknown_burners,
)
from gasguard.config.yaml_file import Document, read_file
from gasguard.errors import ConfigError

CONTROL_SOCKET = "control.sock"
_STATE_DIR = Path("/var/lib/gasguard")
_M = TypeVar("_M", bound=BaseModel)


class _Place(BaseModel):
    """Where the state is kept, whatever else the file says."""

    model_config = ConfigDict(extra="ignore")

    state_dir: FilePath = _STATE_DIR


class Config(Strict):
    """The whole file."""

    mqtt: Mqtt = Mqtt()
    bemfa: Bemfa | None = None
    state_dir: FilePath = _STATE_DIR
    burners: dict[BurnerId, BurnerConfig] = Field(min_length=1, max_length=256)
    hazards: dict[Name, Hazard] = Field({}, max_length=64)
    """Gas, smoke and heat alarms, by name."""
    on_shutdown: Literal["trip_if_active", "leave"] = "trip_if_active"
    allow_remote_rearm: Flag = False

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


def load_config(path: Path) -> Config:
    """Read and check `path`. Relative paths in it are relative to its folder.

    Raises ConfigError with every fault found; secrets never appear in it.
    """
    document = read_file(path)
    return _checked(document, path.parent)


def check_file(path: Path) -> tuple[Config, list[str]]:
    """What `load_config` checks, then what only this machine can tell: files and folders.

    Gives what is worth a warning, too. The daemon itself does not mind a missing certificate: it
    guards without the broker. Raises ConfigError.
    """
    document = read_file(path)
    config = _checked(document, path.parent)
    faults = [
        *unusable_files("mqtt.tls", config.mqtt.tls),
        *unusable_files("bemfa.tls", config.bemfa.tls if config.bemfa else None),
        *unusable_folder("state_dir", config.state_dir),
    ]
    if faults:
        raise ConfigError(document.marks.told(faults))
    warnings = [*seeming_twins(config.burners), *unsure_folder("state_dir", config.state_dir)]
    return config, document.marks.told(warnings)


def load_control_socket(path: Path) -> Path:
    """Where the daemon of this configuration listens.

    All else in the file may have faults, secrets be out of reach: an off must still get through.
    Raises ConfigError when not even `state_dir` can be read.
    """
    document = read_file(path)
    broken = any(fault.place == "state_dir" for fault in document.faults)
    try:
        state_dir = _Place.model_validate(document.data, context=path.parent).state_dir
    except ValidationError:
        broken = True
    if broken:
        raise ConfigError(["state_dir: must be the path of a folder"])
    return state_dir / CONTROL_SOCKET


def parse_config(raw: dict[str, Any], folder: Path) -> Config:
    """Check data already read. `folder` anchors relative paths. Raises ConfigError."""
    return _checked(Document(raw, [], Marks(), []), folder)


def _checked(document: Document, folder: Path) -> Config:
    raw, faults = document.data, list(document.faults)
    unread = {fault.place for fault in faults if fault.at is None}
    config = None
    try:
        config = Config.model_validate(raw, context=folder)
    except ValidationError as error:
        found = explain(error, Config, raw)
        faults += [fault for fault in found if fault.at_key or fault.place not in unread]
    faults += explain_empty(Config, raw, document.empty)
    faults += _between(config or _sound_parts(raw), raw)
    if faults or config is None:
        raise ConfigError(document.marks.told(faults))
    return config


def _between(config: Config, raw: dict[str, Any]) -> Iterator[Fault]:
    burners = config.burners
    yield from shared_hardware(burners)
    yield from sure_twins(burners)
    yield from shared_flames(burners)
    yield from disagreements(burners)
    yield from incomplete_burners(raw)
    yield from unknown_burners(raw)
    yield from own_topics(config.mqtt, burners, config.hazards)


def _sound_parts(raw: dict[str, Any]) -> Config:
    """Those without faults of their own: what must hold between them still counts."""
    mqtt = raw.get("mqtt")
    return Config.model_construct(
        mqtt=next(iter(_sound({"mqtt": mqtt}, Mqtt).values()), Mqtt()),
        burners=_sound(raw.get("burners"), BurnerConfig),
        hazards=_sound(raw.get("hazards"), Hazard),
    )


def _sound(raw: object, model: type[_M]) -> dict[str, _M]:
    sound = {}
    for name, settings in raw.items() if isinstance(raw, dict) else ():
        with contextlib.suppress(ValidationError):
            sound[name] = model.model_validate(settings)
    return sound
