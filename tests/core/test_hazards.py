"""Hazard sensors: several of a kind, their silence, and what a restart remembers of them."""

import math

import pytest

from gasguard.core import next_deadline
from gasguard.core.messages import HazardRead, Kind
from gasguard.core.model import HazardSensor, Lock, Phase
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    OPEN,
    START,
    Burner,
    closes,
    locked_out,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    tells,
)

TWO = (
    HazardSensor("ceiling", Lock.SMOKE_ALARM),
    HazardSensor("hood", Lock.SMOKE_ALARM),
)
GAS = (HazardSensor("kitchen_gas", Lock.GAS_ALARM, 90.0),)


def says(burner: Burner, sensor: str, active: bool | None, alive: bool | None = True):
    return burner.send(HazardRead(sensor, active, alive))


# --- several of a kind ----------------------------------------------------------------------------


def test_while_one_of_two_sensors_reports_nothing_is_rearmed():
    burner = ready(hazards=TWO)
    says(burner, "ceiling", True)
    says(burner, "hood", True)
    burner.read(OPEN)
    says(burner, "ceiling", False)
    out = burner.rearm()
    assert rejection(out) == "hazard"
    assert out[0].message == "hood (smoke_alarm) still reports"
    says(burner, "hood", False)
    assert closes(burner.rearm())


def test_a_second_sensor_of_a_kind_is_no_second_alarm():
    burner = ready(hazards=TWO)
    assert opens(says(burner, "ceiling", True))
    assert says(burner, "hood", True) == ()


def test_each_sensor_has_its_own_word():
    burner = ready(hazards=TWO)
    says(burner, "hood", True)
    assert [view.reports for view in burner.state.sensors] == [None, True]
    says(burner, "hood", False)
    assert [view.reports for view in burner.state.sensors] == [None, False]


# --- silence --------------------------------------------------------------------------------------


def test_a_sensor_never_heard_is_told_and_nothing_is_tripped():
    burner = ready(hazards=GAS)
    burner.now = START
    assert not tells(burner.watch(89.9, CLOSED), Kind.SENSOR_SILENT)
    out = burner.watch(0.2, CLOSED)
    told = only_tell(out, Kind.SENSOR_SILENT)
    assert told.reason == Lock.GAS_ALARM
    assert told.details["sensor"] == "kitchen_gas"
    assert "kitchen_gas has said nothing for longer" in told.details["message"]
    assert burner.state.sensors[0].silent
    assert burner.phase is Phase.READY
    assert not opens(out)
    assert not burner.state.locks


def test_silence_counts_from_the_last_word_and_is_told_once():
    burner = ready(hazards=GAS)
    burner.now = START + 50
    assert says(burner, "kitchen_gas", False) == ()
    assert not tells(burner.watch(89.9, CLOSED), Kind.SENSOR_SILENT)
    assert tells(burner.watch(0.2, CLOSED), Kind.SENSOR_SILENT)
    assert not tells(burner.watch(3600, CLOSED), Kind.SENSOR_SILENT)


def test_silence_falls_due_at_its_own_moment():
    burner = ready(hazards=GAS)
    burner.watch(20, CLOSED)
    says(burner, "kitchen_gas", False)
    heard = burner.now
    due = []
    for _ in range(60):
        due.append(next_deadline(burner.state))
        burner.now = min(due[-1], burner.now + 2)
        burner.tick()
        burner.read(CLOSED)
        if burner.state.sensors[0].silent:
            break
    assert burner.now == heard + 90.0


@pytest.mark.parametrize("active", [True, False, None])
def test_a_silent_sensor_that_speaks_again_is_told(active):
    burner = ready(hazards=GAS)
    burner.watch(120, CLOSED)
    told = only_tell(says(burner, "kitchen_gas", active), Kind.SENSOR_RECOVERED)
    assert (told.reason, told.details) == (Lock.GAS_ALARM, {"sensor": "kitchen_gas"})
    assert not burner.state.sensors[0].silent
    assert not tells(says(burner, "kitchen_gas", active), Kind.SENSOR_RECOVERED)


def test_a_sensor_known_to_be_gone_is_silent_at_once():
    burner = ready(hazards=GAS)
    told = only_tell(says(burner, "kitchen_gas", None, alive=False), Kind.SENSOR_SILENT)
    assert "kitchen_gas is offline" in told.details["message"]
    assert burner.phase is Phase.READY
    assert says(burner, "kitchen_gas", None, alive=False) == (), "told once"
    assert tells(says(burner, "kitchen_gas", None), Kind.SENSOR_RECOVERED)


def test_a_stored_word_counts_but_does_not_say_that_the_sensor_lives():
    burner = ready(hazards=GAS)
    burner.watch(120, CLOSED)
    out = says(burner, "kitchen_gas", True, alive=None)
    assert opens(out)
    assert burner.state.locks == {Lock.GAS_ALARM}
    assert not tells(out, Kind.SENSOR_RECOVERED)
    assert burner.state.sensors[0].silent


def test_a_sensor_that_fell_silent_during_its_alarm_still_reports():
    burner = locked_out(Lock.GAS_ALARM, hazards=(HazardSensor("gas_alarm", Lock.GAS_ALARM, 90.0),))
    burner.watch(3600, OPEN)
    assert burner.state.sensors[0].silent
    assert rejection(burner.rearm()) == "hazard"


def test_a_sensor_without_a_limit_is_never_silent():
    burner = ready(hazards=(HazardSensor("siren", Lock.GAS_ALARM),))
    assert not tells(burner.watch(1e6, CLOSED), Kind.SENSOR_SILENT)
    assert next_deadline(burner.state) < math.inf


# --- over a restart -------------------------------------------------------------------------------


def restarted(burner: Burner, **settings: object) -> Burner:
    saved = (record_of(burner.state), stamp_at(burner.now))
    return Burner(saved, stamp_at(burner.now + 1), **{"hazards": TWO, **settings})


def test_a_hazard_that_reported_before_a_restart_still_holds_the_rearm():
    burner = ready(hazards=TWO)
    says(burner, "hood", True)
    later = restarted(burner)
    assert [view.reports for view in later.state.sensors] == [None, True]
    later.read(OPEN)
    assert rejection(later.rearm()) == "hazard"
    says(later, "hood", False, alive=None)
    assert closes(later.rearm())


def test_a_hazard_that_had_ended_before_the_restart_does_not():
    burner = ready(hazards=TWO)
    says(burner, "hood", True)
    says(burner, "hood", False)
    later = restarted(burner)
    later.read(OPEN)
    assert closes(later.rearm())


def test_a_sensor_that_is_of_another_kind_now_reports_nothing():
    burner = ready(hazards=TWO)
    says(burner, "hood", True)
    later = restarted(burner, hazards=(HazardSensor("hood", Lock.OVERHEAT),))
    assert not later.state.hazards
    later.read(OPEN)
    assert closes(later.rearm())


def test_after_a_restart_a_sensor_has_its_whole_time_to_speak():
    burner = ready(hazards=GAS)
    burner.watch(80, CLOSED)
    later = restarted(burner, hazards=GAS)
    assert not tells(later.watch(89.9, CLOSED), Kind.SENSOR_SILENT)
    assert tells(later.watch(0.2, CLOSED), Kind.SENSOR_SILENT)
