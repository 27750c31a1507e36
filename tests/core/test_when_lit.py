"""A timer that waits for the flame: what begins it, what takes it away, what never keeps it."""

import pytest

from gasguard.core.messages import (
    FLAME,
    Answer,
    ExtendTimer,
    FlameRead,
    Kind,
    PeopleRead,
    RelayRead,
    SensorReachable,
    Status,
)
from gasguard.core.model import (
    Flame,
    PeopleSensor,
    Phase,
    Place,
    Reason,
    RelaySettings,
    Source,
    WhenLit,
)
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    NEVER,
    OPEN,
    Burner,
    closing,
    locked_out,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    starting,
    statuses,
    tells,
    trip_failed,
    tripped,
    tripping,
)

DAY = 24 * 3600.0


def waiting(seconds: float = 600.0, **settings: object) -> Burner:
    """Ready, its flame out, and a timer that waits for it."""
    burner = ready(**settings)
    burner.goes_out()
    burner.timer(seconds, "eggs", Source.WEB, when_lit=True)
    assert burner.state.when_lit is not None
    return burner


def test_it_waits_until_the_flame_is_seen_and_counts_from_then():
    burner = ready()
    burner.goes_out()
    out = burner.timer(600, "eggs", Source.WEB, when_lit=True)
    assert statuses(out) == [Status.ACCEPTED]
    told = only_tell(out, Kind.TIMER_STARTED)
    assert (told.reason, told.source) == ("when_lit", Source.WEB)
    assert told.details == {"duration_s": 600, "label": "eggs", "waiting": True}
    assert burner.state.timer is None
    assert not opens(burner.watch(1000, CLOSED)), "it has no end yet"
    out = burner.flame(Flame.LIT)
    told = only_tell(out, Kind.TIMER_STARTED)
    assert (told.reason, told.source) == ("flame_lit", Source.WEB)
    assert told.details == {"duration_s": 600, "label": "eggs"}
    assert burner.state.when_lit is None
    assert not opens(burner.watch(599.9, CLOSED))
    trip = only_tell(burner.watch(0.2, CLOSED), Kind.TRIP)
    assert (trip.reason, trip.source) == (Reason.TIMER, Source.WEB)


def test_it_ends_on_the_tick_and_not_one_before():
    burner = waiting(600)
    burner.flame(Flame.LIT)
    began = burner.now
    burner.wait(600 - 1e-6)
    assert burner.state.timer is not None
    burner.now = began
    burner.now = burner.state.timer.deadline
    assert opens(burner.tick())


def test_it_begins_once_however_often_the_flame_is_seen_again():
    burner = waiting(600)
    burner.flame(Flame.LIT)
    burner.watch(100, CLOSED)
    burner.flame(Flame.OUT)
    assert not tells(burner.flame(Flame.LIT), Kind.TIMER_STARTED)
    assert burner.state.timer.deadline - burner.now == pytest.approx(500)


def test_where_the_flame_is_lit_already_it_runs_at_once():
    burner = ready()
    burner.flame(Flame.LIT)
    out = burner.timer(600, when_lit=True)
    (answer,) = [one for one in out if isinstance(one, Answer)]
    assert answer.status is Status.ACCEPTED
    assert "lit" in answer.message
    assert only_tell(out, Kind.TIMER_STARTED).reason == "flame_lit"
    assert burner.state.timer.deadline == burner.now + 600


def test_without_a_flame_sensor_it_is_refused_and_what_runs_stays():
    burner = ready(flame_expires_after=None)
    burner.timer(600)
    timer = burner.state.timer
    out = burner.timer(60, when_lit=True)
    assert rejection(out) == "unsupported"
    (answer,) = [one for one in out if isinstance(one, Answer)]
    assert "flame:" in answer.message
    assert (burner.state.timer, burner.state.when_lit) == (timer, None)


# --- a sensor that nobody can rely on -------------------------------------------------------------


def test_a_sensor_that_falls_silent_begins_it_and_that_is_told():
    burner = ready(flame_expires_after=15.0)
    burner.goes_out()
    burner.timer(600, when_lit=True)
    heard = burner.state.flame_hearing.heard_at
    burner.wait(heard + 15.0 - burner.now - 1e-6)
    assert burner.state.when_lit is not None, "it may still speak"
    out = burner.wait(1e-5)
    told = only_tell(out, Kind.TIMER_STARTED)
    assert told.reason == "flame_unseen"
    assert "sensor" in told.details["message"]
    assert opens(burner.wait(600))


@pytest.mark.parametrize(
    "word",
    [SensorReachable(FLAME, False), "nonsense"],
    ids=["offline", "not understood"],
)
def test_so_does_one_that_is_offline_or_not_understood(word):
    burner = waiting()
    out = burner.flame(Flame.UNKNOWN) if word == "nonsense" else burner.send(word)
    assert only_tell(out, Kind.TIMER_STARTED).reason == "flame_unseen"


def test_one_that_is_silent_when_the_timer_is_set_makes_it_run_at_once():
    burner = ready()
    burner.flame(Flame.UNKNOWN)
    out = burner.timer(600, when_lit=True)
    assert only_tell(out, Kind.TIMER_STARTED).reason == "flame_unseen"
    assert opens(burner.wait(600))


def test_one_that_has_yet_to_speak_is_waited_for():
    burner = ready(flame_expires_after=15.0)
    burner.timer(600, when_lit=True)
    assert burner.state.when_lit is not None
    assert only_tell(burner.wait(15.0), Kind.TIMER_STARTED).reason == "flame_unseen"


def test_a_flame_that_a_broker_has_kept_begins_it():
    burner = waiting()
    assert tells(burner.send(FlameRead(Flame.LIT, stored=True)), Kind.TIMER_STARTED)


# --- where it may begin ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", [tripping, tripped, closing])
def test_behind_an_open_contact_a_hot_sensor_begins_nothing(make):
    burner = make()
    burner.flame(Flame.LIT)
    burner.timer(600, when_lit=True)
    assert burner.state.when_lit is not None
    burner.read(OPEN)
    burner.flame(Flame.OUT)
    while burner.state.closing is None:
        burner.read(OPEN)
        burner.wait(0.5)
    burner.read(CLOSED)
    assert burner.phase is Phase.READY
    assert burner.state.when_lit is not None
    burner.flame(Flame.LIT)
    assert burner.state.timer.deadline == burner.now + 600


def test_it_begins_before_the_relay_was_read():
    burner = starting()
    burner.timer(600, when_lit=True)
    assert tells(burner.flame(Flame.LIT), Kind.TIMER_STARTED)


def test_a_module_that_closes_by_itself_may_be_lit_while_it_is_tripped():
    burner = tripped(jog=True)
    burner.goes_out()
    burner.timer(600, when_lit=True)
    assert tells(burner.flame(Flame.LIT), Kind.TIMER_STARTED)


# --- what takes it away ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["off", "lock", "hazard", "cancel"])
def test_a_shutoff_a_lock_and_cancelling_take_it_away(how):
    burner = waiting()
    out = getattr(burner, how)()
    assert only_tell(out, Kind.TIMER_CANCELLED)
    assert burner.state.when_lit is None
    assert burner.state.timer is None


def test_a_timer_takes_the_place_of_one_that_waits_and_the_other_way_round():
    burner = waiting()
    burner.timer(60)
    assert burner.state.when_lit is None
    burner.timer(90, when_lit=True)
    assert burner.state.timer is None
    assert burner.state.when_lit == WhenLit(90, Source.MQTT, None, outranks=90)
    assert not opens(burner.watch(200, CLOSED))


@pytest.mark.parametrize("make", [trip_failed, locked_out])
def test_it_is_refused_where_any_timer_is(make):
    burner = make()
    assert rejection(burner.timer(600, when_lit=True)) == str(burner.phase)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_its_duration_is_checked(seconds):
    burner = ready()
    assert rejection(burner.timer(seconds, when_lit=True)) == "invalid_duration"


def test_it_lasts_a_day_at_most():
    burner = ready()
    assert rejection(burner.timer(DAY + 1e-6, when_lit=True)) == "too_long"
    assert statuses(burner.timer(DAY, when_lit=True)) == [Status.ACCEPTED]
    assert rejection(burner.extend(1)) == "too_long"


def test_extending_lengthens_it_once_for_each_id():
    burner = waiting(600)
    out = burner.send(ExtendTimer(Source.WEB, 7, 300, "a"))
    assert only_tell(out, Kind.TIMER_EXTENDED).details == {"extended_s": 300}
    burner.send(ExtendTimer(Source.WEB, 8, 300, "a"))
    assert burner.state.when_lit == WhenLit(900, Source.WEB, "eggs", ("a",), 600)
    burner.flame(Flame.LIT)
    burner.send(ExtendTimer(Source.WEB, 9, 300, "a"))
    assert burner.state.timer.deadline == burner.now + 900
    assert burner.state.timer.extend_ids == ("a",)


def test_nobody_cooks_while_it_waits():
    assert not waiting().state.active


# --- the guards -----------------------------------------------------------------------------------


def test_a_longer_one_outranks_the_longest_burn_for_as_long_as_it_was_set():
    burner = waiting(900, max_burn=600.0)
    burner.extend(300)
    burner.flame(Flame.LIT)
    began = burner.now
    assert burner.state.must_end_at == began + 900
    trip = only_tell(burner.watch(901, CLOSED), Kind.TRIP)
    assert trip.reason is Reason.MAX_BURN, "an extension outranks nothing"
    shorter = waiting(300, max_burn=600.0)
    shorter.flame(Flame.LIT)
    assert shorter.state.must_end_at == shorter.now + 600


def test_one_that_nobody_saw_begin_outranks_nothing():
    burner = waiting(900, max_burn=600.0)
    burner.flame(Flame.UNKNOWN)
    assert burner.state.timer.outranks_until is None
    assert only_tell(burner.watch(601, CLOSED), Kind.TRIP).reason is Reason.MAX_BURN


def test_one_that_is_set_after_the_warning_that_nobody_is_at_home_answers_it_if_it_runs():
    home = PeopleSensor("home", Place.HOME, NEVER)
    for lit in (True, False):
        burner = ready(away=30.0, people_sensors=(home,))
        burner.flame(Flame.LIT)
        burner.send(PeopleRead("home", False))
        burner.tick()
        assert burner.state.away_warned_at is not None
        if not lit:
            burner.flame(Flame.OUT)
        burner.timer(600, when_lit=True)
        assert (burner.state.away_allowed_until == burner.now + 600) is lit


def test_whoever_sets_one_is_at_the_controls():
    burner = ready()
    burner.goes_out()
    burner.timer(600, when_lit=True)
    assert burner.state.attended_until == burner.now


# --- Mi Home's countdown --------------------------------------------------------------------------


def test_a_countdown_set_in_mi_home_refuses_one_that_would_end_who_knows_when():
    burner = ready(relays=(RelaySettings(lease=180.0),))
    burner.read(CLOSED, countdown=600.0)
    assert rejection(burner.timer(60, when_lit=True)) == "mi_home_countdown"
    assert burner.state.timer.source is Source.MI_HOME


def test_a_countdown_set_later_leaves_it_alone():
    burner = waiting(relays=(RelaySettings(lease=180.0),))
    burner.send(RelayRead(0, CLOSED, burner.now, countdown=600.0))
    assert burner.state.timer is None
    assert burner.state.when_lit is not None


# --- restarts -------------------------------------------------------------------------------------


def restarted(gone: Burner, *, trusted: bool = True, **settings: object) -> Burner:
    present = stamp_at(gone.now + 60) if trusted else stamp_at(5.0, "next", synchronised=False)
    return Burner((record_of(gone.state), stamp_at(gone.now)), present, **settings)


@pytest.mark.parametrize("trusted", [True, False], ids=["clock right", "clock doubtful"])
def test_it_waits_on_after_a_restart(trusted):
    gone = waiting(600)
    gone.send(ExtendTimer(Source.WEB, 7, 60, "a"))
    burner = restarted(gone, trusted=trusted)
    assert burner.first == ()
    assert burner.state.when_lit == WhenLit(660, Source.WEB, "eggs", ("a",), 600)
    burner.read(CLOSED)
    assert burner.state.when_lit is not None
    burner.flame(Flame.LIT)
    assert burner.state.timer.deadline == burner.now + 660


def test_where_the_sensor_is_gone_from_the_configuration_it_begins():
    burner = restarted(waiting(600), flame_expires_after=None)
    told = only_tell(burner.read(CLOSED), Kind.TIMER_STARTED)
    assert told.reason == "flame_unseen"


def test_a_restart_that_opens_for_a_burn_of_unknown_length_cancels_it():
    gone = ready(max_burn=600.0)
    gone.flame(Flame.LIT)
    gone.goes_out()
    gone.timer(60, when_lit=True)
    burner = restarted(gone, trusted=False, max_burn=600.0)
    assert only_tell(burner.first, Kind.TRIP).reason is Reason.RESTART
    assert tells(burner.first, Kind.TIMER_CANCELLED)
    assert burner.state.when_lit is None


def test_a_lock_that_a_damaged_file_sets_leaves_none():
    gone = waiting()
    saved = (record_of(gone.state), stamp_at(gone.now))
    assert Burner(saved, stamp_at(gone.now), damaged=True).state.when_lit is None


@pytest.mark.parametrize("place", EVERYWHERE)
def test_there_are_never_two_timers(place):
    burner = EVERYWHERE[place]()
    for when_lit in (True, False, True):
        burner.timer(60, when_lit=when_lit)
        assert burner.state.timer is None or burner.state.when_lit is None
