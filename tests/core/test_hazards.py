"""Hazard sensors: several of a kind, their silence, and what a restart remembers of them."""

import pytest

from gasguard.core import next_deadline
from gasguard.core.messages import HazardRead, HazardTested, Kind, SensorGarbled, SensorReachable
from gasguard.core.model import HazardSensor, Lock, Phase
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    OPEN,
    START,
    Burner,
    closes,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    tells,
)

YEAR = 365 * 86400.0
TWO = (
    HazardSensor("ceiling", Lock.SMOKE_ALARM, YEAR),
    HazardSensor("hood", Lock.SMOKE_ALARM, YEAR),
)
GAS = (HazardSensor("kitchen_gas", Lock.GAS_ALARM, 90.0),)


def why(burner: Burner) -> str | None:
    """It counts as silent."""
    (view,) = burner.state.hazard_views
    return view.hearing.wrong


def says(burner: Burner, sensor: str, active: bool | None, *, stored: bool = False):
    return burner.send(HazardRead(sensor, active, stored))


def gas_says(burner: Burner, active: bool | None, *, stored: bool = False):
    return says(burner, "kitchen_gas", active, stored=stored)


def gas_is(burner: Burner, reachable: bool):
    return burner.send(SensorReachable("kitchen_gas", reachable))


def words(burner: Burner) -> list[bool | None]:
    return [view.reports for view in burner.state.hazard_views]


def silent(burner: Burner) -> bool:
    return burner.state.hazard_views[0].hearing.silent


# --- several of a kind ----------------------------------------------------------------------------


def test_while_one_of_two_sensors_reports_nothing_is_rearmed():
    burner = ready(hazard_sensors=TWO)
    says(burner, "ceiling", True)
    says(burner, "hood", True)
    burner.read(OPEN)
    says(burner, "ceiling", False)
    out = burner.rearm()
    assert rejection(out) == "hazard"
    assert out[0].message == "hood (smoke_alarm) still reports"
    says(burner, "hood", False)
    assert closes(burner.rearm())


def test_the_refusal_names_every_sensor_that_reports():
    burner = ready(hazard_sensors=TWO)
    says(burner, "hood", True)
    says(burner, "ceiling", True)
    burner.read(OPEN)
    assert "ceiling (smoke_alarm), hood (smoke_alarm)" in burner.rearm()[0].message


def test_a_second_sensor_of_a_kind_is_no_second_alarm():
    burner = ready(hazard_sensors=TWO)
    assert opens(says(burner, "ceiling", True))
    assert says(burner, "hood", True) == ()


def test_each_sensor_has_its_own_word():
    burner = ready(hazard_sensors=TWO)
    says(burner, "hood", True)
    assert words(burner) == [None, True]
    says(burner, "hood", None)
    assert words(burner) == [None, True], "it spoke of something else"
    says(burner, "hood", False)
    assert words(burner) == [None, False]


# --- what a broker has kept -----------------------------------------------------------------------


def test_a_stored_alarm_counts():
    burner = ready(hazard_sensors=GAS)
    assert opens(gas_says(burner, True, stored=True))
    assert burner.state.locks == {Lock.GAS_ALARM}


def test_a_stored_clear_ends_no_alarm():
    burner = ready(hazard_sensors=GAS)
    gas_says(burner, True)
    burner.read(OPEN)
    gas_says(burner, False, stored=True)
    assert rejection(burner.rearm()) == "hazard"
    gas_says(burner, False)
    assert closes(burner.rearm())


def test_a_stored_clear_is_no_word():
    burner = ready(hazard_sensors=GAS)
    gas_says(burner, False, stored=True)
    assert words(burner) == [None]


def test_what_a_silent_sensor_said_before_is_no_word_once_it_can_be_heard_again():
    burner = ready(hazard_sensors=GAS)
    gas_says(burner, False)
    gas_is(burner, False)
    assert words(burner) == [None]
    gas_is(burner, True)
    assert words(burner) == [None], "it may have said alarm meanwhile"
    gas_says(burner, True)
    gas_is(burner, False)
    gas_is(burner, True)
    assert words(burner) == [True], "an alarm stays one"


@pytest.mark.parametrize("active", [True, False, None])
def test_a_stored_word_is_no_sign_of_life(active):
    burner = ready(hazard_sensors=GAS)
    burner.watch(80, CLOSED)
    gas_says(burner, active, stored=True)
    assert tells(burner.watch(10, CLOSED), Kind.SENSOR_SILENT)
    assert not tells(gas_says(burner, active, stored=True), Kind.SENSOR_RECOVERED)
    assert silent(burner)


# --- silence --------------------------------------------------------------------------------------


def test_a_sensor_never_heard_is_told_and_nothing_is_tripped():
    burner = ready(hazard_sensors=GAS)
    burner.now = START
    assert not tells(burner.watch(89.9, CLOSED), Kind.SENSOR_SILENT)
    out = burner.watch(0.2, CLOSED)
    told = only_tell(out, Kind.SENSOR_SILENT)
    assert (told.reason, told.source) == (None, None), "it is no shutoff"
    message = told.details.pop("message")
    assert message.startswith("kitchen_gas has said nothing for longer than its expire_after")
    assert "may not warn of the next gas_alarm" in message
    assert told.details == {"sensor": "kitchen_gas", "hazard": Lock.GAS_ALARM}
    assert silent(burner)
    assert burner.phase is Phase.READY
    assert not opens(out)
    assert not burner.state.locks


def test_silence_counts_from_the_last_word_and_is_told_once():
    burner = ready(hazard_sensors=GAS)
    burner.now = START + 50
    assert gas_says(burner, False) == ()
    assert not tells(burner.watch(89.9, CLOSED), Kind.SENSOR_SILENT)
    assert tells(burner.watch(0.2, CLOSED), Kind.SENSOR_SILENT)
    assert not tells(burner.watch(3600, CLOSED), Kind.SENSOR_SILENT)


def test_silence_falls_due_at_its_own_moment():
    burner = ready(hazard_sensors=GAS)
    burner.watch(20, CLOSED)
    gas_says(burner, False)
    heard = burner.now
    while not silent(burner):
        burner.now = min(next_deadline(burner.state), burner.now + 2)
        burner.tick()
        burner.read(CLOSED)
        assert burner.now <= heard + 90.0
    assert burner.now == heard + 90.0


@pytest.mark.parametrize("active", [True, False, None])
def test_a_silent_sensor_that_speaks_again_is_told(active):
    burner = ready(hazard_sensors=GAS)
    burner.watch(120, CLOSED)
    told = only_tell(gas_says(burner, active), Kind.SENSOR_RECOVERED)
    assert told.details == {"sensor": "kitchen_gas", "hazard": Lock.GAS_ALARM}
    assert (told.reason, told.source) == (None, None)
    assert not silent(burner)
    assert not tells(gas_says(burner, active), Kind.SENSOR_RECOVERED)


def test_a_sensor_that_fell_silent_during_its_alarm_still_reports():
    burner = ready(hazard_sensors=GAS)
    gas_says(burner, True)
    burner.read(OPEN)
    burner.watch(3600, OPEN)
    assert silent(burner)
    out = burner.rearm()
    assert rejection(out) == "hazard"
    assert out[0].message == "kitchen_gas (gas_alarm, and silent since) still reports"


# --- not to be heard ------------------------------------------------------------------------------


def test_a_sensor_that_cannot_be_heard_is_silent_at_once():
    burner = ready(hazard_sensors=GAS)
    told = only_tell(gas_is(burner, False), Kind.SENSOR_SILENT)
    assert told.details["message"].startswith("kitchen_gas cannot be heard")
    assert burner.phase is Phase.READY
    assert gas_is(burner, False) == (), "told once"
    assert tells(gas_is(burner, True), Kind.SENSOR_RECOVERED)
    assert gas_is(burner, True) == ()


def test_that_it_could_be_heard_makes_up_for_no_silence():
    burner = ready(hazard_sensors=GAS)
    burner.watch(60, CLOSED)
    gas_is(burner, True)
    assert tells(burner.watch(31, CLOSED), Kind.SENSOR_SILENT)
    gas_is(burner, False)
    assert not tells(gas_is(burner, True), Kind.SENSOR_RECOVERED)
    assert silent(burner)
    assert tells(gas_says(burner, None), Kind.SENSOR_RECOVERED)


def test_who_speaks_can_be_heard():
    burner = ready(hazard_sensors=GAS)
    gas_is(burner, False)
    gas_says(burner, False, stored=True)
    assert silent(burner), "but not who spoke long ago"
    assert tells(gas_says(burner, False), Kind.SENSOR_RECOVERED)
    assert tells(gas_is(burner, False), Kind.SENSOR_SILENT)


def test_of_a_stranger_nothing_is_told():
    burner = ready(hazard_sensors=GAS)
    before = burner.state
    assert burner.send(SensorReachable("nobody", False)) == ()
    assert burner.state == before


# --- over a restart -------------------------------------------------------------------------------


def restarted(burner: Burner, **settings: object) -> Burner:
    saved = (record_of(burner.state), stamp_at(burner.now))
    same = {"hazard_sensors": burner.settings.hazard_sensors}
    return Burner(saved, stamp_at(burner.now + 1), **{**same, **settings})


def test_a_hazard_that_reported_before_a_restart_still_holds_the_rearm():
    burner = ready(hazard_sensors=TWO)
    says(burner, "hood", True)
    later = restarted(burner)
    assert words(later) == [None, True]
    later.read(OPEN)
    assert rejection(later.rearm()) == "hazard"
    says(later, "hood", False)
    assert closes(later.rearm())


def test_a_hazard_that_had_ended_before_the_restart_does_not():
    burner = ready(hazard_sensors=TWO)
    says(burner, "hood", True)
    says(burner, "hood", False)
    later = restarted(burner)
    later.read(OPEN)
    assert closes(later.rearm())


def test_a_sensor_that_is_of_another_kind_now_reports_nothing():
    burner = ready(hazard_sensors=TWO)
    says(burner, "hood", True)
    later = restarted(burner, hazard_sensors=(HazardSensor("hood", Lock.OVERHEAT, YEAR),))
    assert not later.state.hazards
    later.read(OPEN)
    assert closes(later.rearm())


def test_a_sensor_silent_at_a_restart_is_not_said_to_have_expired_since():
    burner = ready(hazard_sensors=GAS)
    burner.send(SensorGarbled("kitchen_gas", "says 'perhaps', which is not understood"))
    later = restarted(burner)
    still = "could not be heard or understood before the restart, and has said nothing since"
    assert why(later) == still
    gas_says(later, None, stored=True)
    assert why(later) == still, "nor after a look at it"
    later.watch(100, OPEN)
    assert why(later) == still
    gas_is(later, False)
    assert "is offline" in str(why(later))
    gas_is(later, True)
    assert tells(gas_says(later, False), Kind.SENSOR_RECOVERED)
    later.watch(91, OPEN)
    assert why(later) == "has said nothing for longer than its expire_after"


def test_after_a_restart_a_sensor_has_its_whole_time_to_speak():
    burner = ready(hazard_sensors=GAS)
    burner.watch(80, CLOSED)
    later = restarted(burner)
    assert not tells(later.watch(89.9, CLOSED), Kind.SENSOR_SILENT)
    assert tells(later.watch(0.2, CLOSED), Kind.SENSOR_SILENT)


def test_a_silence_that_was_told_is_not_forgotten():
    burner = ready(hazard_sensors=GAS)
    burner.watch(120, CLOSED)
    later = restarted(burner)
    assert silent(later)
    assert gas_is(later, True) == (), "only its own word ends it"
    assert not tells(later.watch(3600, CLOSED), Kind.SENSOR_SILENT)
    assert gas_is(later, True) == ()
    assert tells(gas_says(later, False), Kind.SENSOR_RECOVERED)


def test_one_that_was_offline_is_told_so_again_by_others():
    burner = ready(hazard_sensors=GAS)
    gas_is(burner, False)
    later = restarted(burner)
    assert not silent(later)
    assert tells(gas_is(later, False), Kind.SENSOR_SILENT)


# --- not understood, and tested -------------------------------------------------------------------


def gas_garbled(burner: Burner):
    return burner.send(SensorGarbled("kitchen_gas", "says 'soup', which is not understood"))


def test_a_word_that_nobody_understands_takes_clear_away():
    burner = ready(hazard_sensors=GAS)
    gas_says(burner, False)
    told = only_tell(gas_garbled(burner), Kind.SENSOR_SILENT)
    assert told.details["message"].startswith("kitchen_gas says 'soup', which is not understood: ")
    assert words(burner) == [None]
    assert silent(burner)
    assert not burner.state.locks, "it is no alarm either"
    assert gas_garbled(burner) == (), "told once"
    assert tells(gas_says(burner, False), Kind.SENSOR_RECOVERED)
    assert words(burner) == [False]


def test_nonsense_is_told_as_such_however_long_the_guard_listens():
    burner = ready(hazard_sensors=GAS)
    for _ in range(3):
        gas_says(burner, False)
        burner.watch(0.7 * GAS[0].expire_after, CLOSED)
    assert "soup" in only_tell(gas_garbled(burner), Kind.SENSOR_SILENT).details["message"]


def test_it_ends_no_alarm():
    burner = ready(hazard_sensors=GAS)
    gas_says(burner, True)
    burner.read(OPEN)
    gas_garbled(burner)
    assert rejection(burner.rearm()) == "hazard"
    gas_says(burner, False)
    assert closes(burner.rearm())


def test_it_is_a_sign_of_life_and_no_word():
    burner = ready(hazard_sensors=GAS)
    burner.watch(80, CLOSED)
    gas_garbled(burner)
    burner.watch(80, CLOSED)
    out = gas_says(burner, None)
    assert tells(out, Kind.SENSOR_RECOVERED), "what it speaks of now is understood"
    assert words(burner) == [None], "but it has not said clear again"


def test_a_test_is_told_and_shuts_nothing_off():
    burner = ready(hazard_sensors=GAS)
    gas_says(burner, False)
    burner.watch(80, CLOSED)
    assert not burner.state.hazard_views[0].tested
    out = burner.send(HazardTested("kitchen_gas"))
    told = only_tell(out, Kind.SENSOR_TESTED)
    assert (told.details["sensor"], told.details["hazard"]) == ("kitchen_gas", Lock.GAS_ALARM)
    assert "is tested" in told.details["message"]
    assert not opens(out)
    assert words(burner) == [False]
    assert burner.state.hazard_views[0].tested
    assert not tells(burner.watch(80, CLOSED), Kind.SENSOR_SILENT), "it is a sign of life"


def test_a_test_ends_a_silence():
    burner = ready(hazard_sensors=GAS)
    burner.watch(100, CLOSED)
    assert tells(burner.send(HazardTested("kitchen_gas")), Kind.SENSOR_RECOVERED)


def test_that_it_has_once_warned_is_remembered():
    burner = ready(hazard_sensors=TWO)
    says(burner, "hood", True)
    assert [view.tested for view in restarted(burner).state.hazard_views] == [False, True]
