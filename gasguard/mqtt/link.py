"""One connection to the broker after the other, for ever, in a thread of its own.

Each connection is a new paho client: nothing queued on a dead connection is sent on the next one.
The event loop only ever queues into paho and never waits for it; paho's callbacks only hand over.
"""

import contextlib
import logging
import random
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions
from pydantic import SecretStr

from gasguard.config.broker import Mqtt, Tls

log = logging.getLogger(__name__)

KEEPALIVE = 12
"""Seconds. A frozen broker is noticed after about twice that (measured with paho 2)."""
RETRY_MIN, RETRY_MAX = 1.0, 10.0
"""Bounds in seconds of the wait before connecting again, drawn at random in between."""
STALLED_AFTER = 90.0
"""Seconds. Looking up a name and connecting, the longest that the thread waits, take less."""
_CONNECT_WITHIN = 5.0
_UNSUPPORTED_PROTOCOL = (132, 1)  # CONNACK reason of MQTT 5, return code of 3.1.1
_QUEUE = 1000
_REMEMBERED = 64
"""Messages back that a repeated one is recognised. Brokers have 20 or so on the way at a time."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a link connects to, and as whom."""

    name: str
    """What log lines begin with."""
    host: str
    port: int
    tls: Tls | None = None
    username: str | None = None
    password: SecretStr | None = None
    client_id: SecretStr | None = None
    """None: a new one at each connection."""
    will_topic: str | None = None
    """Where the server says `offline`, retained, when the connection is lost."""
    mqtt5: bool = True
    """Try MQTT 5 first; else 3.1.1 only."""
    keepalive: int = KEEPALIVE
    login: str = "mqtt.username and password"
    """What to check when the server refuses."""
    retry: tuple[float, float] = (RETRY_MIN, RETRY_MAX)
    """Bounds in seconds of the wait before connecting again."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic that is listened to otherwise than at QoS 1 with what the server keeps."""

    topic: str
    retained: bool = True
    """Whether to be sent what the server keeps (MQTT 3.1.1 sends it anyway, flagged)."""
    qos: int = 1


def broker(settings: Mqtt) -> Server:
    """The user's own broker."""
    return Server(
        "mqtt",
        settings.host,
        settings.port,
        settings.tls,
        settings.username,
        settings.password,
        will_topic=f"{settings.base_topic}/status",
    )


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
    """Connected, and every subscription is acknowledged."""
    received: Callable[["Connection", Message], None]
    lost: Callable[["Connection"], None]


class Connection:
    """One live connection. `publish` may be called from any thread and never waits."""

    def __init__(self, client: paho.Client, protocol: int, name: str) -> None:
        self._client, self._name = client, name
        self._told = False
        self.live = True
        """False once it is lost, retired or has said goodbye."""
        self._asides: dict[int, str] = {}
        self.is_mqtt5 = protocol == paho.MQTTv5
        # paho may call on_publish before publish has returned, and holds locks of its own both
        # times: ours is never held across a call into it.
        self._lock = threading.Lock()
        self._waiting: dict[int, Callable[[], None] | None] = {}
        self._early: set[int] = set()
        client.on_publish = self._on_publish

    @property
    def backlog(self) -> int:
        """Messages that the broker has not acknowledged yet."""
        return len(self._waiting)

    @property
    def congested(self) -> bool:
        """The broker takes less than is published: leave out what nobody waits for."""
        return self.backlog > _QUEUE // 2

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
        _, mid = _subscribe(self._client, topic, mqtt5=self.is_mqtt5)
        if mid is not None:
            self._asides[mid] = topic

    def stop_listening(self, topic: str) -> None:
        """End what `listen` began."""
        self._client.unsubscribe(topic)

    def aside_answered(self, mid: int, *, refused: bool) -> None:
        """The broker's word on a subscription of `listen`."""
        topic = self._asides.pop(mid, "a topic")
        if refused:
            log.warning("mqtt: the broker refuses the subscription to %s", topic)

    def publish(
        self,
        topic: str,
        payload: str | bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        correlation: bytes | None = None,
        expires: int | None = None,
        acknowledged: Callable[[], None] | None = None,
    ) -> bool:
        """Queue a message. False when the connection is gone or the queue is full.

        `expires` is in seconds (MQTT 5 only): the broker keeps it no longer for a receiver that is
        away. `acknowledged` is called from any thread: at QoS 1 once the broker has the message.
        """
        properties = None
        if self.is_mqtt5 and (correlation is not None or expires is not None):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho
            if correlation is not None:
                properties.CorrelationData = correlation
            if expires is not None:
                properties.MessageExpiryInterval = expires
        result = self._client.publish(topic, payload, qos=qos, retain=retain, properties=properties)
        if result.rc == paho.MQTT_ERR_SUCCESS:
            self._wait_for(result.mid, acknowledged)
            return True
        if not self._told and result.rc != paho.MQTT_ERR_NO_CONN:
            self._told = True
            log.warning("%s: %s not published: %s", self._name, topic, paho.error_string(result.rc))
        return False


class MqttLink:
    """Keeps connecting until stopped."""

    def __init__(
        self, server: Server, topics: Sequence[str | Subscription], listener: Listener
    ) -> None:
        self._server, self._topics, self._listener = server, topics, listener
        self._protocol: MQTTProtocolVersion = paho.MQTTv5 if server.mqtt5 else paho.MQTTv311
        self._stopping = threading.Event()
        self._client: paho.Client | None = None
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name=server.name, daemon=True)
        self._complaint = ""
        self._refused_protocol = False
        self._retired = False
        self._seen = time.monotonic()

    @property
    def stalled(self) -> bool:
        """The thread has died, or has not come round for longer than anything takes."""
        return not self._thread.is_alive() or time.monotonic() - self._seen > STALLED_AFTER

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def alive(self) -> "MqttLink":
        """This link; or, where its thread hangs or died, another that takes its place."""
        if not self.stalled:
            return self
        name = self._server.name
        log.error("%s: the connection's thread hangs or died; starting another", name)
        self.retire()
        successor = MqttLink(self._server, self._topics, self._listener)
        successor.start()
        return successor

    def retire(self) -> None:
        """Let go of a thread that hangs: should it wake, it finds its connection closed."""
        self._retired = True
        self._stopping.set()
        if self._connection is not None:
            self._connection.live = False
        connected = self._client.socket() if self._client is not None else None
        if isinstance(connected, socket.socket):
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def stop(self, within: float = 2.0) -> None:
        """Disconnect; waits for the thread, at most `within` seconds. Blocks: not for the loop."""
        self._stopping.set()
        if self._client is not None:
            self._client.disconnect()
        self._thread.join(within)
        if self._thread.is_alive():
            self.retire()

    # --- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._seen = time.monotonic()
            try:
                self._connect_and_serve()
            except OSError as error:
                self._complain(f"cannot connect: {error.strerror or error}")
            except Exception:
                # Whatever paho or a callback raises, the next connection starts afresh.
                log.exception("%s: connection failed; connecting again", self._server.name)
            if self._refused_protocol:
                self._refused_protocol = False
                continue
            self._stopping.wait(random.uniform(*self._server.retry))  # noqa: S311 - only spreads

    def _complain(self, text: str) -> None:
        server = self._server
        level = logging.DEBUG if text == self._complaint else logging.WARNING
        self._complaint = text
        place = f"{server.host}:{server.port}"
        log.log(level, "%s: broker %s: %s; trying again for ever", server.name, place, text)

    def _connect_and_serve(self) -> None:
        client = self._new_client()
        connection = Connection(client, self._protocol, self._server.name)
        wanted: set[int] = set()
        heard: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)

        def on_connect(
            _client: paho.Client,
            _userdata: object,
            _flags: paho.ConnectFlags,
            reason: ReasonCode,
            _properties: Properties | None,
        ) -> None:
            if reason.is_failure:
                self._refused(reason)
                client.disconnect()
                return
            self._complaint = ""
            version = "5" if connection.is_mqtt5 else "3.1.1"
            log.info("%s: connected, protocol %s", self._server.name, version)
            for topic in self._topics:
                _, mid = _subscribe(client, topic, mqtt5=connection.is_mqtt5)
                if mid is not None:
                    wanted.add(mid)

        def on_subscribe(
            _client: paho.Client,
            _userdata: object,
            mid: int,
            reasons: list[ReasonCode],
            _properties: Properties | None,
        ) -> None:
            refused = any(reason.is_failure for reason in reasons)
            if mid not in wanted:
                connection.aside_answered(mid, refused=refused)
                return
            if refused:
                self._complain("a subscription was refused: check the broker's access rules")
                client.disconnect()
                return
            wanted.discard(mid)
            if not wanted and not self._stopping.is_set():
                self._listener.subscribed(connection)

        def on_message(_client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
            if self._stopping.is_set():
                # What waited behind a hang is of unknown age, and another link is at work.
                return
            key = (message.mid, hash((message.topic, message.payload)))
            if message.dup and key in heard:
                # Some brokers repeat on a live connection what is acknowledged too late for them.
                return
            if message.qos:
                heard.append(key)
            properties = message.properties
            self._listener.received(
                connection,
                Message(
                    message.topic,
                    bytes(message.payload),
                    message.retain,
                    getattr(properties, "ResponseTopic", None),
                    getattr(properties, "CorrelationData", None),
                ),
            )

        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_message = on_message
        self._client, self._connection = client, connection
        try:
            client.connect(self._server.host, self._server.port, self._server.keepalive)
            while client.loop(1.0) == paho.MQTT_ERR_SUCCESS and not self._retired:
                self._seen = time.monotonic()
            if not (self._stopping.is_set() or self._complaint or self._refused_protocol):
                self._complain("connection lost")
        finally:
            connection.live = False
            self._listener.lost(connection)

    def _refused(self, reason: ReasonCode) -> None:
        about_protocol = reason.value in _UNSUPPORTED_PROTOCOL or "protocol" in str(reason).lower()
        if about_protocol and self._server.mqtt5:
            was_5 = self._protocol == paho.MQTTv5
            self._protocol = paho.MQTTv311 if was_5 else paho.MQTTv5
            self._refused_protocol = was_5
            lacks = "5, using 3.1.1" if was_5 else "3.1.1"
            log.info("%s: broker has no MQTT %s", self._server.name, lacks)
        else:
            self._complain(f"refused the connection: {reason}; check {self._server.login}")

    def _new_client(self) -> paho.Client:
        server = self._server
        # A new client starts clean, with a session that ends with the connection: a command sent
        # while the daemon was away must not arrive later.
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=server.client_id.get_secret_value() if server.client_id else "",
            protocol=self._protocol,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_WITHIN
        client.max_queued_messages_set(_QUEUE)
        if server.will_topic is not None:
            client.will_set(server.will_topic, "offline", qos=1, retain=True)
        # With this callback set, publishing from another thread only queues and wakes this one.
        client.on_socket_register_write = lambda _client, _userdata, _socket: None
        client.on_socket_open = _no_delay
        if server.username is not None:
            secret = server.password.get_secret_value() if server.password else None
            client.username_pw_set(server.username, secret)
        if server.tls is not None:
            tls = server.tls
            ca, cert, key = (str(path) if path else None for path in (tls.ca, tls.cert, tls.key))
            client.tls_set(ca, cert, key)
            client.tls_insecure_set(tls.insecure)
        return client


def _subscribe(
    client: paho.Client, topic: str | Subscription, *, mqtt5: bool
) -> tuple[MQTTErrorCode, int | None]:
    wanted = Subscription(topic) if isinstance(topic, str) else topic
    if not mqtt5:
        return client.subscribe(wanted.topic, qos=wanted.qos)
    # Retained commands are asked for so that they can be answered and cleared; noLocal keeps the
    # clearing from coming back as a command.
    options = SubscribeOptions(
        qos=wanted.qos,
        noLocal=True,
        retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
        if wanted.retained
        else SubscribeOptions.RETAIN_DO_NOT_SEND,
    )
    return client.subscribe(wanted.topic, options=options)


def probe(server: Server, topics: list[str], within: float = 5.0) -> str | None:
    """Connect once and disconnect; None when the server takes us, else what is wrong. Blocks."""
    came = threading.Event()
    problems: list[str] = []

    class Probe(MqttLink):
        def _complain(self, text: str) -> None:
            problems.append(text)
            came.set()

    listener = Listener(lambda _c: came.set(), lambda _c, _m: None, lambda _c: None)
    link = Probe(replace(server, will_topic=None), topics, listener)
    link.start()
    answered = came.wait(within)
    link.stop()
    if problems:
        return problems[0]
    return None if answered else "does not answer"


def reach(server: Server, within: float = 5.0) -> str | None:
    """Connect as far as TLS goes, without a login; None when that works, else why not. Blocks."""
    try:
        with socket.create_connection((server.host, server.port), within) as plain:
            if server.tls is not None:
                ca = str(server.tls.ca) if server.tls.ca else None
                context = ssl.create_default_context(cafile=ca)
                if server.tls.insecure:
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.wrap_socket(plain, server_hostname=server.host).close()
    except OSError as error:
        return f"cannot connect: {error.strerror or error}"
    return None


def _no_delay(_client: paho.Client, _userdata: object, sock: object) -> None:
    """Without this a QoS 1 hop takes 43 ms: Nagle's algorithm against delayed acknowledgements."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
