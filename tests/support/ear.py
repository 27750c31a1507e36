"""A client of the broker that hears everything under a base topic, and speaks."""

import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.support.waiting import eventually


@dataclass(frozen=True)
class Heard:
    """One message. `retain` is as the sender set it (MQTT 5)."""

    at: float
    topic: str
    payload: bytes
    retain: bool
    correlation: bytes | None = None

    @property
    def text(self) -> str:
        return self.payload.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


class Ear:
    """Hears `<base>/#` and more; `send` publishes at QoS 1 and waits for the broker's word."""

    def __init__(
        self,
        port: int,
        base: str,
        *,
        mqtt5: bool = True,
        user: tuple[str, str] | None = None,
        ca: Path | None = None,
        own: tuple[Path, Path] | None = None,
        also: tuple[str, ...] = (),
    ) -> None:
        self.base = base
        self.heard: list[Heard] = []
        self._newest: dict[str, Heard] = {}
        self._mqtt5 = mqtt5
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5 if mqtt5 else paho.MQTTv311
        )
        if user:
            self._client.username_pw_set(*user)
        if ca:
            cert, key = map(str, own) if own else (None, None)
            self._client.tls_set(str(ca), cert, key, cert_reqs=ssl.CERT_REQUIRED)
        self._client.on_message = self._on_message
        subscribed = threading.Event()
        topics = [f"{base}/#", f"{base}_sim/#", *also]
        self._client.on_connect = lambda *_: self._subscribe(topics)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(10), "the test's own client could not subscribe"

    def _subscribe(self, topics: list[str]) -> None:
        if self._mqtt5:
            options = SubscribeOptions(qos=1, retainAsPublished=True)
            self._client.subscribe([(topic, options) for topic in topics])
        else:
            self._client.subscribe([(topic, 1) for topic in topics])

    def _on_message(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        one = Heard(
            time.monotonic(),
            message.topic,
            bytes(message.payload),
            message.retain,
            getattr(message.properties, "CorrelationData", None),
        )
        self._newest[one.topic] = one
        self.heard.append(one)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    # --- speaking -----------------------------------------------------------------------------

    def send(self, topic: str, payload: str | bytes | dict[str, Any] = b"", **more: Any) -> None:
        """Publish to `<base>/<topic>`."""
        self.publish(f"{self.base}/{topic}", payload, **more)

    def publish(
        self,
        topic: str,
        payload: str | bytes | dict[str, Any] = b"",
        *,
        retain: bool = False,
        answer_to: str | None = None,
        correlation: bytes | None = None,
        wait: bool = True,
    ) -> None:
        """Publish to any topic, and wait until the broker has it unless told not to."""
        properties = None
        if answer_to is not None:
            properties = Properties(PacketTypes.PUBLISH)
            properties.ResponseTopic = answer_to
            if correlation is not None:
                properties.CorrelationData = correlation
        data = json.dumps(payload) if isinstance(payload, dict) else payload
        sent = self._client.publish(topic, data, qos=1, retain=retain, properties=properties)
        if wait:
            sent.wait_for_publish(10)
            assert sent.is_published()

    # --- hearing ------------------------------------------------------------------------------

    @property
    def mark(self) -> int:
        """A place in what was heard, to look only behind it."""
        return len(self.heard)

    def on(self, topic: str, since: int = 0) -> list[Heard]:
        """What was heard on `<base>/<topic>` since a mark."""
        return [one for one in self.heard[since:] if one.topic == f"{self.base}/{topic}"]

    def wait(
        self,
        topic: str,
        wanted: Callable[[Heard], object] = lambda _heard: True,
        *,
        since: int = 0,
        within: float = 5.0,
    ) -> Heard:
        """The first message on `<base>/<topic>` that is wanted."""

        def look() -> Heard | None:
            return next((one for one in self.on(topic, since) if wanted(one)), None)

        try:
            found = eventually(look, within, every=0.01)
        except AssertionError:
            told = "\n".join(f"{one.topic} {one.payload[:300]!r}" for one in self.heard[since:])
            raise AssertionError(f"{topic}: not heard within {within} s; heard:\n{told}") from None
        assert found is not None
        return found

    def event(self, kind: str, burner: str = "left", **more: Any) -> dict[str, Any]:
        """Wait for an event of this type; `more` may hold `since` and `within`."""
        return self.wait(f"{burner}/event", lambda one: one.json["type"] == kind, **more).json

    def events(self, burner: str = "left", since: int = 0) -> list[str]:
        """Types of the events heard."""
        return [one.json["type"] for one in self.on(f"{burner}/event", since)]

    def ack(self, status: str, burner: str = "left", **more: Any) -> dict[str, Any]:
        """Wait for an acknowledgement with this status."""
        return self.wait(f"{burner}/ack", lambda one: one.json["status"] == status, **more).json

    def state(self, burner: str = "left") -> dict[str, Any]:
        """The newest state heard."""
        return self._newest[f"{self.base}/{burner}/state"].json

    def until(
        self, burner: str = "left", *, since: int = 0, within: float = 5.0, **fields: Any
    ) -> dict[str, Any]:
        """Wait for a state with these fields; the first such state."""
        return self.wait(
            f"{burner}/state",
            lambda one: (
                one.payload and all(one.json[key] == value for key, value in fields.items())
            ),
            since=since,
            within=within,
        ).json
