"""Runs sessions with one mutant in place, in a process of its own, for `hunt` and the tests.

`python -m tests.torture.mutated NAME SESSIONS` draws sessions until one catches the mutant, and
prints that one's number, the rule and the shortest plan that still breaks it, as JSON; or nothing.
`python -m tests.torture.mutated NAME` runs the plan on standard input and prints the broken rule.
`python -m tests.torture.mutated NAME --seed 3 ...` is `python -m tests.torture --seed 3 ...`.
"""

import dataclasses
import importlib.util
import json
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from tests.torture.mutants import MUTANTS, Mutant

SEED = 1
_LATER = """
    def _spawn_later(self, work: "Coroutine[Any, Any, None]") -> "asyncio.Task[None]":
        async def behind() -> None:
            await asyncio.sleep(0.1)
            await work

        return self._spawn(behind())
"""


class Edited(SourceLoader):
    """Loads a module from its own file, edited on the way."""

    def __init__(self, path: str, mutant: Mutant) -> None:
        self._path, self._mutant = path, mutant

    def get_filename(self, fullname: str) -> str:
        return self._path

    def get_data(self, path: str | bytes) -> bytes:
        return edited(Path(str(path)).read_text(encoding="utf-8"), self._mutant).encode()

    def path_stats(self, path: str) -> dict[str, float]:
        raise OSError("never from a cache")


def edited(source: str, mutant: Mutant) -> str:
    """The source with the defect in. Raises LookupError when there is no such place any more."""
    if mutant.old not in source:
        raise LookupError(f"mutant {mutant.name!r}: its text is not in {mutant.module}")
    source = source.replace(mutant.old, mutant.new)
    if "_spawn_later" in mutant.new:
        source = source.replace("\n    def _boot(self)", _LATER + "\n    def _boot(self)")
    return source


class Finder(MetaPathFinder):
    """Puts the edited module in the place of the sound one."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        assert spec is not None and spec.origin is not None
        return importlib.util.spec_from_loader(fullname, Edited(spec.origin, self._mutant))


def hunt(sessions: int, needs: str | None) -> None:
    """Kitchens without what it needs cannot catch it, and are left out."""
    from tests.torture.draw import draw_plan
    from tests.torture.kitchens import Kitchen
    from tests.torture.session import run
    from tests.torture.shrink import shrink

    for index in range(sessions):
        plan = draw_plan(SEED, index)
        if needs and needs not in Kitchen(plan.config, plan.sensors).parts:
            continue
        outcome = run(plan)
        if outcome.rule is not None:
            shortest, _ = shrink(plan, outcome.rule)
            found = {"sessions": index + 1, "rule": outcome.rule}
            print(json.dumps({**found, "plan": dataclasses.asdict(shortest)}))
            return


def replay(text: str) -> None:
    from tests.torture.plans import plan_from_data
    from tests.torture.session import run

    print(run(plan_from_data(json.loads(text))).rule or "")


if __name__ == "__main__":
    name, *args = sys.argv[1:]
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    sys.meta_path.insert(0, Finder(mutant))
    if not args:
        replay(sys.stdin.read())
    elif args[0].isdigit():
        hunt(int(args[0]), mutant.needs)
    else:
        from tests.torture.__main__ import torture

        torture(args)
