"""What the hood takes for lit, and for gas."""

import pytest

from gasguard.core.model import (
    Contact,
    Flame,
    HazardSensor,
    HazardView,
    Lock,
    RelayView,
    Settings,
    Source,
    State,
    Timer,
)
from gasguard.outputs.kitchen import Kitchen, kitchen_of

SENSED = Settings("left", "left", flame_expires_after=60.0)
UNSENSED = Settings("right", "right")
TIMER = Timer(deadline=1000.0, duration=600.0, source=Source.CLI)
CLOSED, OPEN, UNKNOWN = Contact.CLOSED, Contact.OPEN, Contact.UNKNOWN


def burner(settings: Settings = SENSED, contact: Contact = CLOSED, **state: object) -> State:
    return State(settings, relays=(RelayView(contact=contact),), **state)


@pytest.mark.parametrize(
    ("state", "lit", "unseen"),
    [
        (burner(flame=Flame.LIT), 1, 0),
        (burner(flame=Flame.LIT, contact=OPEN), 1, 0),  # it burns on: smoke is smoke
        (burner(flame=Flame.OUT), 0, 0),
        (burner(flame=Flame.OUT, timer=TIMER), 0, 0),
        (burner(flame=Flame.UNKNOWN), 0, 0),
        (burner(flame=Flame.UNKNOWN, timer=TIMER), 0, 0),
        (burner(flame=Flame.UNKNOWN, burning_since=1.0), 0, 1),
        (burner(flame=Flame.UNKNOWN, burning_since=1.0, contact=UNKNOWN), 0, 1),
        (burner(flame=Flame.UNKNOWN, burning_since=1.0, contact=OPEN), 0, 0),
        (burner(UNSENSED), 0, 0),
        (burner(UNSENSED, timer=TIMER), 1, 0),
        (burner(UNSENSED, timer=TIMER, contact=UNKNOWN), 1, 0),
        (burner(UNSENSED, timer=TIMER, contact=OPEN), 0, 0),
    ],
)
def test_what_counts_as_lit(state, lit, unseen):
    assert kitchen_of([state]) == Kitchen(lit, unseen)


def test_burners_are_counted():
    states = [burner(flame=Flame.LIT), burner(UNSENSED, timer=TIMER), burner(flame=Flame.OUT)]
    assert kitchen_of(states).lit == 2
    assert kitchen_of([]) == Kitchen()


@pytest.mark.parametrize("kind", Lock)
def test_only_gas_leaves_it_as_it_is_while_it_is_locked_and_while_it_reports(kind):
    locked = burner(locks=frozenset({kind}))
    assert kitchen_of([burner(), locked]).gas == (kind is Lock.GAS_ALARM)
    view = HazardView(HazardSensor("nose", kind, 60.0), reports=True)
    assert kitchen_of([burner(hazard_views=(view,))]).gas == (kind is Lock.GAS_ALARM)
