"""`gasguard demo`: broker, stove, relay, daemon and page on one machine, ordinarily configured."""

import asyncio
import contextlib
import logging
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gasguard.cli.demo_folder import CONFIG, fresh_folder
from gasguard.cli.demo_stories import STORIES, clock_of, phones, tell
from gasguard.cli.help import examples
from gasguard.cli.options import demo_folder, find_config, speed_option
from gasguard.config.load import Config
from gasguard.errors import GasguardError

if TYPE_CHECKING:
    from gasguard.simulator.world import World

_LAST_WORDS_WITHIN = 1.0


@click.command(
    epilog=examples(
        "gasguard demo",
        "gasguard demo --pi",
        "gasguard demo --speed 10",
        "gasguard demo --story unattended",
    )
)
@speed_option
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
    help="Default 8420, or any free one; 0 means any.",
)
@click.option(
    "--state-dir",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where state and configuration are (default: a folder in the temporary folder). "
    "What an earlier demo left there is removed.",
)
@click.option(
    "--message-to",
    metavar="ADDRESS",
    envvar="GASGUARD_MESSAGE_TO",
    help="Send messages there: ntfy://TOPIC, barks://api.day.app/KEY, … "
    "(better in the environment, as GASGUARD_MESSAGE_TO: others can see a command line).",
)
@click.option(
    "--story",
    metavar="NAME",
    type=click.Choice(sorted(STORIES)),
    help=f"Play a story, in less than a minute, and end: {', '.join(sorted(STORIES))}.",
)
@click.option(
    "--pi",
    is_flag=True,
    help="Relays on the pins of a simulated Raspberry Pi, and thermocouples on its bus.",
)
def demo(
    speed: float,
    mqtt_port: int | None,
    web_port: int | None,
    state_dir: Path | None,
    message_to: str | None,
    story: str | None,
    pi: bool,
) -> None:
    """Run everything on this machine, with a simulated stove; no hardware, nothing to set up.

    Each demo starts afresh, with both burners lit, and tells what happens. Type help in it.
    """
    from gasguard.cli.terminal import leave
    from gasguard.logs import log_to_stderr

    folder = (state_dir or demo_folder()).absolute()
    with fresh_folder(folder):
        log = log_to_stderr()
        # What happens is told in the demo's own words.
        logging.getLogger().setLevel(logging.WARNING)
        try:
            asyncio.run(_demo(folder / CONFIG, mqtt_port, web_port, speed, message_to, story, pi))
        finally:
            log.stop()
    leave()


async def _demo(
    path: Path,
    mqtt_port: int | None,
    web_port: int | None,
    speed: float,
    message_to: str | None,
    name: str | None,
    pi: bool,
) -> None:
    from gasguard import app
    from gasguard.cli.demo_console import DemoConsole, Outcomes
    from gasguard.cli.demo_page import page, page_listener, page_settings
    from gasguard.cli.demo_stage import closed, light, messages_to, shortened, stage
    from gasguard.cli.terminal import Printer, attend, stopped_by_signals
    from gasguard.simulator.bridge import SimulatorBridge
    from gasguard.simulator.console import run_text_console

    stop = stopped_by_signals()
    printer = Printer(sys.stdout)
    story = STORIES[name] if name else None
    limits, more = shortened(speed), "" if message_to is None else messages_to(you=message_to)
    async with contextlib.AsyncExitStack() as stack:
        if story is not None:
            limits, more = {**limits, **story.limits}, story.more
            more += await stack.enter_async_context(phones(name or "", printer.line))
        else:
            listener = stack.enter_context(page_listener(web_port))
            more += page_settings(listener)
        config, world = await stack.enter_async_context(stage(path, mqtt_port, limits, more, pi=pi))
        if pi:
            world.chip.reset()
        bridge = SimulatorBridge(config, world)
        bridge.start()
        stack.push_async_callback(bridge.stop)
        controller = await stack.enter_async_context(
            app.running(config, clock_of(story), board=world.chip.process())
        )
        await closed(controller)
        if story is None:
            await stack.enter_async_context(page(listener, path, printer.line))
        await light(world, speed)
        if story is None:
            printer.line(_greeting(world, config, path, bridge.console_topic))
        outcomes = Outcomes(world, printer.line)
        controller.observers.append(outcomes.observe)
        console = DemoConsole(world, bridge.senses, controller, outcomes, printer.line)
        if story is None:
            doing = run_text_console(world, sys.stdin, printer, console)
        else:
            doing = tell(story, str(path), console.execute, printer.line)
        await attend(doing, stop)
        controller.observers.remove(outcomes.observe)
        printer.line("The demo ends: both burners are shut off.")
    printer.stop(_LAST_WORDS_WITHIN)


def _greeting(world: "World", config: Config, path: Path, console_topic: str) -> str:
    program = _program()
    with_config = "" if _found_without_c(path) else f" -c {shlex.quote(str(path))}"
    port = config.mqtt.port
    devices = ", ".join(f"{host}:{number}" for host, number in world.plans)
    relay = f"{devices} (miIO over UDP; token in {path})"
    kitchen = "light left, hood off, mihome left off, say right 十分钟后关闭"
    if world.pins:
        pins = " and ".join(place for place, _ in world.pins)
        relay = f"{pins} of a simulated Raspberry Pi; thermocouples on its I²C bus"
        kitchen = "light left, hood off, fault left welded on, adc right open"
    mosquitto = (
        f"\n  mosquitto_pub -p {port} -t gasguard/all/off/set -n"
        if shutil.which("mosquitto_pub")
        else ""
    )
    web = config.web
    page = f"http://{web.host}:{web.port}/" if web is not None else "none"
    return f"""
gasguard demo is up: a stove with two lit burners, and a hood that follows them.
  page     {page}
  broker   mqtt://127.0.0.1:{port}
  relay    {relay}

Try in another terminal:
  {program} timer left 30s{with_config}
  {program} off right{with_config}
  {program} off left --mqtt mqtt://127.0.0.1:{port}{mosquitto}

Look on with:  {program} status --watch{with_config}
Ask why:       {program} explain{with_config}

Here you can type: timer left 20s, off, off left, status, and what is done in a
kitchen: {kitchen}. help shows all.
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
