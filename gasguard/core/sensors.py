"""What is said of any sensor, whatever it warns of."""

from gasguard.core import flame, hazards, people
from gasguard.core.messages import FLAME, SensorGarbled, SensorReachable
from gasguard.core.turn import Turn


def garbled(turn: Turn, event: SensorGarbled) -> None:
    """A word that nobody understands takes away what the sensor said before it."""
    if event.sensor == FLAME:
        flame.flame_garbled(turn, event.why)
    else:
        hazards.hazard_garbled(turn, event.sensor, event.why)
        people.people_garbled(turn, event.sensor, event.why)


def reachable(turn: Turn, event: SensorReachable) -> None:
    """One that cannot be heard is silent at once. Being reachable again is no word from it."""
    if event.sensor == FLAME:
        flame.flame_reachable(turn, event.reachable)
    else:
        hazards.hazard_reachable(turn, event.sensor, event.reachable)
        people.people_reachable(turn, event.sensor, event.reachable)
