"""`gasguard doctor`: is everything there that a shutoff needs?"""

import asyncio
import concurrent.futures
import dataclasses
import json
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.text import Text

from gasguard.alone import is_taken
from gasguard.assemble import Drivers, bus_of, examine_hood
from gasguard.cli.connect import connect_locally
from gasguard.cli.doctor_sensors import sensor_rows
from gasguard.cli.exits import FAILED, Unreached
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, find_config
from gasguard.cli.screen import console, fold, width
from gasguard.clock import SystemClock
from gasguard.config.bemfa import Bemfa
from gasguard.config.load import Config, load_config
from gasguard.config.messages import Messages
from gasguard.drivers.base import Finding

_FREE_BYTES = 50_000_000
Seen = TypeVar("Seen")
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command(
    epilog=examples("gasguard doctor", "gasguard doctor --json -c /etc/gasguard/config.yaml")
)
@config_option()
@click.option("--json", "as_json", is_flag=True, help="Print findings and counts as JSON.")
@click.pass_context
def doctor(ctx: click.Context, config_path: Path | None, as_json: bool) -> None:
    """Check broker, each relay, clock and disk; one row each with what to do.

    Changes nothing: it only reads. Exit code 1 when a row says fail.
    """
    path = find_config(config_path)
    config = load_config(path)
    show = _keep_silent if as_json else show_row
    findings = asyncio.run(examine(config, path, show))
    verdicts = [finding.verdict for finding in findings]
    counts = {verdict: verdicts.count(verdict) for verdict in ("ok", "warn", "fail")}
    if as_json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        report = {"config": str(path), "findings": rows, **counts}
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        click.echo(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    if counts["fail"]:
        ctx.exit(FAILED)


async def examine(config: Config, path: Path, show: Callable[[Finding], None]) -> list[Finding]:
    """All findings; each is shown as soon as it is there."""
    findings = []
    async for finding in _findings(config, path):
        show(finding)
        findings.append(finding)
    return findings


def _keep_silent(_finding: Finding) -> None:
    pass


def show_row(finding: Finding) -> None:
    """Print one row, folded to the screen."""
    name = f"{finding.what:<22} "
    row = Text("\n".join(fold(f"{name}{finding.verdict:<4} {finding.text}", width(), 4)))
    row.stylize(_COLOURS[finding.verdict], len(name), len(name) + len(finding.verdict))
    console().print(row, soft_wrap=True)


async def _findings(config: Config, path: Path) -> AsyncIterator[Finding]:
    yield Finding("configuration", "ok", str(path))
    yield _disk(config)
    yield _clock()
    for finding in await _aside(partial(_broker, config)):
        yield finding
    states, troubles, absent = _status(path)
    yield _daemon(states, absent, config.state_dir)
    for part, text in troubles.items():
        yield Finding(part, "fail", text)
    if config.bemfa is not None:
        yield await _aside(partial(_bemfa, config.bemfa, running=states is not None))
    if config.messages is not None:
        async for finding in _messages(config, config.messages):
            yield finding
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
    if config.hood is not None:
        drivers = Drivers(partial(bus_of, config, client_id=""))
        async for finding in examine_hood("hood", config.hood, drivers):
            yield finding


async def _aside(look: Callable[[], Seen]) -> Seen:
    """What a look finds that waits for a server, in a thread that Ctrl-C need not wait for."""
    found = concurrent.futures.Future[Seen]()

    def run() -> None:
        try:
            found.set_result(look())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            found.set_exception(error)

    threading.Thread(target=run, name="doctor", daemon=True).start()
    return await asyncio.wrap_future(found)


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


def _messages(config: Config, settings: Messages) -> AsyncIterator[Finding]:
    from gasguard.cli.doctor_messages import message_rows

    return message_rows(config, settings)


def _status(path: Path) -> tuple[dict[str, dict[str, Any]] | None, dict[str, str], str]:
    """States of the running daemon, what it finds wrong with itself, and why there are none."""
    try:
        return *connect_locally(path).status(), ""
    except Unreached as error:
        return None, {}, str(error)


def _daemon(states: dict[str, dict[str, Any]] | None, absent: str, state_dir: Path) -> Finding:
    if states is None and is_taken(state_dir):
        text = "is running, and its local socket does not answer: see its log; use --mqtt"
        return Finding("daemon", "fail", text)
    if states is None:
        return Finding("daemon", "warn", absent)
    return Finding("daemon", "ok", ", ".join(f"{name} {s['phase']}" for name, s in states.items()))
