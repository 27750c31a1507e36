"""bemfa as far as its clients can see: a broker behind TLS, QoS 1 at most, with its two suffixes.

`<topic>/set` goes to the subscribers of `<topic>`, `<topic>/up` only into the cloud's own notes.
"""

import re
import threading
import time
from pathlib import Path
from typing import NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.brokers import Mosquitto
from tests.support.certificates import make_certificates
from tests.support.processes import free_port, listens
from tests.support.waiting import eventually

KEY = "feedfacecafebeef0123456789abcdef"


class Noted(NamedTuple):
    """A client told the cloud a state."""

    at: float
    """time.monotonic."""
    topic: str
    text: str


class Cloud:
    """The broker is `broker`; stop, start, freeze and thaw it there."""

    def __init__(self, folder: Path, *, refuses: bool = False) -> None:
        self.papers = make_certificates(folder / "papers")
        self._plain = free_port()
        self.broker = Mosquitto(
            folder / "cloud",
            tls=self.papers,
            users={"nobody": "nobody"} if refuses else None,
            more=("max_qos 1", "log_type all", f"listener {self._plain} 127.0.0.1"),
        )
        self.noted: list[Noted] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "the-cloud-itself")
        self._client.on_message = self._route
        self._client.on_connect = lambda client, *_: client.subscribe([("+/set", 1), ("+/up", 1)])
        self._client.reconnect_delay_set(1, 1)
        eventually(lambda: listens(self._plain), 5, "the cloud's own way in")
        self._client.connect("127.0.0.1", self._plain)
        self._client.loop_start()

    def _route(self, client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        topic, _, what = message.topic.rpartition("/")
        if what == "set":
            client.publish(topic, message.payload, qos=1)
        else:
            self.noted.append(Noted(time.monotonic(), topic, message.payload.decode()))

    def settings(self, **more: object) -> dict[str, object]:
        """The configuration's `bemfa` section."""
        return {
            "key": KEY,
            "host": "127.0.0.1",
            "port": self.broker.port,
            "tls": {"ca": str(self.papers / "ca.pem")},
            "topics": {"left": "gasleft002"},
            **more,
        }

    def say(self, text: str | bytes, topic: str = "gasleft002", *, retain: bool = False) -> None:
        """What Mi Home has the cloud say."""
        eventually(self._client.is_connected, 5, "the cloud is up")
        self._client.publish(topic, text, qos=1, retain=retain).wait_for_publish(5)

    def flood(self, text: str, enough: threading.Event, topic: str = "gasleft002") -> int:
        """As fast as it goes until there is enough; how many were sent."""
        count = 0
        while not enough.is_set():
            last = self._client.publish(topic, text, qos=0)
            count += 1
            if count % 1000 == 0:
                last.wait_for_publish(30)
        return count

    def told(self, topic: str = "gasleft002") -> list[str]:
        """What the cloud was told on a topic."""
        return [one.text for one in self.noted if one.topic == topic]

    def until(self, text: str, topic: str = "gasleft002", *, since: int = 0) -> None:
        """Wait until the last it was told, of at least one since a mark, is this."""

        def look() -> bool:
            return len(self.noted) > since and self.told(topic)[-1:] == [text]

        eventually(look, 12, f"the cloud is told {text}")

    def highest_qos(self) -> int:
        """Of all messages and subscriptions that the broker has seen."""
        seen = re.findall(r"PUBLISH .*\(d\d, q(\d)|\(QoS (\d)\)", self.broker.log)
        assert seen
        return max(int(one or other) for one, other in seen)

    def connections(self) -> int:
        """Clients that came with the key."""
        return len(re.findall(rf"as {KEY} ", self.broker.log))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self.broker.stop()
