"""Durations as people write them: `90s`, `20 min`, `1h30`, `20:00`, `半小时`; bare is minutes."""

import re

from gasguard.errors import DurationError

EXAMPLES = "90s, 20m, 1h30m, 20:00 (m:s), 1:30:00 (h:m:s), PT20M, or 20 (minutes)"

_NUMBER = r"\d{1,9}(?:\.\d{1,6})?"
_DAYS, _HOURS, _MINUTES, _SECONDS = (
    r"(?:d|days?|天)",
    r"(?:h|hrs?|hours?|个?小时)",
    r"(?:m|mins?|minutes?|分钟?)",
    r"(?:s|secs?|seconds?|秒钟?)",
)
_UNITS = re.compile(
    rf"(?:({_NUMBER})\s*{_DAYS})?\s*(?:({_NUMBER})\s*{_HOURS})?\s*"
    rf"(?:({_NUMBER})\s*{_MINUTES})?\s*(?:({_NUMBER})\s*{_SECONDS})?",
    re.ASCII | re.IGNORECASE,
)
_HOURS_AND_MINUTES = re.compile(rf"(\d{{1,4}})\s*{_HOURS}\s*([0-5]?\d)", re.ASCII | re.IGNORECASE)
_HALVES = {"半小时": 1800.0, "半个小时": 1800.0, "半分钟": 30.0}
_MILLISECONDS = re.compile(rf"({_NUMBER})\s*ms", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,4}):([0-5]\d)|(\d{1,6})):([0-5]\d)", re.ASCII)
_ISO = re.compile(
    rf"P(?:({_NUMBER})D)?(?:T(?=[\d])(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?",
    re.ASCII | re.IGNORECASE,
)
_BARE = re.compile(_NUMBER, re.ASCII)


def parse_duration(text: str, *, milliseconds: bool = False) -> float:
    """Seconds, ≥ 0, that `text` means. `milliseconds` also admits `500ms` (configuration only).

    Raises DurationError with an example when the text is not a duration; nothing is guessed.
    """
    word = text.strip()
    if len(word) <= 64:
        if _BARE.fullmatch(word):
            return float(word) * 60
        if milliseconds and (match := _MILLISECONDS.fullmatch(word)):
            return float(match[1]) / 1000
        if word in _HALVES:
            return _HALVES[word]
        if match := _HOURS_AND_MINUTES.fullmatch(word):
            return int(match[1]) * 3600.0 + int(match[2]) * 60
        if match := _CLOCK.fullmatch(word):
            hours, minutes, whole_minutes, seconds = (int(part or 0) for part in match.groups())
            return hours * 3600.0 + (minutes + whole_minutes) * 60 + seconds
        for pattern, scales in ((_UNITS, (86400, 3600, 60, 1)), (_ISO, (86400, 3600, 60, 1))):
            match = pattern.fullmatch(word)
            if match and any(match.groups()):
                parts = zip(match.groups(), scales, strict=True)
                return sum(float(part) * scale for part, scale in parts if part)
    raise DurationError(f"{word[:40]!r} is not a duration; write for example {EXAMPLES}")


def format_duration(seconds: float) -> str:
    """The short form people read and `parse_duration` accepts: `1h 30m`, `45s`, `0s`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (left, "s")) if n]
    return " ".join(parts) or "0s"
