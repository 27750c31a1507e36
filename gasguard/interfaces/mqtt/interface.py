"""gasguard on MQTT: topics, states, events and acknowledgements (contract, section 3)."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from gasguard.clock import Clock, Instant
from gasguard.config.broker import Mqtt
from gasguard.core.messages import Answer, Kind, Status
from gasguard.core.model import Source, State
from gasguard.guard.controller import Controller, News, Reply
from gasguard.guard.store import Store
from gasguard.interfaces.home_assistant.announcer import Announcer
from gasguard.interfaces.mqtt.history import HistoryDesk
from gasguard.interfaces.payloads import ack_payload, event_payload, state_payload, steady_part
from gasguard.interfaces.requests import BadCommand, parse_command
from gasguard.interfaces.sensors import SensorDesk
from gasguard.mqtt.link import Connection, Listener, Message, MqttLink, broker

log = logging.getLogger(__name__)

COMMANDS = ("off", "timer", "timer/extend", "lock", "rearm")
PUBLISH_EVERY = 60.0
"""Seconds after which a state is published again though nothing changed (contract)."""
_LOOK_EVERY = 5.0
_HANDED_OVER = 500
"""Messages on their way to the event loop; a flood beyond that waits in the broker, not here."""
_HAND_OVER_WITHIN = 2.0


class MqttInterface:
    """The way in and out over MQTT. Everything but the link's callbacks runs on the event loop."""

    def __init__(
        self,
        settings: Mqtt,
        controller: Controller,
        store: Store,
        clock: Clock,
        sensors: SensorDesk | None = None,
        announcer: Announcer | None = None,
    ) -> None:
        self._base, self._status = settings.base_topic, f"{settings.base_topic}/status"
        self._announcer = announcer
        # A stranger must not make the daemon publish in its own name, nor appear in a dashboard.
        self._no_answers_on = (
            f"{self._base}/",
            f"{settings.home_assistant.prefix}/",
            "$",
        )
        self._controller, self._clock = controller, clock
        self._sensors = sensors or SensorDesk(controller, {}, {})
        topics = [f"{self._base}/+/{command}/set" for command in COMMANDS]
        listener = Listener(
            partial(self._hand_over, self._subscribed),
            self._on_message,
            partial(self._hand_over, self._lost),
        )
        self._history = HistoryDesk(self._base, controller, store, clock)
        topics += [self._status, self._history.topic, *self._sensors.topics]
        self._link = MqttLink(broker(settings), topics, listener)
        self._connection: Connection | None = None
        self._published: dict[str, tuple[dict[str, Any], float]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._room = threading.BoundedSemaphore(_HANDED_OVER)
        self._room_for_offs = threading.BoundedSemaphore(_HANDED_OVER)
        self._room_for_sensors = threading.BoundedSemaphore(_HANDED_OVER)
        self._refresher: asyncio.Task[None] | None = None
        self._unknown: set[str] = set()

    async def start(self) -> None:
        """Begin to connect; returns at once, broker or no broker."""
        self._loop = asyncio.get_running_loop()
        self._controller.observers.append(self._on_news)
        self._refresher = self._loop.create_task(self._refresh())
        self._sensors.lost()
        self._link.start()

    async def stop(self) -> None:
        """Say goodbye and disconnect."""
        if self._refresher is not None:
            self._refresher.cancel()
        self._history.stop()
        self._sensors.stop()
        if self._announcer is not None:
            self._announcer.stop()
        if self._connection is not None:
            self._connection.publish(self._status, "offline", retain=True)
            self._connection.live = False
        await asyncio.to_thread(self._link.stop)

    # --- from the link's thread ---------------------------------------------------------------

    def _hand_over(self, work: Callable[..., None], *args: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work, *args)

    def _on_message(self, connection: Connection, message: Message) -> None:
        # Offs and alarms have room of their own: no flood of other messages takes it.
        if message.topic.endswith("/off/set"):
            room = self._room_for_offs
        else:
            room = self._room_for_sensors if self._sensors.hears(message.topic) else self._room
        if not room.acquire(timeout=_HAND_OVER_WITHIN):
            log.error("mqtt: the guard does not take messages; one was dropped")
            return
        self._hand_over(self._received, connection, message, room)

    # --- on the event loop: coming and going --------------------------------------------------

    def _subscribed(self, connection: Connection) -> None:
        self._connection = connection
        self._sensors.connected()
        self._publish_states()
        connection.publish(self._status, "online", retain=True)
        if self._announcer is not None:
            self._announcer.connected(connection, self._publish_states)

    def _publish_states(self) -> None:
        self._published.clear()
        for name, state in self._controller.states().items():
            self._publish_state(name, state, self._clock.now())

    def _lost(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._sensors.lost()
        if self._announcer is not None:
            self._announcer.lost(connection)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            self._link = self._link.alive()
            now = self._clock.now()
            for name, state in self._controller.states().items():
                _, at = self._published.get(name, ({}, float("-inf")))
                if now.boot - at >= PUBLISH_EVERY - 2 * _LOOK_EVERY:
                    self._published.pop(name, None)
                    self._publish_state(name, state, now)

    # --- publishing ---------------------------------------------------------------------------

    def _on_news(self, news: News) -> None:
        name = news.state.settings.burner
        self._publish_state(name, news.state, news.at)
        for tell in news.tells:
            if tell.kind is Kind.COMMAND_REJECTED and self._congested:
                continue
            self._publish(f"{self._base}/{name}/event", event_payload(tell, name, news.at))

    @property
    def _congested(self) -> bool:
        return self._connection is not None and self._connection.congested

    def _publish_state(self, name: str, state: State, now: Instant) -> None:
        if self._connection is None:
            return
        payload = state_payload(state, now)
        steady = steady_part(payload)
        if self._published.get(name, (None,))[0] != steady:
            if self._publish(f"{self._base}/{name}/state", payload, retain=True):
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
        command: str,
        request_id: str | None,
        message: Message,
    ) -> Reply:
        def reply(answer: Answer) -> None:
            if answer.status is Status.REJECTED and connection.congested:
                return
            text = json.dumps(ack_payload(command, request_id, answer), ensure_ascii=False)
            connection.publish(f"{self._base}/{name}/ack", text)
            if message.response_topic and self._may_answer_on(message.response_topic):
                connection.publish(
                    message.response_topic, text, correlation=message.correlation or b""
                )

        return reply

    def _may_answer_on(self, topic: str) -> bool:
        sound = 0 < len(topic) <= 256 and not set(topic) & set("+#\0")
        return sound and not topic.startswith(self._no_answers_on)

    # --- receiving ----------------------------------------------------------------------------

    def _received(
        self, connection: Connection, message: Message, room: threading.BoundedSemaphore
    ) -> None:
        try:
            if self._connection is None and connection.live:
                # The broker delivers from the first subscription on, before all are acknowledged:
                # what these messages lead to must be told as well.
                self._connection = connection
                self._published.clear()
            if message.topic == self._status:
                self._status_told(connection, message)
            elif message.topic == self._history.topic:
                self._asked(connection, message)
            elif self._sensors.hears(message.topic):
                self._sensors.received(message)
            elif self._announcer is not None and self._announcer.hears(message.topic):
                self._announcer.received(message)
            else:
                self._command(connection, message)
        except Exception:
            log.exception("mqtt: a message on %s was not understood", message.topic)
        finally:
            room.release()

    def _asked(self, connection: Connection, message: Message) -> None:
        """A question that was kept, or names nowhere to answer, is nobody's."""
        answer_to = message.response_topic
        if not message.retain and answer_to and self._may_answer_on(answer_to):
            self._history.asked(connection, message, answer_to)

    def _status_told(self, connection: Connection, message: Message) -> None:
        """The last will of an earlier connection may come after this one's `online`."""
        if connection.live and not message.retain and message.payload == b"offline":
            connection.publish(self._status, "online", retain=True)

    def _command(self, connection: Connection, message: Message) -> None:
        prefix, topic = f"{self._base}/", message.topic
        name, _, command = topic.removeprefix(prefix).removesuffix("/set").partition("/")
        if topic != f"{prefix}{name}/{command}/set" or command not in COMMANDS:
            # Some brokers (amqtt) also send what was never subscribed to.
            return
        if set(name) & set("+#"):
            return  # no topic to answer on; a sound broker does not let it through
        burners = self._controller.states()
        if name == "all" and command == "off":
            targets = list(burners)
        elif name in burners:
            targets = [name]
        else:
            self._unknown_burner(connection, name, command, message)
            return
        if message.retain:
            self._retained(connection, targets, command, message)
            return
        for target in targets:
            self._carry_out(connection, target, command, message)

    def _carry_out(self, connection: Connection, name: str, command: str, message: Message) -> None:
        try:
            parsed = parse_command(command, message.payload, Source.MQTT)
        except BadCommand as bad:
            reply = self._replier(connection, name, command, bad.request_id, message)
            self._controller.reject(name, Source.MQTT, bad.code, str(bad), reply)
            return
        reply = self._replier(connection, name, command, parsed.request_id, message)
        self._controller.request(name, parsed.request, reply)

    def _retained(
        self, connection: Connection, targets: list[str], command: str, message: Message
    ) -> None:
        """A stored command is of unknown age: never carried out, answered, and cleared."""
        if connection.is_mqtt5:
            why = f"a retained {command} command is not carried out; it was cleared"
            connection.publish(message.topic, b"", retain=True)
        else:
            # On 3.1.1 the clearing would come back here as a live and empty command.
            why = (
                f"a retained {command} command is not carried out; clear it with: "
                f"mosquitto_pub -r -n -t {message.topic}"
            )
        for name in targets:
            log.warning("%s: %s", name, why)
            reply = self._replier(connection, name, command, None, message)
            self._controller.reject(name, Source.MQTT, "retained", why, reply)

    def _unknown_burner(
        self, connection: Connection, name: str, command: str, message: Message
    ) -> None:
        if message.retain:
            return
        known = ", ".join(self._controller.states())
        if len(self._unknown) < _HANDED_OVER and name not in self._unknown:
            self._unknown.add(name)
            log.warning("mqtt: no burner %r (there are: %s)", name[:64], known)
        answer = Answer(0, Status.REJECTED, "unknown_burner", f"there are: {known}")
        self._replier(connection, name, command, None, message)(answer)
