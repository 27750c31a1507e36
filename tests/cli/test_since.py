"""`history --since`: how long ago, or from when."""

from datetime import datetime, timedelta

import pytest

from gasguard.cli.exits import Misused
from gasguard.cli.history import seconds_since

NOW = datetime(2026, 11, 26, 12, 0).astimezone()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30m", timedelta(minutes=30)),
        ("2d", timedelta(days=2)),
        ("0", timedelta()),
        ("1 day 6 hours", timedelta(hours=30)),
        ("2026-11-25", timedelta(hours=36)),
        ("2026-11-26 11:30", timedelta(minutes=30)),
        ("2026-11-26T11:30:00", timedelta(minutes=30)),
    ],
)
def test_what_is_meant(text, meant):
    assert seconds_since(text, NOW) == meant.total_seconds()


@pytest.mark.parametrize(
    "text",
    [
        "yesterday", "", "2026-13-01", "2026-11-27", "-2h", "0001-01-01", "9999-12-31",
        "2026-11-25 25:00", "25.11.2026",
    ],
)  # fmt: skip
def test_nothing_is_guessed_and_a_right_one_is_shown(text):
    with pytest.raises(Misused, match=r"--since: .*(2h|2026-11-25|to come|guarded)"):
        seconds_since(text, NOW)
