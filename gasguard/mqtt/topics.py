"""gasguard's own topics (contract, section 3): written and read here alone."""

from collections.abc import Iterator
from typing import NamedTuple

COMMANDS = ("off", "timer", "timer/extend", "lock", "rearm")
"""What people may send, as it stands in the topic."""
ALL = "all"
"""Stands for every burner, in the topic of an off."""


class Addressed(NamedTuple):
    """Whom a topic names, and what it asks for. Whether there is such a burner is open."""

    burner: str
    command: str


class Topics:
    """All topics below one base topic."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.status = f"{base}/status"
        """Retained: `online`, or the last will `offline`."""
        self.history = f"{base}/history/get"
        """A question, answered on MQTT 5's response topic."""

    def state(self, burner: str) -> str:
        """A burner's state, retained."""
        return f"{self.base}/{burner}/state"

    def event(self, burner: str) -> str:
        """What happened to a burner, never retained."""
        return f"{self.base}/{burner}/event"

    def ack(self, burner: str) -> str:
        """The answers to a burner's commands."""
        return f"{self.base}/{burner}/ack"

    def command(self, burner: str, command: str) -> str:
        """Where a command for a burner, or for `ALL`, is sent."""
        return f"{self.base}/{burner}/{command}/set"

    def commands(self) -> Iterator[str]:
        """Subscriptions that hear every command."""
        return (self.command("+", command) for command in COMMANDS)

    def addressed(self, topic: str) -> Addressed | None:
        """The command that a topic stands for; None if it is none of `COMMANDS`."""
        burner, _, command = topic.removeprefix(f"{self.base}/").removesuffix("/set").partition("/")
        if command not in COMMANDS or topic != self.command(burner, command):
            return None
        return Addressed(burner, command)

    def burner_of(self, topic: str, kind: str) -> str | None:
        """Whose `state`, `event` or `ack` a topic is; None if it is something else."""
        burner = topic.removeprefix(f"{self.base}/").removesuffix(f"/{kind}")
        return burner if topic == f"{self.base}/{burner}/{kind}" and "/" not in burner else None

    def owns(self, topic: str) -> bool:
        """Whether gasguard publishes or listens there."""
        below = topic.startswith(f"{self.base}/")
        return (below and topic.endswith(("/set", "/state", "/event", "/ack"))) or topic in (
            self.status,
            self.history,
        )
