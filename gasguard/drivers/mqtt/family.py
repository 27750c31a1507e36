"""Relays behind the broker as the rest of the house sees them."""

from collections.abc import AsyncIterator

import gasguard.mqtt.desk  # noqa: F401 - heavy, and the bus would load it on the running loop
from gasguard.config.relays.base import Channel, RelayConfig
from gasguard.config.relays.mqtt import MqttRelay
from gasguard.drivers.base import Finding, Site
from gasguard.drivers.mqtt.relay import MqttRelayDriver, mqtt_relay


class Family:
    """`driver: mqtt`. All share the devices' connection to the broker."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def relay(self, settings: RelayConfig, voice: Channel | None) -> MqttRelayDriver:
        """See `Family.relay` in `gasguard.drivers.base`."""
        return mqtt_relay(_ours(settings), self._site.bus(), self._site.luck)

    async def examine(
        self, what: str, settings: RelayConfig, voice: Channel | None
    ) -> AsyncIterator[Finding]:
        """See `Family.examine`."""
        from gasguard.drivers.mqtt.doctor import examine_relay  # the daemon never asks

        driver = self.relay(settings, voice)
        try:
            async for finding in examine_relay(what, _ours(settings), driver, self._site.bus()):
                yield finding
        finally:
            await driver.aclose()


def _ours(settings: RelayConfig) -> MqttRelay:
    if not isinstance(settings, MqttRelay):
        raise TypeError(f"{type(settings).__name__} is no relay behind a broker")
    return settings
