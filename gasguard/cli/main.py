"""`gasguard`: the group of commands. Each command's module is imported only when it is called."""

import contextlib
import errno
import importlib
import os
import sys
from typing import Any

import click

from gasguard import __version__
from gasguard.cli.exits import BAD_USAGE, FAILED, INTERRUPTED, UNREACHABLE, Misused, Unreached
from gasguard.cli.help import Context
from gasguard.cli.options import MQTT_URL, ended_demo
from gasguard.cli.saying import say
from gasguard.errors import ConfigError, GasguardError, did_you_mean

_COMMANDS = {
    "demo": "gasguard.cli.demo",
    "setup": "gasguard.cli.setup.command",
    "run": "gasguard.cli.run",
    "web": "gasguard.cli.web",
    "simulate": "gasguard.cli.simulate",
    "check-config": "gasguard.cli.check_config",
    "off": "gasguard.cli.control",
    "timer": "gasguard.cli.timer",
    "status": "gasguard.cli.status",
    "lock": "gasguard.cli.control",
    "unlock": "gasguard.cli.control",
    "rearm": "gasguard.cli.control",
    "schedule": "gasguard.cli.schedule",
    "history": "gasguard.cli.history",
    "explain": "gasguard.cli.explain",
    "messages": "gasguard.cli.messages",
    "backup": "gasguard.cli.backup",
    "restore": "gasguard.cli.restore",
    "web-code": "gasguard.cli.web_code",
    "metrics": "gasguard.cli.metrics",
    "doctor": "gasguard.cli.doctor",
    "discover": "gasguard.cli.discover",
    "proof-test": "gasguard.cli.proof_test",
    "ha-export": "gasguard.cli.ha_export",
    "completion": "gasguard.cli.completion",
    "man": "gasguard.cli.man",
    "open-guarded": "gasguard.cli.open_guarded",
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of an output that takes no more; where it has no name, it is standard output."""
_NEVER_CUT = 1000
"""Characters of a command's line in the list of commands."""


class _Lazy(click.Group):
    """Looks commands up by name; a `gasguard off` must not wait for what `demo` needs."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        command.context_class = Context
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            near = did_you_mean(name, _COMMANDS) or "gasguard --help lists them. "
            raise click.UsageError(f"no command {name[:40]!r}; {near}".rstrip(), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in _COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(_NEVER_CUT))
                    for name, command in commands
                    if command is not None and not command.hidden
                ]
            )

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
            hint = ended_demo(ctx.meta.get(MQTT_URL) or "")
            click.echo(f"gasguard: {error}{f'; {hint}' if hint else ''}", err=True)
            ctx.exit(UNREACHABLE)
        except GasguardError as error:
            click.echo(f"gasguard: {error}", err=True)
            ctx.exit(FAILED)
        except (KeyboardInterrupt, click.Abort):
            # click would say "Aborted!", as if something had gone wrong.
            click.echo(err=True)
            _leave_at_once(INTERRUPTED)


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Try it without any hardware: gasguard demo. More on each: gasguard COMMAND --help",
)
@click.version_option(__version__, prog_name="gasguard")
def cli() -> None:
    """Shuts gas burners off by timer, voice or MQTT. It can never light one."""


def main() -> None:
    """Entry point of the console script."""
    _open_standard_streams()
    # Chinese labels must not make a C locale fail.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        cli(prog_name="gasguard")
    except OSError as error:
        # Of a reader that is gone click says nothing, and ends with 1.
        if error.errno not in _FULL or error.filename is not None:
            raise
        say(f"gasguard: the answer cannot be written: {error.strerror}", err=True)
        _leave_at_once(FAILED)


def _leave_at_once(code: int) -> None:
    """End without waiting for threads that still wait for somebody else."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _open_standard_streams() -> None:
    """A closed stream's number goes to the next socket: what is said would end up there."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115 - for as long as the process lives
