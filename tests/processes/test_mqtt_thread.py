"""A connection's thread that hangs or dies is replaced, and does nothing more should it wake."""

import asyncio
import threading

import pytest

from gasguard.app import running
from gasguard.config.broker import Mqtt
from gasguard.mqtt import link as mqtt_link
from gasguard.mqtt.desk import Desk
from gasguard.mqtt.link import Connection, Listener, Message, MqttLink
from gasguard.mqtt.server import Subscription
from gasguard.mqtt.server import broker as broker_of
from tests.support.waiting import eventually, never

LIMIT = 1.0
"""Seconds in place of STALLED_AFTER; a healthy thread comes round every second."""


class Owner:
    """Notes what a link says; a message `hang` hangs its thread until released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.subscribed: list[Connection] = []
        self.received: list[tuple[Connection, bytes]] = []
        self.listener = Listener(self.subscribed.append, self._received, lambda _c: None)

    def _received(self, connection: Connection, message: Message) -> None:
        self.received.append((connection, message.payload))
        if message.payload == b"hang":
            self.released.wait(20)

    def heard(self, connection: Connection) -> list[bytes]:
        return [payload for one, payload in self.received if one is connection]


def test_a_hung_thread_is_replaced_and_drops_what_waited_behind_it(
    broker_link, monkeypatch, make_ear
):
    server, run = broker_link
    monkeypatch.setattr(mqtt_link, "STALLED_AFTER", 1.5 * LIMIT)
    owner = Owner()
    link = run(MqttLink(server, [Subscription("thread/test")], owner.listener))
    link.start()
    (first,) = eventually(lambda: owner.subscribed)
    ear = make_ear(server, "thread")
    for payload in ("hang", "waits", "waits"):
        ear.send("test", payload)
    eventually(lambda: owner.heard(first) == [b"hang"])
    eventually(lambda: link.stalled, 3 * LIMIT, "seen to hang")
    successor = run(link.replaced())
    assert successor is not link
    second = eventually(lambda: owner.subscribed[1:])[0]
    ear.send("test", "off")
    eventually(lambda: owner.heard(second) == [b"off"])
    assert not successor.stalled

    owner.released.set()
    eventually(lambda: link.stalled and not link._thread.is_alive(), 5, "the old thread ends")
    ear.send("test", "off")
    eventually(lambda: owner.heard(second) == [b"off", b"off"])
    assert owner.heard(first) == [b"hang"]
    assert not first.live
    assert len(owner.subscribed) == 2


@pytest.fixture
def broker_link(broker):
    """The broker's address, and a way to have links ended with the test."""
    links: list[MqttLink] = []

    def run(link: MqttLink) -> MqttLink:
        links.append(link)
        return link

    yield broker_of(Mqtt(host=broker.host, port=broker.port)), run
    for link in links:
        link.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("how", ["hangs", "dies"])
def test_the_daemon_serves_an_off_through_another_connection(kitchen, monkeypatch, how):
    released, struck = threading.Event(), threading.Event()
    received = Desk._on_message

    def on_message(self, connection, message):
        if message.payload == b"strike":
            struck.set()
            if how == "dies":
                raise SystemExit("the connection's thread ends without a word")
            released.wait(20)
        received(self, connection, message)

    monkeypatch.setattr(Desk, "_on_message", on_message)
    monkeypatch.setattr(mqtt_link, "STALLED_AFTER", 1.5 * LIMIT)
    stove, ear = kitchen.stove(), kitchen.ear()

    def story() -> None:
        ear.wait("status", lambda one: one.text == "online", within=10)
        ear.until(phase="ready")
        mark = ear.mark
        ear.send("left/timer/set", "strike")
        ear.send("left/timer/set", "20m")  # waits behind it, and is lost with the connection
        assert struck.wait(5)
        ear.wait("status", lambda one: one.text == "online", since=mark, within=3 * LIMIT)
        ear.send("left/off/set")
        ear.ack("confirmed", since=mark)
        assert stove.circuit() == "open"
        released.set()
        ear.until(phase="ready", since=mark)
        never(lambda: ear.state()["timer"], 0.5, "what waited behind the hang was carried out")
        assert ear.on("status", mark)[-1].text == "online", "the last will must not stand"

    async def daemon() -> None:
        async with running(kitchen.config):
            await asyncio.to_thread(story)

    asyncio.run(daemon())


def test_the_last_will_of_an_earlier_connection_does_not_stand(kitchen):
    """After a power cut the broker notices the old connection's end late: behind `online`."""
    _, _, ear = kitchen.start()
    mark = ear.mark
    ear.send("status", "offline", retain=True)
    assert ear.wait("status", lambda one: one.text == "online", since=mark).retain
    never(lambda: len(ear.on("status", mark)) > 2, 0.3, "answers itself")
