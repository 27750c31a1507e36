"""A Mi Home fan: its power and its level are MIoT properties (range hoods: 2/1 and 2/2)."""

import asyncio
from collections.abc import AsyncIterator

from gasguard.config.hood import HoodConfig, MiotHood
from gasguard.drivers.base import Finding, Site, Speed
from gasguard.drivers.miio.place import Place
from gasguard.drivers.miio.properties import Properties
from gasguard.drivers.miio.transport import Device, MessageIds, MiioTransport
from gasguard.drivers.miio.values import switch_of, whole
from gasguard.errors import DriverError, Refused

_LOOK_WITHIN = 5.0


class MiotFan:
    """A `Switch`. It is asked how it runs each time."""

    tells = True

    def __init__(self, settings: MiotHood, site: Site) -> None:
        device = Device(Place(settings.host, settings.port, site.look_up))
        token = bytes.fromhex(settings.token.get_secret_value())
        self._transport = MiioTransport(device, token, MessageIds(site.luck))
        self._power, self._level = settings.power, settings.level
        self._properties = Properties(self._transport, [self._power, self._level])

    @property
    def address(self) -> str:
        """See `Switch.address`: host:port."""
        return self._transport.address

    def start(self) -> None:
        """See `Switch.start`."""

    async def set(self, speed: Speed, within: float) -> None:
        """See `Switch.set`. A hood that is off takes no level, or opens its lid first."""
        deadline = asyncio.get_running_loop().time() + within
        await self._properties.set(self._power, speed.on, within)
        if speed.on and (level := whole(speed.level)) is not None:
            left = deadline - asyncio.get_running_loop().time()
            await self._properties.set(self._level, level, left)

    async def read(self, within: float) -> Speed:
        """See `Switch.read`. A level that is not told is none to find fault with."""
        (power, level), _ = await self._properties.read(within)
        on = switch_of(power.value)
        if on is None:
            raise Refused(
                f"{self.address} says {str(power.value)[:40]!r} of siid {self._power.siid} piid "
                f"{self._power.piid}, neither on nor off: is that its power? "
                "See firmware_notes/hood.md",
                0,
            )
        number = None if level.trouble else whole(level.value)
        return Speed(on, str(number) if on and number is not None else None)

    async def aclose(self) -> None:
        """See `Switch.aclose`."""
        await self._transport.aclose()


def fan(settings: HoodConfig, site: Site) -> MiotFan:
    """The hood's driver."""
    return MiotFan(_ours(settings), site)


async def examine(what: str, settings: HoodConfig, site: Site) -> AsyncIterator[Finding]:
    """What `doctor` tells of it. It only reads."""
    driver = fan(settings, site)
    try:
        speed = await driver.read(_LOOK_WITHIN)
    except DriverError as error:
        yield Finding(what, "fail", f"{error}; burners are guarded all the same")
    else:
        yield Finding(what, "ok", f"{driver.address}, {speed}")
    finally:
        await driver.aclose()


def _ours(settings: HoodConfig) -> MiotHood:
    if not isinstance(settings, MiotHood):
        raise TypeError(f"{type(settings).__name__} is no Mi Home hood")
    return settings
