"""What this gasguard has left with its broker, remembered in the state folder.

Brokers hand out what they hold, but some of them (RabbitMQ) not to a subscription with wildcards:
what a burner that is gone has left there, only its own daemon can name.
"""

import asyncio
import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

log = logging.getLogger(__name__)

_T = TypeVar("_T")

FILE_NAME = "retained.json"
_WITHIN = 2.0
"""Seconds that a disk has."""
_LONGEST = 10_000_000
"""Bytes. A burner has about 3,000, and there are at most 256."""

Left = dict[str, set[str]]
"""Retained messages by topic, each with the entities that it announces in Home Assistant."""


class Traces:
    """The file. A missing or damaged one says nothing; one that cannot be written stays."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._busy = False
        """A thread has not come back from the disk."""
        self._known: Left | None = None

    async def recall(self) -> Left:
        """What was kept last; nothing while the disk does not answer."""
        if self._known is None:
            self._known = await self._on_disk(lambda: _read(self._path))
        return self._known or {}

    async def keep(self, left: Left) -> None:
        """Remember this and nothing else. What was never recalled is not written over."""
        if self._known is not None and left != self._known:
            written = await self._on_disk(lambda: _write(self._path, left))
            self._known = left if written else self._known

    async def _on_disk(self, do: Callable[[], _T]) -> _T | None:
        """Done in a thread that nothing waits for; None if that takes too long or still hangs."""
        if self._busy:
            return None
        self._busy = True
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()

        def settle(result: _T) -> None:
            self._busy = False
            if not done.done():
                done.set_result(result)

        def work() -> None:
            result = do()
            try:
                loop.call_soon_threadsafe(settle, result)
            except RuntimeError:
                log.debug("%s: the disk answered after the end", self._path)

        threading.Thread(target=work, name=FILE_NAME, daemon=True).start()
        try:
            return await asyncio.wait_for(done, _WITHIN)
        except TimeoutError:
            return None


def _read(path: Path) -> Left:
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(_LONGEST))
    except (OSError, ValueError, RecursionError) as error:
        log.debug("%s: %s", path, error)
        return {}
    return dict(_sound(data))


def _sound(data: Any) -> Iterator[tuple[str, set[str]]]:  # whatever the file says
    """What may be published on, and no more."""
    for topic, ids in data.items() if isinstance(data, dict) else ():
        fits = 0 < len(topic) <= 1024 and topic.isprintable() and not set(topic) & set("+#")
        if fits and isinstance(ids, list):
            yield topic, {one for one in ids if isinstance(one, str)}


def _write(path: Path, left: Left) -> bool:
    """Whether it is on disk: all of it, or what was there before."""
    beside = path.with_suffix(".new")
    data = {topic: sorted(ids) for topic, ids in sorted(left.items())}
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        log.debug("%s: not written: %s", path, error)
        with contextlib.suppress(OSError):
            beside.unlink()
        return False
    return True
