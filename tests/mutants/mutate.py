"""Every mutant of a module, each one change away from it."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from tests.mutants.operators import OPERATORS, is_left_alone


class Verdict(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


@dataclass(frozen=True)
class Change:
    """What makes a mutant, in words that outlive other changes to the file."""

    file: str
    function: str
    """Qualified name; `-` at the top of a module."""
    was: str
    became: str
    """Both without indentation; lines joined by ` / `."""


@dataclass(frozen=True)
class Mutant:
    """A module, changed in one place."""

    change: Change
    source: str
    lines: range
    """Where in the file, so that tests that come by can be found."""
    in_a_function: bool
    """It differs in what one function does, and in nothing else."""


def mutants_of(path: Path, name: str) -> Iterator[Mutant]:
    """All mutants of the module at `path`, which is called `name` in their descriptions."""
    source = path.read_text("utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor()
    wrapper.visit(visitor)
    seen = {source}
    for place, old, new, lines, inside in visitor.found:
        changed = wrapper.module.deep_replace(old, new).code  # type: ignore[arg-type, union-attr]
        if changed not in seen and _compiles(changed):
            seen.add(changed)
            yield Mutant(Change(name, place, *_difference(source, changed)), changed, lines, inside)


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _difference(before: str, after: str) -> tuple[str, str]:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[
        3:
    ]
    was, became = (
        " / ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return was, became


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, cst.CSTNode, cst.CSTNode, range, bool]] = []
        self._names: list[str] = []
        self._lines = range(0)
        self._bodies: list[cst.CSTNode] = []
        self._inside = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if is_left_alone(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
        if isinstance(node, cst.FunctionDef):
            self._bodies.append(node.body)
        self._inside += node in self._bodies[-1:]
        if isinstance(node, cst.SimpleStatementLine | cst.If | cst.For):
            until = node if isinstance(node, cst.SimpleStatementLine) else node.body
            first = self.get_metadata(PositionProvider, node).start.line
            # A compound statement is its first line: what is in its body speaks for itself.
            last = self.get_metadata(PositionProvider, until)
            end = last.end.line if until is node else last.start.line - 1
            self._lines = range(first, max(first, end) + 1)
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                place = ".".join(self._names) or "-"
                self.found += [
                    (place, node, new, self._lines, self._inside > 0) for new in operator(node)
                ]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self._inside -= original_node in self._bodies[-1:]
        if isinstance(original_node, cst.FunctionDef):
            self._bodies.pop()
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()
