"""What the guard knows of one burner. All times are CLOCK_BOOTTIME seconds unless named `wall`."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where the burner stands; the arrows between are in `machine`."""

    STARTING = "starting"
    READY = "ready"
    TRIPPING = "tripping"
    TRIPPED = "tripped"
    LOCKED_OUT = "locked_out"
    TRIP_FAILED = "trip_failed"


CAN_BURN = (Phase.STARTING, Phase.READY)
"""Nothing holds the circuit open."""


class Contact(StrEnum):
    """The thermocouple circuit as read back, never as commanded."""

    CLOSED = "closed"
    OPEN = "open"
    UNKNOWN = "unknown"


class Flame(StrEnum):
    """What the flame sensor says; unknown where there is none."""

    LIT = "lit"
    OUT = "out"
    UNKNOWN = "unknown"


class Lock(StrEnum):
    """A cause that keeps the burner off. All but `child` and `schedule` are latched trips."""

    CHILD = "child"
    SCHEDULE = "schedule"
    GAS_ALARM = "gas_alarm"
    CARBON_MONOXIDE = "carbon_monoxide"
    SMOKE_ALARM = "smoke_alarm"
    OVERHEAT = "overheat"
    STUCK = "stuck"
    RESTART = "restart"


class Place(StrEnum):
    """Where a sensor looks for people."""

    PRESENCE = "presence"
    """In the kitchen."""
    HOME = "home"
    """Anywhere at home."""


class Reason(StrEnum):
    """Why a burner was tripped."""

    REMOTE = "remote"
    VOICE = "voice"
    TIMER = "timer"
    MAX_BURN = "max_burn"
    UNATTENDED = "unattended"
    SCHEDULE = "schedule"
    LEASE = "lease"
    GAS_ALARM = "gas_alarm"
    CARBON_MONOXIDE = "carbon_monoxide"
    SMOKE_ALARM = "smoke_alarm"
    OVERHEAT = "overheat"
    LOCK = "lock"
    RESTART = "restart"
    SHUTDOWN = "shutdown"
    PROOF_TEST = "proof_test"


class Source(StrEnum):
    """The way in a request came by."""

    MQTT = "mqtt"
    CLI = "cli"
    WEB = "web"
    MI_HOME = "mi_home"
    BEMFA = "bemfa"
    SCHEDULE = "schedule"
    GUARD = "guard"


MAX_TIMER = 24 * 3600.0
"""A cooking timer lasts at most a day (contract)."""
CONFIRM_WITHIN = 2.0
"""Seconds from demand to confirmed open before a trip counts as failed (contract)."""
ANSWER_WITHIN = 5.0
"""Seconds after which a waiting off is told that it was not confirmed (contract)."""
UNREACHABLE_AFTER = 8.0
"""Seconds without a read-back until the relay counts as unreachable: so told within 10 s."""
STALE_AFTER = 10.0
"""Seconds without a read-back until the contact is unknown (contract)."""
ANSWER_COUNTS_FOR = 2.0
"""Seconds after its question for which an answer says how things are; calls give up earlier."""
STUCK_READBACKS = 3
STUCK_OVER = 5.0
"""This many disobeying read-backs over this many seconds make a relay stuck (safety, rule 5)."""
REARM_LIMIT = 5
REARM_WINDOW = 900.0
"""Latched trips may be re-armed this often in this many seconds (safety concept, rule 5)."""
CLOSE_AGAIN_AFTER = 2.0
"""Seconds between two attempts to close: each one is decided anew, none is a retry."""
OUT_SETTLES = 3.0
"""Seconds for which a flame must read out before anything rests on it: one sample is none."""
OUT_LASTS = 60.0
"""Seconds for which it must read out before a new burn begins: by then every magnet has dropped and
the gas is shut (GB 16410)."""
MEDDLING_COUNTS_FOR = 600.0
"""Seconds for which it is told that something else has closed a relay."""
MAX_MEDDLINGS = 32
"""Such closings that are counted."""
MAX_WAITING = 64
"""Requests that may wait for one confirmation; beyond, the oldest is told that it failed."""
MAX_EXTEND_IDS = 32
"""Extension ids a timer remembers, so that the same id twice extends once."""
MAX_REMINDERS = 20
"""Reminders of one burner that may wait at once."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """One relay in series, as the core needs to know it."""

    lease: float | None = None
    """Seconds of the device-side countdown to hold, or None."""
    lease_grain: float = 1.0
    """Resolution of that countdown in seconds."""


@dataclass(frozen=True, slots=True)
class HazardSensor:
    """A gas, smoke or heat alarm that this burner heeds."""

    name: str
    kind: Lock
    """`gas_alarm`, `carbon_monoxide`, `smoke_alarm` or `overheat`."""
    expire_after: float
    """Seconds without a word from it after which that is an alarm of its own."""


@dataclass(frozen=True, slots=True)
class PeopleSensor:
    """One that says whether somebody is there."""

    name: str
    place: Place
    expire_after: float
    """Seconds without a word from it after which nobody knows."""


@dataclass(frozen=True, slots=True)
class Shutoff:
    """One that a schedule will bring, if the burner is in use then."""

    by: str
    """The schedule."""
    begins_at: float
    """When its window began or begins, or its off is due."""
    shuts_off_at: float
    """After its grace."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the schedules last said of a burner."""

    window: str | None = None
    """The schedule in whose window it is, if in any."""
    by: str | None = None
    """The schedule that shuts off next, or does while its window holds."""
    begins_at: float = 0.0
    """When that window began or begins, or its off is due."""
    shuts_off_at: float = 0.0
    """When a burner that is in use then is shut off: after the schedule's grace."""
    until: str = ""
    """When the window ends, for people to read."""
    besides: tuple[Shutoff, ...] = ()
    """Other shutoffs to warn of: those that come within the grace of one that begins before."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One burner's configuration. Durations in seconds."""

    burner: str
    name: str
    relays: tuple[RelaySettings, ...] = (RelaySettings(),)
    jog: bool = False
    """The module closes again by itself a moment after each opening."""
    voice_relay: int | None = None
    """Index of the relay whose module carries the voice channel, if there is one."""
    rearm_after: float = 10.0
    """How long the contact stays open after an ordinary trip."""
    prewarn: float = 60.0
    """How long before its end a timer warns."""
    max_burn: float | None = None
    unattended: float | None = None
    """How long nobody may be in the kitchen while it burns."""
    away: float | None = None
    """How long it may burn while nobody is at home."""
    flame_measured: bool = True
    """The flame itself is sensed, not inferred from a pan's heat, say, which outlasts it."""
    flame_trusted: bool = True
    """Limits shut off on this flame's word; else they only warn."""
    flame_out_within: float = 120.0
    """How long behind an open contact the flame signal may stay: a thermocouple has to cool."""
    allow_remote_rearm: bool = False
    """Latched trips may be re-armed from afar."""
    flame_expires_after: float | None = None
    """Seconds without a word from the flame sensor after which the flame is unknown; None: there is
    no such sensor."""
    hazard_sensors: tuple[HazardSensor, ...] = ()
    people_sensors: tuple[PeopleSensor, ...] = ()
    scheduled: bool = False
    """There are schedules for it: the lock of their windows outlives a restart."""
    presets: tuple[float, ...] = ()
    """Durations of timers that people set with one touch. For them to see, never to decide by."""


@dataclass(frozen=True)
class RelayView:
    """What is known of one relay in series."""

    contact: Contact = Contact.UNKNOWN
    heard_at: float = 0.0
    """When its last read-back came; before the first, when the guard started to listen."""
    reachable: bool = False
    lost: bool = False
    """`relay_unreachable` was told, `relay_recovered` is owed."""
    failure_told: bool = False
    """`trip_failed` was told for this relay, in this trip."""
    problem: str | None = None
    """What is wrong with it, in words that say what to do."""
    latency: float | None = None
    """Seconds that its last answer took."""
    lease_ends: tuple[float, ...] = ()
    """Ends of the countdowns the guard set and the device may be running, newest last."""
    lease_inherited: bool = False
    """A lease was held before a restart: a countdown found at the first read is the guard's own."""
    foreign_end: float | None = None
    """End of a countdown that somebody else set."""
    meddled_at: tuple[float, ...] = ()
    """When something else closed it lately though it must be open; the newest is last."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Whether one sensor can be heard and understood."""

    since: float = 0.0
    """When the guard started to listen for it: counts as `heard_at` until there is one."""
    heard_at: float | None = None
    """When it last spoke itself."""
    reachable: bool = True
    """Nobody says that it is offline."""
    garbled: str | None = None
    """Why its last word was not understood; None once one was."""
    wrong: str | None = None
    """Why it counts as silent, to stand behind its name: `sensor_silent` was told,
    `sensor_recovered` is owed. None while it can be heard."""

    @property
    def silent(self) -> bool:
        """Whether it counts as silent, and that was told."""
        return self.wrong is not None


@dataclass(frozen=True, slots=True)
class HazardView:
    """What is known of one hazard sensor."""

    sensor: HazardSensor
    hearing: Hearing = Hearing()
    reports: bool | None = None
    """Whether its last word is alarm; None before its first, and where that is not understood."""
    tested: bool = False
    """It has once said alarm, or that it was being tested."""


@dataclass(frozen=True, slots=True)
class PeopleView:
    """What is known from one sensor that looks for people."""

    sensor: PeopleSensor
    hearing: Hearing = Hearing()
    there: bool | None = None
    """Whether somebody is; None before its first word, and while it counts as silent."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A running cooking timer."""

    deadline: float
    duration: float
    """Seconds in all, extensions included."""
    source: Source
    label: str | None = None
    warned: bool = False
    """The time for its prewarning has come; an extension can put it ahead again."""
    extend_ids: tuple[str, ...] = ()
    """Keys of the extensions that were counted, newest last."""
    outranks_until: float | None = None
    """The longest burn ends no earlier: the end as somebody has set it. Extensions do not move
    it."""


@dataclass(frozen=True, slots=True)
class WhenLit:
    """A cooking timer that begins once the flame is seen. Until then it has no end."""

    duration: float
    """As `Timer` has it, and so are the others."""
    source: Source
    label: str | None = None
    extend_ids: tuple[str, ...] = ()
    outranks: float = 0.0
    """Seconds as somebody has set it: for so long it outranks the longest burn. Extensions do not
    count."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A moment at which somebody wants to be told. It shuts nothing off."""

    id: int
    """Its number among the burner's reminders that wait."""
    deadline: float
    duration: float
    source: Source
    label: str | None = None
    key: str | None = None
    """Of the request that set it: the same one twice sets one reminder."""


@dataclass(frozen=True, slots=True)
class Trip:
    """The last demand to open, confirmed or not."""

    reason: Reason
    source: Source
    wall: float
    """Unix time of the demand, for people to read."""
    began: float
    """CLOCK_BOOTTIME of the demand."""
    confirmed: bool = False
    latency: float | None = None
    """Seconds from demand to the confirming read-back."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits to hear whether its shutoff was confirmed."""

    ref: int
    asked_at: float

    @property
    def until(self) -> float:
        """When it is told that the shutoff was not confirmed."""
        return self.asked_at + ANSWER_WITHIN


@dataclass(frozen=True, slots=True)
class Opening:
    """An open demand that no read-back has confirmed yet."""

    since: float
    disobeyed: tuple[float, ...] = ()
    """When read-backs showed closed though an open had been answered with success: the first, the
    second, and the last."""


@dataclass(frozen=True)
class State:
    """Everything the guard knows of one burner."""

    settings: Settings
    phase: Phase = Phase.STARTING
    relays: tuple[RelayView, ...] = (RelayView(),)
    commanded_at: float = float("-inf")
    """When the relays were last told anything: older read-backs are stale."""
    opening: Opening | None = None
    waiting: tuple[Waiting, ...] = ()
    """Requests that wait for this opening to be confirmed, oldest first."""
    closing: float | None = None
    """When the close was ordered whose outcome no read-back has shown yet."""
    close_not_before: float = float("-inf")
    """A close that did not take is not followed by another one before this moment."""
    hold_until: float = float("-inf")
    """End of `rearm_after` of the last ordinary trip."""
    locks: frozenset[Lock] = frozenset()
    hazard_views: tuple[HazardView, ...] = ()
    """One for each of `Settings.hazard_sensors`."""
    people_views: tuple[PeopleView, ...] = ()
    """One for each of `Settings.people_sensors`."""
    timer: Timer | None = None
    when_lit: WhenLit | None = None
    """The timer that waits for the flame; none does while one runs."""
    reminders: tuple[Reminder, ...] = ()
    """Those that are still to come, in the order in which they were set."""
    last_trip: Trip | None = None
    flame: Flame = Flame.UNKNOWN
    flame_hearing: Hearing = Hearing()
    """Of the flame sensor, if there is one."""
    flame_seen: bool = False
    """It was seen lit, and has not settled to out since. While so, nothing closes the contact."""
    out_since: float | None = None
    """Since when it reads out; None while it does not."""
    burning_since: float | None = None
    """When the flame was first seen lit in this burn, which ends with `OUT_LASTS` of out."""
    unseen_since: float | None = None
    """Since when the burner may have burnt unseen: there is a longest burn and no sound word on the
    flame. Like a burn, it ends with `OUT_LASTS` of out."""
    burn_granted_until: float | None = None
    """The longest burn ends no earlier, for somebody has answered its warning."""
    burn_warned_for: float | None = None
    """The end of the longest burn that was warned of last."""
    attended_until: float = float("-inf")
    """Until when somebody was seen in the kitchen, has touched the controls, or has asked for."""
    unattended_warned_at: float | None = None
    """When it was warned that nobody is in the kitchen; None once that is over."""
    away_allowed_until: float = float("-inf")
    """Until when it may burn though nobody is at home: somebody has said so from afar."""
    away_warned_at: float | None = None
    """When it was warned that nobody is at home; None once that is over."""
    answer_ids: tuple[str, ...] = ()
    """Keys of extensions that have answered warnings, or lengthened a timer that was cancelled,
    newest last; until another timer is set."""
    flame_deadline: float | None = None
    """When a flame that reads lit behind an open contact becomes a failed trip."""
    burns_on: bool = False
    """The flame has not gone out in time behind an open contact."""
    voice_armed: bool = True
    """An off on the voice channel is a demand; false from an off until it was seen on again."""
    rearmed_at: tuple[float, ...] = ()
    """When latched trips were re-armed lately."""
    calendar: Calendar = Calendar()
    warned_for: tuple[float, ...] = ()
    """The shutoffs by schedules that were warned of, by when their window begins or off is due."""

    @property
    def contact(self) -> Contact:
        """The circuit: open if any relay in series is, closed only if all are."""
        contacts = {view.contact for view in self.relays}
        if Contact.OPEN in contacts:
            return Contact.OPEN
        return Contact.CLOSED if contacts == {Contact.CLOSED} else Contact.UNKNOWN

    @property
    def reachable(self) -> bool:
        """Whether a deadline could be honoured now."""
        return any(view.reachable for view in self.relays)

    @property
    def latched(self) -> frozenset[Lock]:
        """The locks that only a re-arm ends."""
        return self.locks - {Lock.CHILD, Lock.SCHEDULE}

    @property
    def problem(self) -> str | None:
        """What is wrong with the relays, if anything is: of several, the first."""
        return next((view.problem for view in self.relays if view.problem), None)

    @property
    def hazards(self) -> frozenset[Lock]:
        """Hazards that report right now: no re-arm while there is one."""
        return frozenset(view.sensor.kind for view in self.hazard_views if view.reports)

    @property
    def flame_sensed(self) -> bool:
        """Whether there is a flame sensor at all."""
        return self.settings.flame_expires_after is not None

    @property
    def must_end_at(self) -> float | None:
        """When the maximum burn time ends, counted from when the burner may have begun to burn."""
        if self.settings.max_burn is None:
            return None
        seen, unseen = self.burning_since, self.unseen_since
        if seen is None or unseen is None:
            since = unseen if seen is None else seen
        else:
            since = min(seen, unseen)
        if since is None:
            return None
        end = since + self.settings.max_burn
        if self.timer is not None and self.timer.outranks_until is not None:
            end = max(end, self.timer.outranks_until)
        return end if self.burn_granted_until is None else max(end, self.burn_granted_until)

    def anybody(self, place: Place) -> bool | None:
        """Whether somebody is there. None where that cannot be known: a sensor is silent, or has
        not said yet whether anybody is at home."""
        views = [view for view in self.people_views if view.sensor.place is place]
        if any(view.there for view in views):
            return True
        unsure = any(view.hearing.silent for view in views) or not views
        if place is Place.HOME:
            unsure = unsure or any(view.there is None for view in views)
        return None if unsure else False

    @property
    def active(self) -> bool:
        """Whether somebody is cooking, as far as anyone can tell."""
        return self.timer is not None or self.flame is Flame.LIT
