"""The simulated broker keeps and loses what a real one does."""

import asyncio
from collections.abc import Awaitable, Callable

from gasguard.drivers.bus import Heard, Listening
from gasguard.simulator.mqtt.devices import Out
from gasguard.simulator.mqtt.network import Switchboard
from gasguard.simulator.seeding import stream
from tests.torture.broker import Broker
from tests.torture.bus import GuardBus
from tests.torture.loop import TortureLoop


class Devices(Switchboard):
    """Note what reaches them, and say what the test wants."""

    def __init__(self) -> None:
        super().__init__([], [])
        self.got: list[str] = []
        self.say: Callable[[Out], None] | None = None

    def connect(self, publish: Callable[[Out], None]) -> None:
        self.say = publish

    def disconnect(self) -> None:
        self.say = None

    def deliver(self, topic: str, payload: str) -> None:
        self.got.append(payload)


class House:
    """A broker, the guard's connection to it, and the devices."""

    def __init__(self, loop: TortureLoop) -> None:
        self.broker = Broker(loop, loop.air, stream(1, "broker"))
        self.devices = Devices()
        self.broker.start(self.devices)
        loop.air.connect()
        self.heard: list[Heard] = []
        self.bus = self.guard()

    def guard(self) -> GuardBus:
        bus = self.broker.bus({"is": ("is", 0)})
        bus.attach(Listening(["is"], ["there"], self.heard.append, lambda: None))
        bus.start()
        return bus

    def publish(self, *payloads: str) -> list[bool]:
        return [self.bus.publish("set", text, qos=0, expires=1) for text in payloads]

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        assert self.devices.say is not None
        self.devices.say(Out(topic, payload, retain))


def play(story: Callable[[House], Awaitable[None]]) -> None:
    async def whole() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, TortureLoop)
        house = House(loop)
        await asyncio.sleep(1)
        await story(house)

    with asyncio.Runner(loop_factory=lambda: TortureLoop(seed=1, latency=0.01)) as runner:
        runner.run(whole())


def test_a_slow_broker_keeps_the_order() -> None:
    async def story(house: House) -> None:
        house.broker.delay, house.broker.jitter = 0.5, 0.5
        assert all(house.publish(*"abcdef"))
        await asyncio.sleep(0.4)
        assert house.devices.got == []
        await asyncio.sleep(3)
        assert house.devices.got == list("abcdef")

    play(story)


def test_a_broker_that_hangs_deals_with_what_waited_and_one_that_went_does_not() -> None:
    async def story(house: House) -> None:
        house.broker.hang()
        house.publish("waits")
        await asyncio.sleep(5)
        assert house.devices.got == []
        house.broker.go_on()
        await asyncio.sleep(1)
        assert house.devices.got == ["waits"]
        house.publish("lost")
        house.broker.leave()
        await asyncio.sleep(1)
        assert not house.bus.connected
        assert house.publish("refused") == [False]
        house.broker.come_back()
        await asyncio.sleep(4)
        assert house.bus.connected
        house.publish("new")
        await asyncio.sleep(1)
        assert house.devices.got == ["waits", "new"]

    play(story)


def test_a_broker_that_hangs_for_long_is_given_up_until_it_goes_on() -> None:
    async def story(house: House) -> None:
        house.broker.hang()
        await asyncio.sleep(11)
        assert house.bus.connected, "nobody has noticed yet"
        await asyncio.sleep(14)
        assert not house.bus.connected
        house.broker.go_on()
        await asyncio.sleep(1.1)
        assert house.bus.connected

    play(story)


def test_nothing_of_a_dead_guard_gets_out_and_the_next_hears_only_what_is_kept() -> None:
    async def story(house: House) -> None:
        house.say("there", "online", retain=True)
        house.say("is", "ON", retain=True)
        await asyncio.sleep(1)
        house.broker.air.sever()
        house.broker.sever()
        assert house.publish("too late") == [False]
        house.broker.air.connect()
        house.heard.clear()
        house.bus = house.guard()
        await asyncio.sleep(3)
        assert house.heard == [Heard("is", b"ON", True), Heard("there", b"online", True)]
        assert house.devices.got == []

    play(story)


def test_a_bridge_at_qos_1_brings_what_it_owes_late_and_again_and_in_order() -> None:
    async def story(house: House) -> None:
        house.say("is", "long ago")
        await asyncio.sleep(5)
        house.say("is", "acknowledged by nobody")
        await asyncio.sleep(1)
        house.heard.clear()
        house.broker.part(1, 3.0, expiry=True)
        house.say("is", "meanwhile", retain=True)
        house.say("there", "online", retain=True)
        assert all(house.publish("lost"))
        house.bus.publish("set", "too old", qos=1, expires=2)
        house.bus.publish("set", "kept", qos=1, expires=10)
        await asyncio.sleep(5)
        assert house.heard == [] and house.devices.got == []
        house.broker.rejoin()
        await asyncio.sleep(1)
        came = ["acknowledged by nobody", "meanwhile", "online", "meanwhile", "online"]
        assert [heard.payload.decode() for heard in house.heard] == came
        assert not any(heard.retained for heard in house.heard)
        assert house.devices.got == ["kept"]

    play(story)


def test_a_bridge_at_qos_0_brings_only_what_the_other_broker_has_kept() -> None:
    async def story(house: House) -> None:
        house.say("is", "passed", retain=True)
        await asyncio.sleep(1)
        house.heard.clear()
        kept: list[tuple[str, str]] = []
        house.broker.on_kept = lambda topic, payload: kept.append((topic, payload))
        house.broker.part(0, 3.0, expiry=True)
        house.bus.publish("set", "lost", qos=1, expires=10)
        house.say("is", "lost")
        await asyncio.sleep(1)
        house.broker.rejoin()
        await asyncio.sleep(1)
        assert [heard.payload for heard in house.heard] == [b"passed"]
        assert house.devices.got == [] and kept == []

    play(story)


def test_without_expiry_all_is_kept_and_whoever_asks_is_told_so() -> None:
    async def story(house: House) -> None:
        kept: list[tuple[str, str]] = []
        house.broker.on_kept = lambda topic, payload: kept.append((topic, payload))
        house.broker.part(1, 0.0, expiry=False)
        house.bus.publish("set", "kept", qos=1, expires=2)
        await asyncio.sleep(100)
        assert kept == [("set", "kept")]
        house.broker.rejoin()
        await asyncio.sleep(1)
        assert house.devices.got == ["kept"]

    play(story)


def test_one_way_stalls_and_the_other_does_not() -> None:
    async def story(house: House) -> None:
        house.broker.stall(to_guard=True, to_devices=False)
        house.publish("passes")
        house.say("is", "stuck")
        await asyncio.sleep(1)
        assert house.devices.got == ["passes"] and house.heard == []
        house.broker.stall(to_guard=False, to_devices=True)
        house.publish("stuck too")
        house.say("is", "passes")
        await asyncio.sleep(1)
        assert house.devices.got == ["passes"]
        assert [heard.payload for heard in house.heard] == [b"stuck", b"passes"]
        house.broker.stall(to_guard=False, to_devices=False)
        assert house.devices.got == ["passes", "stuck too"]

    play(story)


def test_a_guard_that_stays_away_for_a_while_does_not_notice_that_the_broker_goes() -> None:
    """Seed 2026112, session 1046: it was back in 4 s, 30 s after what was too long for it."""

    async def story(house: House) -> None:
        house.broker.send_too_much(30.0)
        await asyncio.sleep(1)
        house.broker.leave()
        await asyncio.sleep(1)
        house.broker.come_back()
        await asyncio.sleep(27)
        assert not house.bus.connected
        await asyncio.sleep(2)
        assert house.bus.connected

    play(story)
