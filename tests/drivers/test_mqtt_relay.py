"""The MQTT relay's proofs and its manners on the wire, on a broker that the test plays."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from gasguard.config.relays.mqtt import MqttRelay
from gasguard.core.model import Contact
from gasguard.drivers.base import HasLease
from gasguard.drivers.bus import Heard, Listening
from gasguard.drivers.mqtt.relay import MqttRelayDriver, mqtt_relay
from gasguard.errors import Refused, Unreachable
from gasguard.luck import LUCK
from gasguard.simulator import simtime

PLAIN = {
    "command_topic": "relay/set",
    "state_topic": "relay/state",
    "query": {"topic": "relay/get"},
    "availability": {"topic": "relay/availability"},
}
KINDS: dict[str, dict[str, Any]] = {
    "zigbee2mqtt": {"kind": "zigbee2mqtt", "device": "stove"},
    "tasmota": {"kind": "tasmota", "device": "stove"},
    "esphome": {"kind": "esphome", "device": "stove"},
}


class Sent(NamedTuple):
    at: float
    topic: str
    payload: str
    qos: int
    expires: int


class Broker:
    """Notes what is published; says what the test makes it say."""

    address = "broker:1883"
    connected = True

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.acknowledge = True
        self._listening: Listening

    def attach(self, listening: Listening) -> None:
        self._listening = listening

    def start(self) -> None:
        pass

    async def release(self) -> None:
        pass

    def publish(
        self,
        topic: str,
        payload: str,
        *,
        qos: int,
        expires: int,
        acknowledged: Callable[[], None] | None = None,
    ) -> bool:
        if not self.connected:
            return False
        now = asyncio.get_running_loop().time()
        self.sent.append(Sent(now, topic, payload, qos, expires))
        if acknowledged and self.acknowledge:
            asyncio.get_running_loop().call_soon(acknowledged)
        return True

    def say(self, topic: str, payload: object, *, retained: bool = False) -> None:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self._listening.heard(Heard(topic, text.encode(), retained))

    def connect(self, connected: bool) -> None:
        self.connected = connected
        self._listening.changed()

    def on(self, topic: str) -> list[Sent]:
        return [one for one in self.sent if one.topic == topic]


Story = Callable[[MqttRelayDriver, Broker], Awaitable[None]]


def play(story: Story, **settings: Any) -> None:
    relay = MqttRelay(driver="mqtt", contact="normally_open", **(settings or PLAIN))

    async def whole() -> None:
        broker = Broker()
        await story(mqtt_relay(relay, broker, LUCK), broker)

    simtime.run(whole())


async def soon(condition: Callable[[], object], within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.001)


async def no_answer(call: "asyncio.Task[Any]", during: float = 0.2) -> None:
    """Nothing so far was an answer."""
    await asyncio.sleep(during)
    assert not call.done()


def nonce(broker: Broker, kind: str) -> str:
    """The word in the newest question."""
    if kind == "zigbee2mqtt":
        request = broker.on("zigbee2mqtt/bridge/request/health_check")[-1].payload
        return str(json.loads(request)["transaction"])
    if kind == "tasmota":
        return broker.on("cmnd/stove/Backlog0")[-1].payload.split()[1].rstrip(";")
    return broker.on("stove/relay/get")[-1].payload


def answer(broker: Broker, kind: str, word: str, state: str | None = "OFF") -> None:
    """What the device says to a question: the echo, and behind it the state if there is one."""
    if kind == "zigbee2mqtt":
        broker.say("zigbee2mqtt/bridge/response/health_check", {"transaction": word})
        if state:
            broker.say("zigbee2mqtt/stove", {"state": state})
    elif kind == "tasmota":
        broker.say("stat/stove/RESULT", {"Var16": word})
        if state:
            broker.say("stat/stove/RESULT", {"POWER": state})
    else:
        broker.say("stove/relay/is", {"asked": word, **({"state": state} if state else {})})


STATE = {
    "zigbee2mqtt": ("zigbee2mqtt/stove", {"state": "OFF"}),
    "tasmota": ("stat/stove/RESULT", {"POWER": "OFF"}),
    "esphome": ("stove/relay/is", {"state": "OFF"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_comes_behind_the_echo_of_this_very_question_counts(kind: str) -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(5))
        await soon(lambda: broker.sent)
        broker.say(*STATE[kind])  # on its way before the question came there
        answer(broker, kind, "somebody elses")
        await no_answer(call, during=0.3)
        call.cancel()
        old = nonce(broker, kind)

        call = asyncio.ensure_future(relay.read(5))
        await soon(lambda: nonce(broker, kind) != old)
        answer(broker, kind, old)  # the last call's, late
        await no_answer(call, during=0.01)
        answer(broker, kind, nonce(broker, kind), state="ON")
        assert (await call).contact is Contact.CLOSED

    play(story, **KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_broker_has_kept_is_no_answer(kind: str) -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(5))
        await soon(lambda: broker.sent)
        answer(broker, kind, nonce(broker, kind), state=None)
        topic, payload = STATE[kind]
        broker.say(topic, payload, retained=True)
        await no_answer(call)
        call.cancel()

    play(story, **KINDS[kind])


def test_without_an_echo_only_what_comes_behind_the_brokers_word_counts() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        broker.acknowledge = False
        call = asyncio.ensure_future(relay.read(1))
        await soon(lambda: broker.sent)
        assert broker.on("relay/get")[0].qos == 1
        broker.say("relay/state", "OFF")
        await no_answer(call)
        broker.acknowledge = True
        await soon(lambda: len(broker.sent) > 1)
        broker.say("relay/state", "OFF", retained=True)
        await no_answer(call, during=0.05)
        broker.say("relay/state", "off")
        assert (await call).contact is Contact.OPEN

    play(story)


def test_an_echo_from_before_the_connection_broke_proves_nothing() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(5))
        await soon(lambda: broker.sent)
        answer(broker, "zigbee2mqtt", nonce(broker, "zigbee2mqtt"), state=None)
        broker.connect(False)
        broker.connect(True)
        broker.say("zigbee2mqtt/stove", {"state": "OFF"})
        await no_answer(call, during=0.01)
        call.cancel()

    play(story, **KINDS["zigbee2mqtt"])


# --- what is sent, and when -----------------------------------------------------------------------


def test_a_close_goes_out_once_behind_an_answer_and_is_never_kept() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.close(3))
        await asyncio.sleep(2)
        assert not broker.on("relay/set"), "nothing has answered yet"
        broker.say("relay/state", "OFF")
        await soon(lambda: broker.on("relay/set"))
        with pytest.raises(Unreachable):
            await call
        (close,) = broker.on("relay/set")
        assert (close.payload, close.qos, close.expires) == ("ON", 0, 1)

    play(story)


def test_a_cancelled_close_is_not_sent_when_the_answer_comes() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.close(3))
        await soon(lambda: broker.sent)
        call.cancel()
        broker.say("relay/state", "OFF")
        await asyncio.sleep(1)
        assert not broker.on("relay/set")

    play(story)


def test_an_open_is_repeated_ever_slower_up_to_once_a_second_and_a_new_one_goes_at_once() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        with pytest.raises(Unreachable, match="relay/get is not answered"):
            await relay.open(5)
        times = [one.at for one in broker.on("relay/set")]
        gaps = [b - a for a, b in itertools.pairwise(times)]
        assert gaps[:3] == pytest.approx([0.25, 0.5, 1.0], abs=0.01)
        assert max(gaps) < 1.01
        assert {(one.payload, one.qos) for one in broker.on("relay/set")} == {("OFF", 1)}

        # Calls in a row, as the keeper makes them, keep the pace ...
        before = len(broker.on("relay/set"))
        for _ in range(5):
            with pytest.raises(Unreachable):
                await relay.open(0.8)
        assert 3 <= len(broker.on("relay/set")) - before <= 5
        # ... and one that comes later waits for nothing.
        await asyncio.sleep(2)
        before = len(broker.on("relay/set"))
        call = asyncio.ensure_future(relay.open(0.8))
        await asyncio.sleep(0.001)
        assert len(broker.on("relay/set")) == before + 1
        call.cancel()

    play(story)


@pytest.mark.parametrize("back", ["broker", "device"])
def test_an_open_goes_out_at_once_when_what_was_away_is_back(back: str) -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        broker.connect(back != "broker")
        broker.say("relay/availability", "offline", retained=True)
        for _ in range(4):
            with pytest.raises(Unreachable, match=r"not connected|says offline"):
                await relay.open(0.8)
        call = asyncio.ensure_future(relay.open(0.8))
        await asyncio.sleep(0.01)
        before = len(broker.on("relay/set"))
        if back == "broker":
            broker.connect(True)
        else:
            broker.say("relay/availability", {"state": "online"})
        await asyncio.sleep(0.001)
        assert len(broker.on("relay/set")) == before + 1
        broker.say("relay/state", "OFF")
        await call

    play(story)


def test_without_a_connection_nothing_is_kept_for_later() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        broker.connect(False)
        for call in (relay.open, relay.close, relay.read):
            with pytest.raises(Unreachable, match="broker:1883 is not connected"):
                await call(0.5)
        assert isinstance(relay, HasLease)
        await relay.renew_lease(180, 1)
        broker.connect(True)
        await asyncio.sleep(2)
        assert broker.sent == []

    play(story, **{**PLAIN, "keep_alive": {"topic": "relay/alive", "after": "3m"}})


def test_a_chatty_device_does_not_make_the_driver_chatty() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        broker.acknowledge = False
        call = asyncio.ensure_future(relay.read(2))
        for _ in range(190):
            await asyncio.sleep(0.01)
            broker.say("relay/state", "OFF")
        assert len(broker.sent) <= 10
        call.cancel()

    play(story)


# --- what cannot be understood --------------------------------------------------------------------


def test_a_state_in_other_words_is_named() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(0.5))
        await soon(lambda: broker.sent)
        await asyncio.sleep(0.01)
        broker.say("relay/state", "ajar")
        with pytest.raises(Refused, match="relay/state says 'ajar', neither ON nor OFF"):
            await call

    play(story)


@pytest.mark.parametrize(
    ("word", "contact"),
    [(word, Contact.CLOSED) for word in ("on", "true", "1")]
    + [(word, Contact.OPEN) for word in ("False", "0", "OFF")],
)
def test_a_switch_may_be_spelt_as_its_firmware_likes(word: str, contact: Contact) -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(0.5))
        await soon(lambda: broker.sent)
        await asyncio.sleep(0.01)
        broker.say("relay/state", word)
        assert (await call).contact is contact

    play(story)


def test_beside_words_of_ones_own_the_usual_ones_mean_nothing() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(0.5))
        await soon(lambda: broker.sent)
        await asyncio.sleep(0.01)
        broker.say("relay/state", "1")
        with pytest.raises(Refused, match="says '1', neither released nor pulled"):
            await call

    play(story, **PLAIN, state_on="released", state_off="pulled")


def test_a_missing_field_is_named_with_those_there_are() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(0.5))
        await soon(lambda: broker.sent)
        answer(broker, "tasmota", nonce(broker, "tasmota"), state=None)
        broker.say("stat/stove/RESULT", {"POWER1": "ON"})
        with pytest.raises(Unreachable, match=r"no field POWER \(POWER1\)"):
            await call

    play(story, **KINDS["tasmota"])


def test_a_gateway_that_answers_without_its_device_is_told_apart() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(0.5))
        await soon(lambda: broker.sent)
        answer(broker, "zigbee2mqtt", nonce(broker, "zigbee2mqtt"), state=None)
        with pytest.raises(Unreachable, match="out of the radio's reach"):
            await call

    play(story, **KINDS["zigbee2mqtt"])


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "[]",
        "{",
        '{"state": null}',
        '{"state": {}}',
        "[" * 50_000,
        "\x00",
        '{"state": []}',
    ],
)
def test_no_payload_harms(payload: str) -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        call = asyncio.ensure_future(relay.read(0.5))
        await soon(lambda: broker.sent)
        word = nonce(broker, "zigbee2mqtt")
        for topic in (
            "zigbee2mqtt/bridge/response/health_check",
            "zigbee2mqtt/stove",
            "zigbee2mqtt/stove/availability",
        ):
            broker.say(topic, payload)
        answer(broker, "zigbee2mqtt", word, state=None)
        broker.say("zigbee2mqtt/stove", payload)
        answer(broker, "zigbee2mqtt", word)
        assert (await call).contact is Contact.OPEN

    play(story, **KINDS["zigbee2mqtt"])


# --- the dead-man ---------------------------------------------------------------------------------


def test_the_keep_alive_is_renewed_and_cancelled_in_the_devices_words() -> None:
    async def story(relay: MqttRelayDriver, broker: Broker) -> None:
        assert isinstance(relay, HasLease)
        await relay.renew_lease(180, 1)
        await relay.cancel_lease(1)
        sent = [(one.payload, one.qos) for one in broker.on("cmnd/stove/RuleTimer1")]
        assert sent == [("180", 0), ("0", 0)]

    play(story, **KINDS["tasmota"], keep_alive={"after": "3m"})
