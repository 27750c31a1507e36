"""The history on disk: asked in pieces, kept for its time, whatever the clock says."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gasguard.core.recovery import Record, Stamp
from gasguard.guard import controller, journal
from gasguard.guard.store import FILE_NAME, KEPT_FOR, Store
from gasguard.simulator import simtime
from tests.guard.kitchen import Kitchen, cook
from tests.guard.test_old_states import STATES

NOW = 1_795_000_000.0
DAY = 86400.0


def with_store(folder: Path, story: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = Store.open(folder)
        await story(store)
        await store.aclose()

    simtime.run(run())


def note(store: Store, at: float, number: int, burner: str = "left") -> None:
    store.note(at, burner, {"type": "prewarning", "n": number})


async def numbers(store: Store, burner: str | None = None, since: float = 0.0, limit: int = 5000):
    return [json.loads(text)["n"] for text in await store.history(burner, since, limit)]


def test_a_long_history_is_whole_and_in_order(tmp_path):
    async def story(store: Store) -> None:
        for number in range(1999):
            note(store, NOW + number, number, "right" if number % 3 else "left")
        assert await numbers(store) == list(range(1999))
        assert await numbers(store, "left") == list(range(0, 1999, 3))
        assert await numbers(store, limit=700) == list(range(1299, 1999))
        assert await numbers(store, limit=250) == list(range(1749, 1999))
        assert await numbers(store, since=NOW + 1500) == list(range(1500, 1999))
        assert await numbers(store, "middle") == []

    with_store(tmp_path, story)


def test_a_burners_state_waits_for_a_piece_and_not_for_the_question(tmp_path):
    async def story(store: Store) -> None:
        for number in range(1999):
            note(store, NOW, number)
        asked = asyncio.create_task(store.history(None, 0.0, 1999))
        await asyncio.sleep(0)
        await store.save("left", Record(), Stamp("boot", 1.0, NOW, True))
        assert not asked.done(), "the question was answered first"
        assert len(await asked) == 1999

    async def run() -> None:
        store = Store.open(tmp_path)
        await story(store)
        await store.aclose()

    asyncio.run(run())


def test_what_is_too_old_goes_and_the_rest_stays(tmp_path):
    async def story(store: Store) -> None:
        for number in range(1000):
            note(store, NOW - KEPT_FOR - DAY + number, number)
        for number in range(1000, 1010):
            note(store, NOW - KEPT_FOR + DAY, number)
        await store.flush()
        await store.prune(NOW)
        assert await numbers(store) == list(range(1000, 1010))

    with_store(tmp_path, story)


def test_twelve_months_are_kept(tmp_path):
    async def story(store: Store) -> None:
        note(store, NOW - 366 * DAY, 1)
        note(store, NOW, 2)
        await store.prune(NOW)
        assert await numbers(store) == [1, 2]

    with_store(tmp_path, story)


def test_what_a_wrong_clock_has_dated_goes_with_its_neighbours(tmp_path):
    """A Pi without a battery starts in 1970 until it hears of the time."""

    async def story(store: Store) -> None:
        note(store, NOW - DAY, 1)
        note(store, 100.0, 2)
        note(store, NOW, 3)
        await store.flush()
        await store.prune(NOW)
        assert await numbers(store) == [1, 2, 3]
        await store.prune(NOW + KEPT_FOR - DAY / 2)
        assert await numbers(store) == [3]

    with_store(tmp_path, story)


def test_a_clock_that_runs_years_ahead_deletes_nothing(tmp_path):
    async def story(store: Store) -> None:
        note(store, NOW, 1)
        await store.flush()
        await store.prune(NOW + 10 * 365 * DAY)
        assert await numbers(store) == [1]

    with_store(tmp_path, story)


@pytest.mark.parametrize("synchronised", [True, False])
def test_the_guard_prunes_once_an_hour_where_the_time_is_known(tmp_path, synchronised):
    async def story(here: Kitchen) -> None:
        here.clock.is_synchronised = synchronised
        now = here.clock.now().wall
        note(here.store, now - KEPT_FOR - DAY, 1)
        note(here.store, now, 2)
        await asyncio.sleep(controller.PRUNE_EVERY + 5)
        found = await here.store.history(None, 0.0, 5000)
        kept = [json.loads(text).get("n") for text in found]
        assert (1 in kept) is not synchronised
        assert 2 in kept

    cook(tmp_path, story)


def test_the_oldest_rows_go_when_there_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "MOST_ROWS", 100)

    async def story(store: Store) -> None:
        for number in range(500):
            note(store, NOW, number)
        assert await numbers(store) == list(range(400, 500))

    with_store(tmp_path, story)


def test_a_row_that_is_no_json_any_more_does_not_hide_the_others(tmp_path):
    async def story(store: Store) -> None:
        for number in range(3):
            note(store, NOW, number)
        await store.flush()
        other = sqlite3.connect(tmp_path / FILE_NAME)
        with other:
            other.execute("UPDATE journal SET event = '{\"n\": 1' WHERE seq = 2")
        other.close()
        assert await numbers(store) == [0, 2]

    with_store(tmp_path, story)


@pytest.mark.parametrize("file", ["schema-1.db", "schema-2.db"])
def test_the_history_of_earlier_versions_is_still_told(tmp_path, file):
    shutil.copy(STATES / file, tmp_path / FILE_NAME)
    before = sqlite3.connect(tmp_path / FILE_NAME)
    (rows,) = before.execute("SELECT count(*) FROM journal").fetchone()
    before.close()

    async def story(store: Store) -> None:
        assert len(await store.history(None, 0.0, 5000)) == rows
        assert await store.burnt(None, 0.0) == []

    with_store(tmp_path, story)
