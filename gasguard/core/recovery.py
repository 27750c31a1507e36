"""What outlives the daemon, and how a burner starts from it (safety concept, rules 6 and 7)."""

from dataclasses import asdict, dataclass, replace
from math import inf, isinf
from typing import Any

from gasguard.core import reminders
from gasguard.core.actions import trip
from gasguard.core.hearing import STILL
from gasguard.core.instant import Instant
from gasguard.core.messages import Command, OpenContact
from gasguard.core.model import (
    HazardSensor,
    HazardView,
    Hearing,
    Lock,
    Opening,
    PeopleSensor,
    PeopleView,
    Phase,
    Reason,
    RelayView,
    Reminder,
    Settings,
    Source,
    State,
    Timer,
    Trip,
    WhenLit,
)
from gasguard.core.turn import Turn


@dataclass(frozen=True, slots=True)
class Record:
    """The durable part of a burner's state: saved whenever it changes."""

    held_open: bool = False
    """A demand stands: unconfirmed, or confirmed and not re-armed yet."""
    locks: tuple[Lock, ...] = ()
    timer: Timer | None = None
    last_trip: Trip | None = None
    burning_since: float | None = None
    unseen_since: float | None = None
    flame_seen: bool = False
    leased: bool = False
    rearmed_at: tuple[float, ...] = ()
    reporting: tuple[str, ...] = ()
    """Names of the hazard sensors whose last word is alarm."""
    silent: tuple[str, ...] = ()
    """Names of all sensors but the flame's that have said nothing for too long."""
    tested: tuple[str, ...] = ()
    """Names of those that have once warned, be it in a test."""
    burn_granted_until: float | None = None
    away_allowed_until: float | None = None
    when_lit: WhenLit | None = None
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a record was saved, on every clock that can tell how long ago that is."""

    boot_id: str
    boot: float
    wall: float
    synchronised: bool


def record_of(state: State) -> Record:
    """What must be on disk for this state."""
    hazards = [(view.sensor.name, view) for view in state.hazard_views]
    hearings = [(name, view.hearing) for name, view in hazards]
    hearings += [(view.sensor.name, view.hearing) for view in state.people_views]
    return Record(
        held_open=state.phase in (Phase.TRIPPING, Phase.TRIPPED, Phase.TRIP_FAILED),
        locks=tuple(sorted(state.locks)),
        timer=state.timer,
        last_trip=state.last_trip,
        burning_since=state.burning_since,
        unseen_since=state.unseen_since,
        flame_seen=state.flame_seen,
        leased=any(view.lease_ends or view.lease_inherited for view in state.relays),
        rearmed_at=state.rearmed_at,
        reporting=tuple(name for name, view in hazards if view.reports),
        # One that is merely offline is left out: at the next start others say again whether it is.
        silent=tuple(name for name, hearing in hearings if _stays_silent(hearing)),
        tested=tuple(name for name, view in hazards if view.tested),
        burn_granted_until=state.burn_granted_until,
        away_allowed_until=None if isinf(state.away_allowed_until) else state.away_allowed_until,
        when_lit=state.when_lit,
        reminders=state.reminders,
    )


def _stays_silent(hearing: Hearing) -> bool:
    return hearing.silent and hearing.reachable


def recover(
    settings: Settings, saved: tuple[Record, Stamp] | None, present: Stamp, *, damaged: bool = False
) -> tuple[State, tuple[Command, ...]]:
    """The state to start from, and what to do first.

    `saved` is None for a burner never seen. `damaged`: the store was damaged and may have held
    anything, so the burner starts locked out.
    """
    record, stamp = saved or (Record(), present)
    passed = _passed(stamp, present)
    # CLOCK_BOOTTIME starts anew with the machine: shift what was saved on the old one.
    shift = None if passed is None else present.boot - (stamp.boot + passed)
    locks = frozenset(record.locks) | ({Lock.RESTART} if damaged else frozenset())
    if not settings.scheduled:
        # Its schedule was taken out of the configuration: nobody would ever end that lock.
        locks -= {Lock.SCHEDULE}
    state = State(
        settings,
        relays=_relay_views(settings, record, present),
        hazard_views=_hazard_views(settings, record, present, locks),
        people_views=tuple(
            PeopleView(sensor, _hearing(sensor, record, present))
            for sensor in settings.people_sensors
        ),
        attended_until=present.boot,
        flame_hearing=Hearing(since=present.boot),
        flame_seen=record.flame_seen,
        locks=locks,
        last_trip=_last_trip(record, present, shift),
        # Nobody knows how long before a reboot a re-arm was made: none is forgotten too early.
        rearmed_at=record.rearmed_at
        if _same_boot(stamp, present)
        else tuple(present.boot for _ in record.rearmed_at),
    )
    turn = Turn(state, Instant(present.boot, present.wall))
    if record.held_open or locks:
        turn.set(
            phase=Phase.TRIPPING if record.held_open else Phase.LOCKED_OUT,
            opening=Opening(since=present.boot),
            commanded_at=present.boot,
        )
        turn.out.append(OpenContact())
    reminders.resume(turn, record.reminders, shift)
    _resume_deadlines(turn, record, shift)
    return turn.state, tuple(turn.out)


def _relay_views(settings: Settings, record: Record, present: Stamp) -> tuple[RelayView, ...]:
    return tuple(
        RelayView(heard_at=present.boot, lease_inherited=record.leased and relay.lease is not None)
        for relay in settings.relays
    )


def _hazard_views(
    settings: Settings, record: Record, present: Stamp, locks: frozenset[Lock]
) -> tuple[HazardView, ...]:
    return tuple(
        HazardView(
            sensor,
            _hearing(sensor, record, present),
            reports=(sensor.name in record.reporting and sensor.kind in locks) or None,
            tested=sensor.name in record.tested,
        )
        for sensor in settings.hazard_sensors
    )


def _hearing(sensor: HazardSensor | PeopleSensor, record: Record, present: Stamp) -> Hearing:
    """Only a word of its own ends the silence of one that was silent at the last record."""
    silent = sensor.name in record.silent
    return Hearing(
        since=present.boot - (sensor.expire_after if silent else 0),
        wrong=STILL if silent else None,
    )


def _last_trip(record: Record, present: Stamp, shift: float | None) -> Trip | None:
    last = record.last_trip
    # On a clock that no longer exists it began who knows when: count from now.
    return last and replace(last, began=present.boot if shift is None else last.began + shift)


def _same_boot(stamp: Stamp, present: Stamp) -> bool:
    return stamp.boot_id != "" and stamp.boot_id == present.boot_id


def _passed(stamp: Stamp, present: Stamp) -> float | None:
    """Seconds since the record was saved; None where no clock can be trusted to say."""
    if _same_boot(stamp, present):
        return max(0.0, present.boot - stamp.boot)
    if stamp.synchronised and present.synchronised and present.wall >= stamp.wall:
        return present.wall - stamp.wall
    return None


def _resume_deadlines(turn: Turn, record: Record, shift: float | None) -> None:
    """Go on with the time that is left. What may have passed counts as passed."""
    timer, since, unseen = record.timer, record.burning_since, record.unseen_since
    if not turn.state.locks:
        # It has no end yet that a clock could have come to. A trip below cancels it, and says so.
        turn.set(when_lit=record.when_lit)
    if shift is None:
        # A flame that is not trusted shuts nothing off, be it for how long it may have burnt.
        burnt = turn.state.settings.flame_trusted and (since is not None or unseen is not None)
        if timer is not None or burnt:
            trip(turn, Reason.RESTART, Source.GUARD)
        return
    allowed = _moved(record.away_allowed_until, shift)
    turn.set(
        burning_since=_moved(since, shift),
        unseen_since=_moved(unseen, shift),
        burn_granted_until=_moved(record.burn_granted_until, shift),
        away_allowed_until=-inf if allowed is None else allowed,
    )
    if timer is not None and not turn.state.locks:
        moved = replace(
            timer,
            deadline=timer.deadline + shift,
            outranks_until=_moved(timer.outranks_until, shift),
        )
        if moved.deadline > turn.now:
            turn.set(timer=moved, when_lit=None)
        elif turn.state.phase is Phase.STARTING:
            trip(turn, Reason.TIMER, timer.source)
    must_end_at = turn.state.must_end_at if turn.state.settings.flame_trusted else None
    if must_end_at is not None and must_end_at <= turn.now and turn.state.phase is Phase.STARTING:
        trip(turn, Reason.MAX_BURN, Source.GUARD)


def _moved(moment: float | None, shift: float) -> float | None:
    return None if moment is None else moment + shift


# --- plain data -------------------------------------------------------------------------------


def record_to_data(record: Record) -> dict[str, Any]:
    """The record as JSON-serialisable data."""
    return asdict(record)


def record_from_data(data: dict[str, Any]) -> Record:
    """The inverse of `record_to_data`. Raises ValueError, TypeError or KeyError when damaged."""
    timer, last_trip, when_lit = data["timer"], data["last_trip"], data.get("when_lit")
    return Record(
        held_open=_boolean(data["held_open"]),
        locks=tuple(Lock(lock) for lock in _list(data["locks"])),
        timer=None if timer is None else _timer(timer),
        last_trip=None if last_trip is None else _trip(last_trip),
        burning_since=_number_or_none(data["burning_since"]),
        # Records from before these were kept: a burn was a flame that had been seen.
        unseen_since=_number_or_none(data.get("unseen_since")),
        flame_seen=_boolean(data.get("flame_seen", data["burning_since"] is not None)),
        leased=_boolean(data["leased"]),
        rearmed_at=tuple(_number(at) for at in _list(data["rearmed_at"])),
        # Records from before there were hazard sensors name none.
        reporting=tuple(_text(name) for name in _list(data.get("reporting", []))),
        silent=tuple(_text(name) for name in _list(data.get("silent", []))),
        tested=tuple(_text(name) for name in _list(data.get("tested", []))),
        burn_granted_until=_number_or_none(data.get("burn_granted_until")),
        away_allowed_until=_number_or_none(data.get("away_allowed_until")),
        # Nor did a timer wait for a flame then, nor was anybody reminded.
        when_lit=None if when_lit is None else _when_lit(when_lit),
        reminders=tuple(_reminder(one) for one in _list(data.get("reminders", []))),
    )


def _timer(data: dict[str, Any]) -> Timer:
    return Timer(
        deadline=_number(data["deadline"]),
        duration=_number(data["duration"]),
        source=Source(data["source"]),
        label=_text_or_none(data["label"]),
        warned=_boolean(data["warned"]),
        extend_ids=tuple(_text(key) for key in _list(data["extend_ids"])),
        # Records from before a timer outranked the longest burn.
        outranks_until=_number_or_none(data.get("outranks_until")),
    )


def _when_lit(data: dict[str, Any]) -> WhenLit:
    return WhenLit(
        duration=_number(data["duration"]),
        source=Source(data["source"]),
        label=_text_or_none(data["label"]),
        extend_ids=tuple(_text(key) for key in _list(data["extend_ids"])),
        outranks=_number(data["outranks"]),
    )


def _reminder(data: dict[str, Any]) -> Reminder:
    return Reminder(
        id=_whole(data["id"]),
        deadline=_number(data["deadline"]),
        duration=_number(data["duration"]),
        source=Source(data["source"]),
        label=_text_or_none(data["label"]),
        key=_text_or_none(data["key"]),
    )


def _trip(data: dict[str, Any]) -> Trip:
    return Trip(
        reason=Reason(data["reason"]),
        source=Source(data["source"]),
        wall=_number(data["wall"]),
        began=_number(data["began"]),
        confirmed=_boolean(data["confirmed"]),
        latency=_number_or_none(data["latency"]),
    )


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a boolean")
    return value


def _number(value: object) -> float:
    # No calendar holds much more than 1500 years either way; beyond sit infinity, NaN and broken
    # digits.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 5e10:
        return float(value)
    raise ValueError("no time that a clock could show")


def _number_or_none(value: object) -> float | None:
    return None if value is None else _number(value)


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 5e10:
        return value
    raise ValueError("no number of a reminder")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError("not a list")
    return list(value)
