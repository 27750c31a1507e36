"""How a burner starts from what was saved: nothing lost, nothing guessed, uncertain means off."""

import itertools

import pytest

from gasguard.core.messages import Kind, OpenContact
from gasguard.core.model import REARM_LIMIT, Flame, Lock, Phase, Reason, Source
from gasguard.core.recovery import Record, record_of, recover
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    OPEN,
    START,
    Burner,
    closes,
    latched,
    locked_out,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    starting,
    tells,
    trip_failed,
    tripped,
    tripping,
)

# Ways the clocks may stand after a restart `away` seconds after the save.
TRUSTWORTHY = ["same boot", "new boot, clock right both times"]
DOUBTFUL = [
    "new boot, clock wrong then",
    "new boot, clock wrong now",
    "new boot, clock right, but earlier than the save",
    "no boot id, clock wrong",
]


def restarted(gone: Burner, how: str, away: float = 60.0, **settings: object) -> Burner:
    """The successor of a burner that was killed just now."""
    saved = stamp_at(gone.now)
    present = stamp_at(gone.now + away)
    if how.startswith("new boot"):
        present = present.__class__("next boot", 12.5 + away, present.wall, True)
    if how.endswith("wrong then"):
        saved = saved.__class__(saved.boot_id, saved.boot, saved.wall, False)
    if how.endswith(("wrong now", "no boot id, clock wrong")):
        present = present.__class__(present.boot_id, present.boot, present.wall, False)
    if how.endswith("earlier than the save"):
        present = present.__class__(present.boot_id, present.boot, saved.wall - 1, True)
    if how.startswith("no boot id"):
        saved = saved.__class__("", saved.boot, saved.wall, True)
        present = present.__class__("", present.boot, present.wall, False)
    return Burner((record_of(gone.state), saved), present, **settings)


# --- nothing pending ------------------------------------------------------------------------------


def test_a_burner_never_seen_starts_clean():
    burner = Burner()
    assert burner.first == ()
    assert burner.phase is Phase.STARTING
    assert closes(burner.read(OPEN))


@pytest.mark.parametrize("how", TRUSTWORTHY + DOUBTFUL)
def test_an_idle_burner_starts_clean_whatever_the_clocks_say(how):
    burner = restarted(ready(), how)
    assert burner.first == ()
    burner.read(CLOSED)
    assert burner.phase is Phase.READY


# --- timers and limits ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", TRUSTWORTHY)
def test_a_timer_goes_on_with_the_time_that_is_left(how):
    gone = ready()
    gone.timer(600, "eggs", Source.BEMFA)
    burner = restarted(gone, how, away=100)
    assert burner.first == ()
    timer = burner.state.timer
    assert timer.deadline - burner.now == pytest.approx(500)
    assert (timer.label, timer.source, timer.duration) == ("eggs", Source.BEMFA, 600)
    burner.read(CLOSED)
    assert not opens(burner.watch(499, CLOSED))
    assert only_tell(burner.watch(2, CLOSED), Kind.TRIP).reason is Reason.TIMER


@pytest.mark.parametrize("how", TRUSTWORTHY)
def test_a_timer_that_ended_meanwhile_opens_first(how):
    gone = ready()
    gone.timer(600, None, Source.WEB)
    burner = restarted(gone, how, away=601)
    assert opens(burner.first)
    told = only_tell(burner.first, Kind.TRIP)
    assert (told.reason, told.source) == (Reason.TIMER, Source.WEB)
    assert burner.state.timer is None


@pytest.mark.parametrize("how", DOUBTFUL)
def test_a_timer_that_cannot_be_known_to_be_ahead_opens_first(how):
    gone = ready()
    gone.timer(600)
    burner = restarted(gone, how, away=1)
    assert opens(burner.first)
    assert only_tell(burner.first, Kind.TRIP).reason is Reason.RESTART
    assert burner.state.timer is None


@pytest.mark.parametrize("how", DOUBTFUL)
def test_a_flame_that_burnt_at_an_unknown_time_opens_first(how):
    gone = ready(max_burn=3600.0)
    gone.flame(Flame.LIT)
    assert opens(restarted(gone, how, max_burn=3600.0).first)


@pytest.mark.parametrize("how", TRUSTWORTHY)
def test_the_longest_burn_goes_on(how):
    gone = ready(max_burn=3600.0)
    gone.flame(Flame.LIT)
    gone.watch(1000, CLOSED)
    burner = restarted(gone, how, away=100, max_burn=3600.0)
    assert burner.first == ()
    assert burner.state.must_end_at - burner.now == pytest.approx(2500)
    burner.read(CLOSED)
    burner.flame(Flame.LIT)
    assert only_tell(burner.watch(2501, CLOSED), Kind.TRIP).reason is Reason.MAX_BURN


@pytest.mark.parametrize("how", TRUSTWORTHY)
@pytest.mark.parametrize("extended", [True, False])
def test_a_longest_burn_that_ended_meanwhile_opens_first(how, extended):
    gone = ready(max_burn=60.0)
    gone.flame(Flame.LIT)
    if extended:
        gone.timer(30)
        gone.extend(3600)
    burner = restarted(gone, how, away=61, max_burn=60.0)
    assert opens(burner.first)
    assert only_tell(burner.first, Kind.TRIP).reason is Reason.MAX_BURN


def test_both_a_timer_and_a_longest_burn_may_have_ended():
    gone = ready(max_burn=60.0)
    gone.flame(Flame.LIT)
    gone.timer(30)
    burner = restarted(gone, "same boot", away=61, max_burn=60.0)
    assert opens(burner.first) == [OpenContact()]
    assert only_tell(burner.first, Kind.TRIP).reason is Reason.TIMER


@pytest.mark.parametrize("wall_moved", [-1e9, -3600.0, 0.0, 3600.0, 1e9])
def test_within_one_boot_the_wall_clock_does_not_matter(wall_moved):
    gone = ready()
    gone.timer(600)
    present = stamp_at(gone.now + 100)
    present = present.__class__(present.boot_id, present.boot, present.wall + wall_moved, False)
    burner = Burner((record_of(gone.state), stamp_at(gone.now)), present)
    assert burner.state.timer.deadline - burner.now == pytest.approx(500)


@pytest.mark.parametrize("how", TRUSTWORTHY + DOUBTFUL)
@pytest.mark.parametrize("away", [-1e6, -1.0, 0.0, 1.0, 599.0, 1e6])
def test_never_more_time_left_than_at_the_save(how, away):
    gone = ready(max_burn=900.0)
    gone.flame(Flame.LIT)
    gone.timer(600)
    burner = restarted(gone, how, away, max_burn=900.0)
    left = burner.state.timer.deadline - burner.now if burner.state.timer else 0.0
    assert left <= 600 + 1e-6
    must_end_at = burner.state.must_end_at
    if burner.phase is Phase.STARTING:
        assert must_end_at is not None
        assert must_end_at - burner.now <= 900 + 1e-6


def test_a_cancelled_timer_does_not_come_back():
    gone = ready()
    gone.timer(600)
    gone.off()
    gone.now += 0.1
    gone.read(OPEN)
    assert restarted(gone, "same boot").state.timer is None


# --- demands and latches --------------------------------------------------------------------------


@pytest.mark.parametrize("how", TRUSTWORTHY + DOUBTFUL)
@pytest.mark.parametrize("make", [tripping, trip_failed, tripped])
def test_a_demand_opens_first_and_then_rearms_as_usual(make, how):
    burner = restarted(make(), how)
    assert opens(burner.first)
    assert burner.phase is Phase.TRIPPING
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED
    assert not closes(burner.watch(9, OPEN))
    assert closes(burner.watch(2, OPEN))


@pytest.mark.parametrize("how", TRUSTWORTHY + DOUBTFUL)
@pytest.mark.parametrize("make", [locked_out, latched, lambda: hazard_unconfirmed()])
def test_a_lock_stands_after_any_restart(make, how):
    gone = make()
    burner = restarted(gone, how)
    assert opens(burner.first)
    assert burner.state.locks == gone.state.locks
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT
    assert not closes(burner.watch(3600, OPEN))


def hazard_unconfirmed() -> Burner:
    burner = ready()
    burner.hazard()
    return burner


@pytest.mark.parametrize("place", EVERYWHERE)
def test_whatever_was_off_is_opened_before_anything_else(place):
    gone = EVERYWHERE[place]()
    burner = restarted(gone, "same boot")
    assert bool(opens(burner.first)) == (place not in ("starting", "ready"))
    assert burner.state.locks == gone.state.locks


def test_a_locked_burner_found_closed_is_opened_with_the_reason_it_is_locked_for():
    burner = restarted(locked_out(), "same boot")
    burner.now += 0.1
    out = burner.read(CLOSED)
    assert opens(out)
    assert only_tell(out, Kind.TRIP).reason is Reason.LOCK
    assert burner.phase is Phase.TRIPPING


def test_a_lock_removed_before_the_first_read_back_still_waits_for_it():
    burner = restarted(locked_out(), "same boot")
    assert not closes(burner.unlock())
    assert burner.phase is Phase.TRIPPING
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED


def test_a_timer_set_while_tripped_goes_on_behind_the_demand():
    gone = tripped()
    gone.timer(600)
    burner = restarted(gone, "same boot", away=100)
    assert burner.phase is Phase.TRIPPING
    assert burner.state.timer.deadline - burner.now == pytest.approx(500)


def test_a_timer_that_ended_behind_a_demand_adds_no_second_one():
    gone = tripped()
    gone.timer(60)
    burner = restarted(gone, "same boot", away=100)
    assert burner.state.timer is None
    assert burner.first == (OpenContact(),)


def test_the_last_trip_is_remembered_and_measured_on_the_new_clock():
    gone = tripping()
    burner = restarted(gone, "new boot, clock right both times", away=60)
    burner.now += 0.5
    told = only_tell(burner.read(OPEN), Kind.TRIP_CONFIRMED)
    assert told.reason is Reason.REMOTE
    assert told.details["latency_ms"] == pytest.approx(60_510, abs=5)


@pytest.mark.parametrize("how", TRUSTWORTHY + DOUBTFUL)
def test_no_trip_was_ever_confirmed_before_it_began(how):
    burner = restarted(tripping(), how)
    burner.now += 0.5
    burner.read(OPEN)
    assert burner.state.last_trip.latency >= 0


# --- the number of re-arms ------------------------------------------------------------------------


@pytest.mark.parametrize("how", TRUSTWORTHY + DOUBTFUL)
def test_a_restart_does_not_start_the_count_of_rearms_anew(how):
    gone = ready()
    for _ in range(REARM_LIMIT):
        gone.hazard()
        gone.now += 1
        gone.read(OPEN)
        gone.hazard(active=False)
        assert closes(gone.rearm())
        gone.read(CLOSED)
    gone.hazard()
    gone.hazard(active=False)
    burner = restarted(gone, how)
    burner.now += 1
    burner.read(OPEN)
    assert rejection(burner.rearm()) == "rearm_limit"
    burner.watch(900, OPEN)
    assert closes(burner.rearm()), "but it does end"


# --- to the very moment ---------------------------------------------------------------------------


def test_no_time_at_all_need_have_passed():
    gone = ready()
    gone.timer(600)
    # CLOCK_BOOTTIME's own word, though less than a second of it has passed.
    burner = restarted(gone, "same boot", away=0.25)
    assert burner.state.timer.deadline - burner.now == pytest.approx(599.75)
    burner = restarted(gone, "new boot, clock right both times", away=0.0)
    assert burner.state.timer.deadline - burner.now == pytest.approx(600)


def test_a_longest_burn_that_ends_just_now_opens_first():
    gone = ready(max_burn=60.0)
    gone.flame(Flame.LIT)
    burner = restarted(gone, "same boot", away=60.0, max_burn=60.0)
    told = only_tell(burner.first, Kind.TRIP)
    assert (told.reason, told.source) == (Reason.MAX_BURN, Source.GUARD)


# --- a damaged store ------------------------------------------------------------------------------


def test_a_damaged_store_locks_until_a_local_rearm():
    burner = Burner(damaged=True)
    assert opens(burner.first)
    assert burner.state.locks == {Lock.RESTART}
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT
    assert not closes(burner.watch(600, OPEN))
    assert rejection(burner.rearm(Source.MQTT)) == "remote_rearm"
    assert closes(burner.rearm(Source.CLI))


def test_a_store_is_sound_unless_somebody_says_that_it_is_damaged():
    state, orders = recover(Burner().settings, None, stamp_at(START))
    assert (state.locks, orders) == (frozenset(), ())


def test_a_damaged_store_adds_to_what_could_be_read():
    saved = (Record(locks=(Lock.CHILD,)), stamp_at(START))
    burner = Burner(saved, stamp_at(START + 1), damaged=True)
    assert burner.state.locks == {Lock.CHILD, Lock.RESTART}


def test_a_timer_beside_a_lock_is_dropped_even_if_a_store_holds_both():
    gone = ready()
    gone.timer(600)
    record = record_of(gone.state)
    for how, damaged in itertools.product((True, False), (True, False)):
        present = stamp_at(START + 1, synchronised=how)
        burner = Burner((record, stamp_at(START)), present, damaged=damaged)
        assert (burner.state.timer is None) == damaged


def test_nothing_is_told_twice_when_many_causes_meet():
    gone = ready(max_burn=60.0)
    gone.flame(Flame.LIT)
    gone.timer(30)
    present = stamp_at(START + 1, "next boot", synchronised=False)
    burner = Burner((record_of(gone.state), stamp_at(START)), present, damaged=True, max_burn=60.0)
    assert len(tells(burner.first, Kind.TRIP)) == 1
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT


def test_a_demand_whose_cause_was_not_saved_is_held_and_undone_like_any_other():
    burner = Burner((Record(held_open=True), stamp_at(START)), stamp_at(START + 1))
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED
    burner.now += 1
    told = only_tell(burner.read(CLOSED), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.RESTART, Source.GUARD)


def test_an_off_behind_a_demand_whose_cause_was_not_saved_is_the_cause_on_record():
    burner = Burner((Record(held_open=True), stamp_at(START)), stamp_at(START + 1))
    assert only_tell(burner.off(), Kind.TRIP).reason is Reason.REMOTE


def test_a_trip_confirmed_before_the_restart_is_not_confirmed_again():
    gone = locked_out()
    burner = restarted(gone, "same boot")
    burner.now += 0.1
    assert not tells(burner.read(OPEN), Kind.TRIP_CONFIRMED)
    assert burner.state.last_trip.latency == gone.state.last_trip.latency


def test_a_demand_whose_cause_was_not_saved_fails_without_one():
    burner = Burner((Record(held_open=True), stamp_at(START)), stamp_at(START + 1))
    told = only_tell(burner.wait(2), Kind.TRIP_FAILED)
    assert (told.reason, told.source) == (None, None)


def test_a_burner_locked_by_a_damaged_store_says_so_when_closed_from_outside():
    burner = Burner(damaged=True)
    burner.now += 0.1
    told = only_tell(burner.read(CLOSED), Kind.TRIP)
    assert told.reason is Reason.RESTART
    assert "locked (restart)" in told.details["message"]


def test_a_trip_at_the_start_is_dated_by_the_wall_clock_of_the_start():
    gone = ready()
    gone.timer(600)
    present = stamp_at(gone.now + 601)
    burner = Burner((record_of(gone.state), stamp_at(gone.now)), present)
    assert burner.state.last_trip.wall == present.wall


RECENT = Record(locks=(Lock.GAS_ALARM,), rearmed_at=(5000.0,) * REARM_LIMIT)


def test_within_one_boot_old_rearms_are_forgotten_on_time():
    burner = Burner((RECENT, stamp_at(5001.0)), stamp_at(5800.0))
    burner.read(OPEN)
    assert rejection(burner.rearm()) == "rearm_limit"
    burner.watch(100.0, OPEN)
    assert closes(burner.rearm())


def test_without_a_boot_id_old_rearms_count_from_now_on():
    """The clock they were noted on may have been another, far ahead of this one."""
    burner = Burner((RECENT, stamp_at(5001.0, "")), stamp_at(10.0, ""))
    burner.read(OPEN)
    assert rejection(burner.rearm()) == "rearm_limit"
    burner.watch(900.0, OPEN)
    assert closes(burner.rearm())


def test_a_timer_that_ends_at_the_very_moment_of_the_start_opens_at_once():
    gone = ready()
    gone.now = 2048.0
    gone.timer(60)
    again = Burner((record_of(gone.state), stamp_at(2048.0)), stamp_at(2108.0))
    assert opens(again.first)
    assert again.state.last_trip.reason is Reason.TIMER


@pytest.mark.parametrize("how", TRUSTWORTHY)
def test_a_burn_that_nobody_sees_goes_on_over_a_restart(how):
    """Its sensor has never spoken: `max_burn` counts from the closing."""
    gone = ready(max_burn=600.0)
    gone.watch(200, CLOSED)
    again = restarted(gone, how, away=60.0, max_burn=600.0)
    again.read(CLOSED)
    assert not tells(again.watch(339, CLOSED), Kind.TRIP)
    assert only_tell(again.watch(2, CLOSED), Kind.TRIP).reason is Reason.MAX_BURN


def test_a_flame_sensor_has_its_time_to_speak_from_the_start():
    burner = starting(flame_expires_after=90.0)
    assert not tells(burner.watch(89.9, CLOSED), Kind.SENSOR_SILENT)
    assert tells(burner.watch(0.2, CLOSED), Kind.SENSOR_SILENT)
