"""`gasguard simulate`: the stove and its relays, without the daemon."""

import asyncio
import sys
from pathlib import Path

import click

from gasguard.cli.help import examples
from gasguard.cli.options import config_option, speed_option
from gasguard.config.load import Config, load_config
from gasguard.errors import GasguardError

_LAST_WORDS_WITHIN = 1.0


@click.command(epilog=examples("gasguard simulate -c config.example.yaml"))
@config_option(required=True)
@speed_option
@click.option("--seed", default=0, show_default=True, help="Makes faults repeatable.")
def simulate(config_path: Path, speed: float, seed: int) -> None:
    """Simulate the stove and the relays of FILE, for tests without hardware.

    Reads commands from standard input while it runs: try `help`.
    """
    from gasguard.cli.terminal import leave

    asyncio.run(_simulate(load_config(config_path), speed, seed))
    leave()


async def _simulate(config: Config, speed: float, seed: int) -> None:
    from gasguard.cli.terminal import Printer, attend, stopped_by_signals
    from gasguard.simulator.bridge import SimulatorBridge
    from gasguard.simulator.console import run_text_console
    from gasguard.simulator.describe import describe
    from gasguard.simulator.world import World

    stop, printer = stopped_by_signals(), Printer(sys.stdout)
    world = World.from_config(config, seed=seed, speed=speed)
    try:
        await world.start()
    except OSError as error:
        raise GasguardError(f"{error.strerror}; is another simulator running there?") from None
    bridge = SimulatorBridge(config, world)
    bridge.start()
    printer.line("\n".join(describe(world)))
    if world.pins:
        printer.line("no other process reaches simulated pins: gasguard demo --pi has both in one")
    printer.line("type help for what the stove and Mi Home can be made to do; Ctrl-C ends")
    world.on_flame(lambda name, lit: printer.line(f"{name}: flame {'lit' if lit else 'out'}"))
    world.on_hood(lambda runs: printer.line(f"hood: {runs}"))
    try:
        await attend(run_text_console(world, sys.stdin, printer, bridge.console), stop)
    finally:
        await bridge.stop()
        await world.stop()
        printer.stop(_LAST_WORDS_WITHIN)
