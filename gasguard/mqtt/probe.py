"""Whether a server takes a client, and all that it says and wants to hear: for `doctor`."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from gasguard.mqtt.connection import Connection
from gasguard.mqtt.link import Listener, MqttLink
from gasguard.mqtt.server import Server, Subscription

_ANSWERED_WITHIN = 1.0
"""Seconds for the server's word on what was published."""


@dataclass(slots=True)
class Probed:
    """What came of it."""

    problem: str = ""
    """Why the server is of no use; empty when it takes us."""
    unheard: list[str] = field(default_factory=list)
    """Subscriptions that it refuses."""
    unpublished: dict[str, str] = field(default_factory=dict)
    """Topics on which it takes nothing, and why."""
    lacks: list[str] = field(default_factory=list)
    """What it does without, in words for people."""


def probe(
    server: Server,
    subscriptions: Sequence[Subscription],
    writes: str | None = None,
    within: float = 5.0,
) -> Probed:
    """Connect once and disconnect. Blocks.

    An empty message is published on the topic `writes`, not to be kept: it means nothing, and shows
    whether the server takes it.
    """
    return _Probe(server, subscriptions, writes).run(within)


class _Probe:
    def __init__(
        self, server: Server, subscriptions: Sequence[Subscription], writes: str | None
    ) -> None:
        self._found = Probed()
        self._subscribed, self._written = threading.Event(), threading.Event()
        self._writes = writes
        listener = Listener(
            lambda _connection: self._subscribed.set(),
            lambda _connection, _message: None,
            lambda _connection: None,
            refused=lambda _connection, topic: self._found.unheard.append(topic),
            unpublished=self._unpublished,
            failed=self._failed,
        )
        self._link = MqttLink(server, subscriptions, listener)

    def run(self, within: float) -> Probed:
        self._link.start()
        if not self._subscribed.wait(within) and not self._found.problem:
            self._found.problem = "does not answer"
        if self._writes is not None and not self._found.problem:
            self._write(self._writes)
        self._link.stop()
        self._found.lacks = self._link.lacks
        return self._found

    def _write(self, topic: str) -> None:
        connection = self._link.connection
        if connection is not None and connection.publish(
            topic, b"", acknowledged=self._written.set
        ):
            self._written.wait(_ANSWERED_WITHIN)

    def _unpublished(self, _connection: Connection, topic: str, why: str) -> None:
        self._found.unpublished[topic] = why
        self._written.set()

    def _failed(self, text: str) -> None:
        self._found.problem = self._found.problem or text
        self._subscribed.set()
