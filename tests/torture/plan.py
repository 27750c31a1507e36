"""A session as data: what kitchen it is, what happens in it. Replayed, printed, shortened."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

LENGTH = 1200.0
"""Seconds of cooking in one session; long absences of the guard come on top."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that somebody or something does, `at` seconds into the session."""

    at: float
    kind: str
    """What is asked, or a method: see `hands.Hands.do`."""
    burner: str = ""
    args: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        words = [f"{self.at:9.3f}", self.kind, self.burner]
        words += [f"{name}={value}" for name, value in self.args.items()]
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a session depends on; the same plan gives the same bytes of trace."""

    seed: int
    """Of all that is drawn while the session runs: losses, delays, ids."""
    config: dict[str, Any]
    """The configuration file's data."""
    sensors: dict[str, float]
    """For each burner with a sensor that says lit and out, the seconds by which it lags."""
    latency: float
    """One way over the air, in seconds."""
    actions: tuple[Action, ...]
    names: dict[str, str] = field(default_factory=dict)
    """By which name the guard knows the relays at these hosts; it knows the others by address."""

    @property
    def guards_config(self) -> dict[str, Any]:
        """The configuration as the guard has it."""
        config = deepcopy(self.config)
        for burner in config["burners"].values():
            for relay in burner.get("relays") or [burner["relay"]]:
                if "host" in relay:
                    relay["host"] = self.names.get(relay["host"], relay["host"])
        return config

    def only(self, actions: tuple[Action, ...]) -> "Plan":
        """The same session with other actions."""
        return replace(self, actions=actions)
