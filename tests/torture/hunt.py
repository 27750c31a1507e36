"""`python -m tests.torture.hunt [NAME…]`: finds for each mutant the first session that catches it.

Writes `caught.json`, which the tests replay: one session for each mutant.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.torture.mutants import MUTANTS

CAUGHT = Path(__file__).with_name("caught.json")
ROOT = Path(__file__).parents[2]
_MOST_SESSIONS = 400


def hunted(name: str, first: int, sessions: int) -> str:
    """What `mutated` prints: the session and the rule, or nothing."""
    command = [sys.executable, "-m", "tests.torture.mutated", name, str(first), str(sessions)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{name}: {ran.stderr[-2000:]}")
    return ran.stdout.strip()


def main(names: list[str]) -> None:
    caught = json.loads(CAUGHT.read_text()) if CAUGHT.exists() and names else {}
    wanted = [mutant.name for mutant in MUTANTS if not names or mutant.name in names]
    with ThreadPoolExecutor(2) as pool:
        lines = pool.map(lambda name: hunted(name, 0, _MOST_SESSIONS), wanted)
        for name, line in zip(wanted, lines, strict=True):
            index, _, rule = line.partition(" ")
            print(f"{name}: {line or 'SURVIVES'}", flush=True)
            caught.pop(name, None)
            if line:
                caught[name] = {"session": int(index), "rule": rule.partition(":")[0]}
            known = [mutant.name for mutant in MUTANTS if mutant.name in caught]
            CAUGHT.write_text(json.dumps({name: caught[name] for name in known}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
