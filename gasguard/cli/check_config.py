"""`gasguard check-config`."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import click

from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.config.check import check_file
from gasguard.config.faults import Fault
from gasguard.config.load import Config


@click.command(epilog=examples("gasguard check-config -c config.yaml"))
@config_option(required=True)
def check_config(config_path: Path) -> None:
    """Check FILE and name every fault with its place. Never prints a secret."""
    config, warnings = check_file(config_path, _addresses)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{config_path}: no faults; burners: {', '.join(config.burners)}")


def _addresses(config: Config) -> Iterable[Fault]:
    """Of messages, those for which there is no service."""
    if config.messages is None:
        return
    from gasguard.interfaces.messages.addresses import wrong_addresses

    for name, why in asyncio.run(wrong_addresses(config.messages)).items():
        yield Fault(f"messages.to.{name}", why)
