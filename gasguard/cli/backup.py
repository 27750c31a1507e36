"""`gasguard backup`: what a household would miss if its card died, in one file."""

import os
import secrets
import stat
from pathlib import Path

import click

from gasguard.backup.archive import read, write
from gasguard.backup.collect import collect, is_part
from gasguard.backup.contents import Contents
from gasguard.backup.errors import BackupError
from gasguard.cli.exits import Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, find_config
from gasguard.files import is_special, sync_folder


@click.command(
    epilog=examples(
        "gasguard backup gasguard.backup",
        "sudo gasguard backup --force /media/usb/gasguard.backup",
    )
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@config_option()
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def backup(file: Path, config_path: Path | None, force: bool) -> None:
    """Put into FILE what `gasguard restore` needs, also while the daemon runs.

    The configuration with the files that it names, the variables of the service that it names,
    timers, locks and history as of one moment, and the page's password.

    FILE holds your tokens and passwords: it is made for you alone (mode 0600). Keep it so.
    """
    if file.is_dir():
        raise Misused(f"{file} is a folder; name a file in it: {file / 'gasguard.backup'}")
    if is_special(file):
        raise Misused(f"{file} is no ordinary file, and stays; name one")
    if str(file) == "-":
        raise Misused("FILE is a file's name; a backup is not written to the standard output")
    if os.path.lexists(file) and not force:
        raise Misused(f"{file} is there already; --force replaces it")
    config = find_config(config_path)
    if is_part(file, config):
        raise Misused(f"{file} is itself part of what is backed up; name another file")
    contents, absent = collect(config)
    try:
        private = _put(file, contents)
    except FileNotFoundError:
        raise Misused(f"{file} cannot be written: there is no folder {file.parent}") from None
    except OSError as error:
        raise Misused(f"{file} cannot be written: {error.strerror or error}") from None
    for one in absent:
        click.echo(f"not in it: {one}", err=True)
    click.echo(f"{file}: {', '.join(_parts(contents))}")
    if private:
        click.echo("It holds your tokens and passwords: only you may read it. Keep it so.")
    else:
        click.echo(
            "It holds your tokens and passwords, and this disk keeps no owners: whoever has the "
            "disk can read it.",
            err=True,
        )


def _parts(contents: Contents) -> list[str]:
    named, state = len(contents.named), contents.state
    return [
        "the configuration",
        *([f"{named} {'file' if named == 1 else 'files'} that it names"] if named else []),
        *(["its environment"] if contents.environment is not None else []),
        *([f"timers, locks and history ({len(state.data) // 1024} KB)"] if state else []),
        *(["the page's password"] if contents.password is not None else []),
    ]


def _put(file: Path, contents: Contents) -> bool:
    """Whether nobody else may read it. Raises OSError, BackupError."""
    # Written beside and read again: what is there is whole, and can be restored.
    new = file.with_name(f".{file.name}.{os.getpid()}{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(new, flags, 0o600), "wb") as writing:
            write(writing, contents)
            writing.flush()
            os.fsync(writing.fileno())
        if read(new) != contents:
            raise BackupError(f"{file}: the disk does not give back what was written to it")
        os.replace(new, file)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(file.parent)
    return not stat.S_IMODE(file.stat().st_mode) & 0o077
