"""The machine's own pins and I²C buses, as drivers see them: real ones, or a simulated machine's.

A pin's calls take microseconds and are made on the event loop: only chips are given whose pins are
registers of the processor. A bus can hang: its calls are made elsewhere. What goes wrong is an
OSError, as the kernel says it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from gasguard.errors import Unreachable

Pull = Literal["up", "down"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Look:
    """A pin as anybody may look at it; looking changes nothing."""

    output: bool
    """Whether it drives its level."""
    used_by: str = ""
    """Who holds it; empty where nobody does."""


class Line(Protocol):
    """A pin that this process holds until it ends: given back, the kernel may make it an input."""

    def get(self) -> bool:
        """Whether its level is the active one: the pad's, be it an output or an input."""
        ...

    def set(self, active: bool) -> None:
        """Drive that level. It is an output already."""
        ...

    def drive(self, active: bool, pull: Pull) -> None:
        """Make it an output that has this level from its first moment on. `pull` is what the pad is
        left to, should it ever be an input again."""
        ...

    def listen(self, pull: Pull) -> None:
        """Make it an input."""
        ...


class Pins(Protocol):
    """The pins of one chip."""

    @property
    def label(self) -> str:
        """The chip's name for itself: `pinctrl-rp1`."""
        ...

    @property
    def path(self) -> str:
        """Where it is: `/dev/gpiochip0`."""
        ...

    @property
    def keeps_outputs(self) -> bool | None:
        """Whether a pin whose process has ended goes on driving its level; None: not told."""
        ...

    def look(self, number: int) -> Look:
        """How a pin stands, whoever holds it."""
        ...

    def hold(self, number: int, *, active_low: bool) -> Line:
        """Take it as it is: neither direction nor level change. The same for the same number."""
        ...

    def drop(self, number: int) -> None:
        """Let go of one whose chip is gone; `Board.pins` then looks for that chip anew."""
        ...


class I2c(Protocol):
    """One bus, in the hands of one piece of work. Its calls block; they raise OSError."""

    def write(self, address: int, register: int, word: int) -> None:
        """Set a register of 16 bits, the high byte first."""
        ...

    def read(self, address: int, register: int) -> int:
        """Of 16 bits, 0 to 65535."""
        ...

    def now(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait."""
        ...


class Board(Protocol):
    """What a machine has of its own."""

    def pins(self, chip: str) -> Pins:
        """Those of the chip: `auto` is that of a Pi's header, else a label or a path.

        Raises Unreachable, with what to do, where there is none that can be used.
        """
        ...

    def chips(self) -> Iterator[Pins]:
        """Every chip whose pins may be used."""
        ...

    async def on_bus(self, number: int, work: Callable[[I2c], T], within: float) -> T:
        """Have the work done off the event loop, and wait for it at most so many seconds.

        Raises TimeoutError when it is not done by then, and while earlier work still hangs;
        Unreachable where the library is not there; what the work raises.
        """
        ...


class _NoBoard:
    """Of a program that drives none of its machine's pins."""

    def pins(self, chip: str) -> Pins:
        raise Unreachable("no pins are driven here")

    def chips(self) -> Iterator[Pins]:
        yield from ()

    async def on_bus(self, number: int, work: Callable[[I2c], T], within: float) -> T:
        raise Unreachable("no bus is used here")


NO_BOARD: Board = _NoBoard()
