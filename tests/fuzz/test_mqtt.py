"""Any topic and payload through the real MqttInterface and sensors, from made-up connections."""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gasguard.clock import SystemClock
from gasguard.config.load import parse_config
from gasguard.config.sensors import Hazard, MqttFlame, ThermocoupleFlame
from gasguard.core.messages import (
    Answer,
    FlameRead,
    HazardRead,
    HazardTested,
    Off,
    SensorGarbled,
    SensorReachable,
    Status,
)
from gasguard.core.model import Settings, State
from gasguard.drivers.bus import Heard, Listening
from gasguard.drivers.mqtt.flame import FlameListener
from gasguard.drivers.mqtt.hazard import HazardListener
from gasguard.drivers.mqtt.sensor import MqttSensor
from gasguard.interfaces.home_assistant.announcer import Announcer
from gasguard.interfaces.mqtt.interface import MqttInterface
from gasguard.mqtt.link import Message
from gasguard.mqtt.topics import REQUESTS
from tests.fuzz.test_commands import payloads

BURNERS = ("left", "right")
RELAY = {
    "driver": "miio",
    "token": "00112233445566778899aabbccddeeff",
    "contact": "normally_closed",
}
FLAMES = {
    "left": MqttFlame(driver="mqtt", topic="sensor/flame"),
    "right": ThermocoupleFlame(driver="thermocouple", topic="sensor/mv"),
}
GAS = Hazard(
    driver="mqtt",
    kind="gas_alarm",
    topic="sensor/gas",
    availability={"topic": "sensor/gas/availability"},
)

READINGS: dict[str, set[type]] = {
    "sensor/flame": {FlameRead, SensorGarbled},
    "sensor/mv": {FlameRead, SensorGarbled},
    "sensor/gas": {HazardRead, HazardTested, SensorGarbled},
    "sensor/gas/availability": {SensorReachable},
}


class Broker:
    """Stands for a Connection: what is published must be what MQTT can carry."""

    def __init__(self, mqtt5: bool) -> None:
        self.is_mqtt5, self.congested, self.live = mqtt5, False, True
        self.published: list[tuple[str, dict[str, Any] | None, bool]] = []

    def publish(self, topic, payload, *, retain=False, correlation=None) -> bool:
        assert 0 < len(topic.encode()) < 65536
        assert not set(topic) & set("+#\0")
        data = payload.encode() if isinstance(payload, str) else payload
        told = json.loads(data) if data and topic != "base/status" else None
        self.published.append((topic, told, retain))
        return True


class Guard:
    """Stands for the Controller: notes requests, answers each at once."""

    def __init__(self) -> None:
        self.observers: list[Any] = []
        self.requests: list[tuple[str, Any]] = []
        self.readings: list[Any] = []
        self._states = {name: State(Settings(name, name)) for name in BURNERS}

    def states(self):
        return self._states

    def request(self, name, request, reply=None):
        assert name in BURNERS
        self.requests.append((name, request))
        if reply:
            reply(Answer(0, Status.ACCEPTED))
        if reply and isinstance(request, Off):
            reply(Answer(0, Status.CONFIRMED))

    def reject(self, name, source, code, message, reply=None):
        assert name in BURNERS
        json.dumps({"code": code, "message": message}, ensure_ascii=False).encode()
        if reply:
            reply(Answer(0, Status.REJECTED, code, message))

    def post(self, name, event):
        assert name in BURNERS
        self.readings.append(event)


class Bus:
    """Stands for the devices' connection."""

    connected = True

    def __init__(self) -> None:
        self._listeners: list[Listening] = []

    def attach(self, listening: Listening) -> None:
        self._listeners.append(listening)

    def say(self, topic: str, payload: bytes, *, retained: bool) -> None:
        for listening in self._listeners:
            if topic in listening.topics:
                listening.heard(Heard(topic, payload, retained))


class Still(asyncio.SelectorEventLoop):
    """No time passes: what an example leaves for later comes never, and not in another example."""

    def time(self) -> float:
        return 0.0


class History:
    """Stands for the Past."""

    def totals(self, burner):
        return None

    async def story(self, burner):
        return await self.history(burner, 0.0, 1)

    async def burns(self, burner, since):
        return await self.history(burner, since, 1)

    async def history(self, burner, since, limit):
        assert burner is None or isinstance(burner, str)
        assert isinstance(since, float)
        # What SQLite takes: a text it can encode.
        (burner or "").encode()
        return []


@pytest.fixture(scope="module")
def world():
    """One interface for all examples: what one message leaves behind, the next one finds."""

    async def build():
        guard, bus = Guard(), Bus()
        relays = {
            name: {"relay": {**RELAY, "host": f"127.0.0.{number}"}}
            for number, name in enumerate(BURNERS, 9)
        }
        raw = {"mqtt": {"base_topic": "base"}, "burners": relays}
        config = parse_config(raw, Path("."))
        for name, flame in FLAMES.items():
            MqttSensor(name, flame, bus, FlameListener(partial(guard.post, name)))

        def post(event) -> None:
            for name in BURNERS:
                guard.post(name, event)

        MqttSensor("gas", GAS, bus, HazardListener("gas", post))
        announcer = Announcer(config)
        interface = MqttInterface(config.mqtt, guard, History(), SystemClock(), announcer)
        return guard, interface, bus

    with asyncio.Runner(loop_factory=Still) as runner:
        yield runner, *runner.run(build())


# What a broker delivers: UTF-8 without zero and without halves of characters.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
levels = st.sampled_from(["base", "left", "right", "all", "", "set", *REQUESTS]) | words
topics = st.one_of(
    words,
    st.lists(levels, max_size=6).map("/".join),
    st.tuples(st.sampled_from([*BURNERS, "all"]) | words, st.sampled_from(REQUESTS)).map(
        lambda pair: f"base/{pair[0]}/{pair[1]}/set"
    ),
    st.sampled_from(["sensor/flame", "sensor/mv", "sensor/gas", "sensor/gas/availability"]),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    name=st.sampled_from([*BURNERS, "all"]) | words,
    asks=st.sampled_from(REQUESTS),
    payload=payloads,
)
def test_of_what_is_published_to_be_kept_only_an_off_is_carried_out(world, name, asks, payload):
    _, guard, interface, _ = world
    guard.requests.clear()
    topic = f"base/{name}/{asks}/set"
    broker = Broker(mqtt5=True)
    interface._received(broker, Message(topic, payload, False, to_be_kept=True))
    targets = {**{one: [one] for one in BURNERS}, "all": list(BURNERS)}.get(name, [])
    assert [one for one, _ in guard.requests] == (targets if asks == "off" else [])
    cleared = [where for where, _, retain in broker.published if retain and where == topic]
    known = name in BURNERS or (name, asks) == ("all", "off")
    assert cleared == ([topic] if known and payload else [])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    topic=topics,
    payload=payloads,
    retain=st.booleans(),
    mqtt5=st.booleans(),
    response=st.none() | topics | st.sampled_from(["a/+", "#", "$SYS/x", "base/left/off/set", "r"]),
    correlation=st.none() | st.binary(max_size=8),
)
@example("base/all/off/set", b"", False, True, None, None)
@example("base//off/set", b"", False, True, None, None)
@example("base/left/off/set/set", b"", False, True, None, None)
@example("base/left/timer/extend/set", b"5m", False, True, "base/x", b"")
@example("base/x" * 9000 + "/off/set", b"", False, False, "r", b"")
@example("base/status", b"offline", False, True, None, None)
@example("sensor/flame", b"\xff" * 1000, True, True, None, None)
@example("sensor/flame", b"lit", True, True, None, None)
@example("sensor/flame", b"out", True, True, None, None)
@example("sensor/mv", b"1e999", False, True, None, None)
@example("sensor/mv", b"1_000", False, True, None, None)
@example("sensor/gas", b'{"gas": true}', False, True, None, None)
@example("sensor/gas", b'{"gas": [1]}', False, True, None, None)
@example("sensor/gas", b'{"gas":' * 5000, False, True, None, None)
@example("sensor/gas", b"\xff" * 1000, True, True, None, None)
@example("sensor/gas/availability", b'{"state": "offline"}', True, True, None, None)
def test_no_message_raises_and_only_a_live_off_shuts_off(
    world, topic, payload, retain, mqtt5, response, correlation
):
    runner, guard, interface, bus = world
    guard.requests.clear()
    guard.readings.clear()
    broker = Broker(mqtt5)

    async def deliver():
        interface._received(broker, Message(topic, payload, retain, response, correlation))
        bus.say(topic, payload, retained=retain)

    runner.run(deliver())
    targets = {f"base/{name}/off/set": [name] for name in BURNERS}
    targets["base/all/off/set"] = list(BURNERS)
    offs = [name for name, request in guard.requests if isinstance(request, Off)]
    assert offs == ([] if retain else targets.get(topic, []))
    if retain:
        assert not guard.requests
    said = {type(reading) for reading in guard.readings}
    assert said <= READINGS.get(topic, set())
    if topic == "sensor/gas":
        assert len(guard.readings) % len(BURNERS) == 0, "both burners heed it"
    if retain:
        assert SensorGarbled not in said, "what was kept is no word of its own"
        assert all(getattr(reading, "stored", True) for reading in guard.readings)
    for where, _, _ in broker.published:
        # Never a command of its own, but for the clearing of the retained one.
        assert not where.endswith("/set") or where == response or (retain and where == topic)
