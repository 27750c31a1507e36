"""The way to the daemon through the broker, with the topics of the contract and nothing else."""

import contextlib
import json
import math
import queue
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from gasguard.cli.answers import Answers
from gasguard.cli.daemon import ANSWER_WITHIN, Ack
from gasguard.cli.exits import Misused, Unreached
from gasguard.config.broker import Tls
from gasguard.errors import StoreError, no_burner
from gasguard.mqtt.link import Connection, Listener, Message, MqttLink
from gasguard.mqtt.server import Server, Subscription
from gasguard.mqtt.topics import ALL, SKIP, Topics, means_all, meant

_CONNECT_WITHIN = 6.0
"""Seconds for both protocols: connecting, and the broker's word on the subscriptions."""
_STATES_WITHIN = 3.0
"""Seconds for the retained states to arrive; a broker sends them at once."""
_EVER = 999_999_999
"""Seconds: longer than any history, and as many digits as a duration may have."""
_ASK_AGAIN_AFTER = 1.0
_LOOK_EVERY = 0.1
_NOBODY_WITHIN = 3.0
"""Seconds after which nobody will answer, where no daemon is said to be online."""
_WORD_WITHIN = 1.0
"""Seconds for the same where the request is sent all the same."""
_SETTLE = 0.3
"""Seconds of quiet after which all retained states count as arrived."""


class MqttDaemon:
    """A client of the broker at `mqtt://user:pass@host:port/base_topic` (or mqtts)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or port == -1:
            raise Misused(
                "--mqtt needs an address like mqtt://user:pass@host:1883 "
                "(mqtts:// for TLS; /TOPIC behind it where base_topic is not gasguard)"
            )
        tls = parts.scheme == "mqtts"
        self._server = Server(
            "mqtt",
            parts.hostname,
            port or (8883 if tls else 1883),
            Tls() if tls else None,
            unquote(parts.username) if parts.username else None,
            SecretStr(unquote(parts.password)) if parts.password else None,
            login="user and password in the URL",
        )
        self._topics = Topics(parts.path.strip("/") or "gasguard")
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._states: dict[str, dict[str, Any]] = {}
        self._schedules: dict[str, dict[str, Any]] = {}
        self._skipped: list[Ack] = []
        """Answers to what was skipped."""
        self._daemon: str | None = None
        self._came_online = False
        """It has just said so."""

    # --- the connection -----------------------------------------------------------------------

    @contextlib.contextmanager
    def _connected(self, burners: Iterable[str] = ()) -> Iterator[Connection]:
        """A connection with all subscriptions acknowledged; `burners` are those of interest."""
        came: queue.Queue[Connection | str] = queue.Queue()
        listener = Listener(
            came.put,
            lambda _connection, message: self._inbox.put(message),
            lambda _connection: None,
            failed=came.put,
        )
        # Who may not read states or answers may still be allowed to shut off.
        aside = (self._topics.status, self._topics.state("+"), self._topics.ack("+"))
        # Some brokers send nothing that they keep to a wildcard.
        kept = [self._topics.state(name) for name in burners if _may_be_a_burner(name)]
        wanted = [
            *(Subscription(topic, vital=False) for topic in (*aside, *kept)),
        ]
        link = MqttLink(self._server, wanted, listener)
        link.start()
        try:
            connection = came.get(timeout=_CONNECT_WITHIN)
            if isinstance(connection, str):
                problem = connection.replace("cannot connect", "cannot be reached")
                raise Unreached(f"broker {self._server.addresses} {problem}")
            yield connection
        except queue.Empty:
            raise Unreached(f"broker {self._server.addresses} does not answer") from None
        finally:
            link.stop()

    # --- receiving ----------------------------------------------------------------------------

    def _next(self, timeout: float) -> tuple[str, dict[str, Any]] | None:
        """The next acknowledgement as (burner, ack), or None; states are taken in on the way."""
        message = self._inbox.get(timeout=timeout)
        topic, payload = message.topic, message.payload
        if topic == self._topics.status:
            if payload in (b"online", b"offline"):
                self._daemon = payload.decode()
                self._came_online = payload == b"online" and not message.retain
            return None
        try:
            data = json.loads(payload)
        except ValueError:
            return None
        if not isinstance(data, dict):
            return None
        if (name := self._topics.schedule_of(topic, "state")) is not None:
            self._schedules[name] = data
        elif self._topics.schedule_of(topic, "ack") is not None:
            self._skipped.append(data)
        elif (name := self._topics.burner_of(topic, "state")) is not None:
            self._states[name] = data
        elif (name := self._topics.burner_of(topic, "ack")) is not None:
            return name, data
        return None

    def _take_states(self, within: float = _STATES_WITHIN) -> None:
        """Read what the broker keeps, until there is a word of the daemon; in `within` seconds."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                self._next(min(_SETTLE, _until(deadline)))
            except queue.Empty:
                if self._daemon is not None:
                    break

    def _check_online(self) -> None:
        """Raises Unreached when no daemon is online there."""
        if self._daemon != "online":
            said = "nothing is known of a daemon" if self._daemon is None else "the daemon is off"
            raise Unreached(
                f"broker {self._server.addresses} is there, but {said} under "
                f"{self._topics.status}: start gasguard run, or name its base topic in the URL"
            )

    # --- asking -------------------------------------------------------------------------------

    def request(self, asks: str, burners: list[str], value: str) -> Iterator[Ack]:
        """See `Daemon.request`."""
        if asks == "off":
            yield from self._off([] if means_all(burners) else burners)
            return
        with self._connected(burners) as connection:
            self._take_states(_WORD_WITHIN)
            if self._daemon is not None:
                self._check_online()
            burners = meant(burners, self._states)
            if self._states:
                self._check_known(burners)
            request_id = secrets.token_hex(8)
            for name in burners:
                topic = self._topics.request(name, asks)
                connection.publish(topic, _payload(asks, value, request_id))
            yield from self._acks(Answers(asks, request_id, burners), None)

    def _off(self, written: list[str]) -> Iterator[Ack]:
        """Sent before anything is known: what a broker keeps, or keeps back, is nothing to it."""
        named = list(dict.fromkeys(name.lower() for name in written))
        sent = [name for name in named if _may_be_a_burner(name)]
        answers = Answers("off", secrets.token_hex(8), sent)
        with self._connected(sent) as connection:

            def send() -> None:
                for name in sent if named else [ALL]:
                    topic = self._topics.request(name, "off")
                    connection.publish(topic, _payload("off", "", answers.id))

            if sent or not named:
                send()
                yield from self._acks(answers, send)
            for name in named:
                if name not in sent:
                    raise Misused(no_burner(name, self._states))
                if name in answers.unknown:
                    raise Misused(answers.unknown[name])

    def _acks(self, answers: Answers, send_again: Callable[[], None] | None) -> Iterator[Ack]:
        """As they come; raises Unreached when nobody answers at all.

        `send_again` where a daemon that came online since then may not have heard it.
        """
        deadline = time.monotonic() + ANSWER_WITHIN
        silent_at = time.monotonic() + _NOBODY_WITHIN
        self._came_online = False
        while not answers.complete(self._states):
            now = time.monotonic()
            if self._came_online and not answers.heard and send_again is not None:
                send_again()
            self._came_online = False
            if now >= deadline or (now >= silent_at and self._nobody(answers)):
                break
            with contextlib.suppress(queue.Empty):
                found = self._next(min(_LOOK_EVERY, _until(deadline)))
                if found is not None and answers.takes(*found):
                    name, ack = found
                    yield {"burner": name, **ack}
        if not answers.heard:
            raise Unreached(self._unanswered())
        for name in answers.missing(self._states):
            text = "the daemon did not answer for it"
            yield {"burner": name, "status": "failed", "code": "no_answer", "message": text}

    def _nobody(self, answers: Answers) -> bool:
        return not answers.heard and self._daemon != "online"

    def _unanswered(self) -> str:
        status, broker = self._topics.status, self._server.addresses
        if self._daemon == "online":
            said = "the daemon, which is online there, did not answer"
        elif self._daemon is None:
            said = f"nobody answers, and nothing is known of a daemon under {status}"
        else:
            said = f"nobody answers: the daemon is off, says {status}"
        return f"sent to broker {broker}, but {said}; turn the stove off by hand"

    def states(self) -> dict[str, dict[str, Any]]:
        """See `Daemon.states`."""
        with self._connected():
            self._take_states()
            self._check_online()
            if not self._states:
                raise Unreached(
                    f"the daemon is online, but broker {self._server.addresses} hands out no "
                    "states: it keeps none for wildcards, or this user may not read them"
                )
            return self._states

    def schedules(self) -> dict[str, dict[str, Any]]:
        """See `Daemon.schedules`."""
        with self._connected() as connection:
            connection.listen(self._topics.schedule("+", "state"))
            self._take_states()
            self._check_online()
            return self._schedules

    def skip(self, schedule: str) -> Ack:
        """See `Daemon.skip`."""
        with self._connected() as connection:
            connection.listen(self._topics.schedule(schedule, "ack"))
            self._take_states(_WORD_WITHIN)
            self._check_online()
            # Somebody else may skip it at the same moment.
            request_id = secrets.token_hex(8)
            question = json.dumps({"id": request_id})
            connection.publish(self._topics.schedule(schedule, SKIP), question)
            deadline = time.monotonic() + ANSWER_WITHIN
            while time.monotonic() < deadline:
                answers = [ack for ack in self._skipped if ack.get("id") == request_id]
                if answers:
                    return {"schedule": schedule, **answers[0]}
                with contextlib.suppress(queue.Empty):
                    self._next(min(_LOOK_EVERY, _until(deadline)))
        raise Unreached(f"broker {self._server.addresses}: the daemon did not answer")

    def watch(self) -> Iterator[dict[str, dict[str, Any]]]:
        """See `Daemon.watch`."""
        with self._connected():
            self._take_states()
            self._check_online()
            while True:
                yield self._states
                with contextlib.suppress(queue.Empty):
                    self._next(1.0)
                if self._daemon != "online":
                    raise Unreached("the daemon has ended")

    def history(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """See `Daemon.history`. Needs MQTT 5: the answer goes where the question says."""
        return self._past({}, burner, since)

    def burns(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """See `Daemon.burns`. Needs MQTT 5, too."""
        return self._past({"about": "burns"}, burner, since)

    def story(self, burner: str) -> Iterator[dict[str, Any]]:
        """See `Daemon.story`. Needs MQTT 5, too."""
        return self._past({"about": "story"}, burner, 0.0)

    def _past(
        self, about: dict[str, str], burner: str | None, since: float
    ) -> Iterator[dict[str, Any]]:
        with self._connected() as connection:
            self._take_states()
            self._check_online()
            self._check_known([burner] if burner is not None else [])
            if not connection.is_mqtt5:
                raise Misused(
                    f"history through a broker needs MQTT 5, and {self._server.addresses} has "
                    "3.1.1 only: call it at the daemon, with -c FILE"
                )
            seconds = f"{min(math.ceil(since), _EVER)}s"
            question = {**about, "since": seconds, "burner": burner}
            yield from self._answers(connection, question)

    def _answers(
        self, connection: Connection, question: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        answers = f"{self._topics.base}_answers/{secrets.token_hex(8)}"
        connection.listen(answers)
        deadline = time.monotonic() + ANSWER_WITHIN
        asked_at, busy, last = float("-inf"), True, False
        while not last:
            if busy and time.monotonic() >= asked_at + _ASK_AGAIN_AFTER:
                topic, text = self._topics.history, json.dumps(question)
                connection.publish(topic, text, response_topic=answers)
                asked_at, busy = time.monotonic(), False
            with contextlib.suppress(queue.Empty):
                message = self._inbox.get(timeout=min(_ASK_AGAIN_AFTER, _until(deadline)))
                if message.topic == answers:
                    answer = json.loads(message.payload)
                    busy = answer.get("error") == "busy"
                    if answer.get("error") == "not_read":
                        raise StoreError(f"the history cannot be read: {answer['message']}")
                    if "error" in answer and not busy:
                        raise Misused(answer["message"])
                    yield from answer.get("events", [])
                    last = answer.get("last", False)
            if not last and time.monotonic() > deadline:
                raise Unreached(
                    f"the daemon does not answer on {answers}; if the broker has access rules, "
                    "gasguard must be allowed to write there and this user to read"
                )

    def _check_known(self, burners: list[str]) -> None:
        for name in burners:
            if name not in self._states:
                raise Misused(no_burner(name, self._states))


def _until(deadline: float) -> float:
    """Seconds left until `deadline` (time.monotonic), at least 0."""
    return max(0.0, deadline - time.monotonic())


def _may_be_a_burner(name: str) -> bool:
    return name.isidentifier() and name.isascii()


def _payload(asks: str, value: str, request_id: str) -> str:
    if asks == "off":
        return json.dumps({"id": request_id})
    if asks.startswith("timer") and value.startswith("{"):
        return json.dumps({**json.loads(value), "id": request_id})
    if asks.startswith("timer"):
        return json.dumps({"duration": "0" if value == "cancel" else value, "id": request_id})
    return value
