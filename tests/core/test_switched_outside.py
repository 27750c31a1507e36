"""Somebody else switches the relay: an opening is adopted as a trip, a closing undone at once."""

import pytest

from gasguard.core.messages import Kind
from gasguard.core.model import Flame, Lock, Phase, Reason, Source
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    OPEN,
    Burner,
    closes,
    closing,
    latched,
    locked_out,
    only_tell,
    opens,
    ready,
    stamp_at,
    starting,
    tells,
    trip_failed,
    tripped,
    tripping,
)


def test_an_opening_nobody_ordered_is_a_trip_by_voice():
    burner = ready()
    burner.timer(600)
    out = burner.read(OPEN)
    told = only_tell(out, Kind.TRIP)
    assert (told.reason, told.source) == (Reason.VOICE, Source.MI_HOME)
    assert only_tell(out, Kind.TIMER_CANCELLED)
    assert burner.phase is Phase.TRIPPING, "that read-back was asked before the demand"
    burner.now += 0.5
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED
    assert closes(burner.watch(10, OPEN))


def test_the_adopted_opening_is_confirmed_by_a_later_read_back_only():
    burner = ready()
    burner.read(OPEN)
    burner.now += 0.5
    assert not tells(burner.read(OPEN, asked_ago=0.6), Kind.TRIP_CONFIRMED)
    assert tells(burner.read(OPEN), Kind.TRIP_CONFIRMED)


@pytest.mark.parametrize("make", [tripped, locked_out, latched, lambda: confirmed_after_failure()])
def test_a_closing_nobody_ordered_is_undone_at_once(make):
    burner = make()
    locks = burner.state.locks
    burner.now += 1
    out = burner.read(CLOSED)
    assert opens(out)
    told = only_tell(out, Kind.TRIP)
    assert told.source is Source.GUARD
    assert "closed from outside" in told.details["message"]
    assert told.details["closed_outside"] is True
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is (Phase.LOCKED_OUT if locks else Phase.TRIPPED)
    assert burner.state.locks == locks


def confirmed_after_failure():
    burner = trip_failed()
    burner.read(OPEN)
    return burner


def test_the_undone_closing_keeps_the_reason_of_the_trip():
    burner = tripped()
    told = only_tell(burner.read(CLOSED), Kind.TRIP)
    assert told.reason is Reason.REMOTE
    assert "shut off (remote)" in told.details["message"]


def test_rearm_after_starts_again_when_a_closing_was_undone():
    burner = tripped(rearm_after=10.0)
    burner.watch(9, OPEN)
    burner.read(CLOSED)
    burner.now += 0.1
    burner.read(OPEN)
    assert not closes(burner.watch(9.8, OPEN))
    assert closes(burner.watch(0.4, OPEN))


def test_a_relay_lost_while_tripped_that_comes_back_closed_is_opened():
    burner = tripped(rearm_after=60.0)
    burner.wait(30)
    assert opens(burner.read(CLOSED))


def test_a_relay_that_stays_closed_during_a_trip_is_left_to_the_opening_under_way():
    burner = tripping()
    assert not opens(burner.read(CLOSED))
    assert not opens(trip_failed().read(CLOSED))


def test_a_closing_behind_a_flame_that_burns_on_is_undone():
    burner = tripping()
    burner.flame(Flame.LIT)
    burner.read(OPEN)
    burner.watch(burner.settings.flame_out_within, OPEN)
    assert burner.phase is Phase.TRIP_FAILED
    burner.now += 1
    assert opens(burner.read(CLOSED))
    assert burner.phase is Phase.TRIP_FAILED


def test_a_late_close_that_lands_after_an_off_is_undone():
    burner = closing()
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED
    burner.now += 0.5
    assert opens(burner.read(CLOSED))


def test_a_ready_burner_that_reads_closed_stays_as_it_is():
    burner = ready()
    burner.now += 2
    assert burner.read(CLOSED) == ()
    assert burner.phase is Phase.READY


def test_a_stuck_latch_says_which_trip_is_not_rearmed():
    burner = latched()
    burner.lock()
    told = only_tell(burner.read(CLOSED), Kind.TRIP)
    assert burner.state.locks == {Lock.CHILD, Lock.GAS_ALARM}
    assert told.reason is Reason.GAS_ALARM, "the alarm weighs more than the child lock"


def test_who_closes_it_from_outside_leaves_a_trace_for_ten_minutes():
    burner = locked_out()
    for _ in range(3):
        burner.watch(10, OPEN)
        burner.read(CLOSED)
        closed_at = burner.now
        burner.now += 0.1
        burner.read(OPEN)
    meddled_at = burner.state.relays[0].meddled_at
    assert len(meddled_at) == 3 and meddled_at[-1] == closed_at
    burner.watch(600, OPEN)
    burner.read(CLOSED)
    assert burner.state.relays[0].meddled_at == (burner.now,), "the old ones count no more"


def test_ten_minutes_are_ten_minutes():
    burner = locked_out()
    for at in (2048.0, 2648.0):
        burner.now = at
        burner.read(CLOSED)
        burner.now += 0.1
        burner.read(OPEN)
    assert burner.state.relays[0].meddled_at == (2648.0,)


def test_the_trace_has_an_end():
    burner = locked_out()
    for _ in range(40):
        burner.now += 1
        burner.read(CLOSED)
        burner.now += 0.1
        burner.read(OPEN)
    assert len(burner.state.relays[0].meddled_at) == 32


@pytest.mark.parametrize("cooking", ["timer", "flame"])
def test_an_opening_found_at_the_start_is_adopted_where_somebody_was_cooking(cooking):
    burner = ready()
    if cooking == "timer":
        burner.timer(600)
    else:
        burner.flame(Flame.LIT)
    later = Burner((record_of(burner.state), stamp_at(burner.now)), stamp_at(burner.now + 60))
    out = later.read(OPEN)
    told = only_tell(out, Kind.TRIP)
    assert (told.reason, told.source) == (Reason.VOICE, Source.MI_HOME)
    assert later.state.timer is None
    later.now += 0.1
    later.read(OPEN)
    later.flame(Flame.OUT)
    assert not closes(later.watch(9.8, OPEN)), "rearm_after is not over"
    assert closes(later.watch(0.3, OPEN))


def test_one_found_open_from_a_clean_state_is_closed():
    assert closes(starting().read(OPEN))
