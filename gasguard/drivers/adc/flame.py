"""A flame told by its thermocouple, which this machine measures itself.

Whatever is wrong with wires, converter or bus is told as such once it has been so twice running: a
contact that moves, or a disturbance, makes one bad measurement. Meanwhile nothing is said at all.
"""

import asyncio
import contextlib
import errno
import logging
from collections.abc import Callable
from functools import partial

from gasguard.config.flames import AdcFlame
from gasguard.core.messages import FLAME, FlameRead, SensorGarbled
from gasguard.core.model import Flame
from gasguard.drivers.adc.ads1115 import NotThatConverter, measure
from gasguard.drivers.adc.couple import judge
from gasguard.drivers.base import Site
from gasguard.drivers.board import Board
from gasguard.drivers.steady import CLEAR, DANGER, GARBLED, Steady
from gasguard.errors import Unreachable

log = logging.getLogger(__name__)

Post = Callable[[FlameRead | SensorGarbled], None]

EVERY = 1.0
"""Seconds from one measurement to the next."""
WITHIN = 0.9
"""Seconds that one may take; it needs 0.1 to 0.2."""
_TOLD_AFTER = 2
"""Bad measurements in a row."""


class AdcSensor:
    """Measures one thermocouple."""

    def __init__(self, where: str, settings: AdcFlame, board: Board, post: Post) -> None:
        """`where` is its place in the configuration, for the log."""
        self._where, self._settings, self._board, self._post = where, settings, board, post
        self._steady = Steady()
        self._bad = 0
        self._told = ""
        """What was last wrong, once it is in the log."""
        self._measuring: asyncio.Task[None] | None = None

    def start(self) -> None:
        """See `Sensor.start`."""
        self._measuring = asyncio.get_running_loop().create_task(self._measure())

    async def aclose(self) -> None:
        """See `Sensor.aclose`."""
        self._steady.stop()
        if self._measuring is not None:
            self._measuring.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._measuring

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            found = await self._look()
            if isinstance(found, str):
                self._wrong(found)
            else:
                self._says(found)
            await asyncio.sleep(max(0.05, began + EVERY - loop.time()))

    async def _look(self) -> float | str:
        """The thermocouple's mV, or what is wrong."""
        settings = self._settings
        work = partial(measure, address=settings.address, inputs=settings.inputs)
        place = f"0x{settings.address:02x} on I²C bus {settings.bus}"
        try:
            return judge(await self._board.on_bus(settings.bus, work, WITHIN))
        except TimeoutError:
            return f"cannot be read: {_STUCK.format(bus=settings.bus)}"
        except NotThatConverter:
            return f"cannot be read: what answers at {place} is no ADS1115, or the bus is stuck"
        except Unreachable as error:
            return f"cannot be read: {error}"
        except OSError as error:
            said = _SAID.get(error.errno or 0, error.strerror or str(error))
            return f"cannot be read: {said.format(bus=settings.bus, place=place)}"

    def _says(self, millivolts: float) -> None:
        self._bad = 0
        if self._told:
            log.warning("%s: measures again", self._where)
            self._told = ""
        if millivolts >= self._settings.lit_above:
            self._steady.say(DANGER, partial(self._post, FlameRead(Flame.LIT)))
        elif millivolts <= self._settings.out_below:
            self._steady.say(CLEAR, partial(self._post, FlameRead(Flame.OUT)))
        else:
            self._post(FlameRead(None))

    def _wrong(self, why: str) -> None:
        self._bad += 1
        if self._bad < _TOLD_AFTER:
            return
        if not self._told:
            log.warning("%s: %s", self._where, why)
        self._told = why
        self._steady.say(GARBLED, partial(self._post, SensorGarbled(FLAME, why)))


_STUCK = "I²C bus {bus} is stuck: is one of its two wires held low?"
_SAID = {
    errno.ENOENT: "there is no I²C bus {bus} (/dev/i2c-{bus}): switch I²C on (raspi-config)",
    errno.EACCES: "this user may not use I²C bus {bus}; add it to the group i2c",
    errno.EBUSY: "another driver of the kernel has {place}",
    errno.ENXIO: "nothing answers at {place}: its supply, its wires, its address?",
    errno.EREMOTEIO: "nothing answers at {place}: its supply, its wires, its address?",
    errno.ENODEV: "I²C bus {bus} is gone",
    errno.ETIMEDOUT: _STUCK,
    errno.EAGAIN: _STUCK,
    errno.EIO: _STUCK,
}


def sensor(burner: str, settings: AdcFlame, site: Site, post: Post) -> AdcSensor:
    """What `assemble` makes of `flame:` with the driver adc."""
    return AdcSensor(f"burners.{burner}.flame", settings, site.board, post)
