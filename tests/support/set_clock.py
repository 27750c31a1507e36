"""A clock that stands still at what a test sets."""

from gasguard.clock import Instant


class SetClock:
    """A `gasguard.clock.Clock`. `wall` is what it shows, as Unix time."""

    def __init__(self, wall: float, *, believable: bool = True) -> None:
        self.wall, self._believable = wall, believable

    def now(self) -> Instant:
        return Instant(1000.0, self.wall)

    def boot_id(self) -> str:
        return "this boot"

    def synchronised(self) -> bool:
        return self._believable

    def believable(self) -> bool:
        return self._believable
