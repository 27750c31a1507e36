"""A server as clients see it: address, login, TLS. Here alone a paho client is made."""

import hashlib
import secrets
import socket
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions
from pydantic import SecretStr

from gasguard.mqtt.terms import Terms
from gasguard.mqtt.topics import Topics

KEEPALIVE = 12
"""Seconds. A frozen broker is noticed after about twice that (measured with paho 2)."""
RETRY_MIN, RETRY_MAX = 1.0, 10.0
"""Bounds in seconds of the wait before connecting again, drawn at random in between."""
LONGEST_PACKET = 256 * 1024
"""Bytes. The longest that gasguard looks at is a tenth of that; one of 150 MB ended the daemon."""
_LONGEST_NAMED = 1024
QUEUE = 1000
"""Messages that a connection takes before the server has acknowledged any."""
AS_PUBLISHED = 1
"""The identifier of subscriptions by which the retain flag is as it was published."""
OWN_WORD = 2
"""The identifier of the subscription to what the connection publishes itself: the first message of
all, by which a server shows whether it numbers them as it has said."""
_CONNECT_WITHIN = 5.0
_UNSUPPORTED_PROTOCOL = (132, 1)  # CONNACK reason of MQTT 5, return code of 3.1.1


class Tls(Protocol):
    """How to trust the server; without `ca` the system's authorities do."""

    @property
    def ca(self) -> Path | None:
        """Authorities' certificates."""

    @property
    def cert(self) -> Path | None:
        """The client's own certificate."""

    @property
    def key(self) -> Path | None:
        """The key to `cert`."""

    @property
    def insecure(self) -> bool:
        """Accept any certificate: against eavesdroppers only, not against impostors."""


class BrokerSettings(Protocol):
    """What the configuration says of the user's own broker."""

    @property
    def hosts(self) -> tuple[str, ...]: ...

    @property
    def port(self) -> int: ...

    @property
    def protocol(self) -> str | None: ...

    @property
    def client_id(self) -> str | None: ...

    @property
    def keepalive(self) -> int: ...

    @property
    def tls(self) -> Tls | None: ...

    @property
    def username(self) -> str | None: ...

    @property
    def password(self) -> SecretStr | None: ...

    @property
    def base_topic(self) -> str: ...


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
    gives_way: bool = False
    """Whether to go on under a new id once another client has come with this one."""
    will_topic: str | None = None
    """Where the server says `offline`, retained, when the connection is lost."""
    mqtt5: bool = True
    """Speak MQTT 5, or try it first."""
    mqtt311: bool = True
    """Speak 3.1.1, where there is no 5 or it is not to be tried."""
    others: tuple[str, ...] = ()
    """Hosts that are tried after `host`, in turn; after a lost connection it is its turn again."""
    keepalive: int = KEEPALIVE
    login: str = "mqtt.username and password"
    """What to check when the server refuses."""
    retry: tuple[float, float] = (RETRY_MIN, RETRY_MAX)
    """Bounds in seconds of the wait before connecting again."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """In the order in which they are tried."""
        return (self.host, *self.others)

    def address(self, host: str) -> str:
        """host:port."""
        return f"{host}:{self.port}"

    @property
    def addresses(self) -> str:
        """All of them, for people."""
        return ", ".join(map(self.address, self.hosts))


def broker(settings: BrokerSettings) -> Server:
    """The user's own broker, for a client without a name of its own."""
    first, *others = settings.hosts
    return Server(
        "mqtt",
        first,
        settings.port,
        settings.tls,
        settings.username,
        settings.password,
        mqtt5=settings.protocol != "3.1.1",
        mqtt311=settings.protocol != "5",
        others=tuple(others),
        keepalive=settings.keepalive,
    )


def peoples(settings: BrokerSettings) -> Server:
    """The user's own broker, as the daemon's connection for people sees it.

    Its client id stays the same, so that a broker ends what was left of an earlier connection.
    """
    own = settings.client_id or "gasguard" + _digest("people", settings.base_topic)
    return replace(
        broker(settings),
        client_id=SecretStr(own),
        gives_way=settings.client_id is None,
        will_topic=Topics(settings.base_topic).status,
    )


def devices_id(settings: BrokerSettings, *told_by: str) -> SecretStr:
    """The devices' connection's client id; without one in the settings, it is told by these."""
    if settings.client_id is not None:
        return SecretStr(f"{settings.client_id}-devices")
    return SecretStr("gasguard" + _digest(*told_by))


def _digest(*words: str) -> str:
    # With gasguard before it 23 letters and digits, which every broker must take.
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:15]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic that is listened to, and how."""

    topic: str
    retained: bool = True
    """Whether to be sent what the server keeps (MQTT 3.1.1 sends it anyway, flagged)."""
    qos: int = 1
    vital: bool = True
    """Without it the connection is no use. Refused, one that is not vital is done without."""
    as_published: bool = False
    """See the retain flag of what is published meanwhile (MQTT 5): `Message.to_be_kept`."""
    own: bool = False
    """Hear also what this connection publishes itself (MQTT 3.1.1 sends it anyway)."""


class Client(paho.Client):
    """A paho client whose memory no server, and nobody who may write a topic, can fill up."""

    oversized = ""
    """What was too long, where the connection ended for that."""

    def _sock_recv(self, bufsize: int) -> bytes:
        # paho asks for the whole rest of a packet at once, and would keep all of it.
        if bufsize > LONGEST_PACKET:
            self.oversized = f"a message of {bufsize} bytes{self._named()}"
            raise ConnectionError(self.oversized)
        return super()._sock_recv(bufsize)

    def _named(self) -> str:
        """Where it was published: that comes first in what follows a header."""
        try:
            start = super()._sock_recv(_LONGEST_NAMED)
        except OSError:
            return ""
        end = 2 + int.from_bytes(start[:2], "big")
        return f" on {start[2:end].decode(errors='replace')}" if 2 < end <= len(start) else ""


def new_client(server: Server, terms: Terms, client_id: str) -> Client:
    """A client that has not connected yet.

    It starts clean, with a session that ends with the connection: a command sent while the daemon
    was away must not arrive later.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=terms.protocol,
        reconnect_on_failure=False,
    )
    client.connect_timeout = _CONNECT_WITHIN
    client.max_queued_messages_set(QUEUE)
    if server.will_topic is not None and terms.will:
        client.will_set(server.will_topic, "offline", qos=terms.qos, retain=terms.retain)
    # With this callback set, publishing from another thread only queues and wakes the link's.
    client.on_socket_register_write = lambda _client, _userdata, _socket: None
    client.on_socket_open = _no_delay
    if server.username is not None:
        secret = server.password.get_secret_value() if server.password else None
        client.username_pw_set(server.username, secret)
    if server.tls is not None:
        client.tls_set_context(_trust(server.tls))
    return client


def fresh_id() -> str:
    """A client id that nobody else has; never empty, which some brokers refuse."""
    return "gasguard" + secrets.token_hex(8)[:15]


def _trust(tls: Tls) -> ssl.SSLContext:
    """One for all: what one of gasguard's parts trusts, another does too.

    Not `ssl.create_default_context`: from Python 3.13 on that wants extensions which certificates
    made at home lack.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.ca is not None:
        context.load_verify_locations(tls.ca)
    else:
        context.load_default_certs()
    if tls.cert is not None:
        context.load_cert_chain(tls.cert, tls.key)
    if tls.insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def connect(client: Client, server: Server, host: str, terms: Terms) -> None:
    """Reach the server and ask to be let in. Raises OSError. Blocks.

    `limited` tells a server of MQTT 5 to keep to itself what is too long for us. Not asked for
    without need: amqtt, which has 3.1.1 only, waits for ever behind a CONNECT with properties.
    """
    properties = None
    if terms.limited and terms.is_mqtt5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho
        properties.MaximumPacketSize = LONGEST_PACKET
    client.connect(host, server.port, server.keepalive, properties=properties)


def _no_delay(_client: paho.Client, _userdata: object, sock: object) -> None:
    """Without this a QoS 1 hop takes 43 ms: Nagle's algorithm against delayed acknowledgements."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def lacks_protocol(reason: ReasonCode) -> bool:
    """Whether a refusal means that the server does not speak the version that it was asked in."""
    return reason.value in _UNSUPPORTED_PROTOCOL or "protocol" in str(reason).lower()


def subscribe(client: paho.Client, wanted: Subscription, *, identified: bool = False) -> int | None:
    """Ask for a topic; the number that the answer will carry, None without a connection.

    `identified`: what comes of the connection's own word carries `OWN_WORD`.
    """
    if client.protocol != paho.MQTTv5:
        return client.subscribe(wanted.topic, qos=wanted.qos)[1]
    # Retained commands are asked for so that they can be answered and cleared; noLocal keeps the
    # clearing from coming back as a command.
    return client.subscribe(
        wanted.topic,
        options=_options(wanted, kept=wanted.retained),
        properties=_identifier(OWN_WORD) if identified and wanted.own else None,
    )[1]


def subscribe_as_published(
    client: paho.Client, wanted: Subscription, *, identified: bool
) -> int | None:
    """Take the place of `subscribe`, for what comes from now on; MQTT 5 only.

    With the retain flag as published, what the server had kept looks like what is said now. So it
    comes by `subscribe`, and what is said now by this one. `identified`: that carries
    `AS_PUBLISHED`. The flag is asked for both times: mosquitto 2.0 only heeds the first.
    """
    return client.subscribe(
        wanted.topic,
        options=_options(wanted, kept=False),
        properties=_identifier(AS_PUBLISHED) if identified else None,
    )[1]


def _identifier(number: int) -> Properties:
    properties = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call] # paho
    properties.SubscriptionIdentifier = number
    return properties


def _options(wanted: Subscription, *, kept: bool) -> SubscribeOptions:
    return SubscribeOptions(
        qos=wanted.qos,
        noLocal=not wanted.own,
        retainAsPublished=wanted.as_published,
        retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
        if kept
        else SubscribeOptions.RETAIN_DO_NOT_SEND,
    )


def reach(server: Server, within: float = 5.0) -> str | None:
    """Connect as far as TLS goes, without a login; None when that works, else why not. Blocks."""
    try:
        with socket.create_connection((server.host, server.port), within) as plain:
            if server.tls is not None:
                context = _trust(server.tls)
                context.wrap_socket(plain, server_hostname=server.host).close()
    except OSError as error:
        return f"cannot connect: {error.strerror or error}"
    return None
