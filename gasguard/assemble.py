"""From the configuration to settings and drivers: one line a family."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from importlib import import_module
from random import Random
from typing import cast

from gasguard.clock import until
from gasguard.config.burners import BurnerConfig
from gasguard.config.hood import HoodConfig
from gasguard.config.load import Config
from gasguard.config.relays.base import Channel, RelayConfig
from gasguard.core.messages import Event
from gasguard.core.model import (
    HazardSensor,
    Lock,
    PeopleSensor,
    Place,
    RelaySettings,
    Settings,
)
from gasguard.drivers.base import (
    Discovers,
    Family,
    Finding,
    KnowsTwins,
    Relay,
    Sensor,
    Site,
    Switch,
)
from gasguard.drivers.board import Board
from gasguard.drivers.bus import Bus
from gasguard.drivers.machine import MACHINE
from gasguard.drivers.names import LookUp, look_up
from gasguard.errors import ConfigError
from gasguard.guard.controller import Circuit
from gasguard.health import Heartbeats, Troubles
from gasguard.luck import LUCK

_FAMILIES = {
    "miot": "gasguard.drivers.miio.family",
    "miio": "gasguard.drivers.miio.family",
    "mqtt": "gasguard.drivers.mqtt.family",
    "gpio": "gasguard.drivers.gpio.family",
}
"""Where the `Family` of each `driver:` is: imported only where it is used."""
_FLAME_SENSORS = {
    "mqtt": "gasguard.drivers.mqtt.flame",
    "thermocouple": "gasguard.drivers.mqtt.flame",
    "temperature": "gasguard.drivers.mqtt.flame",
    "adc": "gasguard.drivers.adc.flame",
}
_HAZARD_SENSORS = {
    "mqtt": "gasguard.drivers.mqtt.hazard",
}
_PEOPLE_SENSORS = {
    "mqtt": "gasguard.drivers.mqtt.people",
}
"""Where the function `sensor` that makes one is, by `driver:`."""
_FANS = {
    "miot": "gasguard.drivers.miio.fan",
    "mqtt": "gasguard.drivers.mqtt.fan",
}
"""Where the functions `fan` and `examine` for a hood are, by `driver:`."""


class Drivers:
    """The devices of one process."""

    def __init__(
        self,
        bus: Callable[[], Bus],
        luck: Random = LUCK,
        look_up: LookUp = look_up,
        board: Board | None = None,
    ) -> None:
        """`bus` makes the devices' connection to the broker, the first time it is needed; `board`
        is this machine's by default."""
        self.site = Site(luck, self._shared_bus, look_up, board or MACHINE)
        self._make_bus = bus
        self._bus: Bus | None = None
        self._families: dict[str, Family] = {}

    def _shared_bus(self) -> Bus:
        self._bus = self._bus or self._make_bus()
        return self._bus

    async def until_connected(self, within: float) -> None:
        """Wait for the devices' connection, if any device has one, at most `within` seconds."""
        await until(lambda: self._bus is None or self._bus.connected, within)

    def _family(self, driver: str) -> Family:
        if driver not in _FAMILIES:
            raise ConfigError(
                [f"driver: {driver} has no drivers; there are {', '.join(_FAMILIES)}"]
            )
        place = _FAMILIES[driver]
        if place not in self._families:
            self._families[place] = cast(Family, import_module(place).Family(self.site))
        return self._families[place]

    def relay(self, settings: RelayConfig, voice: Channel | None = None) -> Relay:
        """The driver of one relay; `voice` where it carries the burner's voice channel."""
        return self._family(settings.driver).relay(settings, voice)

    def examine(
        self, what: str, settings: RelayConfig, voice: Channel | None
    ) -> AsyncIterator[Finding]:
        """What `doctor` tells of one relay; `what` begins each row."""
        return self._family(settings.driver).examine(what, settings, voice)

    def shared(self) -> str:
        """Which contacts are configured twice, as far as is known now: in words, or nothing."""
        families = self._families.values()
        found = [family.shared() for family in families if isinstance(family, KnowsTwins)]
        return "; ".join(text for text in found if text)

    async def compare(self, relays: Sequence[tuple[RelayConfig, Channel | None]]) -> list[Finding]:
        """What `doctor` tells of relays that are one device under two names."""
        findings: list[Finding] = []
        for place in dict.fromkeys(_FAMILIES.values()):
            own = [(relay, voice) for relay, voice in relays if _FAMILIES[relay.driver] == place]
            if len(own) > 1 and isinstance(family := self._family(own[0][0].driver), KnowsTwins):
                findings += await family.compare(own)
        return findings

    async def discover(
        self, addresses: Sequence[str], seconds: float, configured: Sequence[RelayConfig]
    ) -> list[str]:
        """A line for each device that is found, by every family that can look for its own."""
        lines: list[str] = []
        for place in dict.fromkeys(_FAMILIES.values()):
            drivers = [driver for driver, family in _FAMILIES.items() if family == place]
            if isinstance(family := self._family(drivers[0]), Discovers):
                own = [relay for relay in configured if relay.driver in drivers]
                lines += await family.discover(addresses, seconds, own)
        return lines


def bus_of(
    config: Config,
    heartbeats: Heartbeats | None = None,
    troubles: Troubles | None = None,
    *,
    client_id: str | None = None,
    name: str = "mqtt devices",
) -> Bus:
    """The devices' own connection to the broker; `client_id`, `name` as `BrokerBus` takes them."""
    from gasguard.drivers.mqtt.connection import BrokerBus

    bus = BrokerBus(config.mqtt, heartbeats, client_id=client_id, name=name)
    if troubles is not None:
        troubles.watch("mqtt devices", lambda: bus.trouble)
    return bus


def circuits(config: Config, drivers: Drivers | None = None) -> list[Circuit]:
    """Every burner with its relays' drivers, by default on a connection of their own."""
    drivers = drivers or Drivers(partial(bus_of, config))
    return [
        Circuit(
            core_settings(name, burner, config),
            [drivers.relay(relay, burner.voice_on(relay)) for relay in burner.in_series],
        )
        for name, burner in config.burners.items()
    ]


def sensors(config: Config, drivers: Drivers, post: Callable[[str, Event], None]) -> list[Sensor]:
    """Every sensor; `post` takes what it says, for each burner that it concerns."""

    def post_to_all(names: Sequence[str], event: Event) -> None:
        for name in names:
            post(name, event)

    found: list[Sensor] = []
    for name, burner in config.burners.items():
        if burner.flame is not None:
            make = import_module(_FLAME_SENSORS[burner.flame.driver]).sensor
            found.append(cast(Sensor, make(name, burner.flame, drivers.site, partial(post, name))))
    for families, shared in ((_HAZARD_SENSORS, config.alarms), (_PEOPLE_SENSORS, config.people)):
        for name, settings in shared.items():
            make = import_module(families[settings.driver]).sensor
            tell = partial(post_to_all, [one for one in config.burners if settings.concerns(one)])
            place = f"{'sensors' if name in config.sensors else 'hazards'}.{name}"
            found.append(cast(Sensor, make(name, place, settings, drivers.site, tell)))
    return found


def hood(settings: HoodConfig, drivers: Drivers) -> Switch:
    """The hood's driver."""
    return cast(Switch, import_module(_FANS[settings.driver]).fan(settings, drivers.site))


def examine_hood(what: str, settings: HoodConfig, drivers: Drivers) -> AsyncIterator[Finding]:
    """What `doctor` tells of it."""
    look = import_module(_FANS[settings.driver]).examine
    return cast(AsyncIterator[Finding], look(what, settings, drivers.site))


def core_settings(name: str, burner: BurnerConfig, config: Config) -> Settings:
    """A burner's configuration as the core knows it."""
    relays = burner.in_series
    limits = burner.limits
    return Settings(
        burner=name,
        name=burner.name or name,
        relays=tuple(_relay_settings(relay) for relay in relays),
        jog=any(relay.jogs_for for relay in relays),
        voice_relay=(
            relays.index(burner.voice_relay) if burner.voice and burner.voice_relay else None
        ),
        rearm_after=limits.rearm_after,
        prewarn=limits.prewarn,
        max_burn=burner.max_burn,
        unattended=limits.unattended,
        away=limits.away,
        flame_measured=burner.flame is None or burner.flame.evidence == "measured",
        flame_trusted=burner.flame is None or burner.flame.shuts_off,
        flame_out_within=limits.flame_out_within,
        allow_remote_rearm=config.allow_remote_rearm,
        flame_expires_after=burner.flame.expire_after if burner.flame else None,
        hazard_sensors=tuple(
            HazardSensor(sensor, Lock(hazard.kind), hazard.expire_after)
            for sensor, hazard in config.hazards_of(name).items()
        ),
        people_sensors=tuple(
            PeopleSensor(sensor, Place(one.kind), one.expire_after)
            for sensor, one in config.people_of(name).items()
        ),
        presets=tuple(burner.presets),
        scheduled=any(one.lock for one in config.schedules_of(name).values()),
    )


def _relay_settings(relay: RelayConfig) -> RelaySettings:
    lease = relay.held_lease
    return RelaySettings(lease.after, lease.grain) if lease else RelaySettings()
