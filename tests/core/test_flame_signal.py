"""A flame signal that cannot be trusted: silent, misunderstood, bouncing, kept by a broker."""

import pytest

from gasguard.core import next_deadline
from gasguard.core.messages import FLAME, FlameRead, Kind, SensorGarbled, SensorReachable
from gasguard.core.model import OUT_LASTS, OUT_SETTLES, Flame, Phase, Reason, Source
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    OPEN,
    START,
    Burner,
    closes,
    closing,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    starting,
    tells,
    tripped,
)

LIT, OUT, UNKNOWN = Flame.LIT, Flame.OUT, Flame.UNKNOWN


def restarted(burner: Burner, away: float = 1.0, **settings: object) -> Burner:
    saved = (record_of(burner.state), stamp_at(burner.now))
    same = {"max_burn": burner.settings.max_burn, **settings}
    return Burner(saved, stamp_at(burner.now + away), **same)


# --- silence --------------------------------------------------------------------------------------


def test_a_sensor_not_heard_for_long_says_nothing_any_more_and_that_is_told():
    burner = ready(flame_expires_after=90.0)
    burner.flame(OUT)
    assert not tells(burner.watch(89.9, CLOSED), Kind.SENSOR_SILENT)
    told = only_tell(burner.watch(0.2, CLOSED), Kind.SENSOR_SILENT)
    assert told.details["sensor"] == FLAME
    assert told.details["message"] == (
        "the flame sensor has said nothing for longer than its expire_after: nobody knows whether "
        "it burns; look after it"
    ), "no word of max_burn, which there is none of"
    assert burner.state.flame is UNKNOWN
    assert not tells(burner.watch(3600, CLOSED), Kind.SENSOR_SILENT), "told once"
    out = burner.flame(OUT)
    assert only_tell(out, Kind.SENSOR_RECOVERED).details == {"sensor": FLAME}
    assert burner.state.flame is OUT


def test_nonsense_is_told_as_such_however_long_the_guard_listens():
    burner = ready(flame_expires_after=90.0)
    for _ in range(3):
        burner.flame(OUT)
        burner.watch(60, CLOSED)
    told = only_tell(burner.send(SensorGarbled(FLAME, "says 'soup'")), Kind.SENSOR_SILENT)
    assert "soup" in told.details["message"]


def test_every_word_counts_as_being_heard():
    burner = ready(flame_expires_after=90.0)
    burner.flame(LIT)
    for word in (LIT, None, None):
        burner.watch(80, CLOSED)
        burner.send(FlameRead(word))
    assert burner.state.flame is LIT


def test_what_a_broker_has_kept_is_no_sign_of_life_and_ends_no_flame():
    burner = ready(flame_expires_after=90.0)
    burner.send(FlameRead(OUT, stored=True))
    assert burner.state.flame is UNKNOWN
    assert tells(burner.send(FlameRead(LIT, stored=True)), Kind.FLAME_LIT)
    burner.send(FlameRead(OUT, stored=True))
    assert burner.state.flame is LIT
    burner.now = START + 90
    assert tells(burner.tick(), Kind.SENSOR_SILENT)


def test_the_silence_is_due_when_the_deadline_says():
    burner = starting(flame_expires_after=15.0)
    burner.flame(OUT)
    heard = burner.now
    burner.wait(12)
    assert next_deadline(burner.state) == heard + 15


def test_a_word_that_nobody_understands_is_told_and_takes_the_flame_away():
    burner = ready(max_burn=7200.0)
    burner.flame(OUT)
    out = burner.send(SensorGarbled(FLAME, "says 'soup', which is not understood"))
    message = only_tell(out, Kind.SENSOR_SILENT).details["message"]
    assert "the flame sensor says 'soup', which is not understood" in message
    assert "max_burn counts on as if it burnt" in message
    assert burner.state.flame is UNKNOWN
    assert burner.send(SensorGarbled(FLAME, "says 'stew'")) == (), "told once"
    assert burner.state.flame_hearing.wrong == "says 'stew'", "but shown as it is"
    assert tells(burner.flame(OUT), Kind.SENSOR_RECOVERED)


def test_one_that_is_offline_is_silent_until_it_is_back():
    burner = ready()
    burner.flame(OUT)
    assert tells(burner.send(SensorReachable(FLAME, False)), Kind.SENSOR_SILENT)
    assert burner.state.flame is UNKNOWN
    assert tells(burner.send(SensorReachable(FLAME, True)), Kind.SENSOR_RECOVERED)
    assert burner.state.flame is UNKNOWN, "others' word that it is there is none of its own"


def test_without_a_flame_sensor_nothing_is_heard():
    burner = ready(flame_expires_after=None, max_burn=60.0)
    before = burner.state
    words = (LIT, OUT, None)
    events = [FlameRead(word, stored) for word in words for stored in (True, False)]
    for event in (*events, SensorGarbled(FLAME, "x"), SensorReachable(FLAME, False)):
        assert burner.send(event) == ()
    assert burner.state == before
    assert not opens(burner.watch(120, CLOSED))


# --- the longest burn -----------------------------------------------------------------------------


def test_while_nobody_sees_the_flame_the_longest_burn_counts_from_the_closing():
    burner = ready(max_burn=3600.0)
    assert burner.state.must_end_at == START + 3600
    heard = burner.watch(3599, CLOSED)
    assert not opens(heard)
    assert "no sound word of the flame" in only_tell(heard, Kind.PREWARNING).details["message"]
    told = only_tell(burner.watch(1.1, CLOSED), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.MAX_BURN, Source.GUARD)
    assert "no sound word of the flame" in told.details["message"]


def test_it_counts_anew_with_each_closing():
    burner = ready(max_burn=3600.0, rearm_after=10.0)
    burner.watch(3000, CLOSED)
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    assert burner.state.must_end_at is None, "an open contact lets nothing burn"
    assert closes(burner.watch(10, OPEN))
    burner.now += 0.1
    burner.read(CLOSED)
    assert burner.state.must_end_at == burner.now + 3600


def test_a_sensor_that_falls_silent_while_it_says_out_starts_the_count():
    burner = ready(max_burn=3600.0, flame_expires_after=600.0)
    burner.goes_out()
    burner.watch(OUT_LASTS, CLOSED)
    assert burner.state.must_end_at is None
    burner.watch(600, CLOSED)
    assert burner.state.flame is UNKNOWN
    assert opens(burner.watch(3600, CLOSED))


def test_a_flame_seen_at_last_counts_from_its_sight():
    """A sensor that speaks of changes only, and somebody who lights the burner after a restart."""
    burner = ready(max_burn=3600.0)
    burner.watch(3000, CLOSED)
    burner.flame(LIT)
    seen_at = burner.now
    out = burner.watch(3599, CLOSED)
    assert not opens(out)
    told = only_tell(burner.watch(2, CLOSED), Kind.TRIP)
    assert told.reason == Reason.MAX_BURN
    assert burner.state.last_trip.began == pytest.approx(seen_at + 3600)
    assert "message" not in told.details, "it was seen to burn"


def test_what_a_broker_has_kept_is_no_sight_of_it():
    burner = ready(max_burn=3600.0)
    burner.watch(3000, CLOSED)
    burner.send(FlameRead(LIT, stored=True))
    assert opens(burner.watch(600, CLOSED))


def test_of_two_reasons_to_count_the_earlier_counts():
    burner = ready(max_burn=3600.0)
    burner.goes_out()
    burner.watch(OUT_LASTS, CLOSED)
    burner.flame(LIT)
    lit_at = burner.now
    burner.watch(100, CLOSED)
    burner.flame(UNKNOWN)
    assert burner.state.must_end_at == lit_at + 3600


def test_an_out_that_does_not_last_begins_no_new_burn():
    burner = ready(max_burn=7200.0)
    burner.flame(OUT)
    burner.watch(OUT_LASTS, CLOSED)
    burner.flame(LIT)
    lit_at = burner.now
    out = []
    for _ in range(3):
        out += burner.watch(2400 - OUT_LASTS, CLOSED)
        burner.flame(OUT)
        out += burner.watch(OUT_LASTS - 1, CLOSED)
        burner.flame(LIT)
        out += burner.watch(1, CLOSED)
    assert only_tell(out, Kind.TRIP).reason == Reason.MAX_BURN
    assert burner.state.last_trip.began == pytest.approx(lit_at + 7200)


def test_nor_does_it_over_a_restart():
    burner = ready(max_burn=7200.0)
    burner.flame(LIT)
    lit_at = burner.now
    burner.watch(100, CLOSED)
    burner.flame(OUT)
    burner.watch(OUT_LASTS - 1, CLOSED)
    later = restarted(burner)
    later.read(CLOSED)
    later.flame(OUT)
    later.watch(OUT_LASTS - 1, CLOSED)
    later.flame(LIT)
    assert later.state.must_end_at == lit_at + 7200


def test_the_time_in_which_nobody_saw_counts_over_a_restart():
    burner = ready(max_burn=3600.0)
    burner.watch(3000, CLOSED)
    later = restarted(burner)
    assert later.state.must_end_at == START + 3600
    later.read(CLOSED)
    assert opens(later.watch(600, CLOSED))


def test_where_no_clock_says_how_long_that_was_it_opens_first():
    burner = ready(max_burn=3600.0)
    saved = (record_of(burner.state), stamp_at(burner.now, synchronised=False))
    later = Burner(saved, stamp_at(5.0, "another boot"), max_burn=3600.0)
    assert opens(later.first)


# --- closing --------------------------------------------------------------------------------------


def test_a_flame_seen_before_a_restart_holds_the_contact_open_after_it():
    burner = ready(rearm_after=2.0)
    burner.flame(LIT)
    burner.off()
    later = restarted(burner, rearm_after=2.0, flame_out_within=600.0)
    later.read(OPEN)
    assert not closes(later.watch(300, OPEN))
    later.flame(OUT)
    assert closes(later.watch(OUT_SETTLES, OPEN))


def test_a_flame_out_for_long_enough_before_a_restart_does_not():
    burner = ready(rearm_after=2.0)
    burner.flame(LIT)
    burner.goes_out()
    burner.off()
    later = restarted(burner, rearm_after=2.0)
    later.read(OPEN)
    assert closes(later.watch(2, OPEN))


def test_a_silent_sensor_that_saw_no_flame_holds_nothing_open():
    burner = tripped(rearm_after=2.0)
    burner.flame(UNKNOWN)
    assert closes(burner.watch(2, OPEN))


def test_out_counts_once_it_has_lasted_and_not_before():
    burner = ready(rearm_after=2.0)
    burner.flame(LIT)
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    burner.watch(5, OPEN)
    burner.flame(OUT)
    assert not closes(burner.watch(OUT_SETTLES - 0.1, OPEN))
    burner.flame(LIT)
    burner.flame(OUT)
    assert not closes(burner.watch(OUT_SETTLES - 0.1, OPEN))
    assert closes(burner.watch(0.2, OPEN))
    assert burner.phase is Phase.TRIPPED


def test_a_kept_lit_of_a_silent_sensor_may_burn_and_is_no_word_that_stays():
    burner = ready(flame_expires_after=15.0, flame_out_within=120.0)
    burner.watch(20, CLOSED)
    assert tells(burner.send(FlameRead(LIT, stored=True)), Kind.FLAME_LIT)
    assert burner.state.flame is UNKNOWN and burner.state.flame_seen
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    assert tells(burner.watch(121, OPEN), Kind.TRIP_FAILED)
    assert closes(burner.rearm(Source.CLI)), "whoever has looked may"


def test_a_hot_thermocouple_after_the_longest_burn_is_no_second_one():
    burner = ready(max_burn=600.0, rearm_after=10.0)
    burner.flame(LIT)
    burner.watch(600, CLOSED)
    burner.read(OPEN)
    burner.watch(25, OPEN)
    burner.flame(OUT)
    assert closes(burner.watch(OUT_SETTLES, OPEN))
    burner.now += 0.1
    burner.read(CLOSED)
    assert not opens(burner.watch(300, CLOSED))


def test_nobody_looks_away_an_opening_that_is_under_way():
    burner = ready(flame_out_within=30.0)
    burner.flame(LIT)
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    burner.flame(UNKNOWN)
    burner.watch(31, OPEN)
    assert burner.phase is Phase.TRIP_FAILED
    burner.off()
    assert rejection(burner.rearm(Source.CLI)) == "trip_failed"


def test_a_jogging_module_has_closed_by_itself_and_proves_no_dropped_magnet():
    burner = tripped(jog=True, max_burn=600.0, rearm_after=300.0)
    burner.flame(LIT)
    burner.goes_out()
    assert burner.state.burning_since is not None


def test_what_was_lit_while_it_closed_is_judged_once_it_is_seen_open_again():
    burner = closing(flame_out_within=30.0)
    burner.flame(LIT)
    burner.read(CLOSED)
    burner.watch(60, CLOSED)
    burner.read(OPEN)
    assert not tells(burner.watch(29, OPEN), Kind.TRIP_FAILED)
    assert tells(burner.watch(2, OPEN), Kind.TRIP_FAILED)
