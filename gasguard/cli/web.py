"""`gasguard web`: the page on the phone."""

import os
import sys
from pathlib import Path

import click

from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.config.load import CONTROL_SOCKET, load_web
from gasguard.interfaces.web.settings import Settings, own_folder

_PROCESS = "gasguard.interfaces.web"
_KEPT = (
    *("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TERM", "VIRTUAL_ENV"),
    *("RUNTIME_DIRECTORY", "NOTIFY_SOCKET"),
)
_KEPT_BEGINNINGS = ("LC_", "PYTHON")


@click.command(epilog=examples("gasguard web -c /etc/gasguard/config.yaml"))
@config_option(required=True)
@click.option("--listener", type=int, hidden=True, help="The demo's, which holds standard input.")
def web(config_path: Path, listener: int | None) -> None:
    """Serve the page of FILE's `web:` until SIGTERM or SIGINT.

    It speaks to the running daemon over its local socket, and holds none of its secrets: of FILE it
    keeps what is below web:, and of the environment nothing but where programs are.
    """
    settings, state_dir = load_web(config_path)
    token = settings.metrics_token
    handed = Settings(
        host=settings.host,
        port=settings.port,
        names=settings.names,
        language=settings.language,
        metrics_token=None if token is None else token.get_secret_value(),
        socket=str(state_dir / CONTROL_SOCKET),
        folder=str(own_folder(state_dir)),
        listener=listener,
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)
    }
    sys.stdout.flush()
    # Begun anew: what was read of the file, tokens and passwords too, goes with this process.
    descriptor = str(handed.handed_over())
    if listener is not None:
        os.set_inheritable(listener, True)
    os.execve(sys.executable, [sys.executable, "-m", _PROCESS, descriptor], kept)  # noqa: S606 - itself
