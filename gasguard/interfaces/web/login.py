"""Logging in and out, and setting the password: for the page, for scripts, and as plain forms."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from random import Random
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gasguard.interfaces.home_assistant.words import Language
from gasguard.interfaces.web import sessions
from gasguard.interfaces.web.door import COOKIE
from gasguard.interfaces.web.keyring import Keyring, NotKept
from gasguard.interfaces.web.login_pages import login_page, logout_page, said, setup_page
from gasguard.interfaces.web.origins import JSON
from gasguard.interfaces.web.outcome import spoken
from gasguard.interfaces.web.passwords import weakness
from gasguard.interfaces.web.refusals import wants_page
from gasguard.interfaces.web.turns import AGAIN_AFTER, LONGEST_PAUSE, TooMany, Turns

log = logging.getLogger(__name__)

Attempt = Callable[[], Awaitable[str | None]]
"""A new session's cookie, or None where the guess was wrong."""

_STATUS = {
    "malformed": 400,
    "short": 400,
    "long": 400,
    "easy": 400,
    "wrong_password": 401,
    "wrong_code": 401,
    "already_set": 409,
    "setup_needed": 409,
    "too_many": 429,
    "damaged": 503,
    "not_saved": 503,
}
"""Of each fault that is told."""


class Login:
    """The routes."""

    def __init__(self, keyring: Keyring, luck: Random, language: str) -> None:
        """`language` is `web.language`: `auto`, `en` or `zh`."""
        self._keyring, self._language = keyring, language
        self._turns = Turns(luck)

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/login", self._show_login),
            Route("/setup", self._show_setup),
            Route("/api/login", self._log_in, methods=["POST"]),
            Route("/api/setup", self._set_up, methods=["POST"]),
            Route("/api/logout", self._log_out, methods=["POST"]),
        ]

    async def _show_login(self, request: Request) -> Response:
        if not await self._is_set():
            return RedirectResponse("/setup", 303)
        shown = login_page if request.state.cookie is None else logout_page
        return HTMLResponse(shown(self._spoken(request)))

    async def _show_setup(self, request: Request) -> Response:
        if await self._is_set():
            return RedirectResponse("/login", 303)
        return HTMLResponse(setup_page(self._spoken(request)))

    async def _log_in(self, request: Request) -> Response:
        told = await _fields(request, "password")
        if told is None:
            return self._fault(request, "malformed")
        if not await self._is_set():
            return self._fault(request, "setup_needed")
        attempt = partial(self._keyring.log_in, told["password"])
        return await self._tried(request, attempt, "wrong_password")

    async def _set_up(self, request: Request) -> Response:
        told = await _fields(request, "code", "password")
        if told is None:
            return self._fault(request, "malformed")
        if await self._is_set():
            return self._fault(request, "already_set")
        if (lacks := weakness(told["password"])) is not None:
            return self._fault(request, lacks)
        attempt = partial(self._keyring.set_up, told["code"], told["password"])
        return await self._tried(request, attempt, "wrong_code")

    async def _is_set(self) -> bool:
        # Somebody may just have run `gasguard web-code --reset`.
        await self._keyring.look()
        return self._keyring.is_set

    async def _tried(self, request: Request, attempt: Attempt, wrong: str) -> Response:
        """The answer to a guess, which waits for its turn; `wrong` is what a wrong one is told."""
        try:
            cookie = await _unless_gone(request, self._in_turn(request, attempt))
        except TooMany:
            # Not at once: whoever comes back a thousand times a second sends others away.
            await asyncio.sleep(LONGEST_PAUSE)
            return self._fault(request, "too_many")
        except NotKept:
            return self._fault(request, "not_saved")
        except (OSError, ValueError):
            return self._fault(request, "damaged")
        if cookie is None:
            # Somebody else was quicker: no other code would do either.
            late = wrong == "wrong_code" and self._keyring.is_set
            return self._fault(request, "already_set" if late else wrong)
        return await self._let_in(request, cookie)

    async def _in_turn(self, request: Request, attempt: Attempt) -> str | None:
        async with self._turns.turn(_address(request)) as turn:
            cookie = await attempt()
            turn.right = cookie is not None
        return cookie

    async def _log_out(self, request: Request) -> Response:
        await self._end_old(request)
        answer = _done(request, {"logged_in": False}, "/login")
        answer.headers["set-cookie"] = _cookie(request, "", 0)
        return answer

    async def _let_in(self, request: Request, cookie: str) -> Response:
        await self._end_old(request)
        log.info("logged in from %s", _address(request))
        answer = _done(request, {"logged_in": True}, "/")
        answer.headers["set-cookie"] = _cookie(request, cookie, sessions.LASTS)
        return answer

    async def _end_old(self, request: Request) -> None:
        if request.state.cookie is not None:
            await self._keyring.log_out(request.state.cookie)

    def _fault(self, request: Request, code: str) -> Response:
        status = _STATUS[code]
        headers = {"retry-after": str(AGAIN_AFTER)} if code == "too_many" else {}
        if not wants_page(request.scope):
            data = {"code": code, "message": said(code)}
            return JSONResponse(data, status, headers)
        asks_for_code = request.url.path == "/api/setup" and code != "already_set"
        shown = setup_page if asks_for_code or code == "setup_needed" else login_page
        return HTMLResponse(shown(self._spoken(request), code), status, headers)

    def _spoken(self, request: Request) -> Language:
        return spoken(self._language, request)


def _cookie(request: Request, value: str, lasts: int) -> str:
    # Behind a proxy that speaks https; plain http has no use for it. Of several proxies the first
    # is the one that the browser speaks to.
    spoken_to = request.headers.get("x-forwarded-proto", "").partition(",")[0]
    secure = "; Secure" if spoken_to.strip().lower() == "https" else ""
    return f"{COOKIE}={value}; Max-Age={lasts}; Path=/; HttpOnly; SameSite=Strict{secure}"


def _done(request: Request, data: dict[str, bool], leads_to: str) -> Response:
    if wants_page(request.scope):
        return RedirectResponse(leads_to, 303)
    return JSONResponse(data)


async def _unless_gone(request: Request, work: Coroutine[None, None, str | None]) -> str | None:
    """What `work` comes to; None, and it is given up, where nobody waits for the answer any more.

    Whoever sends guesses and goes would else leave them in the queue.
    """
    doing = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((doing, gone), return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        doing.cancel()
        gone.cancel()


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _fields(request: Request, *names: str) -> dict[str, str] | None:
    """What was sent under these names, JSON or form; None where one of them is missing."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").lower().startswith(JSON):
            data = json.loads(body)
        else:
            sent = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
            data = {name: values[-1] for name, values in sent.items()}
        found = {name: data[name] for name in names}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if all(isinstance(text, str) for text in found.values()) else None
