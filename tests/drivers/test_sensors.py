"""Sensors behind the broker: what is published becomes readings, and silence is told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gasguard.config.sensors import Hazard, MqttFlame, ThermocoupleFlame
from gasguard.core.messages import (
    FLAME,
    FlameRead,
    HazardRead,
    HazardTested,
    SensorGarbled,
    SensorReachable,
)
from gasguard.core.model import Flame
from gasguard.drivers.bus import Heard, Listening
from gasguard.drivers.mqtt.flame import FlameListener
from gasguard.drivers.mqtt.hazard import HazardListener
from gasguard.drivers.mqtt.sensor import MISSED_AFTER, TEST_LASTS, MqttSensor
from gasguard.drivers.steady import BETTER_AFTER
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


def flame(
    story: Callable[[Bus, list[Any]], Awaitable[None]], driver: str = "mqtt", **settings: Any
) -> None:
    kinds = {"mqtt": MqttFlame, "thermocouple": ThermocoupleFlame}
    sensor_settings = kinds[driver](driver=driver, topic="stove/flame", **settings)

    async def whole() -> None:
        bus, told = Bus(), list[Any]()
        sensor = MqttSensor("flame", sensor_settings, bus, FlameListener(told.append))
        sensor.start()
        await story(bus, told)
        await sensor.aclose()

    simtime.run(whole())


@pytest.mark.parametrize(
    ("payload", "seen"),
    [("lit", Flame.LIT), (" ON\n", Flame.LIT), ("1", Flame.LIT), ("out", Flame.OUT)],
)
def test_words_of_a_flame_sensor(payload: str, seen: Flame) -> None:
    async def story(bus: Bus, told: list[Any]) -> None:
        bus.say("stove/flame", payload)
        assert told == [FlameRead(seen)]

    flame(story)


@pytest.mark.parametrize("payload", ["", "perhaps", b"\xff\xfe", "out of order", "{}", "[1]"])
def test_what_is_not_understood_is_said_to_be_so(payload: str | bytes) -> None:
    async def story(bus: Bus, told: list[Any]) -> None:
        bus.say("stove/flame", payload)
        (garbled,) = told
        assert garbled.sensor == FLAME
        assert garbled.why

    flame(story)


def test_what_a_broker_has_kept_is_passed_on_as_such() -> None:
    async def story(bus: Bus, told: list[Any]) -> None:
        bus.say("stove/flame", "perhaps", retained=True)
        bus.say("stove/flame", "lit", retained=True)
        bus.say("stove/flame", "out", retained=True)
        assert told == [FlameRead(Flame.LIT, stored=True), FlameRead(Flame.OUT, stored=True)]

    flame(story)


@pytest.mark.parametrize(
    ("number", "seen"),
    [
        ("28.4", Flame.LIT),
        ("9.876543210987653e-05", Flame.OUT),
        ("0.00000000000000000001", Flame.OUT),
        ("4.5", None),
        ("28.4 mV", Flame.LIT),
        ("0.0284 V", Flame.LIT),
    ],
)
def test_millivolts_are_read_whole(number: str, seen: Flame | None) -> None:
    async def story(bus: Bus, told: list[Any]) -> None:
        bus.say("stove/flame", number)
        assert told == [FlameRead(seen)]

    flame(story, "thermocouple")


@pytest.mark.parametrize("nonsense", ["warm", "nan", "1e999", "-5.01", "60.01", "85 °C", "2,8"])
def test_what_no_thermocouple_gives_is_not_understood(nonsense: str) -> None:
    async def story(bus: Bus, told: list[Any]) -> None:
        bus.say("stove/flame", nonsense)
        (garbled,) = told
        assert isinstance(garbled, SensorGarbled)

    flame(story, "thermocouple")


def test_one_that_bounces_is_lit_and_out_once_it_has_been_out_for_a_second() -> None:
    async def story(bus: Bus, told: list[Any]) -> None:
        for _ in range(100):
            bus.say("stove/flame", "lit")
            bus.say("stove/flame", "out")
            await asyncio.sleep(0.01)
        assert set(told) == {FlameRead(Flame.LIT)}
        await asyncio.sleep(BETTER_AFTER)
        assert told[-1] == FlameRead(Flame.OUT)
        told.clear()
        bus.say("stove/flame", "out")
        assert told == [FlameRead(Flame.OUT)]

    flame(story)


def test_an_end_takes_what_waits_with_it() -> None:
    async def story(bus: Bus, told: list[Any]) -> None:
        bus.say("stove/flame", "lit")
        bus.say("stove/flame", "out")

    flame(story)  # a timer left behind would fail the test


def hazard(
    story: Callable[[Bus, MqttSensor, list[Any]], Awaitable[None]],
    availability: str = "zigbee/gas/availability",
) -> None:
    settings = Hazard(
        driver="mqtt",
        kind="gas_alarm",
        topic="zigbee/gas",
        availability={"topic": availability},
    )

    async def whole() -> None:
        bus, told = Bus(), list[Any]()
        sensor = MqttSensor("gas", settings, bus, HazardListener("gas", told.append))
        sensor.start()
        await story(bus, sensor, told)
        await sensor.aclose()
        assert (bus.started, bus.released) == (1, 1)

    simtime.run(whole())


def test_a_hazard_sensor_listens_at_qos_1_with_what_is_kept() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        (listening,) = bus.listening
        assert listening.qos == 1
        assert list(listening.topics) == list(listening.kept_topics)
        bus.say("zigbee/gas", '{"gas": true, "battery": 90}', retained=True)
        bus.say("zigbee/gas", '{"battery": 89}')
        bus.say("zigbee/gas", '{"gas": false}')
        assert told == [
            HazardRead("gas", True, stored=True),
            HazardRead("gas", False, stored=False),
        ]

    hazard(story)


def test_a_broker_away_for_a_minute_is_told_once_and_its_return_too() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        await asyncio.sleep(MISSED_AFTER - 1)
        bus.connect(False)
        assert told == []
        await asyncio.sleep(2)
        assert told == [SensorReachable("gas", False)]
        bus.connect(True)
        assert told[1:] == [SensorReachable("gas", True)]
        bus.connect(False)
        await asyncio.sleep(MISSED_AFTER - 1)
        bus.connect(True)
        await asyncio.sleep(MISSED_AFTER)
        assert len(told) == 2, "a short absence is not told"

    hazard(story)


def test_a_refused_topic_is_not_to_be_heard_until_a_connection_allows_it() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True, refused=True)
        assert told == [SensorReachable("gas", False)]
        bus.connect(False)
        bus.connect(True)
        assert told[1:] == [SensorReachable("gas", True)]

    hazard(story)


def test_what_was_refused_before_the_start_stays_refused() -> None:
    """A relay with a demand from before starts the connection; sensors start later."""

    async def story(bus: Bus, sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True, refused=True)
        sensor.start()
        bus.started -= 1
        assert told == [SensorReachable("gas", False)]

    hazard(story)


def test_a_refusal_counts_for_its_own_connection_only() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        for one in bus.listening:
            one.refused()
        bus.connect(False)  # lost before it could be used
        bus.connect(True)
        assert told == []

    hazard(story)


def test_offline_holds_while_any_topic_says_so() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True)
        bus.say("zigbee/gas/availability", "offline", retained=True)
        bus.connect(False)
        bus.connect(True)
        assert told == [SensorReachable("gas", False)]
        bus.say("zigbee/gas/availability", '{"state": "online"}')
        assert told[1:] == [SensorReachable("gas", True)]

    hazard(story)


@pytest.mark.parametrize(
    ("offline", "online"),
    [
        ("Offline", "Online"),
        ("OFFLINE", "ONLINE"),
        ('"offline"', '"online"'),
        ('{"state": "Offline"}', '{"state": "Online", "since": 3}'),
        ("\ufeffoffline\r\n\x00", " online\n"),
    ],
)
def test_whether_it_is_there_however_that_is_written(offline: str, online: str) -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True)
        bus.say("zigbee/gas/availability", offline, retained=True)
        bus.say("zigbee/gas/availability", online)
        assert told == [SensorReachable("gas", False), SensorReachable("gas", True)]

    hazard(story)


def test_whether_it_is_there_in_words_that_are_not_understood_is_named_in_the_log(caplog) -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True)
        bus.say("zigbee/gas/availability", "")  # taken off the broker: says nothing
        assert not caplog.text
        bus.say("zigbee/gas/availability", "disconnected", retained=True)
        assert "'disconnected', which is not understood: online and offline are" in caplog.text
        assert told == []

    hazard(story)


def test_a_last_will_on_the_sensors_own_topic_leaves_its_words_what_they_are() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True)
        bus.say("zigbee/gas", "clear")
        assert told == [HazardRead("gas", False, stored=False)]
        bus.say("zigbee/gas", "offline")
        assert told[-1] == SensorReachable("gas", False)
        bus.say("zigbee/gas", "alarm")
        assert told[-1] == HazardRead("gas", True, stored=False)

    hazard(story, availability="zigbee/gas")


def test_a_word_that_is_not_understood_takes_clear_away() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.say("zigbee/gas", '{"gas": false}')
        bus.say("zigbee/gas", '{"gas": "fault"}')
        assert told[0] == HazardRead("gas", False)
        assert (told[1].sensor, "'fault'" in told[1].why) == ("gas", True)

    hazard(story)


def test_an_alarm_that_calls_itself_a_test_is_told_and_counts_for_nothing_for_a_minute() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True)
        bus.say("zigbee/gas", '{"gas": false, "test": false}')
        bus.say("zigbee/gas", '{"gas": true, "test": true}')
        bus.say("zigbee/gas", '{"gas": true, "test": true}')
        assert told[1:] == [HazardTested("gas")]
        bus.say("zigbee/gas", '{"gas": false, "test": false}')
        assert told[2:] == [HazardRead("gas", False)]
        await asyncio.sleep(TEST_LASTS + 1)
        assert len(told) == 3
        bus.say("zigbee/gas", '{"gas": true, "test": true}')
        await asyncio.sleep(TEST_LASTS + 1)
        assert told[3:] == [HazardTested("gas"), HazardRead("gas", True)], "a flag may be stuck"

    hazard(story)


@pytest.mark.parametrize("first", ['{"gas": false}', '{"gas": false, "test": true}'])
def test_where_it_has_never_said_that_it_is_not_tested_an_alarm_is_an_alarm(first: str) -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.say("zigbee/gas", first)
        bus.say("zigbee/gas", '{"gas": true, "test": true}')
        assert told[-1] == HazardRead("gas", True)

    hazard(story)


def test_a_test_without_an_alarm_is_told() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.say("zigbee/gas", '{"gas": false, "self_test": true}')
        assert told == [HazardTested("gas"), HazardRead("gas", False)]

    hazard(story)


def test_an_alarm_that_goes_on_after_its_test_counts() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.say("zigbee/gas", '{"gas": false, "test": false}')
        bus.say("zigbee/gas", '{"gas": true, "test": true}')
        bus.say("zigbee/gas", '{"gas": true, "test": false}')
        assert told[-1] == HazardRead("gas", True)

    hazard(story)


def test_a_payload_without_the_word_shows_no_life_of_what_measures() -> None:
    """Its radio lives and says how well; the word must run out all the same."""

    async def story(bus: Bus, told: list[Any]) -> None:
        bus.say("stove/flame", '{"mv": 0.2}')
        bus.say("stove/flame", '{"rssi": -60}')
        assert told == [FlameRead(Flame.OUT)]

    flame(story, "thermocouple", field="mv")


def test_other_words_do_not_lengthen_what_calls_itself_a_test() -> None:
    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True)
        bus.say("zigbee/gas", '{"gas": false, "test": false}')
        for _ in range(8):
            bus.say("zigbee/gas", '{"gas": true, "test": true}')
            bus.say("zigbee/gas", '{"battery": 90}')
            await asyncio.sleep(TEST_LASTS / 6)
        assert HazardRead("gas", True) in told, "a flag may be stuck"

    hazard(story)
