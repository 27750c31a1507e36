"""A request that is not let in, answered: JSON for programs, a page in words for people."""

import asyncio
import contextlib
import html
import json

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

_LINGERS = 2.0
"""Seconds in which what is still being sent is thrown away. Closed at once, the connection would
take the answer with it."""

_CHINESE = {
    "unknown_host": "gasguard 不认这个名字。请用下面的地址打开，或者把它写进配置的 web: names:。",
    "login_needed": "请先登录。",
    "foreign_origin": "别的网站的页面不能这样做。",
    "unsupported_type": "这种内容看不懂。",
    "too_large": "请求太大。",
    "too_slow": "请求没有及时到齐。",
    "malformed": "请求看不懂。",
}


class Refusal(Exception):
    """An HTTP status with the contract's code and message, and headers to go with them."""

    def __init__(
        self, status: int, code: str, message: str, *, link: str = "/", **headers: str
    ) -> None:
        """`link` is where a page of it leads to."""
        super().__init__(message)
        self.status, self.code, self.link = status, code, link
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def wants_page(scope: Scope) -> bool:
    """Whether a browser asks for something to look at: scripts do not name HTML."""
    return "text/html" in Headers(scope=scope).get("accept", "")


async def refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer, before the request's body is known, which is not kept."""
    if wants_page(scope):
        kind, body = "text/html", _page(refusal)
    else:
        kind = "application/json"
        body = json.dumps({"code": refusal.code, "message": str(refusal)}, ensure_ascii=False)
    data = body.encode()
    headers = {
        "content-type": f"{kind}; charset=utf-8" if kind == "text/html" else kind,
        "content-length": str(len(data)),
        **refusal.headers,
    }
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await send({"type": "http.response.body", "body": data, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGERS):
            while (await receive()).get("more_body", False):
                pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _page(refusal: Refusal) -> str:
    """In both languages: whose it is, is not known here."""
    chinese = _CHINESE.get(refusal.code, "")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>gasguard</title><link rel="stylesheet" href="/static/login.css"></head>'
        f"<body><main><h1>gasguard</h1><p>{html.escape(str(refusal))}</p>"
        f'<p lang="zh">{chinese}</p>'
        f'<p><a href="{html.escape(refusal.link)}">{html.escape(_shown(refusal.link))}</a></p>'
        "</main></body></html>\n"
    )


def _shown(link: str) -> str:
    return "gasguard" if link == "/" else link
