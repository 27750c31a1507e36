"""The local socket: the command line's way in that needs no broker.

A client sends one JSON object in one line and reads JSON objects, one a line, until the connection
closes: `{"ack": …}` for each acknowledgement, `{"states": …}`, `{"event": …}`, or `{"error": …}`.
With `"state_dir"` in it, another kitchen's daemon carries nothing out; `"source"` is the way in on
whose behalf it asks, `cli` or `web`.
"""

import asyncio
import contextlib
import json
import logging
import os
import select
import socket
from collections import deque
from collections.abc import Callable
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from gasguard import __version__
from gasguard.clock import Clock
from gasguard.core.messages import Answer, Status
from gasguard.core.model import Source
from gasguard.errors import StoreError
from gasguard.guard.bulletins import News, Reply
from gasguard.guard.controller import Controller
from gasguard.guard.proof_test import proof_test
from gasguard.health import Troubles
from gasguard.interfaces.front import Front
from gasguard.interfaces.local.unix import answers, socket_address
from gasguard.interfaces.metrics.counts import Counts
from gasguard.interfaces.past import Past
from gasguard.interfaces.payloads import ack_payload, event_payload, sensor_payloads, state_payload
from gasguard.interfaces.requests import BadRequest, Skippable
from gasguard.interfaces.wall_time import WallTime
from gasguard.mqtt.topics import means_all, meant

log = logging.getLogger(__name__)

MAX_LINE = 4096
MAX_CLIENTS = 32
"""Connections served besides; an off of one more is still carried out."""
_QUEUED = 100
"""Connections that wait in the kernel until they are accepted."""
ANSWER_WITHIN = 10.0
"""Seconds after which a connection is closed though an acknowledgement is missing."""
HISTORY_LIMIT = 5000
_EVENTS_HELD = 500
"""Events that wait for a client that watches; the oldest go first."""
_EVER = 1e10
"""Seconds: longer than any history."""

_PAST = ("history", "burns", "story")
"""Questions about what was."""
_READ_WITHIN = 5.0
"""Seconds that a disk which does not answer may hold up a question."""
_ROOM = 1 << 18
"""Bytes that may wait for a client that reads slowly, before a long answer goes on."""


class ControlSocket:
    """Serves `path`, mode 0660; where there is a runtime folder, it is in that, and `path` a link.

    A card that has become read-only has no place for a socket, and perhaps a stale one.
    """

    def __init__(
        self,
        path: Path,
        controller: Controller,
        past: Past,
        clock: Clock,
        troubles: Troubles | None = None,
        *,
        runtime: Path | None = None,
        schedules: Skippable | None = None,
        until: WallTime | None = None,
        zone: tzinfo | None = None,
        counts: Counts | None = None,
        messages_waiting: Callable[[], dict[str, int]] = dict,
    ) -> None:
        self._schedules, self._counts = schedules, counts
        self._messages_waiting = messages_waiting
        self._began = clock.now().boot
        self._served = runtime / path.name if runtime else path
        self._path, self._controller, self._past, self._clock = path, controller, past, clock
        self._troubles, self._zone = troubles or Troubles(), zone
        until = until or WallTime(clock)
        self._fronts = {
            one.value: Front(controller, one, until) for one in (Source.CLI, Source.WEB)
        }
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take the path over. Raises OSError, also when somebody answers there."""
        if self._served != self._path:
            try:
                await self._serve_at(self._served)
            except OSError as error:
                log.warning("no local socket at %s: %s", self._served, error)
                self._served = self._path
            else:
                self._link()
                return
        await self._serve_at(self._path)

    async def _serve_at(self, path: Path) -> None:
        if answers(path):
            raise FileExistsError(f"another gasguard answers at {path}")
        listener = _bound(path)
        # asyncio tries to accept `backlog` times in a row. Out of file descriptors each try fails
        # and sets a timer to try so often again: they would multiply without bound.
        self._server = await asyncio.start_unix_server(
            self._accept, sock=listener, limit=MAX_LINE, backlog=1
        )
        listener.listen(_QUEUED)

    def _link(self) -> None:
        try:
            self._path.unlink(missing_ok=True)
            self._path.symlink_to(self._served)
        except OSError as error:
            log.warning("%s does not lead to %s: %s", self._path, self._served, error)

    async def stop(self) -> None:
        """Stop listening and let the clients go."""
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        for path in {self._path, self._served}:
            with contextlib.suppress(OSError):
                path.unlink()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._clients.add(task)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                line = await reader.readline()
            crowded = len(self._clients) > MAX_CLIENTS
            await self._serve(line, _Sender(writer), crowded=crowded)
            async with asyncio.timeout(ANSWER_WITHIN):
                await writer.drain()
        except (OSError, TimeoutError, ValueError, asyncio.CancelledError) as error:
            log.debug("control socket: %r", error)
        except Exception:
            log.exception("control socket: a client's request failed")
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(self, line: bytes, send: "_Sender", *, crowded: bool) -> None:
        try:
            await self._answer(line, send, crowded=crowded)
        except BadRequest as bad:
            send({"error": bad.code, "message": str(bad)})

    async def _answer(self, line: bytes, send: "_Sender", *, crowded: bool) -> None:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            raise BadRequest("malformed", 'send one line of JSON: {"command": "status"}')
        meant_for = request.get("state_dir", own := str(self._path.parent))
        if meant_for != own:
            raise BadRequest("other_daemon", f"this is the gasguard of {own}")
        asks = str(request.get("command"))
        front = self._fronts.get(str(request.get("source", Source.CLI)))
        if asks == "off":
            await self._requests(front or self._fronts[Source.CLI.value], request, asks, send)
        elif front is None:
            raise BadRequest("malformed", "source is cli or web")
        elif send.is_alone():
            # It has given up, perhaps while this process stood still: nothing is done later.
            raise ConnectionResetError("the client has gone")
        elif crowded:
            raise BadRequest("busy", f"{MAX_CLIENTS} clients are being served")
        elif asks == "status":
            self._status(send)
        elif asks == "metrics":
            self._metrics(send)
        elif asks == "watch":
            await self._watch(send, events=request.get("events") is True)
        elif asks in _PAST:
            await self._tell_past(front, request, asks, send)
        elif asks == "proof-test":
            await self._proof_test(front, request, send)
        elif asks == "skip":
            await self._skip(front, str(request.get("schedule")), send)
        else:
            await self._requests(front, request, asks, send)

    # --- requests -----------------------------------------------------------------------------

    async def _requests(
        self, front: Front, request: dict[str, Any], asks: str, send: "_Sender"
    ) -> None:
        wanted = request.get("burners")
        written = [str(name) for name in wanted] if isinstance(wanted, list) else []
        if not written and asks != "off":
            raise BadRequest("malformed", "name a burner")
        known = self._controller.states()
        if asks == "off" and means_all(written):
            written = []
        named = meant(written, known)
        if asks != "off":
            for name in named:
                front.check(name)
        # Of offs, what can be shut off is, whatever else is named.
        names = dict.fromkeys([name for name in named if name in known] if written else known)
        payload = str(request.get("value", "")).encode(errors="replace")
        settled = [_ask(front, name, asks, payload, send) for name in names]
        if settled:
            await asyncio.wait(settled, timeout=ANSWER_WITHIN)
        for name in named:
            front.check(name)

    async def _skip(self, front: Front, name: str, send: "_Sender") -> None:
        if self._schedules is None:
            raise BadRequest("unknown_schedule", "no schedule is configured")
        (name,) = meant([name], self._schedules.states())
        told: asyncio.Queue[Answer] = asyncio.Queue()
        self._schedules.skip(name, front.source, told.put_nowait)
        async with asyncio.timeout(ANSWER_WITHIN):
            answer = await told.get()
        send({"ack": {"schedule": name, **ack_payload("skip", None, answer)}})

    async def _proof_test(self, front: Front, request: dict[str, Any], send: "_Sender") -> None:
        name = str(request.get("burner"))
        front.check(name)
        async for step in proof_test(self._controller, name):
            send({"step": {"done": step.done, "passed": step.passed, "text": step.text}})

    # --- questions ----------------------------------------------------------------------------

    def _metrics(self, send: "_Sender") -> None:
        """The status, with what was counted since the start."""
        counts = self._counts.payload() if self._counts is not None else {}
        began = self._clock.now().wall_at(self._began)
        about = {"started_at": began, "version": __version__}
        waiting = self._messages_waiting()
        send({**self._standing(), "counts": counts, "messages_waiting": waiting, **about})

    def _status(self, send: "_Sender") -> None:
        send(self._standing())

    def _standing(self) -> dict[str, Any]:
        now = self._clock.now()
        states = self._controller.states()
        troubles = self._troubles.present()
        shown = {
            name: state_payload(state, now, troubles, self._past.totals(name), self._zone)
            for name, state in states.items()
        }
        schedules = self._schedules.states() if self._schedules is not None else {}
        sensors = sensor_payloads(states, now)
        return {"states": shown, "troubles": troubles, "schedules": schedules, "sensors": sensors}

    async def _watch(self, send: "_Sender", *, events: bool) -> None:
        """States now and at each change, until the client goes; where wanted, also what happens."""
        changed = asyncio.Event()
        happened: deque[dict[str, Any]] = deque(maxlen=_EVENTS_HELD)

        def observe(news: News) -> None:
            changed.set()
            if events:
                name = news.state.settings.burner
                happened.extend(
                    event_payload(tell, name, news.at, self._zone) for tell in news.tells
                )

        self._controller.observers.append(observe)
        try:
            while True:
                self._status(send)
                while happened:
                    send({"event": happened.popleft()})
                changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await changed.wait()
        finally:
            self._controller.observers.remove(observe)

    async def _tell_past(
        self, front: Front, request: dict[str, Any], asks: str, send: "_Sender"
    ) -> None:
        try:
            async with asyncio.timeout(_READ_WITHIN):
                told = await self._past_of(front, request, asks)
        except (StoreError, TimeoutError) as error:
            raise BadRequest("not_read", str(error) or "the disk does not answer") from None
        for event in told:
            send.line(f'{{"event": {event}}}')
            await send.drained()

    async def _past_of(self, front: Front, request: dict[str, Any], asks: str) -> list[str]:
        since, burner = request.get("since"), request.get("burner")
        # JSON has numbers that no float holds, and halves of characters that no database takes.
        seconds = min(since, _EVER) if isinstance(since, int | float) else 24 * 3600.0
        moment = self._clock.now().wall - max(seconds, 0.0)
        name = _sound(str(burner)) if burner is not None else None
        if asks == "history":
            return await self._past.history(name, moment, limit=HISTORY_LIMIT)
        if name is not None or asks == "story":
            front.check(str(name))
        if asks == "story":
            return await self._past.story(str(name))
        return await self._past.burns(name, moment)


class _Sender:
    """Writes to one client."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def __call__(self, data: dict[str, Any]) -> None:
        """Send an object. Raises ConnectionResetError where nobody reads."""
        self.line(json.dumps(data, ensure_ascii=False))

    def line(self, text: str) -> None:
        """Send an object that is JSON already. Raises as `__call__`."""
        if self._writer.is_closing():
            raise ConnectionResetError("the client has gone")
        if self._writer.transport.get_write_buffer_size() > 1 << 20:
            raise ConnectionResetError("the client does not read")
        self._writer.write(text.encode(errors="replace") + b"\n")

    def is_alone(self) -> bool:
        """Whether the client has hung up; one that only says no more still reads."""
        if self._writer.is_closing():
            return True
        hung_up = select.poll()
        hung_up.register(self._writer.get_extra_info("socket").fileno(), 0)
        return bool(hung_up.poll(0))

    async def drained(self) -> None:
        """Wait until there is room again, at most `ANSWER_WITHIN` seconds. Raises TimeoutError."""
        if self._writer.transport.get_write_buffer_size() > _ROOM:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._writer.drain()


def _ask(
    front: Front, name: str, asks: str, payload: bytes, send: "_Sender"
) -> "asyncio.Future[None]":
    settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    front.ask(name, asks, payload, partial(_reply, name, asks, send, settled))
    return settled


def _sound(text: str) -> str:
    return text.encode(errors="replace").decode()


def _reply(
    name: str,
    asks: str,
    send: "_Sender",
    settled: "asyncio.Future[None]",
    request_id: str | None,
) -> Reply:
    def reply(answer: Answer) -> None:
        final = asks != "off" or answer.status is not Status.ACCEPTED
        if final and not settled.done():
            settled.set_result(None)
        with contextlib.suppress(ConnectionResetError):
            send({"ack": {"burner": name, **ack_payload(asks, request_id, answer)}})

    return reply


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        with socket_address(path) as address:
            listener.bind(address)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener
