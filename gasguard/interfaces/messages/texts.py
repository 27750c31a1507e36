"""A message's title and text: which burner, what has happened, what to do, and when it was."""

from datetime import tzinfo
from typing import Any

from gasguard.clock import local
from gasguard.interfaces.home_assistant.words import WORDS, Language
from gasguard.interfaces.messages.causes import HAZARDS
from gasguard.interfaces.messages.letters import Letter, Stamp
from gasguard.interfaces.messages.sentences import SENTENCES, Sentences

_SENDER = "gasguard"
"""In every title: chat robots (DingTalk, Feishu) can be told to let pass what holds this word."""
_LONGEST = 300
"""Characters of an explanation or a label."""
_MOST_BYTES = 1800
"""WeCom's robot, the shortest, refuses more than 2048 bytes, title included."""


def title(name: str) -> str:
    """Of any message about the burner that people call so."""
    return f"{_SENDER}: {name}"


def test_message(name: str, language: Language) -> tuple[str, str]:
    """Title and text of a test message to one address."""
    said = SENTENCES[language].test
    return _SENDER, "\n".join(part.format(name=name) for part in said)


def written(
    letter: Letter, now: Stamp, language: Language, zone: tzinfo | None = None
) -> tuple[str, str]:
    """Title and text. Its own time is told by what the wall clock says now, in `zone`."""
    words = SENTENCES[language]
    lines: list[str] = []
    for event in letter.events:
        told = _told(event, letter, now, language, zone)
        when = words.at.format(at=_moment(letter, now, event["boot"], zone))
        # Of several alike each sentence once, and when each was.
        lines += [*(line for line in told if line and line not in lines), when]
    if letter.more:
        lines.append(words.more.format(count=letter.more, id=letter.burner))
    return title(letter.name), "\n".join(_fitting(lines, letter.burner))


def _fitting(lines: list[str], burner: str) -> list[str]:
    """Whole lines from the first on; of what is too long, where the rest is."""
    if len("\n".join(lines).encode()) <= _MOST_BYTES:
        return lines
    kept = list(lines)
    while len("\n".join(kept).encode()) > _MOST_BYTES and len(kept) > 1:
        kept.pop()
    return [*kept, f"… gasguard history {burner}"]


def _told(
    event: dict[str, Any], letter: Letter, now: Stamp, language: Language, zone: tzinfo | None
) -> list[str]:
    words, kind = SENTENCES[language], event["type"]
    reason, why = event.get("reason"), _short(event.get("message"))
    if event.get("shuts_off") is False:
        said = words.events["prewarning only"]
    elif kind in ("trip", "locked") and reason in HAZARDS:
        said = words.hazards[str(reason)]
    elif kind == "trip" and event.get("confirmed"):
        said = words.confirmed
    else:
        unknown = ("{burner}: " + WORDS[language].shown(kind), "")
        how = "late" if "late_s" in event else reason
        if kind == "prewarning" and event.get("source") == "mi_home":
            how = "mi_home"
        said = words.events.get(f"{kind} {how}") or words.events.get(kind) or unknown
    label = _short(event.get("label"))
    at = event["boot"] + _number(event.get("remaining_s")) - _number(event.get("late_s"))
    known = {
        "burner": letter.name,
        "id": letter.burner,
        "sensor": _sensor(event, words),
        "schedule": _short(event.get("schedule")),
        "reason": _because(event, language),
        "at": _moment(letter, now, at, zone),
        "label": words.label.format(label=label) if label else "",
    }
    beside = label and "{label}" not in said[0]
    return [
        said[0].format(**known) + (f" ({label})" if beside else ""),
        words.because.format(why=why) if why else "",
        said[1].format(**known),
    ]


def _because(event: dict[str, Any], language: Language) -> str:
    words, reason = SENTENCES[language], str(event.get("reason") or "?")
    locks = event["type"] in ("locked", "unlocked")
    text = None if locks else words.reasons.get("away" if event.get("away") else reason)
    who = words.sources.get(str(event.get("source"))) if reason in ("remote", "lock") else None
    return (text or WORDS[language].shown(reason)) + (words.by.format(who=who) if who else "")


def _sensor(event: dict[str, Any], words: Sentences) -> str:
    name = event.get("sensor")
    return words.flame_sensor if name == "flame" else _short(name)


def _moment(letter: Letter, now: Stamp, boot: float, zone: tzinfo | None) -> str:
    """Local time of day; with its date, where that is not today's."""
    then, today = local(letter.stamp.wall_seen_from(now, boot), zone), local(now.wall, zone)
    same_day = then.date() == today.date()
    return then.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
