"""The composition root: builds the daemon from its configuration and runs it."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from gasguard.alone import alone_in
from gasguard.assemble import Drivers, bus_of, circuits, sensors
from gasguard.clock import Clock, SystemClock
from gasguard.config.load import Config
from gasguard.drivers.board import Board
from gasguard.errors import GasguardError, StoreError
from gasguard.guard.controller import Controller
from gasguard.guard.store import Store
from gasguard.health import HangWatch, Heartbeats, Notifier, Troubles, feed_watchdog
from gasguard.interfaces.journal import Journal, Life
from gasguard.interfaces.local.control import ControlSocket
from gasguard.interfaces.local.unix import runtime_folder
from gasguard.interfaces.meter import Meter
from gasguard.interfaces.metrics.counts import Counts
from gasguard.interfaces.past import Past
from gasguard.interfaces.schedules.watch import Schedules
from gasguard.interfaces.wall_time import WallTime
from gasguard.memory import give_back
from gasguard.starts import Starts
from gasguard.ways_in import WaysIn

log = logging.getLogger(__name__)

OPEN_FIRST_WITHIN = 2.0
"""Seconds that demands from before the start have to be confirmed before anything else begins."""
SENSORS_FIRST_WITHIN = 1.0
"""Seconds that the devices' connection to the broker has before people's begins."""
_REMEMBER_WITHIN = 2.0
"""Seconds that a card which hangs may hold up the memory of starts."""
_SOCKET_AGAIN_AFTER = 5.0
"""Seconds between two tries to make the local socket."""
_CLOSE_WITHIN = 3.0
"""Seconds that a disk which does not answer may hold up the end."""


@contextlib.asynccontextmanager
async def running(
    config: Config,
    clock: Clock | None = None,
    troubles: Troubles | None = None,
    board: Board | None = None,
    begins_again: asyncio.Event | None = None,
) -> AsyncIterator[Controller]:
    """The daemon, live inside the block: first the guard, then the ways in.

    `board` has the pins of the machine; by default they are this machine's. With `begins_again` set
    nothing is shut off at the end.
    Raises StoreError when the state folder is unusable or another daemon uses it.
    """
    clock, troubles = clock or SystemClock(), troubles or Troubles()
    with contextlib.suppress(OSError):
        config.state_dir.mkdir(parents=True, exist_ok=True)
    with alone_in(config.state_dir) as alone:
        if not alone:
            raise StoreError(f"another gasguard is running on {config.state_dir}")
        store = Store.open(config.state_dir)
        troubles.watch("state", lambda: store.trouble)
        guarding = _guarding(config, clock, troubles, store, board, begins_again)
        async with guarding as controller:
            yield controller


@contextlib.asynccontextmanager
async def _guarding(
    config: Config,
    clock: Clock,
    troubles: Troubles,
    store: Store,
    board: Board | None,
    begins_again: asyncio.Event | None,
) -> AsyncIterator[Controller]:
    heartbeats = Heartbeats()
    drivers = Drivers(partial(bus_of, config, heartbeats, troubles), board=board)
    troubles.watch("relays", drivers.shared)
    controller = Controller(circuits(config, drivers), store, clock, heartbeats)
    watching = sensors(config, drivers, controller.post)
    life = Life(store, clock, list(config.burners), config.zone)
    meter = Meter(store, clock, _powers(config))
    counts = Counts(list(config.burners), controller.tallies)
    controller.observers += [Journal(store, config.zone), meter, counts]
    past = Past(store, meter, clock, list(config.burners), zone=config.zone)
    schedules = Schedules(config, controller, store, clock, heartbeats, troubles)
    until = WallTime(clock, config.zone)
    ways_in = WaysIn(config, controller, past, clock, heartbeats, troubles, schedules, until)
    control = ControlSocket(
        config.control_socket,
        controller,
        past,
        clock,
        troubles,
        runtime=runtime_folder(),
        schedules=schedules,
        until=until,
        zone=config.zone,
        counts=counts,
        # Asked each time: messages begin behind the guard, and this is another's then.
        messages_waiting=lambda: ways_in.messages_waiting(),
    )
    controller.start()
    life.begins()
    meter.start()
    listening = await _listen(control, config, troubles)
    again = None if listening else asyncio.create_task(_listen_later(control, config, troubles))
    notifier = Notifier()
    watchdog = asyncio.create_task(
        feed_watchdog(heartbeats, notifier, lambda: _status(controller, troubles))
    )
    hang_watch = HangWatch(heartbeats)
    hang_watch.start()
    await controller.opened_what_must_be(OPEN_FIRST_WITHIN)
    _begin(schedules, troubles)
    starts = await _remembered(config, clock)
    for sensor in watching:
        sensor.start()
    if watching:
        # Who waits for `online` to let a sensor speak shall be heard.
        await drivers.until_connected(SENSORS_FIRST_WITHIN)
    ways_in.open(starts)
    crashed = True
    try:
        yield controller
        crashed = False
    finally:
        watchdog.cancel()
        hang_watch.stop()
        if again is not None:
            again.cancel()
        notifier.send("STOPPING=1")
        await schedules.stop()
        await control.stop()
        # After a failure systemd starts the guard again in a second: timers go on then.
        goes_on = controller.failed.done() or (begins_again is not None and begins_again.is_set())
        trip = not goes_on and config.on_shutdown == "trip_if_active"
        await controller.stop(trip_if_active=trip)
        await asyncio.gather(ways_in.close(), *(sensor.aclose() for sensor in watching))
        await meter.stop()
        life.ends()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(store.aclose(), _CLOSE_WITHIN)
        if not crashed and starts is not None:
            await starts.forget()
        notifier.close()


def _powers(config: Config) -> dict[str, float | None]:
    """Rated heat inputs in kW of the burners whose flame is seen."""
    return {name: one.rated_kw for name, one in config.burners.items() if one.flame is not None}


def _begin(schedules: Schedules, troubles: Troubles) -> None:
    """Look at the calendar; the guard itself does not need it."""
    try:
        schedules.start()
    except Exception as error:
        log.exception("schedules could not be started")
        why = f"left out: they could not be started ({error!r})"
        troubles.watch("schedules", lambda: why)


async def _remembered(config: Config, clock: Clock) -> Starts | None:
    """What is known of earlier starts; None where the card does not say."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_REMEMBER_WITHIN):
            return await asyncio.to_thread(Starts, config.state_dir, clock.boot_id())
    return None


async def _listen(control: ControlSocket, config: Config, troubles: Troubles) -> bool:
    """Make the local socket; what stands against that is told. Returns whether it is there."""
    try:
        await control.start()
    except Exception as error:  # noqa: BLE001 - whatever it is, the guard does not need it
        why = f"{config.control_socket} cannot be made ({error}): no local commands"
        if not troubles.present().get("local socket"):
            log.error("%s", why)
        troubles.watch("local socket", lambda: why)
        return False
    troubles.watch("local socket", lambda: "")
    return True


async def _listen_later(control: ControlSocket, config: Config, troubles: Troubles) -> None:
    """The card may be writable again, or somebody has made room."""
    listening = False
    while not listening:
        await asyncio.sleep(_SOCKET_AGAIN_AFTER)
        listening = await _listen(control, config, troubles)
    log.warning("%s is there now: local commands work", config.control_socket)


def _status(controller: Controller, troubles: Troubles) -> str:
    phases = [f"{name} {state.phase}" for name, state in controller.states().items()]
    return ", ".join(phases + [f"{part}: {text}" for part, text in troubles.present().items()])


class GuardFailed(GasguardError):
    """Part of the guard died: whoever started the process should start it again."""


async def run(config: Config, troubles: Troubles | None = None) -> None:
    """Guard until SIGTERM or SIGINT; also SIGHUP, at which nothing is shut off: the next start,
    of a newer version perhaps, goes on with the timers. Raises GuardFailed, and what `running`
    raises.
    """
    stop, begins_again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(again: bool) -> None:
        # Whoever stops the service shuts off, whatever else is asked just now.
        if not again:
            begins_again.clear()
        elif not stop.is_set():
            begins_again.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, False)
    loop.add_signal_handler(signal.SIGHUP, end, True)
    async with running(config, troubles=troubles, begins_again=begins_again) as controller:
        log.info("guarding %s", ", ".join(config.burners))
        giving_back = asyncio.create_task(give_back())
        stopped: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        await asyncio.wait([stopped, controller.failed], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        giving_back.cancel()
        if controller.failed.done():
            error = controller.failed.exception()
            log.critical("a task of the guard died; ending", exc_info=error)
            raise GuardFailed(f"a task of the guard died: {error!r}")
        log.info("ending")
