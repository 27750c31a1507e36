"""What a command says of what it has done, whether or not anybody can read it."""

import os
import sys

import click


def say(text: str, *, err: bool = False) -> None:
    """Write a line. Where it cannot be written (the reader is gone, the disk full), go on.

    What was asked of the daemon is done all the same, other burners wait for their read-backs, and
    the exit code tells.
    """
    try:
        click.echo(text, err=err)
    except OSError:
        # Whatever waits in its buffer would fail again, at the interpreter's end: exit code 120.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, (sys.stderr if err else sys.stdout).fileno())
        os.close(nowhere)
