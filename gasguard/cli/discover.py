"""`gasguard discover`: miIO devices on the local network."""

import asyncio
from pathlib import Path

import click

from gasguard.assemble import Drivers
from gasguard.cli.exits import Misused
from gasguard.cli.options import config_option
from gasguard.config.load import load_config
from gasguard.drivers.bus import Bus


@click.command(epilog="Examples: gasguard discover      gasguard discover --address 192.168.1.50")
@click.option(
    "--address",
    "addresses",
    multiple=True,
    default=("255.255.255.255",),
    show_default=True,
    help="Where to send the hello; several are allowed.",
)
@click.option("--seconds", default=3.0, show_default=True, help="How long to listen.")
@config_option()
def discover(addresses: tuple[str, ...], seconds: float, config_path: Path | None) -> None:
    """Find miIO devices: address, id, and the model of those whose token is configured (-c)."""
    config = load_config(config_path) if config_path else None
    click.echo(f"listening for {seconds:g} s ...", err=True)
    burners = config.burners.values() if config else ()
    configured = [relay for burner in burners for relay in burner.in_series]
    found = asyncio.run(Drivers(_no_broker).discover(addresses, seconds, configured))
    for line in found:
        click.echo(line)
    if not found:
        click.echo(
            "nothing answered: is this machine on the relays' Wi-Fi, and in the same subnet?",
            err=True,
        )


def _no_broker() -> Bus:
    raise Misused("devices behind the broker are not looked for")
