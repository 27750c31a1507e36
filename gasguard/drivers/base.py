"""What a device must be able to do. One contract suite in the tests holds every driver to it."""

from dataclasses import dataclass
from typing import Protocol

from gasguard.core.model import Contact


@dataclass(frozen=True, slots=True)
class Reading:
    """A relay's own word, as of some moment between the question and the answer."""

    contact: Contact
    """OPEN or CLOSED: of the thermocouple circuit, whatever the wiring."""
    voice: bool | None = None
    """Whether the voice channel is on; None where there is none."""
    countdown: float | None = None
    """Seconds left on the device's countdown; None when none runs."""
    latency: float | None = None
    """Seconds from the question's last sending to its answer."""


class Relay(Protocol):
    """A relay in series with a thermocouple.

    Every call raises Unreachable when no usable answer came within its time limit (seconds) and
    Refused when the device said no. Cancelling a call stops its resending at once.
    """

    @property
    def address(self) -> str:
        """Where it is, for messages to people."""
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

    async def set_voice(self, on: bool, within: float) -> None:
        """Set the voice channel, where there is one."""
        ...

    async def renew_lease(self, seconds: float, within: float) -> None:
        """Start or renew the device-side countdown. Sent once."""
        ...

    async def cancel_lease(self, within: float) -> None:
        """Stop the device-side countdown."""
        ...

    async def aclose(self) -> None:
        """Give the socket back. The relay stays as it is."""
        ...
