"""Sensors behind the broker: what is published becomes readings, and silence is told."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gasguard.config.sensors import Hazard, MqttFlame, ThermocoupleFlame
from gasguard.core.messages import FlameRead, HazardReachable, HazardRead, ThermocoupleRead
from gasguard.core.model import Flame
from gasguard.drivers.bus import Heard, Listening
from gasguard.drivers.mqtt.flame import MqttFlameSensor
from gasguard.drivers.mqtt.hazard import MISSED_AFTER, MqttHazardSensor
from gasguard.simulator import simtime


class Bus:
    """Stands for the devices' connection."""

    address = "broker:1883"

    def __init__(self) -> None:
        self.connected = False
        self.started = self.released = 0
        self.listening: list[Listening] = []

    def attach(self, listening: Listening) -> None:
        self.listening.append(listening)

    def start(self) -> None:
        self.started += 1

    async def release(self) -> None:
        self.released += 1

    def publish(self, *_args: object, **_more: object) -> bool:
        raise AssertionError("a sensor says nothing")

    def connect(self, there: bool, *, refused: bool = False) -> None:
        self.connected = there
        for one in self.listening:
            if refused:
                one.refused()
            one.changed()

    def say(self, topic: str, payload: str | bytes, *, retained: bool = False) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        for one in self.listening:
            if topic in one.topics:
                one.heard(Heard(topic, data, retained))


def flame(driver: str) -> tuple[Bus, list[Any]]:
    bus, told = Bus(), list[Any]()
    kinds = {"mqtt": MqttFlame, "thermocouple": ThermocoupleFlame}
    MqttFlameSensor(kinds[driver](driver=driver, topic="stove/flame"), bus, told.append)
    return bus, told


@pytest.mark.parametrize(
    ("payload", "seen"),
    [
        ("lit", Flame.LIT),
        (" ON\n", Flame.LIT),
        ("1", Flame.LIT),
        ("out", Flame.OUT),
        ("false", Flame.OUT),
        ("", Flame.UNKNOWN),
        ("perhaps", Flame.UNKNOWN),
        (b"\xff\xfe", Flame.UNKNOWN),
        ("out of order, says the display", Flame.UNKNOWN),
    ],
)
def test_words_of_a_flame_sensor(payload: str | bytes, seen: Flame) -> None:
    bus, told = flame("mqtt")
    bus.say("stove/flame", payload)
    assert told == [FlameRead(seen)]


def test_what_a_broker_has_kept_may_begin_a_flame_and_never_end_one() -> None:
    bus, told = flame("mqtt")
    for word in ("out", "perhaps", ""):
        bus.say("stove/flame", word, retained=True)
    assert told == []
    bus.say("stove/flame", "lit", retained=True)
    assert told == [FlameRead(Flame.LIT)]


@pytest.mark.parametrize("number", ["28.4", "9.876543210987653e-05", "0.00000000000000000001"])
def test_a_number_is_read_whole_or_not_at_all(number: str) -> None:
    bus, told = flame("thermocouple")
    bus.say("stove/flame", number)
    assert told == [ThermocoupleRead(float(number))]


def test_a_measurement_that_was_kept_says_nothing_and_no_number_is_silence() -> None:
    bus, told = flame("thermocouple")
    bus.say("stove/flame", "28.4", retained=True)
    assert told == []
    bus.say("stove/flame", "warm")
    assert math.isnan(told[0].millivolts)


def hazard(story: Callable[[Bus, MqttHazardSensor, list[Any]], Awaitable[None]]) -> None:
    settings = Hazard(
        driver="mqtt",
        kind="gas_alarm",
        topic="zigbee/gas",
        availability={"topic": "zigbee/gas/availability"},
    )

    async def whole() -> None:
        bus, told = Bus(), list[Any]()
        sensor = MqttHazardSensor("gas", settings, bus, told.append)
        sensor.start()
        await story(bus, sensor, told)
        await sensor.aclose()
        assert (bus.started, bus.released) == (1, 1)

    simtime.run(whole())


def test_a_hazard_sensor_listens_at_qos_1_with_what_is_kept() -> None:
    async def story(bus: Bus, _sensor: MqttHazardSensor, told: list[Any]) -> None:
        (listening,) = bus.listening
        assert listening.qos == 1
        assert list(listening.topics) == list(listening.kept_topics)
        bus.say("zigbee/gas", '{"gas": true, "battery": 90}', retained=True)
        bus.say("zigbee/gas", '{"battery": 89}')
        bus.say("zigbee/gas", '{"gas": false}')
        assert told == [
            HazardRead("gas", True, stored=True),
            HazardRead("gas", None, stored=False),
            HazardRead("gas", False, stored=False),
        ]

    hazard(story)


def test_a_broker_away_for_a_minute_is_told_once_and_its_return_too() -> None:
    async def story(bus: Bus, _sensor: MqttHazardSensor, told: list[Any]) -> None:
        await asyncio.sleep(MISSED_AFTER - 1)
        bus.connect(False)
        assert told == []
        await asyncio.sleep(2)
        assert told == [HazardReachable("gas", False)]
        bus.connect(True)
        assert told[1:] == [HazardReachable("gas", True)]
        bus.connect(False)
        await asyncio.sleep(MISSED_AFTER - 1)
        bus.connect(True)
        await asyncio.sleep(MISSED_AFTER)
        assert len(told) == 2, "a short absence is not told"

    hazard(story)


def test_a_refused_topic_is_not_to_be_heard_until_a_connection_allows_it() -> None:
    async def story(bus: Bus, _sensor: MqttHazardSensor, told: list[Any]) -> None:
        bus.connect(True, refused=True)
        assert told == [HazardReachable("gas", False)]
        bus.connect(False)
        bus.connect(True)
        assert told[1:] == [HazardReachable("gas", True)]

    hazard(story)


def test_what_was_refused_before_the_start_stays_refused() -> None:
    """A relay with a demand from before starts the connection; sensors start later."""

    async def story(bus: Bus, sensor: MqttHazardSensor, told: list[Any]) -> None:
        bus.connect(True, refused=True)
        sensor.start()
        bus.started -= 1
        assert told == [HazardReachable("gas", False)]

    hazard(story)


def test_a_refusal_counts_for_its_own_connection_only() -> None:
    async def story(bus: Bus, _sensor: MqttHazardSensor, told: list[Any]) -> None:
        for one in bus.listening:
            one.refused()
        bus.connect(False)  # lost before it could be used
        bus.connect(True)
        assert told == []

    hazard(story)


def test_offline_holds_while_any_topic_says_so() -> None:
    async def story(bus: Bus, _sensor: MqttHazardSensor, told: list[Any]) -> None:
        bus.connect(True)
        bus.say("zigbee/gas/availability", "offline", retained=True)
        bus.connect(False)
        bus.connect(True)
        assert told == [HazardReachable("gas", False)]
        bus.say("zigbee/gas/availability", '{"state": "online"}')
        assert told[1:] == [HazardReachable("gas", True)]

    hazard(story)
