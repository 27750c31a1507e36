"""Sensors behind the broker that say whether anybody is there."""

from collections.abc import Callable

from gasguard.config.sensors import PeopleSensor
from gasguard.core.messages import PeopleRead, SensorGarbled, SensorReachable
from gasguard.drivers.base import Site
from gasguard.drivers.mqtt.sensor import MqttSensor

Post = Callable[[PeopleRead | SensorGarbled | SensorReachable], None]


class PeopleListener:
    """Makes what one sensor says readings of the burners that it concerns."""

    def __init__(self, name: str, post: Post) -> None:
        self._name, self._post = name, post

    def said(self, danger: bool | None, *, stored: bool) -> None:
        """See `Listener.said`. The danger is that nobody is there."""
        self._post(PeopleRead(self._name, None if danger is None else not danger, stored))

    def garbled(self, why: str) -> None:
        """See `Listener.garbled`."""
        self._post(SensorGarbled(self._name, why))

    def tested(self) -> None:
        """See `Listener.tested`. Whoever tests one of these is there."""

    def reachable(self, reachable: bool) -> None:
        """See `Listener.reachable`."""
        self._post(SensorReachable(self._name, reachable))


def sensor(name: str, place: str, settings: PeopleSensor, site: Site, post: Post) -> MqttSensor:
    """What `assemble` makes of a sensor of `kind: presence` or `home`; `place` is where it stands
    in the file."""
    return MqttSensor(place, settings, site.bus(), PeopleListener(name, post))
