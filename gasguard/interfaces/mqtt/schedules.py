"""Schedules over MQTT: what each says, retained, and the skipping of one."""

import json
import logging

from gasguard.core.messages import Answer, Status
from gasguard.core.model import Source
from gasguard.guard.bulletins import Reply
from gasguard.interfaces.mqtt.kept import KeptRequests
from gasguard.interfaces.payloads import ack_payload
from gasguard.interfaces.requests import BadRequest, Skippable
from gasguard.mqtt.connection import Connection, Message
from gasguard.mqtt.topics import Topics

log = logging.getLogger(__name__)

_SKIP = "skip"


class MqttSchedules:
    """Those of the people's connection. Runs on the event loop."""

    def __init__(self, schedules: Skippable, topics: Topics, kept: KeptRequests) -> None:
        self._schedules, self._topics, self._kept = schedules, topics, kept

    def publish(self, connection: Connection) -> None:
        """Tell what every schedule says."""
        for name, payload in self._schedules.states().items():
            text = json.dumps(payload, ensure_ascii=False)
            connection.publish(self._topics.schedule(name, "state"), text, retain=True)

    def asked(self, connection: Connection, name: str, message: Message) -> None:
        """Somebody skips one; anything is a word for that."""
        if self._kept.is_own(message, _SKIP):
            return
        reply = self._replier(connection, name)
        if message.retain or message.to_be_kept:
            why = self._kept.refuse(connection, message, _SKIP, [])
            log.warning("schedule %s: %s", name, why)
            reply(Answer(0, Status.REJECTED, "retained", why))
            return
        try:
            self._schedules.skip(name, Source.MQTT, reply)
        except BadRequest as bad:
            reply(Answer(0, Status.REJECTED, bad.code, str(bad)))

    def _replier(self, connection: Connection, name: str) -> Reply:
        def reply(answer: Answer) -> None:
            if answer.status is Status.REJECTED and connection.congested:
                return
            text = json.dumps(ack_payload(_SKIP, None, answer), ensure_ascii=False)
            connection.publish(self._topics.schedule(name, "ack"), text)

        return reply
