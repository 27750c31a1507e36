"""One message on its way to one address, and its form on disk."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from gasguard.clock import Clock, Instant
from gasguard.luck import LUCK, nonce

MOST_EVENTS = 5
"""Events that one message tells of in full; of more it says how many."""
_FARTHEST = 1e11
"""Seconds: beyond that no calendar goes."""
UNCERTAIN_AGE = 0.0
"""Seconds that a message counts as old where no clock can say: it is sent, not thrown away."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment that another start, and another start of the machine, can make sense of."""

    boot_id: str
    boot: float
    wall: float
    synchronised: bool

    @classmethod
    def of(cls, clock: Clock, at: Instant | None = None) -> "Stamp":
        """That moment, or now."""
        at = at or clock.now()
        return cls(clock.boot_id(), at.boot, at.wall, clock.synchronised())

    def age(self, now: "Stamp") -> float:
        """Seconds that have passed. Steps of the wall clock make none."""
        if self.boot_id and self.boot_id == now.boot_id:
            return now.boot - self.boot
        if self.synchronised and now.synchronised:
            return max(0.0, now.wall - self.wall)
        return UNCERTAIN_AGE

    def wall_seen_from(self, now: "Stamp", boot: float | None = None) -> float:
        """Unix time of it, or of `boot` on its own clock, by what the wall clock says now."""
        boot = self.boot if boot is None else boot
        if self.boot_id and self.boot_id == now.boot_id:
            return now.wall + boot - now.boot
        return self.wall + boot - self.boot


@dataclass(slots=True)
class Letter:
    """What `to` is told. Only `events` and `more` change once it is there, until it is sent."""

    to: str
    """A name of `messages.to`; the address itself is in no file."""
    burner: str
    name: str
    """The burner's, as people call it."""
    cause: str
    key: str
    """What of this burner is told at most once a minute."""
    urgent: bool
    stamp: Stamp
    """Of its first event."""
    due: float
    """CLOCK_BOOTTIME, of the boot that `stamp` is of, before which it is not sent."""
    keeps: float
    """Seconds after which it is worth nothing."""
    events: list[dict[str, Any]]
    """As on the broker, each with `boot`, its CLOCK_BOOTTIME."""
    more: int = 0
    """Events beyond `MOST_EVENTS`."""
    id: str = field(default_factory=lambda: nonce(LUCK))

    def add(self, event: dict[str, Any]) -> bool:
        """It tells of this, too. Whether in full."""
        if len(self.events) < MOST_EVENTS:
            self.events.append(event)
            return True
        self.more += 1
        return False

    def confirm(self, now: Stamp, within: float) -> bool:
        """Its shutoff of the last `within` seconds has been read back. Whether that is news."""
        first = self.stamp.boot
        news = [
            event
            for event in self.events
            if event.get("type") == "trip"
            and not event.get("confirmed")
            # Each by its own age: one letter may tell of all that happened in a minute.
            and self.stamp.age(now) - (event["boot"] - first) < within
        ]
        for event in news:
            event["confirmed"] = True
        return bool(news)

    def due_at(self, now: Stamp) -> float:
        """When it is due on today's CLOCK_BOOTTIME: at once, if it is of an earlier boot."""
        return self.due if self.stamp.boot_id == now.boot_id else now.boot

    def to_data(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


def letter_from(data: Any) -> Letter:
    """What `to_data` gave. Raises ValueError, TypeError, KeyError for anything else."""
    given = {one.name: data[one.name] for one in fields(Letter)}
    letter = Letter(**{**given, "stamp": Stamp(**given["stamp"])})
    texts = (letter.to, letter.burner, letter.name, letter.cause, letter.key, letter.id)
    numbers = (letter.due, letter.keeps, letter.stamp.boot, letter.stamp.wall)
    sound = (
        all(isinstance(text, str) for text in (*texts, letter.stamp.boot_id))
        and all(map(_is_number, numbers))
        and isinstance(letter.urgent, bool)
        and isinstance(letter.stamp.synchronised, bool)
        and isinstance(letter.more, int)
        and isinstance(letter.events, list)
        and letter.events
        and all(_is_event(event) for event in letter.events)
    )
    if not sound:
        raise ValueError("is no message")
    return letter


def _is_event(event: object) -> bool:
    return (
        isinstance(event, dict)
        and isinstance(event.get("type"), str)
        and _is_number(event.get("boot"))
        and _is_number(event.get("remaining_s", 0.0))
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and -_FARTHEST < value < _FARTHEST
