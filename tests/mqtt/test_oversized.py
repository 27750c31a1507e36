"""Messages that are longer than any memory."""

import resource
import threading

import pytest

from gasguard.mqtt import link as links
from gasguard.mqtt.link import Listener, MqttLink
from gasguard.mqtt.server import Server, Subscription
from tests.mqtt.scripted import RefusingBroker
from tests.support.waiting import eventually

TOPIC = b"gasguard/left/off/set"
PUBLISH = b"\x30" + b"\xff\xff\xff\x7f" + len(TOPIC).to_bytes(2, "big") + TOPIC
"""The beginning of a message of 268 MB, the longest there can be."""


@pytest.fixture
def flooding():
    broker = RefusingBroker("none")
    broker.flood = PUBLISH
    yield broker
    broker.close()


def test_on_3_1_1_the_connection_is_cut_at_the_header_and_comes_back_slowly(flooding, monkeypatch):
    monkeypatch.setattr(links, "OVERSIZED_PAUSE", 1.5)
    failed, received = [], threading.Event()
    listener = Listener(
        lambda _c: None, lambda _c, _m: received.set(), lambda _c: None, failed=failed.append
    )
    server = Server("test", "127.0.0.1", flooding.port, mqtt5=False, retry=(0.0, 0.01))
    link = MqttLink(server, [Subscription("gasguard/+/off/set")], listener)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    link.start()
    try:
        eventually(lambda: failed, 5, "said that a message is too long")
        assert failed[0].startswith("a message of 268435455 bytes on gasguard/left/off/set is not")
        eventually(lambda: len(flooding.came) == 2, 5, "comes back")
        assert flooding.came[1] - flooding.came[0] > 1.4
    finally:
        link.stop()
    assert not received.is_set()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KB
