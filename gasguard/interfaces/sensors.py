"""Flame and hazard sensors on MQTT: what they publish, made into readings."""

import logging
import math
from collections.abc import Callable
from functools import partial

from gasguard.config import Burner, FlameSensor, Hazard, MqttFlame
from gasguard.controller import Controller
from gasguard.core.messages import FlameRead, HazardRead, ThermocoupleRead
from gasguard.core.model import Flame
from gasguard.mqtt_link import Message
from gasguard.mqtt_words import field_of, says_online

log = logging.getLogger(__name__)

_LONGEST_WORD = 16
_LONGEST_MESSAGE = 65_536
"""Bytes of a sensor's message that are looked at; Zigbee2MQTT's are below a thousand."""
_ON = dict.fromkeys(("on", "true", "1"), True)
_OFF = dict.fromkeys(("off", "false", "0"), False)
_FLAME_WORDS = {"lit": True, "out": False, **_ON, **_OFF}
_HAZARD_WORDS = {"alarm": True, "clear": False, **_ON, **_OFF}


class SensorDesk:
    """Every sensor's topics, and which burners its word goes to."""

    def __init__(
        self,
        controller: Controller,
        burners: dict[str, Burner],
        hazards: dict[str, Hazard],
    ) -> None:
        self._controller = controller
        self._ears: dict[str, list[Callable[[Message], None]]] = {}
        self._puzzled: set[str] = set()
        for name, burner in burners.items():
            if burner.flame is not None:
                self._listen(burner.flame.topic, partial(self._flame, name, burner.flame))
        for sensor, hazard in hazards.items():
            heeding = hazard.burners or list(burners)
            self._listen(hazard.topic, partial(self._hazard, sensor, hazard, heeding))
            if hazard.availability is not None:
                self._listen(
                    hazard.availability.topic, partial(self._available, sensor, hazard, heeding)
                )

    def _listen(self, topic: str, ear: Callable[[Message], None]) -> None:
        self._ears.setdefault(topic, []).append(ear)

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

    def _flame(self, burner: str, sensor: FlameSensor, message: Message) -> None:
        word = message.payload[:_LONGEST_WORD].decode(errors="replace").strip().lower()
        if isinstance(sensor, MqttFlame):
            lit = _FLAME_WORDS.get(word)
            flame = Flame.UNKNOWN if lit is None else Flame.LIT if lit else Flame.OUT
            self._controller.post(burner, FlameRead(flame))
        elif not message.retain:  # a stored measurement is of unknown age
            self._controller.post(burner, ThermocoupleRead(_millivolts(word)))

    def _hazard(self, name: str, hazard: Hazard, burners: list[str], message: Message) -> None:
        payload = message.payload[:_LONGEST_MESSAGE]
        in_object = payload.lstrip().startswith(b"{")
        word = field_of(payload, hazard.word_in if in_object else None)
        active = _HAZARD_WORDS.get((word or "").lower())
        if active is None and not (in_object and word is None):
            self._puzzle(name, word or "")
            return
        if message.retain and active is None:
            return
        # A stored alarm counts: it is the sensor's last word. It does not say that it still lives.
        self._tell(burners, HazardRead(name, active, None if message.retain else True))

    def _available(self, name: str, hazard: Hazard, burners: list[str], message: Message) -> None:
        assert hazard.availability is not None  # noqa: S101 - listened to only where there is one
        online = says_online(hazard.availability, message.payload[:_LONGEST_MESSAGE])
        if online is not None:
            self._tell(burners, HazardRead(name, None, online))

    def _tell(self, burners: list[str], read: HazardRead) -> None:
        for burner in burners:
            self._controller.post(burner, read)

    def _puzzle(self, name: str, word: str) -> None:
        if name not in self._puzzled:
            self._puzzled.add(name)
            log.warning(
                "hazards.%s: %r is neither alarm nor clear (on/off, true/false, 1/0)",
                name,
                word[:_LONGEST_WORD],
            )


def _millivolts(word: str) -> float:
    """NaN, which the core takes for silence, if it is no number."""
    try:
        return float(word)
    except ValueError:
        return math.nan
