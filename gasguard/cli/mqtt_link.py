"""The way to the daemon through the broker, with the topics of the contract and nothing else."""

import contextlib
import json
import math
import queue
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gasguard.cli.link import ANSWER_WITHIN, Ack, wait_until
from gasguard.cli.main import Misused, Unreached

_CONNECT_WITHIN = 5.0
_STATES_WITHIN = 3.0
"""Seconds for the retained states to arrive; a broker sends them at once."""
_EVER = 999_999_999
"""Seconds: longer than any history, and as many digits as a duration may have."""
_ASK_AGAIN_AFTER = 1.0
_SETTLE = 0.3
"""Seconds of quiet after which all retained states count as arrived."""


class MqttClientLink:
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
        self._tls = parts.scheme == "mqtts"
        self._host, self._port = parts.hostname, port or (8883 if self._tls else 1883)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._base = parts.path.strip("/") or "gasguard"
        self._inbox: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._states: dict[str, dict[str, Any]] = {}
        self._daemon: str | None = None

    # --- the connection -----------------------------------------------------------------------

    @contextlib.contextmanager
    def _connected(self) -> Iterator[paho.Client]:
        client = self._connect(paho.MQTTv5) or self._connect(paho.MQTTv311)
        if client is None:
            raise Unreached(f"broker {self._host}:{self._port} speaks neither MQTT 5 nor 3.1.1")
        try:
            yield client
        finally:
            client.disconnect()
            client.loop_stop()

    def _connect(self, protocol: MQTTProtocolVersion) -> paho.Client | None:
        """A client with all subscriptions acknowledged; None when the broker lacks `protocol`."""
        where = f"broker {self._host}:{self._port}"
        ready: queue.Queue[ReasonCode | None] = queue.Queue()
        client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=protocol, reconnect_on_failure=False
        )
        client.connect_timeout = _CONNECT_WITHIN
        if self._user is not None:
            client.username_pw_set(self._user, self._password)
        if self._tls:
            client.tls_set()
        topics = [(f"{self._base}/{rest}", 1) for rest in ("status", "+/state", "+/ack")]

        def on_connect(_c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
            if reason.is_failure:
                ready.put(reason)
            else:
                client.subscribe(topics)

        client.on_connect = on_connect
        client.on_subscribe = lambda *_: ready.put(None)
        client.on_message = lambda _c, _u, message: self._inbox.put(
            (message.topic, bytes(message.payload))
        )
        try:
            client.connect(self._host, self._port)
        except OSError as error:
            raise Unreached(f"{where} cannot be reached: {error.strerror or error}") from None
        client.loop_start()
        try:
            reason = ready.get(timeout=_CONNECT_WITHIN)
        except queue.Empty:
            client.disconnect()
            raise Unreached(f"{where} does not answer") from None
        if reason is None:
            return client
        client.loop_stop()
        if reason.value in (132, 1) or "protocol" in str(reason).lower():
            return None
        raise Unreached(f"{where} refused the connection: {reason}")

    # --- receiving ----------------------------------------------------------------------------

    def _next(self, timeout: float) -> tuple[str, dict[str, Any]] | None:
        """The next acknowledgement as (burner, ack), or None; states are taken in on the way."""
        topic, payload = self._inbox.get(timeout=timeout)
        rest = topic.removeprefix(f"{self._base}/")
        if rest == "status":
            self._daemon = payload.decode(errors="replace")
            return None
        name, _, kind = rest.partition("/")
        try:
            data = json.loads(payload)
        except ValueError:
            return None
        if not isinstance(data, dict):
            return None
        if kind == "state":
            self._states[name] = data
            return None
        return name, data

    def _take_states(self) -> None:
        """Read what the broker keeps. Raises Unreached when no daemon is online there."""
        deadline = time.monotonic() + _STATES_WITHIN
        while time.monotonic() < deadline:
            try:
                self._next(min(_SETTLE, wait_until(deadline)))
            except queue.Empty:
                if self._daemon is not None:
                    break
        if self._daemon != "online":
            said = "nothing is known of a daemon" if self._daemon is None else "the daemon is off"
            raise Unreached(
                f"broker {self._host}:{self._port} is there, but {said} under "
                f"{self._base}/status: start gasguard run, or name its base topic in the URL"
            )

    # --- the link -----------------------------------------------------------------------------

    def command(self, command: str, burners: list[str], value: str) -> Iterator[Ack]:
        """See `Link.command`."""
        with self._connected() as client:
            self._take_states()
            self._check_known(burners)
            request_id = secrets.token_hex(8)
            topics = [f"{name}/{command}" for name in burners] or [f"all/{command}"]
            for topic in topics:
                client.publish(
                    f"{self._base}/{topic}/set", _payload(command, value, request_id), qos=1
                )
            yield from self._acks(command, set(burners or self._states), request_id)

    def _acks(self, command: str, waiting: set[str], request_id: str) -> Iterator[Ack]:
        deadline = time.monotonic() + ANSWER_WITHIN
        while waiting and time.monotonic() < deadline:
            try:
                found = self._next(wait_until(deadline))
            except queue.Empty:
                break
            if found is None or found[0] not in waiting:
                continue
            name, ack = found
            # Words like LOCK carry no id: there the command's name must do.
            if ack.get("command") != command or ack.get("id") not in (request_id, None):
                continue
            if command != "off" or ack.get("status") != "accepted":
                waiting.discard(name)
            yield {"burner": name, **ack}

    def states(self) -> dict[str, dict[str, Any]]:
        """See `Link.states`."""
        with self._connected():
            self._take_states()
            return self._states

    def watch(self) -> Iterator[dict[str, dict[str, Any]]]:
        """See `Link.watch`."""
        with self._connected():
            self._take_states()
            while True:
                yield self._states
                with contextlib.suppress(queue.Empty):
                    self._next(1.0)
                if self._daemon != "online":
                    raise Unreached("the daemon has ended")

    def history(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """See `Link.history`. Needs MQTT 5: the answer goes where the question says."""
        with self._connected() as client:
            self._take_states()
            self._check_known([burner] if burner is not None else [])
            if client.protocol != paho.MQTTv5:
                raise Misused(
                    f"history through a broker needs MQTT 5, and {self._host}:{self._port} has "
                    "3.1.1 only: call it at the daemon, with -c FILE"
                )
            question = {"since": f"{min(math.ceil(since), _EVER)}s", "burner": burner}
            yield from self._answers(client, f"{self._base}/history/get", question)

    def _answers(
        self, client: paho.Client, topic: str, question: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        answers = f"{self._base}_answers/{secrets.token_hex(8)}"
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho
        properties.ResponseTopic = answers
        subscribed = threading.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        client.subscribe(answers, 1)
        subscribed.wait(_CONNECT_WITHIN)
        deadline = time.monotonic() + ANSWER_WITHIN
        asked_at, busy, last = float("-inf"), True, False
        while not last:
            if busy and time.monotonic() >= asked_at + _ASK_AGAIN_AFTER:
                client.publish(topic, json.dumps(question), qos=1, properties=properties)
                asked_at, busy = time.monotonic(), False
            with contextlib.suppress(queue.Empty):
                where, payload = self._inbox.get(
                    timeout=min(_ASK_AGAIN_AFTER, wait_until(deadline))
                )
                if where == answers:
                    answer = json.loads(payload)
                    busy = answer.get("error") == "busy"
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
        known = list(self._states)
        unknown = [name for name in burners if name not in known]
        if unknown:
            raise Misused(f"no burner {unknown[0]!r}; there are: {', '.join(known)}")


def _payload(command: str, value: str, request_id: str) -> str:
    if command == "off":
        return json.dumps({"id": request_id})
    if command.startswith("timer") and value != "cancel":
        return json.dumps({"duration": value, "id": request_id})
    return value
