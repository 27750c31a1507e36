"""Several hosts: tried in turn, and from the first again once a connection is lost."""

import logging
from collections.abc import Iterator

import pytest

from gasguard.mqtt.link import Connection, Listener, MqttLink
from gasguard.mqtt.server import Server, Subscription
from tests.mqtt.scripted5 import NOT_AUTHORIZED, Broker5
from tests.support.waiting import eventually

HOSTS = ("127.0.0.31", "127.0.0.32", "127.0.0.33")


@pytest.fixture
def brokers() -> Iterator[list[Broker5]]:
    """Three on one port, at three addresses."""
    first = Broker5(HOSTS[0])
    found = [first, *(Broker5(host, first.port) for host in HOSTS[1:])]
    yield found
    for broker in found:
        broker.close()


class Owner:
    def __init__(self, port: int, pause: float = 0.01) -> None:
        self.connections: list[Connection] = []
        listener = Listener(
            self.connections.append, lambda _connection, _message: None, lambda _connection: None
        )
        server = Server(
            "test", HOSTS[0], port, others=HOSTS[1:], retry=(pause, pause), mqtt311=False
        )
        self.link = MqttLink(server, [Subscription("t")], listener)
        self.link.start()

    def at(self, times: int) -> str:
        """Where the connection with this number is."""
        eventually(lambda: len(self.connections) >= times, 5)
        return self.connections[times - 1].address.partition(":")[0]


def test_the_first_that_lives_and_the_first_again(brokers, caplog):
    caplog.set_level(logging.INFO)
    port = brokers[0].port
    brokers[0].close()
    # The pause is for when all have been tried: nobody waits for it here.
    owner = Owner(port, pause=30.0)
    try:
        assert owner.at(1) == HOSTS[1]
        said = [one.getMessage() for one in caplog.records]
        assert any(f"{HOSTS[0]}:{port}: cannot connect" in text for text in said)
        assert any(f"connected, protocol 5, broker {HOSTS[1]}:{port}" in text for text in said)
    finally:
        owner.link.stop()


def test_a_lost_connection_begins_with_the_first_again(brokers):
    port = brokers[0].port
    brokers[0].close()
    owner = Owner(port)
    try:
        assert owner.at(1) == HOSTS[1]
        back = Broker5(HOSTS[0], port)
        brokers[1].close()
        assert owner.at(2) == HOSTS[0]
        back.close()
        assert owner.at(3) == HOSTS[2]
    finally:
        owner.link.stop()


@pytest.mark.parametrize("how", ["login", "subscription"])
def test_one_that_is_there_but_of_no_use_is_passed_over(brokers, how):
    if how == "login":
        brokers[0].lets_in = lambda _: (NOT_AUTHORIZED, b"")
    else:
        brokers[0].refuses_topics = {"t": NOT_AUTHORIZED}
    owner = Owner(brokers[0].port, pause=30.0)
    try:
        assert owner.at(1) == HOSTS[1]
    finally:
        owner.link.stop()


def test_each_is_spoken_to_on_its_own_terms(brokers):
    brokers[0].close()
    brokers[1].lets_in = lambda asked: (0x9A if asked.will_retain else 0, b"\x25\x00")
    owner = Owner(brokers[1].port)
    try:
        assert owner.at(1) == HOSTS[1]
        owner.connections[0].publish("t", "x", retain=True)
        eventually(lambda: [one.retain for one in brokers[1].published] == [False])
        brokers[1].close()
        assert owner.at(2) == HOSTS[2]
        owner.connections[1].publish("t", "x", retain=True)
        eventually(lambda: [one.retain for one in brokers[2].published] == [True])
    finally:
        owner.link.stop()
