"""A wall clock that a test sets, for one process.

libfaketime (the PyPI build; Debian's 0.9.10 breaks sleep) is preloaded and reads the offset from a
file every second. By default it moves every clock by the offset: CLOCK_BOOTTIME and CLOCK_MONOTONIC
too, which no clock of the kernel's ever does. With FAKETIME_DONT_FAKE_MONOTONIC=1 it leaves those
two (and CLOCK_MONOTONIC_RAW) alone and moves CLOCK_REALTIME alone.
"""

from pathlib import Path

import libfaketime

LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"


class FakeWall:
    """The offset of the wall clock, and the environment of a process that sees it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "offset"
        self.jump(0)
        self.env = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # Reads the file once a second, not at each look at a clock: that costs whole seconds
            # on a busy machine.
            "FAKETIME_CACHE_DURATION": "0",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, to: int) -> None:
        """From now on the wall clock is `to` seconds off. In one step: the reader aborts on half
        a line."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{to:+d}\n")
        new.replace(self._file)
