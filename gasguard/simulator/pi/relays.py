"""A relay board on a simulated Pi's pins, with its faults and its charge pump."""

import errno
from collections.abc import Callable
from typing import Any

from gasguard.config.relays.gpio import GpioRelay
from gasguard.simulator.channels import ChannelSpec, Key
from gasguard.simulator.module import Module
from gasguard.simulator.pi.chip import SimulatedChip

COIL: Key = (0, 0)
"""The only channel of such a board; the numbers are only the simulator's."""
PUMP_HOLDS = 2.0
"""Seconds that the simulated pump holds the coil without an edge."""


class PinModule(Module):
    """A relay board. Its channel is on where the pin drives the coil."""

    latched: Callable[[bool], None] = staticmethod(lambda _on: None)
    """Called when the coil's driver has switched, whether the pump feeds it or not."""

    def __init__(self, settings: GpioRelay, *, now: float) -> None:
        self.pumped = settings.pulse is not None
        """Its coil has its supply from a charge pump."""
        self._dry_at: float | None = now + PUMP_HOLDS if self.pumped else None
        """When the pump runs dry; None: it is."""
        super().__init__([ChannelSpec(*COIL, rest=not settings.opens_when)], now=now)
        self._told = self.value(COIL)

    def order(self, on: bool, now: float) -> None:
        """The pin has another level."""
        self.executed += 1
        if self.faults.pending_s > 0:
            self.channels[COIL].switch_later(on, now + self.faults.pending_s, from_cloud=False)
        else:
            self.channels[COIL].switch(on, now)

    def mi_home_switch(self, siid: int, piid: int, value: bool, now: float) -> None:
        """A hand at its input. It closes nothing that has no supply."""
        if not (value and self.pumped):
            super().mi_home_switch(siid, piid, value, now)

    def edge(self, now: float) -> None:
        """The pump's pin has another level."""
        was_dry, self._dry_at = self._dry_at is None, now + PUMP_HOLDS
        if was_dry:
            self._tell(now)

    def value(self, key: Key) -> bool:
        """See `Module.value`. One whose pump is dry is off, whatever its pin says."""
        return super().value(key) and (self._dry_at is not None or not self.pumped)

    def coil(self, key: Key) -> bool:
        """See `Module.coil`."""
        return self.value(key) and not self.faults.unpowered

    def next_event(self) -> float | None:
        """See `Module.next_event`."""
        times = (super().next_event(), self._dry_at)
        return min((at for at in times if at is not None), default=None)

    def advance(self, now: float) -> None:
        """See `Module.advance`."""
        while (event := self.next_event()) is not None and event <= now:
            self.channels[COIL].advance(event)
            if self._dry_at is not None and self._dry_at <= event:
                self._dry_at = None
                self._tell(event)

    def _listener(self, spec: ChannelSpec) -> Callable[[bool, float], None]:
        def changed(on: bool, at: float) -> None:
            self.latched(on)
            self._tell(at)

        return changed

    def _tell(self, at: float) -> None:
        if self.value(COIL) != self._told:
            self._told = self.value(COIL)
            for listener in self.listeners:
                listener(*COIL, self._told, at)


class PinServer:
    """The board on its pins, as the World has servers for its other modules."""

    def __init__(
        self,
        settings: GpioRelay,
        chip: SimulatedChip,
        module: PinModule,
        *,
        time: Callable[[], float],
        sync: Callable[[], None],
    ) -> None:
        """`sync` is called before and after everything that touches the pins."""
        self.relay = module
        self._settings, self._chip = settings, chip
        self._time, self._sync = time, sync
        self._pad = chip.pads[settings.line]
        # As the guard before has left it.
        self._pad.output, self._pad.latch = True, self._level(module.value(COIL))
        self._pad.moved, self._pad.stands_still = self._ordered, self._is_deaf
        for _, number in settings.lines():
            chip.pads[number].fails_with = self._fault
        if settings.pulse:
            chip.pads[settings.pulse.line].moved = self._edge
        if settings.sense:
            chip.pads[settings.sense.line].outside = self._sensed
        module.latched = self._switched

    def inject(self, now: float, **changes: Any) -> None:
        """Change faults by name (Faults has them). Raises FaultError and then changes nothing."""
        faults = self.relay.faults.changed(changes)
        self._sync()
        was_deaf = self._is_deaf()
        self.relay.inject(faults, now)
        if was_deaf and not self._is_deaf() and not self._pad.output:
            # Given back meanwhile, it follows its pull only now.
            self._ordered()
        self._sync()

    def _ordered(self) -> None:
        self._sync()
        self.relay.order(self._pad.level == self._level(True), self._time())
        self._sync()

    def _edge(self) -> None:
        self._sync()
        self.relay.edge(self._time())
        self._sync()

    def _switched(self, on: bool) -> None:
        """Whoever has switched it: the pin's level goes with it, be it driven or left to a pull."""
        self._pad.latch = level = self._level(on)
        if not self._pad.output:
            self._pad.pull = "up" if level else "down"

    def _level(self, on: bool) -> bool:
        return on == (self._settings.active == "high")

    def _is_deaf(self) -> bool:
        return self.relay.faults.stuck or self.relay.faults.lying

    def _fault(self) -> int:
        faults = self.relay.faults
        if faults.offline or faults.frozen:
            return errno.ENODEV
        return errno.EIO if faults.refuse else 0

    def _sensed(self) -> bool:
        """The level at the pole that moves with the contact."""
        self._sync()
        faults, opens_when = self.relay.faults, self._settings.opens_when
        is_open = not faults.welded and self.relay.coil(COIL) == opens_when
        sense = self._settings.sense
        return is_open == (sense is not None and sense.active == "high")
