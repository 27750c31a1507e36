"""gasguard's own topics (contract, section 3): written and read here alone."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

REQUESTS = ("off", "timer", "timer/extend", "lock", "rearm")
"""What people may ask for, as it stands in the topic."""
ALL = "all"
"""Stands for every burner, in the topic of an off."""


def meant(written: Iterable[str], known: Iterable[str]) -> list[str]:
    """What somebody wrote, burners' ids in their own letters' case; the rest as it is."""
    ids = list(known)
    folded = {name.casefold(): name for name in ids}
    return [name if name in ids else folded.get(name.casefold(), name) for name in written]


def means_all(written: Iterable[str]) -> bool:
    """Whether an off so addressed is for every burner."""
    return any(name.casefold() == ALL for name in written)


SCHEDULE = "schedule"
"""Stands where a burner's id does, before a schedule's name."""
SKIP = "skip/set"


class Addressed(NamedTuple):
    """Whom a topic names, and what it asks for. Whether there is such a burner is open."""

    burner: str
    asks: str


class BurnerTopics(NamedTuple):
    """One burner's topics."""

    status: str
    """The daemon's."""
    state: str
    event: str
    ack: str
    own: str
    """What they all begin with."""

    def request(self, asks: str) -> str:
        """Where a request is sent."""
        return f"{self.own}/{asks}/set"


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
        """The answers to a burner's requests."""
        return f"{self.base}/{burner}/ack"

    def request(self, burner: str, asks: str) -> str:
        """Where a request for a burner, or for `ALL`, is sent."""
        return f"{self.base}/{burner}/{asks}/set"

    def of(self, burner: str) -> BurnerTopics:
        """One burner's."""
        own = f"{self.base}/{burner}"
        told = self.state(burner), self.event(burner), self.ack(burner)
        return BurnerTopics(self.status, *told, own)

    def requests(self) -> Iterator[str]:
        """Subscriptions that hear every request."""
        return (self.request("+", asks) for asks in REQUESTS)

    def addressed(self, topic: str) -> Addressed | None:
        """The request that a topic stands for; None if it is none of `REQUESTS`."""
        burner, _, asks = topic.removeprefix(f"{self.base}/").removesuffix("/set").partition("/")
        if asks not in REQUESTS or topic != self.request(burner, asks):
            return None
        return Addressed(burner, asks)

    def burner_of(self, topic: str, what: str) -> str | None:
        """Whose `state`, `event` or `ack` a topic is; None if it is something else."""
        burner = topic.removeprefix(f"{self.base}/").removesuffix(f"/{what}")
        return burner if topic == f"{self.base}/{burner}/{what}" and "/" not in burner else None

    def schedule(self, name: str, what: str) -> str:
        """A schedule's `state` (retained) or `ack`, or where its `SKIP` is sent."""
        return f"{self.base}/{SCHEDULE}/{name}/{what}"

    def schedule_of(self, topic: str, what: str) -> str | None:
        """Whose topic of that kind it is; None if it is something else."""
        before = f"{self.base}/{SCHEDULE}/"
        name = topic.removeprefix(before).removesuffix(f"/{what}")
        sound = name and not set(name) & set("/+#")
        return name if sound and topic == self.schedule(name, what) else None

    def owns(self, topic: str) -> bool:
        """Whether gasguard publishes or listens there."""
        below = topic.startswith(f"{self.base}/")
        return (below and topic.endswith(("/set", "/state", "/event", "/ack"))) or topic in (
            self.status,
            self.history,
        )
