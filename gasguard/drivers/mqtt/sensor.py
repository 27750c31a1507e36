"""A sensor behind the broker: its words, its being tested, and whether it can be heard at all.

One rule for flame sensors and alarms.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

from gasguard.config.fields import Availability
from gasguard.config.sensors import OnTopic
from gasguard.drivers.bus import Bus, Heard, Listening
from gasguard.drivers.mqtt.once import Once
from gasguard.drivers.steady import CLEAR, DANGER, GARBLED, Steady
from gasguard.drivers.understanding import Said, understand
from gasguard.mqtt.words import neither, says_online

log = logging.getLogger(__name__)

MISSED_AFTER = 60.0
"""Seconds without a broker after which its sensors count as not to be heard."""
TEST_LASTS = 60.0
"""Seconds after which an alarm that calls itself a test is one: a flag may be stuck."""
_BROKER = ""
"""Stands among the topics for the broker itself."""


class Listener(Protocol):
    """Makes readings of what a sensor says."""

    def said(self, danger: bool | None, *, stored: bool) -> None:
        """Danger, none, or something else. `stored`: a broker has kept it."""
        ...

    def garbled(self, why: str) -> None:
        """It said what nobody understands."""
        ...

    def tested(self) -> None:
        """Somebody tests it, and it says so."""
        ...

    def reachable(self, reachable: bool) -> None:
        """Others say whether it can be heard."""
        ...


class MqttSensor:
    """Listens to one sensor."""

    def __init__(
        self,
        where: str,
        settings: OnTopic,
        bus: Bus,
        listener: Listener,
        understood: Callable[[Heard], Said] | None = None,
    ) -> None:
        """`where` is its place in the configuration, for the log; `understood` says what a message
        means, where that is not in itself."""
        self._meaning = understood or (lambda heard: understand(heard.payload, settings))
        self._where, self._settings, self._bus = where, settings, bus
        self._listener = listener
        self._steady = Steady()
        self._test = _Test(partial(self._counts, True))
        self._understood = False
        """A word of its own was, so what else it says comes from the right sensor."""
        self._offline: set[str] = set()
        """Topics that say it is."""
        self._once = Once(log, self._where)
        self._missing: asyncio.TimerHandle | None = None
        """Runs while the broker is away: then the sensor cannot be heard."""
        self._was_refused = False
        topics = list(dict.fromkeys(topic for _, topic in settings.topics()))
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
        self._steady.stop()
        self._test.stop()
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
            self._spoke(self._meaning(heard), stored=heard.retained)
        for part in self._settings.availability:
            if heard.topic == part.topic:
                online = says_online(heard.payload, part.online, part.offline)
                if online is not None:
                    self._there(part.topic, online=online)
                elif heard.payload and part.topic != self._settings.topic:
                    self._mumbles(heard, part)

    def _spoke(self, said: Said, *, stored: bool) -> None:
        if said.missing and self._understood:
            # Its battery, say. That its radio lives does not show that it still measures.
            if self._test.begins(said) and not stored:
                self._listener.tested()
            return
        if said.garbled is not None:
            self._once.complain(said.garbled)
        elif said.danger is not None:
            self._understood = True
        if stored:
            # Of unknown age: it may begin a danger. What nobody understands begins nothing.
            if said.garbled is None:
                self._listener.said(said.danger, stored=True)
            return
        # Whoever says that it is offline is mistaken, or late: said again, it counts again.
        self._offline.clear()
        if self._test.begins(said):
            self._listener.tested()
        if not self._test.explains(said):
            self._live(said)

    def _live(self, said: Said) -> None:
        if said.garbled is not None:
            self._later(GARBLED, partial(self._listener.garbled, said.garbled))
        elif said.danger is None:
            self._listener.said(None, stored=False)
        else:
            self._counts(said.danger)

    def _counts(self, danger: bool) -> None:
        badness = DANGER if danger else CLEAR
        self._later(badness, partial(self._listener.said, danger, stored=False))

    def _later(self, badness: int, tell: Callable[[], None]) -> None:
        def pass_on() -> None:
            tell()
            if self._offline:
                # It was said before others said that it is offline, and counts only now.
                self._listener.reachable(False)

        self._steady.say(badness, pass_on)

    def _there(self, what: str, *, online: bool) -> None:
        before = bool(self._offline)
        if online:
            self._offline.discard(what)
        else:
            self._offline.add(what)
        if before != bool(self._offline):
            self._listener.reachable(before)

    def _mumbles(self, heard: Heard, part: Availability) -> None:
        """It says nothing either way. Should it be the word for dead, somebody has to be told."""
        self._once.complain(neither(part.topic, heard.payload, part.online, part.offline))


class _Test:
    """Tells a test from an alarm, for a sensor that has shown that it says which is which."""

    def __init__(self, alarm: Callable[[], None]) -> None:
        self._alarm = alarm
        """Called when what called itself a test has lasted too long."""
        self._said: bool | None = None
        self._tells_apart = False
        """It has spoken of no test: what it says of one is not stuck."""
        self._lasting: asyncio.TimerHandle | None = None

    def begins(self, said: Said) -> bool:
        """Whether this is the first word of a test. Each live payload is asked about, once."""
        self._tells_apart = self._tells_apart or said.test is False
        begins = said.test is True and self._said is not True
        if said.test is not None:
            self._said = said.test
        return begins

    def explains(self, said: Said) -> bool:
        """Whether this alarm is none but a test."""
        if said.danger is False or said.test is False:
            self.stop()
        if not (said.danger and said.test and self._tells_apart):
            return False
        if self._lasting is None:
            self._lasting = asyncio.get_running_loop().call_later(TEST_LASTS, self._too_long)
        return True

    def _too_long(self) -> None:
        self._lasting, self._tells_apart = None, False
        self._alarm()

    def stop(self) -> None:
        """The test is over."""
        if self._lasting is not None:
            self._lasting.cancel()
            self._lasting = None
