"""What goes into `step` (events) and what comes out of it (commands)."""

from dataclasses import dataclass, field
from enum import StrEnum

from gasguard.core.model import Calendar, Contact, Flame, Reason, Source

# --- events: requests -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """Something a person or a rule wants. `ref` names it in the answer; 0 wants none."""

    source: Source
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Off(Request):
    """Shut off now."""

    reason: Reason = Reason.REMOTE


@dataclass(frozen=True, slots=True)
class SetTimer(Request):
    """Start or replace the timer. `duration` in seconds, checked by the core."""

    duration: float = 0.0
    label: str | None = None
    when_lit: bool = False
    """It begins once the flame is seen."""


@dataclass(frozen=True, slots=True)
class ExtendTimer(Request):
    """Lengthen the running timer by `duration` seconds; the same `key` twice counts once."""

    duration: float = 0.0
    key: str | None = None


@dataclass(frozen=True, slots=True)
class CancelTimer(Request):
    """Drop the timer; the burner burns on, and reminders stay."""


@dataclass(frozen=True, slots=True)
class SetReminder(Request):
    """Remind once after `duration` seconds; the same `key` twice reminds once."""

    duration: float = 0.0
    label: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class CancelReminders(Request):
    """Drop the reminder with this label, or all of them."""

    label: str | None = None


@dataclass(frozen=True, slots=True)
class ChildLock(Request):
    """Lock the burner."""


@dataclass(frozen=True, slots=True)
class Unlock(Request):
    """Remove the child lock, and only that."""


@dataclass(frozen=True, slots=True)
class Rearm(Request):
    """End a latched trip, or the wait after an ordinary one."""


FLAME = "flame"
"""What a burner's flame sensor is called among its sensors."""

# --- events: readings -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RelayRead:
    """A relay's own word on its state."""

    relay: int
    """Index into `Settings.relays`."""
    contact: Contact
    asked_at: float
    """When the question was asked. A command given later may not show in the answer."""
    open_answered: bool = False
    """It was asked after an open that the device answered with success."""
    voice: bool | None = None
    """Whether the voice channel is on; None where this relay has none."""
    countdown: float | None = None
    """Seconds left on the device's countdown; None when none runs or there is none."""
    latency: float | None = None
    problem: str | None = None
    """What else is wrong with it, though its contact was told."""


@dataclass(frozen=True, slots=True)
class RelayFailed:
    """A relay did not answer, or said no. `problem` says what to do about it."""

    relay: int
    problem: str
    contact_unknown: bool = False
    """What was last read of its contact is not known to hold: it answers and does not tell, or a
    command went out and no read-back shows what came of it."""


@dataclass(frozen=True, slots=True)
class VoiceRestored:
    """Before closing, the voice channel was set on and read back on, or `problem` says why not."""

    problem: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceRead:
    """The voice channel as it was just before closing sets it on."""

    on: bool


@dataclass(frozen=True, slots=True)
class FlameRead:
    """The flame sensor's own word: LIT or OUT, or None where it spoke of something else."""

    flame: Flame | None
    stored: bool = False
    """A broker has kept it for who knows how long: it may begin a flame, and nothing else."""


@dataclass(frozen=True, slots=True)
class HazardRead:
    """A hazard sensor's own word."""

    sensor: str
    """One of `Settings.hazard_sensors`; others are ignored."""
    active: bool | None
    """Whether it reports its hazard; None where it spoke of something else."""
    stored: bool = False
    """A broker has kept it for who knows how long: it is no sign of life and ends no alarm."""


@dataclass(frozen=True, slots=True)
class HazardTested:
    """Somebody tests a hazard sensor, and it says which is which: this is no alarm."""

    sensor: str


@dataclass(frozen=True, slots=True)
class PeopleRead:
    """What a sensor that looks for people says itself."""

    sensor: str
    """One of `Settings.people_sensors`; others are ignored."""
    there: bool | None
    """Whether somebody is there; None where it spoke of something else."""
    stored: bool = False
    """A broker has kept it for who knows how long: nobody is there for that."""


@dataclass(frozen=True, slots=True)
class SensorGarbled:
    """A sensor's own word that nobody understands. What it said before is worth nothing now."""

    sensor: str
    """`FLAME`, or the name of another of its sensors; others are ignored."""
    why: str
    """In words that say what to do, to stand behind the sensor's name."""


@dataclass(frozen=True, slots=True)
class SensorReachable:
    """Whether a sensor could be heard if it spoke, as far as others know."""

    sensor: str
    """As `SensorGarbled` has it."""
    reachable: bool


# --- events: the calendar ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CalendarRead:
    """What the schedules say of this burner now: a level, told whenever it changes."""

    calendar: Calendar
    source: Source = Source.SCHEDULE
    """Whoever has skipped a window, where that is why it changes."""


@dataclass(frozen=True, slots=True)
class OffIsDue:
    """A schedule's off: it shuts off a burner that is in use, and no other."""

    schedule: str


# --- events: time and life --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The daemon is about to end and `on_shutdown` says to trip what is active."""


Event = (
    Off
    | SetTimer
    | ExtendTimer
    | CancelTimer
    | SetReminder
    | CancelReminders
    | ChildLock
    | Unlock
    | Rearm
    | RelayRead
    | RelayFailed
    | VoiceRestored
    | VoiceRead
    | FlameRead
    | HazardRead
    | HazardTested
    | PeopleRead
    | SensorGarbled
    | SensorReachable
    | CalendarRead
    | OffIsDue
    | Tick
    | Shutdown
)

# --- commands ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenContact:
    """Open every relay, and keep trying until each has been read back open."""

    overtakes_close: bool = False
    """A close was ordered and not answered yet: it may land after the open, so look closely."""


@dataclass(frozen=True, slots=True)
class CloseContact:
    """Set the voice channel on, close every relay once, read back. Never resent: a resent close
    might land after a later off."""


@dataclass(frozen=True, slots=True)
class RenewLease:
    """Tell a relay once to open by itself after `seconds`. A lost one stays lost."""

    relay: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelLease:
    """Stop a relay's countdown."""

    relay: int


class Kind(StrEnum):
    """Types of event that the outside is told (contract, section 3)."""

    TRIP = "trip"
    TRIP_CONFIRMED = "trip_confirmed"
    TRIP_FAILED = "trip_failed"
    REARMED = "rearmed"
    TIMER_STARTED = "timer_started"
    TIMER_EXTENDED = "timer_extended"
    TIMER_CANCELLED = "timer_cancelled"
    REMINDER_SET = "reminder_set"
    REMINDER_CANCELLED = "reminder_cancelled"
    REMINDER = "reminder"
    PREWARNING = "prewarning"
    FLAME_LIT = "flame_lit"
    FLAME_OUT = "flame_out"
    RELAY_UNREACHABLE = "relay_unreachable"
    RELAY_RECOVERED = "relay_recovered"
    SENSOR_SILENT = "sensor_silent"
    SENSOR_RECOVERED = "sensor_recovered"
    SENSOR_TESTED = "sensor_tested"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    COMMAND_REJECTED = "command_rejected"
    PROOF_TEST_PASSED = "proof_test_passed"
    PROOF_TEST_FAILED = "proof_test_failed"
    MESSAGE_SENT = "message_sent"
    MESSAGE_FAILED = "message_failed"
    SCHEDULE_SKIPPED = "schedule_skipped"


@dataclass(frozen=True, slots=True)
class Tell:
    """Something happened that observers and the journal should know."""

    kind: Kind
    reason: str | None = None
    source: Source | None = None
    details: dict[str, str | float | bool] = field(default_factory=dict)


class Status(StrEnum):
    """What an acknowledgement says."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """The acknowledgement of request `ref`."""

    ref: int
    status: Status
    code: str | None = None
    message: str | None = None


Command = OpenContact | CloseContact | RenewLease | CancelLease | Tell | Answer
