"""`python -m tests.mutants [MODULE…]`: all mutants of the core, or of some of its modules.

Ends with 1 when a mutant survives that `survivors.toml` does not explain, or when that file
explains one that does not survive.
"""

import sys
import time
import tomllib
from collections import Counter
from dataclasses import astuple
from itertools import chain
from pathlib import Path

from tests.mutants.mutate import Change, Verdict, mutants_of
from tests.mutants.runner import CORE, TESTS, Runner

EXPLAINED = Path(__file__).parent / "survivors.toml"


def explained() -> set[Change]:
    """The survivors that are known to behave like the original."""
    entries = tomllib.loads(EXPLAINED.read_text("utf-8"))["equivalent"]
    if not all(entry["why"].strip() for entry in entries):
        raise SystemExit(f"{EXPLAINED.name}: every survivor needs its reason")
    return {
        Change(entry["file"], entry["function"], entry["was"], entry["became"]) for entry in entries
    }


def main(modules: list[str], runner: Runner, known: set[Change]) -> int:
    """Returns the exit code."""
    began = time.monotonic()
    runner.prepare()
    print(f"tests pass without mutants ({time.monotonic() - began:.0f} s)", flush=True)
    totals: Counter[Verdict] = Counter()
    alive: set[Change] = set()
    names = [f"{module}.py" for module in modules] or sorted(
        path.name for path in CORE.glob("*.py")
    )
    for name in names:
        began = time.monotonic()
        counts: Counter[Verdict] = Counter()
        mutants = list(mutants_of(CORE / name, name))
        in_functions = [mutant for mutant in mutants if mutant.in_a_function]
        others = [mutant for mutant in mutants if not mutant.in_a_function]
        judged = chain(
            runner.judge_functions(in_functions),
            ((mutant, runner.judge_module(mutant)) for mutant in others),
        )
        for mutant, verdict in judged:
            counts[verdict] += 1
            if verdict is Verdict.SURVIVED:
                alive.add(mutant.change)
                if mutant.change not in known:
                    _print_survivor(mutant.change)
        print(f"{name}: {_figures(counts)} ({time.monotonic() - began:.0f} s)", flush=True)
        totals += counts
    unneeded = {change for change in known - alive if change.file in names}
    for change in sorted(unneeded, key=astuple):
        print(f"{EXPLAINED.name} explains what does not survive: {change}")
    print(f"in all: {_figures(totals)}, {len(alive & known)} survivors explained")
    return 1 if unneeded or alive - known else 0


def _figures(counts: Counter[Verdict]) -> str:
    each = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict)
    return f"{counts.total()} mutants: {each}"


def _print_survivor(change: Change) -> None:
    """As an entry for the file, which wants a reason."""
    print("SURVIVED, and nobody explained it:\n[[equivalent]]")
    for key in ("file", "function", "was", "became"):
        value = getattr(change, key)
        print(f"{key} = '{value}'" if "'" not in value else f"{key} = '''{value}'''")
    print('why = ""', flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Runner(TESTS.glob("test_*.py")), explained()))
