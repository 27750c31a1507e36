"""`gasguard simulate`: the stove and its relays, without the daemon."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import click

from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.config.load import Config, load_config


@click.command(epilog=examples("gasguard simulate -c config.example.yaml"))
@config_option(required=True)
@click.option("--speed", default=1.0, show_default=True, help="Run the stove this much faster.")
@click.option("--seed", default=0, show_default=True, help="Makes faults repeatable.")
def simulate(config_path: Path, speed: float, seed: int) -> None:
    """Simulate the stove and the relays of FILE, for tests without hardware.

    Reads commands from standard input while it runs: try `help`.
    """
    asyncio.run(_simulate(load_config(config_path), speed, seed))


async def _simulate(config: Config, speed: float, seed: int) -> None:
    from gasguard.simulator.bridge import SimulatorBridge
    from gasguard.simulator.console import run_text_console
    from gasguard.simulator.describe import describe
    from gasguard.simulator.world import World

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    world = World.from_config(config, seed=seed, speed=speed)
    await world.start()
    bridge = SimulatorBridge(config, world)
    bridge.start()
    click.echo("\n".join(describe(world)))
    click.echo("type help for what the stove and Mi Home can be made to do; Ctrl-C ends")
    console = asyncio.create_task(run_text_console(world, sys.stdin, sys.stdout))
    try:
        await stop.wait()
    finally:
        console.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await console
        await bridge.stop()
        await world.stop()
