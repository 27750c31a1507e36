"""The pins of a simulated Pi: pads with a direction, a level and a pull, and who holds them."""

import asyncio
import errno
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gasguard.config.relays.gpio import SIMULATED
from gasguard.drivers.board import Look, Pull, T
from gasguard.errors import Unreachable
from gasguard.simulator.pi.i2c import SimulatedBus

_PULLED_UP = range(9)
_PADS = 54
_REMEMBERED = 1000


@dataclass(slots=True)
class Pad:
    """One pin. After a reset it is an input with the chip's own pull."""

    pull: Pull
    output: bool = False
    latch: bool = False
    """What it drives, as an output."""
    outside: Callable[[], bool] | None = None
    """The level of what is wired to it and drives it."""
    holder: "SimulatedPins | None" = None
    levels: deque[bool] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    """The levels that it was told to have as an output, in order."""
    moved: Callable[[], None] = lambda: None
    """Called when its level may have changed."""
    told: Callable[[bool], None] = lambda _level: None
    """Called with each level that it is told to have, whether it takes it or not."""
    stands_still: Callable[[], bool] = lambda: False
    """Whether it takes no other level."""
    fails_with: Callable[[], int] = lambda: 0
    """The kernel's number of what a call for it fails with; 0: it does not."""

    @property
    def level(self) -> bool:
        """High or low."""
        if self.output or self.stands_still():
            return self.latch
        return self.outside() if self.outside is not None else self.pull == "up"


class SimulatedChip:
    """The chip of the header. It outlives the processes that use it."""

    label = "pinctrl-rp1"
    path = "/dev/gpiochip0"

    def __init__(self, *, keeps_outputs: bool = True) -> None:
        """`keeps_outputs`: whether a pin goes on driving its level when its process has ended."""
        self.keeps_outputs = keeps_outputs
        self.buses: dict[int, SimulatedBus] = {}
        """Its I²C buses, by number."""
        self.pads = [Pad("up" if number in _PULLED_UP else "down") for number in range(_PADS)]

    def reset(self) -> None:
        """The machine starts anew: every pin is an input with its own pull."""
        for number, pad in enumerate(self.pads):
            pad.output, pad.holder = False, None
            pad.pull = "up" if number in _PULLED_UP else "down"
            pad.moved()

    def process(self) -> "SimulatedBoard":
        """What a new process sees of it."""
        return SimulatedBoard(self)


class SimulatedBoard:
    """The machine as one process sees it: `gasguard.drivers.board.Board`."""

    def __init__(self, chip: SimulatedChip) -> None:
        self._pins = SimulatedPins(chip)
        self._buses = chip.buses

    def pins(self, chip: str) -> "SimulatedPins":
        """See `Board.pins`."""
        if chip not in ("auto", SIMULATED, self._pins.label, self._pins.path):
            raise Unreachable(f"no GPIO chip called {chip}: there are {self._pins.label}")
        return self._pins

    def chips(self) -> Iterator["SimulatedPins"]:
        """See `Board.chips`."""
        yield self._pins

    async def on_bus(self, number: int, work: Callable[[SimulatedBus], T], within: float) -> T:
        """See `Board.on_bus`. It takes no time; what hangs, hangs until `within` is over."""
        if number not in self._buses:
            raise OSError(errno.ENOENT, "No such file or directory")
        bus = self._buses[number]
        if bus.hangs:
            await asyncio.sleep(within)
            raise TimeoutError
        return work(bus)

    def end(self) -> None:
        """The process is killed, or ends: the kernel takes its pins back."""
        self._pins.end()


class SimulatedPins:
    """See `Pins`."""

    def __init__(self, chip: SimulatedChip) -> None:
        self._chip = chip
        self._lines: dict[int, SimulatedLine] = {}
        self._dead = False

    @property
    def label(self) -> str:
        """See `Pins.label`."""
        return self._chip.label

    @property
    def path(self) -> str:
        """See `Pins.path`."""
        return self._chip.path

    @property
    def keeps_outputs(self) -> bool:
        """See `Pins.keeps_outputs`."""
        return self._chip.keeps_outputs

    def look(self, number: int) -> Look:
        """See `Pins.look`."""
        pad = self.pad(number)
        return Look(pad.output, "gasguard" if pad.holder is not None else "")

    def hold(self, number: int, *, active_low: bool) -> "SimulatedLine":
        """See `Pins.hold`."""
        pad = self.pad(number)
        if pad.holder not in (None, self):
            raise OSError(errno.EBUSY, "Device or resource busy")
        pad.holder = self
        return self._lines.setdefault(number, SimulatedLine(self, number, active_low))

    def drop(self, number: int) -> None:
        """See `Pins.drop`."""
        if self._lines.pop(number, None) is not None and not self._dead:
            self._release(number)

    def end(self) -> None:
        """See `SimulatedBoard.end`. Nothing of the process comes through any more."""
        self._dead = True
        for number in self._lines:
            self._release(number)

    def pad(self, number: int) -> Pad:
        """The pin. Raises OSError where the call fails."""
        if number >= len(self._chip.pads):
            raise OSError(errno.EINVAL, "Invalid argument")
        fault = errno.EBADF if self._dead else self._chip.pads[number].fails_with()
        if fault:
            raise OSError(fault, "simulated")
        return self._chip.pads[number]

    def _release(self, number: int) -> None:
        pad = self._chip.pads[number]
        pad.holder = None
        if not self._chip.keeps_outputs:
            pad.output = False
            pad.moved()


class SimulatedLine:
    """See `Line`."""

    def __init__(self, pins: SimulatedPins, number: int, active_low: bool) -> None:
        self._pins, self._number, self._active_low = pins, number, active_low

    def get(self) -> bool:
        """See `Line.get`."""
        return self._pins.pad(self._number).level != self._active_low

    def set(self, active: bool) -> None:
        """See `Line.set`."""
        pad = self._pins.pad(self._number)
        if not pad.output:
            raise OSError(errno.EPERM, "Operation not permitted")
        self._become(pad, active)

    def drive(self, active: bool, pull: Pull) -> None:
        """See `Line.drive`."""
        pad = self._pins.pad(self._number)
        before = pad.level
        pad.pull, pad.output = pull, True
        if before == (active != self._active_low):
            # Only the direction changes: nobody at its other end notices.
            pad.latch = before
            pad.levels.append(before)
        else:
            self._become(pad, active)

    def listen(self, pull: Pull) -> None:
        """See `Line.listen`."""
        pad = self._pins.pad(self._number)
        pad.pull, pad.output = pull, False
        pad.moved()

    def _become(self, pad: Pad, active: bool) -> None:
        level = active != self._active_low
        pad.levels.append(level)
        pad.told(level)
        if not pad.stands_still():
            pad.latch = level
            pad.moved()
