"""Relays on the machine's own pins: levels without glitches, and what is believed of them."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gasguard.assemble import Drivers, bus_of, circuits
from gasguard.config.load import Config, parse_config
from gasguard.core.model import Contact
from gasguard.drivers.base import HasLease, ReadBack, Relay
from gasguard.errors import Unreachable
from gasguard.simulator import simtime
from gasguard.simulator.pi.chip import SimulatedBoard
from gasguard.simulator.pi.relays import PUMP_HOLDS
from gasguard.simulator.world import World

OPEN, CLOSED = Contact.OPEN, Contact.CLOSED
HIGH = {"driver": "gpio", "line": 17, "active": "high", "contact": "normally_open"}
LOW = {**HIGH, "line": 5, "active": "low"}
both_levels = pytest.mark.parametrize("relay", [HIGH, LOW], ids=["active high", "active low"])
SENSED = {**HIGH, "sense": {"line": 27}}
PUMPED = {**HIGH, "pulse": {"line": 22, "every": "50ms", "after": "15s"}}

Story = Callable[["Kitchen"], Awaitable[None]]


class Kitchen:
    """A simulated Pi, and the processes on it."""

    def __init__(self, config: Config) -> None:
        self.config, self.world = config, World.from_config(config)
        self.settings: Any = config.burners["left"].relay
        self.pad = self.world.chip.pads[self.settings.line]

    def process(self) -> tuple[Relay, SimulatedBoard]:
        """A process with its driver."""
        board = self.world.chip.process()
        drivers = Drivers(partial(bus_of, self.config), board=board)
        return circuits(self.config, drivers)[0].relays[0], board

    @property
    def circuit(self) -> str:
        return self.world.snapshot()["left"]["circuit"]

    @property
    def on(self) -> bool:
        """The level that drives the coil."""
        return bool(self.settings.active == "high")


def play(relay: dict[str, Any], story: Story) -> None:
    async def whole() -> None:
        config = parse_config({"burners": {"left": {"relay": relay}}}, Path("."))
        kitchen = Kitchen(config)
        await kitchen.world.start()
        await story(kitchen)
        await kitchen.world.stop()

    simtime.run(whole())


@both_levels
def test_a_pin_that_is_an_input_begins_with_its_coil_released(relay: dict[str, Any]) -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.world.chip.reset()
        assert kitchen.circuit == "open"
        driver, _ = kitchen.process()
        assert (await driver.read(1)).contact is OPEN
        assert kitchen.pad.output
        assert [*kitchen.pad.levels] == [not kitchen.on], "no other level, not for a moment"

    play(relay, story)


@both_levels
@pytest.mark.parametrize("contact", [OPEN, CLOSED])
def test_what_a_process_before_has_left_goes_on_without_a_glitch(
    relay: dict[str, Any], contact: Contact
) -> None:
    async def story(kitchen: Kitchen) -> None:
        first, board = kitchen.process()
        await (first.open(1) if contact is OPEN else first.close(1))
        level = kitchen.pad.level
        await first.aclose()
        assert kitchen.pad.output, "an end makes no input of it"
        board.end()
        assert (kitchen.pad.output, kitchen.pad.level) == (True, level)
        kitchen.pad.levels.clear()
        second, _ = kitchen.process()
        assert (await second.read(1)).contact is contact
        assert [*kitchen.pad.levels] == [level]

    play(relay, story)


@both_levels
def test_where_the_kernel_takes_a_pin_back_its_pull_lets_the_coil_go(relay: dict[str, Any]) -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.world.chip.keeps_outputs = False
        # As if the other pull had been set by somebody before.
        kitchen.pad.pull = "up" if kitchen.on else "down"
        driver, board = kitchen.process()
        await driver.close(1)
        assert kitchen.circuit == "closed"
        board.end()
        assert not kitchen.pad.output
        assert kitchen.circuit == "open"

    play(relay, story)


@pytest.mark.parametrize("line", [17, 4])
def test_taking_an_input_over_closes_nothing(line: int) -> None:
    """Normally closed, and the coil is pulled by what is wired there: the contact is open."""

    async def story(kitchen: Kitchen) -> None:
        kitchen.world.chip.reset()
        kitchen.pad.outside = lambda: True
        kitchen.pad.moved()
        assert kitchen.circuit == "open"
        driver, _ = kitchen.process()
        assert (await driver.read(1)).contact is OPEN
        assert kitchen.circuit == "open" and kitchen.pad.output
        await driver.close(1)
        assert kitchen.circuit == "closed"

    play({**HIGH, "line": line, "contact": "normally_closed"}, story)


@pytest.mark.parametrize("relay", [HIGH, {**HIGH, "sense": {"line": 27}}], ids=["latch", "sensed"])
def test_what_was_told_to_be_open_does_not_close_once_its_cause_is_gone(
    relay: dict[str, Any],
) -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.open(1)
        fault = {"unpowered": True} if "sense" in relay else {"stuck": True}
        kitchen.world.inject("left", **fault)
        await driver.close(1)
        assert (await driver.read(1)).contact is OPEN
        kitchen.world.inject("left", **dict.fromkeys(fault, False))
        await asyncio.sleep(1)
        assert kitchen.circuit == "open"

    play(relay, story)


def test_a_pin_alone_is_a_latch_and_welded_contacts_stay_unseen() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.close(1)
        kitchen.world.inject("left", welded=True)
        await driver.open(1)
        assert (await driver.read(1)).contact is OPEN
        assert kitchen.circuit == "closed"
        assert driver.read_back is ReadBack.LATCH

    play(HIGH, story)


def test_a_sensed_contact_counts_and_the_disagreement_is_told() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        assert driver.read_back is ReadBack.SENSED
        await driver.close(1)
        assert (await driver.read(1)).problem is None
        kitchen.world.inject("left", welded=True)
        await driver.open(1)
        reading = await driver.read(1)
        assert reading.contact is CLOSED
        assert (
            reading.problem is not None and "GPIO 27 senses the contact closed" in reading.problem
        )
        kitchen.world.inject("left", welded=False, unpowered=True)
        await driver.close(1)
        reading = await driver.read(1)
        assert reading.contact is OPEN
        assert reading.problem is not None and "is told closed" in reading.problem

    play(SENSED, story)


def test_a_contact_that_takes_its_time_is_waited_for() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.close(1)
        kitchen.world.inject("left", pending_s=0.03)
        await driver.open(1)
        reading = await driver.read(1)
        assert (reading.contact, reading.problem) == (OPEN, None)

    play(SENSED, story)


def test_a_broken_sense_wire_never_looks_open() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        kitchen.world.chip.pads[27].outside = None
        await driver.open(1)
        assert (await driver.read(1)).contact is CLOSED

    play(SENSED, story)


def test_a_pin_that_does_not_move_reads_as_it_is() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.close(1)
        kitchen.world.inject("left", stuck=True)
        await driver.open(1)
        assert (await driver.read(1)).contact is CLOSED

    play(HIGH, story)


def test_a_pin_that_another_program_holds_is_named_and_taken_once_it_is_free() -> None:
    async def story(kitchen: Kitchen) -> None:
        other = kitchen.world.chip.process()
        other.pins("auto").hold(17, active_low=False)
        driver, _ = kitchen.process()
        for call in (driver.open, driver.close, driver.read):
            with pytest.raises(Unreachable, match="GPIO 17 of auto: another program"):
                await call(1)
        other.end()
        await driver.open(1)
        assert (await driver.read(1)).contact is OPEN

    play(HIGH, story)


def test_a_sense_pin_that_fails_takes_no_hand_off_the_coil() -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.world.chip.keeps_outputs = False
        driver, _ = kitchen.process()
        await driver.close(1)
        kitchen.world.chip.pads[27].fails_with = lambda: 5
        with pytest.raises(Unreachable, match="GPIO 27"):
            await driver.read(1)
        assert kitchen.circuit == "closed"
        await driver.open(1)
        assert kitchen.circuit == "open"

    play(SENSED, story)


# --- the pump -------------------------------------------------------------------------------------


def test_a_pump_is_fed_while_it_is_asked_for() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        assert isinstance(driver, HasLease)
        await driver.close(1)
        for _ in range(10):
            await asyncio.sleep(5)
            assert kitchen.circuit == "closed"
            assert (await driver.read(1)).contact is CLOSED
            await driver.renew_lease(15, 1)
        await asyncio.sleep(14.9)
        assert kitchen.circuit == "closed"
        await asyncio.sleep(0.2)
        assert kitchen.circuit == "open", "nobody asks: at once, the pump has not run dry yet"
        assert (await driver.read(1)).contact is OPEN
        await driver.renew_lease(15, 1)
        await asyncio.sleep(3)
        assert kitchen.circuit == "open", "only a close closes"

    play(PUMPED, story)


def test_an_off_does_not_wait_for_the_pump() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.close(1)
        await asyncio.sleep(1)
        await driver.open(1)
        assert kitchen.circuit == "open"
        edges = len(kitchen.world.chip.pads[22].levels)
        await asyncio.sleep(1)
        assert len(kitchen.world.chip.pads[22].levels) == edges

    play(PUMPED, story)


def test_a_dead_process_opens_though_its_pin_keeps_its_level() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, board = kitchen.process()
        await driver.close(1)
        await asyncio.sleep(1)
        board.end()
        assert kitchen.pad.level is True
        await asyncio.sleep(PUMP_HOLDS + 0.1)
        assert kitchen.circuit == "open"
        # The next one finds a pin that drives its coil, and closes nothing by taking it over.
        second, _ = kitchen.process()
        assert (await second.read(1)).contact is OPEN
        await asyncio.sleep(1)
        assert kitchen.circuit == "open"

    play(PUMPED, story)


def test_a_loop_that_hung_until_the_pump_was_dry_does_not_close_again() -> None:
    """In real time: a loop that hangs does not toggle, and nothing else does in its place."""

    async def whole() -> None:
        config = parse_config({"burners": {"left": {"relay": PUMPED}}}, Path("."))
        kitchen = Kitchen(config)
        driver, _ = kitchen.process()
        await driver.close(1)
        await asyncio.sleep(0.2)
        assert kitchen.circuit == "closed"
        import time

        time.sleep(PUMP_HOLDS + 0.3)
        assert kitchen.circuit == "open"
        await asyncio.sleep(0.3)
        assert kitchen.circuit == "open"
        assert (await driver.read(1)).contact is OPEN
        await driver.aclose()

    asyncio.run(whole())


@pytest.mark.parametrize("number", [errno.EIO, errno.EBUSY, errno.ETIMEDOUT])
def test_a_pin_whose_call_fails_is_held_on_to(number: int) -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        kitchen.world.chip.keeps_outputs = False
        await driver.open(1)
        kitchen.pad.fails_with = lambda: number
        with pytest.raises(Unreachable):
            await driver.read(1)
        assert kitchen.circuit == "open", "a contact that is closed at rest would close"
        kitchen.pad.fails_with = lambda: 0
        assert (await driver.read(1)).contact is OPEN

    play({**HIGH, "contact": "normally_closed"}, story)


def test_a_pin_whose_chip_comes_back_closes_nothing_by_that() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.open(1)
        kitchen.world.inject("left", offline=True)
        with pytest.raises(Unreachable):
            await driver.read(1)
        kitchen.world.inject("left", offline=False)
        await driver.open(1)
        assert kitchen.circuit == "open"
        assert (await driver.read(1)).contact is OPEN

    play(HIGH, story)


def test_a_hand_at_a_pin_that_nobody_drives_is_read_there() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, board = kitchen.process()
        kitchen.world.chip.keeps_outputs = False
        await driver.close(1)
        board.end()
        assert kitchen.circuit == "closed"
        kitchen.world.mi_home("left", True, wired=True)
        driver, _ = kitchen.process()
        assert (await driver.read(1)).contact is OPEN

    play({**HIGH, "contact": "normally_closed"}, story)


def test_a_pump_pin_that_fails_opens() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.close(1)
        kitchen.world.chip.pads[22].fails_with = lambda: 5
        await asyncio.sleep(0.2)
        assert kitchen.circuit == "open"
        assert (await driver.read(1)).contact is OPEN

    play(PUMPED, story)


def test_what_nothing_feeds_any_more_reads_open_whatever_its_pin_says() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.close(1)
        kitchen.world.inject("left", offline=True)
        await asyncio.sleep(PUMP_HOLDS + 1)
        assert kitchen.circuit == "open"
        kitchen.world.inject("left", offline=False)
        assert kitchen.pad.level is True
        assert (await driver.read(1)).contact is OPEN
        await driver.close(1)
        assert kitchen.circuit == "closed"

    play(PUMPED, story)


def test_an_end_in_good_order_ends_the_toggling() -> None:
    async def story(kitchen: Kitchen) -> None:
        driver, _ = kitchen.process()
        await driver.close(1)
        await driver.aclose()
        await asyncio.sleep(PUMP_HOLDS + 0.1)
        assert kitchen.circuit == "open"

    play(PUMPED, story)
