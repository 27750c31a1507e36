"""What was asked of the guard, what it promised and what it was told, burner by burner.

It is the people's side: made of questions, answers, what is published, and what came to the guard
on its connection. Where a crash leaves open whether something took effect, every possibility is
kept until something decides; a check speaks up only where all of them agree.
"""

from dataclasses import dataclass, field

from gasguard.config.burners import BurnerConfig
from gasguard.core.model import OUT_LASTS, OUT_SETTLES
from tests.torture.pi import Trust
from tests.torture.window import Payload

NEVER = float("-inf")
FAR = float("inf")
EFFECT_WITHIN = 5.7
"""Longest that a request waits for the disk, and its answer for news before it."""
_SETTLES_LATE = 2.0
"""Seconds by which the guard may take longer to call it out: what bounces counts a second later."""
CHILD, RESTART, SCHEDULE, STUCK = "child", "restart", "schedule", "stuck"
HELD_OPEN = ("tripping", "tripped", "trip_failed")
"""Phases of a burner whose demand is on disk once they are told from a sound one."""
Span = tuple[float, float]
"""A deadline that lies between two moments: a request takes effect when the disk has it."""


@dataclass(slots=True)
class Ask:
    """A request and what became of it."""

    number: int
    kind: str
    """`off`, `timer`, `extend`, `cancel`, `lock`, `unlock` or `rearm`."""
    source: str
    at: float
    seconds: float = 0.0
    key: str | None = None
    answers: list[Payload] = field(default_factory=list)
    moved: frozenset[str] = frozenset()
    """Latches that this re-arm may have ended."""
    before: frozenset[Span | None] = frozenset()
    added: frozenset[Span | None] = frozenset()
    """What the timer may have been, and what this request may have made of it."""
    asked_before: float = NEVER
    """When a timer was asked for before."""

    @property
    def done(self) -> bool:
        """Whether nothing more will be answered."""
        if not self.answers:
            return False
        return self.kind != "off" or self.answers[-1]["status"] != "accepted"


@dataclass(slots=True)
class Account:
    """One burner's."""

    name: str
    config: BurnerConfig
    timers: set[Span | None] = field(default_factory=lambda: {None})
    ghosts: set[Span | None] = field(default_factory=set)
    """Timers that a crash may bring back: what ended them is not on disk for sure."""
    outranks: float = NEVER
    """Until when a timer that somebody has set may hold back the longest burn, while it runs."""
    grants: set[float] = field(default_factory=lambda: {NEVER})
    """Until when an answer to its warning may: one of these, as answers came in time or not."""
    timer_asked_at: float = NEVER
    extend_keys: set[str] = field(default_factory=set)
    child: set[bool] = field(default_factory=lambda: {False})
    child_since: float = NEVER
    latched: dict[str, float] = field(default_factory=dict)
    """Latches that stand for certain, and since when."""
    on_disk: set[str] = field(default_factory=set)
    """Those that a crash cannot take away."""
    unsaved: set[str] = field(default_factory=set)
    """Latches whose re-arm was rejected because the disk did not answer."""
    perhaps: set[str] = field(default_factory=set)
    """Latches that may stand."""
    reporting: dict[str, float] = field(default_factory=dict)
    """Hazards of which the guard was told for certain, and since when."""
    reporting_on_disk: set[str] = field(default_factory=set)
    """Those of them that a crash does not make it forget."""
    given_up: set[str] = field(default_factory=set)
    """Hazard sensors whose silence may be on disk: over a crash too, only their word ends it."""
    demand_at: float = NEVER
    """By when the last demand that no closing has ended stood for certain."""
    demand_since: float = NEVER
    """From when on it may have: what is told of it comes behind a write."""
    demand_on_disk: bool = False
    last_demand_at: float = NEVER
    """When the last one stood, also where a closing has ended it."""
    opened_at: float | None = None
    """When the circuit was first open after it, by a relay's own switch."""
    released_at: float = NEVER
    """When somebody last asked to re-arm."""
    lit_told: float | None = None
    """Since when the flame sensor's last word to the living guard is "lit"."""
    sensed_at: float = NEVER
    """When that last changed."""
    lit_until: float = NEVER
    """When that last changed away from lit; infinite while it is."""
    out_since: float | None = None
    """Since when its last word is "out"."""
    seen: bool = False
    """A flame was seen for certain, and nothing that counts has said since that it is out."""
    seen_perhaps: bool = False
    """It may have been: what the guard knew of it may have outlived a crash."""
    out_on_disk: bool = True
    """Whether a crash cannot make the guard believe again in a flame that has gone out."""
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
    def locked(self) -> bool:
        """Whether some lock stands for certain."""
        return self.child == {True} or bool(self.latched)

    @property
    def must_end_at(self) -> float | None:
        """The end of the longest burn, unless the flame has been out for long by then."""
        due = self._due
        return None if due is None or due > self._burn_is_over_at() - 0.5 else due

    @property
    def _due(self) -> float | None:
        """The same, though it may be out for long by then: nobody knows that before."""
        limit = self.config.max_burn
        if limit is None or self.lit_since is None:
            return None
        return max(self.lit_since + limit, self.held_back_until)

    def _burn_is_over_at(self) -> float:
        """When what is lit is another burn; sooner where the circuit was open since this one began,
        or when it did: a magnet that has let go does not wait for its thermocouple to cool."""
        if self.out_since is None:
            return FAR
        lit = NEVER if self.lit_since is None else self.lit_since
        stands = self.last_demand_at > lit or self.demand_at > NEVER
        let_go = self.opened_at is not None and stands
        return self.out_since + (OUT_SETTLES if let_go else OUT_LASTS)

    @property
    def held_back_until(self) -> float:
        """Until when a person's word may hold back the longest burn."""
        return self._held_back_until(max(self.grants))

    def _held_back_until(self, granted: float) -> float:
        return max(granted, self.outranks if self.timers != {None} else NEVER)

    def may_burn(self, now: float) -> bool:
        """Whether a flame was seen for certain that nothing has called out for long enough."""
        return self.seen and not self._settled(now)

    def may_seem_to_burn(self, now: float) -> bool:
        """The same, where what the guard knew may have outlived a crash."""
        return self.seen_perhaps and not self._settled(now - _SETTLES_LATE)

    def _settled(self, now: float) -> bool:
        return self.out_since is not None and now >= self.out_since + OUT_SETTLES

    # --- requests -----------------------------------------------------------------------------

    def asked(self, ask: Ask) -> None:
        """Somebody asks; from here on it may take effect."""
        self.asks.append(ask)
        if ask.kind == "off":
            self.demanded(ask.at, ask.at)
        elif ask.kind == "rearm":
            ask.moved = frozenset(self.latched).union(*(a.moved for a in self._rearms()))
            self.perhaps |= ask.moved
            self.latched.clear()
            self.released_at = ask.at
            self.looked_at()
        else:
            self._possible(ask)

    def _possible(self, ask: Ask) -> None:
        """What the request would lead to is possible from here on."""
        match ask.kind:
            case "timer":
                end = ask.at + ask.seconds
                self.outranks = max(self.outranks, end + EFFECT_WITHIN)
                self._may_become(ask, {(end, end + EFFECT_WITHIN)})
            case "extend" if ask.key is None or ask.key not in self.extend_keys:
                spans = [span for span in self.timers if span is not None]
                self._may_grant(ask)
                self._may_become(ask, {(lo + ask.seconds, hi + ask.seconds) for lo, hi in spans})
            case "cancel":
                self.timers.add(None)
            case "lock":
                self.child.add(True)
                self.timers.add(None)
            case "unlock":
                self.child.add(False)

    def may_end_with(self, countdown: float) -> None:
        """Mi Home counts down to that moment: the guard takes it for a timer when it sees it."""
        self.timers.add((countdown - 3, countdown + 3))
        self.outranks = max(self.outranks, countdown + 3)

    def _may_grant(self, ask: Ask) -> None:
        limit = self.config.max_burn
        # Which burn it is nobody may know: at the latest the one that began when it was seen.
        lit = self.lit_told if self.lit_since is None else self.lit_since
        if limit is None or lit is None:
            return
        for granted in list(self.grants):
            due = max(lit + limit, self._held_back_until(granted))
            warned = due - self.config.limits.prewarn - _SETTLES_LATE
            if ask.at > warned or self.lit_since is None:
                self.grants.add(due + ask.seconds)

    def _may_become(self, ask: Ask, spans: set[Span]) -> None:
        ask.before = frozenset(self.timers)
        ask.added = frozenset(spans) - ask.before
        self.timers |= spans
        if ask.at > self.timer_asked_at:
            ask.asked_before, self.timer_asked_at = self.timer_asked_at, ask.at

    def _pending(self, number: int = 0) -> None:
        """Requests after `number` that are not answered yet may still take effect."""
        for ask in self.asks:
            if ask.number > number and not ask.answers:
                self._possible(ask)

    def answered(self, ask: Ask, now: float, *, sound: bool) -> None:
        """What the guard says to it, at `now`; `sound`: the disk did its work meanwhile."""
        answer = ask.answers[-1]
        if answer["status"] == "accepted":
            self._accepted(ask, now, sound)
            self._pending(ask.number)
        elif answer["status"] == "rejected":
            self._rejected(ask, answer["code"], now)

    def _accepted(self, ask: Ask, now: float, sound: bool) -> None:
        match ask.kind:
            case "off" if sound and self.demand_since <= ask.at:
                self.demand_on_disk = True
                self.ghosts.clear()
            case "timer":
                self._fall_back(now)
                self.outranks = now + ask.seconds
                self._timer_is({(ask.at + ask.seconds, now + ask.seconds)})
                self.extend_keys.clear()
            case "extend":
                # With a message it was counted before: then a crash came between, or nothing did.
                if ask.answers[-1]["message"] is None and ask.added:
                    # It may have answered a warning where there was no timer.
                    answered = {None} if None in ask.before and self.grants != {NEVER} else set()
                    self.timers = (self.timers - ask.before) | ask.added | answered
                if ask.key is not None:
                    self.extend_keys.add(ask.key)
            case "cancel":
                self._fall_back(now)
                self._timer_is({None})
            case "lock":
                self.child, self.child_since = {True}, now
                self._timer_is({None})
            case "unlock":
                self.child = {False}
            case "rearm":
                self.perhaps -= ask.moved
                self.on_disk -= ask.moved
                for later in self._rearms():
                    later.moved -= ask.moved
                self.on_disk &= set(self.latched)
                if ask.moved:
                    self.rearmed_at.append(now)

    def _fall_back(self, now: float) -> None:
        """What a timer has held back is warned of first, once it is gone or another takes its
        place."""
        held = min(self.outranks, now + self.config.limits.prewarn)
        self.grants = {max(granted, held) for granted in self.grants}

    def _rejected(self, ask: Ask, code: str | None, now: float) -> None:
        if code == "not_saved":
            # It may have reached the disk all the same, until something else is saved.
            self.unsaved |= ask.moved
        elif ask.kind in ("timer", "extend"):
            self.timers = (self.timers - ask.added) or {None}
            if self.timer_asked_at == ask.at:
                # Nothing was saved for it: the disk has the clocks as they were before.
                self.timer_asked_at = ask.asked_before
        elif ask.kind == "lock":
            self.child = (self.child - {True}) or {False}
        elif ask.kind == "rearm" and not self._rearms():
            stand = ask.moved - self.unsaved
            self.latched |= dict.fromkeys(stand, now)
            self.perhaps -= stand

    def _timer_is(self, spans: set[Span | None]) -> None:
        self.timers, self.ghosts = spans, set()

    def _rearms(self) -> list[Ask]:
        """Re-arms that are not answered yet."""
        return [ask for ask in self.asks if ask.kind == "rearm" and not ask.answers]

    # --- what happens -------------------------------------------------------------------------

    def demanded(self, since: float, now: float) -> None:
        """A demand took effect in the living guard, between these moments."""
        if self.demand_at < since or since == now != self.demand_at:
            self.demand_since, self.demand_at = since, now
            self.last_demand_at = now
            self.demand_on_disk, self.opened_at = False, None
        self.spent()

    def spent(self) -> None:
        """The timer is over: a demand has ended it, or it ran out behind an open contact."""
        self.ghosts |= self.timers
        self.timers = {None}
        self._pending()

    def shown(self, state: Payload) -> None:
        """What is told of it, by a guard whose disk is sound, is on disk."""
        self.unsaved.clear()
        if state["phase"] in HELD_OPEN:
            self.demand_on_disk = True
        if state["timer"] is None:
            self.ghosts.clear()
        if state["flame"] == "lit" and state["burning_since"] is not None:
            self.lit_on_disk = True
        if state["burning_since"] is None:
            self.out_on_disk = True
        for name, word in state.get("hazards", {}).items():
            if word == "alarm":
                self.reporting_on_disk.add(name)
            else:
                self.reporting_on_disk.discard(name)
            if word == "clear":
                self.given_up.discard(name)

    def latch(self, lock: str, since: float, now: float) -> None:
        """A lock has come to stand in the living guard, between these moments."""
        for ask in self._rearms():
            if ask.at >= since:
                # Asked for before the news of the lock was out.
                ask.moved |= {lock}
                self.perhaps.add(lock)
                return
        self.latched.setdefault(lock, now)
        self.perhaps.discard(lock)

    def sensed(self, lit: bool | None, now: float) -> None:
        """The flame sensor's word reaches the guard; None: it is not heard any more."""
        if bool(lit) != (self.lit_told is not None):
            self.sensed_at = now
        self.seen, self.seen_perhaps = self.may_burn(now), self.may_seem_to_burn(now)
        over_at = self._burn_is_over_at()
        # Within the time that what bounces takes to count, the guard may know another burn.
        unsure = over_at - 0.5 < now < over_at + _SETTLES_LATE
        if now > over_at - 0.5:
            self.lit_since = self.lit_perhaps = None
        if lit:
            self.seen = self.seen_perhaps = True
            was_out, self.out_since = self.out_since is not None, None
            if self.lit_told is None:
                self.lit_told, self.lit_until = now, FAR
                if self.lit_since is None and not unsure:
                    self.lit_since, self.lit_on_disk = now, False
                    # What nobody saw before may have been a burn, and this be that burn.
                    self.grants = {NEVER} if was_out else self.grants
            return
        self.lit_told = None
        # A sensor that is not heard any more does not say that it is out.
        if lit is False:
            self.out_on_disk = self.out_on_disk and self.lit_until < now
            self.lit_until = min(self.lit_until, now)
            self.out_since = now if self.out_since is None else self.out_since
        else:
            self.out_since = None

    def glimpsed(self, now: float) -> None:
        """What a broker has kept of a silent sensor says that it was lit, nobody knows when."""
        if not self.seen:
            self.sensed_at = now
        self.seen = self.seen_perhaps = True
        if self.lit_since is None:
            self.lit_since, self.lit_on_disk = now, False

    def looked_at(self) -> None:
        """Somebody may have said at the stove that it is out, where no sensor says so."""
        if self.lit_told is None and self.out_since is None:
            self.seen = False

    def burnt_out(self, at: float) -> None:
        """The guard ended the longest burn: sooner, if it did know of it from before a crash."""
        due = self.must_end_at
        if self.lit_perhaps is not None and due is not None and at < due:
            self.lit_since, self.lit_perhaps = self.lit_perhaps, None

    def closed(self) -> None:
        """The guard ordered the contact closed, with right: no demand stands any more."""
        self.demand_at = self.demand_since = NEVER
        self.demand_on_disk = False
        if self.lit_told is None and self.out_since is None:
            self.seen = self.seen_perhaps = False
            self.lit_since = self.lit_perhaps = None

    def killed(self, now: float) -> None:
        """What was not on disk may be gone; what was may be back."""
        self.timers |= self.ghosts
        self.ghosts.clear()
        if not self.demand_on_disk:
            self.closed()
        gone = set(self.latched) - self.on_disk
        self.latched = {lock: at for lock, at in self.latched.items() if lock not in gone}
        self.perhaps |= gone
        for name in set(self.reporting) - self.reporting_on_disk:
            del self.reporting[name]
        ever_seen = self.lit_until != NEVER
        self.sensed(None, now)
        if not self.lit_on_disk:
            self.seen = False
        self.seen_perhaps = ever_seen
        if not self.out_on_disk:
            self.lit_until, self.out_on_disk = FAR, True
        if not self.lit_on_disk:
            self.lit_perhaps, self.lit_since = self.lit_since, None
        for ask in self._rearms():
            self.perhaps |= ask.moved
        self.asks.clear()

    def restarted(self, trust: Trust) -> bool:
        """The guard is back. Whether it must open because it cannot know what time has passed."""
        if trust is Trust.SURE:
            return False
        sure = None not in self.timers or (self.lit_since is not None and self.lit_on_disk)
        burnt_since, self.lit_since = self.lit_since, None
        if trust is Trust.PERHAPS:
            self.timers.add(None)
            self.lit_perhaps = self.lit_perhaps if burnt_since is None else burnt_since
            return False
        # Until something else is saved, the next start may know better what time has passed.
        self.ghosts |= self.timers - {None}
        self.timers = {None}
        return sure

    def lost_everything(self, now: float) -> None:
        """The store was damaged: it starts locked, and knows nothing else."""
        self.timers, self.ghosts, self.child = {None}, set(), {False}
        self.latched, self.on_disk = {RESTART: now}, {RESTART}
        self.perhaps = set()
        self.closed()
        self.lit_since = None
        self.rearmed_at.clear()
        self.reporting.clear()
        self.reporting_on_disk.clear()
        self.given_up.clear()
