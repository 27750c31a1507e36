"""Brokers that take less than is asked of them: the connection is made on their terms, and told."""

import logging
from collections.abc import Iterator

import pytest

from gasguard.mqtt import link as links
from gasguard.mqtt.link import Connection, Listener, MqttLink
from gasguard.mqtt.server import Server, Subscription
from tests.mqtt.scripted5 import (
    MAXIMUM_QOS_0,
    NO_RETAIN_AVAILABLE,
    NOT_AUTHORIZED,
    SUCCESS,
    Broker5,
    Connect,
)
from tests.support.waiting import eventually, never

RETAIN_NOT_SUPPORTED, QOS_NOT_SUPPORTED, TOPIC_NAME_INVALID = 0x9A, 0x9B, 0x90
TAKEN_OVER, UNSPECIFIED = 0x8E, 0x80


class Owner:
    """Runs one link and notes what it says."""

    def __init__(self, broker: Broker5, **more: object) -> None:
        self.connections: list[Connection] = []
        self.unpublished: list[tuple[str, str]] = []
        self.refused: list[str] = []
        listener = Listener(
            self.connections.append,
            lambda _connection, _message: None,
            lambda _connection: None,
            refused=lambda _connection, topic: self.refused.append(topic),
            unpublished=lambda _connection, topic, why: self.unpublished.append((topic, why)),
        )
        settings = {"will_topic": "base/status", "retry": (0.01, 0.02), **more}
        server = Server("test", "127.0.0.1", broker.port, **settings)  # type: ignore[arg-type]
        wanted = [Subscription("base/+/off/set"), Subscription("base/status", vital=False)]
        self.link = MqttLink(server, wanted, listener)
        self.link.start()

    def connected(self, times: int = 1) -> Connection:
        """Wait until it was so often."""
        eventually(lambda: len(self.connections) >= times, 5, f"connected {times} times")
        return self.connections[-1]


@pytest.fixture
def broker() -> Iterator[Broker5]:
    broker = Broker5()
    yield broker
    broker.close()


@pytest.fixture
def owner(broker: Broker5) -> Iterator[Owner]:
    """Begins to connect when it is first asked for."""
    owner = Owner(broker)
    yield owner
    owner.link.stop()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


def test_without_retain_where_the_connect_is_refused_for_it(broker, caplog, request):
    broker.lets_in = lambda asked: (RETAIN_NOT_SUPPORTED if asked.will_retain else SUCCESS, b"")
    connection = request.getfixturevalue("owner").connected()
    assert [asked.will_retain for asked in broker.connects] == [True, False]
    assert broker.connects[-1].will == "base/status"
    connection.publish("base/left/state", "{}", retain=True)
    (message,) = eventually(lambda: broker.published)
    assert (message.retain, message.qos) == (False, 1)
    (said,) = warnings(caplog)
    assert "keeps no messages" in said


def test_at_qos_0_where_the_connect_is_refused_for_qos_1(broker, caplog, request):
    broker.lets_in = lambda asked: (QOS_NOT_SUPPORTED if asked.will_qos else SUCCESS, b"")
    owner = request.getfixturevalue("owner")
    connection = owner.connected()
    acknowledged: list[bool] = []
    connection.publish("base/left/ack", "{}", acknowledged=lambda: acknowledged.append(True))
    (message,) = eventually(lambda: broker.published)
    assert message.qos == 0
    never(lambda: acknowledged, 0.2, "taken for acknowledged")
    assert connection.backlog == 0
    (said,) = warnings(caplog)
    assert "QoS 0 only" in said
    broker.hang_up()
    owner.connected(2)
    assert len([said for said in warnings(caplog) if "QoS 0 only" in said]) == 1


@pytest.mark.parametrize("reason", [TOPIC_NAME_INVALID, UNSPECIFIED, NOT_AUTHORIZED])
def test_without_a_will_where_it_is_refused(broker, caplog, request, reason):
    broker.lets_in = lambda asked: (reason if asked.will else SUCCESS, b"")
    owner = request.getfixturevalue("owner")
    owner.connected()
    assert [asked.will for asked in broker.connects] == ["base/status", None]
    (said,) = warnings(caplog)
    assert "no last will" in said
    # Whoever is in charge may have mended it: it is asked for again, and told no second time.
    broker.hang_up()
    owner.connected(2)
    assert len([said for said in warnings(caplog) if "no last will" in said]) == 1
    broker.lets_in = lambda _: (SUCCESS, b"")
    broker.hang_up()
    owner.connected(3)
    assert broker.connects[-1].will == "base/status"


def test_without_a_will_on_3_1_1_too(broker, caplog):
    broker.lets_in = lambda asked: (5 if asked.will else SUCCESS, b"")
    owner = Owner(broker, mqtt5=False)
    try:
        owner.connected()
        assert [asked.will for asked in broker.connects] == ["base/status", None]
        assert "no last will" in warnings(caplog)[0]
    finally:
        owner.link.stop()


def test_a_wrong_login_is_still_one_and_the_will_is_kept(broker, caplog, request):
    broker.lets_in = lambda asked: (NOT_AUTHORIZED, b"")
    owner = request.getfixturevalue("owner")
    eventually(lambda: len(broker.connects) >= 5)
    (said,) = warnings(caplog)
    assert "check mqtt.username and password" in said
    assert not owner.connections
    broker.lets_in = lambda asked: (SUCCESS if asked.will else NOT_AUTHORIZED, b"")
    owner.connected()
    assert len(warnings(caplog)) == 1


def test_what_the_server_says_it_lacks_is_not_used(broker, caplog, request):
    broker.lets_in = lambda _: (SUCCESS, NO_RETAIN_AVAILABLE + MAXIMUM_QOS_0)
    owner = request.getfixturevalue("owner")
    owner.connected().publish("base/left/state", "{}", retain=True)
    (message,) = eventually(lambda: broker.published)
    assert (message.retain, message.qos) == (False, 0)
    assert len(warnings(caplog)) == 2
    broker.hang_up()
    owner.connected(2)
    assert not [said for said in warnings(caplog)[2:] if "connection lost" not in said]
    assert (broker.connects[-1].will_retain, broker.connects[-1].will_qos) == (False, 0)


def test_a_server_that_ends_the_connection_over_retain_is_come_back_to_without(
    broker, caplog, request
):
    broker.ends_over = lambda message: RETAIN_NOT_SUPPORTED if message.retain else 0
    owner = request.getfixturevalue("owner")
    owner.connected().publish("base/left/state", "{}", retain=True)
    owner.connected(2).publish("base/left/state", "{}", retain=True)
    eventually(lambda: [one.retain for one in broker.published] == [True, False])
    never(lambda: len(owner.connections) > 2, 0.3, "the connection ended again")


def test_a_refused_message_is_told_once_a_topic_and_again_when_it_is_taken(broker, caplog, request):
    broker.refuses_messages = {"base/left/state": NOT_AUTHORIZED, "theirs": NOT_AUTHORIZED}
    owner = request.getfixturevalue("owner")
    connection = owner.connected()
    for topic in ("base/left/state", "base/left/state", "base/left/ack"):
        connection.publish(topic, "{}")
    connection.publish("theirs", "{}", correlation=b"")  # who asked chose the topic
    eventually(lambda: len(owner.unpublished) == 2 and not connection.backlog)
    assert {topic for topic, _ in owner.unpublished} == {"base/left/state"}
    (said,) = warnings(caplog)
    assert "base/left/state" in said
    assert "Not authorized" in said
    broker.refuses_messages = {}
    connection.publish("base/left/state", "{}")
    eventually(lambda: owner.unpublished[-1] == ("base/left/state", ""))


def test_a_refused_vital_subscription_is_named_and_another_one_is_done_without(
    broker, caplog, request
):
    broker.refuses_topics = {"base/status": NOT_AUTHORIZED, "base/+/off/set": 0x80}
    owner = request.getfixturevalue("owner")
    said = eventually(lambda: warnings(caplog))
    assert "base/+/off/set is refused" in said[0]
    assert "base/+/off/set" in owner.link.trouble
    assert not owner.connections
    broker.refuses_topics = {"base/status": NOT_AUTHORIZED}
    owner.connected()
    assert set(owner.refused) == {"base/status"}
    assert len([said for said in warnings(caplog) if "base/+/off/set is refused" in said]) == 1
    assert len([said for said in warnings(caplog) if "subscription to base/status" in said]) == 1
    assert owner.link.trouble == ""


# --- client ids -----------------------------------------------------------------------------------


def test_a_client_id_is_never_empty(broker, request):
    request.getfixturevalue("owner").connected()
    assert all(asked.client_id for asked in broker.connects)


def _owner_called(broker: Broker5, name: str, **more: object) -> Owner:
    from pydantic import SecretStr

    return Owner(broker, client_id=SecretStr(name), **more)


def test_a_second_client_with_ones_own_id_is_told_of(broker, caplog):
    owner = _owner_called(broker, "kitchen")
    try:
        owner.connected()
        broker.send_away(TAKEN_OVER)
        owner.connected(2)
        assert "client id kitchen" in owner.link.trouble
        broker.send_away(TAKEN_OVER)
        owner.connected(3)
        (said,) = warnings(caplog)
        assert "client id kitchen" in said
        assert "mqtt.client_id" in said
        assert {asked.client_id for asked in broker.connects} == {"kitchen"}
    finally:
        owner.link.stop()


def test_an_id_that_nobody_chose_is_given_up_so_that_both_are_heard(broker, caplog):
    owner = _owner_called(broker, "site", gives_way=True, retry=(60.0, 60.0))
    try:
        owner.connected()
        broker.send_away(TAKEN_OVER)
        owner.connected(2)
        first, *_, last = broker.connects
        assert first.client_id == "site" != last.client_id
        assert "another id" in warnings(caplog)[0]
    finally:
        owner.link.stop()


def test_connections_that_are_lost_at_once_hint_at_a_second_client(broker, caplog):
    """A broker of 3.1.1 has no word for it."""
    owner = _owner_called(broker, "kitchen", mqtt5=False)
    try:
        for times in range(1, 4):
            owner.connected(times)
            broker.hang_up()
        eventually(lambda: any("client id kitchen" in said for said in warnings(caplog)))
    finally:
        owner.link.stop()


# --- protocols ------------------------------------------------------------------------------------


def speaks_only(level: int, *, silent: bool = False):
    refusal = None if silent else (0x84 if level == 4 else 1, b"")

    def answer(asked: Connect) -> tuple[int, bytes] | None:
        return (SUCCESS, b"") if asked.level == level else refusal

    return answer


@pytest.mark.parametrize("mqtt5, mqtt311, level", [(True, False, 5), (False, True, 4)])
def test_one_protocol_only(broker, mqtt5, mqtt311, level):
    owner = Owner(broker, mqtt5=mqtt5, mqtt311=mqtt311)
    try:
        assert owner.connected().is_mqtt5 == mqtt5
        assert [asked.level for asked in broker.connects] == [level]
    finally:
        owner.link.stop()


@pytest.mark.parametrize("silent", [False, True])
def test_the_only_protocol_is_never_left_and_its_lack_is_told(broker, caplog, monkeypatch, silent):
    monkeypatch.setattr(links, "ANSWER_WITHIN", 0.2)
    broker.lets_in = speaks_only(4, silent=silent)
    owner = Owner(broker, mqtt311=False)
    try:
        eventually(lambda: len(broker.connects) > 2, 8)
        assert {asked.level for asked in broker.connects} == {5}
        (said,) = warnings(caplog)
        assert "MQTT 5" in said
    finally:
        owner.link.stop()


def test_silence_on_mqtt_5_is_met_with_3_1_1(broker, monkeypatch):
    monkeypatch.setattr(links, "SPEECHLESS_AFTER", 0.2)
    broker.lets_in = speaks_only(4, silent=True)
    owner = Owner(broker)
    try:
        assert not owner.connected().is_mqtt5
    finally:
        owner.link.stop()


def test_a_broker_that_once_took_mqtt_5_and_is_frozen_is_not_asked_in_3_1_1(broker, monkeypatch):
    monkeypatch.setattr(links, "SPEECHLESS_AFTER", 0.2)
    owner = Owner(broker)
    try:
        owner.connected()
        broker.lets_in = lambda _: None
        broker.hang_up()
        eventually(lambda: len(broker.connects) == 2)
        never(lambda: len(broker.connects) > 2, 1.5, "given up on")
        assert {asked.level for asked in broker.connects} == {5}
    finally:
        owner.link.stop()


def test_an_earlier_complaint_does_not_keep_3_1_1_from_being_tried(broker):
    """RabbitMQ before 4 that was not up yet at the first try."""
    port = broker.port
    broker.close()
    owner = Owner(broker)
    try:
        eventually(lambda: owner.link.trouble)
        later = Broker5(port=port)
        later.lets_in = speaks_only(4)
        assert not owner.connected().is_mqtt5
        later.close()
    finally:
        owner.link.stop()
