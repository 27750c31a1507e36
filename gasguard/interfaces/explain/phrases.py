"""What sentences are made of, in one language: times, lengths of time, names, who it was."""

from collections.abc import Mapping
from typing import Any

from gasguard.interfaces.explain.chain import Event, State
from gasguard.interfaces.explain.words import Texts

_IN_MINUTES, _IN_SECONDS = 5400, 100
"""Seconds up to which a length of time is told in minutes alone, or in seconds alone."""
_AS_THEY_ARE = ("gasguard", "max_burn")
"""Names that no sentence writes with a capital letter."""


class Fields(dict[str, str]):
    """What stands in braces; what is missing is nothing."""

    def __missing__(self, _key: str) -> str:
        return ""


class Phrases:
    """Of one burner."""

    def __init__(self, state: State, texts: Texts) -> None:
        self.texts = texts
        self.name = str(state.get("name") or state.get("burner"))
        self._today = str(state.get("updated_at", ""))[:10]

    def part(self, key: str, **fields: str) -> str:
        """One of the phrases."""
        return self.texts.parts[key].format_map(Fields(fields))

    def sentence(self, text: str) -> str:
        """As it begins and ends."""
        small = text.startswith(_AS_THEY_ARE) or not self.texts.capitals
        begins = text if small else text[:1].upper() + text[1:]
        return begins + self.texts.stop

    def shown(self, word: object) -> str:
        """The name of one of the contract's words."""
        return self.texts.names.shown(str(word))

    def who(self, about: Event) -> str:
        """The way in it came by."""
        source = about.get("source")
        return "" if source is None else self.texts.names.sources.get(str(source), str(source))

    def by(self, about: Event) -> str:
        """The same as a phrase; nothing where gasguard itself did it."""
        who = self.who(about)
        return self.part("by", who=who) if who and about.get("source") != "guard" else ""

    def label(self, about: Event) -> str:
        """In quotes, where there is one."""
        label = about.get("label")
        return self.part("label", label=str(label)) if label else ""

    def message(self, about: Event) -> str:
        """In brackets, where there is one."""
        message = about.get("message")
        return self.part("message", message=str(message)) if message else ""

    def time(self, about: Event, length: int = 8) -> str:
        """The clock's time, with the day where it is another one."""
        at = str(about.get("at", ""))
        clock = at[11 : 11 + length]
        return clock if at[:10] == self._today else f"{at[:10]} {clock}"

    def when(self, at: object) -> str:
        """The same as a phrase."""
        day, clock = str(at)[:10], str(at)[11:19]
        if day == self._today:
            return self.part("at", time=clock)
        return self.part("on", day=day, time=clock)

    def duration(self, seconds: object) -> str:
        """As it stands before "timer"."""
        return self.spelt(seconds, "minute_long", "second_long")

    def spelt(self, seconds: object, minutes: str = "minutes", few: str = "seconds") -> str:
        """A length of time; `minutes` and `few` are the phrases for short ones."""
        if not isinstance(seconds, int | float):
            return "?"
        whole = max(0, round(seconds))
        if whole % 60 == 0 and 60 < whole <= _IN_MINUTES:
            return self.part(minutes, n=str(whole // 60))
        if whole <= _IN_SECONDS:
            return self.part(few, n=str(whole))
        hours, rest = divmod(whole, 3600)
        parts = zip((hours, *divmod(rest, 60)), ("h", "min", "s"), strict=True)
        return " ".join(self.part(unit, n=str(n)) for n, unit in parts if n)

    def latency(self, about: Mapping[str, Any]) -> str:
        """How long the relay took."""
        latency = about.get("latency_ms")
        if not isinstance(latency, int | float):
            return "?"
        return f"{latency} ms" if latency < 10_000 else f"{latency / 1000:.1f} s"

    def fields(self, event: Event) -> Fields:
        """All that may stand in braces in a sentence on this event."""
        reason, sensor = event.get("reason"), event.get("sensor")
        code, left = str(event.get("code")), event.get("remaining_s")
        late, to = event.get("late_s"), event.get("to")
        last, starts = event.get("last_entry"), event.get("starts")
        return Fields(
            name=self.name,
            what=self.shown(event.get("type")),
            reason="?" if reason is None else self.shown(reason),
            of_reason="" if reason is None else self.part("of_reason", reason=self.shown(reason)),
            who=self.who(event),
            by=self.by(event),
            label=self.label(event),
            named=self.label({"label": event.get("schedule") or event.get("label")}),
            message=self.message(event),
            sensor=str(sensor),
            by_sensor="" if sensor is None else self.part("by_sensor", sensor=str(sensor)),
            duration=self.duration(event.get("duration_s")),
            extended=self.spelt(event.get("extended_s")),
            latency=self.latency(event),
            left="" if left is None else self.part("left", left=self.spelt(left)),
            late="" if late is None else self.part("late", late=self.spelt(late)),
            to="" if to is None else self.part("to", to=str(to)),
            tried_again=self.part("tried_again") if event.get("given_up") is False else "",
            answer=self.texts.names.answers.get(code, code.replace("_", " ")),
            since="" if last is None else self.part("since", last=self.time({"at": last})),
            starts="" if starts is None else self.part("starts", starts=str(starts)),
            n=str(event.get("n")),
        )
