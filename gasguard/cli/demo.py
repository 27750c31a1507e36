"""`gasguard demo`: broker, stove, relay and daemon on one machine, ordinarily configured."""

import asyncio
import contextlib
import logging
import os
import secrets
import shlex
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gasguard.cli.demo_folder import CONFIG, fresh_folder
from gasguard.cli.help import examples
from gasguard.cli.options import DEMO_MARK, demo_folder, find_config
from gasguard.config.load import Config, load_config
from gasguard.errors import GasguardError

if TYPE_CHECKING:
    from gasguard.simulator.world import World

_CONFIG = """\
{mark}; the wiring is the four-channel module of the original article:
# channels 1 and 2 (siid 2, 3) open the thermocouples, 3 and 4 (siid 4, 5) are only for the voice.
mqtt: {{host: 127.0.0.1, port: {mqtt_port}}}
state_dir: .
burners:
  left:
    name: Left burner
    relay: &module
      driver: miot
      host: 127.0.0.1
      port: {relay_port}
      token: "{token}"
      switch: {{siid: 2, piid: 1}}
      contact: normally_closed
    voice: {{siid: 4, piid: 1}}
    flame: {{driver: mqtt, topic: gasguard_sim/left/flame}}
    limits: {{max_burn: 2h, rearm_after: 5s}}
  right:
    name: Right burner
    relay:
      <<: *module
      switch: {{siid: 3, piid: 1}}
    voice: {{siid: 5, piid: 1}}
    flame: {{driver: mqtt, topic: gasguard_sim/right/flame}}
    limits: {{max_burn: 2h, rearm_after: 5s}}
"""


_LIGHTING_SPEED = 20.0
"""Nobody likes to hold a knob for 6 s before anything can be tried."""
_LAST_WORDS_WITHIN = 1.0


@click.command(epilog=examples("gasguard demo", "gasguard demo --speed 10"))
@click.option(
    "--speed",
    metavar="FACTOR",
    type=click.FloatRange(0, 1000, min_open=True),
    default=1.0,
    show_default=True,
    help="Run the stove this much faster.",
)
@click.option(
    "--mqtt-port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help="Default 1883, or any free one; 0 means any.",
)
@click.option(
    "--web-port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help="Port of the web page, for versions that have one; this one has none.",
)
@click.option(
    "--state-dir",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where state and configuration are (default: a folder in the temporary folder). "
    "What an earlier demo left there is removed.",
)
def demo(speed: float, mqtt_port: int | None, web_port: int | None, state_dir: Path | None) -> None:
    """Run everything on this machine, with a simulated stove; no hardware, nothing to set up.

    Each demo starts afresh, with both burners lit, and tells what happens. Type help in it.
    """
    from gasguard.cli.broker import free_port
    from gasguard.logs import log_to_stderr

    folder = (state_dir or demo_folder()).absolute()
    with fresh_folder(folder):
        port = free_port(mqtt_port, 1883, socket.SOCK_STREAM)
        relay_port = free_port(None, 54321, socket.SOCK_DGRAM)
        path = folder / CONFIG
        path.touch(mode=0o600)
        text = _CONFIG.format(
            mark=DEMO_MARK,
            mqtt_port=port,
            relay_port=relay_port,
            token=secrets.token_hex(16),
        )
        path.write_text(text, encoding="utf-8")
        log = log_to_stderr()
        # What happens is told in the demo's own words.
        logging.getLogger().setLevel(logging.WARNING)
        try:
            asyncio.run(_demo(load_config(path), path, speed))
        except OSError as error:
            raise GasguardError(f"the demo cannot go on: {error}") from None
        finally:
            log.stop()


async def _demo(config: Config, path: Path, speed: float) -> None:
    from gasguard import app
    from gasguard.cli.broker import embedded_broker
    from gasguard.cli.demo_console import DemoConsole, Outcomes
    from gasguard.cli.terminal import Printer, attend, stopped_by_signals
    from gasguard.simulator.bridge import SimulatorBridge
    from gasguard.simulator.console import run_text_console
    from gasguard.simulator.world import World

    stop = stopped_by_signals()
    printer = Printer(sys.stdout)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(embedded_broker(config.mqtt.port))
        world = World.from_config(config, speed=speed)
        await world.start()
        stack.push_async_callback(world.stop)
        bridge = SimulatorBridge(config, world)
        bridge.start()
        stack.push_async_callback(bridge.stop)
        controller = await stack.enter_async_context(app.running(config))
        await _light(world, speed)
        printer.line(_greeting(config, path, bridge.console_topic))
        outcomes = Outcomes(world, printer.line)
        controller.observers.append(outcomes.observe)
        console = DemoConsole(world, controller, outcomes, printer.line)
        await attend(run_text_console(world, sys.stdin, printer, console), stop)
        controller.observers.remove(outcomes.observe)
        printer.line("The demo ends: both burners are shut off.")
    printer.stop(_LAST_WORDS_WITHIN)


async def _light(world: "World", speed: float) -> None:
    """Light every burner as a person does, only faster, until the knobs are let go."""
    from gasguard.simulator.world import HOLD_S

    world.set_speed(max(speed, _LIGHTING_SPEED))
    for name in world.burner_ids:
        world.light(name)
    await asyncio.sleep((HOLD_S + 1) / world.speed)
    world.set_speed(speed)


def _greeting(config: Config, path: Path, console_topic: str) -> str:
    from gasguard.simulator.miio.setup import plan_devices

    program = _program()
    with_config = "" if _found_without_c(path) else f" -c {shlex.quote(str(path))}"
    port = config.mqtt.port
    devices = ", ".join(f"{host}:{number}" for host, number in plan_devices(config))
    mosquitto = (
        f"\n  mosquitto_pub -p {port} -t gasguard/all/off/set -n"
        if shutil.which("mosquitto_pub")
        else ""
    )
    return f"""
gasguard demo is up: a stove with two lit burners.
  broker   mqtt://127.0.0.1:{port}
  relay    {devices} (miIO over UDP; token in {path})

Try in another terminal:
  {program} timer left 30s{with_config}
  {program} off right{with_config}
  {program} off left --mqtt mqtt://127.0.0.1:{port}{mosquitto}

Look on with:  {program} status --watch{with_config}

Here you can type: timer left 20s, off, off left, status, and what is done in a
kitchen: light left, mihome left off, say right 十分钟后关闭. help shows all.
Kitchen and Mi Home also obey MQTT messages to {console_topic}.
Ctrl-C ends the demo.
"""


def _program() -> str:
    """How this very program is called from any folder."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        python = shutil.which("python3")
        same = python is not None and os.path.realpath(python) == os.path.realpath(sys.executable)
        # A virtual environment's Python is a link to the one that knows nothing of gasguard.
        same = same and sys.prefix == sys.base_prefix
        return f"{'python3' if same else shlex.quote(sys.executable)} -m gasguard"
    found = shutil.which(called.name)
    if found is not None and os.path.realpath(found) == os.path.realpath(called):
        return called.name
    return shlex.quote(str(called.absolute()))


def _found_without_c(path: Path) -> bool:
    try:
        return find_config(None).resolve() == path.resolve()
    except GasguardError:
        return False
