"""The longest burn's warning, nobody in the kitchen or at home; and what a touch puts off."""

import pytest

from gasguard.core.messages import (
    CancelReminders,
    ExtendTimer,
    Kind,
    PeopleRead,
    SensorGarbled,
    SensorReachable,
    Status,
)
from gasguard.core.model import Flame, PeopleSensor, Phase, Place, Reason, Source
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    NEVER,
    OPEN,
    Burner,
    Commands,
    closes,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    statuses,
    tells,
    tripped,
)

PIR = PeopleSensor("pir", Place.PRESENCE, 3600.0)
HOME = PeopleSensor("home", Place.HOME, NEVER)
ALONE = {"people_sensors": (PIR,), "unattended": 300.0, "prewarn": 60.0}
AWAY = {"people_sensors": (HOME,), "away": 120.0}
LIMIT = {"max_burn": 7200.0, "prewarn": 60.0}
TICK = 0.001
EXTENDED = Kind.TIMER_EXTENDED


def cooking(**settings: object) -> Burner:
    burner = ready(**settings)
    burner.flame(Flame.LIT)
    return burner


def says(burner: Burner, there: bool | None, sensor: str = "pir", stored: bool = False) -> Commands:
    return burner.send(PeopleRead(sensor, there, stored))


def warnings(out: Commands) -> list[str | None]:
    return [tell.reason for tell in tells(out, Kind.PREWARNING)]


def trips(out: Commands) -> list[str | None]:
    return [tell.reason for tell in tells(out, Kind.TRIP)]


# --- nobody in the kitchen ------------------------------------------------------------------------


def test_nobody_in_the_kitchen_is_warned_of_then_shut_off_to_the_moment():
    burner = cooking(**ALONE)
    says(burner, False)
    assert not warnings(burner.watch(300 - TICK, CLOSED))
    warning = only_tell(burner.watch(TICK, CLOSED), Kind.PREWARNING)
    assert (warning.reason, warning.source) == (Reason.UNATTENDED, Source.GUARD)
    assert warning.details["remaining_s"] == 60.0
    assert not opens(burner.watch(60 - TICK, CLOSED))
    heard = burner.watch(TICK, CLOSED)
    assert opens(heard)
    assert only_tell(heard, Kind.TRIP).reason is Reason.UNATTENDED


def test_with_no_time_to_warn_it_is_warned_of_all_the_same():
    burner = cooking(**{**ALONE, "prewarn": 0.0})
    heard = burner.watch(300, CLOSED)
    assert (warnings(heard), trips(heard)) == ([Reason.UNATTENDED], [Reason.UNATTENDED])


def test_whoever_returns_in_time_ends_it_and_it_counts_anew_when_they_leave():
    burner = cooking(**ALONE)
    says(burner, False)
    assert warnings(burner.watch(330, CLOSED))
    says(burner, True)
    assert not trips(burner.watch(3000, CLOSED))
    says(burner, False)
    assert not warnings(burner.watch(300 - TICK, CLOSED))
    assert warnings(burner.watch(TICK, CLOSED))


def test_what_is_lit_while_nobody_was_there_for_long_counts_from_then():
    burner = ready(**ALONE)
    says(burner, False)
    burner.watch(3000, CLOSED)
    burner.flame(Flame.LIT)
    assert not warnings(burner.watch(300 - TICK, CLOSED))
    assert warnings(burner.watch(TICK, CLOSED))


def test_what_does_not_burn_needs_nobody():
    burner = ready(**ALONE)
    says(burner, False)
    assert not warnings(burner.watch(3000, CLOSED))
    burner.flame(Flame.LIT)
    burner.watch(200, CLOSED)
    burner.goes_out()
    assert not warnings(burner.watch(3000, CLOSED))


def test_a_flame_that_is_not_seen_any_more_still_counts():
    burner = cooking(**ALONE)
    says(burner, False)
    burner.send(SensorReachable("flame", False))
    assert burner.state.flame is Flame.UNKNOWN
    assert trips(burner.watch(400, CLOSED)) == [Reason.UNATTENDED]


def test_no_word_since_the_start_is_no_presence():
    burner = cooking(**ALONE)
    assert warnings(burner.watch(300, CLOSED))


@pytest.mark.parametrize("stored", [True, False])
def test_what_a_broker_has_kept_is_no_presence_but_may_be_absence(stored):
    burner = cooking(**ALONE)
    says(burner, True, stored=stored)
    assert bool(warnings(burner.watch(300, CLOSED))) is stored
    burner = cooking(**ALONE)
    says(burner, True)
    says(burner, False, stored=stored)
    assert warnings(burner.watch(300, CLOSED))


def test_a_word_about_something_else_changes_nothing():
    burner = cooking(**ALONE)
    says(burner, True)
    says(burner, None)
    assert not warnings(burner.watch(300, CLOSED))


@pytest.mark.parametrize(
    "falls_silent",
    [
        SensorReachable("pir", False),
        SensorGarbled("pir", "says 'soup'"),
    ],
)
def test_a_silent_sensor_suspends_it_is_told_and_is_no_presence(falls_silent):
    burner = cooking(**ALONE)
    says(burner, True)
    burner.watch(100, CLOSED)
    told = only_tell(burner.send(falls_silent), Kind.SENSOR_SILENT)
    assert told.details["sensor"] == "pir"
    assert "unattended" in str(told.details["message"])
    assert not warnings(burner.watch(1000, CLOSED))
    # Whoever was there has gone, for all that anybody knows: it counts from when it fell silent.
    heard = says(burner, False)
    assert tells(heard, Kind.SENSOR_RECOVERED)
    assert warnings(burner.tick())
    assert trips(burner.watch(60, CLOSED))


def test_one_that_falls_silent_during_the_warning_suspends_the_shutoff():
    burner = cooking(**ALONE)
    says(burner, False)
    burner.watch(330, CLOSED)
    burner.send(SensorReachable("pir", False))
    assert not trips(burner.watch(300, CLOSED))
    says(burner, False)
    assert warnings(burner.tick()), "it is warned of anew"
    assert trips(burner.watch(60, CLOSED))


def test_a_sensor_that_says_nothing_for_long_is_silent():
    burner = cooking(**{**ALONE, "unattended": 3700.0})
    says(burner, True)
    assert not tells(burner.watch(3600 - TICK, CLOSED), Kind.SENSOR_SILENT)
    assert tells(burner.watch(TICK, CLOSED), Kind.SENSOR_SILENT)
    assert not warnings(burner.watch(9000, CLOSED))


@pytest.mark.parametrize("sensor", ["pir", "home"])
def test_one_that_falls_silent_at_the_very_moment_of_the_shutoff_suspends_it(sensor):
    sensors = (PeopleSensor("pir", Place.PRESENCE, 360.0), PeopleSensor("home", Place.HOME, 60.0))
    limits = {"unattended": 300.0} if sensor == "pir" else {"away": 60.0}
    burner = cooking(people_sensors=sensors, prewarn=60.0, **limits)
    says(burner, False, sensor)
    heard = burner.watch(400, CLOSED)
    assert tells(heard, Kind.SENSOR_SILENT)
    assert (warnings(heard), trips(heard)) == ([Reason.UNATTENDED], [])


def test_its_silence_outlives_a_restart():
    gone = cooking(**ALONE)
    gone.watch(3600, CLOSED)
    burner = Burner((record_of(gone.state), stamp_at(gone.now)), stamp_at(gone.now), **ALONE)
    burner.read(CLOSED)
    burner.flame(Flame.LIT)
    assert not warnings(burner.watch(1000, CLOSED))
    assert tells(says(burner, True), Kind.SENSOR_RECOVERED)


def test_of_several_sensors_one_that_sees_somebody_is_enough_and_none_may_be_silent():
    both = (PIR, PeopleSensor("radar", Place.PRESENCE, NEVER))
    burner = cooking(**{**ALONE, "people_sensors": both})
    says(burner, False)
    says(burner, True, "radar")
    assert not warnings(burner.watch(1000, CLOSED))
    says(burner, False, "radar")
    assert warnings(burner.watch(300, CLOSED))
    burner.send(SensorReachable("radar", False))
    assert not trips(burner.watch(100, CLOSED))
    says(burner, True)
    says(burner, False)
    assert not warnings(burner.watch(1000, CLOSED))


def test_a_running_timer_suspends_it_and_its_cancelling_is_a_touch():
    burner = cooking(**ALONE)
    says(burner, False)
    burner.watch(330, CLOSED)
    burner.timer(3000)
    assert not trips(burner.watch(2000, CLOSED))
    burner.cancel()
    assert not warnings(burner.watch(300 - TICK, CLOSED))
    assert warnings(burner.watch(TICK, CLOSED))


@pytest.mark.parametrize(
    "touch",
    [
        lambda burner: burner.remind(600),
        lambda burner: burner.remind(-1),
        lambda burner: burner.send(CancelReminders(Source.WEB, 7, None)),
        lambda burner: burner.send(CancelReminders(Source.WEB, 7, "nothing")),
    ],
)
def test_whoever_sets_or_cancels_a_reminder_is_there(touch):
    burner = cooking(**ALONE)
    says(burner, False)
    assert warnings(burner.watch(300, CLOSED))
    burner.watch(30, CLOSED)
    touch(burner)
    assert not warnings(burner.watch(300 - TICK, CLOSED))
    assert warnings(burner.watch(TICK, CLOSED))


def test_even_a_refused_touch_is_a_touch():
    burner = cooking(**ALONE)
    says(burner, False)
    burner.watch(200, CLOSED)
    assert rejection(burner.extend(60)) == "no_timer"
    assert not warnings(burner.watch(300 - TICK, CLOSED))
    assert warnings(burner.watch(TICK, CLOSED))


@pytest.mark.parametrize("more, next_warning", [(30.0, 300.0), (300.0, 300.0), (900.0, 900.0)])
def test_an_extension_answers_the_warning(more, next_warning):
    burner = cooking(**ALONE)
    says(burner, False)
    burner.watch(300, CLOSED)
    heard = burner.extend(more)
    extended = only_tell(heard, Kind.TIMER_EXTENDED)
    assert (extended.reason, extended.details["extended_s"]) == (Reason.UNATTENDED, more)
    assert burner.state.timer is None, "nothing will end that somebody has not set"
    assert not warnings(burner.watch(next_warning - TICK, CLOSED))
    assert warnings(burner.watch(TICK, CLOSED))
    assert trips(burner.watch(60, CLOSED))


def test_the_same_answer_twice_counts_once():
    burner = cooking(**ALONE)
    burner.watch(300, CLOSED)
    assert tells(burner.send(ExtendTimer(Source.MQTT, 1, 900.0, "a")), Kind.TIMER_EXTENDED)
    again = burner.send(ExtendTimer(Source.MQTT, 2, 900.0, "a"))
    assert not tells(again, Kind.TIMER_EXTENDED)
    assert statuses(again) == [Status.ACCEPTED]
    assert rejection(burner.send(ExtendTimer(Source.MQTT, 3, 900.0, "b"))) == "no_timer"


@pytest.mark.parametrize(
    "more, code", [(0.0, "invalid_duration"), (-1.0, "invalid_duration"), (86401.0, "too_long")]
)
def test_an_answer_that_makes_no_sense_is_refused_and_puts_nothing_off(more, code):
    burner = cooking(**LIMIT)
    burner.watch(7140, CLOSED)
    assert rejection(burner.extend(more)) == code
    assert trips(burner.watch(60, CLOSED)) == [Reason.MAX_BURN]


def test_a_burner_behind_an_open_contact_is_not_warned_of():
    burner = cooking(**ALONE)
    says(burner, False)
    burner.watch(200, CLOSED)
    burner.off()
    burner.now += 0.05
    burner.read(OPEN)
    assert not warnings(burner.watch(1000, OPEN))


# --- nobody at home -------------------------------------------------------------------------------


def test_nobody_at_home_is_warned_of_at_once_then_shut_off():
    burner = cooking(**AWAY)
    burner.watch(500, CLOSED)
    warning = only_tell(says(burner, False, "home") + burner.tick(), Kind.PREWARNING)
    assert (warning.reason, warning.details["away"]) == (Reason.UNATTENDED, True)
    assert warning.details["remaining_s"] == 120.0
    assert not opens(burner.watch(120 - TICK, CLOSED))
    trip = only_tell(burner.watch(TICK, CLOSED), Kind.TRIP)
    assert (trip.reason, trip.details["away"]) == (Reason.UNATTENDED, True)


def test_what_is_lit_while_nobody_is_at_home_is_warned_of_at_once():
    burner = ready(**AWAY)
    says(burner, False, "home")
    burner.watch(1000, CLOSED)
    burner.flame(Flame.LIT)
    assert warnings(burner.tick())


def test_nobody_knows_is_not_nobody_at_home():
    burner = cooking(**AWAY)
    assert not warnings(burner.watch(1000, CLOSED))
    says(burner, False, "home")
    burner.tick()
    told = only_tell(burner.send(SensorReachable("home", False)), Kind.SENSOR_SILENT)
    assert "away" in str(told.details["message"])
    assert not trips(burner.watch(1000, CLOSED))


def test_somebody_who_comes_home_ends_it():
    burner = cooking(**AWAY)
    says(burner, False, "home")
    burner.watch(100, CLOSED)
    says(burner, True, "home")
    assert not trips(burner.watch(1000, CLOSED))
    assert warnings(says(burner, False, "home") + burner.tick())


def test_a_timer_set_before_leaving_does_not_allow_it_and_one_set_after_the_warning_does():
    burner = cooking(**AWAY)
    burner.timer(3000)
    assert warnings(says(burner, False, "home") + burner.tick())
    burner.watch(60, CLOSED)
    burner.timer(600)
    assert not trips(burner.watch(599, CLOSED))
    burner = cooking(**AWAY)
    burner.timer(3000)
    says(burner, False, "home")
    assert trips(burner.watch(120, CLOSED)) == [Reason.UNATTENDED]


def test_an_extension_from_afar_allows_so_much():
    burner = cooking(**AWAY)
    says(burner, False, "home")
    burner.watch(60, CLOSED)
    burner.extend(600)
    assert not warnings(burner.watch(600 - TICK, CLOSED))
    assert warnings(burner.watch(TICK, CLOSED))
    assert trips(burner.watch(120, CLOSED))


def test_an_extension_of_a_running_timer_allows_it_too():
    burner = cooking(**AWAY)
    burner.timer(3000)
    says(burner, False, "home")
    burner.tick()
    burner.extend(600)
    assert burner.state.timer.duration == 3600
    assert not trips(burner.watch(600 - TICK, CLOSED))


def test_what_was_allowed_from_afar_outlives_a_restart():
    gone = cooking(**AWAY)
    says(gone, False, "home")
    gone.watch(60, CLOSED)
    gone.extend(600)
    saved = record_of(gone.state), stamp_at(gone.now)
    burner = Burner(saved, stamp_at(gone.now + 100), **AWAY)
    burner.read(CLOSED)
    burner.flame(Flame.LIT)
    says(burner, False, "home")
    assert not warnings(burner.watch(500 - TICK, CLOSED))
    assert warnings(burner.watch(TICK, CLOSED))


# --- the longest burn -----------------------------------------------------------------------------


def test_the_longest_burn_is_warned_of_to_the_moment():
    burner = cooking(**LIMIT)
    assert not warnings(burner.watch(7140 - TICK, CLOSED))
    warning = only_tell(burner.watch(TICK, CLOSED), Kind.PREWARNING)
    assert warning.reason is Reason.MAX_BURN
    assert warning.details["remaining_s"] == 60.0
    assert not trips(burner.watch(60 - TICK, CLOSED))
    assert trips(burner.watch(TICK, CLOSED)) == [Reason.MAX_BURN]


@pytest.mark.parametrize("limit, warned", [(60.0, False), (60.0 + TICK, True)])
def test_a_limit_no_longer_than_the_warning_time_is_not_warned_of(limit, warned):
    burner = cooking(max_burn=limit, prewarn=60.0)
    assert bool(warnings(burner.watch(30, CLOSED))) is warned


def test_an_answer_to_its_warning_puts_it_off_by_so_much_and_it_is_warned_of_again():
    burner = cooking(**LIMIT)
    burner.watch(7150, CLOSED)
    extended = only_tell(burner.extend(300), Kind.TIMER_EXTENDED)
    assert extended.reason is Reason.MAX_BURN
    heard = burner.watch(290, CLOSED)
    assert (warnings(heard), trips(heard)) == ([Reason.MAX_BURN], [])
    assert not trips(burner.watch(60 - TICK, CLOSED))
    assert trips(burner.watch(TICK, CLOSED)) == [Reason.MAX_BURN]


def test_where_it_only_warns_an_answer_that_comes_late_puts_it_off_by_so_much_all_the_same():
    burner = cooking(**LIMIT, flame_trusted=False)
    assert warnings(burner.watch(7200, CLOSED))
    burner.watch(1200, CLOSED)
    assert not warnings(burner.extend(300)), "a moment ago"
    assert not warnings(burner.watch(239, CLOSED))
    assert warnings(burner.watch(2, CLOSED))


def test_what_has_extended_a_timer_that_was_cancelled_answers_no_warning_until_another_is_set():
    burner = cooking(**{**ALONE, **LIMIT})
    burner.timer(600)
    burner.send(ExtendTimer(Source.MQTT, burner.ref(), 60.0, "a"))
    burner.cancel()
    burner.watch(310, CLOSED)
    assert burner.state.unattended_warned_at is not None
    assert not tells(burner.send(ExtendTimer(Source.MQTT, burner.ref(), 900.0, "a")), EXTENDED)
    burner.timer(600)
    assert tells(burner.send(ExtendTimer(Source.MQTT, burner.ref(), 60.0, "a")), EXTENDED)


def test_an_extension_before_its_warning_puts_it_off_by_nothing():
    burner = cooking(**LIMIT, **{key: ALONE[key] for key in ("people_sensors", "unattended")})
    burner.watch(300, CLOSED)
    burner.extend(36000)
    assert trips(burner.watch(6900, CLOSED)) == [Reason.MAX_BURN]


def test_an_extended_timer_does_not_outlive_it_but_a_longer_one_that_was_set_does():
    burner = cooking(**LIMIT)
    burner.timer(7000)
    burner.extend(3000)
    assert trips(burner.watch(7200, CLOSED)) == [Reason.MAX_BURN]
    burner = cooking(**LIMIT)
    burner.timer(9000)
    assert not trips(burner.watch(9000 - TICK, CLOSED))
    assert trips(burner.watch(TICK, CLOSED)) == [Reason.TIMER]


def test_a_running_timer_that_outlives_it_is_warned_of_and_both_are_put_off():
    burner = cooking(**LIMIT)
    burner.timer(7000)
    burner.extend(3000)
    assert warnings(burner.watch(7150, CLOSED)) == [Reason.MAX_BURN]
    burner.extend(600)
    assert burner.state.timer.duration == 10600
    assert not trips(burner.watch(649, CLOSED))
    assert trips(burner.watch(1.1, CLOSED)) == [Reason.MAX_BURN]


def test_a_timer_that_ends_first_warns_by_itself():
    burner = cooking(**LIMIT)
    burner.timer(7200)
    assert warnings(burner.watch(7190, CLOSED)) == [Reason.TIMER]


def test_a_cancelled_timer_that_had_outranked_it_leaves_time_for_a_warning():
    burner = cooking(**LIMIT)
    burner.timer(9000)
    burner.watch(8000, CLOSED)
    heard = burner.cancel() + burner.tick()
    assert (warnings(heard), trips(heard)) == ([Reason.MAX_BURN], [])
    assert not trips(burner.watch(60 - TICK, CLOSED))
    assert trips(burner.watch(TICK, CLOSED)) == [Reason.MAX_BURN]


def test_cancelling_never_puts_it_off_further_than_the_timer_had():
    burner = cooking(**LIMIT)
    burner.timer(7230)
    burner.watch(7200, CLOSED)
    burner.cancel()
    assert trips(burner.watch(30, CLOSED)) == [Reason.MAX_BURN]
    burner = cooking(**LIMIT)
    burner.timer(9000)
    burner.watch(100, CLOSED)
    burner.cancel()
    assert trips(burner.watch(7100, CLOSED)) == [Reason.MAX_BURN]


def test_what_was_granted_to_one_burn_is_not_the_next_ones():
    burner = cooking(**LIMIT)
    burner.watch(7150, CLOSED)
    burner.extend(36000)
    burner.goes_out()
    burner.watch(61, CLOSED)
    burner.flame(Flame.LIT)
    assert trips(burner.watch(7200, CLOSED)) == [Reason.MAX_BURN]


@pytest.mark.parametrize("away", [100.0, 400.0])
def test_what_was_granted_outlives_a_restart(away):
    gone = cooking(**LIMIT)
    gone.watch(7150, CLOSED)
    gone.extend(300)
    saved, later = (record_of(gone.state), stamp_at(gone.now)), stamp_at(gone.now + away)
    burner = Burner(saved, later, **LIMIT)
    assert bool(opens(burner.first)) is (away > 350)


def test_a_timer_that_outranks_it_outlives_a_restart():
    gone = cooking(**LIMIT)
    gone.timer(9000)
    gone.watch(7000, CLOSED)
    saved = record_of(gone.state), stamp_at(gone.now)
    burner = Burner(saved, stamp_at(gone.now + 500), **LIMIT)
    assert not opens(burner.first)
    burner.read(CLOSED)
    burner.flame(Flame.LIT)
    assert trips(burner.watch(1500, CLOSED)) == [Reason.TIMER]


# --- flames that are not measured, or not trusted -------------------------------------------------


def test_limits_of_a_flame_that_is_not_trusted_only_warn():
    settings = {**ALONE, **LIMIT, "away": 60.0, "people_sensors": (PIR, HOME)}
    burner = cooking(**settings, flame_measured=False, flame_trusted=False)
    says(burner, False, "home")
    says(burner, False)
    heard = burner.watch(2 * 7200, CLOSED)
    assert set(warnings(heard)) == {Reason.UNATTENDED, Reason.MAX_BURN}
    for told in tells(heard, Kind.PREWARNING):
        assert told.details["shuts_off"] is False
        assert "flame.trust" in str(told.details["message"])
    assert not trips(heard)
    assert len(warnings(heard)) == 3, "each once"


def test_nobody_warns_of_a_flame_that_nobody_trusts_and_nobody_sees():
    burner = ready(**LIMIT, flame_measured=False, flame_trusted=False)
    assert not warnings(burner.watch(3 * 7200, CLOSED))


def test_an_inferred_flame_that_is_trusted_shuts_off_and_its_heat_is_no_failure():
    burner = cooking(**LIMIT, flame_measured=False)
    assert trips(burner.watch(7200, CLOSED)) == [Reason.MAX_BURN]
    burner.now += 0.05
    burner.read(OPEN)
    # The pan stays hot: it is re-armed all the same, and nothing is called a failed shutoff.
    heard = burner.watch(10, OPEN)
    assert closes(heard)
    burner.read(CLOSED)
    assert burner.phase is Phase.READY
    burner.flame(Flame.LIT)
    assert not tells(burner.watch(1000, CLOSED), Kind.TRIP_FAILED)
    assert trips(burner.watch(6200, CLOSED)) == [Reason.MAX_BURN], "it counts as another burn"


def test_the_heat_of_an_inferred_flame_does_not_refuse_a_rearm():
    burner = tripped(flame_measured=False)
    burner.flame(Flame.LIT)
    assert burner.state.burning_since is None
    assert statuses(burner.rearm()) == [Status.ACCEPTED]


# --- everywhere -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", EVERYWHERE)
def test_nobody_anywhere_is_never_a_reason_to_close(place):
    settings = {**ALONE, **LIMIT, "away": 60.0, "people_sensors": (PIR, HOME)}
    burner = EVERYWHERE[place](**settings)
    burner.flame(Flame.LIT)
    heard = says(burner, False, "home") + says(burner, False)
    heard += burner.send(PeopleRead("nobody's", True))
    assert not closes(heard)
    assert not closes(burner.watch(100, OPEN))
