"""Flame and hazard sensors on MQTT: what they publish, made into readings."""

import asyncio
import math
from collections.abc import Callable
from functools import partial

from gasguard.config.burners import BurnerConfig
from gasguard.config.sensors import FlameSensor, Hazard, MqttFlame
from gasguard.core.messages import Event, FlameRead, ThermocoupleRead
from gasguard.core.model import Flame
from gasguard.guard.controller import Controller
from gasguard.interfaces.hazards import HazardEar
from gasguard.mqtt.link import Message

_MISSED_AFTER = 60.0
"""Seconds without a broker after which hazard sensors count as not to be heard."""
_LONGEST_WORD = 16
_FLAME_WORDS = {
    **dict.fromkeys(("lit", "on", "true", "1"), Flame.LIT),
    **dict.fromkeys(("out", "off", "false", "0"), Flame.OUT),
}


class SensorDesk:
    """Every sensor's topics, and which burners its word goes to."""

    def __init__(
        self, controller: Controller, burners: dict[str, BurnerConfig], hazards: dict[str, Hazard]
    ) -> None:
        self._controller = controller
        self._ears: dict[str, list[Callable[[Message], None]]] = {}
        self._hazards: list[HazardEar] = []
        self._missing: asyncio.TimerHandle | None = None
        for name, burner in burners.items():
            if burner.flame is not None:
                self._listen(burner.flame.topic, partial(self._flame, name, burner.flame))
        for name, hazard in hazards.items():
            ear = HazardEar(name, hazard, partial(self._post, hazard.burners or list(burners)))
            self._hazards.append(ear)
            self._listen(hazard.topic, ear.spoke)
            for availability in hazard.availability:
                self._listen(availability.topic, partial(ear.available, availability))

    def _listen(self, topic: str, ear: Callable[[Message], None]) -> None:
        self._ears.setdefault(topic, []).append(ear)

    def _post(self, burners: list[str], event: Event) -> None:
        for burner in burners:
            self._controller.post(burner, event)

    @property
    def topics(self) -> list[str]:
        """What must be subscribed to."""
        return list(self._ears)

    def hears(self, topic: str) -> bool:
        """Whether some sensor publishes on it."""
        return topic in self._ears

    def received(self, message: Message) -> None:
        """Take a message on one of the topics."""
        for ear in self._ears[message.topic]:
            ear(message)

    def connected(self) -> None:
        """The broker is there."""
        self.stop()
        self._broker(there=True)

    def lost(self) -> None:
        """The broker is not there, from now on. Call on the event loop."""
        if self._missing is None:
            loop = asyncio.get_running_loop()
            self._missing = loop.call_later(_MISSED_AFTER, partial(self._broker, there=False))

    def stop(self) -> None:
        """Wait for the broker no longer."""
        if self._missing is not None:
            self._missing.cancel()
            self._missing = None

    def _broker(self, *, there: bool) -> None:
        for ear in self._hazards:
            ear.broker(there)

    def _flame(self, burner: str, sensor: FlameSensor, message: Message) -> None:
        word = message.payload[:_LONGEST_WORD].decode(errors="replace").strip().lower()
        if isinstance(sensor, MqttFlame):
            self._controller.post(burner, FlameRead(_FLAME_WORDS.get(word, Flame.UNKNOWN)))
        elif not message.retain:  # a stored measurement is of unknown age
            self._controller.post(burner, ThermocoupleRead(_millivolts(word)))


def _millivolts(word: str) -> float:
    """NaN, which the core takes for silence, if it is no number."""
    try:
        return float(word)
    except ValueError:
        return math.nan
