"""A backup's contents, put where the configuration says that they belong. No daemon may run."""

import contextlib
import grp
import os
import pwd
import stat
from dataclasses import dataclass, field
from pathlib import Path

from gasguard.alone import alone_in, is_taken
from gasguard.backup.contents import Contents, Kept
from gasguard.backup.environment import looked_through
from gasguard.backup.errors import BackupError, StandsThere
from gasguard.backup.places import Places, places
from gasguard.backup.swap import Owner, Swap
from gasguard.config.load import load_control_socket
from gasguard.errors import ConfigError
from gasguard.guard.copies import saved_in, settle, succeeding
from gasguard.guard.records import Saved
from gasguard.interfaces.web.keyring import CODE, PASSWORD, SESSIONS
from gasguard.interfaces.web.passwords import Password
from gasguard.text import shown


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done."""

    state_dir: Path
    written: list[Path]
    outside: list[Path]
    """Files that the configuration names elsewhere: left alone."""
    then: Saved = field(default_factory=dict)
    """Burners as they were when the backup was made."""
    now: Saved = field(default_factory=dict)
    """As the next start finds them."""


def put_back(contents: Contents, config: Path, *, force: bool, outside: bool) -> Restored:
    """Put all of it in place, or nothing: the configuration at `config`, and what belongs to it.

    What is there and other stays, and nothing is done, unless `force`. Files that the configuration
    names outside of its folder are written only if `outside`. What holds a burner off now still
    does afterwards. Raises BackupError, StoreError, OSError.
    """
    try:
        at = places(config, contents.config.data)
    except ConfigError as error:
        raise BackupError(f"the configuration in it cannot be read: {error.faults[0]}") from None
    _check(contents, at)
    for folder in (at.state_dir, _present_state_dir(at.config)):
        if folder is not None and is_taken(folder):
            raise _runs(folder)
    files, elsewhere = _wanted(contents, at, outside=outside)
    if not force:
        _refuse(sorted(path for path in files if os.path.lexists(path)), at)
    if contents.state is not None and at.state.is_symlink():
        raise BackupError(f"{at.state} is a link; put the file itself there, or take it away")
    _make_folders(contents, at, files)
    with contextlib.ExitStack() as stack:
        for folder in {at.state_dir, _present_state_dir(at.config) or at.state_dir}:
            if not stack.enter_context(alone_in(folder)):
                raise _runs(folder)
        return _swapped(contents, at, files, elsewhere)


def _swapped(
    contents: Contents, at: Places, files: dict[Path, Kept], elsewhere: list[Path]
) -> Restored:
    then, now = Saved(), Saved()
    with Swap() as swap:
        for path, kept in files.items():
            data, owner = kept.data, _owner(path, kept, at.state_dir)
            if path == at.state:
                settle(path)
                then, data = saved_in(data), succeeding(data, path)
                now, owner = saved_in(data), _as_folder(path)
                for suffix in ("-wal", "-shm"):
                    swap.remove(Path(f"{path}{suffix}"))
            elif path == at.web / PASSWORD:
                owner = _as_folder(path)
                # Who was let in by another password is not by this one.
                swap.remove(at.web / SESSIONS)
                swap.remove(at.web / CODE)
            swap.put(path, data, owner)
        swap.commit()
    return Restored(at.state_dir, list(files), elsewhere, then, now)


def _check(contents: Contents, at: Places) -> None:
    """Whether each part is what it should be: nothing is put anywhere before."""
    if contents.environment is not None:
        others = looked_through(contents.environment.data, at.variables).others
        if others:
            raise BackupError(
                f"its environment file sets what its configuration does not name: {others[0]}"
            )
    if contents.state is not None:
        saved_in(contents.state.data)
    if contents.password is not None:
        try:
            Password.from_text(contents.password.data.decode())
        except ValueError as error:
            raise BackupError(f"what is kept of the page's password is damaged: {error}") from None


def _present_state_dir(config: Path) -> Path | None:
    """That of the configuration which is there now; None where it does not say."""
    with contextlib.suppress(ConfigError):
        return load_control_socket(config).parent
    return None


def _runs(folder: Path) -> BackupError:
    return BackupError(
        f"a daemon runs on {folder}; stop it first: sudo systemctl stop gasguard (burners that "
        "are in use are shut off)"
    )


def _wanted(
    contents: Contents, at: Places, *, outside: bool
) -> tuple[dict[Path, Kept], list[Path]]:
    """What is to be written, the configuration last, and what lies elsewhere and is left alone.

    What is the same already is neither.
    """
    files, elsewhere = dict[Path, Kept](), list[Path]()

    def want(path: Path, kept: Kept | None) -> None:
        if kept is None or _is_same(path, kept):
            return
        if path in files and files[path].data != kept.data:
            raise BackupError(f"{path} is to be two different files")
        files[path] = kept

    for word, path in at.named.items():
        kept = contents.named.get(word)
        if outside or at.is_beside(path):
            want(path, kept)
        elif kept is not None and not _is_same(path, kept):
            elsewhere.append(path)
    want(at.environment, contents.environment)
    want(at.web / PASSWORD, contents.password)
    if contents.state is not None:
        if at.state in files:
            raise BackupError(f"{at.state} is to be two different files")
        files[at.state] = contents.state
    want(at.config, contents.config)
    return files, elsewhere


def _is_same(path: Path, kept: Kept) -> bool:
    try:
        found = path.lstat()
        return (
            stat.S_ISREG(found.st_mode)
            and found.st_size == len(kept.data)
            and path.read_bytes() == kept.data
        )
    except OSError:
        return False


def _refuse(there: list[Path], at: Places) -> None:
    if there:
        some = ", ".join(map(shown, there))
        hint = "" if at.state not in there else "; keep what is there with: gasguard backup FILE"
        raise StandsThere(f"there already, and other: {some}; --force replaces it{hint}")


# --- whose it is to be -----------------------------------------------------------------------


def _make_folders(contents: Contents, at: Places, files: dict[Path, Kept]) -> None:
    if contents.state is not None:
        _make(at.state_dir, 0o750, contents.state)
    for path, kept in files.items():
        if path.parent == at.web:
            _make(at.state_dir, 0o750, contents.state or contents.config)
            if at.web.is_symlink():
                raise BackupError(f"{at.web} is a link; put a folder there, or take it away")
            _make(at.web, 0o700, kept)
        elif path.parent != at.state_dir:
            # One of secrets alone is nobody else's.
            _make(path.parent, 0o750 if kept.mode & 0o040 else 0o700, kept)


def _make(folder: Path, mode: int, kept: Kept) -> None:
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode)
    if os.geteuid() == 0:
        os.chown(folder, _user(kept.user), _group(kept.group))


def _owner(path: Path, kept: Kept, state_dir: Path) -> Owner:
    """As what is there. Else the daemon's, if it was that, or the folder's owner's; and of the
    group that might read it."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode):
            return Owner(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)
    folder = path.parent.stat()
    uid, gid = folder.st_uid, _group(kept.group)
    if state_dir.is_dir() and state_dir.stat().st_uid == _user(kept.user):
        uid = _user(kept.user)
    return Owner(kept.mode & 0o640 | 0o600, uid, folder.st_gid if gid == -1 else gid)


def _as_folder(path: Path) -> Owner:
    """The folder's owner's alone."""
    found = path.parent.stat()
    return Owner(0o600, found.st_uid, found.st_gid)


def _user(name: str) -> int:
    """Its number on this machine; -1, which changes nothing, where there is none."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name).pw_uid
    return -1


def _group(name: str) -> int:
    with contextlib.suppress(KeyError):
        return grp.getgrnam(name).gr_gid
    return -1
