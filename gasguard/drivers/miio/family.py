"""Mi Home relays as the rest of the house sees them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence

from gasguard.config.relays.base import Channel, Claim, RelayConfig
from gasguard.config.relays.miio import MiioRelay, MiotRelay
from gasguard.drivers.base import Finding, Site
from gasguard.drivers.miio.discover import ask_around
from gasguard.drivers.miio.place import Place
from gasguard.drivers.miio.relay import MiioRelayDriver, MiotRelayDriver, miot_relay
from gasguard.drivers.miio.transport import Device, MessageIds
from gasguard.drivers.miio.twins import Modules
from gasguard.errors import DriverError

_IDENTIFY_WITHIN = 2.0
"""Seconds that `doctor` gives a device to say who it is."""


class Family:
    """`driver: miot` and `driver: miio`. Channels of one module share a `Device`."""

    def __init__(self, site: Site) -> None:
        self._ids, self._look_up = MessageIds(site.luck), site.look_up
        self._devices: dict[tuple[str, int], Device] = {}
        self._modules = Modules()

    def relay(
        self, settings: RelayConfig, voice: Channel | None
    ) -> MiotRelayDriver | MiioRelayDriver:
        """See `Family.relay` in `gasguard.drivers.base`."""
        ours = _ours(settings)
        if ours.device not in self._devices:
            place = Place(*ours.device, self._look_up)
            self._devices[ours.device] = Device(place, self._modules.look)
        device = self._devices[ours.device]
        self._modules.add(device, _claims(ours, voice))
        if isinstance(ours, MiotRelay):
            return miot_relay(ours, voice, device, self._ids)
        return MiioRelayDriver(ours, device, self._ids)

    async def examine(
        self, what: str, settings: RelayConfig, voice: Channel | None
    ) -> AsyncIterator[Finding]:
        """See `Family.examine`."""
        # The daemon never asks.
        from gasguard.drivers.miio.doctor import examine_device, examine_settings

        driver = self.relay(settings, voice)
        try:
            async for finding in examine_device(what, driver, settings.contact):
                yield finding
        finally:
            await driver.aclose()
        for finding in examine_settings(what, _ours(settings)):
            yield finding

    def shared(self) -> str:
        """See `KnowsTwins.shared`."""
        return self._modules.shared()

    async def compare(self, relays: Sequence[tuple[RelayConfig, Channel | None]]) -> list[Finding]:
        """See `KnowsTwins.compare`."""
        drivers = [self.relay(settings, voice) for settings, voice in relays]
        await asyncio.gather(*(driver.identify(_IDENTIFY_WITHIN) for driver in drivers))
        await asyncio.gather(*(driver.aclose() for driver in drivers))
        return [
            Finding("relays", "fail" if twins.on_one_contact else "warn", twins.text)
            for twins in self._modules.twins()
        ]

    async def discover(
        self, addresses: Sequence[str], seconds: float, configured: Sequence[RelayConfig]
    ) -> list[str]:
        """See `Discovers.discover`. A device whose token is configured also tells its model."""
        devices = {ours.device: ours for relay in configured if (ours := _ours(relay))}
        found = await asyncio.gather(*(self._find(host, seconds) for host, _ in devices))
        known = {
            (address, port): ours
            for ((_, port), ours), address in zip(devices.items(), found, strict=True)
            if address is not None
        }
        heard = await ask_around(addresses, seconds, list(known))
        return [
            f"{host}:{port}  id {heard[host, port]}  " + await self._model(known.get((host, port)))
            for host, port in sorted(heard)
        ]

    async def _find(self, host: str, within: float) -> str | None:
        place = Place(host, 0, self._look_up)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                return (await place.known())[0]
        await place.aclose()
        return None

    async def _model(self, settings: MiotRelay | MiioRelay | None) -> str:
        if settings is None:
            return "model unknown (no token for it)"
        driver = self.relay(settings, None)
        try:
            return await driver.model(within=2.0)
        except DriverError as error:
            return str(error)
        finally:
            await driver.aclose()


def _claims(relay: MiotRelay | MiioRelay, voice: Channel | None) -> Iterator[Claim]:
    yield from relay.claims()
    if voice is not None and isinstance(relay, MiotRelay):
        yield from relay.claims_of_voice(voice)


def _ours(settings: RelayConfig) -> MiotRelay | MiioRelay:
    if not isinstance(settings, MiotRelay | MiioRelay):
        raise TypeError(f"{type(settings).__name__} is no Mi Home relay")
    return settings
