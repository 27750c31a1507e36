"""Runs one plan: the guard, the house and the judge on one simulated loop."""

import asyncio
import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from gasguard.config.load import parse_config
from gasguard.simulator.seeding import stream
from tests.torture.broker import Broker
from tests.torture.disk import Disk
from tests.torture.ears import Ears
from tests.torture.hands import Hands
from tests.torture.house import House
from tests.torture.judge import LOOK_EVERY, ErrorLog, Judge, loop_complains
from tests.torture.loop import TortureLoop
from tests.torture.names import Names
from tests.torture.pi import Pi
from tests.torture.plan import LENGTH, Plan
from tests.torture.scene import Scene

_CALM = 15.0
"""Seconds without faults at the end: what is owed must be paid by then."""
_LOOK_AT_NOBODY_EVERY = 10.0
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a session."""

    rule: str | None
    """Name of the check that spoke up first, None if none did."""
    text: str
    trace: tuple[str, ...]
    """What happened, with the simulated time of it; the same for the same plan, byte for byte."""

    @property
    def digest(self) -> str:
        """Of the whole trace."""
        return sha256("\n".join(self.trace).encode()).hexdigest()


def run(plan: Plan) -> Outcome:
    """Run a session to its end or to its first breach."""
    folder = Path(
        tempfile.mkdtemp(prefix="torture-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
    )
    loop = TortureLoop(seed=plan.seed, latency=plan.latency)
    collecting = gc.isenabled()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(_play(plan, loop, folder))
    finally:
        if collecting:
            gc.enable()
        shutil.rmtree(folder, ignore_errors=True)


async def _play(plan: Plan, loop: TortureLoop, folder: Path) -> Outcome:
    config = parse_config(plan.config, folder)
    loop.air.names = Names(loop, plan.names)
    broker = Broker(loop, loop.air, stream(plan.seed, "broker"))
    house = House.build(config, plan.seed, broker)
    disk = Disk(loop, folder, stream(plan.seed, "disk"))
    pi = Pi(
        parse_config(plan.guards_config, folder),
        loop,
        loop.air,
        disk,
        broker,
        stream(plan.seed, "luck"),
        house.chip,
    )
    pi.keep(asyncio.current_task())
    scene = Scene(config, loop, house, loop.air, disk, pi, broker)
    began, trace = loop.time(), list[str]()

    def note(line: str) -> None:
        trace.append(f"{loop.time() - began:10.4f} {line}")

    judge = Judge(scene, note)
    ears = Ears(scene, judge)
    judge.on_killed = ears.forget
    loop.set_exception_handler(partial(loop_complains, judge))
    stop: asyncio.Future[None] = loop.create_future()
    judge.on_breach = lambda: None if stop.done() else stop.set_result(None)
    house.on_pin_asked = lambda address: loop.air.heard_at.update({address: loop.time()})
    for address in (*house.servers, *house.mqtt_servers, *house.pin_servers):
        scene.faults_changed(address)
    loop.air.names.on_changed = scene.network_changed
    log = logging.getLogger("gasguard")
    handlers, level, spread = log.handlers, log.level, log.propagate
    log.handlers, log.propagate = [ErrorLog(judge)], False
    log.setLevel(logging.ERROR)
    try:
        await house.start()
        await _act(plan, Hands(plan, scene, judge), judge, stop, note)
    finally:
        log.handlers, log.propagate = handlers, spread
        log.setLevel(level)
        pi.kill()
        await asyncio.sleep(0.05)
        await house.stop()
    note(f"end {loop.air.digest:08x} {broker.digest:08x}")
    breach = judge.breach
    return Outcome(breach.rule if breach else None, breach.text if breach else "", tuple(trace))


async def _act(
    plan: Plan,
    hands: Hands,
    judge: Judge,
    stop: "asyncio.Future[None]",
    note: Callable[[str], None],
) -> None:
    loop = asyncio.get_running_loop()
    offset = loop.time()
    hands.start()
    loop.call_later(LOOK_EVERY, _look, judge, stop)
    for action in plan.actions:
        if not await _pause(stop, offset + action.at - loop.time()):
            return
        note(f"> {action}")
        before = loop.time()
        await hands.do(action)
        offset += loop.time() - before
        if stop.done():
            return
    if await _pause(stop, offset + LENGTH - loop.time()):
        await hands.back
        hands.calm()
        note("calm")
        if await _pause(stop, _CALM):
            stop.set_result(None)


async def _pause(stop: "asyncio.Future[None]", seconds: float) -> bool:
    """Wait; False as soon as there is a breach."""
    if seconds > 0:
        await asyncio.wait([stop], timeout=seconds)
    return not stop.done()


def _look(judge: Judge, stop: "asyncio.Future[None]") -> None:
    """Have the judge look, again and again until the end."""
    if not stop.done():
        judge.look()
        every = LOOK_EVERY if judge.scene.pi.alive else _LOOK_AT_NOBODY_EVERY
        stop.get_loop().call_later(every, _look, judge, stop)
