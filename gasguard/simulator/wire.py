"""The way between network and device: what becomes of each datagram under the faults."""

from random import Random

from gasguard.simulator.faults import Faults


class Wire:
    """Draws the fate of datagrams, from `random` alone."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def inbound(self, faults: Faults) -> list[float]:
        """Delay in seconds of each copy that reaches the device; empty when it is lost."""
        return self._copies(faults, faults.loss_in)

    def outbound(self, faults: Faults) -> list[float]:
        """The same for an answer on its way back."""
        return self._copies(faults, faults.loss_out)

    def _copies(self, faults: Faults, loss: float) -> list[float]:
        if faults.offline or faults.unpowered:
            return []
        copies = 2 if self._happens(faults.duplicate) else 1
        return [self._delay(faults) for _ in range(copies) if not self._happens(loss)]

    def _delay(self, faults: Faults) -> float:
        delay = faults.delay_s
        if faults.jitter_s:
            delay += self._random.uniform(0, faults.jitter_s)
        if self._happens(faults.reorder):
            delay += self._random.uniform(0.01, 0.2)
        return delay

    def _happens(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability
