"""Every phase × every event × several moments: defined, valid, and never due for ever."""

import dataclasses
import math
import typing
from enum import Enum

import pytest

from gasguard.core import next_deadline, step
from gasguard.core.instant import Instant
from gasguard.core.machine import HANDLERS
from gasguard.core.messages import (
    FLAME,
    Answer,
    CalendarRead,
    CancelLease,
    CancelReminders,
    CancelTimer,
    ChildLock,
    CloseContact,
    Event,
    ExtendTimer,
    FlameRead,
    HazardRead,
    HazardTested,
    Off,
    OffIsDue,
    OpenContact,
    PeopleRead,
    Rearm,
    RelayFailed,
    RelayRead,
    RenewLease,
    SensorGarbled,
    SensorReachable,
    SetReminder,
    SetTimer,
    Shutdown,
    Tell,
    Tick,
    Unlock,
    VoiceRead,
    VoiceRestored,
)
from gasguard.core.model import (
    MAX_REMINDERS,
    Calendar,
    Contact,
    Flame,
    HazardSensor,
    Lock,
    PeopleSensor,
    Phase,
    Place,
    Reason,
    RelaySettings,
    Shutoff,
    Source,
    State,
)
from gasguard.core.recovery import record_from_data, record_of, record_to_data
from tests.core.burner import EVERYWHERE, HAZARD_SENSORS, OPEN, Burner, locked_out, stamp_at

KITCHENS: dict[str, dict[str, object]] = {
    "plain": {},
    "with limits": {"max_burn": 3600.0, "allow_remote_rearm": True, "prewarn": 0.0},
    "with jog": {"jog": True},
    "with alarms that speak up": {
        "hazard_sensors": (HazardSensor("gas_alarm", Lock.GAS_ALARM, 90.0),)
    },
    "with a flame sensor that speaks up": {"flame_expires_after": 15.0, "max_burn": 600.0},
    "with schedules, and people looked for": {
        "scheduled": True,
        "people_sensors": (
            PeopleSensor("pir", Place.PRESENCE, 90.0),
            PeopleSensor("home", Place.HOME, 3600.0),
        ),
        "unattended": 30.0,
        "away": 20.0,
        "prewarn": 5.0,
        "max_burn": 600.0,
    },
    "with a lease": {"relays": (RelaySettings(lease=180.0),)},
    "with two relays": {"relays": (RelaySettings(lease=180.0, lease_grain=60.0), RelaySettings())},
}


def _lit(burner: Burner) -> Burner:
    burner.flame(Flame.LIT)
    return burner


def _timed(burner: Burner) -> Burner:
    burner.timer(90)
    return burner


def _waited_for(burner: Burner) -> Burner:
    burner.timer(90, when_lit=True)
    return burner


def _restarted(burner: Burner) -> Burner:
    saved = (record_of(burner.state), stamp_at(burner.now))
    settings = {
        field.name: getattr(burner.settings, field.name)
        for field in dataclasses.fields(burner.settings)
        if field.name not in ("burner", "name")
    }
    return Burner(saved, stamp_at(burner.now + 1), **settings)


CIRCUMSTANCES = {
    "as it is": lambda burner: burner,
    "flame lit": _lit,
    "timer runs": _timed,
    "timer waits": _waited_for,
    "restarted": _restarted,
}


def places(kitchen: dict[str, object]) -> dict[str, typing.Callable[[], Burner]]:
    return {
        f"{place}, {circumstance}": lambda make=make, change=change: change(make(**kitchen))
        for place, make in EVERYWHERE.items()
        for circumstance, change in CIRCUMSTANCES.items()
        # A jogging module takes no child lock, but an alarm latches it all the same.
        if not (kitchen.get("jog") and make is locked_out)
    }


def events(now: float) -> list[Event]:
    """Every type of event, in variants sensible and not."""
    numbers = (0.0, -1.0, 1e-9, 30.0, 600.0, 86_400.0, 1e300, math.inf, math.nan)
    ways = list(Source)
    return [
        *(Off(source, ref) for source in ways for ref in (0, 7)),
        *(Off(Source.GUARD, 7, reason) for reason in Reason),
        *(SetTimer(Source.MQTT, 7, number, "eggs") for number in numbers),
        *(SetTimer(Source.MQTT, 7, number, "eggs", True) for number in numbers),
        *(SetReminder(Source.MQTT, 7, number, "eggs") for number in numbers),
        *(CancelReminders(Source.MQTT, 7, label) for label in (None, "eggs", "nothing")),
        *(ExtendTimer(Source.MQTT, 7, number, key) for number in numbers for key in (None, "k")),
        *(kind(source, 7) for kind in (CancelTimer, ChildLock, Unlock, Rearm) for source in ways),
        *(
            RelayRead(relay, contact, asked, answered, voice, countdown, 0.01)
            for relay in (0, 1)
            for contact in Contact
            for asked in (now - 1.0, now)
            for answered in (False, True)
            for voice, countdown in (
                (None, None),
                (True, 170.0),
                (False, 100.0),
                (None, 4000.0),
                (None, -5.0),
                (None, math.nan),
            )
        ),
        *(RelayFailed(relay, "no answer") for relay in (-1, 0, 1, 2)),
        *(VoiceRestored(problem) for problem in (None, "no answer")),
        *(VoiceRead(on) for on in (True, False)),
        *(FlameRead(flame, stored) for flame in (*Flame, None) for stored in (True, False)),
        *(
            HazardRead(name, active, stored)
            for name in (*(sensor.name for sensor in HAZARD_SENSORS), "nobody")
            for active in (True, False, None)
            for stored in (True, False)
        ),
        *(HazardTested(name) for name in ("gas_alarm", "nobody")),
        *(
            PeopleRead(name, there, stored)
            for name in ("pir", "home", "nobody")
            for there in (True, False, None)
            for stored in (True, False)
        ),
        *(SensorGarbled(name, "says nonsense") for name in (FLAME, "gas_alarm", "pir", "nobody")),
        *(
            SensorReachable(name, there)
            for name in (FLAME, "gas_alarm", "home", "nobody")
            for there in (False, True)
        ),
        *(
            CalendarRead(Calendar(window, by, now + begins, now + begins + grace, "06:00"))
            for window, by in ((None, None), (None, "night"), ("night", "night"))
            for begins in (-3600.0, 0.0, 30.0, math.inf)
            for grace in (0.0, 60.0)
        ),
        CalendarRead(
            Calendar("night", "night", now, now + 60, "06:00", (Shutoff("off", now, now + 30),))
        ),
        OffIsDue("bedtime"),
        Tick(),
        Shutdown(),
    ]


MOMENTS = (-5.0, 0.5, 11.0, 1e6)


def test_every_type_of_event_has_one_handler():
    assert set(HANDLERS) == set(typing.get_args(Event))


def test_the_variants_above_leave_out_no_type_of_event():
    assert {type(event) for event in events(0.0)} == set(HANDLERS)


def test_the_places_above_leave_out_no_phase():
    phases = {make().phase for kitchen in KITCHENS.values() for make in places(kitchen).values()}
    assert phases == set(Phase)


@pytest.mark.parametrize("kitchen", KITCHENS)
def test_every_event_is_defined_in_every_phase(kitchen):
    for make in places(KITCHENS[kitchen]).values():
        start = make()
        for later in MOMENTS:
            now = start.now + later
            for event in events(now):
                state, out = step(start.state, event, Instant(now, 1.75e9 + now))
                assert_valid(state, now)
                assert_sound(start.state, event, state, out)


@pytest.mark.parametrize("kitchen", KITCHENS)
def test_a_tick_before_its_time_changes_nothing_and_one_in_time_leaves_nothing_due(kitchen):
    for make in places(KITCHENS[kitchen]).values():
        start = make()
        for event in events(start.now):
            now = start.now
            state, _ = step(start.state, event, Instant(now, 1.75e9 + now))
            _settle(state, now)
            assert record_from_data(record_to_data(record_of(state))) == record_of(state)


def _settle(state: State, now: float) -> None:
    """Follow the deadlines to their end; each Tick handled at one must move on."""
    for _ in range(20):
        deadline = next_deadline(state)
        assert deadline is None or not math.isnan(deadline)
        early = now if deadline is None else (now + deadline) / 2
        if deadline is None or now < early < deadline:
            assert step(state, Tick(), Instant(early, early)) == (state, ()), "a tick too early"
        if deadline is None or math.isinf(deadline):
            return
        now = max(now, deadline)
        state, _ = step(state, Tick(), Instant(now, now))
        after = next_deadline(state)
        assert after is None or after > now, "a busy loop"
    raise AssertionError("deadlines without end though nothing happens")


@pytest.mark.parametrize("kitchen", KITCHENS)
def test_nothing_sensible_can_be_due_for_ever_after_two_events(kitchen):
    few = [
        Off(Source.MQTT, 7),
        SetTimer(Source.MQTT, 7, 30.0),
        ChildLock(Source.MQTT, 7),
        Rearm(Source.CLI, 7),
        *(FlameRead(flame) for flame in Flame),
        *(HazardRead(Lock.GAS_ALARM, active) for active in (True, False)),
        *(RelayRead(0, contact, math.inf, True, None, 40.0) for contact in Contact),
        Tick(),
    ]
    for make in places(KITCHENS[kitchen]).values():
        start = make()
        for first in few:
            for second in few:
                now, state = start.now, start.state
                for event in (first, second):
                    now += 0.7
                    state, _ = step(state, event, Instant(now, now))
                _settle(state, now)


def assert_valid(state: State, now: float) -> None:
    """What must be true of every state, whatever led to it."""
    for field in dataclasses.fields(state):
        value = getattr(state, field.name)
        assert not isinstance(value, float) or not math.isnan(value), field.name
    if state.opening is None:
        assert state.phase is not Phase.TRIPPING, "tripping towards nothing"
        assert not state.waiting, "waiting for nothing"
    else:
        assert state.phase in (Phase.TRIPPING, Phase.TRIP_FAILED, Phase.LOCKED_OUT)
        assert state.closing is None, "opening and closing at once"
        assert state.last_trip is not None or state.locks
    if state.locks:
        assert state.phase in (Phase.TRIPPING, Phase.TRIP_FAILED, Phase.LOCKED_OUT)
        assert state.timer is None
        assert state.when_lit is None
        assert state.closing is None, "closing behind a lock"
    if state.phase is Phase.LOCKED_OUT:
        assert state.locks, "locked by nothing"
    if state.phase is Phase.TRIP_FAILED:
        assert state.opening is not None or state.burns_on, "failed at nothing"
    assert state.timer is None or state.when_lit is None, "two timers"
    if state.when_lit is not None and state.phase is Phase.READY:
        assert state.flame is not Flame.LIT, "it waits though the flame is lit"
        assert state.flame_sensed and not state.flame_hearing.silent, "it waits for ever"
    assert len(state.reminders) <= MAX_REMINDERS
    assert state.hazards <= state.locks
    assert state.flame_seen or state.flame is not Flame.LIT
    assert state.flame_seen or not state.burns_on
    assert (state.out_since is not None) == (state.flame is Flame.OUT)
    assert len(state.relays) == len(state.settings.relays)


def assert_sound(before: State, event: Event, after: State, out: tuple[object, ...]) -> None:
    """What must be true of every turn."""
    kinds = (OpenContact, CloseContact, RenewLease, CancelLease, Tell, Answer)
    assert all(isinstance(command, kinds) for command in out)
    opening = any(isinstance(command, OpenContact) for command in out)
    closing = any(isinstance(command, CloseContact) for command in out)
    assert not (opening and closing), "an order and its contrary"
    if isinstance(event, Off):
        assert opening, "an off was swallowed"
    if closing:
        assert not after.locks and not after.hazards
        assert not after.flame_seen
        assert after.opening is None
    if any(isinstance(command, RenewLease) for command in out):
        assert after.phase is Phase.READY
    if _is_open(after) and not _is_open(before) and not _frees(event):
        assert isinstance(event, RelayRead | Tick | FlameRead | ChildLock)
        assert not isinstance(event, RelayRead) or event.contact is OPEN, "open without proof"
    for command in out:
        assert isinstance(command, Answer) <= bool(getattr(command, "ref", True))
        for value in dataclasses.asdict(command).values():
            assert not isinstance(value, Enum) or isinstance(value, str)


def _is_open(state: State) -> bool:
    return state.phase in (Phase.TRIPPED, Phase.LOCKED_OUT)


def _frees(event: Event) -> bool:
    return isinstance(event, Unlock | Rearm)
