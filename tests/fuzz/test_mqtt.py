"""Any topic and payload through the real MqttInterface, from a connection that is made up."""

import asyncio
import json
import threading
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gasguard.clock import SystemClock
from gasguard.config.broker import Mqtt
from gasguard.config.burners import BurnerConfig
from gasguard.config.sensors import Hazard, MqttFlame, ThermocoupleFlame
from gasguard.core.messages import (
    Answer,
    FlameRead,
    HazardReachable,
    HazardRead,
    Off,
    Status,
    ThermocoupleRead,
)
from gasguard.core.model import Settings, State
from gasguard.interfaces.mqtt import interface as module
from gasguard.interfaces.mqtt.interface import COMMANDS, MqttInterface
from gasguard.interfaces.sensors import SensorDesk
from gasguard.mqtt.link import Message
from tests.fuzz.test_commands import payloads

BURNERS = ("left", "right")
RELAY = {
    "driver": "miio",
    "host": "127.0.0.9",
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


class History:
    """Stands for the Store."""

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
        guard = Guard()
        mqtt = Mqtt(base_topic="base")
        burners = {name: BurnerConfig(relay=RELAY, flame=flame) for name, flame in FLAMES.items()}
        sensors = SensorDesk(guard, burners, {"gas": GAS})
        return guard, MqttInterface(mqtt, guard, History(), SystemClock(), sensors)

    return asyncio.run(build())


# What a broker delivers: UTF-8 without zero and without halves of characters.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
levels = st.sampled_from(["base", "left", "right", "all", "", "set", *COMMANDS]) | words
topics = st.one_of(
    words,
    st.lists(levels, max_size=6).map("/".join),
    st.tuples(st.sampled_from([*BURNERS, "all"]) | words, st.sampled_from(COMMANDS)).map(
        lambda pair: f"base/{pair[0]}/{pair[1]}/set"
    ),
    st.sampled_from(["sensor/flame", "sensor/mv", "sensor/gas", "sensor/gas/availability"]),
)


@settings(max_examples=600, deadline=None, derandomize=True)
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
    guard, interface = world
    guard.requests.clear()
    guard.readings.clear()
    broker, room = Broker(mqtt5), threading.BoundedSemaphore(1)
    room.acquire()
    with mock.patch.object(module.log, "exception") as complaint:
        interface._received(broker, Message(topic, payload, retain, response, correlation), room)
    complaint.assert_not_called()
    assert room.acquire(blocking=False), "the room is given back"
    targets = {f"base/{name}/off/set": [name] for name in BURNERS}
    targets["base/all/off/set"] = list(BURNERS)
    offs = [name for name, request in guard.requests if isinstance(request, Off)]
    assert offs == ([] if retain else targets.get(topic, []))
    if retain:
        assert not guard.requests
    read = {"sensor/flame": [FlameRead], "sensor/mv": [] if retain else [ThermocoupleRead]}
    if topic in ("sensor/gas", "sensor/gas/availability"):
        told = HazardRead if topic == "sensor/gas" else HazardReachable
        assert {type(reading) for reading in guard.readings} <= {told}
        assert len(guard.readings) in (0, len(BURNERS)), "both burners heed it"
    else:
        assert [type(reading) for reading in guard.readings] == read.get(topic, [])
    for where, _, _ in broker.published:
        # Never a command of its own, but for the clearing of the retained one.
        assert not where.endswith("/set") or where == response or (retain and where == topic)
