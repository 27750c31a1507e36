"""What every request passes before the page: is it one, is it meant for us, whose is it, who asks?

Behind the door, `scope["state"]` has `logged_in` (may see and do everything), `at_the_pi` (needs no
login for it) and `cookie` (the session's, if there is one).
"""

from collections.abc import Callable, Iterator

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gasguard.interfaces.web import bodies, gate, origins
from gasguard.interfaces.web.headers import with_headers
from gasguard.interfaces.web.hosts import Authority, Hosts, address_of, authority
from gasguard.interfaces.web.refusals import Refusal, refuse, wants_page

COOKIE = "gasguard_session"
_READS = ("GET", "HEAD", "OPTIONS", "TRACE")
_HEAD_ROOM = 16 * 1024
"""Bytes of all headers together."""


class Door:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, hosts: Hosts, is_open: Callable[[str], bool]) -> None:
        """`is_open` says whether a cookie is that of a session."""
        self._app, self._hosts, self._is_open = app, hosts, is_open
        self._answer = with_headers(self._let_in, gate.STATIC)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            scope, receive = await self._checked(scope, receive)
        except Refusal as refusal:
            await refuse(refusal, scope, receive, send)
            return
        await self._app(scope, receive, self._while_logged_in(scope, send))

    async def _checked(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """The request as the page gets it. Raises Refusal."""
        headers = Headers(scope=scope)
        length = _framing(scope, headers)
        scope, host = self._addressed(scope, headers)
        is_off = gate.is_off(scope["method"], scope["path"])
        acts = scope["method"] not in _READS
        if acts:
            self._from_us(scope, headers, host, has_body=length != 0)
        scope = self._who_asks(scope, headers, host)
        if length is not None and length > bodies.LARGEST:
            raise bodies.too_large()
        if acts:
            receive = bodies.received(await bodies.read(receive, is_off=is_off), receive)
        return scope, receive

    def _addressed(self, scope: Scope, headers: Headers) -> tuple[Scope, Authority]:
        """With the path alone as its target, and the host it is meant for. Raises Refusal."""
        target, said = scope["path"], headers.getlist("host")
        if not target.startswith("/"):
            # As proxies are asked: the site stands in the target too, and counts (RFC 9112, 3.2.2).
            scheme, colon, rest = target.partition("://")
            site, slash, path = rest.partition("/")
            if scheme.lower() != "http" or not colon:
                raise Refusal(400, "malformed", "no path is asked for", connection="close")
            said.append(site)
            scope = {**scope, "path": slash + path or "/", "raw_path": (slash + path).encode()}
        sites = {authority(one) for one in said}
        host = sites.pop() if len(sites) == 1 else None
        address, port = _server(scope)
        if host is None or not self._hosts.are_ours(host.host, address):
            six = ":" in address
            raise Refusal(
                421,
                "unknown_host",
                "gasguard does not answer to this name. Open it by its address, or write the name "
                "below web: names: in its configuration",
                link=f"http://{f'[{address}]' if six else address}:{port}/",
            )
        return scope, host

    def _from_us(self, scope: Scope, headers: Headers, host: Authority, *, has_body: bool) -> None:
        """Raises Refusal for what another site's page may have sent."""
        port = _server(scope)[1]
        if not origins.is_ours(headers.getlist("origin"), host, self._hosts, port):
            raise Refusal(403, "foreign_origin", "another site's page must not do this")
        if not origins.is_understood(headers.getlist("content-type"), has_body=has_body):
            raise Refusal(415, "unsupported_type", f"send {origins.JSON} or {origins.FORM}")

    def _who_asks(self, scope: Scope, headers: Headers, host: Authority) -> Scope:
        """With what is known of it. Raises Refusal where it needs a login."""
        peer = (scope.get("client") or ("", 0))[0]
        at_the_pi = gate.is_at_the_pi(peer, host.host, headers.keys())
        cookie = next(filter(self._is_open, _cookies(headers)), None)
        logged_in = at_the_pi or cookie is not None
        if not logged_in and not gate.is_for_anybody(scope["method"], scope["path"]):
            is_page = scope["method"] == "GET" and not scope["path"].startswith("/api/")
            if is_page and wants_page(scope):
                raise Refusal(303, "login_needed", "log in first", location="/login")
            raise Refusal(401, "login_needed", "log in first, at /login", link="/login")
        known = {"logged_in": logged_in, "at_the_pi": at_the_pi, "cookie": cookie}
        return {**scope, "state": {**scope.get("state", {}), **known}}

    def _while_logged_in(self, scope: Scope, send: Send) -> Send:
        """A stream ends with the session that it was opened in."""
        cookie = scope["state"]["cookie"]
        if cookie is None or scope["state"]["at_the_pi"]:
            return send
        ended = False

        async def sent(message: Message) -> None:
            nonlocal ended
            if ended:
                return
            more = message.get("more_body", False)
            if more and not self._is_open(cookie):
                ended = True
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return sent


def _framing(scope: Scope, headers: Headers) -> int | None:
    """Bytes of body that are announced; None where only its end will tell. Raises Refusal.

    What two programs could read as two different requests is none.
    """
    if scope["http_version"] not in ("1.0", "1.1"):
        raise Refusal(505, "malformed", "HTTP/1.1 is spoken here", connection="close")
    chunked, lengths = headers.getlist("transfer-encoding"), headers.getlist("content-length")
    if chunked and (lengths or scope["http_version"] == "1.0"):
        raise Refusal(
            400, "malformed", "the length of the request is told twice", connection="close"
        )
    if sum(len(name) + len(value) for name, value in scope["headers"]) > _HEAD_ROOM:
        raise Refusal(431, "too_large", "the headers are too large", connection="close")
    return None if chunked else int(lengths[0]) if lengths else 0


def _server(scope: Scope) -> tuple[str, int | None]:
    """Where the request arrived: address and port."""
    host, port = scope.get("server") or ("", None)
    return str(address_of(host) or host), port


def _cookies(headers: Headers) -> Iterator[str]:
    """The values of all cookies of ours; another program of this machine may have set one too."""
    for line in headers.getlist("cookie"):
        for one in line.split(";"):
            name, _, value = one.strip().partition("=")
            if name == COOKIE and value:
                yield value
