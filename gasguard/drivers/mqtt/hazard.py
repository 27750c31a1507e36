"""Hazard sensors behind the broker: their own words, and what others say of their being there."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from gasguard.config.sensors import Hazard
from gasguard.core.messages import HazardReachable, HazardRead
from gasguard.drivers.base import Site
from gasguard.drivers.bus import Bus, Heard, Listening
from gasguard.mqtt.words import field_of, json_of, says_online

log = logging.getLogger(__name__)

MISSED_AFTER = 60.0
"""Seconds without a broker after which its sensors count as not to be heard."""
_WORDS = {
    **dict.fromkeys(("alarm", "on", "true", "1"), True),
    **dict.fromkeys(("clear", "off", "false", "0"), False),
}
_SHOWN = 40
_MOST_COMPLAINTS = 20
_BROKER = ""
"""Stands among the topics for the broker itself."""

Post = Callable[[HazardRead | HazardReachable], None]


class MqttHazardSensor:
    """Makes what one gas, smoke or heat alarm publishes readings of the burners that heed it."""

    def __init__(self, name: str, settings: Hazard, bus: Bus, post: Post) -> None:
        self._name, self._settings, self._bus, self._post = name, settings, bus, post
        self._understood = False
        """It has said alarm or clear, so what else it says comes from the right sensor."""
        self._offline: set[str] = set()
        """Topics that say it is."""
        self._complaints: set[str] = set()
        self._missing: asyncio.TimerHandle | None = None
        """Runs while the broker is away: then the sensor cannot be heard."""
        self._was_refused = False
        topics = [topic for _, topic in settings.topics()]
        bus.attach(
            Listening(
                topics,
                topics,
                self._heard,
                self._changed,
                qos=1,
                vital=False,
                refused=self._refused,
            )
        )

    def start(self) -> None:
        """See `Sensor.start`."""
        self._changed()
        self._bus.start()

    async def aclose(self) -> None:
        """See `Sensor.aclose`."""
        self._broker_is_there()
        await self._bus.release()

    # --- the broker ---------------------------------------------------------------------------

    def _changed(self) -> None:
        if self._bus.connected:
            self._broker_is_there()
            self._there(_BROKER, online=not self._was_refused)
            return
        self._was_refused = False
        if self._missing is None:
            missed = partial(self._there, _BROKER, online=False)
            self._missing = asyncio.get_running_loop().call_later(MISSED_AFTER, missed)

    def _broker_is_there(self) -> None:
        if self._missing is not None:
            self._missing.cancel()
            self._missing = None

    def _refused(self) -> None:
        """On this connection nothing will be heard."""
        self._was_refused = True

    # --- its words ----------------------------------------------------------------------------

    def _heard(self, heard: Heard) -> None:
        if heard.topic == self._settings.topic:
            self._spoke(heard)
        for part in self._settings.availability:
            if heard.topic == part.topic:
                online = says_online(heard.payload, part.online, part.offline)
                if online is not None:
                    self._there(part.topic, online=online)

    def _spoke(self, heard: Heard) -> None:
        payload, field = heard.payload, self._settings.word_in
        if not payload.lstrip().startswith(b"{"):
            self._word(field_of(payload, None) or "", heard)
        elif field is None:
            self._complain("sends JSON: name the key that says alarm or clear with field:")
        elif (word := field_of(payload, field)) is not None:
            self._word(word, heard)
        else:
            self._of_something_else(json_of(payload), field, heard)

    def _word(self, word: str, heard: Heard) -> None:
        active = _WORDS.get(word.lower())
        if active is None:
            self._complain(f"{word[:_SHOWN]!r} is not alarm/clear, on/off, true/false or 1/0")
            return
        self._understood = True
        self._read(active, heard)

    def _of_something_else(self, data: object, field: str, heard: Heard) -> None:
        # Its battery, say: a sign of life, unless this may be another sensor, or a wrong field.
        if isinstance(data, dict) and self._understood:
            self._read(None, heard)
        else:
            names = ", ".join(map(str, data))[:_SHOWN] if isinstance(data, dict) else "no JSON"
            self._complain(f"has no field {field} ({names})")

    def _read(self, active: bool | None, heard: Heard) -> None:
        if not heard.retained:
            # Whoever says that it is offline is mistaken, or late: said again, it counts again.
            self._offline.clear()
        self._post(HazardRead(self._name, active, stored=heard.retained))

    def _there(self, what: str, *, online: bool) -> None:
        before = bool(self._offline)
        if online:
            self._offline.discard(what)
        else:
            self._offline.add(what)
        if before != bool(self._offline):
            self._post(HazardReachable(self._name, before))

    def _complain(self, text: str) -> None:
        if text not in self._complaints and len(self._complaints) < _MOST_COMPLAINTS:
            self._complaints.add(text)
            log.warning("hazards.%s: %s", self._name, text)


def sensor(name: str, settings: Hazard, site: Site, post: Post) -> MqttHazardSensor:
    """What `assemble` makes of an entry under `hazards:`."""
    return MqttHazardSensor(name, settings, site.bus(), post)
