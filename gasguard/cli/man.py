"""`gasguard man`: the manual page, made of the commands' own help, so that it is never behind."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import click

from gasguard import __version__
from gasguard.cli.help import examples
from gasguard.cli.screen import width

_WHERE = """\
Where -c is not given, the configuration is looked for in \\fB$GASGUARD_CONFIG\\fR,
\\fI/etc/gasguard/config.yaml\\fR, \\fI~/.config/gasguard/config.yaml\\fR,
\\fI./config.yaml\\fR, and the folder of a demo."""
_EXIT_CODES = (
    ("0", "done"),
    ("1", "it failed: a shutoff was not confirmed, a check found a fault"),
    ("2", "bad usage or configuration"),
    ("3", "the daemon or the broker was not reached"),
    ("130", "ended by Ctrl-C"),
)


@click.command(epilog=examples("gasguard man", "gasguard man > gasguard.1"))
@click.pass_context
def man(ctx: click.Context) -> None:
    """Show the manual page; into a file or pipe, print its source."""
    root = ctx.find_root()
    if not isinstance(root.command, click.Group):
        raise TypeError("the manual page is made of the group of all commands")
    page = "\n".join(_page(root, root.command))
    viewer = shutil.which("man")
    if width() is not None and viewer:
        subprocess.run([viewer, "-l", "-"], input=page.encode(), check=False)  # noqa: S603 - man itself
    else:
        click.echo(page)


def _page(root: click.Context, group: click.Group) -> Iterator[str]:
    yield f'.TH GASGUARD 1 "" "gasguard {__version__}" "gasguard"'
    yield from (".SH NAME", "gasguard \\- shuts gas burners off by timer, voice or MQTT")
    yield from (
        ".SH SYNOPSIS",
        ".B gasguard",
        "\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
    )
    yield from (".SH DESCRIPTION", *_text(group.help or ""))
    yield ".SH COMMANDS"
    for name in group.list_commands(root):
        command = group.get_command(root, name)
        if command is not None and not command.hidden:
            yield from _command(command, name, root)
    yield from (".SH FILES", _WHERE, ".SH EXIT STATUS")
    for code, meaning in _EXIT_CODES:
        yield from (".TP", f".B {code}", _escaped(meaning))
    yield ".SH SEE ALSO"
    yield from (".BR mosquitto (8),", ".BR systemctl (1)")


def _command(command: click.Command, name: str, root: click.Context) -> Iterator[str]:
    with click.Context(command, info_name=name, parent=root) as ctx:
        usage = " ".join(command.collect_usage_pieces(ctx))
        yield f'.SS "gasguard {_escaped(name)} {_escaped(usage)}"'
        yield from _text(command.help or "")
        for parameter in command.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and "--help" not in parameter.opts:
                yield from (".TP", f".B {_escaped(record[0])}", _escaped(record[1]))
        yield from _text(command.epilog or "")


def _text(text: str) -> Iterator[str]:
    """Paragraphs; in one that begins with `\\b` each line stays a line."""
    for paragraph in re.sub(r"\n +", "\n", text).strip().split("\n\n"):
        lines = paragraph.splitlines()
        if lines[:1] == ["\b"]:
            yield from (
                ".PP",
                _escaped(lines[1]),
                ".nf",
                *(_escaped(one) for one in lines[2:]),
                ".fi",
            )
        else:
            yield from (".PP", *(_escaped(line) for line in lines))


def _escaped(line: str) -> str:
    """No line may begin a request, and a hyphen that is typed must not become a typographer's."""
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line.startswith((".", "'")) else line
