"""A moment in time, as every event carries it."""

from typing import NamedTuple


class Instant(NamedTuple):
    """One moment on both clocks."""

    boot: float
    """Seconds on CLOCK_BOOTTIME: counts suspend, never jumps. All deadlines live here."""
    wall: float
    """Unix time in seconds. For people to read, never to decide by."""

    def wall_at(self, boot: float) -> float:
        """Unix time at which CLOCK_BOOTTIME reads `boot`, if nobody moves the wall clock."""
        return self.wall + (boot - self.boot)
