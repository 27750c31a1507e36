"""A dead-man for a relay on a pin: a charge pump, fed by a pin that must toggle.

The toggling is the event loop's own doing, one timer after the other, and lasts only for as long as
the guard asks for it. Where the process is killed, the loop hangs or the machine stops, the pin
stands still at some level, the pump runs dry, and the coil has no supply.
"""

import asyncio
import contextlib

from gasguard.config.relays.gpio import GpioRelay, Pulse
from gasguard.core.model import Contact
from gasguard.drivers.base import Reading
from gasguard.drivers.board import Board, Line
from gasguard.drivers.gpio.relay import GpioRelayDriver
from gasguard.errors import Unreachable

HOLDS = 1.0
"""Seconds that a pump as the notes draw it holds the coil for certain without an edge."""


class PumpedRelay(GpioRelayDriver):
    """One whose coil has its supply from the pump. See `HasLease`."""

    def __init__(self, settings: GpioRelay, pulse: Pulse, board: Board) -> None:
        super().__init__(settings, board)
        self._pulse = pulse
        self._pump: Line | None = None
        self._level = False
        self._ends_at = float("-inf")
        """Loop time at which the toggling ends, unless it is asked for again."""
        self._next: asyncio.TimerHandle | None = None
        self._edge_at = 0.0
        """When the last edge was."""

    async def open(self, within: float) -> None:
        """See `Relay.open`. The coil's own pin opens at once; the pump would take its time."""
        self._stop()
        await super().open(within)

    async def close(self, within: float) -> None:
        """See `Relay.close`."""
        await super().close(within)
        self._feed(self._pulse.after)

    async def read(self, within: float) -> Reading:
        """See `Relay.read`. What nothing feeds any more is open, and is told to be so."""
        if self._next is None:
            self._switch(Contact.OPEN)
        return await super().read(within)

    async def renew_lease(self, seconds: float, within: float) -> None:
        """See `HasLease.renew_lease`. What is open stays open."""
        if self._next is not None:
            self._feed(seconds)

    async def cancel_lease(self, within: float) -> None:
        """See `HasLease.cancel_lease`. The contact opens with it: there is no other supply."""
        await self.open(within)

    async def aclose(self) -> None:
        """See `Relay.aclose`. Nobody is there to ask for the toggling any more: it ends."""
        self._stop()
        await super().aclose()

    def _lives_on(self) -> bool:
        """Without its pump's toggling the coil has let go: it is not pulled again unasked."""
        return False

    def _feed(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._ends_at = loop.time() + seconds
        if self._next is None:
            self._edge_at = loop.time()
            self._toggle()

    def _toggle(self) -> None:
        self._next = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        # One that comes too late finds the contact open: it is not closed again unasked.
        if now < self._ends_at and now < self._edge_at + self._pulse.every + HOLDS:
            self._level, self._edge_at = not self._level, now
            with contextlib.suppress(Unreachable):
                self._ask(self._pulse.line, lambda: self._held_pump().set(self._level))
                self._next = loop.call_later(self._pulse.every, self._toggle)
        if self._next is None:
            with contextlib.suppress(Unreachable):
                self._switch(Contact.OPEN)

    def _held_pump(self) -> Line:
        if self._pump is None:
            self._pump = self._opened().hold(self._pulse.line, active_low=False)
            self._pump.drive(self._level, "down")
        return self._pump

    def _drop(self, number: int) -> None:
        if number == self._pulse.line:
            self._pump = None
        super()._drop(number)

    def _stop(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
