"""A hood behind an MQTT broker: Zigbee2MQTT, Tasmota, ESPHome, or any topics."""

import json
from typing import Any

from gasguard.config.hood import MqttHood
from gasguard.mqtt.words import word_at
from gasguard.simulator.channels import ChannelSpec, Key
from gasguard.simulator.motor import Motor
from gasguard.simulator.mqtt.devices import Device, Out
from gasguard.simulator.mqtt.module import MqttModule

_POWER: Key = (0, 0)


class FanDevice(Device):
    """It obeys what its configuration sends, and tells how it runs where that listens."""

    def __init__(self, settings: MqttHood, *, now: float) -> None:
        super().__init__([], MqttModule([ChannelSpec(*_POWER)], now=now, dead_man={}))
        self._settings = settings
        self.motor = Motor(settings.words.values())
        self.motor.bind(self.module, _POWER)

    @property
    def topics(self) -> list[str]:
        return sorted({topic for _, topic in self._settings.commanded_topics()})

    def receive(self, topic: str, payload: str, now: float) -> list[Out]:
        settings = self._settings
        if topic == settings.command_topic and payload == settings.off_payload:
            self.module.order(_POWER, False, now)
        elif topic == settings.command_topic and payload == settings.payload_on:
            self.module.order(_POWER, True, now)
        elif topic == (settings.level_topic or settings.command_topic):
            self._set_level(payload, now)
        return self.told()

    def _set_level(self, payload: str, now: float) -> None:
        settings, faults = self._settings, self.module.faults
        word = {settings.payload_for(word): word for word in self.motor.levels}.get(payload)
        if word is None or faults.refuse or faults.lying:
            return
        self.motor.set_level(word)
        # One with a power of its own is not switched on by a level.
        if settings.payload_on is None:
            self.module.order(_POWER, True, now)

    def switched(self, key: Key) -> list[Out]:
        return self.told()

    def status(self, online: bool) -> list[Out]:
        said = [
            Out(part.topic, part.online if online else part.offline, retain=True)
            for part in self._settings.availability
        ]
        return [*said, *(self.told() if online else [])]

    def told(self) -> list[Out]:
        """How it runs, on every topic on which it says so."""
        settings, own = self._settings, self._settings.has_own_level
        if settings.state_topic is None:
            return []
        word = self.motor.runs if self.motor.on and not own else self._power_word()
        said: dict[str, Any] = {}
        _put(said, settings.state_topic, settings.state_field, word)
        if own and settings.level_told_on is not None:
            _put(said, settings.level_told_on, settings.level_state_field, self.motor.level)
        return [
            Out(topic, text if isinstance(text, str) else json.dumps(text), retain=True)
            for topic, text in said.items()
        ]

    def _power_word(self) -> str:
        settings = self._settings
        if self.motor.on:
            given, payload = settings.state_on, settings.payload_on
        else:
            given, payload = settings.state_off, settings.off_payload
        said = word_at(payload.encode(), settings.state_field) if payload else None
        return given or said or ("on" if self.motor.on else "off")


def _put(said: dict[str, Any], topic: str, path: str | None, word: str) -> None:
    if path is None:
        said[topic] = word
        return
    *above, key = path.split(".")
    inside = said.setdefault(topic, {})
    for one in above:
        inside = inside.setdefault(one, {})
    inside[key] = word
