"""People's words, from MQTT or the local socket, made into requests."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from gasguard.core.messages import (
    CancelTimer,
    ChildLock,
    ExtendTimer,
    Off,
    Rearm,
    Request,
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


@dataclass(frozen=True, slots=True)
class Parsed:
    """A request and the id its sender gave it."""

    request: Request
    request_id: str | None = None


def parse_request(asks: str, payload: bytes, source: Source) -> Parsed:
    """`asks` is one of `topics.REQUESTS`. Raises BadRequest, but not for off."""
    if asks == "off":
        return Parsed(Off(source), _id_of_off(payload))
    text = _text(payload)
    match asks:
        case "timer":
            return _timer(text, source)
        case "timer/extend":
            duration, _, request_id = _duration(text)
            return Parsed(ExtendTimer(source, duration=duration, key=request_id), request_id)
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


def _id_of_off(payload: bytes) -> str | None:
    """Best effort: nothing in an off's payload can be wrong."""
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


def _timer(text: str, source: Source) -> Parsed:
    if text.lower() == "cancel":
        return Parsed(CancelTimer(source))
    duration, label, request_id = _duration(text, cancellable=True)
    if duration == 0:
        return Parsed(CancelTimer(source), request_id)
    return Parsed(SetTimer(source, duration=duration, label=label), request_id)


def _duration(text: str, *, cancellable: bool = False) -> tuple[float, str | None, str | None]:
    """Seconds, label and id of a plain duration or `{"duration": "20m", "label": …, "id": …}`."""
    label = request_id = None
    if text.startswith("{"):
        data = _object(text)
        request_id = _id(data.get("id"))
        label = _label(data.get("label"), request_id)
        unknown = sorted(set(data) - {"duration", "label", "id"})
        if unknown:
            raise BadRequest("malformed", f"unknown key {unknown[0][:40]!r}", request_id)
        value = data.get("duration")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadRequest(
                "malformed", 'needs a duration, for example {"duration": "20m"}', request_id
            )
        text = str(value)
    if cancellable and text.strip().lower() == "cancel":
        return 0.0, label, request_id
    try:
        duration = parse_duration(text)
    except DurationError as error:
        raise BadRequest("invalid_duration", str(error), request_id) from None
    if duration == 0 and not cancellable:
        raise BadRequest("invalid_duration", "must be more than 0, for example 5m", request_id)
    return duration, label, request_id


def _object(text: str) -> dict[str, object]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest("malformed", 'is not JSON; write 20m or {"duration": "20m"}') from None
    if not isinstance(data, dict):
        raise BadRequest("malformed", "must be a JSON object")
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


def _label(value: object, request_id: str | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _plain(value, MAX_LABEL):
        raise BadRequest(
            "malformed", f"label must be plain text of at most {MAX_LABEL} characters", request_id
        )
    return value or None


def _plain(text: str, longest: int) -> bool:
    """Fit to be stored, published and printed: no control characters, no halves of characters."""
    return len(text) <= longest and (text.isprintable() or not text)
