"""The file: a gzipped tar of plain files with fixed names, of which the first says what the others
are. Nothing in it says where anything goes.

What is read comes from a stick that anybody may have had: whatever is not exactly as `write` makes
it is refused, before a byte of it is put anywhere.
"""

import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gasguard.backup.contents import Contents, Kept
from gasguard.backup.errors import BackupError

FORMAT = 1
MANIFEST = "manifest.json"
CONFIG, _ENVIRONMENT = "config.yaml", "environment"
_STATE, _PASSWORD = "guard.db", "password.json"
LARGEST = {CONFIG: 4_000_000, _ENVIRONMENT: 1_000_000, _STATE: 128 << 20, _PASSWORD: 100_000}
"""Bytes of each."""
LARGEST_NAMED = 1_000_000
"""Bytes of a file that the configuration names: a bundle of certificates has 250,000."""
MOST_NAMED = 256
_NAMES = r"^(config\.yaml|environment|guard\.db|password\.json|named/[0-9]{1,3})$"
WORD = r"^[A-Za-z0-9_.+~@$-]{0,64}$"
"""Names of users, machines and versions. None has a terminal do anything."""
_LARGEST_MANIFEST = 1_000_000
_BLOCK = tarfile.BLOCKSIZE
_PADDING = tarfile.RECORDSIZE
"""Bytes of nothing that a tar may end with."""


class _Member(BaseModel):
    """What the manifest says of one file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(pattern=_NAMES)
    size: int = Field(ge=0)
    sha256: str
    mode: int = Field(ge=0, le=0o777)
    user: str = Field(pattern=WORD)
    group: str = Field(pattern=WORD)
    named: str | None = Field(None, max_length=4096)


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    program: Literal["gasguard"]
    format: Annotated[int, Field(ge=1, le=FORMAT)]
    version: str = Field(pattern=WORD)
    made_at: float = Field(allow_inf_nan=False, ge=0, le=5e10)
    host: str = Field(pattern=WORD)
    members: list[_Member] = Field(max_length=len(LARGEST) + MOST_NAMED)


def write(file: BinaryIO, contents: Contents) -> None:
    """Raises OSError, and BackupError for what `read` would refuse."""
    members: list[tuple[str, str | None, Kept]] = [
        (name, None, kept) for name, kept in _fixed(contents) if kept is not None
    ]
    members += [
        (f"named/{number}", named, kept)
        for number, (named, kept) in enumerate(contents.named.items())
    ]
    for name, named, kept in members:
        if len(kept.data) > _largest(name):
            raise BackupError(f"{named or name} is longer than {_largest(name)} bytes")
    if len(contents.named) > MOST_NAMED:
        raise BackupError(f"the configuration names more than {MOST_NAMED} files")
    manifest = {
        "program": "gasguard",
        "format": FORMAT,
        "version": contents.version,
        "made_at": contents.made_at,
        "host": contents.host,
        "members": [_described(*member) for member in members],
    }
    text = json.dumps(manifest, indent=1).encode()
    packed = gzip.GzipFile("", "wb", fileobj=file, mtime=int(contents.made_at))
    with packed, tarfile.open(mode="w", fileobj=packed, format=tarfile.USTAR_FORMAT) as tar:
        for name, data in [(MANIFEST, text), *((name, kept.data) for name, _, kept in members)]:
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), 0o600, int(contents.made_at)
            tar.addfile(info, io.BytesIO(data))


def read(path: Path) -> Contents:
    """What `write` has put there. Raises BackupError for all else, OSError."""
    try:
        with _plain(path) as file, gzip.GzipFile(fileobj=file) as unpacked:
            members = _members(unpacked)
            name, first = next(members, ("", b""))
            if name != MANIFEST:
                raise BackupError(f"{path} is no backup that gasguard has made")
            manifest = _manifest(path, first)
            return _contents(manifest, dict(_expected(manifest, members)))
    except (EOFError, gzip.BadGzipFile, zlib.error, tarfile.TarError, _Damaged) as error:
        raise BackupError(f"{path} is damaged, cut off or no backup: {error}") from None


class _Damaged(Exception):
    """It is not what was written."""


def _fixed(contents: Contents) -> Iterator[tuple[str, Kept | None]]:
    yield CONFIG, contents.config
    yield _ENVIRONMENT, contents.environment
    yield _STATE, contents.state
    yield _PASSWORD, contents.password


def _largest(name: str) -> int:
    return LARGEST.get(name, LARGEST_NAMED)


def _described(name: str, named: str | None, kept: Kept) -> dict[str, Any]:
    described = {
        "name": name,
        "size": len(kept.data),
        "sha256": hashlib.sha256(kept.data).hexdigest(),
        "mode": kept.mode,
        "user": kept.user,
        "group": kept.group,
    }
    return described if named is None else {**described, "named": named}


def _plain(path: Path) -> BinaryIO:
    """Never waits: a pipe is no file. Raises OSError, BackupError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BackupError(f"{path} is not a file")
    return os.fdopen(descriptor, "rb")


def _members(file: gzip.GzipFile) -> Iterator[tuple[str, bytes]]:
    """Plain files by name, to the end of the tar, and of the gzip: its checksum stands there.

    Own hands instead of `tarfile`'s: that follows every kind of entry, and reads headers of any
    length into memory. Raises what reading gzip does, TarError and _Damaged.
    """
    while (block := _exactly(file, _BLOCK)).strip(b"\0"):
        info = tarfile.TarInfo.frombuf(block, "ascii", "backslashreplace")
        shown = ascii(info.name)[:80]
        if info.type != tarfile.REGTYPE:
            raise _Damaged(f"{shown} is not a plain file")
        largest = _LARGEST_MANIFEST if info.name == MANIFEST else _largest(info.name)
        if not 0 <= info.size <= largest:
            raise _Damaged(f"{shown} is longer than it can be")
        data = _exactly(file, info.size)
        if _exactly(file, -info.size % _BLOCK).strip(b"\0"):
            raise _Damaged("there is something between its files")
        yield info.name, data
    rest = file.read(_PADDING + 1)
    if len(rest) > _PADDING or rest.strip(b"\0"):
        raise _Damaged("there is something behind its end")


def _exactly(file: gzip.GzipFile, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError("it ends too early")
    return data


def _manifest(path: Path, text: bytes) -> _Manifest:
    try:
        said = json.loads(text)
        made = said["format"], said["program"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _Damaged("its manifest is not understood") from None
    if made[1] == "gasguard" and isinstance(made[0], int) and made[0] > FORMAT:
        version = ascii(said.get("version"))[:40]
        raise BackupError(
            f"{path} was made by a newer gasguard ({version}, format {made[0]}): install that first"
        )
    try:
        return _Manifest.model_validate(said)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])[:80]
        raise _Damaged(f"its manifest is not understood ({place})") from None


def _expected(
    manifest: _Manifest, members: Iterator[tuple[str, bytes]]
) -> Iterator[tuple[str, tuple[_Member, bytes]]]:
    """The files that the manifest tells of, in its order, and no others. Raises _Damaged."""
    left = {member.name: member for member in manifest.members}
    for name, data in members:
        member = left.pop(name, None)
        if member is None:
            raise _Damaged(f"{ascii(name)[:80]} is not among what its manifest tells of")
        if len(data) != member.size or hashlib.sha256(data).hexdigest() != member.sha256:
            raise _Damaged(f"{name} is not what it was")
        yield name, (member, data)
    if left:
        raise _Damaged(f"{next(iter(left))} is missing")


def _contents(manifest: _Manifest, found: dict[str, tuple[_Member, bytes]]) -> Contents:
    confused = any((one.name in LARGEST) == (one.named is not None) for one in manifest.members)
    if confused or len(found) != len(manifest.members) or CONFIG not in found:
        raise _Damaged("its manifest is not understood")
    kept = {
        name: Kept(data, member.mode, member.user, member.group)
        for name, (member, data) in found.items()
    }
    named = {
        member.named: kept[name] for name, (member, _) in found.items() if member.named is not None
    }
    return Contents(
        made_at=manifest.made_at,
        version=manifest.version,
        host=manifest.host,
        config=kept[CONFIG],
        named=named,
        environment=kept.get(_ENVIRONMENT),
        state=kept.get(_STATE),
        password=kept.get(_PASSWORD),
    )
