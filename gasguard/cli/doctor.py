"""`gasguard doctor`: is everything there that a shutoff needs?"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from gasguard.alone import is_taken
from gasguard.assemble import Drivers, bus_of
from gasguard.cli.doctor_sensors import sensor_rows
from gasguard.cli.exits import FAILED, Unreached
from gasguard.cli.options import config_option
from gasguard.clock import SystemClock
from gasguard.config.bemfa import Bemfa
from gasguard.config.load import Config, load_config
from gasguard.drivers.base import Finding

_FREE_BYTES = 50_000_000
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command(epilog="Example: gasguard doctor -c /etc/gasguard/config.yaml")
@config_option(required=True)
@click.pass_context
def doctor(ctx: click.Context, config_path: Path) -> None:
    """Check broker, each relay, clock and disk; one row each with what to do.

    Changes nothing: it only reads. Exit code 1 when a row says fail.
    """
    config = load_config(config_path)
    console = Console()
    failed = asyncio.run(_print_findings(config, console))
    if failed:
        ctx.exit(FAILED)


async def _print_findings(config: Config, console: Console) -> bool:
    failed = False
    async for finding in _findings(config):
        failed |= finding.verdict == "fail"
        colour = _COLOURS[finding.verdict]
        console.print(
            f"{finding.what:<22} [{colour}]{finding.verdict:<4}[/] {escape(finding.text)}",
            highlight=False,
            soft_wrap=True,
        )
    return failed


async def _findings(config: Config) -> AsyncIterator[Finding]:
    yield _disk(config)
    yield _clock()
    for finding in await asyncio.to_thread(_broker, config):
        yield finding
    states, troubles = _status(config)
    yield _daemon(states, config.state_dir)
    for part, text in troubles.items():
        yield Finding(part, "fail", text)
    if config.bemfa is not None:
        yield await asyncio.to_thread(_bemfa, config.bemfa, running=states is not None)
    for name, burner in config.burners.items():
        for index, relay in enumerate(burner.in_series):
            what = f"relay {name}" + (f".{index}" if burner.relays else "")
            # Each on a connection of its own, with an id of its own: with the daemon's it would
            # take the daemon's connection away.
            drivers = Drivers(partial(bus_of, config, client_id=""))
            async for finding in drivers.examine(what, relay, burner.voice_on(relay)):
                yield finding
    relays = [
        (relay, burner.voice_on(relay))
        for burner in config.burners.values()
        for relay in burner.in_series
    ]
    for finding in await Drivers(partial(bus_of, config, client_id="")).compare(relays):
        # A running daemon has seen the same.
        if finding.text not in troubles.get(finding.what, ""):
            yield finding
    for finding in sensor_rows(config, states or {}):
        yield finding


def _disk(config: Config) -> Finding:
    folder = config.state_dir
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(existing, os.W_OK):
        return Finding("disk", "fail", f"{existing} is not writable: chown it to gasguard's user")
    free = shutil.disk_usage(existing).free
    if free < _FREE_BYTES:
        return Finding("disk", "fail", f"only {free // 1_000_000} MB free at {existing}")
    return Finding("disk", "ok", f"{folder}, {free // 1_000_000} MB free")


def _clock() -> Finding:
    if SystemClock().synchronised():
        return Finding("clock", "ok", "synchronised")
    return Finding(
        "clock",
        "warn",
        "not synchronised: after a power cut a running timer counts as ended; "
        "sudo timedatectl set-ntp true",
    )


def _broker(config: Config) -> list[Finding]:
    from gasguard.cli.doctor_broker import broker_findings

    return broker_findings(config)


def _bemfa(settings: Bemfa, *, running: bool) -> Finding:
    from gasguard.interfaces.bemfa.interface import cloud
    from gasguard.mqtt.probe import probe
    from gasguard.mqtt.server import Subscription, reach

    where = f"{settings.host}:{settings.port}"
    # The cloud knows one client of a key: a second one could push the daemon out.
    if running:
        problem = reach(cloud(settings)) or ""
    else:
        problem = probe(cloud(settings), list(map(Subscription, settings.topics.values()))).problem
    if problem:
        return Finding("bemfa", "fail", f"{where}: {problem}")
    text = "reached; the key is in the daemon's hands, see its log" if running else "takes the key"
    return Finding("bemfa", "ok", f"{where} {text}")


def _status(config: Config) -> tuple[dict[str, dict[str, Any]] | None, dict[str, str]]:
    """States of the running daemon, None if none runs, and what it finds wrong with itself."""
    from gasguard.cli.over_socket import SocketDaemon

    try:
        return SocketDaemon(config.control_socket).status()
    except Unreached:
        return None, {}


def _daemon(states: dict[str, dict[str, Any]] | None, state_dir: Path) -> Finding:
    if states is None and is_taken(state_dir):
        text = "is running, and its local socket does not answer: see its log; use --mqtt"
        return Finding("daemon", "fail", text)
    if states is None:
        return Finding("daemon", "warn", "is not running: gasguard run -c FILE")
    return Finding("daemon", "ok", ", ".join(f"{name} {s['phase']}" for name, s in states.items()))
