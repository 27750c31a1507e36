"""`gasguard restore`: what `gasguard backup` has put into a file, back in place."""

import errno
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from gasguard.backup.archive import read
from gasguard.backup.errors import BackupError, StandsThere
from gasguard.backup.restore import Restored, put_back
from gasguard.cli.exits import Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, usual_places
from gasguard.durations import format_duration
from gasguard.text import shown

_PACKAGED = Path("/etc/gasguard/config.yaml")


@click.command(
    epilog=examples(
        "gasguard restore gasguard.backup",
        "sudo gasguard restore --force /media/usb/gasguard.backup",
    )
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@config_option()
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option(
    "--outside",
    is_flag=True,
    help="Also write files that the configuration names outside of its own folder.",
)
def restore(file: Path, config_path: Path | None, force: bool, outside: bool) -> None:
    """Put back what `gasguard backup` has put into FILE: all of it, or nothing.

    The daemon must not run. Nothing that is there is replaced without --force. FILE is looked
    through before anything is written; take none that a stranger may have had all the same: who
    writes your configuration decides what is shut off.

    Cooking timers go on with the time that is left. One that has ended meanwhile, or of which that
    cannot be known, shuts its burner off when the daemon starts. Locks that stand now stay, and
    phones log in anew.
    """
    config = config_path or next((one for one in usual_places() if one.exists()), _PACKAGED)
    try:
        contents = read(file)
        restored = put_back(contents, config, force=force, outside=outside)
    except StandsThere as error:
        raise Misused(str(error)) from None
    except PermissionError as error:
        where = error.filename or config.parent
        hint = "" if os.geteuid() == 0 else f"; try: sudo gasguard restore {file}"
        raise BackupError(f"{where}: {os.strerror(errno.EACCES)}{hint}") from None
    except FileNotFoundError as error:
        raise Misused(f"{error.filename or file}: {error.strerror}") from None
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise BackupError(f"nothing is restored: {what}{error.strerror or error}") from None
    made = datetime.fromtimestamp(contents.made_at).astimezone()
    age = max(0.0, time.time() - contents.made_at) // 60 * 60
    click.echo(f"restored: {contents.host}, {made:%Y-%m-%d %H:%M} ({_ago(age)})")
    for path in restored.written:
        click.echo(f"  {shown(path)}")
    for path in restored.outside:
        click.echo(
            f"left alone: {shown(path)}: lies outside of {config.parent}; --outside writes it",
            err=True,
        )
    for line in _lines(restored, time.time()):
        click.echo(line)
    click.echo("next: sudo systemctl start gasguard; sudo gasguard doctor")


def _ago(seconds: float) -> str:
    return f"{format_duration(seconds)} ago" if seconds else "just now"


def _lines(restored: Restored, now: float) -> Iterator[str]:
    """For each burner, what its next start makes of it at Unix time `now`."""
    for name, (record, stamp) in sorted(restored.now.items()):
        burner = shown(name)
        if record.locks:
            locks = ", ".join(lock.value for lock in record.locks)
            before = name in restored.then and restored.then[name][0].locks == record.locks
            yield f"{burner}: stays off, locked ({locks}){'' if before else ': it is so now'}"
        elif record.held_open:
            yield f"{burner}: is shut off at the start, and re-armed as after every shutoff"
        elif record.timer is not None:
            left = stamp.wall + record.timer.deadline - stamp.boot - now
            yield (
                f"{burner}: a cooking timer ran that has ended since: it is shut off at the start"
                if left <= 0
                else f"{burner}: a cooking timer goes on, {left / 60:.0f} min are left; where the "
                "clock cannot be trusted it is shut off at the start"
            )
