"""History over MQTT: a question on `<base>/history/get`, answered on MQTT 5's response topic.

The question is nothing or `{"since": "24h", "burner": "left"}`. With `"about": "burns"` it is how
long burners burnt, by day; with `"about": "story"` and a burner its newest events, whatever their
age. The answer comes in parts, each `{"events": [...], "last": false}` of at most 64 KB, or as
`{"error": …, "message": …}`.
"""

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gasguard.clock import Clock
from gasguard.durations import parse_duration
from gasguard.errors import DurationError, StoreError, no_burner
from gasguard.guard.controller import Controller
from gasguard.interfaces.past import Past
from gasguard.interfaces.requests import MAX_PAYLOAD, BadRequest
from gasguard.mqtt.link import Connection, Message

log = logging.getLogger(__name__)

MOST_EVENTS = 5000
"""The newest so many; as over the local socket."""
_PART = 64 * 1024
_ASK_EVERY = 0.5
"""Least seconds between two questions: they share the disk's thread with the guard's state."""
_READ_WITHIN = 5.0
_DAY = 24 * 3600.0
ABOUT = ("events", "burns", "story")
"""What may be asked about."""


class Question(NamedTuple):
    """What somebody asks."""

    about: str
    """One of `ABOUT`."""
    since: float
    """Seconds back."""
    burner: str | None
    """None for all."""


class HistoryAnswers:
    """Answers one question at a time. Runs on the event loop."""

    def __init__(self, controller: Controller, past: Past, clock: Clock) -> None:
        self._controller, self._past, self._clock = controller, past, clock
        self._asked_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    def asked(self, connection: Connection, message: Message, answer_to: str) -> None:
        """Answer a question on `answer_to`; the answer follows later."""
        loop = asyncio.get_running_loop()
        reading = self._reading is not None and not self._reading.done()
        if reading or loop.time() < self._asked_at + _ASK_EVERY:
            error = BadRequest("busy", "another question is being answered; ask again in a second")
            _publish_error(connection, message, answer_to, error)
            return
        self._asked_at = loop.time()
        self._reading = loop.create_task(self._answer(connection, message, answer_to))

    def stop(self) -> None:
        """Leave what is being read."""
        if self._reading is not None:
            self._reading.cancel()

    async def _answer(self, connection: Connection, message: Message, answer_to: str) -> None:
        try:
            question = read_question(message.payload, self._controller.states())
            async with asyncio.timeout(_READ_WITHIN):
                told = await self._told(question)
        except BadRequest as bad:
            _publish_error(connection, message, answer_to, bad)
        except (StoreError, TimeoutError) as error:
            why = str(error) or "the disk does not answer"
            _publish_error(connection, message, answer_to, BadRequest("not_read", why))
        else:
            for part in parts(told):
                connection.publish(answer_to, part, correlation=message.correlation or b"")

    async def _told(self, question: Question) -> list[str]:
        since = self._clock.now().wall - question.since
        if question.about == "burns":
            return await self._past.burns(question.burner, since)
        if question.about == "story" and question.burner is not None:
            return await self._past.story(question.burner)
        return await self._past.history(question.burner, since, limit=MOST_EVENTS)


def read_question(payload: bytes, known: Iterable[str]) -> Question:
    """What is asked about `known` burners. Raises BadRequest."""
    if len(payload) > MAX_PAYLOAD:
        raise BadRequest("malformed", f"longer than {MAX_PAYLOAD} bytes")
    try:
        data = json.loads(payload or b"{}")
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or set(data) - {"about", "since", "burner"}:
        raise BadRequest("malformed", 'write {"since": "24h", "burner": "left"}, or nothing')
    since, burner, about = data.get("since"), data.get("burner"), data.get("about", "events")
    if about not in ABOUT:
        raise BadRequest("malformed", f"about is one of {', '.join(ABOUT)}")
    if about == "story" and burner is None:
        raise BadRequest("malformed", 'write {"about": "story", "burner": "left"}')
    if burner is not None and burner not in (names := list(known)):
        raise BadRequest("unknown_burner", no_burner(str(burner), names))
    try:
        seconds = _DAY if since is None else parse_duration(str(since))
    except DurationError as error:
        raise BadRequest("invalid_duration", f"since: {error}") from None
    return Question(about, seconds, burner)


def parts(events: Iterable[str]) -> Iterator[str]:
    """JSON objects in messages of at most 64 KB; always at least one, the last marked so."""
    lines: list[str] = []
    size = 0
    for line in events:
        length = len(line.encode())
        if lines and size + length > _PART - 100:
            yield _part(lines, last=False)
            lines, size = [], 0
        lines.append(line)
        size += length + 2
    yield _part(lines, last=True)


def _part(lines: list[str], *, last: bool) -> str:
    return f'{{"events": [{", ".join(lines)}], "last": {json.dumps(last)}}}'


def _publish_error(
    connection: Connection, message: Message, answer_to: str, error: BadRequest
) -> None:
    if not connection.congested:
        text = json.dumps({"error": error.code, "message": str(error)}, ensure_ascii=False)
        connection.publish(answer_to, text, correlation=message.correlation or b"")
