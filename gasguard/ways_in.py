"""People's ways in over a network, messages to them, and outputs, started behind the guard.

One that fails is left out, and told.

What a broker has kept may end the process: after crashes it is approached later (`starts`). The
devices' own connection waits for nothing, since relays and alarms hang on it.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from gasguard.clock import Clock
from gasguard.config.bemfa import Bemfa
from gasguard.config.hood import HoodConfig
from gasguard.config.load import Config
from gasguard.config.messages import Messages
from gasguard.guard.bulletins import News
from gasguard.guard.controller import Controller
from gasguard.health import Heartbeats, Troubles
from gasguard.interfaces.past import Past
from gasguard.interfaces.requests import Skippable
from gasguard.interfaces.wall_time import WallTime
from gasguard.outputs.kitchen import kitchen_of
from gasguard.starts import SOUND_AFTER, STRIKES, Starts

log = logging.getLogger(__name__)

_MOST_EARLY = 100
"""News from before there is anybody to tell: as many as wait for a connection."""


class _Way(Protocol):
    async def stop(self) -> None: ...


class WaysIn:
    """MQTT, bemfa, messages, and the hood. Lives on the event loop."""

    def __init__(
        self,
        config: Config,
        controller: Controller,
        past: Past,
        clock: Clock,
        heartbeats: Heartbeats,
        troubles: Troubles,
        schedules: Skippable,
        until: WallTime,
    ) -> None:
        """From now on the guard's news is kept for them."""
        self._schedules, self._until = schedules, until
        self._config, self._controller, self._past = config, controller, past
        self._clock, self._heartbeats = clock, heartbeats
        self._troubles = troubles
        self._early: deque[News] = deque(maxlen=_MOST_EARLY)
        controller.observers.append(self._early.append)
        self._remembered = kitchen_of(controller.states().values())
        self._ways: list[_Way] = []
        self.messages_waiting: Callable[[], dict[str, int]] = dict
        """How many are not delivered yet, by address."""
        self._opening: asyncio.Task[None] | None = None

    def open(self, starts: Starts | None) -> None:
        """Begin to start them; returns at once. `starts`: what is known of earlier ones."""
        self._opening = asyncio.get_running_loop().create_task(self._open(starts))
        self._opening.add_done_callback(self._opened)

    def _opened(self, opening: "asyncio.Task[None]") -> None:
        if not opening.cancelled() and (error := opening.exception()) is not None:
            self._trouble("ways in", f"their start failed: {error!r}")

    async def close(self) -> None:
        """Say goodbye and disconnect."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        await asyncio.gather(*(way.stop() for way in self._ways))

    async def _open(self, starts: Starts | None) -> None:
        wanted: list[tuple[str, Callable[[], _Way]]] = [("mqtt", self._mqtt)]
        if (bemfa := self._config.bemfa) is not None:
            wanted.append(("bemfa", partial(self._bemfa, bemfa)))
        if (hood := self._config.hood) is not None:
            wanted.append(("hood", partial(self._hood, hood)))
        wanted = [(part, make) for part, make in wanted if self._is_wanted(part, starts)]
        if (messages := self._config.messages) is not None and self._is_wanted("messages", starts):
            # Before those who take over what is early, and waiting for no broker.
            await self._start("messages", partial(self._messages, messages), starts)
        if starts and wanted and starts.delay:
            late = f"the last {starts.crashes} starts crashed"
            self._trouble("brokers", f"{late}: approached {starts.delay:.0f} s later")
            await asyncio.sleep(starts.delay)
            self._trouble("brokers", "")
        for part, make in wanted:
            await self._start(part, make, starts)
        if starts:
            await asyncio.sleep(SOUND_AFTER)
            await starts.forget()

    def _is_wanted(self, part: str, starts: Starts | None) -> bool:
        """Whether it is to be started; told where it is not."""
        if starts is None or not starts.is_left_out(part):
            return True
        why = f"left out: {STRIKES} starts in a row crashed at it; the next one tries again"
        self._trouble(part, why)
        return False

    async def _start(self, part: str, make: Callable[[], _Way], starts: Starts | None) -> None:
        async with starts.starting(part) if starts else contextlib.nullcontext():
            try:
                self._ways.append(make())
            except Exception as error:
                log.exception("%s could not be started", part)
                self._trouble(part, f"left out: it could not be started ({error!r})")

    def _trouble(self, part: str, text: str) -> None:
        if text:
            log.error("%s: %s", part, text)
        self._troubles.watch(part, lambda: text)

    # Imported there: the guard is live before anything that it does not need is.

    def _mqtt(self) -> _Way:
        from gasguard.interfaces.home_assistant.announcer import Announcer
        from gasguard.interfaces.mqtt.interface import MqttInterface

        mqtt = MqttInterface(
            self._config.mqtt,
            self._controller,
            self._past,
            self._clock,
            Announcer(self._config),
            self._heartbeats,
            self._troubles,
            self._schedules if self._config.schedules else None,
            self._until,
            self._config.zone,
        )
        self._troubles.watch("mqtt", lambda: mqtt.trouble)
        # Nothing is awaited in between: no news is heard twice, and none by nobody.
        self._controller.observers.remove(self._early.append)
        mqtt.listen(self._early)
        mqtt.start()
        return mqtt

    def _bemfa(self, settings: Bemfa) -> _Way:
        from gasguard.interfaces.bemfa.interface import BemfaInterface

        bemfa = BemfaInterface(settings, self._controller, self._heartbeats)
        bemfa.start()
        return bemfa

    def _hood(self, settings: HoodConfig) -> _Way:
        from gasguard.assemble import Drivers, bus_of, hood
        from gasguard.outputs.follower import HoodFollower

        # With a connection of its own: nothing that a hood says can disturb relays and sensors.
        drivers = Drivers(partial(bus_of, self._config, client_id="", name="mqtt hood"))
        follower = HoodFollower(
            settings,
            hood(settings, drivers),
            self._controller,
            self._clock,
            self._remembered,
        )
        self._troubles.watch("hood", lambda: follower.trouble)
        follower.start()
        return follower

    def _messages(self, settings: Messages) -> _Way:
        from gasguard.interfaces.messages.messenger import Messenger

        zone = self._config.zone
        messenger = Messenger(settings, self._config.state_dir, self._controller, self._clock, zone)
        self._troubles.watch("messages", lambda: messenger.trouble)
        messenger.listen(tuple(self._early))
        messenger.start()
        self.messages_waiting = lambda: messenger.waiting
        return messenger
