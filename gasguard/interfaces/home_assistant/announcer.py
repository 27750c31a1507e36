"""Publishes the discovery messages, and takes back what burners that are gone have left.

Discovery and states are retained. What is there of earlier times is known in two ways: at each
connection the topics that are this gasguard's own are listened to for a moment, and what it has
left itself it remembers (`traces`). Everything runs on the event loop.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable

from gasguard.config.load import Config
from gasguard.interfaces.home_assistant.discovery import (
    birth_topics,
    is_state_of,
    is_state_of_schedule,
    messages,
    own_topics,
    read_own,
    unique_ids,
)
from gasguard.interfaces.home_assistant.traces import Left, Traces
from gasguard.mqtt.link import Connection, Message
from gasguard.mqtt.topics import Topics

log = logging.getLogger(__name__)

LISTEN_FOR = 1.0
"""Seconds that the broker has to hand out what is retained; mosquitto does so at once."""
SETTLE = 1.0
"""Seconds that Home Assistant has to follow before the next step."""
JITTER = (0.5, 3.0)
"""Seconds, from and to, after Home Assistant's start: it has other devices to hear."""
_BACKLOG = 50
"""Messages on the way to the broker beyond which the next device waits: states go first."""
_SOUND_AFTER = 5.0
"""Seconds that a connection must outlive announcing. Some brokers end it when a topic is denied."""
_STRIKES = 3
_PAUSE = 600.0
"""Seconds without announcing after so many connections that did not outlive it."""
_MOST_FOUND = 10_000
_MIGRATE = json.dumps({"migrate_discovery": True})


class Announcer:
    """Told of connections and messages by the MQTT interface; needs nothing else from it."""

    def __init__(self, config: Config) -> None:
        self._wanted = messages(config)
        self._entities = {one for payload in self._wanted.values() for one in unique_ids(payload)}
        self._topics = Topics(config.mqtt.base_topic)
        self._own = (
            own_topics(config.mqtt),
            self._topics.state("+"),
            self._topics.schedule("+", "state"),
        )
        self._leaves: Left = {
            self._topics.status: set(),
            **{self._topics.state(burner): set() for burner in config.burners},
            **{self._topics.schedule(name, "state"): set() for name in config.schedules},
            **{topic: unique_ids(payload) for topic, payload in self._wanted.items()},
        }
        self._traces = Traces(config.state_dir)
        self._births = birth_topics(config.mqtt)
        self._found: Left = {}
        self._born = asyncio.Event()
        self._connection: Connection | None = None
        self._tell_states: Callable[[], None] = lambda: None
        self._task: asyncio.Task[None] | None = None
        self._began: float | None = None
        self._strikes = 0

    def connected(self, connection: Connection, tell_states: Callable[[], None]) -> None:
        """A new connection; the guard's own topics are served already.

        `tell_states` publishes every burner's state: an entity whose message changed reads the next
        state with it, and does not ask for the last one again.
        """
        self.stop()
        self._connection, self._tell_states = connection, tell_states
        self._task = asyncio.get_running_loop().create_task(self._serve(connection))

    def lost(self, connection: Connection) -> None:
        """The connection has ended."""
        if self._connection is not connection:
            return
        if self._began is not None:
            self._strikes += 1
            if self._strikes == _STRIKES:
                log.warning(
                    "mqtt: %d connections in a row ended while announcing to Home Assistant; "
                    "that pauses for %d min. Does the broker deny topics? Allow %s, or set "
                    "mqtt.home_assistant.discovery: false",
                    _STRIKES,
                    _PAUSE / 60,
                    " and ".join(self._own),
                )
        self.stop()

    def stop(self) -> None:
        """End what is under way; what was announced stays."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._connection = self._began = None
        self._found.clear()
        self._born.clear()

    def hears(self, topic: str) -> bool:
        """Whether a message on this topic is for the announcer."""
        return topic in self._births or any(_fits(pattern, topic) for pattern in self._own)

    def received(self, message: Message) -> None:
        """A message on a topic that `hears` named."""
        if message.topic in self._births:
            if message.payload == b"online":
                self._born.set()
        elif message.topic not in self._leaves and len(self._found) < _MOST_FOUND:
            found = self._read(message)
            if found is not None:
                self._found[message.topic] = found

    def _read(self, message: Message) -> set[str] | None:
        """The entities that a message found there announces; None when it is not gasguard's."""
        burner = self._topics.burner_of(message.topic, "state")
        if burner is not None:
            return set() if is_state_of(burner, message.payload) else None
        if self._topics.schedule_of(message.topic, "state") is not None:
            return set() if is_state_of_schedule(message.payload) else None
        return read_own(message.payload)

    async def _serve(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        if self._strikes >= _STRIKES:
            await asyncio.sleep(_PAUSE)
        self._began = loop.time()
        for topic in (*self._own, *self._births):
            connection.listen(topic)
        await asyncio.sleep(LISTEN_FOR)
        for topic in self._own:
            connection.stop_listening(topic)
        left = await self._traces.recall()
        # Before anything is left there that a crash would make forgotten.
        await self._traces.keep({**left, **self._leaves})
        self._found |= {topic: ids for topic, ids in left.items() if topic not in self._leaves}
        await self._announce(connection)
        await asyncio.sleep(_SOUND_AFTER)
        self._strikes, self._began = 0, None
        while connection.backlog:  # noqa: ASYNC110 - counted on the link's thread
            await asyncio.sleep(0.05)
        await self._traces.keep(self._leaves)
        while True:
            await self._born.wait()
            await asyncio.sleep(random.uniform(*JITTER))  # noqa: S311 - only spreads
            self._born.clear()
            await self._announce(connection)

    async def _announce(self, connection: Connection) -> None:
        stale = dict(self._found)
        self._found.clear()
        # The same entities in the other form: Home Assistant keeps what users made of them.
        moving = [topic for topic, ids in stale.items() if ids & self._entities]
        for topic in moving:
            await self._publish(connection, topic, _MIGRATE, retain=False)
        if moving:
            await asyncio.sleep(SETTLE)
        for topic, payload in self._wanted.items():
            await self._publish(connection, topic, json.dumps(payload, ensure_ascii=False))
        if self._wanted:
            await asyncio.sleep(SETTLE)
            self._tell_states()
        # Entities first: they cannot read an empty state.
        announced = [topic for topic, ids in stale.items() if ids]
        others = [topic for topic, ids in stale.items() if not ids]
        for topic in announced:
            await self._publish(connection, topic, "")
        if announced and others:
            await asyncio.sleep(SETTLE)
        for topic in others:
            await self._publish(connection, topic, "")
        if stale:
            log.info("mqtt: took back %d retained messages of earlier times", len(stale))

    async def _publish(
        self, connection: Connection, topic: str, payload: str, *, retain: bool = True
    ) -> None:
        while connection.backlog > _BACKLOG:  # noqa: ASYNC110 - counted on the link's thread
            await asyncio.sleep(0.05)
        connection.publish(topic, payload, retain=retain)


def _fits(pattern: str, topic: str) -> bool:
    """Whether a topic fits a pattern with `+`."""
    wanted, levels = pattern.split("/"), topic.split("/")
    return len(wanted) == len(levels) and all(
        want in ("+", level) for want, level in zip(wanted, levels, strict=True)
    )
