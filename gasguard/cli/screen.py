"""What fits on the user's screen: its width, words that stay whole, colours where they are wanted.

Piped output is for other programs: never folded, never coloured.
"""

import os
import re
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_PIPED = 10_000
"""Columns: wider than any row."""


def width() -> int | None:
    """Columns of the terminal that standard output is; None where it is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def console() -> "Console":
    """For tables on standard output. No colours, nor bold, in a pipe or under NO_COLOR."""
    from rich.console import Console

    plain = bool(os.environ.get("NO_COLOR"))
    # A terminal's width is left to rich, which notices when it changes.
    columns = _PIPED if width() is None else None
    return Console(color_system=None if plain else "auto", width=columns, highlight=False)


def fold(text: str, columns: int | None, indent: int = 0) -> list[str]:
    """`text` in lines of at most `columns`, those after the first indented; one line for None.

    Only blanks are broken at: a word that is longer than a line stays whole. The blanks between
    words that share a line are kept.
    """
    if columns is None or cells(text) <= columns:
        return [text]
    lines, line = [], ""
    for word in re.findall(r"\s*\S+\s*", text):
        if line.strip() and cells(line + word.rstrip()) > columns:
            lines.append(line.rstrip())
            line = " " * indent
        line += word
    return [*lines, line.rstrip()]


def cells(text: str) -> int:
    """Columns that `text` takes; Chinese characters take two."""
    return len(text) + sum(unicodedata.east_asian_width(one) in "WF" for one in text)
