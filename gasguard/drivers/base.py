"""What devices must be able to do, and what a family of them offers to the rest of the house.

One contract suite in the tests holds every relay driver to `Relay`. What a relay can do beyond that
is a capability (`HasVoice`, `HasLease`) that its class has or has not.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Protocol, runtime_checkable

from gasguard.config.relays.base import Channel, RelayConfig
from gasguard.core.model import Contact
from gasguard.drivers.board import NO_BOARD, Board
from gasguard.drivers.bus import Bus
from gasguard.drivers.names import LookUp, look_up

CALL_WITHIN = 0.8
"""Time limit in seconds that the guard gives one call. Opening goes on call after call."""


class ReadBack(StrEnum):
    """How good a relay's word of its contact is, the best first."""

    SENSED = "sensed at the contact by a second line"
    ANSWERED = "answered by the device after the question"
    LATCH = "the output latch read back"
    """What was told to a pin, not what the contact does."""
    CACHE = "an answer that may be older than the question"


@dataclass(frozen=True, slots=True)
class Reading:
    """A relay's own word, as of some moment between the question and the answer."""

    contact: Contact
    """OPEN or CLOSED: of the thermocouple circuit, whatever the wiring."""
    voice: bool | None = None
    """Whether the voice channel is on; None where there is none, or it is not told."""
    countdown: float | None = None
    """Seconds left on the device's countdown; None when none runs, not a number when what runs is
    not told."""
    latency: float | None = None
    """Seconds from the question's last sending to its answer."""
    problem: str | None = None
    """What else it should have told and did not, and what to do."""


class Relay(Protocol):
    """A relay in series with a thermocouple.

    Every call raises Unreachable when no usable answer came within its time limit (seconds) and
    Refused when the device said no. Cancelling a call stops its resending at once.
    """

    @property
    def address(self) -> str:
        """Where it is, for messages to people."""
        ...

    @property
    def read_back(self) -> ReadBack:
        """How good its word is."""
        ...

    async def open(self, within: float) -> None:
        """Send "open", again and again, until the device answers that it has, or will."""
        ...

    async def close(self, within: float) -> None:
        """Send "close" once. A lost close stays lost: a resent one might land after a later off."""
        ...

    async def read(self, within: float) -> Reading:
        """Ask for the state; the answer was true after the call began."""
        ...

    async def aclose(self) -> None:
        """Give the socket back. The relay stays as it is."""
        ...


@runtime_checkable
class HasVoice(Protocol):
    """A second channel, without a wire, that Mi Home switches by voice."""

    async def set_voice(self, on: bool, within: float) -> None:
        """Set the voice channel. Raises as `Relay` does."""
        ...


@runtime_checkable
class HasLease(Protocol):
    """A countdown or dead-man on the device: it opens unless it is renewed."""

    async def renew_lease(self, seconds: float, within: float) -> None:
        """Start or renew it. Sent once. Raises as `Relay` does."""
        ...

    async def cancel_lease(self, within: float) -> None:
        """Stop it. Raises as `Relay` does."""
        ...


class Sensor(Protocol):
    """Something that says what it sees. Its words are readings: they go straight to the guard."""

    def start(self) -> None:
        """Begin to listen; returns at once. Call on the event loop."""
        ...

    async def aclose(self) -> None:
        """Stop."""
        ...


@dataclass(frozen=True, slots=True)
class Speed:
    """How a fan runs, or is to run."""

    on: bool
    level: str | None = None
    """The level's word: that of the configuration, or for another level the device's own. None: it
    is off, or does not tell its level."""

    def agrees(self, other: "Speed") -> bool:
        """Whether nothing in one speaks against the other."""
        if not (self.on and other.on):
            return self.on == other.on
        return None in (self.level, other.level) or self.level == other.level

    def __str__(self) -> str:
        return (self.level or "on") if self.on else "off"


class Switch(Protocol):
    """Something that outputs switch (a range hood): nothing in the guard waits for it."""

    @property
    def address(self) -> str:
        """Where it is, for messages to people."""
        ...

    @property
    def tells(self) -> bool:
        """Whether it says how it runs: without that, nobody else's hand on it is seen."""
        ...

    def start(self) -> None:
        """Begin to listen; returns at once. Call on the event loop."""
        ...

    async def set(self, speed: Speed, within: float) -> None:
        """Switch it; power first, then the level. Raises as `Relay` does. A cancelled call sends
        nothing more."""
        ...

    async def read(self, within: float) -> Speed | None:
        """How it runs; None where it has not said yet. Raises as `Relay` does."""
        ...

    async def aclose(self) -> None:
        """Stop. It stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which way round a contact is wired: what its relay's switch means for the circuit."""

    opens_when: bool
    """What the switch reads while the circuit is open."""

    def switch_for(self, contact: Contact) -> bool:
        """How the switch must stand for OPEN or CLOSED."""
        return (contact is Contact.OPEN) == self.opens_when

    def contact_for(self, switch_on: bool) -> Contact:
        """What the circuit is while the switch stands so."""
        return Contact.OPEN if switch_on == self.opens_when else Contact.CLOSED


# --- families -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """What the drivers of one process share."""

    luck: Random
    bus: Callable[[], Bus]
    """The devices' connection to the broker: made when it is first asked for, then the same."""
    look_up: LookUp = look_up
    board: Board = NO_BOARD


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of `doctor`: what was looked at, how it is, and what to do."""

    what: str
    verdict: str
    """ok, warn or fail."""
    text: str


class Family(Protocol):
    """One make of relays, made for a `Site`. It holds what its relays share.

    `settings` are of the family's own class: `assemble` goes by `driver:`.
    """

    def relay(self, settings: RelayConfig, voice: Channel | None) -> Relay:
        """The driver; `voice` where this module carries the burner's voice channel."""
        ...

    def examine(
        self, what: str, settings: RelayConfig, voice: Channel | None
    ) -> AsyncIterator[Finding]:
        """What `doctor` tells of one relay. It only reads. `what` begins each row."""
        ...


@runtime_checkable
class Discovers(Protocol):
    """A family whose devices can be found on the network."""

    async def discover(
        self, addresses: Sequence[str], seconds: float, configured: Sequence[RelayConfig]
    ) -> list[str]:
        """A line for each device that answers, sorted. `addresses` are where to ask."""
        ...


@runtime_checkable
class KnowsTwins(Protocol):
    """A family that sees when two of its relays are one device under two names."""

    def shared(self) -> str:
        """Which contacts are configured twice, as far as is known now: in words, or nothing."""
        ...

    async def compare(self, relays: Sequence[tuple[RelayConfig, Channel | None]]) -> list[Finding]:
        """A row of `doctor` for each such pair among `relays`, each with its voice channel."""
        ...
