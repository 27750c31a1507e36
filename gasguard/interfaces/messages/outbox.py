"""What is to be sent to whom and when, and what becomes of it. Pure: no clock, no disk, no network.

To each address in order; what is urgent goes before what is not, and waits for no quiet hours. Of
one cause and burner one message a minute: the first at once, all that follows in one at its end.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import tzinfo
from enum import Enum
from typing import Any, NamedTuple

from gasguard.clock import local
from gasguard.config.messages import Messages
from gasguard.core.messages import Kind, Tell
from gasguard.guard.bulletins import News
from gasguard.interfaces.messages.causes import ALARMS, SETTLES, Handling, handling, over
from gasguard.interfaces.messages.letters import Letter, Stamp
from gasguard.interfaces.payloads import event_payload

MOST = 200
"""Messages that wait, to all addresses together; about 100 KB."""
MINUTE = 60.0
PAUSES = (3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0)
"""Seconds until the next try, by failed ones; the last for ever."""
_URGENT_PAUSE = 60.0
"""The longest for what is urgent."""
_PACE = 2.0
"""Seconds from one message to an address to the next that is not urgent: chat robots take 20 a
minute."""
TOLD_AFTER = 3
"""Failed tries from which people are told that a message does not get through."""
_REFUSALS = 7
"""Times that a service may say no before that counts: over twenty minutes, for a robot that was
sent too much says no for ten (DingTalk)."""
_CONFIRMED_WITHIN = 10.0
"""Seconds after which a confirmation is that of another shutoff."""
_LOOK_EVERY = 30.0
"""The longest that a step of the wall clock, into quiet hours or out of them, goes unnoticed."""


class Result(Enum):
    """How a try ended."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """Not reached, or out of order: it may be there later."""
    REFUSED = "refused"
    """It said no, and will say no again."""
    IMPOSSIBLE = "impossible"
    """There is nothing to try."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended, and why, with what to do. Never any part of the address."""

    result: Result
    why: str = ""


class Fate(NamedTuple):
    """What has become of a letter, to be told."""

    letter: Letter
    outcome: Outcome
    tries: int
    over: bool
    """Delivered or given up; else it goes on being tried."""


@dataclass(slots=True)
class _Tries:
    """Of one letter, since the daemon's start."""

    failed: int = 0
    refused: int = 0
    why: str = ""
    """What the last one failed of."""
    again_at: float = float("-inf")


class Outbox:
    """All letters that wait. Times are CLOCK_BOOTTIME unless named otherwise."""

    def __init__(self, settings: Messages, zone: tzinfo | None = None) -> None:
        """`zone` is that of the quiet hours and of what is told; None is this machine's."""
        self._settings, self._zone = settings, zone
        self.letters: list[Letter] = []
        """Oldest first."""
        self.version = 0
        """Changes with whatever is to be on disk."""
        self.last: dict[str, Stamp] = {}
        """By burner and key: when the last one was due, of those of the last minute."""
        self.alarmed: dict[str, set[str]] = {}
        """By burner and cause, of alarms that are not over: the addresses that know of it."""
        self._tries: dict[str, _Tries] = {}
        self._sending: set[str] = set()
        """Addresses to which one is on its way."""
        self._paced: dict[str, float] = {}
        """By address: when the last one was delivered."""

    # --- in -----------------------------------------------------------------------------------

    def recall(
        self, letters: Iterable[Letter], last: dict[str, Stamp], alarmed: dict[str, set[str]]
    ) -> None:
        """What an earlier start had not delivered, before all else."""
        self.letters = [*letters, *self.letters]
        self.last = {**last, **self.last}
        self.alarmed = {**alarmed, **self.alarmed}

    def put(self, news: News, now: Stamp) -> list[Fate]:
        """What happened goes to whom it concerns. Gives what had to make room."""
        told: set[tuple[str, str]] = set()
        for tell in news.tells:
            if tell.kind is Kind.TRIP_CONFIRMED:
                self._confirm(news.state.settings.burner, now)
            self._call_off(news, tell, now, told)
            self._put(news, tell, now, told)
        return self._make_room()

    def _put(self, news: News, tell: Tell, now: Stamp, told: set[tuple[str, str]]) -> None:
        how = handling(tell)
        if how is None:
            return
        settings, event = news.state.settings, self._event(news, tell)
        names = [name for cause in how.causes for name in self._settings.recipients(cause)]
        # An alarm is a trip and a lock at once.
        names = [name for name in dict.fromkeys(names) if (how.key, name) not in told]
        told.update((how.key, name) for name in names)
        for letter in self._open(settings.burner, how.key, now):
            if letter.to in names:
                # A flood of them is not written down one by one.
                self.version += letter.add(event)
                names.remove(letter.to)
        if not names:
            return
        place = _place(settings.burner, how.key)
        due = news.at.boot + how.after
        # Of an earlier boot: nobody knows for sure how long ago that was.
        self.last = {
            key: one
            for key, one in self.last.items()
            if one.boot_id == now.boot_id and one.age(now) < MINUTE
        }
        if place in self.last:
            due = max(due, self.last[place].boot + MINUTE)
        self.last[place] = Stamp(now.boot_id, due, now.wall + due - now.boot, now.synchronised)
        self._write(names, how, news, event, due, now)

    def _event(self, news: News, tell: Tell) -> dict[str, Any]:
        event: dict[str, Any] = event_payload(tell, news.state.settings.burner, news.at, self._zone)
        return {**event, "boot": news.at.boot}

    def _write(
        self,
        names: Iterable[str],
        how: Handling,
        news: News,
        event: dict[str, Any],
        due: float,
        now: Stamp,
    ) -> None:
        settings = news.state.settings
        stamp = Stamp(now.boot_id, news.at.boot, news.at.wall, now.synchronised)
        self.version += 1
        self.letters += [
            Letter(
                to=name,
                burner=settings.burner,
                name=settings.name,
                cause=how.causes[0],
                key=how.key,
                urgent=how.urgent,
                stamp=stamp,
                due=due,
                keeps=how.keeps,
                events=[dict(event)],
            )
            for name in names
        ]

    def _call_off(self, news: News, tell: Tell, now: Stamp, told: set[tuple[str, str]]) -> None:
        """Whoever was called to the knob is told when that is over, in quiet hours too."""
        cause, how = over(news, tell), handling(tell)
        if cause is None or how is None:
            return
        burner, event = news.state.settings.burner, self._event(news, tell)
        names = self.alarmed.pop(_place(burner, cause), set())
        for letter in self.letters:
            if (letter.burner, letter.cause) == (burner, cause):
                # The alarm itself, if it arrives late, must not speak of what is over.
                self.version += letter.add(event)
                names -= {letter.to} - self._sending
        told.update((how.key, name) for name in names)
        if names:
            self._write(sorted(names), how._replace(urgent=True), news, event, now.boot, now)

    def _open(self, burner: str, key: str, now: Stamp) -> list[Letter]:
        """Those that can still tell of more: never tried, and not about to go as an alarm."""
        return [
            letter
            for letter in self.letters
            if (letter.burner, letter.key) == (burner, key)
            and letter.id not in self._tries
            and (not letter.urgent or letter.due_at(now) > now.boot)
        ]

    def _confirm(self, burner: str, now: Stamp) -> None:
        for letter in self.letters:
            if letter.burner == burner:
                # Also one that was tried: what arrives late must not speak of what is over. And on
                # disk: after a crash nobody confirms it any more.
                self.version += letter.confirm(now, _CONFIRMED_WITHIN)
                fresh = letter.stamp.age(now) < _CONFIRMED_WITHIN
                if fresh and now.boot < letter.due <= letter.stamp.boot + SETTLES:
                    letter.due = now.boot
                    self.last[_place(letter.burner, letter.key)] = now

    def _make_room(self) -> list[Fate]:
        gone = []
        while len(self.letters) > MOST:
            free = [one for one in self.letters if one.to not in self._sending] or self.letters
            plain = [one for one in free if not one.urgent]
            why = f"more than {MOST} messages waited, and this was the oldest"
            gone.append(self._end((plain or free)[0], Outcome(Result.IMPOSSIBLE, why)))
        return gone

    # --- out ----------------------------------------------------------------------------------

    def take(self, now: Stamp) -> list[Letter]:
        """What is to be sent now, at most one to each address. Each must be settled."""
        taken = self._ready(now)
        for letter in taken:
            self._sending.add(letter.to)
            self._tries.setdefault(letter.id, _Tries())
            if letter.urgent and letter.cause in ALARMS:
                place = _place(letter.burner, letter.cause)
                self.alarmed.setdefault(place, set()).add(letter.to)
                self.version += 1
        return taken

    def is_due_within(self, seconds: float, now: Stamp) -> bool:
        """Whether `take` will give something so soon, or does now."""
        look = self.next_look(now)
        return bool(self._ready(now)) or (look is not None and look <= seconds)

    def _ready(self, now: Stamp) -> list[Letter]:
        free = dict.fromkeys(one.to for one in self.letters if one.to not in self._sending)
        return [letter for name in free if (letter := self._next(name, now)) is not None]

    def _next(self, name: str, now: Stamp) -> Letter | None:
        due = [one for one in self.letters if one.to == name and one.due_at(now) <= now.boot]
        # Each that is urgent in its own right: one that fails must not hold up the next alarm, and
        # where a service hangs each try takes as long as it may.
        urgent = [one for one in due if one.urgent and self._again_at(one) <= now.boot]
        if urgent:
            return next((one for one in urgent if one.id not in self._tries), urgent[0])
        if self.is_quiet(now):
            return None
        # One that waits for its shutoff's confirmation is not overtaken by what came after it.
        soon = now.boot + SETTLES
        plain = (one for one in self.letters if one.to == name and not one.urgent)
        first = next((letter for letter in plain if letter.due_at(now) <= soon), None)
        if first is None or max(first.due_at(now), self._ready_at(first)) > now.boot:
            return None
        return first

    def _again_at(self, letter: Letter) -> float:
        tries = self._tries.get(letter.id)
        return tries.again_at if tries is not None else float("-inf")

    def _ready_at(self, letter: Letter) -> float:
        """When one that is not urgent may go."""
        paced = self._paced.get(letter.to, float("-inf")) + _PACE
        return max(self._again_at(letter), paced)

    def is_quiet(self, now: Stamp) -> bool:
        """Whether quiet hours hold, by the wall clock of `zone`."""
        quiet = self._settings.quiet
        shown = local(now.wall, self._zone)
        return quiet is not None and quiet.holds_at(shown.hour * 60 + shown.minute)

    def next_look(self, now: Stamp) -> float | None:
        """Seconds until `take` may give something, if nothing else happens; None: nothing waits."""
        times = []
        for letter in self.letters:
            if letter.to not in self._sending:
                at = self._again_at(letter) if letter.urgent else self._ready_at(letter)
                times.append(max(letter.due_at(now), at))
        if not times:
            return None
        # In the past: one behind another, or held back.
        later = [at - now.boot for at in times if at > now.boot]
        return min([_LOOK_EVERY, *later])

    def settle(self, letter: Letter, outcome: Outcome, now: Stamp) -> Fate | None:
        """How a try ended. Gives what is to be told of it, if anything is."""
        self._sending.discard(letter.to)
        if letter not in self.letters:
            return None
        tries = self._tries.setdefault(letter.id, _Tries())
        if outcome.result is Result.DELIVERED:
            self._paced[letter.to] = now.boot
            self._is_back(letter.to)
            return self._end(letter, outcome)
        tries.failed += 1
        tries.why = outcome.why
        tries.refused += outcome.result is Result.REFUSED
        pause = PAUSES[min(tries.failed, len(PAUSES)) - 1]
        tries.again_at = now.boot + (min(pause, _URGENT_PAUSE) if letter.urgent else pause)
        if outcome.result is Result.IMPOSSIBLE or tries.refused >= _REFUSALS:
            return self._end(letter, outcome)
        if tries.failed == TOLD_AFTER:
            return Fate(letter, outcome, tries.failed, over=False)
        return None

    def _is_back(self, name: str) -> None:
        """The service works: nothing else for this address needs to wait out its pause."""
        for letter in self.letters:
            if letter.to == name and (tries := self._tries.get(letter.id)) is not None:
                tries.again_at = float("-inf")

    def withdraw(self, has_passed: Callable[[Letter], bool]) -> None:
        """Drop what has passed before anybody was told."""
        for letter in list(self.letters):
            if letter.id not in self._tries and has_passed(letter):
                self.letters.remove(letter)
                self.last.pop(_place(letter.burner, letter.key), None)
                self.version += 1

    def too_old(self, now: Stamp) -> list[Fate]:
        """Give up what is worth nothing any more."""
        old = [
            letter
            for letter in self.letters
            if letter.stamp.age(now) > letter.keeps and letter.to not in self._sending
        ]
        return [
            self._end(letter, Outcome(Result.IMPOSSIBLE, self._late(letter, now))) for letter in old
        ]

    def _late(self, letter: Letter, now: Stamp) -> str:
        late = f"it is of no use {round(letter.keeps)} s after it happened"
        why = self._tries.get(letter.id, _Tries()).why
        if letter.due_at(now) > now.boot:
            why = "one like it had gone less than a minute before"
        return f"{why}; {late}" if why else late

    def _end(self, letter: Letter, outcome: Outcome) -> Fate:
        self.version += 1
        tries = self._tries.pop(letter.id, _Tries())
        self.letters = [one for one in self.letters if one.id != letter.id]
        failed = tries.failed + (outcome.result is Result.DELIVERED)
        return Fate(letter, outcome, failed, over=True)


def _place(burner: str, key: str) -> str:
    """What there is one message a minute of."""
    return f"{burner} {key}"
