"""How the guard had ended before it started: told where it is known, and not made up."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gasguard.core.recovery import Record, Stamp
from gasguard.guard.store import FILE_NAME, Store
from gasguard.interfaces.journal import Life
from gasguard.simulator import simtime


class Guard:
    """Starts and ends, as the daemon does, and says what it has noted of that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = simtime.SimulatedClock(asyncio.get_running_loop())
        self.names = ["left"]

    async def start(self) -> None:
        self.store = Store.open(self.folder)
        self.life = Life(self.store, self.clock, self.names)
        now = self.clock.now()
        for name in self.names:
            stamp = Stamp(self.clock.boot_id(), now.boot, now.wall, True)
            await self.store.save(name, Record(), stamp)
        self.life.begins()

    async def stop(self) -> None:
        self.life.ends()
        await self.store.aclose()

    async def killed(self) -> None:
        await self.store.aclose()

    async def told(self, burner: str = "left") -> list[dict[str, Any]]:
        return [json.loads(text) for text in await self.store.history(burner, 0.0, life=True)]

    async def reason(self, burner: str = "left") -> Any:
        return (await self.told(burner))[-1]["reason"]


def with_guard(folder: Path, story: Callable[[Guard], Awaitable[None]]) -> None:
    async def run() -> None:
        guard = Guard(folder)
        await guard.start()
        await story(guard)
        await guard.killed()

    simtime.run(run())


def test_the_first_start_of_all(tmp_path):
    async def story(guard: Guard) -> None:
        assert await guard.reason() == "first"

    with_guard(tmp_path, story)


def test_after_an_orderly_end(tmp_path):
    async def story(guard: Guard) -> None:
        await guard.stop()
        await guard.start()
        assert await guard.reason() == "stopped"
        await guard.stop()
        guard.clock.reboot("another")
        await guard.start()
        assert await guard.reason() == "stopped", "the machine is of no interest"

    with_guard(tmp_path, story)


def test_after_a_crash_and_after_a_power_cut(tmp_path):
    async def story(guard: Guard) -> None:
        guard.store.note(guard.clock.now().wall, "left", {"type": "trip", "at": "then"})
        await guard.killed()
        await guard.start()
        last = (await guard.told())[-1]
        assert (last["reason"], last["last_entry"]) == ("crash", "then")
        guard.store.note(guard.clock.now().wall, "left", {"type": "rearmed", "at": "later"})
        await guard.killed()
        guard.clock.reboot("another")
        await guard.start()
        last = (await guard.told())[-1]
        assert (last["reason"], last["last_entry"]) == ("reboot", "later")

    with_guard(tmp_path, story)


def test_starts_in_a_row_are_one_entry_that_counts(tmp_path):
    async def story(guard: Guard) -> None:
        guard.store.note(guard.clock.now().wall, "left", {"type": "trip", "at": "then"})
        for _ in range(4):
            await guard.killed()
            await guard.start()
        first, trip, last = await guard.told()
        assert (first["reason"], trip["type"]) == ("first", "trip")
        assert (last["starts"], last["last_entry"]) == (4, "then")

    with_guard(tmp_path, story)


def test_where_the_history_was_lost_nothing_is_said_of_the_end_before(tmp_path):
    async def story(guard: Guard) -> None:
        await guard.stop()
        with sqlite3.connect(tmp_path / FILE_NAME) as db:
            db.execute("DELETE FROM journal")
        db.close()
        await guard.start()
        assert await guard.reason() is None

    with_guard(tmp_path, story)


def test_of_a_machine_that_does_not_name_its_boot_neither_is_said(tmp_path):
    async def story(guard: Guard) -> None:
        await guard.killed()
        guard.clock.reboot("")
        await guard.start()
        assert await guard.reason() is None

    with_guard(tmp_path, story)


def test_a_burner_that_is_new_has_no_end_before(tmp_path):
    async def story(guard: Guard) -> None:
        await guard.killed()
        guard.names.append("right")
        await guard.start()
        assert await guard.reason("left") == "crash"
        assert await guard.reason("right") is None

    with_guard(tmp_path, story)


def test_nobody_else_hears_of_it(tmp_path):
    async def story(guard: Guard) -> None:
        guard.store.note(guard.clock.now().wall, "left", {"type": "trip", "at": "then"})
        found = [json.loads(text)["type"] for text in await guard.store.history(None, 0.0)]
        assert found == ["trip"]

    with_guard(tmp_path, story)
