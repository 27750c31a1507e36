"""The configuration file: YAML in, checked settings out, every fault at once with its place."""

import contextlib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from gasguard.config.bemfa import Bemfa
from gasguard.config.broker import Mqtt
from gasguard.config.burners import BurnerConfig
from gasguard.config.explain import explain
from gasguard.config.fields import Strict
from gasguard.config.names import BurnerId, Name
from gasguard.config.sensors import Hazard
from gasguard.config.together import (
    disagreements,
    own_topics,
    shared_hardware,
    unknown_burners,
)
from gasguard.config.yaml_file import Unresolved, read_file, unresolved_in
from gasguard.errors import ConfigError

CONTROL_SOCKET = "control.sock"


class Config(Strict):
    """The whole file."""

    mqtt: Mqtt = Mqtt()
    bemfa: Bemfa | None = None
    state_dir: Path = Path("/var/lib/gasguard")
    burners: dict[BurnerId, BurnerConfig] = Field(min_length=1, max_length=256)
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
    config = None
    try:
        config = Config.model_validate(raw)
        burners = config.burners
    except ValidationError as error:
        faults += [text for place, text in explain(error) if place not in unresolved]
        burners = _sound_burners(raw.get("burners"))
    faults += [*shared_hardware(burners), *disagreements(burners), *unknown_burners(raw)]
    if config is not None:
        faults += own_topics(config.mqtt, config.burners, config.hazards)
    if faults or config is None:
        raise ConfigError(faults)
    return config.model_copy(update={"state_dir": (folder / config.state_dir).resolve()})


def _sound_burners(raw: object) -> dict[str, BurnerConfig]:
    """The burners without faults of their own: cross-checks among them still count."""
    sound = {}
    for burner_id, burner in raw.items() if isinstance(raw, dict) else ():
        with contextlib.suppress(ValidationError):
            sound[burner_id] = BurnerConfig.model_validate(burner)
    return sound
