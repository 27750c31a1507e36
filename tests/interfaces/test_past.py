"""What may be asked of the past, on a real disk."""

import asyncio
import json
from pathlib import Path

from gasguard.guard.store import Store
from gasguard.interfaces.meter import Meter
from gasguard.interfaces.past import LONG_STORY, STORY, Past
from gasguard.simulator import simtime


def test_a_shutoff_behind_a_thousand_bounces_is_still_found(tmp_path: Path) -> None:
    async def run() -> None:
        store = Store.open(tmp_path)
        clock = simtime.SimulatedClock(asyncio.get_running_loop())
        past = Past(store, Meter(store, clock, {}), clock, ["left"])

        async def noted(kind: str, times: int) -> None:
            for number in range(times):
                store.note(clock.now().wall, "left", {"type": kind, "n": number})
                if number % 500 == 0:
                    await store.flush()

        async def story() -> list[str]:
            return [json.loads(text)["type"] for text in await past.story("left")]

        await noted("flame_lit", STORY + 100)
        assert len(await story()) == STORY + 100, "all that there is"
        await noted("trip", 1)
        await noted("flame_out", STORY + 100)
        assert "trip" in await story()
        await noted("trip", 1)
        assert len(await story()) == STORY
        await noted("flame_lit", LONG_STORY)
        assert set(await story()) == {"flame_lit"}
        await store.aclose()

    simtime.run(run())


def test_burns_are_asked_of_as_far_back_as_they_are_kept_whatever_is_asked(tmp_path: Path) -> None:
    async def run() -> None:
        store = Store.open(tmp_path)
        clock = simtime.SimulatedClock(asyncio.get_running_loop())
        past = Past(store, Meter(store, clock, {"left": None}), clock, ["left", "right"])
        for since in (-1e10, float("nan"), float("-inf"), clock.now().wall):
            left, right, together = map(json.loads, await past.burns(None, since))
            assert (left["burned_s"], right["burned_s"], together["burned_s"]) == (0, None, None)
        await store.aclose()

    asyncio.run(run())
