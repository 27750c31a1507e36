"""The composition root: builds the daemon from its configuration and runs it."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from gasguard.assemble import Drivers, bus_of, circuits, sensors
from gasguard.clock import Clock, SystemClock
from gasguard.config.load import Config
from gasguard.errors import GasguardError, StoreError
from gasguard.guard.bulletins import News
from gasguard.guard.controller import Controller
from gasguard.guard.store import Store
from gasguard.health import Heartbeats, Notifier, Troubles, feed_watchdog
from gasguard.interfaces.journal import Journal
from gasguard.interfaces.local.control import ControlSocket

log = logging.getLogger(__name__)

OPEN_FIRST_WITHIN = 2.0
"""Seconds that demands from before the start have to be confirmed before anything else begins."""
SENSORS_FIRST_WITHIN = 1.0
"""Seconds that the devices' connection to the broker has before people's begins."""
_CLOSE_WITHIN = 3.0
"""Seconds that a disk which does not answer may hold up the end."""


@contextlib.asynccontextmanager
async def running(
    config: Config, clock: Clock | None = None, troubles: Troubles | None = None
) -> AsyncIterator[Controller]:
    """The daemon, live inside the block: first the guard, then the ways in.

    Raises StoreError when the state folder is unusable or another daemon uses it.
    """
    clock, troubles = clock or SystemClock(), troubles or Troubles()
    store = Store.open(config.state_dir)
    troubles.watch("state", lambda: store.trouble)
    heartbeats = Heartbeats()
    drivers = Drivers(partial(bus_of, config, heartbeats))
    troubles.watch("relays", drivers.shared)
    controller = Controller(circuits(config, drivers), store, clock, heartbeats)
    watching = sensors(config, drivers, controller.post)
    early: list[News] = []
    controller.observers += [Journal(store), early.append]
    control = ControlSocket(config.control_socket, controller, store, clock, troubles)
    try:
        await control.start()
    except StoreError:
        await store.aclose()
        raise
    except OSError as error:
        why = f"{config.control_socket} cannot be made ({error.strerror}): no local commands"
        log.error("%s", why)
        troubles.watch("local socket", lambda: why)
    controller.start()
    notifier = Notifier()
    watchdog = asyncio.create_task(
        feed_watchdog(heartbeats, notifier, lambda: _status(controller, troubles))
    )
    await controller.opened_what_must_be(OPEN_FIRST_WITHIN)

    # Imported here: the guard is live before anything that it does not need is.
    from gasguard.interfaces.bemfa.interface import BemfaInterface
    from gasguard.interfaces.home_assistant.announcer import Announcer
    from gasguard.interfaces.mqtt.interface import MqttInterface

    mqtt = MqttInterface(config.mqtt, controller, store, clock, Announcer(config), heartbeats)
    # Nothing is awaited in between: no news is heard twice, and none by nobody.
    controller.observers.remove(early.append)
    mqtt.listen(early)
    bemfa = BemfaInterface(config.bemfa, controller, heartbeats) if config.bemfa else None
    if bemfa is not None:
        bemfa.start()
    for sensor in watching:
        sensor.start()
    if watching:
        # Who waits for `online` to let a sensor speak shall be heard.
        await drivers.until_connected(SENSORS_FIRST_WITHIN)
    mqtt.start()
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
        ways_in = [mqtt.stop(), *([bemfa.stop()] if bemfa else [])]
        await asyncio.gather(*ways_in, *(sensor.aclose() for sensor in watching))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(store.aclose(), _CLOSE_WITHIN)
        notifier.close()


def _status(controller: Controller, troubles: Troubles) -> str:
    phases = [f"{name} {state.phase}" for name, state in controller.states().items()]
    return ", ".join(phases + [f"{part}: {text}" for part, text in troubles.present().items()])


class GuardFailed(GasguardError):
    """Part of the guard died: whoever started the process should start it again."""


async def run(config: Config, troubles: Troubles | None = None) -> None:
    """Guard until SIGTERM or SIGINT. Raises GuardFailed, and what `running` raises."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config, troubles=troubles) as controller:
        log.info("guarding %s", ", ".join(config.burners))
        stopped: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        await asyncio.wait([stopped, controller.failed], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if controller.failed.done():
            error = controller.failed.exception()
            log.critical("a task of the guard died; ending", exc_info=error)
            raise GuardFailed(f"a task of the guard died: {error!r}")
        log.info("ending")
