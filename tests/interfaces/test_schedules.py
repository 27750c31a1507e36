"""What schedules are told by: a machine of two minds on its zone, a clock that was set just now."""

import asyncio
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import pytest
import tzlocal

from gasguard.clock import Instant
from gasguard.config.load import parse_config
from gasguard.core.model import Source
from gasguard.guard.controller import Controller
from gasguard.guard.store import Store
from gasguard.interfaces.schedules import watch
from tests.support.kitchen import relay


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


class SetClock:
    """One that somebody sets: `wall` is what it shows."""

    def __init__(self, wall: datetime) -> None:
        self.wall = wall

    def now(self) -> Instant:
        return Instant(1000.0, self.wall.timestamp())

    def boot_id(self) -> str:
        return "this boot"

    def synchronised(self) -> bool:
        return True

    def believable(self) -> bool:
        return True


def test_a_skip_right_after_the_clock_was_set_is_of_the_window_that_it_shows_now(tmp_path):
    lock = {"lock": {"from": "22:00", "to": "23:00"}}
    data = {"burners": {"left": {"relay": relay()}}, "timezone": "UTC", "schedules": {"one": lock}}
    evening = datetime(2026, 11, 27, 22, 30, tzinfo=UTC)

    async def skips() -> dict[str, object]:
        clock = SetClock(evening + timedelta(hours=3))
        store = Store.open(tmp_path)
        schedules = watch.Schedules(
            parse_config(data, tmp_path), Controller([], store, clock), store, clock
        )
        schedules.start()
        clock.wall = evening
        answers: asyncio.Queue[object] = asyncio.Queue()
        schedules.skip("one", Source.CLI, answers.put_nowait)
        await asyncio.wait_for(answers.get(), 5)
        await schedules.stop()
        await store.aclose()
        return schedules.states()["one"]

    said = asyncio.run(skips())
    assert said["active"] is False
    assert said["skipped_until"] == "2026-11-27T23:00:00+00:00"
