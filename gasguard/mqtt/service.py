"""One connection to a server while it is served: what is asked for, and what is heard on it."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gasguard.mqtt.connection import Connection, Message
from gasguard.mqtt.server import (
    AS_PUBLISHED,
    Client,
    Server,
    Subscription,
    subscribe,
    subscribe_as_published,
)
from gasguard.mqtt.terms import Terms

_REMEMBERED = 64
"""Messages back that a repeated one is recognised. Brokers have 20 or so on the way at a time."""


@dataclass(frozen=True, slots=True)
class Listener:
    """What the owner wants to hear. Everything is called on the link's thread.

    A link that was retired or stopped says nothing any more.
    """

    subscribed: Callable[[Connection], None]
    """Connected, and every subscription is answered; none that is vital was refused."""
    received: Callable[[Connection, Message], None]
    lost: Callable[[Connection], None]
    refused: Callable[[Connection, str], None] = lambda _connection, _topic: None
    """A subscription that is not vital was refused: nothing will be heard on its topic."""
    unpublished: Callable[[Connection, str, str], None] = lambda _connection, _topic, _why: None
    """What is published on this topic is refused; with an empty reason: it is taken again."""
    failed: Callable[[str], None] | None = None
    """Why a connection could not be had or was lost; without this it is logged."""


class Owner(Protocol):
    """The link that a connection belongs to, as its service tells it what happens."""

    server: Server
    subscriptions: Sequence[Subscription]
    listener: Listener

    @property
    def stopping(self) -> bool: ...

    def connected(self, service: "Service", properties: Properties | None) -> None: ...

    def turned_away(self, service: "Service", reason: ReasonCode) -> None: ...

    def usable(self, service: "Service") -> None: ...

    def unheard(self, topic: str, refusal: ReasonCode) -> None: ...

    def unpublished(self, service: "Service", topic: str, why: str) -> None: ...

    def complain(self, text: str) -> None: ...


class Service:
    """What is known of one connection while it is served. paho calls its methods, on its thread."""

    def __init__(self, link: Owner, client: Client, address: str, terms: Terms) -> None:
        self._link = link
        self.client, self.terms, self.address = client, terms, address
        self.connection = Connection(client, link.server.name, address, terms, self._unpublished)
        self.asked_at = float("inf")
        """When the server was asked to let us in."""
        self.answered = False
        """The server has said whether it takes us."""
        self.usable = False
        """It has been of use."""
        self.sent_away: ReasonCode | None = None
        """Why the server has ended it, where it said so."""
        self._unanswered: dict[int, Subscription] = {}
        self._identified = False
        self._heard: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message

    def _on_connect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self.answered = True
        if self._link.stopping:
            return
        if reason.is_failure:
            self._link.turned_away(self, reason)
            self.client.disconnect()
            return
        self._link.connected(self, properties)
        self._identified = getattr(properties, "SubscriptionIdentifierAvailable", 1) == 1
        for subscription in self._link.subscriptions:
            first = subscribe(self.client, subscription, identified=self._identified)
            self._expect(subscription, first)
            if subscription.as_published and self.terms.is_mqtt5:
                again = subscribe_as_published(
                    self.client, subscription, identified=self._identified
                )
                self._expect(subscription, again)
        if not self._link.subscriptions:
            # Who only speaks waits for no answer.
            self._is_usable()

    def _expect(self, subscription: Subscription, mid: int | None) -> None:
        if mid is not None:
            self._unanswered[mid] = subscription

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self.sent_away = reason

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
        refusal = next((reason for reason in reasons if reason.is_failure), None)
        subscription = self._unanswered.get(mid)
        if subscription is None:
            topic = self.connection.aside(mid)
            if refusal is not None and topic is not None:
                self._link.unheard(topic, refusal)
            return
        if refusal is not None and subscription.vital:
            # It stays among the unanswered: this connection is never told to be usable.
            self._link.complain(
                f"the subscription to {subscription.topic} is refused ({refusal}): "
                "check the broker's access rules"
            )
            self.client.disconnect()
            return
        del self._unanswered[mid]
        if refusal is not None:
            self._link.unheard(subscription.topic, refusal)
            self._link.listener.refused(self.connection, subscription.topic)
        if not self._unanswered:
            self._is_usable()

    def _is_usable(self) -> None:
        self.usable = True
        self._link.usable(self)

    def _unpublished(self, topic: str, why: str) -> None:
        if not self._link.stopping:
            self._link.unpublished(self, topic, why)

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
        said_now = self._as_published(message)
        self._link.listener.received(
            self.connection,
            Message(
                message.topic,
                bytes(message.payload),
                message.retain and not said_now,
                getattr(message.properties, "ResponseTopic", None),
                getattr(message.properties, "CorrelationData", None),
                to_be_kept=message.retain and said_now,
            ),
        )

    def _as_published(self, message: paho.MQTTMessage) -> bool:
        """Whether the message's flag is its publisher's: then it is said now."""
        by = getattr(message.properties, "SubscriptionIdentifier", [])
        if self._identified and not by and self._was_to_be_numbered(message):
            # It numbers nothing, though it said so: then what was kept came before its answer.
            self._identified = False
        if self._identified:
            return AS_PUBLISHED in by
        return not self._unanswered and self._asked_as_published(message.topic)

    def _was_to_be_numbered(self, message: paho.MQTTMessage) -> bool:
        kept_or_early = message.retain or self._unanswered
        return any(
            one.own or (one.as_published and not kept_or_early)
            for one in self._matching(message.topic)
        )

    def _asked_as_published(self, topic: str) -> bool:
        return self.terms.is_mqtt5 and any(one.as_published for one in self._matching(topic))

    def _matching(self, topic: str) -> Iterator[Subscription]:
        asked = self._link.subscriptions
        return (one for one in asked if paho.topic_matches_sub(one.topic, topic))
