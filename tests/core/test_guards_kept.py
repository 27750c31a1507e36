"""What must neither end a guard's warning nor shut off: bounces, restarts, timers that go."""

import pytest

from gasguard.core.messages import Kind, PeopleRead
from gasguard.core.model import Flame, PeopleSensor, Place, RelaySettings
from gasguard.core.recovery import record_of
from tests.core.burner import CLOSED, NEVER, Burner, only_tell, opens, ready, stamp_at, tells

ALONE = {
    "people_sensors": (PeopleSensor("pir", Place.PRESENCE, NEVER),),
    "unattended": 300.0,
    "prewarn": 60.0,
}
AWAY = {"people_sensors": (PeopleSensor("pir", Place.HOME, NEVER),), "away": 60.0}
LIMIT = {"max_burn": 7200.0, "prewarn": 60.0}


def cooking(**settings: object) -> Burner:
    burner = ready(**settings)
    burner.flame(Flame.LIT)
    return burner


# --- a flame that bounces -------------------------------------------------------------------------


@pytest.mark.parametrize(("guard", "warned_after"), [(ALONE, 300), (AWAY, 0)])
@pytest.mark.parametrize("measured", [True, False])
def test_one_sample_of_out_does_not_begin_a_warning_anew(guard, warned_after, measured):
    burner = cooking(flame_measured=measured, **guard)
    burner.send(PeopleRead("pir", False))
    burner.watch(warned_after + 50, CLOSED)
    burner.flame(Flame.OUT)
    burner.watch(1, CLOSED)
    burner.flame(Flame.LIT)
    assert opens(burner.watch(10, CLOSED))


@pytest.mark.parametrize(("guard", "warned_after"), [(ALONE, 300), (AWAY, 0)])
@pytest.mark.parametrize("measured", [True, False])
def test_what_has_just_gone_out_is_not_shut_off(guard, warned_after, measured):
    burner = cooking(flame_measured=measured, **guard)
    burner.send(PeopleRead("pir", False))
    burner.watch(warned_after + 59, CLOSED)
    burner.flame(Flame.OUT)
    assert not opens(burner.watch(300, CLOSED))


# --- a restart ------------------------------------------------------------------------------------


@pytest.mark.parametrize("trusted_clock", [True, False])
def test_a_restart_shuts_nothing_off_for_a_flame_that_is_not_trusted(trusted_clock):
    settings = {**LIMIT, "flame_measured": False, "flame_trusted": False}
    gone = cooking(**settings)
    gone.watch(8000, CLOSED)
    saved = (record_of(gone.state), stamp_at(gone.now, synchronised=False))
    boot_id = "this boot" if trusted_clock else "another boot"
    present = stamp_at(gone.now + 1, boot_id, synchronised=False)
    burner = Burner(saved=saved, present=present, **settings)
    assert not opens(burner.first)
    assert not opens(burner.watch(60, CLOSED))


# --- a timer that goes ----------------------------------------------------------------------------


def test_one_that_waits_in_place_of_one_that_outranked_leaves_time_for_a_warning():
    burner = cooking(**LIMIT)
    burner.timer(9000)
    burner.watch(8000, CLOSED)
    burner.flame(Flame.OUT)
    burner.watch(5, CLOSED)
    heard = burner.timer(600, when_lit=True) + burner.tick()
    assert not opens(heard)
    assert not opens(burner.watch(300, CLOSED))
    assert burner.state.when_lit is not None


def test_a_countdown_that_outranked_and_is_cancelled_in_mi_home_leaves_time_for_a_warning():
    burner = cooking(relays=(RelaySettings(lease=180.0),), **LIMIT)
    burner.read(CLOSED, countdown=9000.0)
    burner.wait(8000)
    assert not opens(burner.read(CLOSED) + burner.tick())
    assert not opens(burner.watch(59, CLOSED))
    assert opens(burner.watch(1, CLOSED))


def test_a_timer_that_allowed_what_burns_while_nobody_is_home_allows_nothing_once_cancelled():
    burner = cooking(**AWAY)
    burner.send(PeopleRead("pir", False))
    burner.tick()
    burner.timer(3600)
    assert not opens(burner.watch(300, CLOSED))
    burner.cancel()
    assert tells(burner.tick(), Kind.PREWARNING)
    assert not opens(burner.watch(59, CLOSED))
    assert opens(burner.watch(1, CLOSED))


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trusted", [True, False])
def test_a_silent_flame_sensor_says_that_the_longest_burn_counts_only_where_it_does(trusted):
    burner = ready(flame_expires_after=300.0, flame_trusted=trusted, **LIMIT)
    silent = only_tell(burner.watch(300, CLOSED), Kind.SENSOR_SILENT)
    assert ("max_burn" in str(silent.details["message"])) is trusted
    assert (burner.state.must_end_at is not None) is trusted
