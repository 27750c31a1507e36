"""Relays on pins as the rest of the house sees them."""

from collections.abc import AsyncIterator, Sequence

from gasguard.config.relays.base import Channel, RelayConfig
from gasguard.config.relays.gpio import PI_CHIPS, GpioRelay, pulled_to
from gasguard.drivers.base import Finding, Site
from gasguard.drivers.board import Pins
from gasguard.drivers.gpio.doctor import examine_relay
from gasguard.drivers.gpio.pump import PumpedRelay
from gasguard.drivers.gpio.relay import GpioRelayDriver

_USUAL = range(4, 28)
"""The pins of a Pi's header that have no other purpose (2 and 3 are its I²C bus)."""


class Family:
    """`driver: gpio`. All share the machine's board."""

    def __init__(self, site: Site) -> None:
        self._board = site.board

    def relay(self, settings: RelayConfig, voice: Channel | None) -> GpioRelayDriver:
        """See `Family.relay` in `gasguard.drivers.base`."""
        ours = _ours(settings)
        if ours.pulse is not None:
            return PumpedRelay(ours, ours.pulse, self._board)
        return GpioRelayDriver(ours, self._board)

    async def examine(
        self, what: str, settings: RelayConfig, voice: Channel | None
    ) -> AsyncIterator[Finding]:
        """See `Family.examine`."""
        for finding in examine_relay(what, _ours(settings), self._board):
            yield finding

    async def discover(
        self, addresses: Sequence[str], seconds: float, configured: Sequence[RelayConfig]
    ) -> list[str]:
        """See `Discovers.discover`. The chips of a Pi's header, with what is free on them."""
        return [line for pins in self._board.chips() for line in _free(pins)]


def _free(pins: Pins) -> list[str]:
    if pins.label not in PI_CHIPS:
        return []
    try:
        free = [number for number in _USUAL if not pins.look(number).used_by]
    except OSError:
        return []
    return [
        f"{pins.path}  {pins.label}  free pins with active: {level}: "
        + (", ".join(str(number) for number in free if pulled_to(number) != level) or "none")
        for level in ("high", "low")
    ]


def _ours(settings: RelayConfig) -> GpioRelay:
    if not isinstance(settings, GpioRelay):
        raise TypeError(f"{type(settings).__name__} is no relay on a pin")
    return settings
