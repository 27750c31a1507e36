"""What every relay driver promises (`drivers.base.Relay`), held against simulated hardware."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gasguard.app import build_wirings
from gasguard.config import Channel, MiotRelay, parse_config
from gasguard.core.model import Contact
from gasguard.drivers.base import Relay
from gasguard.drivers.miio.relay import MiotRelayDriver
from gasguard.errors import Cause, Refused, Unreachable
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
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)

Story = Callable[[World, Relay], Awaitable[None]]


def play(kind: dict[str, Any], story: Story, **burner: Any) -> None:
    """Run `story` with one simulated relay and its driver."""

    @contextlib.asynccontextmanager
    async def wired() -> AsyncIterator[tuple[World, Relay]]:
        relay = {"host": "127.0.0.9", "token": TOKEN, **kind}
        config = parse_config({"burners": {"left": {"relay": relay, **burner}}}, Path("."))
        world = World.from_config(config)
        await world.start()
        driver = build_wirings(config)[0].relays[0]
        try:
            yield world, driver
        finally:
            await driver.aclose()
            await world.stop()

    async def whole() -> None:
        async with wired() as (world, driver):
            await story(world, driver)

    simtime.run(whole())


def circuit(world: World) -> str:
    """The physical circuit."""
    return world.snapshot()["left"]["circuit"]


def executed(world: World) -> int:
    """Commands that the device has carried out."""
    return world.relay("left").executed


@every_kind
def test_open_close_and_read_speak_of_the_circuit(kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        assert (await relay.read(1)).contact is Contact.CLOSED
        await relay.open(1)
        assert circuit(world) == "open"
        assert (await relay.read(1)).contact is Contact.OPEN
        await relay.close(1)
        assert circuit(world) == "closed"
        reading = await relay.read(1)
        assert reading.contact is Contact.CLOSED
        assert reading.latency is not None and 0 < reading.latency < 0.1

    play(kind, story)


@every_kind
def test_a_silent_relay_is_unreachable_in_the_time_given(kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", offline=True)
        for call in (relay.open, relay.close, relay.read):
            began = asyncio.get_running_loop().time()
            with pytest.raises(Unreachable) as caught:
                await call(0.7)
            assert caught.value.cause is Cause.SILENT
            assert asyncio.get_running_loop().time() - began < 0.75

    play(kind, story)


@every_kind
def test_a_wrong_token_is_named(kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", wrong_token=True)
        with pytest.raises(Unreachable, match="token") as caught:
            await relay.open(1)
        assert caught.value.cause is Cause.WRONG_TOKEN

    play(kind, story)


@every_kind
def test_a_busy_relay_is_unreachable_for_that_reason(kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", busy=1.0)
        with pytest.raises(Unreachable) as caught:
            await relay.read(1)
        assert caught.value.cause is Cause.BUSY

    play(kind, story)


@every_kind
def test_a_refusal_is_no_success(kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", refuse=True)
        with pytest.raises(Refused):
            await relay.open(1)

    play(kind, story)


@every_kind
def test_a_lost_open_is_sent_again_and_a_lost_close_is_not(kind: dict[str, Any]) -> None:
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


@every_kind
def test_a_cancelled_call_sends_nothing_more(kind: dict[str, Any]) -> None:
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


@every_kind
def test_an_open_overtakes_a_read_that_hangs(kind: dict[str, Any]) -> None:
    async def story(world: World, relay: Relay) -> None:
        world.inject("left", loss_in=0.5, loss_out=0.5)
        reading = asyncio.ensure_future(relay.read(5))
        await asyncio.sleep(0)
        await relay.open(3)
        assert circuit(world) == "open"
        await reading

    play(kind, story)


def test_switch_voice_and_countdown_come_in_one_reading() -> None:
    async def story(world: World, relay: Relay) -> None:
        reading = await relay.read(1)
        assert (reading.voice, reading.countdown) == (True, None)
        await relay.renew_lease(180, 1)
        await relay.set_voice(False, 1)
        reading = await relay.read(1)
        assert reading.voice is False
        assert reading.countdown is not None and 175 < reading.countdown <= 180
        await relay.cancel_lease(1)
        assert (await relay.read(1)).countdown is None

    lease = {"after": "3m", "siid": 2, "piid": 3, "unit": "s", "off": -1}
    play({**KINDS["miot, normally open"], "lease": lease}, story, voice={"siid": 4, "piid": 1})


def test_a_property_that_the_model_lacks_is_refused_with_its_place() -> None:
    async def story(world: World, _relay: Relay) -> None:
        token = world.relay("left").token
        elsewhere = MiotRelay(
            driver="miot",
            host="127.0.0.9",
            token=token.hex(),
            switch=Channel(siid=9, piid=1),
            contact="normally_open",
        )
        driver = MiotRelayDriver(elsewhere, voice=None)
        with pytest.raises(Refused, match="siid 9 piid 1"):
            await driver.read(1)
        with pytest.raises(Refused, match="siid 9 piid 1"):
            await driver.open(1)
        await driver.aclose()

    play(KINDS["miot, normally open"], story)
