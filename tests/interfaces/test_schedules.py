"""What schedules are told by: a machine of two minds on its zone, a clock that was set just now."""

import asyncio
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
import tzlocal

from gasguard.config.load import parse_config
from gasguard.core.messages import CalendarRead
from gasguard.core.model import Calendar, Source
from gasguard.guard.controller import Controller
from gasguard.guard.store import Store
from gasguard.interfaces.schedules import watch
from tests.support.kitchen import relay
from tests.support.set_clock import SetClock


@pytest.fixture
def config():
    return parse_config({"burners": {"left": {"relay": relay()}}}, Path())


def test_a_machine_of_two_minds_has_the_time_that_its_clocks_show(config, monkeypatch):
    def of_two_minds():
        raise ZoneInfoNotFoundError("Multiple conflicting time zone configurations found")

    monkeypatch.setattr(tzlocal, "get_localzone", of_two_minds)
    data = resources.files("tzdata") / "zoneinfo/Asia/Shanghai"
    with resources.as_file(data) as path:
        monkeypatch.setattr(watch, "_LOCALTIME", path)
        zone = watch._zone(config)
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=8)


async def skipped(schedules: watch.Schedules) -> None:
    """It has answered that it skips what comes next."""
    answers: asyncio.Queue[object] = asyncio.Queue()
    schedules.skip("one", Source.CLI, answers.put_nowait)
    await asyncio.wait_for(answers.get(), 5)


@pytest.fixture
def kept_here(tmp_path):
    """What a schedule says at each time that the clock is set to, and of a skip behind the last."""

    async def looks(schedule: dict[str, object], zone: str, *walls: datetime, skip: bool) -> object:
        data = {"burners": {"left": {"relay": relay()}}, "schedules": {"one": schedule}}
        config = parse_config({**data, "timezone": zone}, tmp_path)
        for wall in walls:
            store, clock = Store.open(tmp_path), SetClock(wall.timestamp())
            schedules = watch.Schedules(config, Controller([], store, clock), store, clock)
            schedules.start()
            if skip and wall == walls[-1]:
                await skipped(schedules)
            await schedules.stop()
            await store.aclose()
        return schedules.states()["one"]

    def said(schedule: dict[str, object], zone: str, *walls: datetime, skip: bool = False):
        return asyncio.run(looks(schedule, zone, *walls, skip=skip))

    return said


def in_berlin(hour: int, minute: int, fold: int = 0) -> datetime:
    """In the night that repeats the hour from 2:00 on."""
    return datetime(2026, 10, 25, hour, minute, fold=fold, tzinfo=ZoneInfo("Europe/Berlin"))


def test_an_off_that_has_come_is_not_the_next_one_in_the_hour_that_is_repeated(kept_here):
    for moment in (in_berlin(2, 31), in_berlin(2, 1, fold=1), in_berlin(2, 31, fold=1)):
        said = kept_here({"off": "02:30"}, "Europe/Berlin", in_berlin(2, 31), moment)
        assert said["next_at"] == "2026-10-26T02:30:00+01:00"


def test_a_skip_in_the_hour_that_is_repeated_is_of_an_off_that_would_come(kept_here):
    said = kept_here({"off": "02:30"}, "Europe/Berlin", in_berlin(2, 31), skip=True)
    assert said["skipped_until"] == "2026-10-26T02:30:00+01:00"
    assert said["next_at"] == "2026-10-27T02:30:00+01:00"


def test_an_off_that_has_come_is_not_the_next_one_where_the_clock_is_set_back(kept_here):
    evening = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    minute = timedelta(minutes=1)
    said = kept_here({"off": "23:30"}, "UTC", evening + minute, evening - minute)
    assert said["next_at"] == "2026-11-28T23:30:00+00:00"


def test_a_window_that_is_skipped_is_not_the_next_one_in_the_hour_that_is_repeated(kept_here):
    window = {"lock": {"from": "02:10", "to": "02:30"}}
    for minute in (5, 20):
        said = kept_here(window, "Europe/Berlin", in_berlin(2, minute), skip=minute == 5)
        assert said["active"] is False
        assert said["next_at"] == "2026-10-26T02:10:00+01:00"


def test_a_skip_right_after_the_clock_was_set_is_of_the_window_that_it_shows_now(tmp_path):
    lock = {"lock": {"from": "22:00", "to": "23:00"}}
    data = {"burners": {"left": {"relay": relay()}}, "timezone": "UTC", "schedules": {"one": lock}}
    evening = datetime(2026, 11, 27, 22, 30, tzinfo=UTC)

    async def skips() -> dict[str, object]:
        clock = SetClock((evening + timedelta(hours=3)).timestamp())
        store = Store.open(tmp_path)
        schedules = watch.Schedules(
            parse_config(data, tmp_path), Controller([], store, clock), store, clock
        )
        schedules.start()
        clock.wall = evening.timestamp()
        await skipped(schedules)
        await schedules.stop()
        await store.aclose()
        return schedules.states()["one"]

    said = asyncio.run(skips())
    assert said["active"] is False
    assert said["skipped_until"] == "2026-11-27T23:00:00+00:00"


class OneBurner:
    """Stands for the controller: hears what is told of its burner."""

    def __init__(self) -> None:
        self.calendar = Calendar()

    def states(self) -> dict[str, object]:
        return {"left": None}

    def post(self, _burner: str, event: object) -> None:
        if isinstance(event, CalendarRead):
            self.calendar = event.calendar


@pytest.mark.parametrize(
    ("time", "window", "warned_of"),
    [
        ("21:50", None, ["night 22:00+60", "bedtime 22:30+0"]),
        ("22:10", "night", ["night 22:00+60", "bedtime 22:30+0"]),
        ("22:40", "night", ["night 22:00+60"]),
    ],
)
def test_a_schedule_within_the_grace_of_another_is_told_of_too(tmp_path, time, window, warned_of):
    schedules = {
        "night": {"lock": {"from": "22:00", "to": "06:00"}, "grace": "1h"},
        "bedtime": {"off": "22:30"},
        "the_same": {"off": "22:30"},
        "late": {"off": "23:30"},
    }
    data = {"burners": {"left": {"relay": relay()}}, "timezone": "UTC", "schedules": schedules}
    clock = SetClock(datetime.fromisoformat(f"2026-11-27T{time}+00:00").timestamp())
    burner = OneBurner()

    async def look() -> None:
        store = Store.open(tmp_path)
        told = watch.Schedules(parse_config(data, tmp_path), burner, store, clock)
        told.start()
        await told.stop()
        await store.aclose()

    asyncio.run(look())
    calendar = burner.calendar
    first = (calendar.by, calendar.begins_at, calendar.shuts_off_at)
    besides = [(one.by, one.begins_at, one.shuts_off_at) for one in calendar.besides]
    at_boot = clock.wall - clock.now().boot
    assert calendar.window == window
    assert warned_of == [
        f"{by} {datetime.fromtimestamp(begins + at_boot, UTC):%H:%M}+{(ends - begins) / 60:.0f}"
        for by, begins, ends in sorted([first, *besides], key=lambda one: one[1])
    ]
