"""The memory of starts: what a crash teaches the next one.

From the second crash in a row on, brokers of people's ways in are approached later each time: what
they have kept may be what ended the process. A part that was being started at each of three crashes
in a row is left out. The guard itself never waits.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

FILE_NAME = "starts.json"
SOUND_AFTER = 60.0
"""Seconds that everything has run, from which a crash is no crash of the start."""
DELAYS = (0.0, 0.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds until brokers are approached, by crashes in a row. The first is often somebody's kill."""
STRIKES = 3
"""Crashes in a row while the same part was being started, from which it is left out."""
_WRITE_WITHIN = 1.0
"""Seconds that a disk which does not answer may hold up the start of a part."""


@dataclass
class _Memory:
    """What the file holds while a start is not known to be sound."""

    boot_id: str
    crashes: int = 0
    """Of the starts before this one, in a row."""
    starting: str = ""
    """The part that is being started now."""
    strikes: dict[str, int] = field(default_factory=dict)


class Starts:
    """This start, and what is remembered of those before it. Where nothing can be written: nothing.

    Nothing is fsynced: a process that crashes loses nothing by it, and a power cut is no crash.
    """

    def __init__(self, folder: Path, boot_id: str) -> None:
        """Remember that a start begins. Nobody else may use `folder`."""
        self._path = folder / FILE_NAME
        last = self._read()
        if last is None or last.boot_id != boot_id:
            self._memory = _Memory(boot_id)
        else:
            self._memory = _Memory(boot_id, last.crashes + 1, strikes=_strikes(last))
            log.warning(
                "the last start crashed%s: %d in a row",
                f" while {last.starting} was being started" if last.starting else "",
                self._memory.crashes,
            )
        if not self._write():
            # What it says would never be taken back.
            self._memory = _Memory(boot_id)

    @property
    def crashes(self) -> int:
        """How many starts before this one have crashed, in a row."""
        return self._memory.crashes

    @property
    def delay(self) -> float:
        """Seconds until brokers of people's ways in are approached."""
        return DELAYS[min(self.crashes, len(DELAYS) - 1)]

    def is_left_out(self, part: str) -> bool:
        """Whether `part` has crashed the guard too often to be started."""
        return self._memory.strikes.get(part, 0) >= STRIKES

    @contextlib.asynccontextmanager
    async def starting(self, part: str) -> AsyncIterator[None]:
        """Where the process dies inside the block, `part` has done it."""
        self._memory.starting = part
        await _beside(self._write)
        try:
            yield
        finally:
            self._memory.starting = ""
            await _beside(self._write)

    async def forget(self) -> None:
        """It has run soundly, or ends in good order."""
        await _beside(self._remove)

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _read(self) -> _Memory | None:
        try:
            data = json.loads(self._path.read_bytes())
            memory = _Memory(**data)
            memory.crashes = max(0, int(memory.crashes))
            memory.starting = str(memory.starting)
            memory.strikes = {str(part): int(count) for part, count in memory.strikes.items()}
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - whatever stands there, the guard starts
            log.warning("%s: not understood (%s): no earlier start counts", self._path, error)
            return None
        return memory

    def _write(self) -> bool:
        new = self._path.with_suffix(".new")
        try:
            new.write_text(json.dumps(asdict(self._memory)), encoding="utf-8")
            os.replace(new, self._path)
        except OSError as error:
            log.debug("starts are not remembered: %s", error)
            return False
        return True


async def _beside(work: Callable[[], object]) -> None:
    """Have the disk do something, on a thread: a card that hangs holds nothing up."""
    await asyncio.wait([asyncio.ensure_future(asyncio.to_thread(work))], timeout=_WRITE_WITHIN)


def _strikes(last: _Memory) -> dict[str, int]:
    """Those in a row: of the part that was being started, and of those that are left out."""
    strikes = {part: count for part, count in last.strikes.items() if count >= STRIKES}
    if last.starting:
        strikes[last.starting] = last.strikes.get(last.starting, 0) + 1
    return strikes
