"""A fan behind the broker: commanded by words, and heard where it says how it runs.

What the broker has kept of its state is believed: it describes the present, and begins nothing.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from functools import partial

from gasguard.clock import until
from gasguard.config.hood import HoodConfig, MqttHood
from gasguard.drivers.base import Finding, Site, Speed
from gasguard.drivers.bus import Bus, Heard, Listening
from gasguard.drivers.mqtt.once import Once
from gasguard.errors import DriverError, Refused, Unreachable
from gasguard.mqtt.words import neither, says_online, word_at

log = logging.getLogger(__name__)

_EXPIRES = 5
"""Seconds that a broker may keep a command for a fan that is away (MQTT 5)."""
_SHOWN = 40
_LOOK_WITHIN = 3.0
"""Seconds that `doctor` gives the broker to connect, and to bring what it has kept."""
_ON, _OFF = {"on", "true", "1"}, {"off", "false", "0"}
_FAN_WORDS = frozenset(
    {"low", "medium", "middle", "mid", "high", "max", "min", "auto", "smart", "turbo", "boost"}
    | {"strong", "quiet", "silent", "sleep"}
)
"""Levels that fans have (Zigbee2MQTT, Tuya): set by hand though the configuration has others."""


class MqttFan:
    """A `Switch`."""

    def __init__(self, settings: MqttHood, bus: Bus) -> None:
        self._settings, self._bus = settings, bus
        self._levels = {_form(word): word for word in settings.levels.values()}
        self._on_words, self._off_words = _power_words(settings)
        self._power: bool | None = None
        self._level: str | None = None
        self._nonsense = ""
        """Why its last word was not understood; empty once one was."""
        self._refused = ""
        """A topic that the broker does not let gasguard listen to."""
        self._offline: set[str] = set()
        """Topics that say it is."""
        self._once = Once(log, "hood")
        topics = list(dict.fromkeys(topic for _, topic in settings.heard_topics()))
        bus.attach(
            Listening(
                topics, topics, self._heard, self._changed,
                qos=1, vital=False, refused=self._not_heard,
            )
        )  # fmt: skip

    @property
    def address(self) -> str:
        """See `Switch.address`: the command's topic, and the broker."""
        return f"{self._settings.command_topic} at {self._bus.address}"

    @property
    def tells(self) -> bool:
        """See `Switch.tells`."""
        return self._settings.state_topic is not None

    def start(self) -> None:
        """See `Switch.start`."""
        self._bus.start()

    async def set(self, speed: Speed, within: float) -> None:
        """See `Switch.set`.

        A fan that tells how it runs is commanded at QoS 0: no broker keeps that for one that is
        away, and what is lost is sent anew. Else it must do that the broker has it.
        """
        self._reachable()
        settings, kept = self._settings, asyncio.Event()
        sent = [(settings.command_topic, settings.off_payload)]
        if speed.on:
            topic = settings.level_topic or settings.command_topic
            sent = [(topic, settings.payload_for(speed.level or settings.levels[1]))]
            if settings.payload_on is not None:
                sent.insert(0, (settings.command_topic, settings.payload_on))
        publish = partial(self._bus.publish, qos=0 if self.tells else 1, expires=_EXPIRES)
        done = [publish(topic, text, acknowledged=kept.set) for topic, text in sent]
        if not all(done):
            raise Unreachable(f"broker {self._bus.address} is not connected")
        if not self.tells:
            try:
                await asyncio.wait_for(kept.wait(), within)
            except TimeoutError:
                text = f"broker {self._bus.address} does not acknowledge what is sent to the hood"
                raise Unreachable(text) from None

    async def read(self, within: float) -> Speed | None:
        """See `Switch.read`. Takes no time: it is what was heard last."""
        self._reachable()
        if self._refused:
            raise Refused(f"the broker does not let gasguard listen to {self._refused}", 0)
        if self._nonsense:
            raise Refused(self._nonsense, 0)
        if self._power is None:
            return None
        return Speed(self._power, self._level if self._power else None)

    def has_spoken(self) -> bool:
        """Whether it has said something, sense or not, or somebody for it."""
        return self._power is not None or bool(self._nonsense or self._offline or self._refused)

    async def aclose(self) -> None:
        """See `Switch.aclose`."""
        await self._bus.release()

    def _reachable(self) -> None:
        if not self._bus.connected:
            raise Unreachable(f"broker {self._bus.address} is not connected")
        if self._offline:
            raise Unreachable(f"{min(self._offline)} says offline")

    # --- hearing ------------------------------------------------------------------------------

    def _changed(self) -> None:
        if not self._bus.connected:
            # It may be another fan by the time that it is heard again.
            self._offline.clear()
            self._refused = ""

    def _not_heard(self) -> None:
        self._refused = str(self._settings.state_topic)

    def _heard(self, heard: Heard) -> None:
        settings = self._settings
        for part in settings.availability:
            if heard.topic == part.topic:
                online = says_online(heard.payload, part.online, part.offline)
                if online is not None:
                    (self._offline.discard if online else self._offline.add)(part.topic)
                elif heard.payload and part.topic != settings.state_topic:
                    # Should it be the word for dead, orders that do not show are no riddle.
                    self._once.complain(
                        neither(part.topic, heard.payload, part.online, part.offline)
                    )
        if heard.topic == settings.state_topic:
            word = word_at(heard.payload, settings.state_field)
            if word is not None:
                self._spoke(word)
        if settings.has_own_level and heard.topic == settings.level_told_on:
            word = word_at(heard.payload, settings.level_state_field)
            if word is not None and word:
                self._level = self._levels.get(_form(word), word[:_SHOWN])

    def _spoke(self, word: str) -> None:
        """What it says of its power, and unless that is told apart, of its level."""
        text, own = _form(word), self._settings.has_own_level
        self._nonsense = ""
        if not own and text in self._levels:
            self._power, self._level = True, self._levels[text]
        elif text in self._off_words:
            self._power = False
        elif text in self._on_words:
            self._power = True
            self._level = self._level if own else None
        elif not own and (text in _FAN_WORDS or _is_running(text)):
            self._power, self._level = True, text[:_SHOWN]
        else:
            self._nonsense = (
                f"{self._settings.state_topic} says {word[:_SHOWN]!r}, which is not understood: "
                "the words of levels: are, and on and off; name others with state_on: and "
                "state_off:"
            )


def _form(word: str) -> str:
    """The one form of a word or a number, however it is written: LOW is low, 1.0 is 1."""
    number = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", word)
    return f"{float(word):g}" if number else word.casefold()


def _is_running(text: str) -> bool:
    """Whether it is a number of another level."""
    return text.isascii() and text.isdecimal() and int(text[:9]) > 0


def _power_words(settings: MqttHood) -> tuple[set[str], set[str]]:
    """Words for on and for off: those of the payloads, the usual ones, and those it was given."""

    def word(payload: str | None, given: str | None) -> set[str]:
        found = word_at(payload.encode(), settings.state_field) if payload else None
        plain = payload.strip() if payload and found is None else found
        return {_form(one) for one in (plain, given) if one}

    levels = {_form(level) for level in settings.levels.values()}
    off = word(settings.off_payload, settings.state_off)
    on = word(settings.payload_on, settings.state_on)
    own = settings.has_own_level
    on |= _ON - off if own else _ON - off - levels
    off |= _OFF - on if own else _OFF - on - levels
    return on, off


def fan(settings: HoodConfig, site: Site) -> MqttFan:
    """The hood's driver."""
    return MqttFan(_ours(settings), site.bus())


async def examine(what: str, settings: HoodConfig, site: Site) -> AsyncIterator[Finding]:
    """What `doctor` tells of it. It only listens."""
    bus = site.bus()
    driver = MqttFan(_ours(settings), bus)
    driver.start()
    speed: Speed | None = None
    try:
        await until(lambda: bus.connected, _LOOK_WITHIN)
        if driver.tells:
            await until(driver.has_spoken, _LOOK_WITHIN)
        speed = await driver.read(_LOOK_WITHIN)
    except DriverError as error:
        yield Finding(what, "fail", f"{error}; burners are guarded all the same")
    else:
        yield _row(what, driver, speed)
    finally:
        await driver.aclose()


def _row(what: str, driver: MqttFan, speed: Speed | None) -> Finding:
    if not driver.tells:
        text = "a hand on it is not seen: name where it says how it runs with state_topic:"
        return Finding(what, "warn", f"{driver.address}, {text}")
    if speed is None:
        text = "has not said how it runs: a hand on it is seen from its first word on"
        return Finding(what, "warn", f"{driver.address} {text}")
    return Finding(what, "ok", f"{driver.address}, {speed}")


def _ours(settings: HoodConfig) -> MqttHood:
    if not isinstance(settings, MqttHood):
        raise TypeError(f"{type(settings).__name__} is no hood behind a broker")
    return settings
