"""The composition root: builds the daemon from its configuration and runs it."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from gasguard.clock import Clock, SystemClock
from gasguard.config import (
    AnyRelay,
    Burner,
    Config,
    MiioRelay,
    MiotRelay,
    MqttRelay,
    ThermocoupleFlame,
)
from gasguard.controller import Controller, News, Wiring
from gasguard.core.messages import Kind
from gasguard.core.model import (
    HazardSensor,
    Lock,
    RelaySettings,
    Settings,
    ThermocoupleLevels,
)
from gasguard.drivers.base import Relay
from gasguard.errors import GasguardError, StoreError
from gasguard.health import Heartbeats, Notifier, feed_watchdog
from gasguard.interfaces.control import ControlSocket
from gasguard.interfaces.payloads import event_payload
from gasguard.store import Store

if TYPE_CHECKING:
    from gasguard.drivers.miio.transport import DeviceClock
    from gasguard.drivers.mqtt.bus import Bus

log = logging.getLogger(__name__)

OPEN_FIRST_WITHIN = 2.0
"""Seconds that demands from before the start have to be confirmed before anything else begins."""
_CLOSE_WITHIN = 3.0
"""Seconds that a disk which does not answer may hold up the end."""
_REJECTIONS_NOTED_EVERY = 1.0
"""Seconds: a flood of bad commands must not push the rest out of the journal."""


def core_settings(name: str, burner: Burner, config: Config) -> Settings:
    """A burner's configuration as the core knows it."""
    relays = burner.in_series
    limits = burner.limits
    return Settings(
        burner=name,
        name=burner.name or name,
        relays=tuple(_relay_settings(relay) for relay in relays),
        jog=any(relay.jog for relay in relays),
        voice_relay=(
            relays.index(burner.voice_relay) if burner.voice and burner.voice_relay else None
        ),
        rearm_after=limits.rearm_after,
        prewarn=limits.prewarn,
        max_burn=limits.max_burn,
        flame_out_within=limits.flame_out_within,
        allow_remote_rearm=config.allow_remote_rearm,
        thermocouple=(
            ThermocoupleLevels(flame.lit_above, flame.out_below, flame.expire_after)
            if isinstance(flame := burner.flame, ThermocoupleFlame)
            else None
        ),
        hazard_sensors=tuple(
            HazardSensor(sensor, Lock(hazard.kind), hazard.expire_after)
            for sensor, hazard in config.hazards_of(name).items()
        ),
    )


def _relay_settings(relay: AnyRelay) -> RelaySettings:
    if isinstance(relay, MiotRelay) and relay.lease:
        return RelaySettings(relay.lease.after, float(relay.lease.unit_seconds))
    if isinstance(relay, MqttRelay) and relay.keep_alive:
        return RelaySettings(relay.keep_alive.after)
    return RelaySettings()


class _Drivers:
    """Builds relay drivers; what several relays share is built once, and only when needed."""

    def __init__(self, config: Config, heartbeats: Heartbeats | None, bus: "Bus | None") -> None:
        self._config, self._heartbeats, self._bus = config, heartbeats, bus
        self._clocks: dict[tuple[str, int], DeviceClock] = {}

    def build(self, burner: Burner, relay: AnyRelay) -> Relay:
        return self._mqtt(relay) if isinstance(relay, MqttRelay) else self._miio(burner, relay)

    def _mqtt(self, relay: MqttRelay) -> Relay:
        from gasguard.drivers.mqtt.connection import BrokerBus
        from gasguard.drivers.mqtt.relay import MqttRelayDriver

        self._bus = self._bus or BrokerBus(self._config.mqtt, self._heartbeats)
        return MqttRelayDriver(relay, self._bus)

    def _miio(self, burner: Burner, relay: MiotRelay | MiioRelay) -> Relay:
        # Imported here: heavy.
        from gasguard.drivers.miio.relay import MiioRelayDriver, MiotRelayDriver
        from gasguard.drivers.miio.transport import DeviceClock

        clock = self._clocks.setdefault((relay.host, relay.port), DeviceClock())
        if isinstance(relay, MiioRelay):
            return MiioRelayDriver(relay, clock)
        return MiotRelayDriver(relay, burner.voice if relay is burner.voice_relay else None, clock)


def build_wirings(
    config: Config, heartbeats: Heartbeats | None = None, bus: "Bus | None" = None
) -> list[Wiring]:
    """Every burner with its drivers. Channels of one host share what the device has once.

    All MQTT relays share `bus`, which is by default a connection of their own to the broker.
    """
    drivers = _Drivers(config, heartbeats, bus)
    return [
        Wiring(
            core_settings(name, burner, config),
            [drivers.build(burner, relay) for relay in burner.in_series],
        )
        for name, burner in config.burners.items()
    ]


class Journal:
    """Notes every event, so that `gasguard history` can tell."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rejection_noted = float("-inf")

    def __call__(self, news: News) -> None:
        name = news.state.settings.burner
        for tell in news.tells:
            if tell.kind is Kind.COMMAND_REJECTED:
                if news.at.boot - self._rejection_noted < _REJECTIONS_NOTED_EVERY:
                    continue
                self._rejection_noted = news.at.boot
            self._store.note(news.at.wall, name, event_payload(tell, name, news.at))


@contextlib.asynccontextmanager
async def running(config: Config, clock: Clock | None = None) -> AsyncIterator[Controller]:
    """The daemon, live inside the block: first the guard, then the ways in.

    Raises StoreError when the state folder is unusable or another daemon uses it.
    """
    clock = clock or SystemClock()
    store = Store.open(config.state_dir)
    heartbeats = Heartbeats()
    controller = Controller(build_wirings(config, heartbeats), store, clock, heartbeats)
    controller.observers.append(Journal(store))
    control = ControlSocket(config.control_socket, controller, store, clock)
    try:
        await control.start()
    except OSError as error:
        await store.aclose()
        raise StoreError(f"state_dir {config.state_dir}: {error}") from None
    controller.start()
    notifier = Notifier()
    watchdog = asyncio.create_task(feed_watchdog(heartbeats, notifier, lambda: _status(controller)))
    await controller.opened_what_must_be(OPEN_FIRST_WITHIN)

    # Imported here: the guard is live before anything that it does not need is.
    from gasguard.interfaces.announcer import Announcer
    from gasguard.interfaces.bemfa import BemfaInterface
    from gasguard.interfaces.mqtt import MqttInterface
    from gasguard.interfaces.sensors import SensorDesk

    sensors = SensorDesk(controller, config.burners, config.hazards)
    mqtt = MqttInterface(config.mqtt, controller, store, clock, sensors, Announcer(config))
    await mqtt.start()
    bemfa = BemfaInterface(config.bemfa, controller, heartbeats) if config.bemfa else None
    if bemfa is not None:
        bemfa.start()
    try:
        yield controller
    finally:
        watchdog.cancel()
        notifier.send("STOPPING=1")
        await control.stop()
        # After a failure systemd starts the guard again in a second: timers go on then.
        orderly = not controller.failed.done()
        trip = orderly and config.on_shutdown == "trip_if_active"
        await controller.stop(trip_if_active=trip)
        await asyncio.gather(mqtt.stop(), *([bemfa.stop()] if bemfa else []))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(store.aclose(), _CLOSE_WITHIN)
        notifier.close()


def _status(controller: Controller) -> str:
    return ", ".join(f"{name} {state.phase}" for name, state in controller.states().items())


class GuardFailed(GasguardError):
    """Part of the guard died: whoever started the process should start it again."""


async def run(config: Config) -> None:
    """Guard until SIGTERM or SIGINT. Raises GuardFailed, and what `running` raises."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config) as controller:
        log.info("guarding %s", ", ".join(config.burners))
        stopped: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        await asyncio.wait([stopped, controller.failed], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if controller.failed.done():
            error = controller.failed.exception()
            log.critical("a task of the guard died; ending", exc_info=error)
            raise GuardFailed(f"a task of the guard died: {error!r}")
        log.info("ending")
