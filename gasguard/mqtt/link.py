"""One connection to a server after the other, for ever, in a thread of its own.

Each connection is a new paho client: nothing queued on a dead connection is sent on the next one.
Whoever publishes only queues into paho and never waits for it; what paho calls only hands over.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Sequence
from random import Random

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gasguard.luck import LUCK
from gasguard.mqtt.complaints import Complaints
from gasguard.mqtt.connection import Connection, Message
from gasguard.mqtt.server import (
    Client,
    Server,
    Subscription,
    connect,
    fresh_id,
    lacks_protocol,
    new_client,
)
from gasguard.mqtt.service import Listener, Service
from gasguard.mqtt.terms import Terms

__all__ = ["Connection", "Listener", "Message", "MqttLink"]

log = logging.getLogger(__name__)

STALLED_AFTER = 90.0
"""Seconds. Looking up a name and connecting, the longest that the thread waits, take less."""
OVERSIZED_PAUSE = 30.0
"""Seconds before connecting again to a server that has sent what is too long to be taken."""
ANSWER_WITHIN = 10.0
"""Seconds that a server has to say whether it lets us in."""
SPEECHLESS_AFTER = 2.0
"""Seconds after which a server that says nothing to MQTT 5 is asked in 3.1.1."""
_SHORT = 20.0
"""Seconds. Connections that are lost sooner, one after the other, hint at a second client."""
_SHORT_ONES = 2
_TAKEN_OVER = 142
_ID_NOT_TAKEN = 133


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
        first = paho.MQTTv5 if server.mqtt5 else paho.MQTTv311
        self._terms = {host: Terms(first) for host in server.hosts}
        self._turn = 0
        """Whose turn it is among the hosts."""
        self._stopping = threading.Event()
        self._service: Service | None = None
        self._thread = threading.Thread(target=self._run, name=server.name, daemon=True)
        self._complaints = Complaints(server, listener.failed)
        self._again = False
        """The same host at once, on other terms."""
        self._come_back_after = 0.0
        """Seconds, where the way that the connection ended asks for a longer pause."""
        self._short_ones = 0
        """Connections in a row that were lost soon after they were made."""
        self._id = server.client_id.get_secret_value() if server.client_id else ""
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

    @property
    def trouble(self) -> str:
        """What is wrong at present, in words for people; empty when nothing is."""
        return self._complaints.trouble

    @property
    def lacks(self) -> list[str]:
        """What the servers were found to do without, in words for people."""
        return sorted({text for terms in self._terms.values() for text in terms.lacks})

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
        _hang_up(self._service.client)

    def stop(self, within: float = 2.0) -> None:
        """Disconnect; waits for the thread, at most `within` seconds. Blocks: not for the loop."""
        self._stopping.set()
        if self._service is not None:
            self._service.client.disconnect()
        self._thread.join(within)
        if self._thread.is_alive():
            self.retire()

    # --- the thread ---------------------------------------------------------------------------

    @property
    def _host(self) -> str:
        return self.server.hosts[self._turn]

    def _run(self) -> None:
        while not self.stopping:
            self._seen = time.monotonic()
            self._come_back_after, self._again = 0.0, False
            self._complaints.complained = False
            usable = False
            try:
                usable = self._connect_and_serve()
            except OSError as error:
                self.complain(f"cannot connect: {error.strerror or error}")
            except Exception:
                # Whatever paho or a callback raises, the next connection starts afresh.
                log.exception("%s: connection failed; connecting again", self.server.name)
            if not self._again:
                self._turn = 0 if usable else (self._turn + 1) % len(self.server.hosts)
                if not self._turn:
                    pause = self._come_back_after or self._luck.uniform(*self.server.retry)
                    self._stopping.wait(pause)

    def _connect_and_serve(self) -> bool:
        """Whether the connection that has ended was of use. Raises OSError."""
        host, terms = self._host, self._terms[self._host]
        client = new_client(self.server, terms, self._id or fresh_id())
        service = self._service = Service(self, client, self.server.address(host), terms)
        try:
            connect(client, self.server, host, terms)
            service.asked_at = time.monotonic()
            # Retired meanwhile, it must not log in: it would push its successor out, and die with
            # the last will that the successor has too.
            while not self._retired and client.loop(1.0) == paho.MQTT_ERR_SUCCESS:
                self._seen = time.monotonic()
                if not service.answered and self._seen > service.asked_at + self._patience(terms):
                    break
            self._ended(service)
        finally:
            _hang_up(client)
            service.connection.live = False
            self.listener.lost(service.connection)
        return service.usable

    def _ended(self, service: Service) -> None:
        """A connection is over: why, and what to try next."""
        terms = service.terms
        if service.usable:
            terms.ended()
        if service.client.oversized:
            helped = terms.is_mqtt5 and not terms.limited
            terms.limited = True
            self._come_back_after = 0.01 if helped else OVERSIZED_PAUSE
            self.complain(f"{service.client.oversized} is not taken; if it is retained, remove it")
        elif self.stopping or self._again or self._complaints.complained:
            return
        elif not service.answered:
            self._unanswered(terms, silent=service.client.socket() is not None)
        elif service.sent_away is not None and self._sent_away(service, service.sent_away):
            return
        else:
            self._lost(service)
            if terms.speechless:
                # It may as well have been a server that was just being stopped.
                terms.other_protocol()
                terms.speechless = False

    def _patience(self, terms: Terms) -> float:
        """Seconds that the server has to say whether it lets us in."""
        if terms.is_mqtt5 and self.server.mqtt311 and not terms.took_5:
            return SPEECHLESS_AFTER
        return ANSWER_WITHIN

    def _unanswered(self, terms: Terms, *, silent: bool) -> None:
        """RabbitMQ before 4 has no word for what it does not speak: it hangs up.

        amqtt waits for more behind the CONNECT of MQTT 5.
        """
        why = "does not answer" if silent else "connection lost"
        if not (self.server.mqtt311 and self.server.mqtt5):
            version = "3.1.1" if self.server.mqtt311 else "5"
            self.complain(f"{why}; does it speak MQTT {version}?")
        elif silent and terms.took_5:
            terms.took_5 = False
            self.complain(why)
        else:
            was_5 = terms.is_mqtt5
            self._other_protocol(terms)
            terms.speechless = was_5
            if not was_5:
                self.complain(why)

    def _sent_away(self, service: Service, reason: ReasonCode) -> bool:
        """The server said why it ends the connection. Whether that is dealt with."""
        if reason.value == _TAKEN_OVER:
            self._taken_over()
            return True
        told = service.terms.give_in(reason, has_will=False)
        if told is None:
            return False
        self._complaints.lacks(self._host, told)
        self._again = True
        return True

    def _taken_over(self) -> None:
        """Another client has come with this one's id."""
        text = (
            f"another client with the client id {self._id} has taken the connection over: are "
            "there two gasguards? Give each its own mqtt.client_id and base_topic"
        )
        news = self._complaints.suspect_rival(self._host, text)
        if self.server.gives_way and news:
            # Both are heard then; taking turns, each would miss half of all offs.
            self._id = fresh_id()
            self._again = True
            text += "; going on under another id"
        self._complaints.once(f"broker {self.server.address(self._host)}: {text}")

    def _lost(self, service: Service) -> None:
        """Brokers without a word for it, too, let a newer client with the same id take over."""
        soon = time.monotonic() - service.asked_at < _SHORT
        self._short_ones = self._short_ones + 1 if soon else 0
        why = f": {service.sent_away}" if service.sent_away is not None else ""
        if soon and self.server.gives_way:
            self._id = fresh_id()
        elif self._short_ones >= _SHORT_ONES and self._id:
            why += f" again and again; does another client use the client id {self._id}?"
            self._complaints.suspect_rival(self._host, f"connection lost{why}")
        self.complain(f"connection lost{why}")

    def connected(self, service: Service, properties: Properties | None) -> None:
        """The server has let us in."""
        service.terms.took_5 = service.terms.is_mqtt5
        protocol = "5" if service.terms.is_mqtt5 else "3.1.1"
        log.info(
            "%s: connected, protocol %s, broker %s", self.server.name, protocol, service.address
        )
        self._complaints.lacks(self._host, service.terms.let_in(properties))

    def usable(self, service: Service) -> None:
        """All is subscribed to."""
        self._complaints.settle(self._host)
        self.listener.subscribed(service.connection)

    def turned_away(self, service: Service, reason: ReasonCode) -> None:
        """The server has not let us in. It may take another protocol, or less."""
        terms = service.terms
        if lacks_protocol(reason):
            if not (self.server.mqtt5 and self.server.mqtt311):
                version = "5" if self.server.mqtt5 else "3.1.1"
                self.complain(f"speaks no MQTT {version} ({reason}); check mqtt.protocol")
                return
            was_5 = terms.is_mqtt5
            self._other_protocol(terms)
            if was_5 or self.listener.failed is None:
                return
        told = terms.give_in(reason, has_will=self.server.will_topic is not None)
        if told is not None:
            self._complaints.lacks(self._host, told)
            self._again = True
            return
        look_at = "mqtt.client_id" if reason.value == _ID_NOT_TAKEN else self.server.login
        self.complain(f"refused the connection: {reason}; check {look_at}")

    def _other_protocol(self, terms: Terms) -> None:
        """Use the other version from now on; after MQTT 5 the next try is due at once."""
        self._again = terms.is_mqtt5
        lacks = "5, using 3.1.1" if terms.is_mqtt5 else "3.1.1"
        log.info("%s: broker has no MQTT %s", self.server.name, lacks)
        terms.other_protocol()

    def unheard(self, topic: str, refusal: ReasonCode) -> None:
        """A subscription is refused that the connection can do without."""
        self._complaints.once(f"the broker refuses the subscription to {topic} ({refusal})")

    def unpublished(self, service: Service, topic: str, why: str) -> None:
        """What is published on a topic is refused, or, with an empty reason, taken again."""
        if why:
            self._complaints.once(
                f"the broker refuses what is published on {topic} ({why}): "
                "check its access rules (firmware_notes/mqtt.md)"
            )
        self.listener.unpublished(service.connection, topic, why)

    def complain(self, text: str) -> None:
        """Say what is wrong; again only once something has changed."""
        if not self.stopping:
            self._complaints.complain(self._host, text)


def _hang_up(client: Client) -> None:
    """Close what may still be open."""
    connected = client.socket()
    if isinstance(connected, socket.socket):
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)
