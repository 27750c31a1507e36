"""When a timer was asked for and acknowledged, and whether it ended between the two."""

import time

from tests.support.kitchen import Kitchen
from tests.support.stove import Stove
from tests.support.waiting import eventually

LATE = 1.5
"""Seconds that a busy test machine may add; a guard on the wrong clock is wrong by hours."""


class TimerSet:
    """A timer of `seconds`, accepted. The disk may take its time to acknowledge it."""

    def __init__(self, kitchen: Kitchen, seconds: int, burner: str = "left") -> None:
        self.seconds = seconds
        self.asked = time.monotonic()
        (ack, *_) = kitchen.order("timer", f"{seconds}s", burner=burner)
        self.acknowledged = time.monotonic()
        assert ack["status"] == "accepted", ack

    def ends_on_time(self, stove: Stove, *, back_since: float = 0.0) -> None:
        """Wait until the relay moves. A guard that was dead opens late where it came back late."""
        moved = eventually(lambda: stove.switched, self.seconds + 4, "the timer shuts off")[0].at
        early = moved - self.asked - self.seconds
        late = moved - max(self.acknowledged + self.seconds, back_since)
        assert early > -0.1, f"{-early:.3f} s early"
        assert late < LATE, f"{late:.3f} s late"
