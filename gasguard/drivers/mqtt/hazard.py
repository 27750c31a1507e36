"""Gas, smoke and heat alarms behind the broker."""

from collections.abc import Callable

from gasguard.config.sensors import Hazard
from gasguard.core.messages import HazardRead, HazardTested, SensorGarbled, SensorReachable
from gasguard.drivers.base import Site
from gasguard.drivers.mqtt.sensor import MqttSensor

Post = Callable[[HazardRead | HazardTested | SensorGarbled | SensorReachable], None]


class HazardListener:
    """Makes what one alarm says readings of the burners that heed it."""

    def __init__(self, name: str, post: Post) -> None:
        self._name, self._post = name, post

    def said(self, danger: bool | None, *, stored: bool) -> None:
        """See `Listener.said`."""
        self._post(HazardRead(self._name, danger, stored))

    def garbled(self, why: str) -> None:
        """See `Listener.garbled`."""
        self._post(SensorGarbled(self._name, why))

    def tested(self) -> None:
        """See `Listener.tested`."""
        self._post(HazardTested(self._name))

    def reachable(self, reachable: bool) -> None:
        """See `Listener.reachable`."""
        self._post(SensorReachable(self._name, reachable))


def sensor(name: str, place: str, settings: Hazard, site: Site, post: Post) -> MqttSensor:
    """What `assemble` makes of an alarm; `place` is where it stands in the file."""
    return MqttSensor(place, settings, site.bus(), HazardListener(name, post))
