"""`python -m tests.torture.hunt [NAME…]`: finds for each mutant the first session that catches it.

Writes `caught.json`, which the tests replay: for each mutant how many sessions it took (0: the plan
was made by hand), and the shortest plan that still shows it.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.torture.mutants import MUTANTS, Mutant

CAUGHT = Path(__file__).with_name("caught.json")
ROOT = Path(__file__).parents[2]
_MOST_SESSIONS = 300
_MOST_WITH_NEEDS = 2000
"""Of which one in ten has what the mutant needs, and is run."""


def mutated(name: str, *args: str, plan: dict[str, Any] | None = None) -> str:
    """What `tests.torture.mutated` prints. Raises RuntimeError when it fails."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.torture.mutated", name, *args],
        cwd=ROOT,
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(f"{name}: {ran.stderr[-2000:]}")
    return ran.stdout.strip()


def _hunted(mutant: Mutant) -> str:
    return mutated(mutant.name, str(_MOST_WITH_NEEDS if mutant.needs else _MOST_SESSIONS))


def main(names: list[str]) -> None:
    caught = json.loads(CAUGHT.read_text()) if CAUGHT.exists() else {}
    wanted = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(_hunted, wanted)
        for name, text in zip((mutant.name for mutant in wanted), found, strict=True):
            caught.pop(name, None)
            if text:
                caught[name] = json.loads(text)
            told = f"{caught[name]['sessions']}, {caught[name]['rule']}" if text else "SURVIVES"
            print(f"{name}: {told}", flush=True)
            known = {one.name: caught[one.name] for one in MUTANTS if one.name in caught}
            rows = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in known.items())
            CAUGHT.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
