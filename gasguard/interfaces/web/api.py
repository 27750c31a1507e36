"""What the page asks and orders, as HTTP: the contract's section 6."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gasguard.durations import parse_duration
from gasguard.errors import DurationError, no_burner
from gasguard.interfaces.home_assistant.words import Language
from gasguard.interfaces.web.daemon import Absent, Daemon, Line, Refused, is_final
from gasguard.interfaces.web.documents import (
    OFF_BY_HAND,
    as_json,
    last_acks,
    state_document,
    unreachable,
)
from gasguard.interfaces.web.origins import FORM
from gasguard.interfaces.web.outcome import outcome_page, spoken
from gasguard.interfaces.web.sharing import Sharing
from gasguard.interfaces.web.stream import Stream

log = logging.getLogger(__name__)

_ANSWER_WITHIN = 3.0
"""Seconds that the daemon has for a question, or to take a request."""
_OFF_WITHIN = 5.5
"""Seconds until an off is confirmed or has failed. After 5 the guard itself says so, and what is
wrong: its word must have time to arrive."""
_PAST_WITHIN = 8.0
_STREAM = "text/event-stream"
_STATUS = {
    "malformed": 400,
    "invalid_duration": 400,
    "too_long": 400,
    "too_large": 413,
    "unknown_burner": 404,
    "unknown_schedule": 404,
    "unknown_command": 404,
    "busy": 503,
    "not_read": 503,
}
"""Of a code; any other is 409."""
_ASKS = {
    "timer": "timer",
    "timer/extend": "timer/extend",
    "timer/cancel": "timer",
    "lock": "lock",
    "unlock": "lock",
    "rearm": "rearm",
}
"""Of the end of a path, what the daemon is asked."""
_FIXED = {"timer/cancel": "cancel", "lock": "LOCK", "unlock": "UNLOCK", "rearm": "REARM"}
"""What it is asked with, where the body has no say."""
_SHOWN = 64
"""Characters of a name that is not known."""
_DAY = 24 * 3600.0
_ALL = "all"
"""No burner's id: all burners, as on the command line."""


_Work = Callable[[Request], Awaitable[Line | bytes]]
"""What answers a request: with data, or JSON that is made already. Raises _Answered."""


class _Answered(Exception):
    """The answer is known already."""

    def __init__(self, status: int, data: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.status, self.data = status, data


class Api:
    """The routes below `/api`."""

    def __init__(self, daemon: Daemon, stream: Stream, language: str) -> None:
        """`language` is `web.language`: `auto`, `en` or `zh`."""
        self._daemon, self._stream, self._language = daemon, stream, language
        # An off needs no login: strangers could have the guard do nothing else. Shared is one until
        # a first burner is off: that may be lit again while another's relay is still waited for.
        self._offs: Sharing[list[Line]] = Sharing()

    @property
    def routes(self) -> list[Route]:
        """What is served."""
        post = ["POST"]
        return [
            Route("/api/state", self._served(self._state)),
            Route("/api/events", self._events),
            Route("/api/history", self._served(self._history)),
            Route("/api/explain", self._served(self._explanation)),
            Route("/api/off", self._served(self._all_off), methods=post),
            Route("/api/burners/{name}/off", self._served(self._off), methods=post),
            *(
                Route(f"/api/burners/{{name}}/{end}", self._served(self._asking(end)), methods=post)
                for end in _ASKS
            ),
            Route("/api/schedules/{name}/skip", self._served(self._skip), methods=post),
            Route("/healthz", self._served(self._health)),
        ]

    # --- questions ----------------------------------------------------------------------------

    async def _state(self, _request: Request) -> Line:
        return state_document(await self._daemon.first({"command": "status"}, _ANSWER_WITHIN))

    async def _health(self, _request: Request) -> Line:
        """That this process serves, and whether the daemon speaks to it. Asks it nothing: anybody
        may ask this."""
        reached = await self._stream.reached()
        return {"status": "ok", "daemon": "ok" if reached else "unreachable"}

    async def _events(self, request: Request) -> Response:
        # Of proxies, nginx keeps a stream to itself until it has a few kilobytes of it.
        headers = {"x-accel-buffering": "no"}
        if request.method == "HEAD":
            return Response(None, media_type=_STREAM, headers=headers)
        return StreamingResponse(self._stream.frames(), media_type=_STREAM, headers=headers)

    async def _history(self, request: Request) -> bytes:
        name = request.query_params.get("burner") or None
        if name is not None:
            name = None if name.casefold() == _ALL else (await self._burner(name))["burner"]
        about = {"since": _since(request), "burner": name}
        events = await self._daemon.past({"command": "history", **about}, _PAST_WITHIN)
        burns = await self._daemon.past({"command": "burns", **about}, _PAST_WITHIN)
        return b'{"events":[%b],"burns":[%b]}' % (b",".join(events), b",".join(burns))

    async def _explanation(self, request: Request) -> Line:
        # Imported there: not every household ever asks.
        from gasguard.interfaces.explain.sentences import explain

        state = await self._burner(request.query_params.get("burner", ""))
        asked = {"command": "story", "burner": state["burner"]}
        story = await self._daemon.past(asked, _PAST_WITHIN)
        said = explain(state, [json.loads(event) for event in story], self._spoken(request))
        chain = [{"at": step.at, "text": step.text} for step in said.chain]
        return {"now": said.now, "why": said.why, "chain": chain, "complete": said.is_whole}

    async def _burner(self, name: str) -> Line:
        """Its state, however its id is written. Raises _Answered where there is none."""
        said = await self._daemon.first({"command": "status"}, _ANSWER_WITHIN)
        states: dict[str, Line] = said.get("states", {})
        if name.casefold() not in states:
            told = no_burner(name[:_SHOWN], states)
            raise _Answered(404, {"code": "unknown_burner", "message": told})
        return states[name.casefold()]

    def _spoken(self, request: Request) -> Language:
        return spoken(request.query_params.get("language", self._language), request)

    # --- requests -----------------------------------------------------------------------------

    async def _all_off(self, _request: Request) -> Line:
        return _of_all(await self._shut_off([]))

    async def _off(self, request: Request) -> Line:
        acks = await self._shut_off([request.path_params["name"]])
        if len(acks) > 1:
            return _of_all(acks)
        (ack,) = acks.values()
        if ack["status"] != "confirmed":
            raise _Answered(504, ack)
        return ack

    async def _shut_off(self, burners: list[str]) -> dict[str, Line]:
        ask = partial(self._daemon.shut_off, burners, _OFF_WITHIN)
        acks = last_acks(await self._offs.answer(tuple(burners), ask))
        return {name: _settled(ack) for name, ack in acks.items()}

    def _asking(self, end: str) -> "Callable[[Request], Awaitable[Line]]":
        async def ask(request: Request) -> Line:
            value = _FIXED.get(end) or _value(await request.body(), request)
            name = request.path_params["name"]
            asked = {"command": _ASKS[end], "burners": [name], "value": value}
            return await self._taken(asked)

        return ask

    async def _skip(self, request: Request) -> Line:
        return await self._taken({"command": "skip", "schedule": request.path_params["name"]})

    async def _taken(self, request: Line) -> Line:
        ack: Line = (await self._daemon.first(request, _ANSWER_WITHIN)).get("ack", {})
        if ack.get("status") == "rejected":
            raise _Answered(_STATUS.get(str(ack.get("code")), 409), ack)
        return ack

    # --- answers ------------------------------------------------------------------------------

    def _served(self, work: _Work) -> "Callable[[Request], Awaitable[Response]]":
        """JSON for programs; of a form, a page in words."""

        async def serve(request: Request) -> Response:
            status, data = await _outcome(work, request)
            if isinstance(data, bytes):
                return Response(data, status, media_type="application/json")
            if request.method == "POST" and "text/html" in request.headers.get("accept", ""):
                return outcome_page(status, data, spoken(self._language, request))
            return _Json(data, status)

        return serve


async def no_such_path(_request: Request, error: Exception) -> Response:
    """Starlette's own 404 and 405, as all errors are told."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 405:
        told = "this is not asked that way: see the answer's Allow"
        data = {"code": "wrong_method", "message": told}
    else:
        data = {"code": "not_found", "message": "there is nothing here"}
    return _Json(data, error.status_code, error.headers)


class _Json(JSONResponse):
    """With characters as they are."""

    def render(self, content: Any) -> bytes:
        return as_json(content).encode(errors="replace")


async def _outcome(work: _Work, request: Request) -> tuple[int, Mapping[str, Any] | bytes]:
    try:
        return 200, await work(request)
    except _Answered as answered:
        return answered.status, answered.data
    except Refused as refused:
        status = _STATUS.get(refused.code, 409)
        return status, {"code": refused.code, "message": str(refused)}
    except Absent as absent:
        log.debug("%s", absent)
        return 503, unreachable()
    except Exception:
        log.exception("a request could not be carried out")
        told = f"gasguard's page failed; if it was an off: {OFF_BY_HAND}"
        return 500, {"code": "internal", "message": told}


def _of_all(acks: dict[str, Line]) -> Line:
    """Raises _Answered where one is not confirmed."""
    failed = [name for name, ack in acks.items() if ack["status"] != "confirmed"]
    data = {"acks": acks, "status": "failed" if failed else "confirmed"}
    if failed:
        told = f"not confirmed for {', '.join(failed)}: {OFF_BY_HAND}"
        raise _Answered(504, {**data, "code": acks[failed[0]]["code"], "message": told})
    return data


def _settled(ack: Line) -> Line:
    """A shutoff that the daemon has only accepted within the time is not confirmed."""
    if is_final(ack):
        return ack
    told = f"not confirmed in time: {OFF_BY_HAND}"
    return {**ack, "status": "failed", "code": "not_confirmed", "message": told}


def _since(request: Request) -> float:
    """Seconds. Raises _Answered."""
    text = request.query_params.get("since", "")
    try:
        return parse_duration(text) if text else _DAY
    except DurationError as error:
        raise _Answered(400, {"code": "invalid_duration", "message": str(error)}) from None


def _value(body: bytes, request: Request) -> str:
    """What the daemon is to be asked with. Raises _Answered."""
    if request.headers.get("content-type", "").lower().startswith(FORM):
        return _form(body)
    try:
        text = body.decode()
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _Answered(400, _MALFORMED) from None
    if isinstance(said, str):
        return said
    if isinstance(said, dict | int | float):
        return text
    raise _Answered(400, _MALFORMED)


_MALFORMED = {"code": "malformed", "message": 'send JSON: {"duration": "8m"}'}
_YES_NO = {"true": True, "on": True, "false": False}
"""Of a form, which has nothing but text: what JSON has values of its own for. `on` is a box's."""


def _form(body: bytes) -> str:
    try:
        text = body.decode()
        fields = parse_qs(text, strict_parsing=True, max_num_fields=8, errors="strict")
    except ValueError:
        raise _Answered(400, {"code": "malformed", "message": "send duration=8m"}) from None
    twice = [name for name, values in fields.items() if len(values) > 1]
    if twice:
        told = f"{twice[0][:40]} is there twice"
        raise _Answered(400, {"code": "malformed", "message": told})
    said: dict[str, str | bool] = {name: values[0] for name, values in fields.items()}
    if "remind" in said:
        said["remind"] = _YES_NO.get(str(said["remind"]).lower(), said["remind"])
    return json.dumps(said)
