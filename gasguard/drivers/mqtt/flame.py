"""Flame sensors behind the broker: words, or a thermocouple's millivolts."""

import asyncio
from collections.abc import Callable

from gasguard.config.sensors import FlameOnTopic, HeatFlame
from gasguard.core.messages import FLAME, FlameRead, SensorGarbled, SensorReachable
from gasguard.core.model import Flame
from gasguard.drivers.base import Site
from gasguard.drivers.mqtt.sensor import MqttSensor
from gasguard.drivers.warming import warming

Post = Callable[[FlameRead | SensorGarbled | SensorReachable], None]


class FlameListener:
    """Makes what a flame sensor says readings of one burner."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def said(self, danger: bool | None, *, stored: bool) -> None:
        """See `Listener.said`."""
        flame = None if danger is None else Flame.LIT if danger else Flame.OUT
        self._post(FlameRead(flame, stored))

    def garbled(self, why: str) -> None:
        """See `Listener.garbled`."""
        self._post(SensorGarbled(FLAME, why))

    def tested(self) -> None:
        """See `Listener.tested`. A flame sensor has no test that would have to be told."""

    def reachable(self, reachable: bool) -> None:
        """See `Listener.reachable`."""
        self._post(SensorReachable(FLAME, reachable))


def sensor(burner: str, settings: FlameOnTopic, site: Site, post: Post) -> MqttSensor:
    """What `assemble` makes of `flame:` with the drivers mqtt, thermocouple and temperature."""
    understood = None
    if isinstance(settings, HeatFlame):
        understood = warming(settings, asyncio.get_running_loop().time)
    where = f"burners.{burner}.flame"
    return MqttSensor(where, settings, site.bus(), FlameListener(post), understood)
