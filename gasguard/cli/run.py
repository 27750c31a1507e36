"""`gasguard run`: the daemon."""

import asyncio
from pathlib import Path

import click

from gasguard.cli.exits import Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.config.load import load_config
from gasguard.errors import StoreError
from gasguard.health import Troubles
from gasguard.logs import log_to_stderr


@click.command(epilog=examples("gasguard run -c /etc/gasguard/config.yaml"))
@config_option(required=True)
@click.option("-v", "--verbose", is_flag=True, help="Also log every datagram that is dropped.")
def run(config_path: Path, verbose: bool) -> None:
    """Guard the burners of FILE until SIGTERM or SIGINT.

    At SIGHUP it ends and shuts nothing off: the next start goes on with the timers.
    """
    from gasguard import app

    config = load_config(config_path)
    log = log_to_stderr(verbose=verbose)
    troubles = Troubles()
    troubles.watch("log", lambda: log.trouble)
    try:
        asyncio.run(app.run(config, troubles))
    except StoreError as error:
        raise Misused(str(error)) from None
    finally:
        log.stop()
