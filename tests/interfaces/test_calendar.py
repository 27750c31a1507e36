"""When schedules hold: against a look at the wall clock every minute, in both nights of DST."""

import itertools
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gasguard.config.schedules import Lock, Off
from gasguard.interfaces.schedules import calendar
from gasguard.interfaces.schedules.calendar import OWED_FOR, Moment, Window

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Its clocks change by half an hour."""
SPRING, AUTUMN = date(2026, 3, 28), date(2026, 10, 24)
"""The day before the night in which Berlin's clocks change."""


def window(begins: str, to: str, days: object = "daily") -> Lock:
    return Lock.model_validate({"from": begins, "to": to, "days": days})


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def shows(lock: Lock, zone: ZoneInfo, now: float) -> bool:
    """By the definition: the wall clock's time, and the weekday on which the window began."""
    shown = datetime.fromtimestamp(now, zone)
    minute, today = shown.hour * 60 + shown.minute, shown.weekday()
    if lock.begins < lock.to:
        return today in lock.days and lock.begins <= minute < lock.to
    return (today in lock.days and minute >= lock.begins) or (
        (today - 1) % 7 in lock.days and minute < lock.to
    )


WINDOWS = [
    ("22:00", "06:00"),
    ("02:00", "03:00"),
    ("02:30", "03:30"),
    ("01:30", "02:30"),
    ("02:15", "02:45"),
    ("00:00", "24:00"),
    ("23:59", "00:00"),
    ("22:00", "02:30"),
    ("02:30", "05:00"),
]


@pytest.mark.parametrize("zone", [BERLIN, SHANGHAI, LORD_HOWE], ids=str)
@pytest.mark.parametrize("day", [SPRING, AUTUMN, date(2026, 4, 4), date(2026, 10, 3)], ids=str)
@pytest.mark.parametrize("days", ["daily", ["sat"], ["sun", "mon"]], ids=str)
@pytest.mark.parametrize(("begins", "to"), WINDOWS)
def test_a_window_holds_while_the_clock_on_the_wall_shows_a_time_in_it(begins, to, days, day, zone):
    lock = window(begins, to, days)
    asked = Window(lock, zone)
    first = datetime(day.year, day.month, day.day, 12, tzinfo=zone).timestamp()
    moments = [first + 60 * step for step in range(36 * 60)]
    for now in moments:
        assert (asked.day(now) is not None) == shows(lock, zone, now), datetime.fromtimestamp(
            now, zone
        )
    # What is to come, against what came.
    for now, then in itertools.pairwise(moments):
        before, after = asked.day(now), asked.day(then)
        if before != after and after is not None:
            found = asked.next(now)
            assert found is not None
            assert (found.day, now < found.begins_at <= then) == (after, True)
            assert asked.at(then) == found
        if before != after and before is not None:
            holding = asked.at(now)
            assert holding is not None and holding.ends_at is not None
            assert now < holding.ends_at <= then


def test_monday_is_monday():
    asked = Window(window("08:00", "09:00", ["mon"]), SHANGHAI)
    found = asked.next(at("2026-11-26T12:00", SHANGHAI))
    assert found is not None
    assert found.begins_at == at("2026-11-30T08:00", SHANGHAI)
    assert found.day.strftime("%A") == "Monday"


def test_a_window_that_crosses_midnight_is_of_the_day_on_which_it_began():
    asked = Window(window("22:00", "06:00", ["fri"]), SHANGHAI)
    assert asked.day(at("2026-11-28T05:59:59", SHANGHAI)) == date(2026, 11, 27)
    assert asked.day(at("2026-11-28T06:00", SHANGHAI)) is None
    assert asked.day(at("2026-11-28T22:00", SHANGHAI)) is None
    assert asked.day(at("2026-11-27T05:00", SHANGHAI)) is None


def test_the_whole_day_every_day_has_no_end():
    asked = Window(window("00:00", "24:00"), SHANGHAI)
    found = asked.at(at("2026-11-26T12:00", SHANGHAI))
    assert found is not None
    assert found.begins_at == at("2026-11-26T00:00", SHANGHAI)
    assert found.ends_at == at("2026-11-27T00:00", SHANGHAI)


def off(time: str, days: object = "daily", zone: ZoneInfo = BERLIN) -> Moment:
    return Moment(Off.model_validate({"at": time, "days": days}), zone)


def test_an_off_is_due_at_its_time_and_owed_for_an_hour():
    due = at("2026-11-26T23:30")
    for now, owed in ((due - 1, False), (due, True), (due + OWED_FOR, True)):
        assert (off("23:30").last(now) is not None) == owed
    assert off("23:30").last(due + OWED_FOR + 1) is None
    found = off("23:30").next(due - 1)
    assert found is not None
    assert (found.begins_at, found.day) == (due, date(2026, 11, 26))
    assert off("23:30").next(due).begins_at == at("2026-11-27T23:30")


def test_a_skipped_off_never_comes_and_a_repeated_one_is_one_of_its_day():
    before = at("2026-03-28T12:00")
    assert off("02:30").next(before).begins_at == at("2026-03-30T02:30")
    assert off("02:30").last(at("2026-03-29T03:10")) is None
    assert off("02:30").next(at("2026-10-24T12:00")).begins_at == at("2026-10-25T02:30")
    first, again = (off("02:30").last(at("2026-10-25T02:40", fold=fold)) for fold in (0, 1))
    assert first.day == again.day == date(2026, 10, 25)


def test_the_next_is_found_from_inside_a_repeated_hour():
    for minutes in range(0, 181, 5):
        now = at("2026-10-25T00:30") + 60 * minutes
        found = off("02:15").next(now)
        expected = [at("2026-10-25T02:15"), at("2026-10-25T02:15", fold=1), at("2026-10-26T02:15")]
        assert found.begins_at == next(one for one in expected if one > now)


@pytest.mark.parametrize("time", ["00:00", "00:30", "00:59", "23:59"])
@pytest.mark.parametrize("zone", [BERLIN, LORD_HOWE, ZoneInfo("America/Havana")], ids=str)
def test_no_off_is_left_out_around_the_nights_in_which_clocks_change(time, zone):
    asked, now, days = off(time, "daily", zone), at("2025-12-31T23:59:59", zone), set()
    while now < at("2026-12-31T12:00", zone):
        # As the guard asks: once one is due.
        found = asked.next(now)
        days.add(found.day)
        now = found.begins_at
    year = {date(2026, 1, 1) + timedelta(days=day) for day in range(365)}
    # Havana's clocks skip midnight itself.
    skipped = {date(2026, 3, 8)} if zone.key == "America/Havana" and time < "01:00" else set()
    assert year - days == skipped


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        (BERLIN, at("2027-03-28T03:00")),
        (BERLIN, at("2026-10-25T02:00", fold=1)),
        (ZoneInfo("America/New_York"), at("2026-11-01T01:00", ZoneInfo("America/New_York"), 1)),
        (LORD_HOWE, at("2026-10-04T02:30", LORD_HOWE)),
    ],
)
@pytest.mark.parametrize("days", range(-14, 3))
def test_a_change_of_the_clocks_is_found_at_any_fraction_of_a_second(
    zone, change, days, monkeypatch
):
    """Whole days from it, to the second, an endless search once held up the daemon for good."""
    looks = itertools.count()
    offset = calendar._offset

    def counted(moment: float, of: ZoneInfo) -> timedelta:
        assert next(looks) < 10_000, "it searches for ever"
        return offset(moment, of)

    monkeypatch.setattr(calendar, "_offset", counted)
    asked = Window(window("00:00", "24:00"), zone)
    for second in (-1.5, -1, -0.7, 0, 0.2, 0.5, 0.999, 1, 1.3, 2.5):
        now = change + days * 86400 + second
        steps = list(calendar._steps(now, zone))
        assert steps == ([change] if now < change else []), second
        found = asked.at(now)
        assert found is not None
        assert found.begins_at <= now < found.ends_at


def test_a_window_that_holds_twice_in_a_repeated_hour_comes_next_on_the_same_day():
    asked = Window(window("02:30", "03:30"), BERLIN)
    first, again = at("2026-10-25T02:30"), at("2026-10-25T02:30", fold=1)
    assert asked.at(first).ends_at == at("2026-10-25T02:00", fold=1)
    found = asked.next(first)
    assert (found.begins_at, found.ends_at) == (again, at("2026-10-25T03:30"))
    assert found.day == asked.at(first).day
    assert asked.next(again).begins_at == at("2026-10-26T02:30")


def test_the_end_after_midnight_is_found_from_the_night_in_which_an_hour_is_skipped():
    asked = Window(window("01:30", "00:30"), BERLIN)
    found = asked.at(at("2026-03-29T01:40"))
    assert found is not None
    assert found.ends_at == at("2026-03-30T00:30")


def test_no_day_is_left_out_for_a_year():
    asked, now = off("00:00", "daily", SHANGHAI), at("2026-01-01T00:00", SHANGHAI)
    for _ in range(365):
        found = asked.next(now)
        assert found.begins_at == now + timedelta(days=1).total_seconds()
        now = found.begins_at
