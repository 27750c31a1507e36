"""What counts as burning, what of that survives, and that no total goes back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gasguard.core.model import Contact, Flame, Phase, RelayView, Settings, State
from gasguard.guard.bulletins import News
from gasguard.guard.burns import Burn
from gasguard.guard.store import Store
from gasguard.interfaces.meter import HEATING_VALUE, Meter
from gasguard.simulator import simtime

READY = State(Settings("left", "Left"), Phase.READY, (RelayView(Contact.CLOSED),))
OPEN = {"phase": Phase.TRIPPED, "relays": (RelayView(Contact.OPEN),)}


class Kitchen:
    """A burner whose news the test makes up, and what is counted of it on a real disk."""

    def __init__(self, folder: Path, power: float | None = 3.6) -> None:
        self.clock = simtime.SimulatedClock(asyncio.get_running_loop())
        self.folder, self.power = folder, power
        self.state = READY
        self.start()

    def start(self) -> None:
        self.store = Store.open(self.folder)
        self.meter = Meter(self.store, self.clock, {"left": self.power})
        self.meter.start()

    def is_now(self, flame: Flame | None = None, **changes: object) -> None:
        more = {} if flame is None else {"flame": flame}
        self.state = replace(self.state, **more, **changes)  # type: ignore[arg-type] # State's own
        self.meter(News(self.state, self.clock.now(), ()))

    async def lasts(self, seconds: float, flame: Flame, **changes: object) -> None:
        self.is_now(flame, **changes)
        await asyncio.sleep(seconds)

    async def killed(self) -> None:
        """As by kill -9: nothing is written any more."""
        task = self.meter._task
        assert task is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.store.aclose()

    async def burns(self) -> list[Burn]:
        await self.meter.save()
        return await self.store.burnt(None, 0.0)

    @property
    def seconds(self) -> float | None:
        total = self.meter.totals("left")
        return None if total is None or total.seconds is None else round(total.seconds, 1)


def cook(folder: Path, story: Callable[[Kitchen], Awaitable[None]]) -> None:
    async def run() -> None:
        here = Kitchen(folder)
        await story(here)
        await here.meter.stop()
        await here.store.aclose()

    simtime.run(run())


def test_a_burn_is_as_long_as_its_flame_and_takes_its_gas(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(600, Flame.LIT)
        await here.lasts(100, Flame.OUT)
        (burn,) = await here.burns()
        assert (round(burn.seconds), burn.ended_by) == (600, "out")
        assert burn.ended - burn.began == pytest.approx(600)
        # 3.6 kW for 600 s are 2.16 MJ.
        assert burn.gas == pytest.approx(2.16 / HEATING_VALUE)

    cook(tmp_path, story)


def test_a_hot_thermocouple_behind_an_open_contact_is_no_flame(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(60, Flame.LIT)
        await here.lasts(40, Flame.LIT, **OPEN)
        await here.lasts(100, Flame.OUT)
        (burn,) = await here.burns()
        assert (round(burn.seconds), burn.ended_by) == (60, "trip")

    cook(tmp_path, story)


def test_a_contact_that_was_ordered_open_and_not_read_open_lets_it_burn(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(60, Flame.LIT)
        await here.lasts(40, Flame.LIT, phase=Phase.TRIPPING)
        await here.lasts(20, Flame.LIT, phase=Phase.TRIP_FAILED)
        await here.lasts(100, Flame.OUT)
        (burn,) = await here.burns()
        assert (round(burn.seconds), burn.ended_by) == (120, "trip")

    cook(tmp_path, story)


def test_a_flame_that_burns_on_behind_an_open_contact_has_burnt_all_the_time(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(60, Flame.LIT)
        await here.lasts(300, Flame.LIT, **OPEN)
        await here.lasts(30, Flame.LIT, phase=Phase.TRIP_FAILED, burns_on=True)
        await here.lasts(100, Flame.OUT)
        (burn,) = await here.burns()
        assert round(burn.seconds) == 390

    cook(tmp_path, story)


def test_a_burn_has_gaps_of_a_minute_which_are_not_counted(tmp_path):
    async def story(here: Kitchen) -> None:
        for _ in range(3):
            await here.lasts(100, Flame.LIT)
            await here.lasts(50, Flame.OUT)
        await asyncio.sleep(30)
        await here.lasts(100, Flame.LIT)
        first, second = await here.burns()
        assert (round(first.seconds), round(first.ended - first.began)) == (300, 400)
        assert (round(second.seconds), second.ended_by) == (100, None)

    cook(tmp_path, story)


def test_what_is_lit_anew_after_a_shutoff_is_another_burn(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(60, Flame.LIT)
        await here.lasts(5, Flame.OUT, **OPEN)
        here.state = READY
        await here.lasts(60, Flame.LIT)
        first, second = await here.burns()
        assert (first.ended_by, second.ended_by) == ("trip", None)

    cook(tmp_path, story)


def test_of_a_flame_whose_sensor_falls_silent_only_what_was_seen_counts(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(60, Flame.LIT)
        await here.lasts(500, Flame.UNKNOWN)
        (burn,) = await here.burns()
        assert (round(burn.seconds), burn.ended_by) == (60, "silent")

    cook(tmp_path, story)


def test_the_wall_clock_that_is_set_right_moves_the_burn_and_not_its_length(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(100, Flame.LIT)
        here.clock.jump_wall(86400.0)
        await asyncio.sleep(50)
        (burn,) = await here.burns()
        assert burn.seconds == pytest.approx(150)
        assert burn.ended == pytest.approx(here.clock.now().wall)
        assert burn.ended - burn.began == pytest.approx(150)

    cook(tmp_path, story)


def test_a_crash_loses_half_a_minute_at_most_and_no_total_goes_back(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(100, Flame.LIT)
        shown = here.seconds
        assert shown is not None and 65 <= shown <= 100
        await here.killed()
        await asyncio.sleep(1000)
        here.state = READY
        here.start()
        await asyncio.sleep(2)
        assert here.seconds == shown, "what was told before is not taken back"
        await here.lasts(60, Flame.LIT)
        await here.lasts(100, Flame.OUT)
        cut, after = await here.burns()
        assert (round(cut.seconds, 1), cut.ended_by) == (shown, "crash")
        assert round(after.seconds) == 60
        assert here.seconds == round(shown + 60, 1)

    cook(tmp_path, story)


def test_an_orderly_end_loses_nothing(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(47, Flame.LIT)
        await here.meter.stop()
        await here.store.aclose()
        here.start()
        await asyncio.sleep(2)
        assert here.seconds == 47
        (burn,) = await here.burns()
        assert burn.ended_by == "stopped"

    cook(tmp_path, story)


def test_pruning_takes_burns_and_no_totals(tmp_path):
    async def story(here: Kitchen) -> None:
        await here.lasts(600, Flame.LIT)
        await here.lasts(100, Flame.OUT)
        await here.burns()
        await here.store.prune(here.clock.now().wall + 500 * 86400)
        assert await here.store.burnt(None, 0.0) == []
        assert here.seconds == 600
        await here.killed()
        here.start()
        await asyncio.sleep(2)
        assert here.seconds == 600

    cook(tmp_path, story)


def test_what_the_disk_refuses_is_not_told_and_not_lost(tmp_path):
    async def story(here: Kitchen) -> None:
        await asyncio.sleep(2)
        await here.store._run(lambda: here.store._db.execute("PRAGMA query_only = ON"))
        await here.lasts(100, Flame.LIT)
        await here.lasts(100, Flame.OUT)
        assert here.seconds == 0
        await here.store._run(lambda: here.store._db.execute("PRAGMA query_only = OFF"))
        await asyncio.sleep(60)
        assert here.seconds == 100

    cook(tmp_path, story)


def test_a_sensor_that_bounces_wears_out_no_card(tmp_path):
    async def story(here: Kitchen) -> None:
        writes = 0
        really = here.store.count

        def count(*args: object) -> "asyncio.Future[None]":
            nonlocal writes
            writes += 1
            return really(*args)  # type: ignore[arg-type] # handed on as they came

        here.store.count = count  # type: ignore[method-assign]
        for number in range(6000):
            here.is_now(Flame.OUT if number % 2 else Flame.LIT)
            await asyncio.sleep(0.01)
        assert writes <= 62
        (burn,) = await here.burns()
        assert round(burn.seconds) == 30

    cook(tmp_path, story)


def test_without_a_power_no_gas_is_told(tmp_path):
    async def run() -> None:
        here = Kitchen(tmp_path, power=None)
        await here.lasts(60, Flame.LIT)
        (burn,) = await here.burns()
        assert burn.gas is None
        total = here.meter.totals("left")
        assert total is not None and total.gas is None
        await here.meter.stop()
        await here.store.aclose()

    simtime.run(run())


def test_a_burner_without_a_flame_sensor_is_not_counted(tmp_path):
    async def run() -> None:
        clock = simtime.SimulatedClock(asyncio.get_running_loop())
        store = Store.open(tmp_path)
        meter = Meter(store, clock, {})
        meter.start()
        meter(News(replace(READY, flame=Flame.LIT), clock.now(), ()))
        assert meter.totals("left") is None
        assert meter.since("left") is None
        await meter.stop()
        await store.aclose()

    simtime.run(run())
