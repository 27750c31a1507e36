"""Mi Home relays as the rest of the house sees them."""

from collections.abc import AsyncIterator, Sequence

from gasguard.config.relays.base import Channel, RelayConfig
from gasguard.config.relays.miio import MiioRelay, MiotRelay
from gasguard.drivers.base import Finding, Site
from gasguard.drivers.miio.discover import ask_around
from gasguard.drivers.miio.doctor import examine_device, examine_settings
from gasguard.drivers.miio.relay import MiioRelayDriver, MiotRelayDriver, miot_relay
from gasguard.drivers.miio.transport import DeviceClock, MessageIds
from gasguard.errors import DriverError


class Family:
    """`driver: miot` and `driver: miio`. Channels of one module share its clock."""

    def __init__(self, site: Site) -> None:
        self._ids = MessageIds(site.luck)
        self._clocks: dict[tuple[str, int], DeviceClock] = {}

    def relay(
        self, settings: RelayConfig, voice: Channel | None
    ) -> MiotRelayDriver | MiioRelayDriver:
        """See `Family.relay` in `gasguard.drivers.base`."""
        ours = _ours(settings)
        clock = self._clocks.setdefault(ours.device, DeviceClock())
        if isinstance(ours, MiotRelay):
            return miot_relay(ours, voice, clock, self._ids)
        return MiioRelayDriver(ours, clock, self._ids)

    async def examine(
        self, what: str, settings: RelayConfig, voice: Channel | None
    ) -> AsyncIterator[Finding]:
        """See `Family.examine`."""
        driver = self.relay(settings, voice)
        try:
            async for finding in examine_device(what, driver, settings.contact):
                yield finding
        finally:
            await driver.aclose()
        for finding in examine_settings(what, _ours(settings)):
            yield finding

    async def discover(
        self, addresses: Sequence[str], seconds: float, configured: Sequence[RelayConfig]
    ) -> list[str]:
        """See `Discovers.discover`. A device whose token is configured also tells its model."""
        known = {ours.device: ours for relay in configured if (ours := _ours(relay))}
        heard = await ask_around(addresses, seconds, list(known))
        return [
            f"{host}:{port}  id {heard[host, port]}  " + await self._model(known.get((host, port)))
            for host, port in sorted(heard)
        ]

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


def _ours(settings: RelayConfig) -> MiotRelay | MiioRelay:
    if not isinstance(settings, MiotRelay | MiioRelay):
        raise TypeError(f"{type(settings).__name__} is no Mi Home relay")
    return settings
