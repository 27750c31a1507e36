"""`gasguard check-config`."""

from pathlib import Path

import click

from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.config.check import check_file


@click.command(epilog=examples("gasguard check-config -c config.yaml"))
@config_option(required=True)
def check_config(config_path: Path) -> None:
    """Check FILE and name every fault with its place. Never prints a secret."""
    config, warnings = check_file(config_path)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{config_path}: no faults; burners: {', '.join(config.burners)}")
