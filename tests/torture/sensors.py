"""The sensors of a session, on the same side of the broker as the other devices.

Flame sensors say lit and out, late, or measure millivolts; hazard sensors alarm, show that they
live, and fall silent, known to be offline or not.
"""

import asyncio
import json
from random import Random

from gasguard.config.sensors import Hazard, MqttFlame, OnTopic, ThermocoupleFlame
from gasguard.simulator.mqtt.devices import Out
from gasguard.simulator.pi.i2c import FAULTS
from tests.torture.plan import LENGTH, Plan
from tests.torture.scene import Scene

_SPEAKS_EVERY = 37.0
"""Seconds between two words of a sensor that is expected to speak up."""
_MEASURES_EVERY = 1.93
_NOISE_MV = 0.1
_FLAME_WORDS = (("lit", "out"), ("ON", "OFF"), ("1", "0"))
_ALARM_WORDS = (("alarm", "clear"), ("true", "false"), ("", ""))
"""The last stands for Zigbee2MQTT's JSON, where the sensor has such a field."""


class Sensors:
    """Publishes what each sensor sees. One that is blind or silent publishes nothing."""

    def __init__(self, plan: Plan, scene: Scene, random: Random) -> None:
        self._plan, self._scene, self._random = plan, scene, random
        self._loop, self._broker = scene.loop, scene.broker
        self._flame_words, self._alarm_words = (
            random.choice(_FLAME_WORDS),
            random.choice(_ALARM_WORDS),
        )
        self._keeps = random.random() < 0.5
        """Whether the broker keeps their words; else it only has a "clear" of long ago."""
        self._blind: set[str] = set()
        self._sensing: dict[str, asyncio.TimerHandle] = {}
        """What each lit/out sensor is about to notice."""
        self._flames = dict.fromkeys(plan.sensors, False)
        """What each lit/out sensor says last."""
        self._hazards = scene.config.hazards
        self._alarming: set[str] = set()
        self._silent: set[str] = set()
        self._offline: set[str] = set()
        """Hazard sensors that say nothing, and those of which others say that they are offline."""
        self._mistaken = random.random() < 0.3
        """Those others say so of sensors that speak."""
        scene.house.on_flame(self._flame_changed)
        for settings in self._hazards.values():
            topics = [topic for _, topic in settings.topics()]
            self._broker.said_at_qos_1.update(topics if random.random() < 0.7 else ())
        for name, bench in scene.benches.items():
            flame = bench.account.config.flame
            if isinstance(flame, ThermocoupleFlame):
                self._measure(name, flame.topic)
            elif isinstance(flame, MqttFlame) and flame.expire_after < LENGTH:
                self._speak_of_flame(name)
        for name, settings in self._hazards.items():
            self._say_alarm(name, keep=True)
            if settings.expire_after < LENGTH:
                self._speak(name)
        self.say_all()

    def say_all(self) -> None:
        """Whoever connects to the broker says what is known, if it says anything."""
        for burner in self._flames:
            self._say_flame(burner)
        for name in self._hazards:
            self._say_there(name)
            if self._keeps:
                self._say_alarm(name)

    def _publish(self, topic: str, word: str, *, keep: bool) -> None:
        self._broker.from_device(Out(topic, word, keep))

    # --- flames -------------------------------------------------------------------------------

    def flame_unknown(self, burner: str, seconds: float, silently: bool = False) -> None:
        """The burner's flame sensor, if it has one, falls silent for a while; some say so."""
        if burner in self._blind or self._scene.benches[burner].account.config.flame is None:
            return
        if self._scene.house.is_measured(burner):
            self._scene.house.disturb(burner, self._random.choice(FAULTS[1:]))
        if burner in self._flames and not silently:
            self._publish(self._topic(burner), "unavailable", keep=self._keeps)
        self._blind.add(burner)
        self._loop.call_later(seconds, self._sees_again, burner)

    def flame_glitches(self, burner: str, seconds: float) -> None:
        """A lit/out sensor says the opposite of what it sees, for a moment or time and again."""
        if burner in self._flames and burner not in self._blind:
            opposite = self._flame_words[1 if self._flames[burner] else 0]
            self._publish(self._topic(burner), opposite, keep=self._keeps)
            self._loop.call_later(seconds, self._say_flame, burner)

    def _sees_again(self, burner: str) -> None:
        self._blind.discard(burner)
        if self._scene.house.is_measured(burner):
            self._scene.house.disturb(burner, FAULTS[0])
        if burner in self._flames:
            self._say_flame(burner)

    def _flame_changed(self, burner: str, lit: bool) -> None:
        lag = self._plan.sensors.get(burner)
        if lag is not None:
            # It is warm long after the flame: the fall takes longer than the rise, and who relights
            # it within that time has never let it cool.
            if burner in self._sensing:
                self._sensing[burner].cancel()
            after = lag if lit else 3 * lag
            self._sensing[burner] = self._loop.call_later(after, self._senses, burner, lit)

    def _senses(self, burner: str, lit: bool) -> None:
        self._flames[burner] = lit
        self._say_flame(burner)

    def _say_flame(self, burner: str) -> None:
        if burner not in self._blind:
            word = self._flame_words[0 if self._flames[burner] else 1]
            self._publish(self._topic(burner), word, keep=self._keeps)

    def _speak_of_flame(self, burner: str) -> None:
        self._loop.call_later(_SPEAKS_EVERY, self._speak_of_flame, burner)
        self._say_flame(burner)

    def _topic(self, burner: str) -> str:
        flame = self._scene.benches[burner].account.config.flame
        return flame.topic if isinstance(flame, OnTopic) else ""

    def _measure(self, burner: str, topic: str) -> None:
        self._loop.call_later(_MEASURES_EVERY, self._measure, burner, topic)
        if burner not in self._blind:
            noise = self._random.uniform(-_NOISE_MV, _NOISE_MV)
            read = round(self._scene.house.millivolts(burner) + noise, 2)
            self._publish(topic, str(read), keep=self._keeps)

    # --- hazards ------------------------------------------------------------------------------

    def hazard(self, _burner: str, alarm: str, seconds: float) -> None:
        """There is gas, smoke or heat, for a while."""
        if alarm not in self._alarming:
            self._alarming.add(alarm)
            self._say_alarm(alarm)
            self._loop.call_later(seconds, self._all_clear, alarm)

    def _all_clear(self, name: str) -> None:
        self._alarming.discard(name)
        self._say_alarm(name)

    def hazard_silent(self, _burner: str, alarm: str, seconds: float, known: bool) -> None:
        """The sensor says nothing for a while, not even an alarm. `known`: it is told offline."""
        if alarm in self._silent | self._offline:
            return
        if known:
            self._offline.add(alarm)
            self._say_there(alarm)
        if not (known and self._mistaken):
            self._silent.add(alarm)
        self._loop.call_later(seconds, self._speaks_again, alarm)

    def _speaks_again(self, name: str) -> None:
        self._silent.discard(name)
        self._offline.discard(name)
        self._say_there(name)
        self._say_alarm(name)

    def _say_there(self, name: str) -> None:
        for part in self._hazards[name].availability:
            word = part.offline if name in self._offline else part.online
            self._publish(part.topic, word, keep=True)

    def _speak(self, name: str) -> None:
        self._loop.call_later(_SPEAKS_EVERY, self._speak, name)
        self._say_alarm(name)

    def _say_alarm(self, name: str, *, keep: bool = False) -> None:
        if name not in self._silent:
            settings, active = self._hazards[name], name in self._alarming
            self._publish(settings.topic, self._word(settings, active), keep=keep or self._keeps)

    def _word(self, settings: Hazard, active: bool) -> str:
        word = self._alarm_words[0 if active else 1]
        if word:
            return word
        if settings.word_in is None:
            return "1" if active else "0"
        return json.dumps({settings.word_in: active, "battery": 87})
