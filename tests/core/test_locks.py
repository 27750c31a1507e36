"""The child lock and the hazards: what keeps a burner off, and what frees it again."""

import pytest

from gasguard.core.messages import Kind, Status
from gasguard.core.model import Flame, Lock, Phase, Reason, Source
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    OPEN,
    closes,
    closing,
    latched,
    locked_out,
    only_tell,
    opens,
    ready,
    rejection,
    statuses,
    tells,
    trip_failed,
    tripped,
    tripping,
)

HAZARDS = {
    Lock.GAS_ALARM: Reason.GAS_ALARM,
    Lock.SMOKE_ALARM: Reason.SMOKE_ALARM,
    Lock.OVERHEAT: Reason.OVERHEAT,
}


# --- child lock -----------------------------------------------------------------------------------


def test_locking_opens_the_contact_and_holds_it_open():
    burner = ready()
    out = burner.lock(Source.WEB)
    assert statuses(out) == [Status.ACCEPTED]
    assert opens(out)
    locked = only_tell(out, Kind.LOCKED)
    assert (locked.reason, locked.source, locked.details) == (Lock.CHILD, Source.WEB, {})
    assert only_tell(out, Kind.TRIP).reason is Reason.LOCK
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT
    assert not closes(burner.watch(3600, OPEN))


def test_locking_an_open_burner_needs_no_second_opening():
    burner = tripped()
    assert not opens(burner.lock())
    assert burner.phase is Phase.LOCKED_OUT
    assert not closes(burner.watch(60, OPEN))


def test_locking_overtakes_an_unanswered_close():
    burner = closing()
    assert opens(burner.lock())[0].overtakes_close
    burner.now += 1
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT


@pytest.mark.parametrize("place", EVERYWHERE)
def test_a_locked_burner_is_never_closed_whatever_it_was_before(place):
    burner = EVERYWHERE[place]()
    burner.lock()
    burner.now += 1
    burner.read(OPEN)
    burner.goes_out()
    assert burner.phase is Phase.LOCKED_OUT
    assert not closes(burner.watch(60, OPEN))


def test_locking_twice_is_locking_once():
    burner = locked_out()
    out = burner.lock()
    assert statuses(out) == [Status.ACCEPTED]
    assert len(out) == 1


def test_unlocking_removes_the_lock_and_closes():
    burner = locked_out()
    burner.watch(60, OPEN)
    out = burner.unlock(Source.WEB)
    assert statuses(out) == [Status.ACCEPTED]
    told = only_tell(out, Kind.UNLOCKED)
    assert (told.reason, told.source) == (Lock.CHILD, Source.WEB)
    assert closes(out)
    burner.read(CLOSED)
    assert burner.phase is Phase.READY


def test_unlocking_soon_after_locking_still_waits_for_rearm_after():
    burner = locked_out()
    assert not closes(burner.unlock())
    assert burner.phase is Phase.TRIPPED
    assert not closes(burner.watch(9.8, OPEN))
    assert closes(burner.watch(0.4, OPEN))


def test_unlocking_before_the_contact_has_opened_does_not_drop_the_demand():
    burner = ready()
    burner.lock()
    assert not closes(burner.unlock())
    assert burner.phase is Phase.TRIPPING
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED


def test_unlocking_removes_only_the_child_lock():
    burner = latched()
    burner.lock()
    burner.unlock()
    assert burner.state.locks == {Lock.GAS_ALARM}
    assert burner.phase is Phase.LOCKED_OUT
    assert not closes(burner.watch(60, OPEN))


def test_unlocking_what_is_not_locked_changes_nothing():
    for burner in (ready(), tripped(), latched()):
        before = burner.state
        out = burner.unlock()
        assert statuses(out) == [Status.ACCEPTED]
        assert not tells(out, Kind.UNLOCKED)
        assert burner.state == before


def test_unlocking_does_not_close_while_the_flame_reads_lit():
    burner = locked_out()
    burner.flame(Flame.LIT)
    burner.watch(20, OPEN)
    assert not closes(burner.unlock())
    assert closes(burner.goes_out())


def test_a_locked_burner_closed_from_outside_is_opened_again_and_stays_locked():
    burner = locked_out()
    out = burner.read(CLOSED)
    assert opens(out)
    told = only_tell(out, Kind.TRIP)
    assert told.reason is Reason.LOCK
    assert "locked (child)" in told.details["message"]
    burner.now += 1
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT


# --- hazards --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HAZARDS)
@pytest.mark.parametrize("place", EVERYWHERE)
def test_a_hazard_trips_and_latches_in_every_phase(place, kind):
    burner = EVERYWHERE[place]()
    already = kind in burner.state.locks
    out = burner.hazard(kind)
    assert kind in burner.state.locks
    if not already:
        assert opens(out)
        assert only_tell(out, Kind.LOCKED).reason == kind
    burner.now += 1
    burner.read(OPEN)
    burner.goes_out()
    assert burner.phase is Phase.LOCKED_OUT


@pytest.mark.parametrize(("kind", "reason"), HAZARDS.items())
def test_a_hazard_trip_names_the_hazard(kind, reason):
    burner = ready()
    out = burner.hazard(kind)
    told, locked = only_tell(out, Kind.TRIP), only_tell(out, Kind.LOCKED)
    assert (told.reason, told.source, locked.source) == (reason, Source.GUARD, Source.GUARD)
    (sensor,) = (view.sensor.name for view in burner.state.hazard_views if view.reports)
    assert told.details == locked.details == {"sensor": sensor}


def test_a_hazard_that_reports_again_is_not_a_second_trip():
    burner = ready()
    burner.hazard()
    assert burner.hazard() == ()


def test_the_end_of_a_hazard_frees_nothing_by_itself():
    burner = locked_out(Lock.OVERHEAT)
    assert burner.hazard(Lock.OVERHEAT, active=False) == ()
    assert not closes(burner.watch(3600, OPEN))
    assert burner.state.locks == {Lock.OVERHEAT}


@pytest.mark.parametrize("kind", [Lock.CHILD, Lock.STUCK, Lock.RESTART])
def test_a_sensor_that_is_not_configured_is_ignored(kind):
    burner = ready()
    before = burner.state
    assert burner.hazard(kind) == ()
    assert burner.hazard(kind, active=False) == ()
    assert burner.state == before


def test_a_hazard_during_an_unfinished_trip_keeps_the_first_cause_on_record():
    burner = tripping()
    out = burner.hazard()
    assert opens(out)
    assert not tells(out, Kind.TRIP)
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT
    assert burner.state.last_trip.reason is Reason.REMOTE


@pytest.mark.parametrize(("kind", "reason"), HAZARDS.items())
def test_a_latched_burner_closed_from_outside_says_which_alarm_holds_it(kind, reason):
    told = only_tell(locked_out(kind).read(CLOSED), Kind.TRIP)
    assert (told.reason, told.source) == (reason, Source.GUARD)
    assert f"locked ({kind})" in told.details["message"]


# --- jog mode -------------------------------------------------------------------------------------


def test_a_jogging_module_cannot_be_locked():
    burner = ready(jog=True)
    assert rejection(burner.lock()) == "unsupported"
    assert burner.phase is Phase.READY
    assert not burner.state.locks


def test_a_jogging_module_closes_by_itself_without_an_alarm():
    burner = tripped(jog=True)
    out = burner.watch(8, CLOSED)
    assert not opens(out)
    assert not tells(out, Kind.TRIP_FAILED)
    assert burner.phase is Phase.TRIPPED
    burner.watch(2, CLOSED)
    burner.read(CLOSED)
    assert burner.phase is Phase.READY


def test_a_jogging_module_under_a_latched_trip_is_pulsed_at_every_look():
    burner = locked_out(Lock.GAS_ALARM, jog=True)
    for _ in range(5):
        burner.now += 2
        assert opens(burner.read(CLOSED))
        assert burner.phase is Phase.LOCKED_OUT


def test_a_timer_that_ends_after_a_jogging_module_has_closed_again_shuts_off():
    burner = tripped(jog=True, rearm_after=600.0)
    burner.timer(120)
    out = burner.watch(120, CLOSED)
    assert opens(out), "the burner was relit behind the closed contact"
    assert only_tell(out, Kind.TRIP).reason is Reason.TIMER


def test_a_flame_relit_behind_a_jogging_module_does_not_burn_on_for_ever():
    burner = tripped(jog=True, rearm_after=600.0, flame_out_within=120.0)
    burner.watch(2, OPEN)
    burner.read(CLOSED)
    burner.flame(Flame.LIT)
    assert opens(burner.watch(120.1, CLOSED))
    assert burner.phase is Phase.TRIP_FAILED
    for _ in range(3):
        burner.now += 2
        assert opens(burner.read(CLOSED)), "it keeps trying"


def test_an_alarm_that_begins_again_does_not_wait_for_the_next_pulse():
    burner = locked_out(Lock.GAS_ALARM, jog=True)
    burner.hazard(Lock.GAS_ALARM, active=False)
    assert opens(burner.hazard(Lock.GAS_ALARM))
    assert not opens(burner.hazard(Lock.GAS_ALARM)), "told again, it is the same alarm"


def test_an_alarm_that_begins_again_needs_no_pulse_where_the_contact_stays_open():
    burner = locked_out(Lock.GAS_ALARM)
    burner.hazard(Lock.GAS_ALARM, active=False)
    assert not opens(burner.hazard(Lock.GAS_ALARM))


def test_an_alarm_that_begins_again_opens_anew_where_the_contact_is_not_known():
    burner = latched()
    burner.wait(60)
    out = burner.hazard(Lock.GAS_ALARM)
    assert opens(out)
    told = only_tell(out, Kind.TRIP)
    assert (told.reason, told.source) == (Reason.GAS_ALARM, Source.GUARD)
    assert "sensor" in told.details
    assert burner.phase is Phase.TRIPPING
    burner.hazard(Lock.GAS_ALARM, active=False)
    assert not opens(burner.hazard(Lock.GAS_ALARM)), "an opening is under way"
    burner.hazard(Lock.GAS_ALARM, active=False)
    burner.wait(2.1)
    assert rejection(burner.rearm()) == "trip_failed"
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT


def test_a_look_from_before_the_pulse_does_not_show_the_contact_open():
    burner = locked_out(Lock.GAS_ALARM, jog=True)
    burner.now += 2
    burner.read(CLOSED)
    burner.now += 0.1
    burner.read(OPEN, asked_ago=0.2)
    assert burner.state.contact is CLOSED


@pytest.mark.parametrize("jog", [False, True])
def test_an_alarm_that_begins_again_adds_nothing_to_an_opening_under_way(jog):
    burner = ready(jog=jog)
    burner.hazard(Lock.GAS_ALARM)
    burner.hazard(Lock.GAS_ALARM, active=False)
    assert burner.hazard(Lock.GAS_ALARM) == ()


def test_unlocking_does_not_mend_a_failed_trip():
    burner = trip_failed()
    burner.lock()
    burner.unlock()
    assert burner.phase is Phase.TRIP_FAILED
