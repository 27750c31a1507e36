"""What every relay driver promises (`drivers.base.Relay`), held against simulated hardware."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gasguard.assemble import Drivers, bus_of, circuits
from gasguard.config.load import parse_config
from gasguard.config.relays.base import Channel
from gasguard.config.relays.miio import MiotRelay
from gasguard.core.model import Contact
from gasguard.drivers.base import HasLease, HasVoice, Relay
from gasguard.drivers.miio.place import Place
from gasguard.drivers.miio.relay import miot_relay
from gasguard.drivers.miio.transport import Device, MessageIds
from gasguard.errors import Cause, Refused, Unreachable
from gasguard.luck import LUCK
from gasguard.simulator import simtime
from gasguard.simulator.world import World

TOKEN = "00112233445566778899aabbccddeeff"
MIOT = {"driver": "miot", "switch": {"siid": 2, "piid": 1}}
KINDS: dict[str, dict[str, Any]] = {
    "miot, normally closed": {**MIOT, "contact": "normally_closed"},
    "miot, normally open": {**MIOT, "contact": "normally_open"},
    "miio, normally closed": {"driver": "miio", "contact": "normally_closed"},
    "miio, normally open": {"driver": "miio", "contact": "normally_open"},
}
ZIGBEE = {"driver": "mqtt", "kind": "zigbee2mqtt", "device": "gas stove"}
TASMOTA = {"driver": "mqtt", "kind": "tasmota", "device": "stove"}
ESPHOME = {"driver": "mqtt", "kind": "esphome", "device": "stove"}
PLAIN = {
    "driver": "mqtt",
    "command_topic": "relay/set",
    "state_topic": "relay/state",
    "query": {"topic": "relay/get"},
}
MQTT_KINDS: dict[str, dict[str, Any]] = {
    "zigbee2mqtt, normally closed": {**ZIGBEE, "contact": "normally_closed"},
    "zigbee2mqtt, normally open": {**ZIGBEE, "contact": "normally_open"},
    "zigbee2mqtt, one of two": {**ZIGBEE, "channel": "l2", "contact": "normally_open"},
    "tasmota, normally closed": {**TASMOTA, "contact": "normally_closed"},
    "tasmota, normally open": {**TASMOTA, "contact": "normally_open"},
    "tasmota, the second": {**TASMOTA, "channel": 2, "contact": "normally_open"},
    "esphome, normally closed": {**ESPHOME, "contact": "normally_closed"},
    "esphome, normally open": {**ESPHOME, "contact": "normally_open"},
    "any topics, without echo": {**PLAIN, "contact": "normally_open"},
}
PIN = {"driver": "gpio", "line": 17, "active": "high"}
SENSE = {"sense": {"line": 27, "active": "low"}}
GPIO_KINDS: dict[str, dict[str, Any]] = {
    "a pin, normally closed": {**PIN, "contact": "normally_closed"},
    "a pin, normally open": {**PIN, "contact": "normally_open"},
    "a pin, active low": {**PIN, "line": 5, "active": "low", "contact": "normally_open"},
    "a pin, sensed": {**PIN, **SENSE, "contact": "normally_open"},
    "a pin, sensed, normally closed": {**PIN, **SENSE, "contact": "normally_closed"},
}
PUMPED = {**PIN, "contact": "normally_open", "pulse": {"line": 22}}
miio_kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
mqtt_kinds = pytest.mark.parametrize("kind", MQTT_KINDS.values(), ids=MQTT_KINDS)
gpio_kinds = pytest.mark.parametrize("kind", GPIO_KINDS.values(), ids=GPIO_KINDS)
FAR = {**KINDS, **MQTT_KINDS}
far_kinds = pytest.mark.parametrize("kind", FAR.values(), ids=FAR)
"""Those with a network between: it loses and delays."""
ALL = {**FAR, **GPIO_KINDS, "a pin, pumped": PUMPED}
every_kind = pytest.mark.parametrize("kind", ALL.values(), ids=ALL)

Story = Callable[[World, Relay], Awaitable[None]]


@pytest.fixture
def play(request: pytest.FixtureRequest) -> "Play":
    """Runs a story with one simulated relay and its driver: miIO in simulated time, MQTT through a
    real broker in real time."""

    def play(kind: dict[str, Any], story: Story, **burner: Any) -> None:
        if kind["driver"] != "mqtt":
            place = {} if kind["driver"] == "gpio" else {"host": "127.0.0.9", "token": TOKEN}
            _play({**place, **kind}, story, simtime.run, burner)
            return
        port = request.getfixturevalue("broker").port
        _play(kind, story, asyncio.run, burner, mqtt={"port": port})

    return play


Play = Callable[..., None]


def _play(
    relay: dict[str, Any],
    story: Story,
    run: Callable[[Any], None],
    burner: dict[str, Any],
    **top: Any,
) -> None:

    @contextlib.asynccontextmanager
    async def wired() -> AsyncIterator[tuple[World, Relay]]:
        config = parse_config({"burners": {"left": {"relay": relay, **burner}}, **top}, Path("."))
        world = World.from_config(config)
        await world.start()
        drivers = Drivers(partial(bus_of, config), board=world.chip.process())
        driver = circuits(config, drivers)[0].relays[0]
        try:
            # Whoever asks before device and driver have found the broker gets no answer.
            await driver.read(5)
            yield world, driver
        finally:
            await driver.aclose()
            await world.stop()

    async def whole() -> None:
        async with wired() as (world, driver):
            await story(world, driver)

    run(whole())


def circuit(world: World) -> str:
    """The physical circuit."""
    return world.snapshot()["left"]["circuit"]


def executed(world: World) -> int:
    """Commands that the device has carried out."""
    return world.module("left").executed


@every_kind
def test_open_close_and_read_speak_of_the_circuit(play: Play, kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        if "pulse" in kind:
            await relay.close(1)  # its pump has run dry
        assert (await relay.read(1)).contact is Contact.CLOSED
        await relay.open(1)
        assert circuit(world) == "open"
        assert (await relay.read(1)).contact is Contact.OPEN
        await relay.close(1)
        assert circuit(world) == "closed"
        reading = await relay.read(1)
        assert reading.contact is Contact.CLOSED
        assert reading.latency is not None and 0 <= reading.latency < 0.1

    play(kind, story)


@every_kind
def test_a_silent_relay_is_unreachable_in_the_time_given(play: Play, kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", offline=True)
        for call in (relay.open, relay.close, relay.read):
            began = asyncio.get_running_loop().time()
            with pytest.raises(Unreachable) as caught:
                await call(0.7)
            assert caught.value.cause is Cause.SILENT
            assert asyncio.get_running_loop().time() - began < 0.75

    play(kind, story)


@miio_kinds
def test_a_wrong_token_is_named(play: Play, kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", wrong_token=True)
        with pytest.raises(Unreachable, match="token") as caught:
            await relay.open(1)
        assert caught.value.cause is Cause.WRONG_TOKEN

    play(kind, story)


@miio_kinds
def test_a_busy_relay_is_unreachable_for_that_reason(play: Play, kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", busy=1.0)
        with pytest.raises(Unreachable) as caught:
            await relay.read(1)
        assert caught.value.cause is Cause.BUSY

    play(kind, story)


@miio_kinds
def test_what_is_no_json_is_a_cause_of_its_own(play: Play, kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", garbled=1.0)
        for call in (relay.read, relay.open, relay.close):
            began = asyncio.get_running_loop().time()
            with pytest.raises(Unreachable, match="not in JSON") as caught:
                await call(0.8)
            assert caught.value.cause is Cause.NOT_JSON
            assert asyncio.get_running_loop().time() - began < 0.2, "said at once"

    play(kind, story)


@miio_kinds
def test_a_read_back_is_heard_behind_what_is_no_json(play: Play, kind: dict[str, Any]) -> None:
    """The answer to the open's second sending comes while the read waits for its own."""

    async def story(world: World, relay: Relay) -> None:
        world.inject("left", obeys_garbled=True)
        with contextlib.suppress(Unreachable):
            await relay.open(0.8)
        for _ in range(5):
            opening = asyncio.ensure_future(relay.open(0.8))
            await asyncio.sleep(0.01)
            assert (await relay.read(0.8)).contact is Contact.OPEN
            with pytest.raises(Unreachable):
                await opening

    play(kind, story)


@miio_kinds
@pytest.mark.parametrize("spelling", ["numbers", "words"])
def test_a_switch_may_be_spelt_as_its_firmware_likes(
    play: Play, kind: dict[str, Any], spelling: str
) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", **{spelling: True})
        assert (await relay.read(1)).contact is Contact.CLOSED
        await relay.open(1)
        assert (await relay.read(1)).contact is Contact.OPEN

    play(kind, story)


@miio_kinds
def test_a_switch_that_says_neither_on_nor_off_is_no_contact(
    play: Play, kind: dict[str, Any]
) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", nonsense=True)
        with pytest.raises(Refused, match="maybe"):
            await relay.read(1)

    play(kind, story)


@pytest.mark.parametrize("fault", ["batch_refused", "batch_silent", "batch_garbled"])
def test_a_module_that_takes_one_question_at_a_time_is_asked_so(play: Play, fault: str) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", **{fault: True})
        for _ in range(3):
            reading = await relay.read(0.8)
            assert (reading.contact, reading.voice) == (Contact.CLOSED, True)
        await relay.open(0.8)
        assert (await relay.read(0.8)).contact is Contact.OPEN

    play(KINDS["miot, normally closed"], story, voice={"siid": 4, "piid": 1})


@miio_kinds
def test_a_refusal_is_no_success(play: Play, kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", refuse=True)
        with pytest.raises(Refused):
            await relay.open(1)

    play(kind, story)


@miio_kinds
def test_a_lost_open_is_sent_again_and_a_lost_close_is_not(
    play: Play, kind: dict[str, Any]
) -> None:
    async def story(world: World, relay: Relay) -> None:
        await relay.read(1)
        world.inject("left", loss_out=1.0)
        before = executed(world)
        with pytest.raises(Unreachable):
            await relay.open(1)
        assert executed(world) - before > 5
        before = executed(world)
        with pytest.raises(Unreachable):
            await relay.close(1)
        assert executed(world) - before == 1

    play(kind, story)


@far_kinds
def test_a_cancelled_call_sends_nothing_more(play: Play, kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        await relay.read(1)
        world.inject("left", loss_out=1.0)
        call = asyncio.ensure_future(relay.open(5))
        await asyncio.sleep(0.5)
        call.cancel()
        await asyncio.sleep(0.1)
        before = executed(world)
        await asyncio.sleep(1)
        assert executed(world) == before

    play(kind, story)


@far_kinds
def test_an_open_overtakes_a_read_that_hangs(play: Play, kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", loss_out=1.0)
        reading = asyncio.ensure_future(relay.read(5))
        await asyncio.sleep(0.1)
        opening = asyncio.ensure_future(relay.open(5))
        await asyncio.sleep(0.5)
        assert not reading.done()
        assert circuit(world) == "open"
        world.inject("left", loss_out=0.0)
        await opening
        await reading

    play(kind, story)


@mqtt_kinds
def test_a_lost_open_goes_out_again_and_a_close_waits_for_an_answer(
    play: Play, kind: dict[str, Any]
) -> None:
    """Over MQTT a close is sent only where an answer has just come back."""

    async def story(world: World, relay: Relay) -> None:
        world.inject("left", loss_out=1.0)
        before = executed(world)
        with pytest.raises(Unreachable):
            await relay.open(1.3)
        assert executed(world) - before >= 3
        assert circuit(world) == "open"
        before = executed(world)
        with pytest.raises(Unreachable):
            await relay.close(1.3)
        assert executed(world) == before
        world.inject("left", loss_out=0.0)
        await relay.close(2.5)
        assert executed(world) == before + 1

    play(kind, story)


@mqtt_kinds
def test_a_relay_that_does_not_obey_answers_and_reads_closed(
    play: Play, kind: dict[str, Any]
) -> None:
    async def story(world: World, relay: Relay) -> None:
        for fault in ("refuse", "stuck", "lying"):
            world.inject("left", **{fault: True})
            await relay.open(1)
            assert (await relay.read(1)).contact is Contact.CLOSED, fault
            world.inject("left", **{fault: False})

    play(kind, story)


@every_kind
def test_a_relay_can_only_do_what_its_settings_give_it(play: Play, kind: dict[str, Any]) -> None:
    async def story(_world: World, relay: Relay) -> None:
        assert not isinstance(relay, HasVoice)
        assert isinstance(relay, HasLease) is ("pulse" in kind)

    play(kind, story)


def test_switch_voice_and_countdown_come_in_one_reading(play: Play) -> None:
    async def story(world: World, relay: Relay) -> None:
        reading = await relay.read(1)
        assert (reading.voice, reading.countdown) == (True, None)
        assert isinstance(relay, HasVoice) and isinstance(relay, HasLease)
        await relay.renew_lease(180, 1)
        await relay.set_voice(False, 1)
        reading = await relay.read(1)
        assert reading.voice is False
        assert reading.countdown is not None and 175 < reading.countdown <= 180
        await relay.cancel_lease(1)
        assert (await relay.read(1)).countdown is None

    lease = {"after": "3m", "siid": 2, "piid": 3, "unit": "s", "off": -1}
    play({**KINDS["miot, normally open"], "lease": lease}, story, voice={"siid": 4, "piid": 1})


def test_a_property_that_the_model_lacks_is_refused_with_its_place(play: Play) -> None:
    async def story(world: World, _relay: Relay) -> None:
        token = world.relay("left").token
        elsewhere = MiotRelay(
            driver="miot",
            host="127.0.0.9",
            token=token.hex(),
            switch=Channel(siid=9, piid=1),
            contact="normally_open",
        )
        driver = miot_relay(elsewhere, None, Device(Place("127.0.0.9", 54321)), MessageIds(LUCK))
        with pytest.raises(Refused, match="siid 9 piid 1"):
            await driver.read(1)
        with pytest.raises(Refused, match="siid 9 piid 1"):
            await driver.open(1)
        await driver.aclose()

    play(KINDS["miot, normally open"], story)
