"""One hazard sensor on MQTT: its own words, and what others say of its being there."""

import logging
from collections.abc import Callable

from gasguard.config.fields import Availability
from gasguard.config.sensors import Hazard
from gasguard.core.messages import HazardReachable, HazardRead
from gasguard.mqtt.link import Message
from gasguard.mqtt.words import field_of, json_of, says_online

log = logging.getLogger(__name__)

_WORDS = {
    **dict.fromkeys(("alarm", "on", "true", "1"), True),
    **dict.fromkeys(("clear", "off", "false", "0"), False),
}
_LONGEST = 65_536
"""Bytes of a message that are looked at; Zigbee2MQTT's are below a thousand."""
_SHOWN = 40
_MOST_COMPLAINTS = 20


class HazardEar:
    """Hears one sensor. `tell` takes what is to be told of it."""

    def __init__(
        self, name: str, settings: Hazard, tell: Callable[[HazardRead | HazardReachable], None]
    ) -> None:
        self._name, self._settings, self._tell = name, settings, tell
        self._understood = False
        """It has said alarm or clear, so what else it says comes from the right sensor."""
        self._offline: set[str] = set()
        """Topics that say it is."""
        self._complaints: set[str] = set()

    def spoke(self, message: Message) -> None:
        """A message of its own."""
        payload, field = message.payload[:_LONGEST], self._settings.word_in
        if not payload.lstrip().startswith(b"{"):
            self._word(field_of(payload, None) or "", message)
        elif field is None:
            self._complain("sends JSON: name the key that says alarm or clear with field:")
        elif (word := field_of(payload, field)) is not None:
            self._word(word, message)
        else:
            self._of_something_else(json_of(payload), field, message)

    def _word(self, word: str, message: Message) -> None:
        active = _WORDS.get(word.lower())
        if active is None:
            self._complain(f"{word[:_SHOWN]!r} is not alarm/clear, on/off, true/false or 1/0")
            return
        self._understood = True
        self._tell(HazardRead(self._name, active, stored=message.retain))

    def _of_something_else(self, data: object, field: str, message: Message) -> None:
        # Its battery, say: a sign of life, unless this may be another sensor, or a wrong field.
        if isinstance(data, dict) and self._understood:
            self._tell(HazardRead(self._name, None, stored=message.retain))
        else:
            names = ", ".join(map(str, data))[:_SHOWN] if isinstance(data, dict) else "no JSON"
            self._complain(f"has no field {field} ({names})")

    def available(self, availability: Availability, message: Message) -> None:
        """One of the topics that say whether it is there."""
        online = says_online(availability, message.payload[:_LONGEST])
        if online is not None:
            self._there(availability.topic, online)

    def broker(self, there: bool) -> None:
        """Whether the broker has been there lately; without it nothing is heard."""
        self._there("", there)

    def _there(self, what: str, online: bool) -> None:
        before = bool(self._offline)
        if online:
            self._offline.discard(what)
        else:
            self._offline.add(what)
        if before != bool(self._offline):
            self._tell(HazardReachable(self._name, before))

    def _complain(self, text: str) -> None:
        if text not in self._complaints and len(self._complaints) < _MOST_COMPLAINTS:
            self._complaints.add(text)
            log.warning("hazards.%s: %s", self._name, text)
