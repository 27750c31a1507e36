"""`gasguard open-guarded`: what systemd calls when it has given up on the daemon."""

import asyncio
import time
from pathlib import Path

import click

from gasguard.cli.exits import FAILED
from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.config.load import Config, load_config
from gasguard.core.model import Contact
from gasguard.core.recovery import Record
from gasguard.drivers.base import Relay
from gasguard.errors import DriverError, StoreError
from gasguard.guard.store import read_records

_CALL_WITHIN = 0.8


@click.command(hidden=True, epilog=examples("gasguard open-guarded -c /etc/gasguard/config.yaml"))
@config_option(required=True)
@click.option("--seconds", default=120.0, show_default=True, help="How long to try.")
@click.pass_context
def open_guarded(ctx: click.Context, config_path: Path, seconds: float) -> None:
    """Open the relays of burners that were in use when the daemon died, and nothing else.

    In use: a timer ran, a flame was seen, or the burner was to be open. Needs no daemon.
    """
    config = load_config(config_path)
    try:
        records: dict[str, Record] | None = read_records(config.state_dir)
    except StoreError as error:
        click.echo(f"{error}: opening every burner", err=True)
        records = None
    in_use = [name for name in config.burners if records is None or _in_use(records.get(name))]
    if not in_use:
        click.echo("no burner was in use")
        return
    opened = asyncio.run(_open_all(config, in_use, time.monotonic() + seconds))
    if not opened:
        ctx.exit(FAILED)


def _in_use(record: Record | None) -> bool:
    if record is None:
        return False
    return bool(record.timer or record.locks or record.burning_since or record.held_open)


async def _open_all(config: Config, names: list[str], deadline: float) -> bool:
    from gasguard.assemble import circuits

    results = await asyncio.gather(
        *(
            _open(circuit.settings.burner, relay, deadline)
            for circuit in circuits(config)
            if circuit.settings.burner in names
            for relay in circuit.relays
        )
    )
    opened = {name for name, open_ in results if open_}
    for name in names:
        click.echo(f"{name}: {'opened' if name in opened else 'NOT OPENED'}")
    return opened == set(names)


async def _open(name: str, relay: Relay, deadline: float) -> tuple[str, bool]:
    """Open one relay until it reads back open, or until `deadline` (time.monotonic)."""
    try:
        while time.monotonic() < deadline:
            try:
                await relay.open(_CALL_WITHIN)
                if (await relay.read(_CALL_WITHIN)).contact is Contact.OPEN:
                    return name, True
            except DriverError as error:
                click.echo(f"{name}: {error}", err=True)
            await asyncio.sleep(0.2)
        return name, False
    finally:
        await relay.aclose()
