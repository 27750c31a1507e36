"""This machine's own pins and buses: one board for the process, which holds them until it ends."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from gasguard.drivers.board import Board, I2c, Pins, T

if TYPE_CHECKING:
    from gasguard.drivers.adc.bus import KernelBus
    from gasguard.drivers.gpio.kernel import KernelChips


class _Machine:
    """See `Board`. What nobody's configuration names is not even imported."""

    def __init__(self) -> None:
        self._buses: dict[int, KernelBus] = {}

    @cached_property
    def _chips(self) -> "KernelChips":
        from gasguard.drivers.gpio.kernel import KernelChips

        return KernelChips()

    def pins(self, chip: str) -> Pins:
        return self._chips.pins(chip)

    def chips(self) -> Iterator[Pins]:
        yield from self._chips.chips()

    async def on_bus(self, number: int, work: Callable[[I2c], T], within: float) -> T:
        from gasguard.drivers.adc.bus import KernelBus

        if number not in self._buses:
            self._buses[number] = KernelBus(number)
        return await self._buses[number].run(work, within)


MACHINE: Board = _Machine()
