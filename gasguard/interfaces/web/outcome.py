"""What became of a form that was sent without JavaScript, as a page in words."""

import html
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from gasguard.interfaces.home_assistant.words import Language

_WORDS = {
    "en": {
        "confirmed": "Shut off. The relay has confirmed it.",
        "accepted": "Done.",
        "failed": "NOT confirmed. Turn the stove off by hand, now.",
        "unreachable": "gasguard does not answer. Turn the stove off by hand, now.",
        "refused": "Not done.",
        "again": "OFF for all",
        "back": "Back",
    },
    "zh": {
        "confirmed": "已关火,继电器已确认。",
        "accepted": "完成。",
        "failed": "没有确认!请立即手动关闭燃气灶。",
        "unreachable": "gasguard 没有应答!请立即手动关闭燃气灶。",
        "refused": "没有执行。",
        "again": "全部关火",
        "back": "返回",
    },
}


_BOTH: tuple[Language, ...] = ("en", "zh")
_USUAL: Language = "en"
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def spoken(setting: str, request: Request) -> Language:
    """What `web.language` says; for `auto`, the one of the two that the browser likes better, the
    first of equals."""
    for one in _BOTH:
        if setting == one:
            return one
    liked: dict[Language, float] = {}
    for part in request.headers.get("accept-language", "").lower().split(","):
        tag, _, parameters = part.strip().partition(";")
        for one in _BOTH:
            if tag.strip().partition("-")[0] == one:
                liked[one] = max(liked.get(one, 0.0), _weight(parameters))
    best = max(liked, key=liked.__getitem__, default=_USUAL)
    return best if liked.get(best) else _USUAL


def _weight(parameters: str) -> float:
    """How much a language is liked, 0 to 1 (RFC 9110, 12.4.2): 1 where nothing is said of it, 0
    where what is said is no number."""
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    value = value.strip()
    return float(value) if _QUALITY.fullmatch(value) else 0.0


def outcome_page(status: int, data: Mapping[str, Any], language: Language) -> HTMLResponse:
    """`data` is what a program would be told."""
    words = _WORDS[language]
    told = words[_kind(status, data)]
    said = "".join(f"<p>{html.escape(line)}</p>" for line in _lines(data))
    return HTMLResponse(
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(told)} · gasguard</title><link rel="stylesheet" '
        'href="/static/login.css"></head><body><main>'
        f'<h1 role="alert">{html.escape(told)}</h1>{said}'
        '<form method="post" action="/api/off" class="off">'
        f'<button type="submit">{html.escape(words["again"])}</button></form>'
        f'<p><a href="/">{html.escape(words["back"])}</a></p></main></body></html>\n',
        status,
    )


def _kind(status: int, data: Mapping[str, Any]) -> str:
    if status == 200:
        return "confirmed" if data.get("status") == "confirmed" else "accepted"
    if status == 503:
        return "unreachable"
    return "refused" if status < 500 else "failed"


def _lines(data: Mapping[str, Any]) -> list[str]:
    acks = data.get("acks")
    if isinstance(acks, dict):
        return [f"{name}: {ack.get('message') or ack.get('status')}" for name, ack in acks.items()]
    return [str(data["message"])] if data.get("message") else []
