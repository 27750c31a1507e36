"""What was asked of the guard and what it promised, burner by burner: the people's side of it.

Where a crash leaves open whether something took effect, every possibility is kept until something
decides; a check speaks up only where all of them agree.
"""

from dataclasses import dataclass, field
from typing import Any

from gasguard.config.burners import BurnerConfig
from gasguard.config.relays.miio import MiotRelay
from gasguard.core.messages import (
    Answer,
    CancelTimer,
    ChildLock,
    ExtendTimer,
    Off,
    Rearm,
    Request,
    SetTimer,
    Status,
    Unlock,
)
from gasguard.core.model import Lock
from tests.torture.pi import Trust

NEVER = float("-inf")
EFFECT_WITHIN = 5.7
"""Longest that a request waits for the disk, and its answer for news before it."""
Span = tuple[float, float]
"""A deadline that lies between two moments: a request takes effect when the disk has it."""


@dataclass(slots=True)
class Ask:
    """A request and what became of it."""

    number: int
    burner: str
    request: Request
    at: float
    answers: list[Answer] = field(default_factory=list)
    ended_by_kill: bool = False
    moved: frozenset[Lock] = frozenset()
    """Latches that this re-arm may have ended."""
    before: frozenset[Span | None] = frozenset()
    added: frozenset[Span | None] = frozenset()
    """What the timer may have been, and what this request may have made of it."""

    @property
    def done(self) -> bool:
        """Whether nothing more will be answered."""
        if not self.answers:
            return False
        return not isinstance(self.request, Off) or self.answers[-1].status is not Status.ACCEPTED


@dataclass(slots=True)
class Account:
    """One burner's."""

    name: str
    config: BurnerConfig
    timers: set[Span | None] = field(default_factory=lambda: {None})
    ghosts: set[Span | None] = field(default_factory=set)
    """Timers that a crash may bring back: what ended them is not on disk for sure."""
    timer_asked_at: float = NEVER
    extend_keys: set[str] = field(default_factory=set)
    child: set[bool] = field(default_factory=lambda: {False})
    child_since: float = NEVER
    latched: dict[Lock, float] = field(default_factory=dict)
    """Latches that stand for certain, and since when."""
    on_disk: set[Lock] = field(default_factory=set)
    """Those that a crash cannot take away."""
    unsaved: set[Lock] = field(default_factory=set)
    """Latches whose re-arm was rejected because the disk did not answer."""
    perhaps: set[Lock] = field(default_factory=set)
    """Latches that may stand."""
    reporting: dict[Lock, float] = field(default_factory=dict)
    """Hazards that the living guard has been told of, and since when."""
    reporting_on_disk: set[Lock] = field(default_factory=set)
    """Those of them that a crash does not make it forget."""
    alarms_heard: dict[str, float] = field(default_factory=dict)
    """When each hazard sensor last spoke to the living guard."""
    alarms_offline: set[str] = field(default_factory=set)
    """Hazard sensors of which the living guard was told that they cannot be heard."""
    alarms_given_up: dict[str, float] = field(default_factory=dict)
    """Those whose silence was told, and when: over a crash too, only their own word ends it."""
    demand_at: float = NEVER
    """The last demand that the living guard knows of and no closing has ended."""
    demand_on_disk: bool = False
    opened_at: float | None = None
    """When the circuit was first open after it, by a relay's own switch."""
    released_at: float = NEVER
    """When somebody last asked to re-arm."""
    lit_posted: float | None = None
    """Since when the flame sensor's last word to the living guard is "lit"."""
    sensed_at: float = NEVER
    """When that last changed."""
    lit_until: float = NEVER
    """When that last changed away from lit; infinite while it is."""
    lit_since: float | None = None
    """Since when the guard knows that it burns."""
    lit_on_disk: bool = False
    lit_perhaps: float | None = None
    """Since when the guard may know it from before a crash."""
    rearmed_at: list[float] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)

    @property
    def jog(self) -> bool:
        return any(relay.jogs_for for relay in self.config.in_series)

    @property
    def lease(self) -> MiotRelay | None:
        """The relay that holds a lease, if one does."""
        for relay in self.config.in_series:
            if isinstance(relay, MiotRelay) and relay.lease:
                return relay
        return None

    @property
    def locked(self) -> bool:
        """Whether some lock stands for certain."""
        return self.child == {True} or bool(self.latched)

    @property
    def must_end_at(self) -> float | None:
        limit = self.config.limits.max_burn
        return None if limit is None or self.lit_since is None else self.lit_since + limit

    # --- requests -----------------------------------------------------------------------------

    def asked(self, ask: Ask) -> None:
        """Somebody asks; from here on it may take effect."""
        self.asks.append(ask)
        now = ask.at
        match ask.request:
            case Off():
                self.demanded(now)
            case Rearm():
                ask.moved = frozenset(self.latched).union(*(a.moved for a in self._rearms()))
                self.perhaps |= ask.moved
                self.latched.clear()
                self.released_at = now
            case _:
                self._possible(ask)

    def _possible(self, ask: Ask) -> None:
        """What the request would lead to is possible from here on."""
        match ask.request:
            case SetTimer(duration=duration):
                self._may_become(ask, {(ask.at + duration, ask.at + duration + EFFECT_WITHIN)})
            case ExtendTimer(duration=duration, key=key):
                if key is None or key not in self.extend_keys:
                    spans = [span for span in self.timers if span is not None]
                    self._may_become(ask, {(lo + duration, hi + duration) for lo, hi in spans})
            case CancelTimer():
                self.timers.add(None)
            case ChildLock():
                self.child.add(True)
                self.timers.add(None)
            case Unlock():
                self.child.add(False)
            case _:
                pass

    def _pending(self, number: int = 0) -> None:
        """Requests after `number` that are not answered yet may still take effect."""
        for ask in self.asks:
            if ask.number > number and not ask.answers:
                self._possible(ask)

    def answered(self, ask: Ask, answer: Answer, now: float, *, sound: bool) -> None:
        """What the guard says to it, at `now`; `sound`: the disk did its work meanwhile."""
        ask.answers.append(answer)
        if answer.status is Status.ACCEPTED:
            self._accepted(ask, now, sound)
            self._pending(ask.number)
        elif answer.status is Status.REJECTED:
            self._rejected(ask, answer, now)

    def _accepted(self, ask: Ask, now: float, sound: bool) -> None:
        match ask.request:
            case Off():
                self.durable(ask.at) if sound else None
            case SetTimer(duration=duration):
                self._timer_is({(ask.at + duration, now + duration)})
                self.extend_keys.clear()
            case ExtendTimer(key=key):
                # With a message it was counted before: then a crash came between, or nothing did.
                if ask.answers[-1].message is None and ask.added:
                    self.timers = (self.timers - ask.before) | ask.added
                if key is not None:
                    self.extend_keys.add(key)
            case CancelTimer():
                self._timer_is({None})
            case ChildLock():
                self.child, self.child_since = {True}, now
                self._timer_is({None})
            case Unlock():
                self.child = {False}
            case Rearm():
                self.perhaps -= ask.moved
                self.on_disk -= ask.moved
                for later in self._rearms():
                    later.moved -= ask.moved
                self.on_disk &= set(self.latched)
                if ask.moved:
                    self.rearmed_at.append(now)

    def _rejected(self, ask: Ask, answer: Answer, now: float) -> None:
        if answer.code == "not_saved":
            # It may have reached the disk all the same, until something else is saved.
            self.unsaved |= ask.moved
            return
        match ask.request:
            case SetTimer() | ExtendTimer():
                self.timers = (self.timers - ask.added) or {None}
            case ChildLock():
                self.child = (self.child - {True}) or {False}
            case Rearm() if not self._rearms():
                stand = ask.moved - self.unsaved
                self.latched |= dict.fromkeys(stand, now)
                self.perhaps -= stand
            case _:
                pass

    def _may_become(self, ask: Ask, spans: set[Span]) -> None:
        ask.before = frozenset(self.timers)
        ask.added = frozenset(spans) - ask.before
        self.timers |= spans
        self.timer_asked_at = ask.at

    def _timer_is(self, spans: set[Span | None]) -> None:
        self.timers, self.ghosts = spans, set()

    # --- what happens -------------------------------------------------------------------------

    def demanded(self, at: float) -> None:
        """A demand takes effect in the living guard; it is on disk when `durable` says so."""
        if at != self.demand_at:
            self.demand_at, self.demand_on_disk, self.opened_at = at, False, None
        self.ghosts |= self.timers
        self.timers = {None}
        self._pending()

    def spent(self) -> None:
        """The timer has run out behind an open contact: it only ends."""
        self.ghosts |= self.timers
        self.timers = {None}
        self._pending()

    def durable(self, since: float) -> None:
        """What the guard knew at `since` is on disk."""
        self.unsaved.clear()
        self.reporting_on_disk = {lock for lock, at in self.reporting.items() if at <= since}
        for name, at in self.alarms_heard.items():
            if self.alarms_given_up.get(name, NEVER) < at <= since:
                self.alarms_given_up.pop(name, None)
        if self.demand_at <= since:
            self.demand_on_disk = True
            self.ghosts.clear()

    def latch(self, lock: Lock, now: float) -> None:
        """A lock stands in the living guard, since `now`."""
        for ask in self._rearms():
            if ask.at >= now:
                # Asked for before the news of the lock was out.
                ask.moved |= {lock}
                self.perhaps.add(lock)
                return
        self.latched.setdefault(lock, now)
        self.perhaps.discard(lock)

    def sensed(self, lit: bool | None, now: float) -> None:
        """The flame sensor's word reaches the guard; None: it is not heard any more."""
        if bool(lit) != (self.lit_posted is not None):
            self.sensed_at = now
        if lit and self.lit_posted is None:
            self.lit_posted, self.lit_until = now, float("inf")
            if self.lit_since is None:
                self.lit_since, self.lit_on_disk = now, False
        elif not lit:
            self.lit_posted = None
            # A sensor that is not heard any more does not say that it is out.
            if lit is False:
                self.lit_until, self.lit_since = min(self.lit_until, now), None
                self.lit_perhaps = None

    def burnt_out(self, at: float) -> None:
        """The guard ended the longest burn: sooner, if it did know of it from before a crash."""
        due = self.must_end_at
        if self.lit_perhaps is not None and due is not None and at < due:
            self.lit_since, self.lit_perhaps = self.lit_perhaps, None

    def _rearms(self) -> list[Ask]:
        """Re-arms that are not answered yet."""
        return [ask for ask in self.asks if isinstance(ask.request, Rearm) and not ask.answers]

    def closed(self) -> None:
        """The guard ordered the contact closed, with right: no demand stands any more."""
        self.demand_at, self.demand_on_disk = NEVER, False

    def killed(self) -> None:
        """What was not on disk may be gone; what was may be back."""
        self.timers |= self.ghosts
        self.ghosts.clear()
        if not self.demand_on_disk:
            self.demand_at = NEVER
        gone = set(self.latched) - self.on_disk
        self.latched = {lock: at for lock, at in self.latched.items() if lock not in gone}
        self.perhaps |= gone
        for lock in set(self.reporting) - self.reporting_on_disk:
            del self.reporting[lock]
        self.alarms_heard.clear()
        self.alarms_offline.clear()
        self.sensed(None, NEVER)
        if not self.lit_on_disk:
            self.lit_perhaps, self.lit_since = self.lit_since, None
        for ask in self.asks:
            if not ask.done:
                ask.ended_by_kill = True
                if isinstance(ask.request, Rearm) and not ask.answers:
                    self.perhaps |= ask.moved
        self.asks = [ask for ask in self.asks if not ask.done and not ask.ended_by_kill]

    def restarted(self, trust: Trust) -> bool:
        """The guard is back. Whether it must open because it cannot know what time has passed."""
        if trust is Trust.SURE:
            return False
        sure = None not in self.timers or (self.lit_since is not None and self.lit_on_disk)
        self.lit_since = None
        if trust is Trust.PERHAPS:
            self.timers.add(None)
            return False
        # Until something else is saved, the next start may know better what time has passed.
        self.ghosts |= self.timers - {None}
        self.timers = {None}
        return sure

    def lost_everything(self, now: float) -> None:
        """The store was damaged: it starts locked, and knows nothing else."""
        self.timers, self.ghosts, self.child = {None}, set(), {False}
        self.latched, self.on_disk = {Lock.RESTART: now}, {Lock.RESTART}
        self.perhaps = set()
        self.demand_at, self.lit_since = NEVER, None
        self.rearmed_at.clear()
        self.reporting.clear()
        self.alarms_given_up.clear()

    def facts(self) -> dict[str, Any]:
        """For the timeline of a failure."""
        return {
            "timers": sorted(self.timers, key=str),
            "child": sorted(self.child),
            "latched": sorted(self.latched),
            "perhaps": sorted(self.perhaps),
            "demand_at": self.demand_at,
        }
