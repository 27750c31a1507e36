"""A burner's record on its way to disk."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from gasguard.core.messages import FlameRead, Status
from gasguard.core.model import Flame, Lock, Phase
from gasguard.core.recovery import Record, Stamp
from gasguard.errors import StoreError
from gasguard.guard.bulletins import News
from gasguard.guard.saving import SAVE_AGAIN_AFTER, Saving
from gasguard.guard.store import read_records
from gasguard.simulator import simtime
from tests.guard.kitchen import Kitchen, cook


class RefusingStore:
    """Every write fails."""

    def __init__(self) -> None:
        self.writes = 0

    def save(self, _burner: str, _record: Record, _stamp: Stamp) -> "asyncio.Future[None]":
        self.writes += 1
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        refused.set_exception(StoreError("read-only"))
        return refused


def test_what_was_dropped_writes_no_more_and_until_then_once_a_second() -> None:
    async def story() -> None:
        store = RefusingStore()
        stamp = Stamp("boot", 0.0, 0.0, True)
        saving = Saving("left", store, lambda: stamp, lambda: Record(held_open=True))  # type: ignore[arg-type] # stands for a Store
        saving.beside()
        await asyncio.sleep(3.5 * SAVE_AGAIN_AFTER)
        assert store.writes == 4
        saving.beside()  # fails only after the drop
        saving.drop()
        await asyncio.sleep(5 * SAVE_AGAIN_AFTER)
        assert store.writes == 5

    simtime.run(story())


class SlowDisk:
    """Takes 15 ms for each write, one after the other, as an SD card does."""

    TAKES = 0.015

    def __init__(self, here: Kitchen) -> None:
        self._run, self._free_at = here.store._run, 0.0
        self.waiting = self.most = 0
        here.store._run = self._slowly  # type: ignore[method-assign, assignment]

    def _slowly(self, work: Callable[[], Any]) -> "asyncio.Future[Any]":
        loop = asyncio.get_running_loop()
        written: asyncio.Future[Any] = loop.create_future()
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        self._free_at = max(self._free_at, loop.time()) + self.TAKES

        def write() -> None:
            self.waiting -= 1
            if not written.done():
                written.set_result(self._run(work).result())

        loop.call_at(self._free_at, write)
        return written


async def bounce(here: Kitchen, seconds: float) -> None:
    """A flame sensor with a loose contact: 100 changes a second."""
    for turn in range(round(seconds * 100)):
        here.post(FlameRead(Flame.OUT if turn % 2 else Flame.LIT))
        await asyncio.sleep(0.01)


def test_a_bouncing_input_fills_no_queue_and_keeps_no_request_from_the_disk(tmp_path) -> None:
    """A minute of it left a minute's writes behind it; timers and locks were `not_saved`."""

    async def story(here: Kitchen) -> None:
        disk = SlowDisk(here)
        bouncing = asyncio.create_task(bounce(here, 60))
        loop = asyncio.get_running_loop()
        for pause in (5, 50):
            await asyncio.sleep(pause)
            for ask in (partial(here.timer, 1200), here.cancel, here.lock, here.unlock):
                asked = loop.time()
                answer = await ask()
                assert answer.status is Status.ACCEPTED, answer
                assert loop.time() - asked < 1, ask
            await here.phase(Phase.READY, 15)
        assert disk.most <= 3, "the state, the journal, somebody who reads it"
        await bouncing
        assert disk.waiting <= 2
        asked = loop.time()
        assert (await here.timer(1200)).status is Status.ACCEPTED
        assert loop.time() - asked < 0.2

    cook(tmp_path, story)


def test_what_was_acknowledged_while_an_input_bounced_survives(tmp_path) -> None:
    async def story(here: Kitchen) -> None:
        SlowDisk(here)
        bouncing = asyncio.create_task(bounce(here, 10))
        await asyncio.sleep(5)
        await here.timer(1200)
        assert read_records(tmp_path)["left"].timer
        await here.lock()
        assert read_records(tmp_path)["left"].locks == (Lock.CHILD,)
        await here.unlock()
        assert read_records(tmp_path)["left"].locks == ()
        await bouncing

    cook(tmp_path, story)


def test_news_and_answers_keep_their_order_while_an_input_bounces(tmp_path) -> None:
    """Each behind the write of its state, in the order in which they happened."""

    async def story(here: Kitchen) -> None:
        SlowDisk(here)
        told: list[tuple[str, bool]] = []

        def observe(news: News) -> None:
            written = read_records(tmp_path)["left"]
            told.extend((tell.kind.value, written.held_open) for tell in news.tells)

        here.controller.observers.append(observe)
        bouncing = asyncio.create_task(bounce(here, 5))
        await asyncio.sleep(2)
        assert (await here.off()).status is Status.CONFIRMED
        kinds = [kind for kind, _ in told]
        assert kinds.index("trip") < kinds.index("trip_confirmed")
        assert ("trip", True) in told, "told before it was on disk"
        await bouncing

    cook(tmp_path, story)
