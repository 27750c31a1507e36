"""What the devices' connection is refused is told as long as it lasts."""

import asyncio
from collections.abc import Callable

from gasguard.config.broker import Mqtt
from gasguard.drivers.bus import Listening
from gasguard.drivers.mqtt.connection import BrokerBus
from tests.mqtt.scripted5 import NOT_AUTHORIZED, Broker5


async def soon(look: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not look():
            await asyncio.sleep(0.01)


def test_a_relays_command_and_a_sensors_topic_that_are_refused():
    broker = Broker5()
    broker.refuses_messages = {"relay/set": NOT_AUTHORIZED}
    broker.refuses_topics = {"sensor": 0x80}

    async def story() -> None:
        bus = BrokerBus(Mqtt(port=broker.port))
        bus.attach(Listening(["relay/state"], [], print))
        bus.attach(Listening(["sensor"], [], print, vital=False))
        bus.start()
        await soon(lambda: bus.connected)
        assert "refuses subscriptions: sensor" in bus.trouble
        acknowledged: list[bool] = []
        told = acknowledged.append
        bus.publish("relay/set", "OFF", qos=1, expires=5, acknowledged=lambda: told(True))
        await soon(lambda: "published on relay/set (Not authorized)" in bus.trouble)
        assert not acknowledged, "a refusal is no acknowledgement"
        broker.refuses_topics, broker.refuses_messages = {}, {}
        broker.hang_up()
        await soon(lambda: "connection lost" in bus.trouble)
        await soon(lambda: bus.connected and not bus.trouble)
        await bus.release()

    try:
        asyncio.run(story())
    finally:
        broker.close()
