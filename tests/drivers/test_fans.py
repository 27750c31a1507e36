"""What every hood's driver promises (`drivers.base.Switch`), held against simulated hoods on their
real wires: UDP, and a real broker."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gasguard.assemble import Drivers, bus_of, examine_hood, hood
from gasguard.config.load import Config, parse_config
from gasguard.drivers.base import Finding, Speed, Switch
from gasguard.drivers.bus import Heard
from gasguard.drivers.mqtt.fan import MqttFan
from gasguard.errors import Refused, Unreachable
from gasguard.simulator.world import World
from tests.support.brokers import Mosquitto
from tests.support.kitchen import TOKEN, burner
from tests.support.processes import free_port

OFF, LOW, HIGH = Speed(on=False), "low", "high"
WORDS = {1: "low", 2: "high", 3: "low"}
MQTT = {"driver": "mqtt", "levels": WORDS}
PLAIN = {**MQTT, "command_topic": "hood/set", "state_topic": "hood/state"}
ZIGBEE = {**MQTT, "kind": "zigbee2mqtt", "device": "hood"}
MIOT = {"driver": "miot", "host": "127.0.0.7", "token": TOKEN, "levels": {1: 1, 2: 3}}
KINDS: dict[str, dict[str, Any]] = {
    "miot": MIOT,
    "words": PLAIN,
    "words, one topic of JSON": {**PLAIN, "state_field": "fan.mode"},
    "zigbee2mqtt": ZIGBEE,
    "tasmota": {**MQTT, "kind": "tasmota", "device": "hood", "levels": {1: 1, 2: 3}},
    "esphome": {**MQTT, "kind": "esphome", "device": "hood", "levels": {1: 20, 2: 100}},
    "power and level in one JSON": {
        **PLAIN,
        "payload_on": '{"state": "ON"}',
        "payload_off": '{"state": "OFF"}',
        "payload_level": '{"speed": "{level}"}',
        "state_field": "state",
        "level_state_field": "speed",
    },
    "a switch": {**PLAIN, "levels": {1: "ON"}, "payload_off": "OFF"},
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)

Story = Callable[[World, Switch], Awaitable[None]]


class Stage:
    """A simulated hood and its driver on a broker of this session, under topics of their own."""

    def __init__(self, broker: Mosquitto, base: str) -> None:
        self.broker, self._base = broker, base

    def config(self, kind: dict[str, Any]) -> Config:
        settings = dict(kind)
        if kind["driver"] == "miot":
            settings["port"] = free_port(socket.SOCK_DGRAM, kind["host"])
        for key in ("command_topic", "level_topic", "state_topic", "level_state_topic", "device"):
            if key in settings:
                settings[key] = f"{self._base}_{settings[key]}"
        return parse_config(
            {"mqtt": {"port": self.broker.port}, "burners": {"left": burner()}, "hood": settings},
            Path("."),
        )

    def play(self, kind: dict[str, Any], story: Story) -> None:
        config = self.config(kind)

        async def run() -> None:
            world = World.from_config(config)
            await world.start()
            driver = hood(config.hood, Drivers(partial(bus_of, config, client_id="")))
            driver.start()
            try:
                await readable(driver)
                await story(world, driver)
            finally:
                await driver.aclose()
                await world.stop()

        asyncio.run(run())

    def doctor(self, kind: dict[str, Any], *, there: bool = True) -> Finding:
        config = self.config(kind)

        async def run() -> Finding:
            world = World.from_config(config)
            if there:
                await world.start()
            try:
                drivers = Drivers(partial(bus_of, config, client_id=""))
                (finding,) = [one async for one in examine_hood("hood", config.hood, drivers)]
                return finding
            finally:
                await world.stop()

        return asyncio.run(run())


@pytest.fixture
def stage(broker: Mosquitto, tmp_path: Path) -> Stage:
    return Stage(broker, f"fans{tmp_path.name}")


async def eventually(look: Callable[[], Awaitable[object]], what: str) -> None:
    for _ in range(500):
        with contextlib.suppress(Unreachable):
            if await look():
                return
        await asyncio.sleep(0.01)
    raise AssertionError(f"not within 5 s: {what}; last: {await look()!r}")


async def readable(driver: Switch) -> None:
    async def read() -> bool:
        return not driver.tells or await driver.read(1) is not None

    await eventually(read, "it says how it runs")


async def runs(driver: Switch, speed: Speed) -> None:
    async def read() -> bool:
        return await driver.read(1) == speed

    await eventually(read, f"it reads {speed}")


@every_kind
def test_it_is_switched_by_levels_and_off_and_says_so(kind, stage):
    async def story(world: World, driver: Switch) -> None:
        assert await driver.read(1) == OFF
        for word in map(str, dict.fromkeys([*kind["levels"].values()])):
            await driver.set(Speed(on=True, level=word), 1)
            await runs(driver, Speed(on=True, level=word))
            assert world.hood.motor.runs == word
        await driver.set(OFF, 1)
        await runs(driver, OFF)
        assert world.hood.motor.runs == "off"

    stage.play(kind, story)


@every_kind
def test_a_hand_on_it_is_read(kind, stage):
    async def story(world: World, driver: Switch) -> None:
        *_, word = map(str, kind["levels"].values())
        world.hand_on_hood(word)
        await runs(driver, Speed(on=True, level=word))
        world.hand_on_hood("off")
        await runs(driver, OFF)

    stage.play(kind, story)


def test_a_mi_home_hood_that_refuses_lies_answers_nonsense_or_is_off_the_network(stage):
    async def story(world: World, driver: Switch) -> None:
        def fault(**changes: Any) -> None:
            world.hood.server.inject(asyncio.get_running_loop().time(), **changes)

        on = Speed(on=True, level="1")
        fault(refuse=True)
        with pytest.raises(Refused, match="refused to set siid 2 piid 1"):
            await driver.set(on, 1)
        fault(refuse=False, lying=True)
        await driver.set(on, 1)
        assert await driver.read(1) == OFF
        fault(lying=False, nonsense=True)
        with pytest.raises(Refused, match="neither on nor off"):
            await driver.read(1)
        fault(nonsense=False, garbled=1.0)
        with pytest.raises(Unreachable):
            await driver.read(0.3)
        fault(garbled=0.0, offline=True)
        with pytest.raises(Unreachable, match="does not answer"):
            await driver.set(on, 0.3)
        fault(offline=False, batch_refused=True, loss_in=0.2, loss_out=0.2)
        await driver.set(Speed(on=True, level="3"), 2)
        assert await driver.read(2) == Speed(on=True, level="3")

    stage.play(MIOT, story)


def test_power_comes_before_the_level_on_udp(stage):
    """The simulated hood takes no level while it is off, as real ones with a lid."""

    async def story(world: World, driver: Switch) -> None:
        seen: list[str] = []
        world.hood.motor.listeners.append(seen.append)
        await driver.set(Speed(on=True, level="3"), 1)
        assert seen == ["1", "3"]

    stage.play(MIOT, story)


def test_what_stops_a_command_stops_its_resending(stage):
    async def story(world: World, driver: Switch) -> None:
        now = asyncio.get_running_loop().time
        world.hood.server.inject(now(), offline=True)
        telling = asyncio.get_running_loop().create_task(driver.set(Speed(on=True, level="1"), 5))
        await asyncio.sleep(0.2)
        telling.cancel()
        world.hood.server.inject(now(), offline=False)
        await asyncio.sleep(0.5)
        assert world.hood.motor.runs == "off"

    stage.play(MIOT, story)


def test_a_hood_that_says_it_is_offline_is_not_commanded(stage):
    async def story(world: World, driver: Switch) -> None:
        now = asyncio.get_running_loop().time
        world.hood.server.inject(now(), offline=True)

        async def gone() -> bool:
            try:
                await driver.read(1)
            except Unreachable as error:
                return "says offline" in str(error)
            return False

        await eventually(gone, "offline is heard")
        with pytest.raises(Unreachable, match="says offline"):
            await driver.set(OFF, 1)
        world.hood.server.inject(now(), offline=False)
        await runs(driver, OFF)

    stage.play(ZIGBEE, story)


def test_doctor_tells_how_it_runs_or_what_to_do(stage):
    assert stage.doctor(MIOT).verdict == "ok"
    found = stage.doctor(ZIGBEE)
    assert (found.verdict, found.text.endswith(", off")) == ("ok", True), found
    deaf = {key: value for key, value in PLAIN.items() if key != "state_topic"}
    found = stage.doctor(deaf)
    assert found.verdict == "warn"
    assert (
        "a hand on it is not seen: name where it says how it runs with state_topic:" in found.text
    )


def test_doctor_tells_of_one_that_is_not_there(stage):
    found = stage.doctor(MIOT, there=False)
    assert found.verdict == "fail"
    assert "does not answer" in found.text
    assert "burners are guarded all the same" in found.text
    found = stage.doctor({**PLAIN, "command_topic": "x/set", "state_topic": "x/never"}, there=False)
    assert found.verdict == "warn"
    assert "has not said how it runs" in found.text


# --- words on a broker that the test plays ----------------------------------------------------


class Bus:
    """Says what the test makes it say; notes what is published."""

    address = "broker:1883"
    connected = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, int]] = []

    def attach(self, listening: Any) -> None:
        self.listening = listening

    def start(self) -> None:
        pass

    async def release(self) -> None:
        pass

    def publish(
        self, topic: str, payload: str, *, qos: int, expires: int, acknowledged: Any
    ) -> bool:
        if self.connected:
            self.sent.append((topic, payload, qos))
            acknowledged()
        return self.connected

    def say(self, topic: str, payload: str | bytes, *, retained: bool = False) -> None:
        data = payload if isinstance(payload, bytes) else payload.encode()
        self.listening.heard(Heard(topic, data, retained))


def fan_on(bus: Bus, **settings: Any) -> Switch:
    raw = {"burners": {"left": burner()}, "hood": {**PLAIN, **settings}}
    return MqttFan(parse_config(raw, Path(".")).hood, bus)


def read(fan: Switch) -> Speed | None:
    return asyncio.run(fan.read(1))


@pytest.mark.parametrize(
    ("word", "speed"),
    [
        ("low", Speed(True, "low")),
        (" LOW\n", Speed(True, "low")),
        ("off", OFF),
        ("OFF", OFF),
        ("0", OFF),
        ("false", OFF),
        ("on", Speed(True)),
        ("true", Speed(True)),
        ("medium", Speed(True, "medium")),
        ("7", Speed(True, "7")),
    ],
)
def test_what_a_hood_says_is_understood_however_it_is_written(word, speed):
    bus = Bus()
    fan = fan_on(bus)
    bus.say("hood/state", word, retained=True)
    assert read(fan) == speed


@pytest.mark.parametrize(
    "said", ["", "banana", "{}", "null", b"\xff\xfe", "-1", "9" * 5000, "[" * 9999]
)
def test_what_nobody_understands_is_told_and_is_no_hand(said):
    bus = Bus()
    fan = fan_on(bus)
    bus.say("hood/state", "low")
    bus.say("hood/state", said)
    if not str(said).isdecimal():
        with pytest.raises(Refused, match=r"hood/state says .* which is not understood") as told:
            read(fan)
        assert len(str(told.value)) < 300
    bus.say("hood/state", "low")
    assert read(fan) == Speed(True, "low")


def test_whether_it_is_there_in_words_that_are_not_understood_is_named_in_the_log(caplog):
    bus = Bus()
    fan = fan_on(bus, availability={"topic": "hood/lwt", "online": "up", "offline": "down"})
    bus.say("hood/state", "low")
    bus.say("hood/lwt", "")  # taken off the broker: says nothing
    assert not caplog.text
    for _ in range(2):
        bus.say("hood/lwt", "dead", retained=True)
    assert caplog.text.count("hood/lwt says 'dead', which is not understood: up and down are") == 1
    assert read(fan) == Speed(True, "low")
    bus.say("hood/lwt", "DOWN")
    with pytest.raises(Unreachable, match="hood/lwt says offline"):
        read(fan)


@pytest.mark.parametrize("said", ["{}", '{"fan": 1}', '{"fan": {"mode": null}}', "[1]", "x", ""])
def test_json_that_speaks_of_something_else_says_nothing(said):
    bus = Bus()
    fan = fan_on(bus, state_field="fan.mode")
    assert read(fan) is None
    bus.say("hood/state", json.dumps({"fan": {"mode": "high"}}))
    bus.say("hood/state", said)
    assert read(fan) == Speed(True, "high")


def test_numbers_of_levels_are_the_same_in_any_form():
    bus = Bus()
    fan = fan_on(bus, levels={1: 1, 2: "3"}, state_field="speed")
    bus.say("hood/state", '{"speed": 1.0}')
    assert read(fan) == Speed(True, "1")
    bus.say("hood/state", '{"speed": "3"}')
    assert read(fan) == Speed(True, "3")
    bus.say("hood/state", '{"speed": 0}')
    assert read(fan) == OFF


def test_a_level_may_be_called_one_though_one_usually_means_on():
    bus = Bus()
    fan = fan_on(bus, levels={1: 1, 2: 2})
    bus.say("hood/state", "1")
    assert read(fan) == Speed(True, "1")


def test_words_of_its_own_are_named():
    bus = Bus()
    fan = fan_on(bus, state_off="stopped", state_on="running")
    bus.say("hood/state", "Stopped")
    assert read(fan) == OFF
    bus.say("hood/state", "running")
    assert read(fan) == Speed(True)


def test_one_that_tells_is_commanded_at_qos_0_and_one_that_does_not_at_qos_1():
    bus = Bus()
    asyncio.run(fan_on(bus).set(Speed(True, "low"), 1))
    deaf = {"driver": "mqtt", "command_topic": "hood/set", "levels": WORDS}
    raw = {"burners": {"left": burner()}, "hood": deaf}
    asyncio.run(MqttFan(parse_config(raw, Path(".")).hood, bus).set(OFF, 1))
    assert bus.sent == [("hood/set", "low", 0), ("hood/set", "off", 1)]


def test_without_a_broker_nothing_is_sent_later():
    bus = Bus()
    fan = fan_on(bus)
    bus.connected = False
    with pytest.raises(Unreachable, match="broker:1883 is not connected"):
        asyncio.run(fan.set(Speed(True, "low"), 1))
    bus.connected = True
    assert bus.sent == []


def test_a_word_with_quotes_stays_json():
    bus = Bus()
    fan = fan_on(bus, levels={1: 'the "big" one'}, payload_level='{"fan_mode": "{level}"}')
    asyncio.run(fan.set(Speed(True, 'the "big" one'), 1))
    ((_, payload, _),) = bus.sent
    assert json.loads(payload) == {"fan_mode": 'the "big" one'}
