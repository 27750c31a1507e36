"""Flame sensors behind the broker: words, or a thermocouple's millivolts."""

import math
from collections.abc import Callable

from gasguard.config.sensors import FlameConfig, MqttFlame, ThermocoupleFlame
from gasguard.core.messages import FlameRead, ThermocoupleRead
from gasguard.core.model import Flame
from gasguard.drivers.base import Site
from gasguard.drivers.bus import Bus, Heard, Listening
from gasguard.mqtt.words import field_of

_WORDS = {
    **dict.fromkeys(("lit", "on", "true", "1"), Flame.LIT),
    **dict.fromkeys(("out", "off", "false", "0"), Flame.OUT),
}

Post = Callable[[FlameRead | ThermocoupleRead], None]


class MqttFlameSensor:
    """Makes what is published on its topic a reading of one burner's flame."""

    def __init__(self, settings: FlameConfig, bus: Bus, post: Post) -> None:
        self._settings, self._bus, self._post = settings, bus, post
        topics = [topic for _, topic in settings.topics()]
        bus.attach(Listening(topics, topics, self._heard, qos=1, vital=False))

    def start(self) -> None:
        """See `Sensor.start`."""
        self._bus.start()

    async def aclose(self) -> None:
        """See `Sensor.aclose`."""
        await self._bus.release()

    def _heard(self, heard: Heard) -> None:
        word = (field_of(heard.payload, None) or "").lower()
        match self._settings:
            case MqttFlame():
                flame = _WORDS.get(word, Flame.UNKNOWN)
                if flame is Flame.LIT or not heard.retained:
                    # What is kept is of unknown age: it may begin a flame, never end one.
                    self._post(FlameRead(flame))
            case ThermocoupleFlame() if not heard.retained:
                self._post(ThermocoupleRead(_millivolts(word)))


def _millivolts(word: str) -> float:
    """NaN, which the core takes for silence, if it is no number."""
    try:
        return float(word)
    except ValueError:
        return math.nan


def sensor(settings: FlameConfig, site: Site, post: Post) -> MqttFlameSensor:
    """What `assemble` makes of `flame: {driver: mqtt}` and `{driver: thermocouple}`."""
    return MqttFlameSensor(settings, site.bus(), post)
