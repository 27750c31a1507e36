"""What the guard has been told by its sensors: taken from what comes to it on its connection."""

import asyncio
import json
from collections.abc import Callable
from functools import partial

from gasguard.config.flames import AdcFlame, FlameConfig
from gasguard.config.sensors import FlameOnTopic, OnTopic
from gasguard.core.messages import Event, FlameRead
from gasguard.core.model import Flame
from gasguard.drivers.bus import Heard
from gasguard.drivers.mqtt.sensor import MISSED_AFTER
from tests.torture.judge import Judge
from tests.torture.scene import Alarm, Bench, Scene

_YES = ("lit", "on", "alarm", "1", "true")
_NO = ("out", "off", "clear", "0", "false")
_UNSURE = 0.1
"""Seconds before a sensor's word expires in which the guard may go either way."""
_SURELY_HOT = 30.0
"""Seconds: a thermocouple takes 10, a word about it 5."""
_SAME = "as before"
_ELSE = "of something else"
"""An object without the key that holds the word."""
_BROKER = ""
"""Stands among the topics for the broker itself."""


class Ears:
    """Tells account and judge of each word, just before the guard hears it."""

    def __init__(self, scene: Scene, judge: Judge) -> None:
        self._scene, self._judge, self._loop = scene, judge, scene.loop
        self._by_topic: dict[str, list[Callable[[Heard], None]]] = {}
        self._expiries: dict[str, asyncio.TimerHandle] = {}
        self._silent: set[str] = set()
        """Burners whose flame sensor was last not understood, or said nothing for too long."""
        self._understood: set[str] = set()
        """Topics on which the living guard has heard a word that it knows."""
        self._missing: asyncio.TimerHandle | None = None
        """Runs while the living guard has no broker."""
        scene.broker.on_heard, scene.broker.on_connected = self._heard, self._connected
        scene.pi.on_listening, scene.pi.on_measured = self._listening, self._measured
        for name, bench in scene.benches.items():
            for seen in judge.company.seen[name].values():
                for topic in dict.fromkeys(topic for _, topic in seen.settings.topics()):
                    self._listen(topic, partial(judge.company.heard, seen))
            flame = bench.account.config.flame
            if isinstance(flame, FlameOnTopic):
                for _, topic in flame.topics():
                    self._listen(topic, partial(self._flame_heard, bench, flame))
            for sensor, hazard in scene.config.hazards_of(name).items():
                self._listen(hazard.topic, partial(self._alarm_heard, bench, sensor, hazard))
                for part in hazard.availability:
                    words = {part.online.encode(): True, part.offline.encode(): False}
                    told = partial(self._there_heard, bench.alarms[sensor], words)
                    self._listen(part.topic, told)

    def _listen(self, topic: str, told: Callable[[Heard], None]) -> None:
        self._by_topic.setdefault(topic, []).append(told)

    def _heard(self, heard: Heard) -> None:
        for told in self._by_topic.get(heard.topic, ()):
            told(heard)

    def forget(self) -> None:
        """The guard is dead: the next one has heard nothing yet."""
        self._stop_missing()
        for expiry in self._expiries.values():
            expiry.cancel()
        self._silent.clear()
        self._understood.clear()
        self._judge.company.forget()
        for bench in self._scene.benches.values():
            for alarm in bench.alarms.values():
                alarm.heard_at = alarm.word = None
                alarm.garbled = False
                alarm.offline.clear()

    # --- flames -------------------------------------------------------------------------------

    def _flame_heard(self, bench: Bench, flame: FlameOnTopic, heard: Heard) -> None:
        word = _measured(flame, heard.payload) if flame.levels else self._word(flame, heard)
        if heard.retained:
            if word is True and bench.account.name in self._silent:
                bench.account.glimpsed(self._scene.now)
            elif word is True:
                bench.account.sensed(True, self._scene.now)
            return
        if word == _ELSE:
            return  # that its radio lives does not show that it still measures
        self._flame_says(bench, flame, word)

    def _measured(self, burner: str, event: Event) -> None:
        bench = self._scene.benches[burner]
        flame = bench.account.config.flame
        if isinstance(flame, AdcFlame):
            word: bool | str | None = None
            if isinstance(event, FlameRead):
                word = _SAME if event.flame is None else event.flame is Flame.LIT
            if word is False and self._is_hot(bench, flame):
                rule, text = "a_hot_thermocouple_is_never_told_as_out", "its sensor tells out"
                self._judge.verdict(rule, text, burner)
            self._flame_says(bench, flame, word)

    def _is_hot(self, bench: Bench, flame: AdcFlame) -> bool:
        """Whether it burns, and has for so long that no word from before can be on its way."""
        lit = bench.flame_since is not None and bench.flame_since < self._scene.now - _SURELY_HOT
        return lit and self._scene.house.millivolts(bench.account.name) > flame.lit_above

    def _flame_says(self, bench: Bench, flame: FlameConfig, word: bool | str | None) -> None:
        self._expect(bench, flame, self._scene.now)
        if isinstance(word, bool):
            self._silent.discard(bench.account.name)
        elif word is None:
            self._silent.add(bench.account.name)
        if word is not _SAME:
            bench.account.sensed(word if isinstance(word, bool) else None, self._scene.now)

    def _expect(self, bench: Bench, flame: FlameConfig, heard_at: float) -> None:
        name = bench.account.name
        if name in self._expiries:
            self._expiries[name].cancel()
        expires_at = heard_at + flame.expire_after - _UNSURE
        self._expiries[name] = self._loop.call_at(expires_at, self._unheard, bench)

    def _unheard(self, bench: Bench) -> None:
        self._silent.add(bench.account.name)
        bench.account.sensed(None, self._scene.now)

    # --- hazards ------------------------------------------------------------------------------

    def _alarm_heard(self, bench: Bench, sensor: str, hazard: OnTopic, heard: Heard) -> None:
        alarm, active = bench.alarms[sensor], self._word(hazard, heard)
        lock = self._scene.config.hazards[sensor].kind
        if isinstance(active, bool) and (active or not heard.retained):
            # An alarm ends by the sensor's own live word: what is kept may be older.
            if alarm.word is not active:
                alarm.word, alarm.changed_at = active, self._scene.now
            if not active:
                bench.account.reporting.pop(lock, None)
        if not heard.retained:
            self._alarm_speaks(alarm, active)
        if active is True and lock not in bench.account.reporting:
            self._judge.hazard(bench, lock)

    def _alarm_speaks(self, alarm: Alarm, word: bool | str | None) -> None:
        """What nobody understands takes "clear" away, and no alarm. Another subject is nothing."""
        if word == _ELSE:
            return
        alarm.heard_at = self._scene.now
        if alarm.offline:
            # Whoever says that it is offline is mistaken, or late.
            alarm.offline.clear()
            alarm.changed_at = self._scene.now
        if word is None:
            alarm.garbled, alarm.word = True, alarm.word or None
        else:
            alarm.garbled = False

    def _word(self, sensor: OnTopic, heard: Heard) -> bool | str | None:
        """What it says; once the sensor was understood, what else it sends is no nonsense."""
        word = _meaning(heard.payload)
        if word is None and sensor.word_in and _is_object(heard.payload):
            return _ELSE if heard.topic in self._understood else None
        if word is not None:
            self._understood.add(heard.topic)
        return word

    def _there_heard(self, alarm: Alarm, words: dict[bytes, bool], heard: Heard) -> None:
        if (online := words.get(heard.payload)) is not None:
            self._there(alarm, heard.topic, online=online)

    def _there(self, alarm: Alarm, what: str, *, online: bool) -> None:
        before = bool(alarm.offline)
        if online:
            alarm.offline.discard(what)
        else:
            alarm.offline.add(what)
            # It may say alarm meanwhile, and nobody hears it.
            alarm.word = alarm.word or None
        if before != bool(alarm.offline):
            alarm.changed_at = self._scene.now

    def _listening(self) -> None:
        for bench in self._scene.benches.values():
            flame = bench.account.config.flame
            if flame is not None:
                # What is kept begins a flame, and is no sign of life.
                self._expect(bench, flame, self._scene.pi.up_since)
        if not self._scene.broker.guard_connected and self._missing is None:
            self._connected(False)

    def _connected(self, connected: bool) -> None:
        self._stop_missing()
        if connected:
            self._broker_there(online=True)
        else:
            missed = partial(self._broker_there, online=False)
            self._missing = self._loop.call_later(MISSED_AFTER, missed)

    def _broker_there(self, *, online: bool) -> None:
        self._judge.company.broker(there=online)
        for bench in self._scene.benches.values():
            # What the computer measures itself needs no broker.
            if not online and not isinstance(bench.account.config.flame, AdcFlame):
                bench.account.sensed(None, self._scene.now)
            for alarm in bench.alarms.values():
                self._there(alarm, _BROKER, online=online)

    def _stop_missing(self) -> None:
        if self._missing is not None:
            self._missing.cancel()
            self._missing = None


def _measured(flame: FlameOnTopic, payload: bytes) -> bool | str | None:
    """Lit, out, or between; None where a sensor says that it cannot measure, or no number."""
    above, below = flame.levels or (None, None)
    try:
        read = float(payload)
    except ValueError:
        return None
    if above is None or below is None or not -5 <= read <= 60:
        return None
    return True if read >= above.number else False if read <= below.number else _SAME


def _meaning(payload: bytes) -> bool | None:
    """Of a word, plain or as a Zigbee alarm's JSON."""
    word = payload.decode(errors="replace").lower()
    if word.startswith("{"):
        return True if ": true" in word else False if ": false" in word else None
    return True if word in _YES else False if word in _NO else None


def _is_object(payload: bytes) -> bool:
    try:
        return isinstance(json.loads(payload), dict)
    except (ValueError, RecursionError):
        return False
