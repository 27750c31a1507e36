"""The relays' own connection to a real broker: its thread, its identity, what it never sends."""

import asyncio
from collections.abc import Awaitable, Callable

from gasguard.config.broker import Mqtt
from gasguard.config.sensors import Hazard
from gasguard.drivers.bus import Heard, Listening
from gasguard.drivers.mqtt.connection import LONGEST, BrokerBus
from gasguard.drivers.understanding import understand
from gasguard.health import Heartbeats
from tests.support.ear import Ear


class Listener:
    """A relay that only listens."""

    def __init__(self, bus: BrokerBus, topic: str) -> None:
        self.bus = bus
        self.heard: list[Heard] = []
        self.changes = 0
        bus.attach(Listening([f"{topic}/state"], [f"{topic}/there"], self.heard.append, self._one))

    def _one(self) -> None:
        self.changes += 1


async def soon(condition: Callable[[], object], within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


def play(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())


def test_kept_messages_come_only_where_they_are_wanted(broker, make_ear):
    ear: Ear = make_ear(broker, "kept")
    ear.send("state", "ON", retain=True)
    ear.send("there", "online", retain=True)

    async def story() -> None:
        bus = BrokerBus(Mqtt(port=broker.port))
        listener = Listener(bus, "kept")
        bus.start()
        await soon(lambda: listener.heard)
        await asyncio.to_thread(ear.send, "state", "OFF")
        await soon(lambda: len(listener.heard) > 1)
        assert [(one.topic, one.payload, one.retained) for one in listener.heard] == [
            ("kept/there", b"online", True),
            ("kept/state", b"OFF", False),
        ]
        await bus.release()

    play(story)


def test_what_is_too_long_is_heard_and_understood_by_nobody(broker, make_ear, caplog):
    """Whoever says it has said something: a sensor that was clear is not so any more."""
    ear: Ear = make_ear(broker, "long")
    sensor = Hazard(kind="gas_alarm", driver="mqtt", topic="long/state")

    async def story() -> None:
        bus = BrokerBus(Mqtt(port=broker.port))
        listener = Listener(bus, "long")
        bus.start()
        await soon(lambda: bus.connected)
        blanks = " " * LONGEST
        for payload in (f"clear{blanks}", f"0{blanks}", f'{{"gas": false}}{blanks}', "clear"):
            await asyncio.to_thread(ear.send, "state", payload)
        await soon(lambda: len(listener.heard) == 4)
        *cut, whole = [understand(one.payload, sensor) for one in listener.heard]
        assert whole.danger is False
        assert all(one.danger is None and one.garbled for one in cut), cut
        assert caplog.text.count("on long/state is not looked at") == 1
        await bus.release()

    play(story)


def test_the_same_relays_have_one_connection_and_the_newer_takes_it(broker):
    """What an old connection still holds in a broker that hung is void when the new one comes."""

    async def story() -> None:
        old, new = (BrokerBus(Mqtt(port=broker.port)) for _ in range(2))
        listener = Listener(old, "mine")
        old.start()
        await soon(lambda: old.connected)
        Listener(new, "mine")
        new.start()
        await soon(lambda: new.connected)
        await soon(lambda: listener.changes > 1)
        assert not old.publish("mine/set", "ON", qos=0, expires=1)
        await old.release()
        await soon(lambda: new.connected)

        other = BrokerBus(Mqtt(port=broker.port))
        Listener(other, "somebody elses")
        other.start()
        await soon(lambda: other.connected)
        await asyncio.sleep(0.3)
        assert new.connected and other.connected
        await new.release()
        await other.release()

    play(story)


def test_a_thread_that_died_is_replaced_and_the_heart_goes_on(broker, caplog):
    async def story() -> None:
        heartbeats = Heartbeats()
        bus = BrokerBus(Mqtt(port=broker.port), heartbeats)
        listener = Listener(bus, "died")
        bus.start()
        await soon(lambda: bus.connected)
        assert bus._desk is not None
        first = bus._desk._link
        assert first is not None
        first.stop()  # as if paho's thread had ended
        await soon(lambda: bus._desk._link is not first and bus.connected)
        assert "starting another" in caplog.text
        assert listener.changes >= 3
        assert heartbeats.late() == {}
        await bus.release()

    play(story)


def test_what_was_published_into_a_dead_connection_never_comes_later(own_broker, make_ear):
    async def story() -> None:
        bus = BrokerBus(Mqtt(port=own_broker.port))
        Listener(bus, "relay")
        bus.start()
        await soon(lambda: bus.connected)
        await asyncio.to_thread(own_broker.stop)
        bus.publish("relay/set", "ON", qos=1, expires=10)
        await soon(lambda: not bus.connected)
        assert not bus.publish("relay/set", "ON", qos=1, expires=10)
        await asyncio.to_thread(own_broker.start)
        ear: Ear = await asyncio.to_thread(make_ear, own_broker, "relay")
        await soon(lambda: bus.connected)
        assert bus.publish("relay/set", "OFF", qos=1, expires=10)
        await asyncio.to_thread(ear.wait, "set", lambda one: one.text == "OFF")
        assert [one.text for one in ear.on("set")] == ["OFF"]
        await bus.release()

    play(story)


def _client_id(*listening: Listening) -> str | None:
    bus = BrokerBus(Mqtt())
    for one in listening:
        bus.attach(one)
    secret = bus._server().client_id
    return secret.get_secret_value() if secret else None


def test_the_id_is_that_of_the_relays_with_or_without_sensors():
    """Who opens them after the daemon's death has no sensors, and must push its connection out."""
    relay = Listening(["stove/state"], [], print)
    sensor = Listening(["kitchen/gas"], ["kitchen/gas"], print, qos=1, vital=False)
    assert _client_id(relay) == _client_id(relay, sensor) is not None
    # Two gasguards may hear one alarm.
    assert _client_id(sensor) is None


def test_what_watches_over_the_thread_outlives_its_own_mistakes(broker, caplog):
    async def story() -> None:
        heartbeats = Heartbeats()
        bus = BrokerBus(Mqtt(port=broker.port), heartbeats)
        calls = 0

        def changed() -> None:
            nonlocal calls
            calls += 1
            if bus._connection is None and calls == 2:
                raise RuntimeError("planted")

        bus.attach(Listening(["watched/state"], [], print, changed))
        bus.start()
        await soon(lambda: bus.connected)
        assert bus._desk is not None and bus._desk._link is not None
        bus._desk._link.retire()  # hangs, and never says that its connection is gone
        bus._desk._link._thread.join(5)
        await soon(lambda: bus.connected and calls > 2, 10)
        assert heartbeats.late() == {}
        await bus.release()

    play(story)
