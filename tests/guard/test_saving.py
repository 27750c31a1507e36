"""A burner's record on its way to disk."""

import asyncio

from gasguard.core.recovery import Record, Stamp
from gasguard.errors import StoreError
from gasguard.guard.saving import SAVE_AGAIN_AFTER, Saving
from gasguard.simulator import simtime


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
