"""The event loop's side of a link: what comes from its thread is handed over here, and only here.

Floods wait in the server: at most `ROOM` messages are on their way to the loop. What is urgent has
room of its own. A thread that hangs or dies is replaced.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from gasguard.health import Heartbeats
from gasguard.mqtt.link import Connection, Listener, Message, MqttLink
from gasguard.mqtt.server import Server, Subscription

log = logging.getLogger(__name__)

ROOM = 500
"""Messages on their way to the event loop."""
_HAND_OVER_WITHIN = 2.0
"""Seconds that the thread waits for room before it drops a message, and says so."""
_SHOWN = 40
"""Bytes that are left of a message that is too long."""
_CUT = "…".encode()
"""Stands for the rest. With it nothing is a word, a number or JSON."""
LOOK_EVERY = 1.0
"""Seconds between two looks at the thread."""
_BEAT_WITHIN = 15.0


class Owner(Protocol):
    """Whom a desk works for. Everything is called on the event loop."""

    def subscribed(self, connection: Connection) -> None:
        """The connection can be used."""
        ...

    def lost(self, connection: Connection) -> None:
        """The connection is gone."""
        ...


class Desk:
    """One link, looked after from the event loop. Make it and start it there."""

    def __init__(
        self,
        server: Server,
        subscriptions: Sequence[Subscription],
        owner: Owner,
        heartbeats: Heartbeats | None = None,
        *,
        received: Callable[[Connection, Message], None] | None = None,
        at_once: Callable[[Message], None] | None = None,
        urgent: Callable[[str], bool] = lambda _topic: False,
        longest: int | None = None,
        refused: Callable[[str], None] = lambda _topic: None,
        unpublished: Callable[[str, str], None] = lambda _topic, _why: None,
    ) -> None:
        """`received` is called on the loop; `at_once`, in its place, on the link's thread, which
        must not wait. `urgent` topics have room of their own; longer payloads than `longest` come
        cut, so that nobody understands them. `refused` is called on the loop, for subscriptions
        that are not vital; so is `unpublished`, as in `Listener`.
        """
        self._server, self._subscriptions, self._owner = server, subscriptions, owner
        self._heartbeats = heartbeats or Heartbeats()
        self._received, self._at_once = received, at_once
        self._urgent, self._longest = urgent, longest
        self._refused, self._unpublished = refused, unpublished
        self._room = threading.BoundedSemaphore(ROOM)
        self._room_for_urgent = threading.BoundedSemaphore(ROOM)
        self._too_long: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._link: MqttLink | None = None
        self._watcher: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect; returns at once, server or no server."""
        self._loop = asyncio.get_running_loop()
        listener = Listener(
            partial(self.hand_over, self._owner.subscribed),
            self._on_message,
            partial(self.hand_over, self._owner.lost),
            refused=lambda _connection, topic: self.hand_over(self._refused, topic),
            unpublished=lambda _connection, topic, why: self.hand_over(
                self._unpublished, topic, why
            ),
        )
        self._link = MqttLink(self._server, self._subscriptions, listener)
        self._link.start()
        self._watcher = self._loop.create_task(self._watch())

    @property
    def trouble(self) -> str:
        """See `MqttLink.trouble`."""
        return self._link.trouble if self._link is not None else ""

    async def stop(self) -> None:
        """Disconnect, in at most a few seconds."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
            self._heartbeats.forget(self._server.name)
        if self._link is not None:
            await asyncio.to_thread(self._link.stop)

    async def _watch(self) -> None:
        name = self._server.name
        beat = self._heartbeats.expect(name, _BEAT_WITHIN)
        while True:
            beat()
            try:
                if self._link is not None and self._link.stalled:
                    log.error("%s: the connection's thread hangs or died; starting another", name)
                    self._replace(self._link)
            except Exception:
                log.exception("%s: looking after the connection failed; trying again", name)
            await asyncio.sleep(LOOK_EVERY)

    def _replace(self, link: MqttLink) -> None:
        self._link = link.replaced()
        if link.connection is not None:
            # Its thread may never say so.
            self._owner.lost(link.connection)

    # --- from the link's thread ---------------------------------------------------------------

    def hand_over(self, work: Callable[..., None], *args: object) -> None:
        """Have the loop do something. For the link's thread; never waits."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(work, *args)

    def _on_message(self, connection: Connection, message: Message) -> None:
        if self._longest is not None and len(message.payload) > self._longest:
            self._tell_long(message)
            # Not dropped: whoever said it has said something, and it may not look as before.
            message = replace(message, payload=message.payload[:_SHOWN] + _CUT)
        if self._at_once is not None:
            self._at_once(message)
            return
        room = self._room_for_urgent if self._urgent(message.topic) else self._room
        if not room.acquire(timeout=_HAND_OVER_WITHIN):
            log.error("%s: the guard does not take messages; one was dropped", self._server.name)
            return
        self.hand_over(self._receive, connection, message, room)

    def _tell_long(self, message: Message) -> None:
        if message.topic not in self._too_long and len(self._too_long) < ROOM:
            self._too_long.add(message.topic)
            log.warning(
                "%s: a message of %d bytes on %s is not looked at: at most %d are",
                self._server.name,
                len(message.payload),
                message.topic,
                self._longest,
            )

    # --- on the event loop --------------------------------------------------------------------

    def _receive(
        self, connection: Connection, message: Message, room: threading.BoundedSemaphore
    ) -> None:
        room.release()
        try:
            if self._received is not None:
                self._received(connection, message)
        except Exception:
            log.exception(
                "%s: a message on %s was not understood", self._server.name, message.topic
            )
