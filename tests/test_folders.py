"""No test of `make quick` starts gasguard as a process: that takes seconds each."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
APART = {"debian", "ha", "soak", "stories", "support"}
"""Run by a target of its own, and no tests at all."""
PROCESSES = {
    "tests.support.kitchen.Kitchen",
    "tests.support.processes.GASGUARD",
    "tests.support.processes.Process",
}
"""Whoever starts gasguard as a process needs one of these."""


def long_folders() -> set[str]:
    """The folders that `make quick` leaves out."""
    makefile = (TESTS.parent / "Makefile").read_text()
    listed = re.search(r"^LONG := \$\(addprefix tests/,(.*)\)$", makefile, re.M)
    assert listed, "the Makefile has no list LONG of folders: see `make quick`"
    return set(listed[1].split())


def quick_modules() -> Iterator[Path]:
    left_out = long_folders() | APART
    for path in sorted(TESTS.rglob("*.py")):
        if path.relative_to(TESTS).parts[0] not in left_out:
            yield path


def imported(path: Path) -> set[str]:
    """Dotted names of all that a module imports, with every name above each."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names]
    return {".".join(name[:end]) for name in parts for end in range(1, len(name) + 1)}


def test_every_long_folder_is_there():
    assert all((TESTS / folder).is_dir() for folder in long_folders())


def test_no_quick_test_starts_gasguard_as_a_process():
    forbidden = PROCESSES | {f"tests.{folder}" for folder in long_folders()}
    found = {
        str(path.relative_to(TESTS)): sorted(wanted)
        for path in quick_modules()
        if (wanted := imported(path) & forbidden)
    }
    assert not found, "move these to tests/processes, or they make `make quick` slow"
