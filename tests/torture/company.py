"""Who is in the kitchen and at home: its sensors, what came to the guard, what must come of it.

An oracle of its own: from words heard, touches and flames it says by when nobody has been there for
too long for certain, and when for certain not.
"""

from dataclasses import dataclass, field
from random import Random

from gasguard.config.sensors import PeopleSensor
from gasguard.drivers.bus import Heard
from gasguard.simulator.mqtt.devices import Out
from tests.torture.account import FAR, NEVER, Ask
from tests.torture.plan import LENGTH
from tests.torture.scene import Bench, Scene

_SPEAKS_EVERY = 37.0
_WORDS = (("on", "off"), ("1", "0"), ("true", "false"))
_SLACK = 1.3
"""Seconds by which a word that somebody is there may count later."""
_UNSURE = 0.1


class People:
    """The sensors themselves. Every one says what is so, now and then, and may fall silent."""

    def __init__(self, scene: Scene, random: Random) -> None:
        self._loop, self._broker = scene.loop, scene.broker
        self._sensors = scene.config.people
        self._words = random.choice(_WORDS)
        self._keeps = random.random() < 0.5
        self._there = dict.fromkeys(self._sensors, False)
        self._silent: set[str] = set()
        self._offline: set[str] = set()
        for name, settings in self._sensors.items():
            topics = [topic for _, topic in settings.topics()]
            self._broker.said_at_qos_1.update(topics if random.random() < 0.7 else ())
            if settings.expire_after < LENGTH:
                self._speak(name)
        self.say_all()

    def say_all(self) -> None:
        """Whoever connects to the broker says what is so."""
        for name in self._sensors:
            self._say_online(name)
            self._say(name)

    def company(self, sensor: str, there: bool) -> None:
        """Somebody comes, or the last one leaves."""
        if sensor in self._there and self._there[sensor] is not there:
            self._there[sensor] = there
            self._say(sensor)

    def company_silent(self, sensor: str, seconds: float, known: bool) -> None:
        """The sensor says nothing for a while. `known`: it is told offline."""
        if sensor not in self._sensors or sensor in self._silent:
            return
        self._silent.add(sensor)
        if known:
            self._offline.add(sensor)
            self._say_online(sensor)
        self._loop.call_later(seconds, self._speaks_again, sensor)

    def _speaks_again(self, sensor: str) -> None:
        self._silent.discard(sensor)
        self._offline.discard(sensor)
        self._say_online(sensor)
        self._say(sensor)

    def _speak(self, sensor: str) -> None:
        self._loop.call_later(_SPEAKS_EVERY, self._speak, sensor)
        self._say(sensor)

    def _say(self, sensor: str) -> None:
        if sensor not in self._silent:
            word = self._words[0 if self._there[sensor] else 1]
            self._broker.from_device(Out(self._sensors[sensor].topic, word, self._keeps))

    def _say_online(self, sensor: str) -> None:
        for part in self._sensors[sensor].availability:
            word = part.offline if sensor in self._offline else part.online
            self._broker.from_device(Out(part.topic, word, True))


@dataclass(slots=True)
class Seen:
    """What the living guard has heard of one sensor, for one burner."""

    settings: PeopleSensor
    word: bool | None = None
    """Its last live word, or the kept one that nobody is there."""
    heard_at: float = NEVER
    there_at: float = NEVER
    """When it last said that somebody is."""
    there_until: float = NEVER
    """When that ended for the guard: by another word, or because it fell silent."""
    away_at: float = NEVER
    """When it first said that nobody is there."""
    unsure_at: float = NEVER
    """When it last could not be heard, or may not have been."""
    offline: set[str] = field(default_factory=set)
    offline_since: float = FAR

    def forget(self) -> None:
        """The next guard has heard nothing yet."""
        self.word = None
        self.heard_at = self.there_at = self.there_until = NEVER
        self.away_at = self.unsure_at = NEVER
        self.offline.clear()
        self.offline_since = FAR

    def says(self, there: bool, now: float, *, kept: bool) -> None:
        """A word reaches the guard."""
        if kept and there:
            return
        if self.word and not there:
            self.there_until = now
        if self.word is not False and not there:
            self.away_at = now
        self.word = there
        if there:
            self.there_at = now
        if not kept:
            self.heard_at = now
            if self.offline:
                self.unsure_at = now
            self.offline.clear()
            self.offline_since = FAR

    def there(self, what: str, now: float, *, online: bool) -> None:
        """Others say whether it can be heard."""
        before = bool(self.offline)
        if online:
            self.offline.discard(what)
        else:
            self.offline.add(what)
        if not before and not self.offline:
            return
        self.offline_since = min(self.offline_since, now) if self.offline else FAR
        self.unsure(now)

    def unsure(self, now: float) -> None:
        """It cannot be heard, or may not be: nobody is there for that."""
        if self.word:
            self.there_until = now
        self.unsure_at, self.word = now, None

    def look(self, now: float, up_since: float) -> None:
        """Once a second: it may have expired."""
        expires = max(self.heard_at, up_since) + self.settings.expire_after
        if self.offline or now >= expires - _UNSURE - 1:
            self.unsure(now)


class Company:
    """What must come of it, burner by burner."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.seen: dict[str, dict[str, Seen]] = {
            name: {sensor: Seen(one) for sensor, one in scene.config.people_of(name).items()}
            for name in scene.benches
        }
        self._touched = dict.fromkeys(scene.benches, NEVER)
        """Until when the last touch puts off what looks for people."""
        self._asked: dict[str, list[tuple[float, float]]] = {name: [] for name in scene.benches}
        """Touches that were accepted: asked at, answered at."""
        self._allowed = dict.fromkeys(scene.benches, NEVER)
        """Until when a timer allows that nobody is at home."""
        self._timers_at = dict.fromkeys(scene.benches, NEVER)
        """When a timer last may have run."""
        self._warned: dict[tuple[str, bool], list[float]] = {}
        self._noted: dict[tuple[str, str], float] = {}

    def forget(self) -> None:
        """The guard is dead."""
        for sensors in self.seen.values():
            for seen in sensors.values():
                seen.forget()
        self._warned.clear()
        for name in self._asked:
            self._asked[name].clear()
            # What was allowed may be on disk.
            self._touched[name] = self._timers_at[name] = NEVER

    def heard(self, seen: Seen, heard: Heard) -> None:
        """One of its topics speaks."""
        word = heard.payload.decode(errors="replace")
        for part in seen.settings.availability:
            if heard.topic == part.topic and word in (part.online, part.offline):
                seen.there(heard.topic, self._scene.now, online=word == part.online)
        if heard.topic == seen.settings.topic:
            known = next((pair for pair in _WORDS if word in pair), None)
            if known is not None:
                seen.says(word == known[0], self._scene.now, kept=heard.retained)
            elif not heard.retained:
                seen.unsure(self._scene.now)

    def broker(self, *, there: bool) -> None:
        """The broker has been away for long, or is back."""
        for sensors in self.seen.values():
            for seen in sensors.values():
                seen.there("", self._scene.now, online=there)

    def asked(self, name: str, ask: Ask) -> None:
        """Somebody touches the controls."""
        if ask.kind in ("timer", "extend", "cancel"):
            more = ask.seconds if ask.kind == "extend" else 0.0
            self._touched[name] = max(self._touched[name], self._scene.now + more)
        homes = [one for one in self.seen[name].values() if one.settings.kind == "home"]
        if ask.kind == "timer" and not any(one.word for one in homes):
            self._allowed[name] = max(self._allowed[name], self._scene.now + ask.seconds)

    def answered(self, name: str, ask: Ask) -> None:
        """It was heard at the latest now."""
        self.asked(name, ask)
        if ask.kind in ("timer", "extend", "cancel") and ask.answers[-1]["status"] == "accepted":
            self._asked[name].append((ask.at, self._scene.now))

    def tells(self, name: str, event: dict[str, object]) -> None:
        """The guard warns."""
        if event["type"] == "prewarning" and event["reason"] == "unattended":
            key = name, event.get("away") is True
            # Where the disk held it up, it was said that much sooner.
            said = self._scene.now - self._scene.told_late_by
            self._warned.setdefault(key, []).append(said)

    def look(self, bench: Bench) -> None:
        """Once a second."""
        now, up_since = self._scene.now, self._scene.pi.up_since
        for seen in self.seen[bench.account.name].values():
            seen.look(now, up_since)
        asks = [ask for ask in bench.account.asks if not ask.answers and ask.kind != "off"]
        if bench.account.timers != {None} or asks:
            self._timers_at[bench.account.name] = now

    def due(self, bench: Bench) -> tuple[str, float] | None:
        """What has waited for nobody for too long, and when that was certain; once each."""
        name, account = bench.account.name, bench.account
        limits = account.config.limits
        for kind, limit, warning in (
            ("presence", limits.unattended, limits.prewarn),
            ("home", limits.away, None),
        ):
            sensors = [one for one in self.seen[name].values() if one.settings.kind == kind]
            if limit is None or not sensors or account.lit_told is None:
                continue
            if kind == "home" and any(one.word is not False for one in sensors):
                continue
            if any(one.word or one.unsure_at >= self._scene.now - 2 for one in sensors):
                continue
            since = [account.lit_told, self._scene.pi.up_since, self._touched[name]]
            since += [seen.there_until for seen in sensors]
            unsure = [one.unsure_at for one in sensors]
            if kind == "presence":
                counts = max(max(since) + limit, account.lit_told, self._timers_at[name], *unsure)
                moment = counts + (warning or 0.0)
            else:
                moment = max(*since, *unsure, self._allowed[name], self._away_at(sensors)) + limit
            if moment < self._scene.now and self._noted.get((name, kind)) != moment:
                self._noted[name, kind] = moment
                return f"nobody was there ({kind})", moment
        return None

    @staticmethod
    def _away_at(sensors: list[Seen]) -> float:
        return max(one.away_at for one in sensors)

    def why_not(self, bench: Bench, event: dict[str, object]) -> str | None:
        """What speaks against a trip for nobody's being there, if something does for certain."""
        now, late = self._scene.now, self._scene.told_late_by + 0.2
        name, limits = bench.account.name, bench.account.config.limits
        away = event.get("away") is True
        kind = "home" if away else "presence"
        limit = limits.away if away else limits.unattended
        if limit is None:
            return "tripped as unattended where nobody has asked for that"
        whole = limit + (0.0 if away else limits.prewarn)
        for seen in self.seen[name].values():
            sees = seen.settings.kind == kind
            if sees and seen.there_at < now - late - _SLACK and now < seen.there_at + whole - 0.3:
                return f"tripped {now - seen.there_at:.1f} s after somebody was there"
            if sees and seen.word and seen.there_at < now - late - _SLACK:
                return "tripped as unattended while somebody is there"
            if sees and seen.offline_since < now - late - 0.3:
                return "tripped as unattended though nobody can hear the sensor"
            unheard = seen.word is None and seen.heard_at == NEVER
            if sees and away and unheard and self._scene.pi.up_since < now - late:
                return "tripped because nobody is at home, which nobody has said"
        if not away:
            for asked_at, answered_at in self._asked[name]:
                if answered_at < now - late and now < asked_at + whole - 0.3:
                    return f"tripped {now - asked_at:.1f} s after somebody touched the controls"
            timers = bench.account.timers
            settled = bench.account.timer_asked_at < now - late - 6
            if settled and all(span is not None and span[1] > now + 1 for span in timers):
                return "tripped as unattended though a timer runs"
        needed = limit if away else limits.prewarn
        warned = self._warned.get((name, away), [])
        if needed > late and not any(at <= now - needed + late for at in warned):
            return "tripped as unattended without a warning in time"
        return None
