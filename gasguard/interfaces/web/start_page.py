"""The page as it is first sent: the same for everybody, and inside `noscript` what there is without
JavaScript: states as text, and what can be done as plain forms.
"""

import json
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gasguard.durations import format_duration, parse_duration
from gasguard.errors import DurationError
from gasguard.interfaces.home_assistant.words import WORDS, Language
from gasguard.interfaces.web.outcome import spoken
from gasguard.interfaces.web.stream import Stream

_MARK = "<!-- without JavaScript -->"
_ROOT = '<html lang="en">'
_TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}
_USUAL_PRESETS = ("3m", "8m", "20m")
_EXTENDS = "5m"
_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "off": "OFF",
        "all": "all burners",
        "as_of": "As of {time}. This page loads itself anew every 5 seconds.",
        "gone": "gasguard does not answer. Turn the stove off by hand.",
        "login": "Log in to see more",
        "lit": "burning",
        "out": "not burning",
        "unknown": "flame unknown",
        "unread": "The relay does not answer. If it burns, turn it off by hand.",
        "failed": "Turn the stove off by hand now.",
        "left": "timer: {time} left",
        "unlock": "Unlock",
    },
    "zh": {
        "off": "关火",
        "all": "全部灶头",
        "as_of": "{time} 的状态。页面每 5 秒自动刷新。",
        "gone": "gasguard 没有回应。请用手关火。",
        "login": "登录后查看更多",
        "lit": "燃烧中",
        "out": "未燃烧",
        "unknown": "火焰未知",
        "unread": "继电器没有回应。如果在烧，请用手关火。",
        "failed": "请马上用手关火。",
        "left": "定时还剩 {time}",
        "unlock": "解锁",
    },
}


class StartPage:
    """What is served at `/`."""

    def __init__(self, source: str, stream: Stream, language: str) -> None:
        """`source` is the HTML file's text; `language` is `web.language`: `auto`, `en` or `zh`."""
        fixed = "" if language == "auto" else f' data-language="{language}"'
        self._sources = {
            one: source.replace(_ROOT, f'<html lang="{_TAGS[one]}"{fixed}>', 1)
            .replace(">OFF<", f">{texts['off']}<", 1)
            .replace(">all burners<", f">{texts['all']}<", 1)
            for one, texts in _TEXTS.items()
        }
        self._stream, self._language = stream, language

    async def serve(self, request: Request) -> Response:
        """Nothing is asked of the daemon for it: what the phones were last told is enough."""
        language = spoken(self._language, request)
        if request.state.logged_in:
            state = self._stream.state
            plain = _states(None if state is None else json.loads(state), language)
        else:
            plain = f'<p><a class="go" href="login">{_TEXTS[language]["login"]}</a></p>'
        page = self._sources[language].replace(_MARK, f'<div class="plain">{plain}</div>', 1)
        return HTMLResponse(page)


def _states(document: dict[str, Any] | None, language: Language) -> str:
    texts = _TEXTS[language]
    if document is None:
        return f'<p class="answer">{texts["gone"]}</p>'
    time = str(document["now"])[11:19]
    burners = [_burner(name, state, language) for name, state in document["burners"].items()]
    return "".join([*burners, f"<p>{texts['as_of'].format(time=time)}</p>"])


def _burner(name: str, state: dict[str, Any], language: Language) -> str:
    texts, words = _TEXTS[language], WORDS[language]
    shown = escape(str(state["name"]))
    says = [words.shown(state["phase"])]
    timer = state["timer"]
    if state["phase"] == "trip_failed":
        says.append(texts["failed"])
    elif state["contact"] == "unknown":
        says = [texts["unread"]]
    else:
        says.append(texts[state["flame"]])
        if timer is not None:
            says.append(texts["left"].format(time=format_duration(timer["remaining_s"])))
    says += [words.shown(lock) for lock in state["locks"]]
    forms = [_form(name, "off", _button(f"{texts['off']} · {shown}", "off-one"))]
    if timer is not None:
        more = _button(escape(words.names["timer_extend"]), name="duration", value=_EXTENDS)
        forms += [
            _form(name, "timer/extend", more),
            _form(name, "timer/cancel", _button(escape(words.names["timer_cancel"]))),
        ]
    elif not state["locks"]:
        presets = state.get("presets") or _USUAL_PRESETS
        forms.append(_form(name, "timer", "".join(_preset(one, language) for one in presets)))
    if "child" in state["locks"]:
        forms.append(_form(name, "unlock", _button(texts["unlock"])))
    return f"<h2>{shown}</h2><p>{escape(' · '.join(says))}</p>{''.join(forms)}"


def _preset(duration: str, language: Language) -> str:
    try:
        text = WORDS[language].preset_of(parse_duration(duration))
    except DurationError:
        text = duration
    return _button(escape(text), name="duration", value=escape(duration))


def _form(burner: str, ends: str, inside: str) -> str:
    return f'<form method="post" action="api/burners/{escape(burner)}/{ends}">{inside}</form>'


def _button(text: str, kind: str = "", **more: str) -> str:
    given = {"class": kind, **more} if kind else more
    attributes = "".join(f' {key}="{value}"' for key, value in given.items())
    return f"<button{attributes}>{text}</button>"
