"""`python -m tests.bench [--quick] [--only PART…] [--out FILE]`.

Prints tables and writes everything as JSON. A missed target is only told; exit code 1 means that a
run broke.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench import all_off, idle, page, past, pure, shutoff, startup
from tests.bench.environment import environment
from tests.bench.errors import BenchError
from tests.bench.table import show
from tests.bench.targets import judge


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each; times in seconds."""

    shutoff: shutoff.Plan
    starts: int
    idle_warm_up: float
    idle: float
    burners: int
    rounds: int
    steps: int
    questions: int
    page: page.Plan


FULL = Size(
    shutoff.Plan((0.0, 0.05, 0.2), 300, 30.0),
    10,
    5.0,
    30.0,
    100,
    5,
    40_000,
    200,
    page.Plan(200, 20, 20.0, 10),
)
QUICK = Size(
    shutoff.Plan((0.0, 0.2), 30, 8.0), 3, 2.0, 8.0, 100, 2, 20_000, 30, page.Plan(30, 20, 5.0, 3)
)


async def measure(folder: Path, size: Size, wanted: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Results by part, and what broke."""

    async def pure_part() -> dict[str, Any]:
        return await asyncio.to_thread(pure.measure, size.steps)

    parts: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "pure": pure_part,
        "past": lambda: past.measure(folder, size.questions),
        "startup": lambda: startup.measure(folder, size.starts),
        "all_off": lambda: all_off.measure(folder, size.burners, size.rounds),
        "idle": lambda: idle.measure(folder, size.idle_warm_up, size.idle),
        "page": lambda: page.measure(folder, size.page),
        "shutoff": lambda: shutoff.measure(folder, size.shutoff),
    }
    results: dict[str, Any] = {}
    broken: list[str] = []
    for name, part in parts.items():
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        try:
            results[name] = await part()
        except (BenchError, OSError) as error:
            broken.append(f"{name}: {error}")
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return results, broken


def main() -> int:
    """Run what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="The benchmark.")
    parser.add_argument("--quick", action="store_true", help="a small run of at most a minute")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=["pure", "past", "startup", "all_off", "idle", "page", "shutoff"],
        help="leave the others out; may be repeated",
    )
    options = parser.parse_args()
    where = environment()
    with tempfile.TemporaryDirectory(prefix="gasguard-bench-") as folder:
        size = QUICK if options.quick else FULL
        results, broken = asyncio.run(measure(Path(folder), size, options.only))
    verdicts = list(judge(results))
    show(results, verdicts, where)
    if options.out:
        data = {
            "environment": where,
            "quick": options.quick,
            "results": results,
            "targets": [asdict(verdict) for verdict in verdicts],
            "broken": broken,
        }
        options.out.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    for problem in broken:
        print(f"broken: {problem}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
