"""`gasguard demo`: broker, stove, relay and daemon on one machine, ordinarily configured."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

import click

from gasguard.cli.help import examples
from gasguard.cli.options import demo_folder, find_config
from gasguard.config.load import Config, load_config
from gasguard.errors import GasguardError

_CONFIG = """\
# Written by `gasguard demo`; the wiring is the four-channel module of the original article:
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


@click.command(epilog=examples("gasguard demo", "gasguard demo --speed 10"))
@click.option("--speed", default=1.0, show_default=True, help="Run the stove this much faster.")
@click.option("--mqtt-port", type=click.IntRange(0, 65535), help="Default 1883, or any free one.")
@click.option(
    "--web-port",
    type=click.IntRange(0, 65535),
    help="Port of the web page, for versions that have one; this one has none.",
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where state and configuration are kept (default: a folder in the temporary folder).",
)
def demo(speed: float, mqtt_port: int | None, web_port: int | None, state_dir: Path | None) -> None:
    """Run everything on this machine, with a simulated stove; no hardware, nothing to set up."""
    from gasguard.cli.broker import free_port
    from gasguard.logs import log_to_stderr

    log_to_stderr()
    folder = (state_dir or demo_folder()).absolute()
    _own_folder(folder)
    port = free_port(mqtt_port, 1883, socket.SOCK_STREAM)
    relay_port = free_port(None, 54321, socket.SOCK_DGRAM)
    path = folder / "config.yaml"
    path.touch(mode=0o600)
    text = _CONFIG.format(mqtt_port=port, relay_port=relay_port, token=secrets.token_hex(16))
    path.write_text(text, encoding="utf-8")
    asyncio.run(_demo(load_config(path), path, speed))


def _own_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise GasguardError(f"{folder} belongs to somebody else; name a folder with --state-dir")


async def _demo(config: Config, path: Path, speed: float) -> None:
    from gasguard import app
    from gasguard.cli.broker import embedded_broker
    from gasguard.simulator.bridge import SimulatorBridge
    from gasguard.simulator.console import run_text_console
    from gasguard.simulator.world import World

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(embedded_broker(config.mqtt.port))
        world = World.from_config(config, speed=speed)
        await world.start()
        stack.push_async_callback(world.stop)
        bridge = SimulatorBridge(config, world)
        bridge.start()
        stack.push_async_callback(bridge.stop)
        await stack.enter_async_context(app.running(config))
        for name in config.burners:
            world.light(name)
        _greet(config, path, bridge.console_topic)
        console = asyncio.create_task(run_text_console(world, sys.stdin, sys.stdout))
        await stop.wait()
        console.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await console


def _greet(config: Config, path: Path, console_topic: str) -> None:
    from gasguard.simulator.miio.setup import plan_devices

    program = os.path.relpath(sys.argv[0]) if "/" in sys.argv[0] else sys.argv[0]
    if program.endswith("__main__.py"):
        program = "python -m gasguard"
    found = find_config(None) if _found_without_c(path) else None
    with_config = "" if found else f" -c {path}"
    port = config.mqtt.port
    devices = ", ".join(f"{host}:{number}" for host, number in plan_devices(config))
    click.echo(
        f"""
gasguard demo is up: a stove with two lit burners.
  broker   mqtt://127.0.0.1:{port}
  relay    {devices} (miIO over UDP; token in {path})

Try in another terminal:
  {program} timer left 30s{with_config}
  {program} off right{with_config}
  mosquitto_pub -p {port} -t gasguard/all/off/set -n

Look on with:   {program} status --watch{with_config}
Here, or as a message to {console_topic}, the stove and Mi Home obey:
  light left          mihome left off          say right 十分钟后关闭          help
Ctrl-C ends the demo."""
    )


def _found_without_c(path: Path) -> bool:
    try:
        return find_config(None).resolve() == path.resolve()
    except GasguardError:
        return False
