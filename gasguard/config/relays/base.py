"""What every family of relays declares in the configuration: nobody else need know families."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from pydantic import Field

from gasguard.config.fields import Strict, Whole, WiringWord


class Channel(Strict):
    """Where a property lives in a module's MIoT specification."""

    siid: Whole = Field(ge=1, le=65535)
    piid: Whole = Field(ge=1, le=65535)


@dataclass(frozen=True, slots=True)
class Claim:
    """A piece of hardware that one place in the file uses: two places with the same are a fault."""

    key: str
    """Below the place that claims it: `switch`."""
    device: tuple[str | int, ...]
    parts: frozenset[Hashable] | None
    """Of the device; None: all of it, or which is not known."""
    fault: str
    """What is told where `{other}` claims it too."""

    def clashes_with(self, other: "Claim") -> bool:
        """Whether both would move the same contact."""
        if self.device != other.device:
            return False
        return self.parts is None or other.parts is None or bool(self.parts & other.parts)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Something that has one value for a device, wherever the file names it."""

    key: str
    device: tuple[str | int, ...]
    value: str
    """May be a secret: never told."""
    fault: str
    """What is told where it differs from `{other}`."""
    by_name: bool = False
    """Whether the device is named, not addressed: a name may be that of any address."""

    def seems(self, other: "Agreement") -> bool:
        """Whether two devices have one value of what each has for itself."""
        same_port = self.device[1:] == other.device[1:]
        return self.value == other.value and self.device != other.device and same_port


@dataclass(frozen=True, slots=True)
class HeldLease:
    """The relay opens by itself unless it is told to stay closed."""

    after: float
    """Seconds."""
    grain: float = 1.0
    """Seconds of one count of the device's countdown."""


class RelayConfig(Strict, ABC):
    """A relay in series with a thermocouple; a family adds how it is reached."""

    driver: str
    contact: WiringWord

    @property
    def opens_when(self) -> bool:
        """What the switch reads while the contact is open."""
        return self.contact == "normally_closed"

    @property
    def jogs_for(self) -> float | None:
        """Seconds after which the module closes again by itself; None: it stays open."""
        return None

    @property
    def held_lease(self) -> HeldLease | None:
        """The dead-man that gasguard renews, where one is configured."""
        return None

    @abstractmethod
    def claims(self) -> Iterator[Claim]:
        """What this relay needs for itself."""

    def agreements(self) -> Iterator[Agreement]:
        """What must be the same for all relays of this device."""
        yield from ()

    def doubts(self) -> Iterator[tuple[str, str]]:
        """What is worth a warning, as (key, text)."""
        yield from ()

    def on_i2c_pins(self) -> Iterator[str]:
        """The keys of those of its pins that a Pi's own I²C bus needs too."""
        yield from ()

    def heard_topics(self) -> Iterator[str]:
        """Where it is listened to on the broker."""
        yield from ()

    def commanded_topics(self) -> Iterator[str]:
        """Where it is spoken to on the broker."""
        yield from ()


class ModuleConfig(RelayConfig):
    """A relay on a module with channels, one of which may be the burner's voice channel."""

    @abstractmethod
    def claims_of_voice(self, voice: Channel) -> Iterator[Claim]:
        """What a voice channel on this module needs for itself."""
