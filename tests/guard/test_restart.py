"""What outlives the daemon and the machine, and what the disk may do to it."""

import asyncio
import logging
import sqlite3
from pathlib import Path

import pytest

from gasguard.core.messages import Status
from gasguard.core.model import Lock, Phase, Reason, Source
from gasguard.guard.store import Store
from tests.guard.kitchen import Kitchen, cook


def test_a_timer_goes_on_with_the_time_that_is_left(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(60)
        await asyncio.sleep(20)
        await here.restart(away=20)
        assert 19.5 < await here.until(lambda: here.circuit() == "open", 30) < 20.5

    cook(tmp_path, story)


def test_a_deadline_that_passed_meanwhile_opens_first(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(60)
        await here.restart(away=100)
        assert await here.until(lambda: here.circuit() == "open", 5) < 0.5
        trip = here.state().last_trip
        assert trip is not None and (trip.reason, trip.source) == (Reason.TIMER, Source.CLI)
        await here.phase(Phase.READY, 15)

    cook(tmp_path, story)


def test_a_cancelled_timer_never_comes_back(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(60)
        await here.cancel()
        await here.restart(away=5)
        await asyncio.sleep(120)
        assert here.lit()

    cook(tmp_path, story)


@pytest.mark.parametrize(
    ("synchronised", "goes_on"), [(True, True), (False, False)], ids=["trusted", "not trusted"]
)
def test_after_a_power_cut_only_a_trusted_clock_lets_a_timer_go_on(
    tmp_path: Path, synchronised: bool, goes_on: bool
) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(600)
        await here.halt()
        await asyncio.sleep(60)
        here.clock.reboot("another boot")
        here.clock.is_synchronised = synchronised
        here.boot()
        if goes_on:
            await asyncio.sleep(5)
            assert here.lit()
            assert 530 < await here.until(lambda: here.circuit() == "open", 600) < 536
        else:
            assert await here.until(lambda: here.circuit() == "open", 5) < 0.5
            trip = here.state().last_trip
            assert trip is not None and trip.reason is Reason.RESTART

    cook(tmp_path, story)


def test_a_demand_that_was_not_confirmed_is_carried_out_after_the_restart(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        here.world.inject("left", offline=True)
        asked = here.off()
        task = asyncio.ensure_future(asked)
        await asyncio.sleep(0.5)
        await here.halt()
        here.world.inject("left", offline=False)
        await asyncio.sleep(5)
        assert here.lit()
        here.boot()
        await here.until(lambda: here.circuit() == "open", 1)
        await here.phase(Phase.READY, 15)
        task.cancel()

    cook(tmp_path, story)


def test_a_latched_trip_survives(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        here.world.inject("left", lying=True)
        await here.off()
        await asyncio.sleep(1)
        assert Lock.STUCK in here.state().locks
        here.world.inject("left", lying=False)
        await here.phase(Phase.LOCKED_OUT, 2)
        await here.restart(away=3600)
        await asyncio.sleep(60)
        assert here.state().phase is Phase.LOCKED_OUT
        assert here.circuit() == "open"

    cook(tmp_path, story)


def test_a_damaged_store_locks_every_burner_and_is_set_aside(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.halt()
        (tmp_path / "guard.db").write_bytes(b"\x00" * 5000)
        here.boot()
        await here.phase(Phase.LOCKED_OUT, 1)
        assert here.state().locks == {Lock.RESTART}
        assert list(tmp_path.glob("guard.db.damaged-*"))
        await here.until(lambda: here.circuit() == "open", 1)
        await here.restart(away=5)
        assert here.state().locks == {Lock.RESTART}
        assert (await here.rearm()).status is Status.ACCEPTED
        await here.phase(Phase.READY, 15)

    cook(tmp_path, story)


def test_a_record_that_makes_no_sense_counts_as_damage(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.lock()
        await here.halt()
        with sqlite3.connect(tmp_path / "guard.db") as db:
            db.execute("UPDATE guard SET record = '{\"locks\": 7}'")
        db.close()
        here.boot()
        assert here.state().locks == {Lock.RESTART}

    cook(tmp_path, story)


def _fill(store: Store) -> None:
    """From here on SQLite itself reports a full disk."""
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store._db.execute("PRAGMA query_only = ON")


def test_what_the_disk_refuses_is_not_acknowledged_and_off_works_all_the_same(
    tmp_path: Path,
) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        _fill(here.store)
        answer = await here.timer(60)
        assert (answer.status, answer.code) == (Status.REJECTED, "not_saved")
        assert here.state().timer is None
        off = await here.off()
        assert off.status is Status.CONFIRMED
        assert here.circuit() == "open"

    cook(tmp_path, story)


def test_a_disk_that_refuses_for_long_is_not_asked_more_and_more_often(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "gasguard")

    async def story(here: Kitchen) -> None:
        await here.light()
        _fill(here.store)
        await here.off()
        await asyncio.sleep(600)
        caplog.clear()
        await asyncio.sleep(60)
        refused = sum("not saved" in record.message for record in caplog.records)
        # Once a second, and at each poll: what it reads is a new state.
        assert 60 <= refused < 100, refused
        assert not any(one.levelno >= logging.ERROR for one in caplog.records), "told once"

    cook(tmp_path, story)
