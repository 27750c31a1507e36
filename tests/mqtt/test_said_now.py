"""Whether a flagged message was kept or is said now, as brokers that number little let one tell."""

from collections.abc import Iterator

import pytest

from gasguard.mqtt.link import Connection, Listener, Message, MqttLink
from gasguard.mqtt.server import AS_PUBLISHED, OWN_WORD, Server, Subscription
from tests.mqtt.scripted5 import NO_IDENTIFIERS, SUCCESS, Broker5
from tests.support.waiting import eventually

OFF, STATUS = "base/left/off/set", "base/status"


class Ear:
    """A link that notes what it hears."""

    def __init__(self, broker: Broker5) -> None:
        self.connections: list[Connection] = []
        self.messages: list[Message] = []
        listener = Listener(
            self.connections.append,
            lambda _connection, message: self.messages.append(message),
            lambda _connection: None,
        )
        wanted = [
            Subscription(OFF, as_published=True),
            Subscription(STATUS, vital=False, own=True),
        ]
        self.link = MqttLink(Server("test", "127.0.0.1", broker.port), wanted, listener)
        self.link.start()
        eventually(lambda: self.connections, 5, "connected")

    def next(self) -> Message:
        """The next message that is heard."""
        eventually(lambda: self.messages)
        return self.messages.pop(0)


@pytest.fixture
def broker() -> Iterator[Broker5]:
    broker = Broker5()
    yield broker
    broker.close()


@pytest.fixture
def ear(broker: Broker5) -> Iterator[Ear]:
    ear = Ear(broker)
    yield ear
    ear.link.stop()


def test_what_is_said_now_carries_the_number_and_what_was_kept_does_not(broker, ear):
    assert broker.identifiers == {OFF: AS_PUBLISHED, STATUS: OWN_WORD}
    broker.deliver(STATUS, b"online", retain=False, identifier=OWN_WORD)
    assert ear.next().topic == STATUS
    broker.deliver(OFF, b"kept", retain=True)
    assert ear.next().retain
    broker.deliver(OFF, b"now", retain=True, identifier=AS_PUBLISHED)
    now = ear.next()
    assert (now.retain, now.to_be_kept) == (False, True)


@pytest.mark.parametrize("kept", [False, True])
def test_a_broker_that_numbers_nothing_though_it_said_so_is_known_by_ones_own_word(
    broker, ear, kept
):
    broker.deliver(STATUS, b"online", retain=kept)
    assert ear.next().topic == STATUS
    broker.deliver(OFF, b"now", retain=True)
    now = ear.next()
    assert (now.retain, now.to_be_kept) == (False, True)


def test_a_broker_that_says_that_it_numbers_nothing_is_asked_for_no_numbers(broker, request):
    broker.lets_in = lambda _: (SUCCESS, NO_IDENTIFIERS)
    ear = request.getfixturevalue("ear")
    assert broker.identifiers == {}
    broker.deliver(OFF, b"now", retain=True)
    assert not ear.next().retain
