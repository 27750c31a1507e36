"""How `--help` is laid out: to the width of the screen, no word broken, no line cut."""

import shutil
from collections.abc import Iterable

import click

from gasguard.cli.screen import cells, fold

_WIDEST = 100
_NARROW = 70
"""Columns below which what an option does stands under it, not beside it."""


class Layout(click.HelpFormatter):
    """click's own is never narrower than 50 columns, and breaks words to keep to them."""

    def __init__(
        self,
        indent_increment: int = 2,
        width: int | None = None,
        max_width: int | None = None,
    ) -> None:
        columns = width or min(shutil.get_terminal_size().columns, max_width or _WIDEST)
        super().__init__(indent_increment, width=columns)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """See `click.HelpFormatter.write_usage`."""
        for line in fold(f"{prefix or 'Usage: '}{prog} {args}".rstrip(), self.width, 7):
            self.write(f"{line}\n")

    def write_text(self, text: str) -> None:
        """Paragraphs are filled; in one that begins with `\\b` each line stays a line."""
        for number, paragraph in enumerate(text.split("\n\n")):
            if number:
                self.write("\n")
            lines = paragraph.splitlines()
            if lines[:1] == ["\b"]:
                for line in lines[1:]:
                    self._write(line, 4)
            else:
                self._write(" ".join(lines))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """See `click.HelpFormatter.write_dl`."""
        rows = list(rows)
        longest = max(cells(term) for term, _ in rows)
        beside = min(longest, col_max) + col_spacing
        for term, text in rows:
            self._write(term, 2)
            if self.width < _NARROW and longest > self.width // 3:
                self._write(f"    {text}", 4)
                continue
            first, *rest = fold(text, self.width - self.current_indent - beside)
            if cells(term) + col_spacing <= beside:
                last = self.buffer.pop().rstrip("\n")
                self.write(f"{last:<{self.current_indent + beside}}{first}\n")
            else:
                self._write(" " * beside + first)
            for line in rest:
                self._write(" " * beside + line)

    def _write(self, text: str, indent: int = 0) -> None:
        for line in fold(text, self.width - self.current_indent, indent):
            self.write(f"{'':>{self.current_indent}}{line}".rstrip() + "\n")


class Context(click.Context):
    """Lays help out so."""

    formatter_class = Layout


def examples(*lines: str) -> str:
    """The end of a command's help: one example a line, to be copied."""
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *_indented(lines)])


def _indented(lines: Iterable[str]) -> Iterable[str]:
    return (f"  {line}" for line in lines)
