"""Millivolts become a flame: hot reads lit, cold reads out, and silence is neither."""

import math

import pytest

from gasguard.core import next_deadline
from gasguard.core.messages import Kind, ThermocoupleRead
from gasguard.core.model import Flame, Phase, ThermocoupleLevels
from tests.core.burner import CLOSED, OPEN, Burner, closes, ready, starting, tells

LEVELS = ThermocoupleLevels(lit_above=6.0, out_below=3.0, expire_after=15.0)


def measured(burner: Burner, *millivolts: float) -> Flame:
    for value in millivolts:
        burner.send(ThermocoupleRead(value))
    return burner.state.flame


def stove() -> Burner:
    return ready(thermocouple=LEVELS)


@pytest.mark.parametrize(
    ("millivolts", "flame"),
    [
        ((6.0,), Flame.LIT),
        ((5.99,), Flame.UNKNOWN),
        ((3.01,), Flame.UNKNOWN),
        ((3.0,), Flame.OUT),
        ((-5.0,), Flame.OUT),
        ((60.0,), Flame.LIT),
        ((27.0, 3.01), Flame.LIT),
        ((27.0, 3.0), Flame.OUT),
        ((1.0, 5.99), Flame.OUT),
        ((1.0, 6.0), Flame.LIT),
    ],
)
def test_between_the_levels_the_flame_is_what_it_was(millivolts, flame):
    assert measured(stove(), *millivolts) is flame


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf, -5.01, 60.01, 1e300])
def test_what_no_thermocouple_gives_is_not_heard(nonsense):
    burner = stove()
    measured(burner, 20.0)
    burner.watch(14.9, CLOSED)
    assert measured(burner, nonsense) is Flame.LIT
    burner.watch(0.2, CLOSED)
    assert burner.state.flame is Flame.UNKNOWN, "nonsense does not count as being heard"


def test_a_thermocouple_not_heard_for_long_says_nothing():
    burner = stove()
    measured(burner, 20.0)
    burner.watch(14.9, CLOSED)
    assert burner.state.flame is Flame.LIT
    burner.watch(0.2, CLOSED)
    assert burner.state.flame is Flame.UNKNOWN
    assert burner.state.burning_since is not None, "silence does not say that it is out"
    assert measured(burner, 20.0) is Flame.LIT


def test_every_reading_counts_as_being_heard():
    burner = stove()
    measured(burner, 20.0)
    for between in (20.0, 5.0, 20.0):
        burner.watch(14, CLOSED)
        measured(burner, between)
    assert burner.state.flame is Flame.LIT


def test_the_silence_is_due_when_the_deadline_says():
    burner = starting(thermocouple=LEVELS)
    measured(burner, 1.0)
    heard = burner.now
    burner.wait(12)
    assert next_deadline(burner.state) == heard + 15


def test_a_burner_without_a_thermocouple_does_not_care():
    burner = ready()
    assert measured(burner, 27.0) is Flame.UNKNOWN
    assert burner.state.flame_expires is None


def cooling(burner: Burner, *seconds: int) -> list:
    """The contact is open and the thermocouple cools with a time constant of 10 s."""
    out = []
    for second in range(*seconds):
        out += burner.send(ThermocoupleRead(27.0 * math.exp(-second / 10)))
        out += burner.read(OPEN)
        out += burner.wait(1)
    return out


def tripped_while_burning(**settings: object) -> Burner:
    burner = ready(thermocouple=LEVELS, **settings)
    measured(burner, 16.0)
    burner.off()
    burner.now += 0.1
    burner.read(OPEN)
    return burner


def test_the_circuit_stays_open_while_the_thermocouple_is_hot():
    burner = tripped_while_burning(rearm_after=10.0)
    assert not closes(cooling(burner, 0, 21))
    assert burner.phase is Phase.TRIPPED
    assert closes(cooling(burner, 21, 24)), "27 mV have fallen to 3 after 22 s"


def test_a_thermocouple_that_stays_hot_after_a_trip_is_a_failed_trip():
    burner = tripped_while_burning(flame_out_within=60.0)
    told = []
    for _ in range(61):
        told += burner.send(ThermocoupleRead(16.0))
        told += burner.watch(1, OPEN)
    assert tells(told, Kind.TRIP_FAILED)
    assert burner.phase is Phase.TRIP_FAILED
