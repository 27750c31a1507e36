"""What lets people in: the password, the setup code and the sessions, in a folder of their own.

`gasguard web-code` works on the same folder from outside: what it changes counts here a second
later. What cannot be read lets nobody in.
"""

import asyncio
import logging
from pathlib import Path
from random import Random

from gasguard.clock import Clock
from gasguard.errors import GasguardError
from gasguard.interfaces.web import private
from gasguard.interfaces.web.passwords import Password
from gasguard.interfaces.web.sessions import Sessions
from gasguard.interfaces.web.setup_code import is_code, new_code, same_code

log = logging.getLogger(__name__)

PASSWORD, CODE, SESSIONS = "password.json", "setup-code", "sessions.json"
"""Names of the files."""
_LOOKS_EVERY = 1.0
"""Seconds."""


class NotKept(GasguardError):
    """The disk took no password, so there is none."""


def setup_code(folder: Path, luck: Random) -> str | None:
    """The code that sets the password, made where there is none; None where a password is set.

    Raises OSError.
    """
    if _stamp(folder / PASSWORD) is not None:
        return None
    path = folder / CODE
    if not is_code(_text(path)):
        private.remove(path)
        # Where the page's process and a command do this at the same moment, both tell one code.
        private.write(path, new_code(luck), anew=False)
    return _text(path)


def forget_all(folder: Path, luck: Random) -> str:
    """Have no password and no sessions; the code that sets a new one. Raises OSError."""
    code = new_code(luck)
    # The password last: until then nobody can set one, and without it nobody is to be in.
    private.write(folder / CODE, code)
    private.remove(folder / SESSIONS)
    private.remove(folder / PASSWORD)
    return code


def _text(path: Path) -> str:
    """What stands there; nothing where that is no text. Raises OSError."""
    try:
        return private.read(path) or ""
    except ValueError:
        return ""


class Keyring:
    """One process's view of the folder, and its hand on it. The event loop waits for no disk."""

    def __init__(self, folder: Path, clock: Clock, luck: Random) -> None:
        self._folder, self._clock, self._luck = folder, clock, luck
        self._sessions = Sessions()
        self._is_set = True
        self._seen: tuple[object, ...] = ()
        self._complained = False
        self._alone = asyncio.Lock()

    @property
    def is_set(self) -> bool:
        """Whether there is a password; also while that is not known."""
        return self._is_set

    def is_open(self, cookie: str) -> bool:
        """Whether somebody who brings this cookie is logged in."""
        return self._sessions.is_open(cookie, self._clock.now().wall)

    async def run(self) -> None:
        """Follow the folder, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOKS_EVERY)

    async def look(self) -> None:
        """Take over what others have changed there, and have a setup code where one is needed."""
        async with self._alone:
            try:
                seen = await asyncio.to_thread(self._looks)
                if seen != self._seen:
                    self._is_set, self._sessions = await asyncio.to_thread(self._read)
                    self._seen = seen
                if not self._is_set:
                    await asyncio.to_thread(setup_code, self._folder, self._luck)
            except OSError as error:
                log.log(
                    logging.DEBUG if self._complained else logging.WARNING,
                    "no password can be set, and no session kept: %s",
                    error,
                )
                self._complained = True
            else:
                self._complained = False

    async def log_in(self, password: str) -> str | None:
        """A new session's cookie; None for a wrong password. Raises OSError, ValueError where what
        is kept of the password cannot be read."""
        async with self._alone:
            if not await asyncio.to_thread(self._fits, password):
                return None
            return await self._opened()

    async def set_up(self, code: str, password: str) -> str | None:
        """Set the password; a new session's cookie. None for a wrong code, or a password that is
        set already. Raises NotKept."""
        async with self._alone:
            try:
                if not await asyncio.to_thread(self._set, code, password):
                    return None
            except OSError as error:
                log.warning("no password is set: %s", error)
                raise NotKept("the password cannot be saved; look at the card") from None
            log.info("a password is set")
            self._is_set, self._sessions = True, Sessions()
            return await self._opened()

    async def log_out(self, cookie: str) -> None:
        """End this session."""
        async with self._alone:
            if self._sessions.close(cookie):
                await self._save()

    async def _opened(self) -> str:
        cookie = self._sessions.open(self._clock.now().wall, self._luck)
        await self._save()
        return cookie

    async def _save(self) -> None:
        text = self._sessions.to_text()
        try:
            await asyncio.to_thread(private.write, self._folder / SESSIONS, text)
            self._seen = await asyncio.to_thread(self._looks)
        except OSError as error:
            log.warning("sessions end with this process, they cannot be saved: %s", error)

    # --- on a thread ---------------------------------------------------------------------------

    def _fits(self, password: str) -> bool:
        kept = private.read(self._folder / PASSWORD)
        return kept is not None and Password.from_text(kept).fits(password)

    def _set(self, code: str, password: str) -> bool:
        kept = _text(self._folder / CODE)
        if _stamp(self._folder / PASSWORD) is not None or not same_code(kept, code):
            return False
        made = Password.made(password, self._luck)
        private.remove(self._folder / SESSIONS)
        private.write(self._folder / PASSWORD, made.to_text())
        private.remove(self._folder / CODE)
        return True

    def _read(self) -> tuple[bool, Sessions]:
        is_set = _stamp(self._folder / PASSWORD) is not None
        path = self._folder / SESSIONS
        there = is_set and _stamp(path) is not None
        return is_set, Sessions.from_text(_text(path)) if there else Sessions()

    def _looks(self) -> tuple[object, ...]:
        """Changes whenever somebody replaces or removes a file."""
        return tuple(_stamp(self._folder / name) for name in (PASSWORD, SESSIONS))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
