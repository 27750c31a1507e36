"""A session as data: what kitchen it is, what happens in it. Replayed, printed, shortened."""

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

    def only(self, actions: tuple[Action, ...]) -> "Plan":
        """The same session with other actions."""
        return replace(self, actions=actions)
