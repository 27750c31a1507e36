"""A burner's state and its story in sentences. Nothing is claimed that was not read back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gasguard.interfaces.explain.chain import Event, State, Story, story_of
from gasguard.interfaces.explain.phrases import Phrases
from gasguard.interfaces.explain.standing import Standing
from gasguard.interfaces.explain.words import TEXTS
from gasguard.interfaces.home_assistant.words import Language

_BEGUN = ("flame_lit", "flame_unseen")
"""Why a timer began later than it was set."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is said of one burner."""

    now: list[str]
    """How it stands."""
    why: list[str]
    """Why it went out last, and what is not known of that."""
    heading: str
    chain: list["Step"]
    """What happened, oldest first."""
    is_whole: bool
    """The history had all of it."""


class Step(NamedTuple):
    """One event of the chain."""

    at: str
    """As it stands in the history."""
    shown: str
    """The same for people: without the day, where that is today."""
    text: str


def explain(
    state: State,
    events: Sequence[Event],
    language: Language,
    *,
    unread: str | None = None,
) -> Explanation:
    """Why the burner with this state is as it is.

    `events` are its newest ones, newest last; `unread` says why there are none.
    """
    say, story = Phrases(state, TEXTS[language]), story_of(state, events)
    teller = _Teller(state, say)
    return Explanation(
        now=Standing(state, say).told(story),
        why=teller.why(story, unread),
        heading=say.part("chain"),
        chain=[
            Step(str(event.get("at")), say.time(event), teller.event(event))
            for event in teller.chain(story)
        ],
        is_whole=story.is_whole and unread is None,
    )


class _Teller:
    """Tells why."""

    def __init__(self, state: State, say: Phrases) -> None:
        self._say = say
        self._problem = (state.get("relay") or {}).get("problem")

    def event(self, event: Event) -> str:
        """One event as a sentence."""
        kind, reason = str(event.get("type")), event.get("reason")
        texts, fields = self._say.texts.events, self._say.fields(event)
        if kind == "trip":
            fields["cause"] = self._cause(event, None)
        if event.get("away"):
            reason = "away"
        text = texts.get(f"{kind}:{reason}") or texts.get(kind) or self._say.texts.any_event
        return self._say.sentence(text.format_map(fields))

    def _cause(self, trip: Event, story: Story | None) -> str:
        """Why it was shut off, to stand behind "because"."""
        if trip.get("closed_outside"):
            return self._say.texts.closed_outside
        reason, fields = str(trip.get("reason")), self._say.fields(trip)
        timer = None if story is None else story.timer
        if timer is not None:
            fields["duration"] = self._say.duration(timer.get("duration_s"))
            fields["label"] = self._say.label(timer)
            fields["set"] = self._say.part(
                "begun" if timer.get("reason") in _BEGUN else "set",
                by=self._say.by(timer),
                who=self._say.who(timer),
                minute=self._say.time(timer, 5),
            )
            fields["extended_by"] = self._extended(story)
        elif reason == "timer":
            fields["duration"] = ""
            if story is not None:
                fields["set"] = self._say.part("set_unknown", by=fields["by"], who=fields["who"])
        sensor = trip.get("sensor")
        fields["alarm"] = (
            self._say.part("an_alarm")
            if sensor is None
            else self._say.part("alarm", sensor=str(sensor))
        )
        if reason == "max_burn" and story is not None:
            lit = next((one for one in story.before if one.get("type") == "flame_lit"), None)
            if trip.get("message"):
                fields["unseen"] = self._say.part("unseen")
            elif lit is not None:
                fields["lit_since"] = self._say.part("lit_since", minute=self._say.time(lit))
        named = self._say.texts.causes.get("away" if trip.get("away") else reason)
        text = named or self._say.texts.any_cause
        return " ".join(text.format_map(fields).split())

    def _extended(self, story: Story | None) -> str:
        added = [event.get("extended_s") for event in (story.extended if story else ())]
        seconds = sum(one for one in added if isinstance(one, int | float))
        return self._say.part("extended_by", extended=self._say.spelt(seconds)) if seconds else ""

    def chain(self, story: Story) -> list[Event]:
        """All of it, oldest first; nothing where the one sentence says all."""
        trip = [story.trip] if story.trip is not None and story.is_whole else []
        found = [*story.before, *trip, *story.after]
        return found if len(found) > len(trip) else []

    def why(self, story: Story, unread: str | None) -> list[str]:
        """Why it went out last, and what is not known of that."""
        told: list[str] = []
        if story.by_hand is not None:
            when = self._say.when(story.by_hand.get("at"))
            told.append(self._say.part("by_hand", name=self._say.name, when=when))
        if story.trip is None:
            told.append(self._say.part("no_trip", name=self._say.name))
        else:
            told.append(self._shutoff(story, story.trip))
        if story.cause is not None:
            when, cause = self._say.when(story.cause.get("at")), self._cause(story.cause, story)
            told.append(self._say.part("first_cause", when=when, cause=cause))
        if unread is not None:
            told.append(self._say.part("unread", why=unread))
        elif not story.is_whole:
            told.append(self._say.part("lost"))
        return [self._say.sentence(text) for text in told]

    def _shutoff(self, story: Story, trip: Event) -> str:
        confirmed, failed = story.confirmed, story.failed
        message = "" if failed is None else self._say.message(failed)
        latency = "" if confirmed is None else self._say.latency(confirmed)
        if confirmed is None:
            how, end = "was_told", "unconfirmed"
            message = message or self._say.message({"message": self._problem})
        elif story.burnt_on:
            how, end = "was_told", "burnt_on"
        else:
            how = "went_out" if story.went_out else "was_shut"
            end = "confirmed" if failed is None else "confirmed_late"
        return self._say.part(
            how,
            name=self._say.name,
            when=self._say.when(trip.get("at")),
            cause=self._cause(trip, story),
            end=self._say.part(end, latency=latency, message=message),
        )
