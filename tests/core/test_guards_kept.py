"""What must neither end a guard's warning nor shut off: bounces, restarts, timers that go."""

import pytest

from gasguard.core.messages import PeopleRead
from gasguard.core.model import Flame, PeopleSensor, Place
from gasguard.core.recovery import record_of
from tests.core.burner import CLOSED, NEVER, Burner, opens, ready, stamp_at

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
def test_one_sample_of_out_does_not_begin_a_warning_anew(guard, warned_after):
    burner = cooking(**guard)
    burner.send(PeopleRead("pir", False))
    burner.watch(warned_after + 50, CLOSED)
    burner.flame(Flame.OUT)
    burner.watch(1, CLOSED)
    burner.flame(Flame.LIT)
    assert opens(burner.watch(10, CLOSED))


@pytest.mark.parametrize(("guard", "warned_after"), [(ALONE, 300), (AWAY, 0)])
def test_what_has_just_gone_out_is_not_shut_off(guard, warned_after):
    burner = cooking(**guard)
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
