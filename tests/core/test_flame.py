"""What the flame sensor adds: a longest burn, and whether a trip did its work."""

import pytest

from gasguard.core import next_deadline
from gasguard.core.messages import Answer, Kind, Status
from gasguard.core.model import (
    OUT_LASTS,
    OUT_SETTLES,
    Contact,
    Flame,
    Lock,
    Phase,
    Reason,
    Source,
)
from gasguard.core.recovery import Record, record_of
from tests.core.burner import (
    CLOSED,
    OPEN,
    Burner,
    burning_on,
    closes,
    closing,
    locked_out,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    statuses,
    tells,
    tripped,
    tripping,
)

LIT, OUT, UNKNOWN = Flame.LIT, Flame.OUT, Flame.UNKNOWN


def tripped_hot(**settings: object):
    """Tripped a moment ago: the contact is open, the thermocouple still hot."""
    burner = ready(**settings)
    burner.flame(LIT)
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED
    return burner


def test_the_flame_is_told_when_it_changes():
    burner = ready()
    assert tells(burner.flame(LIT), Kind.FLAME_LIT)
    assert burner.flame(LIT) == ()
    assert tells(burner.flame(OUT), Kind.FLAME_OUT)
    assert burner.flame(OUT) == ()


def test_burning_since_counts_from_the_first_sight_of_the_flame():
    burner = ready()
    burner.flame(LIT)
    lit_at = burner.now
    burner.now += 60
    burner.flame(UNKNOWN)
    burner.flame(LIT)
    assert burner.state.burning_since == lit_at, "a gap in the signal is no relighting"
    burner.flame(OUT)
    assert burner.state.burning_since == lit_at, "one word of a sensor that may bounce"
    burner.watch(OUT_LASTS, CLOSED)
    assert burner.state.burning_since is None


def test_the_longest_burn_ends_in_a_trip():
    burner = ready(max_burn=3600.0)
    burner.flame(LIT)
    assert burner.state.must_end_at == burner.now + 3600
    assert not opens(burner.watch(3599, CLOSED))
    told = only_tell(burner.watch(1, CLOSED), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.MAX_BURN, Source.GUARD)


def test_a_silent_flame_sensor_does_not_stop_the_longest_burn():
    burner = ready(max_burn=3600.0)
    burner.flame(LIT)
    burner.flame(UNKNOWN)
    assert opens(burner.watch(3600, CLOSED))


def test_the_longest_burn_starts_anew_with_each_lighting():
    burner = ready(max_burn=3600.0)
    for _ in range(3):
        burner.flame(LIT)
        assert not opens(burner.watch(3000, CLOSED))
        burner.flame(OUT)
        assert not opens(burner.watch(OUT_LASTS, CLOSED))


def test_without_a_longest_burn_nothing_ends_by_itself():
    burner = ready()
    burner.flame(LIT)
    assert burner.state.must_end_at is None
    assert not opens(burner.watch(24 * 3600, CLOSED))


def test_a_hot_thermocouple_has_time_to_cool_after_a_trip():
    burner = tripped_hot(flame_out_within=120.0)
    assert not tells(burner.watch(119, OPEN), Kind.TRIP_FAILED)
    burner.flame(OUT)
    assert burner.phase is Phase.TRIPPED
    assert not tells(burner.watch(600, OPEN), Kind.TRIP_FAILED)


def test_a_flame_that_burns_on_behind_an_open_contact_is_a_failed_trip():
    burner = tripped_hot(flame_out_within=120.0)
    out = burner.watch(120.1, OPEN)
    assert "burns on" in only_tell(out, Kind.TRIP_FAILED).details["message"]
    assert opens(out)
    assert only_tell(out, Kind.LOCKED).reason == Lock.STUCK
    assert burner.phase is Phase.TRIP_FAILED


def test_the_failure_stays_while_the_flame_burns_however_open_the_contact_reads():
    burner = burning_on()
    burner.watch(600, OPEN)
    assert burner.phase is Phase.TRIP_FAILED


def test_an_off_while_the_flame_burns_on_is_not_confirmed():
    burner = burning_on()
    burner.off(ref=7)
    burner.now += 0.1
    out = burner.read(OPEN)
    assert statuses(out, 7) == [Status.FAILED]
    assert burner.phase is Phase.TRIP_FAILED


def test_when_it_is_out_at_last_the_burner_stays_locked_until_a_rearm():
    burner = burning_on()
    burner.flame(OUT)
    assert burner.phase is Phase.TRIP_FAILED, "one word of a sensor that may bounce"
    burner.watch(OUT_SETTLES, OPEN)
    assert burner.phase is Phase.LOCKED_OUT
    assert burner.state.locks == {Lock.STUCK}
    assert not closes(burner.watch(60, OPEN))
    assert closes(burner.rearm())


def test_when_it_is_out_during_another_opening_that_one_must_still_be_confirmed():
    burner = burning_on()
    burner.off()
    burner.goes_out()
    assert burner.phase is Phase.TRIP_FAILED
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT


def test_a_flame_lit_behind_an_open_contact_fails_too():
    for burner in (tripped(rearm_after=300.0), locked_out()):
        burner.flame(LIT)
        out = burner.watch(120.1, OPEN)
        assert tells(out, Kind.TRIP_FAILED)
        assert Lock.STUCK in burner.state.locks


def test_a_flame_that_burns_on_a_second_time_is_latched_once():
    burner = burning_on()
    burner.goes_out()
    burner.flame(LIT)
    out = burner.watch(120.1, OPEN)
    assert tells(out, Kind.TRIP_FAILED)
    assert not tells(out, Kind.LOCKED)


def test_a_flame_seen_while_opening_is_judged_from_the_confirmation_on():
    burner = tripping(flame_out_within=30.0)
    burner.flame(LIT)
    burner.now += 1
    burner.read(OPEN)
    assert not tells(burner.watch(29.8, OPEN), Kind.TRIP_FAILED)
    assert tells(burner.watch(0.4, OPEN), Kind.TRIP_FAILED)


def test_pressing_off_again_and_again_does_not_postpone_the_judgement():
    burner = tripped_hot(flame_out_within=120.0)
    heard = []
    for _ in range(6):
        heard += burner.watch(25, OPEN)
        heard += burner.off()
        burner.now += 0.1
        heard += burner.read(OPEN)
    assert tells(heard, Kind.TRIP_FAILED)


def test_a_closing_from_outside_starts_the_judgement_anew():
    burner = tripped_hot(flame_out_within=120.0)
    burner.watch(100, OPEN)
    burner.read(CLOSED)
    burner.now += 0.1
    burner.read(OPEN)
    assert not tells(burner.watch(119, OPEN), Kind.TRIP_FAILED)


def test_a_flame_lit_behind_an_unanswered_close_takes_it_back():
    """Seed 2026112, session 1579: a close that had waited for its relay left though it was lit."""
    burner = closing()
    out = burner.flame(LIT)
    (command,) = opens(out)
    assert command.overtakes_close
    assert not tells(out, Kind.TRIP), "the last demand stands again, and was told"
    burner.read(CLOSED, asked_ago=0.01)
    assert burner.phase is Phase.TRIPPING, "that may be what the close has left behind"
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED
    assert not closes(burner.watch(60, OPEN))
    burner.flame(OUT)
    assert closes(burner.watch(OUT_SETTLES, OPEN))


def test_a_close_that_is_taken_back_is_not_confirmed_by_a_read_back_asked_before_that():
    burner = closing()
    burner.now += 0.1
    burner.flame(LIT)
    burner.read(OPEN, asked_ago=0.05)
    assert burner.phase is Phase.TRIPPING, "the close may have come to the relay since"


def test_a_flame_lit_behind_an_unanswered_close_is_not_latched_while_nobody_sees_the_contact():
    burner = closing()
    burner.flame(LIT)
    assert tells(burner.wait(300), Kind.TRIP_FAILED)
    assert not burner.state.locks, "it is late, for all anybody knows"


def test_a_flame_lit_while_the_guard_closes_what_it_found_open_takes_that_back():
    burner = Burner()
    assert closes(burner.read(OPEN))
    burner.now += 0.01
    assert opens(burner.flame(LIT))
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED


def test_a_close_that_did_not_take_starts_the_judgement_anew():
    burner = closing()
    burner.flame(LIT)
    burner.wait(300)
    burner.read(OPEN)
    assert not tells(burner.watch(119, OPEN), Kind.TRIP_FAILED)
    assert tells(burner.watch(2, OPEN), Kind.TRIP_FAILED)


def test_a_sensor_that_falls_silent_after_a_trip_is_judged_as_a_flame_that_burns_on():
    burner = tripped_hot(flame_out_within=120.0, rearm_after=2.0)
    burner.flame(UNKNOWN)
    out = burner.watch(119, OPEN)
    assert not closes(out) and not tells(out, Kind.TRIP_FAILED)
    told = only_tell(burner.watch(2, OPEN), Kind.TRIP_FAILED)
    assert "no sensor says that the flame is out" in told.details["message"]
    assert burner.state.locks == {Lock.STUCK}


def test_one_that_bounces_does_not_postpone_the_judgement():
    burner = tripped_hot(flame_out_within=120.0, rearm_after=2.0)
    out = []
    for _ in range(125):
        burner.flame(OUT)
        out += burner.watch(0.5, OPEN)
        burner.flame(LIT)
        out += burner.watch(0.5, OPEN)
    assert tells(out, Kind.TRIP_FAILED)
    assert not closes(out)


def test_what_reads_out_when_it_is_judged_is_given_the_time_to_settle():
    burner = tripped_hot(flame_out_within=120.0)
    burner.watch(119, OPEN)
    burner.flame(OUT)
    assert not tells(burner.watch(60, OPEN), Kind.TRIP_FAILED)


def test_one_that_lights_again_before_it_has_settled_is_judged_at_once():
    burner = tripped_hot(flame_out_within=120.0)
    burner.watch(119, OPEN)
    burner.flame(OUT)
    burner.watch(2, OPEN)
    burner.flame(LIT)
    assert tells(burner.tick(), Kind.TRIP_FAILED)


def test_a_sensor_that_comes_and_goes_does_not_postpone_the_judgement():
    burner = tripped_hot(flame_out_within=120.0, rearm_after=600.0)
    heard = []
    for _ in range(5):
        heard += burner.watch(25, OPEN)
        burner.flame(UNKNOWN)
        burner.flame(LIT)
    assert tells(heard, Kind.TRIP_FAILED)


def test_who_has_looked_may_rearm_what_no_sensor_calls_out():
    burner = tripped_hot(flame_out_within=600.0)
    burner.flame(UNKNOWN)
    assert not closes(burner.watch(20, OPEN))
    assert rejection(burner.rearm(Source.MQTT)) == "flame_lit"
    assert closes(burner.rearm(Source.CLI))
    assert not burner.state.flame_seen


def test_who_has_looked_may_rearm_what_was_judged_to_burn_on():
    burner = burning_on()
    assert rejection(burner.rearm(Source.CLI)) == "trip_failed", "its sensor says that it burns"
    burner.flame(UNKNOWN)
    assert rejection(burner.rearm(Source.MQTT)) == "flame_lit"
    assert closes(burner.rearm(Source.CLI))
    assert not burner.state.locks


def test_a_failed_opening_is_no_matter_of_looking():
    burner = ready()
    burner.flame(LIT)
    burner.flame(UNKNOWN)
    burner.off()
    burner.wait(2.0)
    assert rejection(burner.rearm(Source.CLI)) == "trip_failed"


def test_the_judgement_of_one_trip_does_not_reach_into_the_next():
    burner = tripped_hot(flame_out_within=120.0, rearm_after=2.0)
    burner.watch(20, OPEN)
    burner.flame(OUT)
    assert closes(burner.watch(OUT_SETTLES, OPEN))
    burner.now += 0.1
    burner.read(CLOSED)
    assert burner.phase is Phase.READY
    burner.flame(LIT)
    burner.watch(300, CLOSED)
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    assert not tells(burner.watch(119, OPEN), Kind.TRIP_FAILED)


@pytest.mark.parametrize("flame", list(Flame))
def test_no_flame_signal_makes_a_ready_burner_trip_by_itself(flame):
    burner = ready()
    assert not opens(burner.flame(flame))
    assert burner.phase is Phase.READY
    assert next_deadline(burner.state) > burner.now


def test_the_longest_burn_holds_for_a_jogging_module_lit_again_while_tripped():
    burner = tripped(jog=True, max_burn=30.0, rearm_after=600.0, flame_out_within=600.0)
    burner.watch(5, CLOSED)
    burner.flame(LIT)
    assert not opens(burner.watch(29, CLOSED))
    told = only_tell(burner.watch(1.1, CLOSED), Kind.TRIP)
    assert told.reason == Reason.MAX_BURN
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED
    assert not tells(burner.watch(60, CLOSED), Kind.TRIP), "one trip; what stays hot cools"


def test_the_longest_burn_holds_for_a_jogging_module_whose_last_trip_was_not_saved():
    jogs = {"jog": True, "max_burn": 30.0, "rearm_after": 600.0, "flame_out_within": 600.0}
    burner = Burner((Record(held_open=True), stamp_at(1.0)), **jogs)
    burner.read(OPEN)
    assert (burner.phase, burner.state.last_trip) == (Phase.TRIPPED, None)
    burner.flame(LIT)
    assert not opens(burner.watch(29.9, CLOSED))
    assert only_tell(burner.watch(0.2, CLOSED), Kind.TRIP).reason is Reason.MAX_BURN
    burner.read(OPEN)
    assert not tells(burner.watch(60, CLOSED), Kind.TRIP), "uncertain means off, but once"


def test_the_longest_burn_holds_for_a_jogging_module_lit_again_soon_after_a_trip_for_it():
    """Seed 2026112, session 781: tripped behind its longest burn, lit anew 7 s after it was out."""
    burner = ready(jog=True, max_burn=30.0, rearm_after=600.0, flame_out_within=600.0)
    burner.flame(LIT)
    assert tells(burner.watch(30, CLOSED), Kind.TRIP)
    burner.read(OPEN)
    burner.goes_out()
    burner.watch(5, CLOSED)
    burner.flame(LIT)
    assert not opens(burner.watch(29, CLOSED))
    assert only_tell(burner.watch(1.1, CLOSED), Kind.TRIP).reason is Reason.MAX_BURN


def seen_again_behind_a_trip(*, garbled: bool):
    """A jogging module: it burnt for 10 s, was tripped, and perhaps its sensor said nonsense."""
    burner = ready(jog=True, max_burn=30.0, rearm_after=600.0, flame_out_within=600.0)
    burner.flame(LIT)
    burner.watch(10, CLOSED)
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    if garbled:
        burner.flame(UNKNOWN)
    return burner


@pytest.mark.parametrize("garbled", [True, False])
def test_what_is_lit_behind_a_jog_and_an_unsound_word_burns_no_longer_than_any(garbled):
    """Seed 20261128, session 1978: lit by hand while the sensor said nothing sound."""
    burner = seen_again_behind_a_trip(garbled=garbled)
    burner.watch(5, CLOSED)
    burner.flame(LIT)
    burner.watch(1, CLOSED)
    burner.goes_out()
    assert (burner.state.burning_since is not None) is garbled, "what was seen all along is over"
    burner.flame(LIT)
    out = burner.watch(26, CLOSED)
    assert bool(opens(out)) is garbled, "30 s from the first sight of it"


def test_what_is_lit_behind_a_contact_that_is_read_open_is_the_old_flame():
    burner = seen_again_behind_a_trip(garbled=True)
    before = burner.state.burning_since
    burner.flame(LIT)
    assert burner.state.burning_since == before


@pytest.mark.parametrize("lit_again_after", [1.0, 5.0])
def test_a_jogging_module_that_was_shut_off_is_not_tripped_for_the_burn_before(lit_again_after):
    burner = ready(jog=True, max_burn=30.0, rearm_after=600.0, flame_out_within=600.0)
    burner.flame(LIT)
    burner.watch(20, CLOSED)
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    burner.flame(OUT)
    burner.watch(lit_again_after, CLOSED)
    burner.flame(LIT)
    out = burner.watch(12, CLOSED)
    assert bool(opens(out)) is (lit_again_after < OUT_SETTLES), "not settled: it may burn on"


def test_an_opening_of_a_jogging_module_that_nobody_saw_ends_no_burn():
    burner = ready(jog=True, max_burn=30.0, rearm_after=600.0, flame_out_within=600.0)
    burner.flame(LIT)
    burner.off()
    burner.wait(10)
    burner.goes_out()
    assert burner.phase is Phase.TRIP_FAILED
    assert burner.state.burning_since is not None


@pytest.mark.parametrize("make", [tripped, locked_out])
def test_the_longest_burn_holds_while_nobody_can_see_whether_the_contact_is_still_open(make):
    """Seed 2026112, session 6: closed from outside and lit behind a relay that was gone."""
    burner = make(max_burn=30.0, rearm_after=600.0, flame_out_within=600.0)
    burner.flame(LIT)
    out = burner.wait(29)
    assert burner.state.contact is Contact.UNKNOWN
    assert not opens(out)
    out = burner.wait(1.1)
    assert opens(out)
    assert only_tell(out, Kind.TRIP).reason is Reason.MAX_BURN
    assert tells(burner.wait(2), Kind.TRIP_FAILED)
    assert len(opens(burner.wait(600))) == 0, "once; the keeper goes on"


def test_a_trip_behind_the_longest_burn_is_not_made_again_when_its_relay_falls_silent():
    burner = ready(max_burn=30.0, rearm_after=600.0, flame_out_within=600.0)
    burner.flame(LIT)
    assert tells(burner.watch(30, CLOSED), Kind.TRIP)
    burner.now += 0.1
    burner.read(OPEN)
    assert not tells(burner.wait(60), Kind.TRIP), "one trip; what stays hot cools"


def test_a_burn_that_was_over_before_the_relay_fell_silent_trips_nothing():
    burner = tripped_hot(max_burn=30.0, rearm_after=600.0)
    burner.goes_out()
    assert not tells(burner.wait(60), Kind.TRIP)


def test_the_longest_burn_does_not_trip_again_what_is_open():
    burner = tripped(max_burn=30.0, rearm_after=600.0, flame_out_within=600.0)
    burner.flame(LIT)
    assert not tells(burner.watch(60, OPEN), Kind.TRIP)


def test_a_longest_burn_that_ends_before_the_first_look_at_the_relay_trips():
    gone = ready(max_burn=60.0)
    gone.flame(LIT)
    saved = (record_of(gone.state), stamp_at(gone.now))
    burner = Burner(saved, stamp_at(gone.now + 30), max_burn=60.0)
    assert burner.phase is Phase.STARTING
    assert only_tell(burner.wait(30), Kind.TRIP).reason is Reason.MAX_BURN


def test_a_longest_burn_trips_once_and_on_time_though_the_relay_is_silent():
    burner = ready(max_burn=60.0)
    burner.flame(LIT)
    assert not opens(burner.wait(59.9))
    assert len(opens(burner.wait(600))) == 1


def test_a_flame_that_burns_while_nobody_can_see_the_contact_is_no_stuck_relay():
    burner = tripped_hot(flame_out_within=120.0)
    burner.watch(119, OPEN)
    burner.off()
    burner.wait(60)
    assert burner.phase is Phase.TRIP_FAILED
    assert not burner.state.locks, "it is late, for all anybody knows"


def test_a_flame_lit_long_after_the_trip_has_the_whole_time_to_go_out():
    burner = tripped(rearm_after=600.0, flame_out_within=120.0)
    burner.watch(100, OPEN)
    burner.flame(LIT)
    assert not tells(burner.watch(119, OPEN), Kind.TRIP_FAILED)
    assert tells(burner.watch(2, OPEN), Kind.TRIP_FAILED)


def test_a_confirmed_trip_ends_the_burn_unless_the_flame_still_reads_lit():
    assert tripped_hot().state.burning_since is not None
    burner = ready()
    burner.flame(LIT)
    burner.flame(UNKNOWN)
    burner.off()
    assert burner.state.burning_since is not None
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.state.burning_since is None


def test_an_off_that_finds_the_flame_burning_on_says_so():
    burner = burning_on()
    burner.off(ref=7)
    burner.now += 0.1
    (answer,) = [one for one in burner.read(OPEN) if isinstance(one, Answer)]
    assert answer.code == "flame_burns_on"
    assert "burns on" in answer.message


def test_a_flame_lit_after_a_close_that_did_not_take_has_the_whole_time_to_go_out():
    burner = closing(flame_out_within=120.0)
    burner.read(OPEN)
    burner.now += 1.5
    burner.flame(LIT)
    assert not tells(burner.watch(119.8, OPEN), Kind.TRIP_FAILED)
    assert tells(burner.watch(0.4, OPEN), Kind.TRIP_FAILED)


def test_the_judgement_of_one_trip_does_not_reach_into_one_from_outside():
    burner = tripped_hot(flame_out_within=120.0)
    burner.watch(20, OPEN)
    burner.flame(UNKNOWN)
    burner.read(CLOSED)
    burner.flame(LIT)
    burner.watch(300, CLOSED)
    burner.read(OPEN)
    burner.now += 0.1
    burner.read(OPEN)
    assert not tells(burner.watch(119, OPEN), Kind.TRIP_FAILED)


def test_a_flame_that_went_out_and_is_lit_again_has_the_whole_time_to_go_out():
    burner = tripped_hot(flame_out_within=120.0, rearm_after=600.0)
    burner.watch(50, OPEN)
    burner.flame(OUT)
    burner.watch(50, OPEN)
    burner.flame(LIT)
    assert not tells(burner.watch(119, OPEN), Kind.TRIP_FAILED)
