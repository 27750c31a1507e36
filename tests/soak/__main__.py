"""`python -m tests.soak --seed 1 --hours 24`: a day of everything, on real processes.

The stove's hours pass `SPEED` times faster, and people's timers are as much shorter; the wire, the
daemon and the operating system run at their own pace. Exit code 1 when a flame outlived its
deadline by more than 2 s plus the time for which the relay could truly not be reached.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.soak.script import Day
from tests.soak.site import Site

SPEED = 120
_SHOWN = 60
"""Lines of what was done last that a breach is shown with."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=float, default=24.0, help="of the kitchen (default 24)")
    given = parser.parse_args()
    seconds = given.hours * 3600 / SPEED
    print(f"seed {given.seed}: {given.hours:g} hours of the kitchen in {seconds / 60:.0f} min")
    began, notes = time.monotonic(), list[str]()

    def note(text: str) -> None:
        notes.append(f"{time.monotonic() - began:8.2f} {text}")

    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), SPEED)
        day = Day(site, Random(given.seed), note)
        try:
            for end in range(0, int(seconds), 60):
                day.live(began + min(end + 60, seconds))
                met = len(day.judge.met)
                print(f"{(time.monotonic() - began) * SPEED / 3600:5.1f} h, {met} deadlines met")
                if day.judge.breach:
                    break
            return _report(day, notes, Path(folder))
        finally:
            day.judge.end()
            site.close()


def _report(day: Day, notes: list[str], folder: Path) -> int:
    done = ", ".join(f"{name} {times}" for name, times in sorted(day.done.items()))
    print(f"done: {done}")
    met = day.judge.met
    for why in sorted({one.why for one in met}):
        worst = max(one.late for one in met if one.why == why)
        print(f"{why}: {sum(one.why == why for one in met)} met, at most {worst:.2f} s late")
    if day.judge.breach is None:
        print("no flame outlived its deadline")
        return 0
    print("\n".join(notes[-_SHOWN:]))
    print((folder / "daemon.log").read_text(errors="replace")[-6000:])
    print(f"BREACH: {day.judge.breach}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
