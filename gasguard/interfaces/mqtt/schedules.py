"""Schedules over MQTT: what each says, retained, and the skipping of one."""

import json
import logging
from collections.abc import Callable

from gasguard.core.messages import Answer, Status
from gasguard.core.model import Source
from gasguard.guard.bulletins import Reply
from gasguard.interfaces.mqtt.kept import KeptRequests
from gasguard.interfaces.payloads import ack_payload
from gasguard.interfaces.requests import BadRequest, Skippable, id_of_anything
from gasguard.mqtt.connection import Connection, Message
from gasguard.mqtt.topics import Topics

log = logging.getLogger(__name__)

_SKIP = "skip"

AnswerOn = Callable[[Connection, str, Message, str], None]
"""Publishes the answer to a message: on a topic, and where its sender wants it."""


class MqttSchedules:
    """Those of the people's connection. Runs on the event loop."""

    def __init__(
        self, schedules: Skippable, topics: Topics, kept: KeptRequests, answer_on: AnswerOn
    ) -> None:
        self._schedules, self._topics, self._kept = schedules, topics, kept
        self._answer_on = answer_on

    def publish(self, connection: Connection) -> None:
        """Tell what every schedule says."""
        for name, payload in self._schedules.states().items():
            text = json.dumps(payload, ensure_ascii=False)
            connection.publish(self._topics.schedule(name, "state"), text, retain=True)

    def asked(self, connection: Connection, name: str, message: Message) -> None:
        """Somebody skips one; anything is a word for that."""
        if self._kept.is_own(message, _SKIP):
            return
        reply = self._replier(connection, name, message)
        if message.retain or message.to_be_kept:
            why = self._kept.refuse(connection, message, _SKIP, [])
            log.warning("schedule %s: %s", name, why)
            self._schedules.refuse(name, Source.MQTT, "retained", why)
            reply(Answer(0, Status.REJECTED, "retained", why))
            return
        try:
            self._schedules.skip(name, Source.MQTT, reply)
        except BadRequest as bad:
            reply(Answer(0, Status.REJECTED, bad.code, str(bad)))

    def _replier(self, connection: Connection, name: str, message: Message) -> Reply:
        request_id = id_of_anything(message.payload)

        def reply(answer: Answer) -> None:
            if answer.status is Status.REJECTED and connection.congested:
                return
            text = json.dumps(ack_payload(_SKIP, request_id, answer), ensure_ascii=False)
            self._answer_on(connection, self._topics.schedule(name, "ack"), message, text)

        return reply
