"""A broker that refuses: what is vital ends the connection, what is not is named and let be."""

import asyncio
import threading

import pytest

from gasguard.cli.over_mqtt import MqttDaemon
from gasguard.config.broker import Mqtt
from gasguard.config.sensors import Hazard
from gasguard.core.messages import SensorReachable
from gasguard.drivers.bus import Listening
from gasguard.drivers.mqtt.connection import BrokerBus
from gasguard.drivers.mqtt.hazard import HazardListener
from gasguard.drivers.mqtt.sensor import MqttSensor
from gasguard.mqtt.link import Listener, MqttLink
from gasguard.mqtt.server import Server, Subscription
from tests.mqtt.scripted import RefusingBroker
from tests.support.waiting import eventually, never


@pytest.fixture
def broker():
    """Refuses every topic that begins with `secret`."""
    refusing = RefusingBroker("secret")
    yield refusing
    refusing.close()


def test_a_connection_without_a_vital_topic_is_never_used(broker: RefusingBroker) -> None:
    subscribed, failed = threading.Event(), []
    listener = Listener(
        lambda _c: subscribed.set(), lambda _c, _m: None, lambda _c: None, failed=failed.append
    )
    wanted = [Subscription("secret/a"), Subscription("open/b")]
    server = Server("test", "127.0.0.1", broker.port, mqtt5=False, retry=(0.1, 0.2))
    link = MqttLink(server, wanted, listener)
    link.start()
    try:
        eventually(lambda: failed, 5, "said that a subscription was refused")
        assert "access rules" in failed[0]
        never(subscribed.is_set, 0.5, "taken for usable")
    finally:
        link.stop()


def test_a_server_that_closes_on_mqtt_5_without_a_word_is_asked_in_3_1_1(
    broker: RefusingBroker,
) -> None:
    broker.speechless = True
    subscribed = threading.Event()
    listener = Listener(lambda _c: subscribed.set(), lambda _c, _m: None, lambda _c: None)
    server = Server("test", "127.0.0.1", broker.port, retry=(0.05, 0.1))
    link = MqttLink(server, [Subscription("open/b")], listener)
    link.start()
    try:
        assert subscribed.wait(5)
        assert link.connection is not None
        assert not link.connection.is_mqtt5
    finally:
        link.stop()


def test_a_refused_sensor_counts_as_unheard_and_the_rest_goes_on(broker: RefusingBroker) -> None:
    told: list[object] = []

    async def story() -> None:
        bus = BrokerBus(Mqtt(port=broker.port))
        relay = Listening(["open/relay"], [], print)
        bus.attach(relay)
        settings = Hazard(driver="mqtt", kind="gas_alarm", topic="secret/gas")
        sensor = MqttSensor("gas", settings, bus, HazardListener("gas", told.append))
        sensor.start()
        async with asyncio.timeout(5):
            while not bus.connected:
                await asyncio.sleep(0.01)
        assert told == [SensorReachable("gas", False)]
        await sensor.aclose()
        await bus.release()

    asyncio.run(story())


def test_whoever_may_not_read_answers_may_still_shut_off() -> None:
    broker = RefusingBroker("stove/+/ack")
    try:
        daemon = MqttDaemon(f"mqtt://127.0.0.1:{broker.port}/stove")
        broker.keep("stove/status", "online")
        broker.keep("stove/left/state", "{}")
        asked = threading.Thread(target=list, args=(daemon.request("off", ["left"], ""),))
        asked.daemon = True
        asked.start()
        eventually(lambda: "stove/left/off/set" in broker.published, 10, "an off was sent")
    finally:
        broker.close()
