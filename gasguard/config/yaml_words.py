"""Why a text is no YAML, in words that say what to write.

PyYAML's own sentences are not told: some repeat what stands there, which may be a secret.
"""

import re
from collections.abc import Iterator

import yaml

from gasguard.config.faults import Mark, blank_missing, without_blank

_TAB = re.compile(r"[ ]*\t[ \t]*(?=[^\s#])")
_CURLY = re.compile("[“”„‟‘’‚‛＂]")

_QUOTES = "must stand in quotes"
_PROBLEMS = (
    (r"undefined alias", f"a text that begins with * {_QUOTES}; an alias needs its &name above"),
    (r"second occurrence", "an anchor of this name stands above already; each &name must differ"),
    (r"another document", "a second document begins here (---); the configuration is one"),
    (r"unexpected end of stream", "the quote that opens here is never closed"),
    (r"escape", "a backslash inside double quotes; put the text in single quotes"),
    (r"cannot start any token", f"a text that begins with this character {_QUOTES}"),
    (r"or ']'", "the [ that opens here is not closed, or a comma is missing"),
    (r"or '}'", "the { that opens here is not closed, or a comma is missing"),
    (r"mapping values", "is indented further than the line above, or the line above has no colon"),
    (r"sequence entries", "a list begins in a line of its own, below its key"),
    (r"could not find expected ':'", "this line has no colon; write key: value"),
    (r"block end.*'-'", "this dash belongs to no list; indent it as the list's other lines"),
    (
        r"block end",
        "is not indented as the lines above that it belongs to, or a quote in this line ends too "
        "early",
    ),
    (r"node content", "a bracket or a comma stands where a value is expected"),
    (r"tag|expected ' '", f"a text that begins with ! {_QUOTES}"),
    (r"alphabetic", f"a text that begins with & or * {_QUOTES}"),
    (r"indentation|line break", f"a text that begins with | or > {_QUOTES}"),
    (r"directive|document", "a line that begins with % or --- is no part of a configuration"),
)
_AT_THE_BEGINNING = re.compile(r"end of stream|or ']'|or '}'|could not find")


def in_plain_words(error: yaml.YAMLError, text: str) -> Iterator[tuple[str, Mark]]:
    """Each fault of the form that can be told, with where it is."""
    lines = text.splitlines()
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        mark = Mark(before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        yield f"a character that no text may have (U+{ord(text[error.position]):04X})", mark
        return
    problem = str(getattr(error, "problem", ""))
    mark = _mark_of(error, problem)
    if tabs := [n for n, line in enumerate(lines, 1) if _TAB.match(line)]:
        for line in tabs:
            column = lines[line - 1].index("\t") + 1
            yield "a tab; YAML is indented with blanks", Mark(line, column)
        return
    yield _cause(problem, lines, mark) or (_known(problem), mark)


def _mark_of(error: yaml.YAMLError, problem: str) -> Mark:
    found = getattr(error, "problem_mark", None)
    if _AT_THE_BEGINNING.search(problem):
        found = getattr(error, "context_mark", None) or found
    return Mark(found.line + 1, found.column + 1) if found else Mark(1, 1)


def _known(problem: str) -> str:
    found = (text for pattern, text in _PROBLEMS if re.search(pattern, problem))
    return next(found, "is not understood as YAML; compare it with config.example.yaml")


def _cause(problem: str, lines: list[str], mark: Mark) -> tuple[str, Mark] | None:
    """A cause that the parser passes by and trips over later: in that line, or the one above."""
    here, above = _said(lines, mark.line), _said(lines, mark.line - 1)
    if curly := _CURLY.search(here):
        return "a curly quote; write straight ones (\" or ')", Mark(mark.line, curly.start() + 1)
    if problem.startswith("mapping values") and ": " in here[: mark.column - 1]:
        return f"a second colon in one line; a text with a colon {_QUOTES}", mark
    for number, line in ((mark.line, here), (mark.line - 1, above)):
        words = line.strip().removeprefix("- ")
        cut = without_blank(words)
        if cut and ": " not in words:
            return blank_missing(cut[0]), Mark(number, line.index(words) + len(cut[0]) + 1)
    return None


def _said(lines: list[str], number: int) -> str:
    """A line without its comment."""
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    return "" if line.lstrip().startswith("#") else line.partition(" #")[0]
