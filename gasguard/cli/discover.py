"""`gasguard discover`: miIO devices on the local network, and the pins of this machine."""

import asyncio
from pathlib import Path

import click

from gasguard.assemble import Drivers
from gasguard.cli.exits import FAILED, Misused
from gasguard.cli.help import examples
from gasguard.cli.options import Amount, config_option, find_config
from gasguard.config.load import Config, load_config
from gasguard.config.relays.base import RelayConfig
from gasguard.drivers.bus import Bus
from gasguard.errors import GasguardError

_EVERYBODY = "255.255.255.255"
_LONGEST = 600.0
"""Seconds."""


@click.command(
    epilog=examples(
        "gasguard discover",
        "gasguard discover --address 192.168.1.50",
        "gasguard discover --address 192.168.1.255 --seconds 10",
    )
)
@click.option(
    "--address",
    "addresses",
    metavar="ADDRESS",
    multiple=True,
    default=(_EVERYBODY,),
    show_default=True,
    help="Where to send the hello; several are allowed.",
)
@click.option(
    "--seconds",
    metavar="SECONDS",
    type=Amount(_LONGEST),
    default=3.0,
    show_default=True,
    help="How long to listen.",
)
@config_option()
@click.pass_context
def discover(
    ctx: click.Context, addresses: tuple[str, ...], seconds: float, config_path: Path | None
) -> None:
    """Find miIO devices (address, id, model where the token is configured) and a Pi's free pins.

    Exit code 1 when nothing answers.
    """
    config = _config(config_path)
    burners = config.burners.values() if config else ()
    configured = [relay for burner in burners for relay in burner.in_series]
    found = asyncio.run(_ask_around(addresses, seconds, configured))
    for line in found:
        click.echo(line)
    if not found:
        for line in _advice(addresses, seconds):
            click.echo(line, err=True)
        ctx.exit(FAILED)


async def _ask_around(
    addresses: tuple[str, ...], seconds: float, configured: list[RelayConfig]
) -> list[str]:
    # Here, where Ctrl-C is waited for, and not where the loop is still being made.
    click.echo(f"listening for {seconds:g} s ...", err=True)
    return await Drivers(_no_broker).discover(addresses, seconds, configured)


def _config(given: Path | None) -> Config | None:
    """The configuration given, else one from the usual places if there is a sound one."""
    if given is not None:
        return load_config(given)
    try:
        return load_config(find_config(None))
    except GasguardError:
        return None


def _advice(addresses: tuple[str, ...], seconds: float) -> list[str]:
    one = next((address for address in addresses if address != _EVERYBODY), None)
    named = (
        f"is {one} the relay's address now? The router's list of devices says"
        if one
        else "ask one by its address (the router's list has it): "
        "gasguard discover --address 192.168.1.50"
    )
    return [
        "nothing answered. Try:",
        "- is the relay powered, and in Mi Home's list as online?",
        "- is this machine in the same network and subnet, not in a guests' Wi-Fi?",
        "- a firewall must let UDP port 54321 and its answers pass",
        f"- {named}",
        f"- listen longer: --seconds {min(max(10.0, 3 * seconds), _LONGEST):g}",
    ]


def _no_broker() -> Bus:
    raise Misused("devices behind the broker are not looked for")
