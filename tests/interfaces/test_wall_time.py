"""A time of day as seconds from now: in its zone, in both nights of daylight saving, or refused."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gasguard.interfaces.requests import BadRequest
from gasguard.interfaces.wall_time import WallTime
from tests.support.set_clock import SetClock

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
HOUR = 3600.0


def seconds(until: str, now: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    wall = datetime.fromisoformat(now).replace(tzinfo=zone, fold=fold).timestamp()
    return WallTime(SetClock(wall), zone)(until)


def refused(until: str, now: str, zone: ZoneInfo = BERLIN) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        seconds(until, now, zone)
    return caught.value


@pytest.mark.parametrize("zone", [BERLIN, SHANGHAI], ids=str)
@pytest.mark.parametrize(
    ("until", "now", "hours"),
    [
        ("18:30", "2026-11-26 18:00", 0.5),
        ("18:30", "2026-11-26 18:30", 24),
        ("18:30", "2026-11-26 18:30:01", 24 - 1 / HOUR),
        ("18:30", "2026-11-26 18:29:59", 1 / HOUR),
        ("18:30:15", "2026-11-26 18:30", 15 / HOUR),
        ("00:00", "2026-12-31 23:00", 1),
        ("6:05", "2026-11-26 22:05", 8),
        (" 18：30 ", "2026-11-26 17:30", 1),
        ("23:59", "2026-11-26 00:00", 24 - 1 / 60),
    ],
)
def test_it_is_the_next_such_time(until, now, hours, zone):
    assert seconds(until, now, zone) == pytest.approx(hours * HOUR)


@pytest.mark.parametrize(
    "until",
    ["25:00", "24:00", "18:60", "6:30 pm", "18.30", "1830", "18", "", "soon", "18:30:60", "-1:00",
     "18:30+01:00", "2026-11-26T18:30", "１８:30", "018:30", "18:3"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_a_right_one(until):
    bad = refused(until, "2026-11-26 12:00")
    assert bad.code == "malformed"
    assert "18:30" in str(bad)


# --- nights in which the clock changes ------------------------------------------------------------


def test_the_moment_is_meant_in_the_night_that_has_an_hour_less():
    assert seconds("06:00", "2026-03-28 22:00") == 7 * HOUR
    assert seconds("06:00", "2026-03-28 22:00", SHANGHAI) == 8 * HOUR


def test_and_in_the_night_that_has_an_hour_more():
    assert seconds("06:00", "2026-10-24 22:00") == 9 * HOUR
    assert seconds("06:00", "2026-10-24 22:00", SHANGHAI) == 8 * HOUR


@pytest.mark.parametrize("now", ["2026-03-28 20:00", "2026-03-29 01:59", "2026-03-28 02:30"])
def test_a_time_that_the_clock_skips_is_refused(now):
    bad = refused("02:30", now)
    assert bad.code == "malformed"
    assert "skips 02:30 on 2026-03-29" in str(bad)
    assert seconds("02:30", now, SHANGHAI) > 0


def test_once_it_was_skipped_the_next_one_is_meant():
    assert seconds("02:30", "2026-03-29 03:10") == 23 * HOUR + 1200
    assert seconds("03:00", "2026-03-29 01:59") == 60


def test_of_a_time_that_the_clock_shows_twice_the_next_is_meant():
    assert seconds("02:30", "2026-10-25 01:30") == HOUR
    assert seconds("02:30", "2026-10-25 02:10", fold=0) == 20 * 60
    assert seconds("02:30", "2026-10-25 02:40", fold=0) == 50 * 60
    assert seconds("02:30", "2026-10-25 02:10", fold=1) == 20 * 60
    assert seconds("02:30", "2026-10-25 02:40", fold=1) == 24 * HOUR - 600


def test_a_day_of_25_hours_may_be_asked_for_and_is_for_the_guard_to_refuse():
    assert seconds("12:00", "2026-10-24 12:00") == 25 * HOUR


# --- clocks that nobody believes ------------------------------------------------------------------


def test_while_the_clock_is_not_set_it_is_refused():
    with pytest.raises(BadRequest) as caught:
        WallTime(SetClock(1e9, believable=False), BERLIN)("18:30")
    assert caught.value.code == "clock_unset"
    assert "time server" in str(caught.value) and "duration" in str(caught.value)


def test_without_a_zone_it_is_this_machines(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        wall = datetime(2026, 11, 26, 12, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()
        assert WallTime(SetClock(wall))("18:30") == 6.5 * HOUR
    finally:
        monkeypatch.undo()
        time.tzset()
