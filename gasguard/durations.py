"""Durations as people write them: `90s`, `20 min`, `1h30`, `20:00`, `半小时`; bare is minutes."""

import re

from gasguard.errors import DurationError

EXAMPLES = "90s, 20m, 1h30m, 20:00 (m:s), 1:30:00 (h:m:s), PT20M, or 20 (minutes)"

_NUMBER = r"\d{1,9}(?:\.\d{1,6})?"
_DAYS, _HOURS, _MINUTES, _SECONDS = (
    r"(?:d|days?|天)",
    r"(?:h|hrs?|hours?|[个個]?(?:小[时時]|[钟鐘][头頭]))",
    r"(?:m|mins?|minutes?|分[钟鐘]?)",
    r"(?:s|secs?|seconds?|秒[钟鐘]?)",
)
_UNITS = re.compile(
    r"\s*零?".join(rf"(?:({_NUMBER})\s*{unit})?" for unit in (_DAYS, _HOURS, _MINUTES, _SECONDS)),
    re.ASCII | re.IGNORECASE,
)
_HOURS_AND_MINUTES = re.compile(rf"(\d{{1,4}})\s*{_HOURS}\s*([0-5]?\d)", re.ASCII | re.IGNORECASE)
_MILLISECONDS = re.compile(rf"({_NUMBER})\s*ms", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,4}):([0-5]\d)|(\d{1,6})):([0-5]\d)", re.ASCII)
_ISO = re.compile(
    rf"P(?:({_NUMBER})D)?(?:T(?=[\d])(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?",
    re.ASCII | re.IGNORECASE,
)
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)(?:[:：]([0-5]\d))?", re.ASCII)
_BARE = re.compile(_NUMBER, re.ASCII)

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": 0, "两": 2, "兩": 2}
_NUMERAL = re.compile(r"(?<![\d.])[零〇一二两兩三四五六七八九十百]+(?![\d.])", re.ASCII)
_DIGIT = "[一二两兩三四五六七八九]"
_PARTS = re.compile(rf"(?:({_DIGIT})百零?)?(?:([一二三四五六七八九]?)十)?({_DIGIT}?)")
_QUARTERS = re.compile(r"(?<![\d.])([123])\s*刻[钟鐘]?", re.ASCII)
_HOUR_WORD = r"[个個]?(?:小[时時]|[钟鐘][头頭])"
_HALVES = (
    (re.compile(rf"^半(?={_HOUR_WORD}|分[钟鐘])"), "0.5"),
    (re.compile(r"(?<![\d.])(\d+)[个個]半(?=小[时時]|[钟鐘][头頭])", re.ASCII), r"\g<1>.5"),
    (re.compile(rf"(?<![\d.])(\d+)({_HOUR_WORD})半$", re.ASCII), r"\g<1>.5\2"),
    (re.compile(r"(?<![\d.])(\d+)分(半[钟鐘]?|[钟鐘]半)$", re.ASCII), r"\g<1>.5分"),
)
"""`半小时`, `一个半小时`, `一小时半`, `一分半钟`."""


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
        if match := _CLOCK.fullmatch(word):
            hours, minutes, whole_minutes, seconds = (int(part or 0) for part in match.groups())
            return hours * 3600.0 + (minutes + whole_minutes) * 60 + seconds
        plain = _in_digits(word)
        if match := _HOURS_AND_MINUTES.fullmatch(plain):
            return int(match[1]) * 3600.0 + int(match[2]) * 60
        for pattern in (_UNITS, _ISO):
            match = pattern.fullmatch(plain)
            if match and any(match.groups()):
                parts = zip(match.groups(), (86400, 3600, 60, 1), strict=True)
                return sum(float(part) * scale for part, scale in parts if part)
    raise DurationError(f"{word[:40]!r} is not a duration; write for example {EXAMPLES}")


def parse_time_of_day(text: str) -> float:
    """Seconds after midnight at which the clock shows `18:30`, or `18:30:15`; below 24 hours.

    Raises DurationError with an example when the text is no time of day; nothing is guessed.
    """
    word = text.strip()
    found = _TIME_OF_DAY.fullmatch(word) if len(word) <= 8 else None
    if found is None:
        raise DurationError(
            f"{word[:40]!r} is no time of day; write for example 18:30 (00:00 to 23:59)"
        )
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600.0 + minutes * 60 + seconds


def _in_digits(word: str) -> str:
    """Chinese numbers, halves and quarters in digits: `1.5小时` for `一个半小时`."""
    if word.isascii():
        return word
    word = _NUMERAL.sub(lambda found: _value(found[0]), word)
    word = _QUARTERS.sub(lambda found: f"{int(found[1]) * 15}分", word)
    for pattern, digits in _HALVES:
        word = pattern.sub(digits, word)
    return word


def _value(numeral: str) -> str:
    """A number below 1000 in digits; what is none (`三四`, three or four) is left as it is."""
    said = numeral.lstrip("零〇") if len(numeral) > 1 else numeral
    if said in _DIGITS:
        return str(_DIGITS[said])
    parts = _PARTS.fullmatch(said)
    if parts is None or not said:
        return numeral
    hundreds, tens, ones = parts.groups()
    # `一百二` is 120 in speech and 102 in writing.
    if hundreds and tens is None and ones and "零" not in said:
        return numeral
    ten = 0 if tens is None else _DIGITS.get(tens, 1)
    return str(_DIGITS.get(hundreds, 0) * 100 + ten * 10 + _DIGITS.get(ones, 0))


def format_duration(seconds: float) -> str:
    """The short form people read and `parse_duration` accepts: `1h 30m`, `45s`, `0s`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (left, "s")) if n]
    return " ".join(parts) or "0s"
