"""One live connection, and what comes in on it."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gasguard.mqtt.server import QUEUE, Subscription, subscribe
from gasguard.mqtt.terms import Terms

log = logging.getLogger(__name__)

Refused = Callable[[str, str], None]
"""Called with a topic and why; with an empty reason once it is taken again."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that came in. `response_topic` and `correlation` are MQTT 5's."""

    topic: str
    payload: bytes
    retain: bool
    """The server had kept it: its age is unknown."""
    response_topic: str | None = None
    correlation: bytes | None = None
    to_be_kept: bool = False
    """It was published just now with the retain flag, and lies with the server from now on. Seen
    where `Subscription.as_published` is asked for and MQTT 5 is spoken."""


@dataclass(frozen=True, slots=True)
class _Waits:
    """A message that the server has not acknowledged yet."""

    topic: str
    acknowledged: Callable[[], None] | None
    told: bool
    """Whether a refusal is told."""


class Connection:
    """One live connection. `publish` may be called from any thread and never waits."""

    def __init__(
        self, client: paho.Client, name: str, address: str, terms: Terms, refused: Refused
    ) -> None:
        """`address` of the server, for people. `refused` is called on the link's thread."""
        self._client, self._name, self._terms = client, name, terms
        self.address = address
        self._refused = refused
        self._told = False
        self.live = True
        """False once it is lost, retired or has said goodbye."""
        self.is_mqtt5 = client.protocol == paho.MQTTv5
        # paho may call on_publish before publish has returned, and holds locks of its own both
        # times: ours is never held across a call into it.
        self._lock = threading.Lock()
        self._waiting: dict[int, _Waits] = {}
        self._early: dict[int, ReasonCode] = {}
        self._asides: dict[int, str] = {}
        self._refusals: set[str] = set()
        client.on_publish = self._on_publish

    @property
    def backlog(self) -> int:
        """Messages that the broker has not acknowledged yet."""
        return len(self._waiting)

    @property
    def congested(self) -> bool:
        """The broker takes less than is published: leave out what nobody waits for."""
        return self.backlog > QUEUE // 2

    def _on_publish(
        self, _client: paho.Client, _userdata: object, mid: int, reason: ReasonCode, *_: object
    ) -> None:
        with self._lock:
            if mid not in self._waiting:
                self._early[mid] = reason
                return
            waits = self._waiting.pop(mid)
        self._answered(waits, reason)

    def _wait_for(self, mid: int, waits: _Waits) -> None:
        with self._lock:
            if mid not in self._early:
                self._waiting[mid] = waits
                return
            reason = self._early.pop(mid)
        self._answered(waits, reason)

    def _answered(self, waits: _Waits, reason: ReasonCode) -> None:
        """The server has taken a message, or says why it does not."""
        if not waits.told:
            return
        if reason.is_failure:
            self._refusals.add(waits.topic)
            self._refused(waits.topic, str(reason))
            return
        if waits.topic in self._refusals:
            self._refusals.discard(waits.topic)
            self._refused(waits.topic, "")
        if waits.acknowledged is not None:
            waits.acknowledged()

    def listen(self, topic: str) -> None:
        """Subscribe to something the guard can do without: a refusal is told, and no more."""
        mid = subscribe(self._client, Subscription(topic, vital=False))
        if mid is not None:
            self._asides[mid] = topic

    def stop_listening(self, topic: str) -> None:
        """End what `listen` began."""
        self._client.unsubscribe(topic)

    def aside(self, mid: int) -> str | None:
        """The topic of a subscription of `listen`, which the broker has answered."""
        return self._asides.pop(mid, None)

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
        away. `acknowledged` is called from any thread: at QoS 1 once the broker has the message,
        and never where the broker takes QoS 0 only or refuses it. A refusal is
        told, but for an answer (`correlation`, not retained), whose topic somebody else chose.
        """
        properties = None
        if self.is_mqtt5:
            properties = _properties(response_topic, correlation, expires)
        granted = min(qos, self._terms.qos)
        result = self._client.publish(
            topic,
            payload,
            qos=granted,
            retain=retain and self._terms.retain,
            properties=properties,
        )
        if result.rc == paho.MQTT_ERR_SUCCESS:
            heard = acknowledged if granted == qos else None
            self._wait_for(result.mid, _Waits(topic, heard, told=correlation is None or retain))
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
