"""The letters on disk: one file, replaced as a whole, so that a crash leaves the old or the new.

Where it cannot be written, letters go out from memory, and that is told.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from gasguard.files import sync_folder
from gasguard.interfaces.messages.aside import aside
from gasguard.interfaces.messages.letters import Letter, Stamp, letter_from

log = logging.getLogger(__name__)

FILE_NAME = "messages.json"
AGAIN_AFTER = 30.0
"""Seconds until a disk that refused is tried again."""
_PAUSE = 0.5
"""Seconds between two writes: a card wears out."""
_LARGEST = 4_000_000
"""Bytes: far more than all letters that may wait."""


class Kept(NamedTuple):
    """What outlives the daemon."""

    letters: list[Letter]
    last: dict[str, Stamp]
    """When each burner's last of each kind was put in."""
    alarmed: dict[str, set[str]]
    """Who knows of each burner's alarms that are not over."""


class Shelf:
    """Writes one file, never two at a time, and never on the event loop."""

    def __init__(self, folder: Path, contents: Callable[[], Kept]) -> None:
        """`contents` says what is to stand there."""
        self._path, self._contents = folder / FILE_NAME, contents
        self._changed = asyncio.Event()
        self._clean = asyncio.Event()
        self._clean.set()
        self.trouble = ""
        """Why nothing can be written, for people."""

    async def recall(self) -> Kept:
        """What is there; nothing where it cannot be read."""
        try:
            return await aside(partial(read, self._path))
        except Exception:
            log.exception("messages: %s is not read: what waited there is lost", self._path)
            return Kept([], {}, {})

    def changed(self) -> None:
        """Have it written."""
        self._clean.clear()
        self._changed.set()

    async def written(self) -> None:
        """Wait until all that was changed is on disk."""
        await self._clean.wait()

    async def run(self) -> None:
        """Write whenever something has changed, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            text = _as_text(self._contents())
            try:
                await aside(partial(_replace, self._path, text))
            except Exception as error:  # noqa: BLE001 - out of threads, too: messages go on without it
                self._refused(error)
                await asyncio.sleep(AGAIN_AFTER)
                self._changed.set()
            else:
                if self.trouble:
                    log.info("messages: %s can be written again", self._path)
                self.trouble = ""
                if not self._changed.is_set():
                    self._clean.set()
                await asyncio.sleep(_PAUSE)

    def _refused(self, error: Exception) -> None:
        why = error.strerror if isinstance(error, OSError) else repr(error)
        if not self.trouble:
            log.warning("messages: %s cannot be written (%s)", self._path, why)
        self.trouble = (
            f"{self._path} cannot be written ({why}): messages go out, and those that wait do not "
            "survive a restart. Look at the card and its mount"
        )


def read(path: Path) -> Kept:
    """What an earlier start has left; what cannot be understood is left out."""
    try:
        if path.exists() and not path.is_file():
            raise ValueError("is no file")
        with path.open("rb") as file:
            data = json.loads(file.read(_LARGEST))
        found: list[Any] = list(data["letters"])
        last = {str(place): _stamp(one) for place, one in data["last"].items()}
        alarmed = {place: set(map(str, one)) for place, one in data.get("alarmed", {}).items()}
    except FileNotFoundError:
        return Kept([], {}, {})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        log.warning("messages: %s is not read (%r): what waited there is lost", path, error)
        return Kept([], {}, {})
    return Kept(list(_sound(found, path)), last, alarmed)


def _sound(found: list[Any], path: Path) -> Iterable[Letter]:
    for one in found:
        try:
            yield letter_from(one)
        except (ValueError, TypeError, KeyError) as error:
            log.warning("messages: one in %s is not understood (%r)", path, error)


def _stamp(data: dict[str, Any]) -> Stamp:
    stamp = Stamp(**data)
    return Stamp(str(stamp.boot_id), float(stamp.boot), float(stamp.wall), bool(stamp.synchronised))


def _as_text(kept: Kept) -> str:
    data = {
        "letters": [letter.to_data() for letter in kept.letters],
        "last": {place: asdict(stamp) for place, stamp in kept.last.items()},
        "alarmed": {place: sorted(names) for place, names in kept.alarmed.items()},
    }
    return json.dumps(data, ensure_ascii=False)


def _replace(path: Path, text: str) -> None:
    """Raises OSError."""
    new = path.with_suffix(".new")
    try:
        _write(new, text)
        os.replace(new, path)
    except OSError:
        # Half a file on a full card takes the room that somebody else needs.
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
