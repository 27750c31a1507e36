"""gasguard on MQTT: topics, states, events and acknowledgements (contract, section 3)."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Iterable
from datetime import tzinfo
from functools import partial
from typing import Any

from gasguard.clock import Clock, Instant
from gasguard.config.broker import Mqtt
from gasguard.core.messages import Answer, Kind, Status
from gasguard.core.model import Source, State
from gasguard.errors import no_burner
from gasguard.guard.bulletins import News, Reply
from gasguard.guard.controller import Controller
from gasguard.health import Heartbeats, Troubles
from gasguard.interfaces.front import Front
from gasguard.interfaces.home_assistant.announcer import Announcer
from gasguard.interfaces.home_assistant.discovery import birth_topics
from gasguard.interfaces.mqtt.history import HistoryAnswers
from gasguard.interfaces.mqtt.kept import KeptRequests
from gasguard.interfaces.mqtt.schedules import MqttSchedules
from gasguard.interfaces.mqtt.standing import Standing
from gasguard.interfaces.past import Past
from gasguard.interfaces.payloads import ack_payload, event_payload, state_payload, steady_part
from gasguard.interfaces.requests import Skippable, id_in
from gasguard.interfaces.wall_time import WallTime
from gasguard.mqtt.desk import Desk
from gasguard.mqtt.link import Connection, Message
from gasguard.mqtt.server import Subscription, peoples
from gasguard.mqtt.topics import ALL, SKIP, Topics

log = logging.getLogger(__name__)

PUBLISH_EVERY = 60.0
"""Seconds after which a state is published again though nothing changed (contract)."""
_LOOK_EVERY = 5.0
_AGAIN_AFTER = PUBLISH_EVERY - 2 * _LOOK_EVERY
MISSED_FOR = 15.0
"""Seconds that an event waits for a connection: a little longer than it takes to have one again."""
_MOST_MISSED = 100
_MOST_UNKNOWN = 500
"""Names of unknown burners that are told of once each."""


def subscriptions(settings: Mqtt, *, scheduled: bool = False) -> list[Subscription]:
    """What the people's connection listens to. Without the commands it is no use.

    `scheduled`: there are schedules, which people may skip.
    """
    topics = Topics(settings.base_topic)
    skips = topics.schedule("+", SKIP)
    return [
        *(Subscription(topic, as_published=True) for topic in topics.requests()),
        # Its own word comes back: that shows whether anything is let through to it.
        Subscription(topics.status, vital=False, own=True),
        Subscription(topics.history, vital=False),
        *([Subscription(skips, vital=False, as_published=True)] if scheduled else []),
    ]


class MqttInterface:
    """The way in and out over MQTT. Everything but the link's callbacks runs on the event loop."""

    def __init__(
        self,
        settings: Mqtt,
        controller: Controller,
        past: Past,
        clock: Clock,
        announcer: Announcer,
        heartbeats: Heartbeats | None = None,
        troubles: Troubles | None = None,
        schedules: Skippable | None = None,
        until: WallTime | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self._topics = Topics(settings.base_topic)
        self._troubles = troubles or Troubles()
        self._announcer = announcer
        # A stranger must not make the daemon publish in its own name, nor appear in a dashboard.
        self._no_answers_on = (
            f"{settings.base_topic}/",
            f"{settings.home_assistant.prefix}/",
            "$",
        )
        self._controller, self._past, self._clock = controller, past, clock
        self._zone = zone
        self._front = Front(controller, Source.MQTT, until or WallTime(clock))
        self._history = HistoryAnswers(controller, past, clock)
        self._standing = Standing(self._topics.status)
        self._kept = KeptRequests()
        self._schedules = None
        if schedules is not None:
            self._schedules = MqttSchedules(schedules, self._topics, self._kept, self._answer_on)
            schedules.observers.append(self._publish_schedules)
        self._births = birth_topics(settings)
        self._desk = Desk(
            peoples(settings),
            subscriptions(settings, scheduled=schedules is not None),
            self,
            heartbeats,
            received=self._received,
            # Offs have room of their own: no flood of other messages takes it.
            urgent=self._is_off,
            refused=self._standing.refusals.refused,
            unpublished=self._standing.refusals.unpublished,
        )
        self._connection: Connection | None = None
        self._published: dict[str, tuple[dict[str, Any], float]] = {}
        self._online_at = self._all_at = float("-inf")
        """When `online`, and when everything, was told last."""
        self._wants_all = False
        """Somebody needs to be told everything again."""
        self._refresher: asyncio.Task[None] | None = None
        self._unknown: set[str] = set()
        self._missed: deque[tuple[float, str, dict[str, Any]]] = deque(maxlen=_MOST_MISSED)
        """Events that nobody could be told of: when, topic, payload."""
        self._stopped = False

    @property
    def trouble(self) -> str:
        """What is wrong with the connection, in words for people; empty when nothing is."""
        return "; ".join(filter(None, (self._desk.trouble, self._standing.trouble)))

    def _is_off(self, topic: str) -> bool:
        addressed = self._topics.addressed(topic)
        return addressed is not None and addressed.asks == "off"

    def listen(self, early: Iterable[News] = ()) -> None:
        """Hear the guard's news from now on, to tell them once there is a connection.

        `early` is what happened before. To be called before the sensors start: an alarm that the
        broker has kept acts at once.
        """
        for news in early:
            self._on_news(news)
        self._controller.observers.append(self._on_news)

    def start(self) -> None:
        """Begin to connect; returns at once, broker or no broker."""
        self._refresher = asyncio.get_running_loop().create_task(self._refresh())
        self._desk.start()

    async def stop(self) -> None:
        """Say goodbye and disconnect."""
        self._stopped = True
        if self._refresher is not None:
            self._refresher.cancel()
        self._history.stop()
        self._announcer.stop()
        if self._connection is not None:
            self._connection.publish(self._topics.status, "offline", retain=True)
            self._connection.live = False
        await self._desk.stop()

    # --- on the event loop: coming and going --------------------------------------------------

    def subscribed(self, connection: Connection) -> None:
        """See `Owner.subscribed`."""
        if self._stopped:
            return
        self._begin(connection)
        self._publish_all()
        self._publish_missed()
        self._announcer.connected(connection, self._publish_states)

    def _begin(self, connection: Connection) -> None:
        if self._connection is not connection:
            self._connection = connection
            self._published.clear()
            self._kept.forget()
            self._standing.connected(self._clock.now().boot)

    def _publish_all(self) -> None:
        """Every state, and then `online`."""
        self._wants_all, self._all_at = False, self._clock.now().boot
        self._publish_states()
        self._say_online()

    def _say_online(self) -> None:
        if self._connection is not None and self._connection.live:
            self._online_at = self._clock.now().boot
            self._connection.publish(
                self._topics.status, "online", retain=True, correlation=self._standing.mark
            )
            self._standing.said_online(self._online_at)

    def _publish_states(self) -> None:
        self._published.clear()
        for name, state in self._controller.states().items():
            self._publish_state(name, state, self._clock.now())
        self._publish_schedules()

    def _publish_schedules(self) -> None:
        if self._schedules is not None and self._connection is not None:
            self._schedules.publish(self._connection)

    def lost(self, connection: Connection) -> None:
        """See `Owner.lost`."""
        if self._connection in (connection, None):
            self._connection = None
            self._standing.lost()
        self._announcer.lost(connection)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            now = self._clock.now()
            for name, state in self._controller.states().items():
                _, at = self._published.get(name, ({}, float("-inf")))
                if now.boot - at >= _AGAIN_AFTER:
                    self._published.pop(name, None)
                # Troubles come and go without news of a burner.
                self._publish_state(name, state, now)
            # Brokers lose what they keep, and who connects to another node finds nothing.
            if self._wants_all:
                self._publish_all()
            elif now.boot - self._online_at >= _AGAIN_AFTER:
                self._say_online()
            self._standing.look(now.boot)

    # --- publishing ---------------------------------------------------------------------------

    def _on_news(self, news: News) -> None:
        name = news.state.settings.burner
        refused = any(tell.kind is Kind.COMMAND_REJECTED for tell in news.tells)
        if refused and not self._congested:
            # Whoever shows already what was asked for, a number or a lock, springs back.
            self._published.pop(name, None)
        self._publish_state(name, news.state, news.at)
        if self._connection is not None:
            self._kept.look(self._connection, self._controller.states())
        for tell in news.tells:
            rejected = tell.kind is Kind.COMMAND_REJECTED
            if rejected and self._congested:
                continue
            payload = event_payload(tell, name, news.at, self._zone)
            if self._connection is None and not rejected:
                self._missed.append((news.at.boot, self._topics.event(name), payload))
            else:
                self._publish(self._topics.event(name), payload)

    def _publish_missed(self) -> None:
        """What happened a moment before the connection came: sensors have one of their own."""
        now = self._clock.now().boot
        while self._missed:
            at, topic, payload = self._missed.popleft()
            if now - at <= MISSED_FOR:
                self._publish(topic, payload)

    @property
    def _congested(self) -> bool:
        return self._connection is not None and self._connection.congested

    def _publish_state(self, name: str, state: State, now: Instant) -> None:
        if self._connection is None:
            return
        totals = self._past.totals(name)
        payload = state_payload(state, now, self._troubles.present(), totals, self._zone)
        steady = steady_part(payload)
        if self._published.get(name, (None,))[0] != steady:
            if self._publish(self._topics.state(name), payload, retain=True):
                self._published[name] = (steady, now.boot)
            else:
                self._published.pop(name, None)

    def _publish(self, topic: str, payload: dict[str, Any], *, retain: bool = False) -> bool:
        if self._connection is None:
            return False
        text = json.dumps(payload, ensure_ascii=False)
        return self._connection.publish(topic, text, retain=retain)

    def _replier(
        self,
        connection: Connection,
        name: str,
        asks: str,
        message: Message,
        request_id: str | None = None,
    ) -> Reply:
        def reply(answer: Answer) -> None:
            if answer.status is Status.REJECTED and connection.congested:
                return
            text = json.dumps(ack_payload(asks, request_id, answer), ensure_ascii=False)
            self._answer_on(connection, self._topics.ack(name), message, text)

        return reply

    def _answer_on(self, connection: Connection, topic: str, message: Message, text: str) -> None:
        """On the topic for all, and where MQTT 5 says that its sender wants it."""
        connection.publish(topic, text)
        if message.response_topic and self._may_answer_on(message.response_topic):
            connection.publish(message.response_topic, text, correlation=message.correlation or b"")

    def _may_answer_on(self, topic: str) -> bool:
        sound = 0 < len(topic) <= 256 and not set(topic) & set("+#\0")
        return sound and not topic.startswith(self._no_answers_on)

    # --- receiving ----------------------------------------------------------------------------

    def _received(self, connection: Connection, message: Message) -> None:
        if self._connection is None and connection.live:
            # The broker delivers from the first subscription on, before all are acknowledged: what
            # these messages lead to must be told as well.
            self._begin(connection)
        if message.topic == self._topics.status:
            self._status_told(connection, message)
        elif message.topic == self._topics.history:
            self._asked(connection, message)
        elif self._announcer.hears(message.topic):
            self._announcer.received(message)
            if message.topic in self._births and message.payload == b"online":
                self._home_assistant_began(message)
        elif self._schedules and (name := self._topics.schedule_of(message.topic, SKIP)):
            self._schedules.asked(connection, name, message)
        elif (addressed := self._topics.addressed(message.topic)) is not None:
            # Some brokers (amqtt) also send what was never subscribed to.
            self._request(connection, *addressed, message)

    def _asked(self, connection: Connection, message: Message) -> None:
        """A question that was kept, or names nowhere to answer, is nobody's."""
        answer_to = message.response_topic
        if not message.retain and answer_to and self._may_answer_on(answer_to):
            self._history.asked(connection, message, answer_to)

    def _home_assistant_began(self, message: Message) -> None:
        """What it has heard before, it has forgotten."""
        if message.retain:
            return
        if self._clock.now().boot - self._all_at > _LOOK_EVERY:
            self._publish_all()
        else:
            self._wants_all = True

    def _status_told(self, connection: Connection, message: Message) -> None:
        """The last will of an earlier connection may come after this one's `online`."""
        if message.retain:
            return
        if message.payload == b"online":
            now = self._clock.now().boot
            self._standing.heard_online(now, message.correlation, marked=connection.is_mqtt5)
        elif message.payload == b"offline" and connection is self._connection:
            self._say_online()

    def _request(self, connection: Connection, name: str, asks: str, message: Message) -> None:
        if set(name) & set("+#"):
            return  # no topic to answer on; a sound broker does not let it through
        burners = self._controller.states()
        if name == ALL and asks == "off":
            targets = list(burners)
        elif name in burners:
            targets = [name]
        else:
            self._unknown_burner(connection, name, asks, message)
            return
        if self._kept.is_own(message, asks):
            return
        if message.retain or (message.to_be_kept and asks != "off"):
            self._retained(connection, targets, asks, message)
            return
        for target in targets:
            self._front.ask(
                target,
                asks,
                message.payload,
                partial(self._replier, connection, target, asks, message),
            )
        if message.to_be_kept:
            # It was said now, so it is carried out; it must not lie there for the next connection.
            self._kept.remove(connection, message, asks, targets)

    def _retained(
        self, connection: Connection, targets: list[str], asks: str, message: Message
    ) -> None:
        """A stored request is of unknown age, and one to be stored will be: not carried out."""
        why = self._kept.refuse(connection, message, asks, targets)
        for name in targets:
            log.warning("%s: %s", name, why)
            reply = self._replier(connection, name, asks, message)
            self._front.reject(name, "retained", why, reply)
        self._kept.look(connection, self._controller.states())

    def _unknown_burner(
        self, connection: Connection, name: str, asks: str, message: Message
    ) -> None:
        if message.retain:
            return
        why = no_burner(name, self._controller.states())
        if len(self._unknown) < _MOST_UNKNOWN and name not in self._unknown:
            self._unknown.add(name)
            log.warning("mqtt: %s", why)
        answer = Answer(0, Status.REJECTED, "unknown_burner", why)
        request_id = id_in(asks, message.payload, Source.MQTT)
        self._replier(connection, name, asks, message, request_id)(answer)
