"""`gasguard run`: the daemon."""

import asyncio
import logging
import sys
from pathlib import Path

import click

from gasguard.cli.exits import Misused
from gasguard.cli.options import config_option
from gasguard.config.load import load_config
from gasguard.errors import StoreError


@click.command(epilog="Example: gasguard run -c /etc/gasguard/config.yaml")
@config_option(required=True)
@click.option("-v", "--verbose", is_flag=True, help="Also log every datagram that is dropped.")
def run(config_path: Path, verbose: bool) -> None:
    """Guard the burners of FILE until SIGTERM or SIGINT."""
    from gasguard import app

    log_to_stderr(verbose)
    config = load_config(config_path)
    try:
        asyncio.run(app.run(config))
    except StoreError as error:
        raise Misused(str(error)) from None


def log_to_stderr(verbose: bool = False) -> None:
    """One line a message; systemd adds the time by itself."""
    under_systemd = sys.stderr is None or not sys.stderr.isatty()
    stamp = "" if under_systemd and "JOURNAL_STREAM" in __import__("os").environ else "%(asctime)s "
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format=f"{stamp}%(levelname)s %(name)s: %(message)s",
    )
