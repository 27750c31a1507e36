"""`make demo` as a new user tries it: the commands of the README while both burners burn.

Standard library only: it runs on Debian's own Python, before there is anything else.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

_SET_UP_WITHIN = 300.0
"""Seconds for `make demo` to fetch everything."""
_GASGUARD = ".venv/bin/gasguard"


def main() -> int:
    # Whoever runs this in the background hands down that Ctrl-C is not heeded.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    demo = subprocess.Popen(
        ["make", "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []

    def listen() -> None:
        assert demo.stdout
        for line in demo.stdout:
            said.append(line)
            print("   ", line, end="", flush=True)

    threading.Thread(target=listen, daemon=True).start()
    try:
        _until(lambda: demo.poll() is not None or "Ctrl-C ends" in "".join(said), _SET_UP_WITHIN)
        _until(lambda: _status().count("lit") == 2, 30)
        assert re.search(r"left: .*30", _told("timer", "left", "30s"))
        assert re.search(r"right: off, confirmed in \d+ ms", _told("off", "right"))
        _until(lambda: "out" in _row("right"), 30)
        _until(lambda: "out" in _row("left") and "timer" in _row("left"), 60)
    finally:
        # As Ctrl-C does: the terminal tells everybody in it.
        os.killpg(demo.pid, signal.SIGINT)
        ended = demo.wait(15)
    print(f"the demo ended with exit {ended}")
    return 0


def _told(*words: str) -> str:
    done = subprocess.run([_GASGUARD, *words], capture_output=True, text=True, check=False)
    print("$ gasguard", *words)
    print(done.stdout + done.stderr, end="", flush=True)
    assert done.returncode == 0, f"exit {done.returncode}"
    return done.stdout


def _status() -> str:
    done = subprocess.run([_GASGUARD, "status"], capture_output=True, text=True, check=False)
    return done.stdout


def _row(burner: str) -> str:
    return next((line for line in _status().splitlines() if line.startswith(burner)), "")


def _until(true: Callable[[], bool], within: float) -> None:
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            sys.exit(f"not within {within:.0f} s; status says:\n{_status()}")
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
