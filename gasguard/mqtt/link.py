"""One connection to a server after the other, for ever, in a thread of its own.

Each connection is a new paho client: nothing queued on a dead connection is sent on the next one.
Whoever publishes only queues into paho and never waits for it; what paho calls only hands over.
"""

import contextlib
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gasguard.luck import LUCK
from gasguard.mqtt.server import (
    QUEUE,
    Client,
    Server,
    Subscription,
    connect,
    lacks_protocol,
    new_client,
    subscribe,
)

log = logging.getLogger(__name__)

STALLED_AFTER = 90.0
"""Seconds. Looking up a name and connecting, the longest that the thread waits, take less."""
OVERSIZED_PAUSE = 30.0
"""Seconds before connecting again to a server that has sent what is too long to be taken."""
_REMEMBERED = 64
"""Messages back that a repeated one is recognised. Brokers have 20 or so on the way at a time."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that came in. `response_topic` and `correlation` are MQTT 5's."""

    topic: str
    payload: bytes
    retain: bool
    response_topic: str | None = None
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """What the owner wants to hear. Everything is called on the link's thread.

    A link that was retired or stopped says nothing any more.
    """

    subscribed: Callable[["Connection"], None]
    """Connected, and every subscription is answered; none that is vital was refused."""
    received: Callable[["Connection", Message], None]
    lost: Callable[["Connection"], None]
    refused: Callable[["Connection", str], None] = lambda _connection, _topic: None
    """A subscription that is not vital was refused: nothing will be heard on its topic."""
    failed: Callable[[str], None] | None = None
    """Why a connection could not be had or was lost; without this it is logged."""


class Connection:
    """One live connection. `publish` may be called from any thread and never waits."""

    def __init__(self, client: paho.Client, name: str) -> None:
        self._client, self._name = client, name
        self._told = False
        self.live = True
        """False once it is lost, retired or has said goodbye."""
        self.is_mqtt5 = client.protocol == paho.MQTTv5
        # paho may call on_publish before publish has returned, and holds locks of its own both
        # times: ours is never held across a call into it.
        self._lock = threading.Lock()
        self._waiting: dict[int, Callable[[], None] | None] = {}
        self._early: set[int] = set()
        self._asides: dict[int, str] = {}
        client.on_publish = self._on_publish

    @property
    def backlog(self) -> int:
        """Messages that the broker has not acknowledged yet."""
        return len(self._waiting)

    @property
    def congested(self) -> bool:
        """The broker takes less than is published: leave out what nobody waits for."""
        return self.backlog > QUEUE // 2

    def _on_publish(self, _client: paho.Client, _userdata: object, mid: int, *_: object) -> None:
        with self._lock:
            if mid not in self._waiting:
                self._early.add(mid)
                return
            acknowledged = self._waiting.pop(mid)
        if acknowledged is not None:
            acknowledged()

    def _wait_for(self, mid: int, acknowledged: Callable[[], None] | None) -> None:
        with self._lock:
            if mid not in self._early:
                self._waiting[mid] = acknowledged
                return
            self._early.discard(mid)
        if acknowledged is not None:
            acknowledged()

    def listen(self, topic: str) -> None:
        """Subscribe to something the guard can do without: a refusal is logged, and no more."""
        mid = subscribe(self._client, Subscription(topic, vital=False))
        if mid is not None:
            self._asides[mid] = topic

    def stop_listening(self, topic: str) -> None:
        """End what `listen` began."""
        self._client.unsubscribe(topic)

    def aside_answered(self, mid: int, *, refused: bool) -> None:
        """The broker's word on a subscription of `listen`."""
        topic = self._asides.pop(mid, "a topic")
        if refused:
            log.warning("%s: the broker refuses the subscription to %s", self._name, topic)

    def publish(
        self,
        topic: str,
        payload: str | bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        response_topic: str | None = None,
        correlation: bytes | None = None,
        expires: int | None = None,
        acknowledged: Callable[[], None] | None = None,
    ) -> bool:
        """Queue a message. False when the connection is gone or the queue is full.

        `expires` is in seconds (MQTT 5 only): the broker keeps it no longer for a receiver that is
        away. `acknowledged` is called from any thread: at QoS 1 once the broker has the message.
        """
        properties = None
        if self.is_mqtt5:
            properties = _properties(response_topic, correlation, expires)
        result = self._client.publish(topic, payload, qos=qos, retain=retain, properties=properties)
        if result.rc == paho.MQTT_ERR_SUCCESS:
            self._wait_for(result.mid, acknowledged)
            return True
        if not self._told and result.rc != paho.MQTT_ERR_NO_CONN:
            self._told = True
            log.warning("%s: %s not published: %s", self._name, topic, paho.error_string(result.rc))
        return False


def _properties(
    response_topic: str | None, correlation: bytes | None, expires: int | None
) -> Properties | None:
    wanted = {
        "ResponseTopic": response_topic,
        "CorrelationData": correlation,
        "MessageExpiryInterval": expires,
    }
    if not any(value is not None for value in wanted.values()):
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho
    for name, value in wanted.items():
        if value is not None:
            setattr(properties, name, value)
    return properties


class _Service:
    """What is known of one connection while it is served. paho calls its methods, on its thread."""

    def __init__(self, link: "MqttLink", client: Client) -> None:
        self._link = link
        self.client = client
        self.connection = Connection(client, link.server.name)
        self.answered = False
        """The server has said whether it takes us."""
        self._unanswered: dict[int, Subscription] = {}
        self._heard: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message

    def _on_connect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.answered = True
        if self._link.stopping:
            return
        if reason.is_failure:
            self._link.turned_away(reason)
            self.client.disconnect()
            return
        self._link.connected(mqtt5=self.connection.is_mqtt5)
        for subscription in self._link.subscriptions:
            mid = subscribe(self.client, subscription)
            if mid is not None:
                self._unanswered[mid] = subscription

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if self._link.stopping:
            return
        refused = any(reason.is_failure for reason in reasons)
        subscription = self._unanswered.get(mid)
        if subscription is None:
            self.connection.aside_answered(mid, refused=refused)
            return
        if refused and subscription.vital:
            # It stays among the unanswered: this connection is never told to be usable.
            self._link.complain("a subscription was refused: check the broker's access rules")
            self.client.disconnect()
            return
        del self._unanswered[mid]
        if refused:
            self._link.listener.refused(self.connection, subscription.topic)
        if not self._unanswered:
            self._link.listener.subscribed(self.connection)

    def _on_message(
        self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage
    ) -> None:
        if self._link.stopping:
            # What waited behind a hang is of unknown age, and another link is at work.
            return
        key = (message.mid, hash((message.topic, message.payload)))
        if message.dup and key in self._heard:
            # Some brokers repeat on a live connection what is acknowledged too late for them.
            return
        if message.qos:
            self._heard.append(key)
        self._link.listener.received(
            self.connection,
            Message(
                message.topic,
                bytes(message.payload),
                message.retain,
                getattr(message.properties, "ResponseTopic", None),
                getattr(message.properties, "CorrelationData", None),
            ),
        )


class MqttLink:
    """Keeps connecting until stopped."""

    def __init__(
        self,
        server: Server,
        subscriptions: Sequence[Subscription],
        listener: Listener,
        luck: Random = LUCK,
    ) -> None:
        self.server, self.subscriptions, self.listener = server, subscriptions, listener
        self._luck = luck
        self._protocol: MQTTProtocolVersion = paho.MQTTv5 if server.mqtt5 else paho.MQTTv311
        self._stopping = threading.Event()
        self._service: _Service | None = None
        self._thread = threading.Thread(target=self._run, name=server.name, daemon=True)
        self._complaint = ""
        self._refused_protocol = False
        self._speechless = False
        """MQTT 5 was met with silence: 3.1.1 is spoken until that connection ends."""
        self._limited = False
        """The server has sent what was too long: from then on it is told of the limit."""
        self._come_back_after = 0.0
        """Seconds, where the way that the connection ended asks for a longer pause."""
        self._retired = False
        self._seen = time.monotonic()

    @property
    def stopping(self) -> bool:
        """It was told to end, or to let another one work in its place."""
        return self._stopping.is_set()

    @property
    def stalled(self) -> bool:
        """The thread has died, or has not come round for longer than anything takes."""
        return not self._thread.is_alive() or time.monotonic() - self._seen > STALLED_AFTER

    @property
    def connection(self) -> Connection | None:
        """The present connection, or the last one, if there was any."""
        return self._service.connection if self._service is not None else None

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def replaced(self) -> "MqttLink":
        """Another one at work in the place of this one, whose thread hangs or has died."""
        self.retire()
        successor = MqttLink(self.server, self.subscriptions, self.listener, self._luck)
        successor.start()
        return successor

    def retire(self) -> None:
        """Let go of a thread that hangs: should it wake, it finds its connection closed."""
        self._retired = True
        self._stopping.set()
        if self._service is None:
            return
        self._service.connection.live = False
        connected = self._service.client.socket()
        if isinstance(connected, socket.socket):
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def stop(self, within: float = 2.0) -> None:
        """Disconnect; waits for the thread, at most `within` seconds. Blocks: not for the loop."""
        self._stopping.set()
        if self._service is not None:
            self._service.client.disconnect()
        self._thread.join(within)
        if self._thread.is_alive():
            self.retire()

    # --- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self.stopping:
            self._seen = time.monotonic()
            self._come_back_after = 0.0
            try:
                self._connect_and_serve()
            except OSError as error:
                self.complain(f"cannot connect: {error.strerror or error}")
            except Exception:
                # Whatever paho or a callback raises, the next connection starts afresh.
                log.exception("%s: connection failed; connecting again", self.server.name)
            if self._refused_protocol:
                self._refused_protocol = False
                continue
            self._stopping.wait(self._come_back_after or self._luck.uniform(*self.server.retry))

    def _connect_and_serve(self) -> None:
        client = new_client(self.server, self._protocol)
        service = self._service = _Service(self, client)
        try:
            connect(client, self.server, limited=self._limited)
            # Retired meanwhile, it must not log in: it would push its successor out, and die with
            # the last will that the successor has too.
            while not self._retired and client.loop(1.0) == paho.MQTT_ERR_SUCCESS:
                self._seen = time.monotonic()
            self._ended(service)
        finally:
            service.connection.live = False
            self.listener.lost(service.connection)

    def _ended(self, service: _Service) -> None:
        """A connection is over: why, and what to try next."""
        if service.client.oversized:
            helped = self._protocol == paho.MQTTv5 and not self._limited
            self._limited = True
            self._come_back_after = 0.01 if helped else OVERSIZED_PAUSE
            self.complain(f"{service.client.oversized} is not taken; if it is retained, remove it")
        elif self.stopping or self._complaint or self._refused_protocol:
            return
        elif self.server.mqtt5 and not service.answered:
            # RabbitMQ before 4, and amqtt, have no word for what they do not speak.
            self._speechless = self._other_protocol()
            if not self._speechless:
                self.complain("connection lost")
        else:
            self.complain("connection lost")
            if self._speechless:
                # It may as well have been a server that was just being stopped.
                self._protocol, self._speechless = paho.MQTTv5, False

    def connected(self, *, mqtt5: bool) -> None:
        """The server has let us in."""
        self._complaint = ""
        log.info("%s: connected, protocol %s", self.server.name, "5" if mqtt5 else "3.1.1")

    def turned_away(self, reason: ReasonCode) -> None:
        """The server has not let us in. It may take another protocol."""
        if lacks_protocol(reason) and self.server.mqtt5:
            was_5 = self._other_protocol()
            if was_5 or self.listener.failed is None:
                return
        self.complain(f"refused the connection: {reason}; check {self.server.login}")

    def _other_protocol(self) -> bool:
        """Use the other version from now on; whether it was MQTT 5, and the next try is due."""
        was_5 = self._protocol == paho.MQTTv5
        self._protocol = paho.MQTTv311 if was_5 else paho.MQTTv5
        self._refused_protocol = was_5
        lacks = "5, using 3.1.1" if was_5 else "3.1.1"
        log.info("%s: broker has no MQTT %s", self.server.name, lacks)
        return was_5

    def complain(self, text: str) -> None:
        """Say what is wrong; again only once something has changed."""
        if self.stopping:
            return
        if self.listener.failed is not None:
            self._complaint = text
            self.listener.failed(text)
            return
        level = logging.DEBUG if text == self._complaint else logging.WARNING
        self._complaint = text
        server = self.server
        log.log(
            level, "%s: broker %s: %s; trying again for ever", server.name, server.address, text
        )


def probe(server: Server, topics: list[str], within: float = 5.0) -> str | None:
    """Connect once and disconnect; None when the server takes us, else what is wrong. Blocks."""
    came = threading.Event()
    problems: list[str] = []

    def failed(text: str) -> None:
        problems.append(text)
        came.set()

    listener = Listener(lambda _c: came.set(), lambda _c, _m: None, lambda _c: None, failed=failed)
    subscriptions = [Subscription(topic) for topic in topics]
    link = MqttLink(replace(server, will_topic=None), subscriptions, listener)
    link.start()
    answered = came.wait(within)
    link.stop()
    if problems:
        return problems[0]
    return None if answered else "does not answer"
