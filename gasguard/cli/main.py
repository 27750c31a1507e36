"""`gasguard`: the group of commands. Each command's module is imported only when it is called."""

import importlib
import sys
from typing import Any

import click

from gasguard import __version__
from gasguard.cli.exits import BAD_USAGE, FAILED, UNREACHABLE, Misused, Unreached
from gasguard.errors import ConfigError, GasguardError

_COMMANDS = {
    "demo": "gasguard.cli.demo",
    "run": "gasguard.cli.run",
    "simulate": "gasguard.cli.simulate",
    "check-config": "gasguard.cli.check_config",
    "off": "gasguard.cli.control",
    "timer": "gasguard.cli.control",
    "status": "gasguard.cli.status",
    "lock": "gasguard.cli.control",
    "unlock": "gasguard.cli.control",
    "rearm": "gasguard.cli.control",
    "history": "gasguard.cli.history",
    "doctor": "gasguard.cli.doctor",
    "discover": "gasguard.cli.discover",
    "proof-test": "gasguard.cli.proof_test",
    "ha-export": "gasguard.cli.ha_export",
    "open-guarded": "gasguard.cli.open_guarded",
}


class _Lazy(click.Group):
    """Looks commands up by name; a `gasguard off` must not wait for what `demo` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            click.echo("the configuration has faults:", err=True)
            for fault in error.faults:
                click.echo(f"  {fault}", err=True)
            ctx.exit(BAD_USAGE)
        except Misused as error:
            click.echo(f"gasguard: {error}", err=True)
            ctx.exit(BAD_USAGE)
        except Unreached as error:
            click.echo(f"gasguard: {error}", err=True)
            ctx.exit(UNREACHABLE)
        except GasguardError as error:
            click.echo(f"gasguard: {error}", err=True)
            ctx.exit(FAILED)


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Try it without any hardware: gasguard demo",
)
@click.version_option(__version__, prog_name="gasguard")
def cli() -> None:
    """Shuts gas burners off by timer, voice or MQTT. It can never light one."""


def main() -> None:
    """Entry point of the console script."""
    # Chinese labels must not make a C locale fail.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    cli(prog_name="gasguard")
