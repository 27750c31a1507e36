"""A relay whose coil one of the machine's own pins drives.

What a pin is told is read back from its pad: that is no word of the contact. A second pin may sense
the contact itself; where both disagree, the contact counts, and that is told.
"""

import asyncio
import contextlib
import errno
from collections.abc import Callable
from typing import TypeVar

from gasguard.config.relays.gpio import GpioRelay, Sense
from gasguard.core.model import Contact
from gasguard.drivers.base import ReadBack, Reading, Wiring
from gasguard.drivers.board import Board, Line, Pins, Pull
from gasguard.drivers.gpio.kernel import said
from gasguard.errors import Unreachable

_MOVES_WITHIN = 0.1
"""Seconds that a contact may take to follow its coil: small relays need 5 to 20 ms."""
_LOOKS_EVERY = 0.005
_T = TypeVar("_T")


class GpioRelayDriver:
    """One relay. Its pin is held from the first call on, until the process ends."""

    def __init__(self, settings: GpioRelay, board: Board) -> None:
        self._settings, self._board = settings, board
        self._wiring = Wiring(settings.opens_when)
        self._pins: Pins | None = None
        self._coil: Line | None = None
        self._sense: Line | None = None
        self._moved_at = float("-inf")
        """When the coil was last switched."""
        self._ordered: Contact | None = None
        """How it was switched last."""

    @property
    def address(self) -> str:
        """See `Relay.address`."""
        chip = self._pins.label if self._pins is not None else self._settings.chip
        return f"GPIO {self._settings.line} of {chip}"

    @property
    def read_back(self) -> ReadBack:
        """See `Relay.read_back`."""
        return ReadBack.SENSED if self._settings.sense else ReadBack.LATCH

    # --- calls --------------------------------------------------------------------------------

    async def open(self, within: float) -> None:
        """See `Relay.open`."""
        self._switch(Contact.OPEN)

    async def close(self, within: float) -> None:
        """See `Relay.close`."""
        self._switch(Contact.CLOSED)

    async def read(self, within: float) -> Reading:
        """See `Relay.read`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            told, sensed = self._told(), self._sensed()
            settling = loop.time() < self._moved_at + _MOVES_WITHIN
            if sensed in (None, told) or not settling or loop.time() - began >= within:
                break
            await asyncio.sleep(_LOOKS_EVERY)
        latency = loop.time() - began
        found = told if sensed is None else sensed
        if found is Contact.OPEN and self._ordered is Contact.CLOSED:
            # What is told to be open shall not close by itself once its cause is gone.
            await self.open(within)
        if sensed is None or sensed is told:
            return Reading(told, latency=latency)
        return Reading(sensed, latency=latency, problem=self._disagreement(told, sensed))

    async def aclose(self) -> None:
        """See `Relay.aclose`. The pin is not given back: the kernel might make it an input."""

    # --- its pins -----------------------------------------------------------------------------

    def _switch(self, contact: Contact) -> None:
        on = self._wiring.switch_for(contact)
        self._ordered = contact
        before = self._ask(self._settings.line, lambda: self._held_coil().get())
        self._ask(self._settings.line, lambda: self._held_coil().set(on))
        if on != before:
            self._moved_at = asyncio.get_running_loop().time()

    def _told(self) -> Contact:
        on = self._ask(self._settings.line, lambda: self._held_coil().get())
        return self._wiring.contact_for(on)

    def _sensed(self) -> Contact | None:
        sense = self._settings.sense
        if sense is None:
            return None
        is_open = self._ask(sense.line, lambda: self._held_sense(sense).get())
        return Contact.OPEN if is_open else Contact.CLOSED

    def _held_coil(self) -> Line:
        if self._coil is None:
            self._coil = self._taken_over(self._opened())
        return self._coil

    def _taken_over(self, pins: Pins) -> Line:
        """What drives the coil goes on as it is; what does not begins with the coil released.

        Taking it over closes nothing: a coil that is pulled by something else, and opens so, stays.
        """
        settings = self._settings
        look = pins.look(settings.line)
        line = pins.hold(settings.line, active_low=settings.active == "low")
        on = line.get() and (self._wiring.opens_when or (look.output and self._lives_on()))
        line.drive(on, self._released())
        return line

    def _lives_on(self) -> bool:
        """Whether a coil that an earlier process drove may still be pulled."""
        return True

    def _released(self) -> Pull:
        return "down" if self._settings.active == "high" else "up"

    def _held_sense(self, sense: Sense) -> Line:
        if self._sense is None:
            line = self._opened().hold(sense.line, active_low=sense.active == "low")
            # Against its level while open: a broken wire reads closed.
            line.listen("up" if sense.active == "low" else "down")
            self._sense = line
        return self._sense

    def _opened(self) -> Pins:
        if self._pins is None:
            self._pins = self._board.pins(self._settings.chip)
        return self._pins

    def _ask(self, number: int, do: Callable[[], _T]) -> _T:
        """Raises Unreachable where the pin cannot be used."""
        try:
            return do()
        except OSError as error:
            why = f"GPIO {number} of {self._settings.chip}: {said(error)}{self._user(number)}"
            if error.errno == errno.ENODEV:
                self._drop(number)
            raise Unreachable(why) from None

    def _user(self, number: int) -> str:
        try:
            user = self._pins.look(number).used_by if self._pins is not None else ""
        except OSError:
            return ""
        return f" ({user})" if user else ""

    def _drop(self, number: int) -> None:
        """The chip is gone, and with it what its pins drove: the next call looks for it anew.

        After any other error it is held on to. One that is given back might be an input then, and a
        contact that is closed at rest would close.
        """
        if number == self._settings.line:
            self._coil = None
        elif self._settings.sense and number == self._settings.sense.line:
            self._sense = None
        if self._pins is not None:
            with contextlib.suppress(OSError):
                self._pins.drop(number)
            self._pins = None

    def _disagreement(self, told: Contact, sensed: Contact) -> str:
        sense = self._settings.sense
        wire = sense.line if sense else ""
        return (
            f"GPIO {self._settings.line} is told {told}, but GPIO {wire} senses the contact "
            f"{sensed}: is it welded, is its coil without supply, is a wire off?"
        )
