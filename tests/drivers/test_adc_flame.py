"""A thermocouple on this machine's own bus: what it says, and nothing wrong that reads as out."""

import asyncio
import contextlib
import errno
import math
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gasguard.assemble import Drivers, sensors
from gasguard.config.load import parse_config
from gasguard.core.messages import FLAME, FlameRead, SensorGarbled
from gasguard.core.model import Flame
from gasguard.drivers.adc.ads1115 import Measured, NotThatConverter, measure
from gasguard.drivers.adc.bus import KernelBus
from gasguard.drivers.adc.couple import OFFSET, judge
from gasguard.drivers.adc.flame import EVERY
from gasguard.drivers.board import I2c
from gasguard.simulator import simtime
from gasguard.simulator.pi.i2c import FAULTS
from gasguard.simulator.world import World

ADC = {"driver": "adc", "bus": 1, "address": "0x48", "channel": "0-1"}
RELAY = {"driver": "gpio", "line": 17, "active": "high", "contact": "normally_open"}
WRONG = {
    "open": "a wire to it is open",
    "short": "its wires touch",
    "swapped": "are swapped",
    "hum": "of mains hum",
    "grounded": "isolate the bus",
    "still": "its converter stands still",
    "silent": "nothing answers at 0x48 on I²C bus 1",
    "foreign": "is no ADS1115",
    "stuck": "I²C bus 1 is stuck",
    "gone": "there is no I²C bus 1",
}


class Kitchen:
    """A simulated stove whose flame this driver measures."""

    def __init__(self, **settings: Any) -> None:
        burners = {"left": {"relay": RELAY, "flame": {**ADC, **settings}}}
        self.config = parse_config({"burners": burners}, Path("."))
        self.world = World.from_config(self.config)
        self.told: list[Any] = []
        drivers = Drivers(lambda: pytest.fail("no broker"), board=self.world.chip.process())
        (self.sensor,) = sensors(self.config, drivers, lambda _, event: self.told.append(event))

    def fault(self, name: str) -> None:
        self.world.chip.buses[1].converters[0x48].faults[0, 1] = name

    @property
    def flames(self) -> set[Flame | None]:
        return {one.flame for one in self.told if isinstance(one, FlameRead)}


def play(story: Callable[[Kitchen], Awaitable[None]], **settings: Any) -> None:
    async def whole() -> None:
        kitchen = Kitchen(**settings)
        await kitchen.world.start()
        kitchen.sensor.start()
        await story(kitchen)
        await kitchen.sensor.aclose()
        await kitchen.world.stop()

    simtime.run(whole())


def test_a_burner_is_seen_lit_and_out_and_heard_every_second() -> None:
    async def story(kitchen: Kitchen) -> None:
        await asyncio.sleep(5 * EVERY)
        assert kitchen.told == [FlameRead(Flame.OUT)] * len(kitchen.told)
        assert 5 <= len(kitchen.told) <= 6
        kitchen.world.light("left")
        await asyncio.sleep(20)
        assert kitchen.told[-1] == FlameRead(Flame.LIT)
        kitchen.world.turn_off("left")
        await asyncio.sleep(60)
        assert kitchen.told[-1] == FlameRead(Flame.OUT)
        assert kitchen.flames == {Flame.OUT, Flame.LIT, None}
        assert not any(isinstance(one, SensorGarbled) for one in kitchen.told)

    play(story)


@pytest.mark.parametrize("fault", [one for one in FAULTS if one != "none"])
@pytest.mark.parametrize("lit", [True, False], ids=["lit", "cold"])
def test_whatever_is_wrong_is_told_apart_and_never_reads_as_out(fault: str, lit: bool) -> None:
    async def story(kitchen: Kitchen) -> None:
        if lit:
            kitchen.world.light("left")
        await asyncio.sleep(20)
        kitchen.told.clear()
        kitchen.fault(fault)
        await asyncio.sleep(10)
        if fault == "swapped" and not lit:
            # Nothing is generated: nothing has a sign. It is out, and it is seen to be.
            assert kitchen.flames == {Flame.OUT}
            return
        assert kitchen.flames == set(), "not even once"
        assert {one.sensor for one in kitchen.told} == {FLAME}
        assert all(WRONG[fault] in one.why for one in kitchen.told)
        assert len(kitchen.told) >= 8
        kitchen.fault("none")
        kitchen.told.clear()
        await asyncio.sleep(5)
        assert kitchen.told[-1] == FlameRead(Flame.LIT if lit else Flame.OUT)

    play(story)


def test_the_faults_are_told_apart() -> None:
    assert len({*WRONG.values()}) == len(WRONG) == len(FAULTS) - 1


def test_one_bad_measurement_is_none() -> None:
    async def story(kitchen: Kitchen) -> None:
        await asyncio.sleep(5)
        kitchen.fault("hum")
        await asyncio.sleep(EVERY)
        kitchen.fault("none")
        await asyncio.sleep(5)
        assert kitchen.told == [FlameRead(Flame.OUT)] * len(kitchen.told)

    play(story)


def test_levels_are_those_of_the_file() -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.world.light("left")
        await asyncio.sleep(20)
        assert kitchen.told[-1] == FlameRead(None), "16 mV are between"

    play(story, lit_above=20, out_below=2)


# --- the arithmetic -------------------------------------------------------------------------------


def noisy(millivolts: float, *, hum: float = 0.0) -> list[float]:
    return [
        millivolts + 0.008 * (-1) ** n + hum * math.sin(2 * math.pi * 50 * n / 860)
        for n in range(86)
    ]


@pytest.mark.parametrize("couple", [-1.2, 0.0, 1.2, 3.0, 16.4, 30.0])
def test_what_a_thermocouple_gives_is_measured_without_the_bias(couple: float) -> None:
    measured = judge(Measured(noisy(couple + OFFSET), 1650))
    assert measured == pytest.approx(couple, abs=0.01)


def test_a_little_hum_is_averaged_out() -> None:
    measured = judge(Measured(noisy(16.4 + OFFSET, hum=2.0), 1650))
    assert measured == pytest.approx(16.4, abs=0.1)


@pytest.mark.parametrize(
    ("samples", "wrong"),
    [
        ([255.992] * 80, "open"),
        (noisy(110.0), "open"),
        (noisy(110.0, hum=40), "open"),
        (noisy(40.0, hum=200), "hum"),
        (noisy(16.0, hum=3), "hum"),
        (noisy(-14.0), "swapped"),
        (noisy(-0.2), "touch"),
        (noisy(0.0), "touch"),
        ([0.0] * 80, "stands still"),
        ([-0.0078125] * 80, "stands still"),
        ([18.0] * 80, "stands still"),
        ([-256.0] * 80, "open"),
    ],
)
def test_what_no_sound_circuit_reads(samples: list[float], wrong: str) -> None:
    found = judge(Measured(samples, 1650))
    assert isinstance(found, str) and wrong in found


@pytest.mark.parametrize("height", [0, 1.5, 900, 2400, 3300])
def test_a_converter_that_is_not_isolated_is_told(height: float) -> None:
    found = judge(Measured(noisy(16.4), height))
    assert isinstance(found, str) and "isolate the bus" in found


# --- the bus's thread -----------------------------------------------------------------------------


class Smbus:
    """As smbus2 has it; registers of an ADS1115, and a wire that may be held low."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.config, self.answers, self.opened, self.closed = 0, 0, 0, 0
        self.configs: list[int] = []
        self.error = 0
        self.counts = iter(self._counts())

    def _counts(self) -> Iterator[int]:
        while True:
            yield 2000
            yield -3

    def open(self, number: int) -> "Smbus":
        assert number == 1
        self.opened += 1
        return self

    def close(self) -> None:
        self.closed += 1

    def write_i2c_block_data(self, address: int, register: int, data: list[int]) -> None:
        self._wire()
        assert (address, register) == (0x48, 1)
        self.config = data[0] << 8 | data[1]
        self.configs.append(self.config)

    def read_i2c_block_data(self, address: int, register: int, length: int) -> list[int]:
        self._wire()
        assert (address, length) == (0x48, 2)
        self.answers += 1
        word = self.config if register else next(self.counts) & 0xFFFF
        return [word >> 8, word & 0xFF]

    def _wire(self) -> None:
        self.free.wait()
        if self.error:
            raise OSError(self.error, "simulated")


def at_0x48(bus: I2c) -> Measured:
    return measure(bus, 0x48, (0, 1))


def test_the_converter_is_asked_as_its_data_sheet_says() -> None:
    smbus = Smbus()

    async def whole() -> None:
        measured = await KernelBus(1, smbus.open).run(at_0x48, 5)
        assert {*measured.samples} == {15.625, -0.0234375}
        assert len(measured.samples) >= 20
        assert measured.height == pytest.approx(125, abs=10)

    asyncio.run(whole())
    assert smbus.configs == [
        0b0_100_001_0_111_00011,  # 0 to ground, ±4.096 V, continuous, 860 a second
        0b0_000_101_0_111_00011,  # 0 to 1, ±0.256 V
    ]


def test_a_bus_that_hangs_hangs_alone_and_comes_back() -> None:
    smbus = Smbus()

    async def whole() -> None:
        bus, loop = KernelBus(1, smbus.open), asyncio.get_running_loop()
        await bus.run(at_0x48, 5)
        smbus.free.clear()
        began, threads = loop.time(), threading.active_count()
        for _ in range(20):
            with pytest.raises(TimeoutError):
                await bus.run(at_0x48, 0.05)
        assert loop.time() - began < 2
        assert threading.active_count() == threads, "no threads pile up behind it"
        answers = smbus.answers
        smbus.free.set()
        while smbus.answers < answers + 20:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert await bus.run(at_0x48, 5)

    asyncio.run(whole())


def test_two_thermocouples_on_one_bus_take_turns() -> None:
    smbus = Smbus()

    async def whole() -> None:
        bus = KernelBus(1, smbus.open)
        assert len(await asyncio.gather(*(bus.run(at_0x48, 5) for _ in range(3)))) == 3

    asyncio.run(whole())


def test_a_bus_is_opened_anew_after_a_fault() -> None:
    smbus = Smbus()

    async def whole() -> None:
        bus = KernelBus(1, smbus.open)
        smbus.error = errno.EREMOTEIO
        for _ in range(2):
            with pytest.raises(OSError, match="simulated"):
                await bus.run(at_0x48, 5)
        smbus.error = 0
        await bus.run(at_0x48, 5)
        assert (smbus.opened, smbus.closed) == (3, 2)

    asyncio.run(whole())


def test_the_event_loop_does_not_wait_for_the_bus() -> None:
    smbus = Smbus()

    async def whole() -> None:
        asking = asyncio.ensure_future(KernelBus(1, smbus.open).run(at_0x48, 5))
        longest, last = 0.0, time.monotonic()
        while not asking.done():
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        assert longest < 0.09, "a measurement takes 0.1 s"

    asyncio.run(whole())


def test_something_else_at_the_address_is_seen() -> None:
    class Other:
        def write(self, address: int, register: int, word: int) -> None:
            pass

        def read(self, address: int, register: int) -> int:
            return 0xFFFF

        def now(self) -> float:
            return 0.0

        def pause(self, seconds: float) -> None:
            pass

    with pytest.raises(NotThatConverter):
        measure(Other(), 0x48, (0, 1))


def test_no_exit_waits_for_a_bus_that_hangs() -> None:
    smbus = Smbus()
    smbus.free.clear()

    async def whole() -> None:
        with contextlib.suppress(TimeoutError):
            await KernelBus(1, smbus.open).run(at_0x48, 0.05)

    asyncio.run(whole())
    hanging = [thread for thread in threading.enumerate() if thread.name == "i2c"]
    assert hanging and all(thread.daemon for thread in hanging)
    smbus.free.set()
