"""A moment on both clocks."""

from gasguard.core.instant import Instant


def test_a_deadline_on_the_boot_clock_is_shown_as_wall_time():
    now = Instant(boot=100.0, wall=1_750_000_000.0)
    assert now.wall_at(160.0) == 1_750_000_060.0
    assert now.wall_at(40.0) == 1_749_999_940.0
