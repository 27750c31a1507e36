"""People's words, from MQTT or the local socket, made into requests."""

import contextlib
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gasguard.core.messages import (
    CancelReminders,
    CancelTimer,
    ChildLock,
    ExtendTimer,
    Off,
    Rearm,
    Request,
    SetReminder,
    SetTimer,
    Unlock,
)
from gasguard.core.model import Source
from gasguard.durations import parse_duration
from gasguard.errors import DurationError, GasguardError
from gasguard.guard.bulletins import Reply

MAX_PAYLOAD = 1024
"""Bytes; no request is longer. An off is carried out whatever its length."""
MAX_LABEL = 64
MAX_ID = 64


class BadRequest(GasguardError):
    """A request that means nothing; `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id


class Skippable(Protocol):
    """Schedules, as ways in see them."""

    observers: list[Callable[[], None]]
    """Called when one says something else than before."""

    def states(self) -> dict[str, dict[str, Any]]:
        """What each says."""
        ...

    def skip(self, name: str, source: Source, reply: Reply | None = None) -> None:
        """The window that holds, or the next one, does not count. Raises BadRequest."""
        ...

    def refuse(self, name: str, source: Source, code: str, message: str) -> None:
        """Let every burner that it concerns tell that it was not skipped."""
        ...


@dataclass(frozen=True, slots=True)
class Parsed:
    """A request and the id its sender gave it."""

    request: Request
    request_id: str | None = None
    named_time_in: float | None = None
    """Seconds to the time of day that it names, if it names one."""


def _no_clock(_text: str) -> float:
    raise BadRequest("unsupported", "no time of day can be named here; give a duration")


def parse_request(
    asks: str, payload: bytes, source: Source, until: Callable[[str], float] = _no_clock
) -> Parsed:
    """`asks` is one of `topics.REQUESTS`. Raises BadRequest, but not for off.

    `until` gives the seconds to a time of day, or raises BadRequest.
    """
    if asks == "off":
        return Parsed(Off(source), id_of_anything(payload))
    text = _text(payload)
    match asks:
        case "timer":
            return _timer(text, source, until)
        case "timer/extend":
            return _extension(text, source)
        case "lock":
            return Parsed(_one_of(text, {"LOCK": ChildLock(source), "UNLOCK": Unlock(source)}))
        case "rearm":
            return Parsed(_one_of(text, {"REARM": Rearm(source)}))
    raise BadRequest("unknown_command", f"there is no command {asks[:40]!r}")


def id_in(asks: str, payload: bytes, source: Source) -> str | None:
    """The id that the sender of whatever this is gave it."""
    try:
        return parse_request(asks, payload, source).request_id
    except BadRequest as bad:
        return bad.request_id


def id_of_anything(payload: bytes) -> str | None:
    """Best effort, for an off or a skip: nothing in its payload can be wrong."""
    try:
        data = json.loads(payload) if len(payload) <= MAX_PAYLOAD else None
        return _id(data.get("id")) if isinstance(data, dict) else None
    except (ValueError, RecursionError, BadRequest):
        return None


def _text(payload: bytes) -> str:
    if len(payload) > MAX_PAYLOAD:
        raise BadRequest("malformed", f"longer than {MAX_PAYLOAD} bytes")
    try:
        return payload.decode().strip()
    except UnicodeDecodeError:
        raise BadRequest("malformed", "is not UTF-8 text") from None


def _one_of(text: str, words: dict[str, Request]) -> Request:
    if text not in words:
        raise BadRequest("malformed", f"{text[:40]!r}: write {' or '.join(words)}")
    return words[text]


# --- timers and reminders -------------------------------------------------------------------------


def _timer(text: str, source: Source, until: Callable[[str], float]) -> Parsed:
    if text.startswith("{"):
        data = _object(text)
        request_id = _id(data.get("id"))
        with _answered_to(request_id):
            request = _described(data, source, until, request_id)
            named_time_in = None
            if data.get("until") is not None and isinstance(request, SetTimer | SetReminder):
                named_time_in = request.duration
            return Parsed(request, request_id, named_time_in)
    duration = _seconds(text)
    return Parsed(SetTimer(source, duration=duration) if duration else CancelTimer(source))


def _extension(text: str, source: Source) -> Parsed:
    if not text.startswith("{"):
        return Parsed(ExtendTimer(source, duration=_more_than_none(_seconds(text))))
    data = _object(text)
    request_id = _id(data.get("id"))
    with _answered_to(request_id):
        if data.pop("label", None) is not None:
            raise BadRequest(
                "malformed",
                "only the timer that shuts off is extended, and a burner has one: leave label out",
            )
        _check_keys(data, {"duration", "id"})
        duration = _more_than_none(_seconds_in(data))
        return Parsed(ExtendTimer(source, duration=duration, key=request_id or None), request_id)


@contextlib.contextmanager
def _answered_to(request_id: str | None) -> Iterator[None]:
    """A refusal in here carries the id."""
    try:
        yield
    except BadRequest as bad:
        raise BadRequest(bad.code, str(bad), request_id) from None


def _described(
    data: Mapping[str, object],
    source: Source,
    until: Callable[[str], float],
    request_id: str | None,
) -> Request:
    """What `{"duration": "20m", …}` or `{"until": "18:30", …}` asks for."""
    _check_keys(data, {"duration", "until", "when", "remind", "label", "id"})
    label, when_lit, remind = _label(data.get("label")), _when_lit(data), _remind(data)
    by_clock = data.get("until") is not None
    if by_clock and data.get("duration") is not None:
        raise BadRequest("malformed", "duration and until are two ends; write one of them")
    if when_lit and (by_clock or remind):
        other = "until: it ends at a time" if by_clock else "remind: a reminder waits for no flame"
        raise BadRequest("malformed", f"when goes with a duration, not with {other}")
    duration = _until(data, until) if by_clock else _seconds_in(data)
    if duration == 0:
        if when_lit:
            raise BadRequest("malformed", "when says nothing of a cancelling; leave it out")
        return _cancelling(data, source, label, remind=remind)
    if remind:
        return SetReminder(source, duration=duration, label=label, key=request_id or None)
    return SetTimer(source, duration=duration, label=label, when_lit=when_lit)


def _cancelling(
    data: Mapping[str, object], source: Source, label: str | None, *, remind: bool
) -> Request:
    """A label names a reminder: the one timer that shuts off needs none."""
    named = data.get("label") is not None
    if named and (label is None or data.get("remind") is False):
        raise BadRequest(
            "malformed",
            "a label names a reminder; without label and remind the timer that shuts off is "
            "cancelled",
        )
    return CancelReminders(source, label=label) if named or remind else CancelTimer(source)


def _check_keys(data: Mapping[str, object], known: set[str]) -> None:
    unknown = sorted(set(data) - known)
    if unknown:
        there = ", ".join(sorted(known))
        raise BadRequest("malformed", f"unknown key {unknown[0][:40]!r}; there are {there}")


def _when_lit(data: Mapping[str, object]) -> bool:
    when = data.get("when")
    if when is not None and when != "lit":
        raise BadRequest(
            "malformed",
            'when is "lit" (the timer begins once the flame is seen), or is left out (it begins '
            "now)",
        )
    return when is not None


def _remind(data: Mapping[str, object]) -> bool:
    remind = data.get("remind")
    if remind is not None and not isinstance(remind, bool):
        raise BadRequest(
            "malformed", "remind is true (only remind) or false (shut off), without quotes"
        )
    return bool(remind)


def _until(data: Mapping[str, object], until: Callable[[str], float]) -> float:
    moment = data["until"]
    if not isinstance(moment, str):
        raise BadRequest("malformed", 'until is a time of day, for example {"until": "18:30"}')
    return until(moment)


def _seconds_in(data: Mapping[str, object]) -> float:
    """Its duration; 0 for a cancelling."""
    value = data.get("duration")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadRequest("malformed", 'needs a duration, for example {"duration": "20m"}')
    return _seconds(str(value))


def _seconds(text: str) -> float:
    """What a duration means; 0 for a cancelling."""
    if text.strip().lower() == "cancel":
        return 0.0
    try:
        return parse_duration(text)
    except DurationError as error:
        raise BadRequest("invalid_duration", str(error)) from None


def _more_than_none(duration: float) -> float:
    if duration == 0:
        raise BadRequest("invalid_duration", "must be more than 0, for example 5m")
    return duration


def _object(text: str) -> dict[str, object]:
    try:
        data = json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise BadRequest("malformed", 'is not JSON; write 20m or {"duration": "20m"}') from None
    if not isinstance(data, dict):
        raise BadRequest("malformed", "must be a JSON object")
    return data


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadRequest("malformed", f"{twice[:40]!r} stands there twice; write it once")
    return data


def _id(value: object) -> str | None:
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, str | int)
        or not _plain(str(value), MAX_ID)
    ):
        raise BadRequest("malformed", f"id must be plain text of at most {MAX_ID} characters")
    return str(value)


def _label(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _plain(_spaced(value), MAX_LABEL):
        raise BadRequest("malformed", f"label must be plain text of at most {MAX_LABEL} characters")
    return _spaced(value).strip() or None


def _spaced(text: str) -> str:
    """With plain blanks for the wide ones of Chinese input and the hard ones of web pages."""
    return "".join(" " if unicodedata.category(each) == "Zs" else each for each in text)


def _plain(text: str, longest: int) -> bool:
    """Fit to be stored, published and printed: no control characters, no halves of characters."""
    return len(text) <= longest and (text.isprintable() or not text)
