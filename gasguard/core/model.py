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
    """A cause that keeps the burner off. All but `child` are latched trips."""

    CHILD = "child"
    GAS_ALARM = "gas_alarm"
    SMOKE_ALARM = "smoke_alarm"
    OVERHEAT = "overheat"
    STUCK = "stuck"
    RESTART = "restart"


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
MAX_WAITING = 64
"""Requests that may wait for one confirmation; beyond, the oldest is told that it failed."""
MAX_EXTEND_IDS = 32
"""Extension ids a timer remembers, so that the same id twice extends once."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """One relay in series, as the core needs to know it."""

    lease: float | None = None
    """Seconds of the device-side countdown to hold, or None."""
    lease_grain: float = 1.0
    """Resolution of that countdown in seconds."""


@dataclass(frozen=True, slots=True)
class ThermocoupleLevels:
    """What a thermocouple's millivolts mean. Between the two levels the flame is what it was."""

    lit_above: float = 6.0
    """mV. Less than the 9 mV that a magnet just held in reads at 10 mΩ added resistance."""
    out_below: float = 3.0
    """mV. Less than the 3.75 mV at which that magnet drops out."""
    expire_after: float = 15.0
    """Seconds without a reading after which the flame is unknown."""


@dataclass(frozen=True, slots=True)
class HazardSensor:
    """A gas, smoke or heat alarm that this burner heeds."""

    name: str
    kind: Lock
    """`gas_alarm`, `smoke_alarm` or `overheat`."""
    expire_after: float
    """Seconds without a word from it after which that is an alarm of its own."""


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
    flame_out_within: float = 120.0
    """How long behind an open contact the flame signal may stay: a thermocouple has to cool."""
    allow_remote_rearm: bool = False
    """Latched trips may be re-armed from afar."""
    thermocouple: ThermocoupleLevels | None = None
    hazard_sensors: tuple[HazardSensor, ...] = ()


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class HazardView:
    """What is known of one hazard sensor."""

    sensor: HazardSensor
    since: float = 0.0
    """When the guard started to listen for it: counts as `heard_at` until there is one."""
    heard_at: float | None = None
    """When it last spoke itself."""
    reports: bool | None = None
    """Whether its last word is alarm; None before its first."""
    reachable: bool = True
    """Nobody says that it is offline."""
    silent: bool = False
    """`sensor_silent` was told, `sensor_recovered` is owed."""


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


@dataclass(frozen=True, slots=True)
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
    timer: Timer | None = None
    last_trip: Trip | None = None
    flame: Flame = Flame.UNKNOWN
    flame_expires: float | None = None
    """When the thermocouple's last word is worth nothing any more; None once it is, or where there
    is no thermocouple."""
    burning_since: float | None = None
    """When the flame was seen lit for the first time since it was last out."""
    flame_deadline: float | None = None
    """When a flame that reads lit behind an open contact becomes a failed trip."""
    burns_on: bool = False
    """The flame has not gone out in time behind an open contact."""
    voice_armed: bool = True
    """An off on the voice channel is a demand; false from an off until it was seen on again."""
    rearmed_at: tuple[float, ...] = ()
    """When latched trips were re-armed lately."""

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
        return self.locks - {Lock.CHILD}

    @property
    def problem(self) -> str | None:
        """What is wrong with the relays, if anything is: of several, the first."""
        return next((view.problem for view in self.relays if view.problem), None)

    @property
    def hazards(self) -> frozenset[Lock]:
        """Hazards that report right now: no re-arm while there is one."""
        return frozenset(view.sensor.kind for view in self.hazard_views if view.reports)

    @property
    def must_end_at(self) -> float | None:
        """When the maximum burn time ends."""
        if self.burning_since is None or self.settings.max_burn is None:
            return None
        return self.burning_since + self.settings.max_burn

    @property
    def active(self) -> bool:
        """Whether somebody is cooking, as far as anyone can tell."""
        return self.timer is not None or self.flame is Flame.LIT
