"""Has a hood follow the burners: hears the guard's news, reads the hood, tells it what to do.

The guard waits for nothing here. An absent hood costs its own task some seconds, and is told.
"""

import asyncio
import contextlib
import logging

from gasguard.clock import Clock
from gasguard.config.hood import HoodConfig
from gasguard.drivers.base import Switch
from gasguard.errors import DriverError
from gasguard.guard.bulletins import News
from gasguard.guard.controller import Controller
from gasguard.outputs.hood import Hood, Order, Rules
from gasguard.outputs.kitchen import Kitchen, kitchen_of

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at what time has brought."""
READ_EVERY = 2.0
"""Seconds between two questions how it runs: a hand is seen so soon."""
READ_ABSENT_EVERY = 10.0
"""The same of a hood that does not answer; at first `LOOK_EVERY`, then doubled each time."""
_CALL_WITHIN = 2.0
"""Seconds that one question, or one command, may take."""
_GAS_LOOK_EVERY = 0.05
"""Seconds between two looks for a gas alarm while a command is under way."""
_SHOWS_SOON = 0.25
"""Seconds after a command until it is read back."""
_TOLD_AFTER = 10.0
"""Seconds without an answer after which that is told: one lost answer is nothing."""
_AGAIN_AFTER = 1.0
"""Seconds after a failure of our own."""


class HoodFollower:
    """Lives on the event loop."""

    def __init__(
        self,
        settings: HoodConfig,
        switch: Switch,
        controller: Controller,
        clock: Clock,
        remembered: Kitchen,
    ) -> None:
        """`remembered`: the kitchen as the guard's records have it, before anything was read."""
        self._switch, self._controller, self._clock = switch, controller, clock
        rules = Rules(settings.words, settings.off_delay, settings.manual_wins, switch.tells)
        self._hood = Hood(rules, remembered, self._now())
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._read_at = float("-inf")
        self._waits = LOOK_EVERY
        """Seconds until a hood that does not answer is asked again."""
        self._failure = ""
        """Why it cannot be reached, or understood; empty while it can."""
        self._failing_since: float | None = None
        self._refusal = ""
        """Why the last command did not get through; empty where it did."""
        self._told: dict[str, object] = {}
        """What the log last said of each of its concerns."""

    def start(self) -> None:
        """Begin; returns at once."""
        self._controller.observers.append(self._on_news)
        self._switch.start()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End. The hood stays as it is."""
        if self._on_news in self._controller.observers:
            self._controller.observers.remove(self._on_news)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._switch.aclose()

    @property
    def trouble(self) -> str:
        """What is wrong, in words for people; empty when nothing is."""
        if self._failing_since is not None:
            lasts = self._now() - self._failing_since >= _TOLD_AFTER
            return f"{self._failure}; burners are guarded all the same" if lasts else ""
        if (order := self._hood.disobeyed) is not None:
            why = self._refusal or "see firmware_notes/hood.md"
            return (
                f"{self._switch.address} was told {order.speed} {order.tries} times and does not "
                f"show it: {why}"
            )
        return ""

    def _now(self) -> float:
        return self._clock.now().boot

    def _kitchen(self) -> Kitchen:
        return kitchen_of(self._controller.states().values())

    def _on_news(self, _news: News) -> None:
        self._wake.set()

    # --- the turn -----------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            pause = LOOK_EVERY
            try:
                if await self._turn():
                    pause = _SHOWS_SOON
            except Exception:
                log.exception("hood: following failed; trying again")
                await asyncio.sleep(_AGAIN_AFTER)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
                if self._failing_since is None:
                    # Nothing is ordered on an old view.
                    self._read_at = float("-inf")

    async def _turn(self) -> bool:
        """Read, decide, command. Returns whether something was commanded."""
        self._wake.clear()
        if self._now() >= self._read_at:
            await self._read()
        # From here on to the command nothing is awaited: an alarm cannot come in between.
        self._hood.kitchen(self._kitchen(), self._now())
        order = self._hood.order(self._now())
        self._tell()
        if order is None:
            return False
        await self._command(order)
        return True

    async def _read(self) -> None:
        try:
            speed = await self._switch.read(_CALL_WITHIN)
        except DriverError as error:
            self._failed(error)
            self._read_at = self._now() + self._waits
            self._waits = min(READ_ABSENT_EVERY, 2 * self._waits)
            return
        self._read_at = self._now() + READ_EVERY
        self._answered()
        if speed is not None:
            self._hood.ran(speed, self._now())

    async def _command(self, order: Order) -> None:
        """Tell the hood; a gas alarm ends that at once, resending included."""
        log.info("hood: told to run %s", order.speed)
        telling = asyncio.get_running_loop().create_task(
            self._switch.set(order.speed, _CALL_WITHIN)
        )
        try:
            while not telling.done():
                await asyncio.wait([telling], timeout=_GAS_LOOK_EVERY)
                if not telling.done() and self._kitchen().gas:
                    return
            telling.result()
        except DriverError as error:
            # Not a matter of whether it can be reached: it is told again when the order is due.
            self._refusal = str(error)
        else:
            self._refusal = ""
            self._hood.obeyed(self._now())
            self._read_at = float("-inf")
        finally:
            telling.cancel()

    # --- what is told -------------------------------------------------------------------------

    def _failed(self, error: DriverError) -> None:
        self._failure = str(error)
        if self._failing_since is None:
            self._failing_since = self._now()

    def _answered(self) -> None:
        if self._failing_since is not None:
            self._failing_since, self._waits = None, LOOK_EVERY
            self._hood.back(self._now())

    def _tell(self) -> None:
        """Each change once."""
        self._say("trouble", self.trouble, "hood: %s", "hood: can be commanded again")
        frozen = "a gas alarm: it is left exactly as it is" if self._hood.frozen else ""
        self._say("gas", frozen, "hood: %s", "hood: the gas alarm is over: it follows again")
        hand = "a hand on it wins" if self._hood.hand_until > self._now() else ""
        self._say("hand", hand, "hood: %s", "hood: the hand's time is over: it follows again")

    def _say(self, concern: str, text: str, begun: str, over: str) -> None:
        before, self._told[concern] = self._told.get(concern, ""), text
        if text and text != before:
            log.log(logging.WARNING if concern != "hand" else logging.INFO, begun, text)
        elif before and not text:
            log.info("%s", over)
