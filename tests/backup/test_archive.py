"""A backup is read as it was written, or refused: nobody knows who has had the stick."""

import gzip
import io
import json
import os
import random
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gasguard.backup.archive import FORMAT, LARGEST, MANIFEST, read, write
from gasguard.backup.contents import Contents, Kept
from gasguard.backup.errors import BackupError

CONTENTS = Contents(
    made_at=1_790_000_000.5,
    version="0.1.0",
    host="kitchen",
    config=Kept(b"state_dir: state\n", 0o640, "root", "gasguard"),
    named={"secrets/token": Kept(b"0011"), "/etc/ssl/ca.pem": Kept(b"---", 0o644)},
    environment=Kept(b"GASGUARD_KEY=x\n"),
    state=Kept(bytes(range(256)) * 40),
    password=Kept(b"{}"),
)
Member = tuple[tarfile.TarInfo, bytes]


def written(contents: Contents = CONTENTS) -> bytes:
    file = io.BytesIO()
    write(file, contents)
    return file.getvalue()


def members() -> list[Member]:
    """What a backup holds, the manifest first."""
    with tarfile.open(fileobj=io.BytesIO(written())) as tar:
        found = []
        for info in tar.getmembers():
            file = tar.extractfile(info)
            assert file is not None
            found.append((info, file.read()))
        return found


def packed(parts: list[Member], form: int = tarfile.USTAR_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", format=form) as tar:
        for info, data in parts:
            if info.isreg():
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def told(change: Callable[[dict[str, Any]], None]) -> bytes:
    """A backup whose manifest says something else."""
    parts = members()
    manifest = json.loads(parts[0][1])
    change(manifest)
    return packed([(parts[0][0], json.dumps(manifest).encode()), *parts[1:]])


def refused(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "backup"
    path.write_bytes(data)
    with pytest.raises(BackupError) as error:
        read(path)
    assert "\x1b" not in str(error.value)
    return str(error.value)


def test_what_is_written_is_read(tmp_path: Path):
    path = tmp_path / "backup"
    path.write_bytes(written())
    assert read(path) == CONTENTS


def test_packed_by_others_it_is_the_same(tmp_path: Path):
    """The tests below change one thing each: this is the rest."""
    path = tmp_path / "backup"
    path.write_bytes(packed(members()))
    assert read(path) == CONTENTS


@pytest.mark.parametrize("most", [0, 1, 9, 10, 11, 20, 100, 400, -9, -8, -1])
def test_one_that_is_cut_off_is_refused(tmp_path: Path, most: int):
    refused(tmp_path, written()[:most])


def test_any_byte_that_is_not_what_it_was_is_noticed(tmp_path: Path):
    """All but those that gzip's header has for a name and a date."""
    whole = written()
    for place in random.Random(7).sample(range(10, len(whole)), 150):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        refused(tmp_path, bytes(damaged))


def test_files_that_are_none_are_refused(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(BackupError, match="not a file"):
            read(tmp_path / name)
    with pytest.raises(BackupError, match="not a file"):
        read(Path("/dev/zero"))
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x", "/etc/passwd", "config.yaml/../x", "./config.yaml", "named/../x",
        "named/0/x", "named/999", "named/\x1b[2J", "evil", "guard.db\n", "CONFIG.YAML", "ü",
    ],
)  # fmt: skip
def test_a_name_that_gasguard_does_not_give_is_refused(tmp_path: Path, name: str):
    more = (tarfile.TarInfo(name), b"x")
    assert "damaged" in refused(tmp_path, packed([*members(), more]))
    parts = members()
    manifest = json.loads(parts[0][1])
    manifest["members"][0]["name"] = parts[1][0].name = name
    refused(tmp_path, packed([(parts[0][0], json.dumps(manifest).encode()), *parts[1:]]))


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE,
        tarfile.BLKTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE,
    ],
)  # fmt: skip
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes):
    link = tarfile.TarInfo("config.yaml")
    link.type, link.linkname = kind, "/etc/shadow"
    assert "plain file" in refused(tmp_path, packed([members()[0], (link, b"")]))


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_headers_of_any_length_are_refused(tmp_path: Path, form: int):
    long = tarfile.TarInfo("named/" + "x" * 5000)
    assert "plain file" in refused(tmp_path, packed([*members(), (long, b"")], form))


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path):
    big = tarfile.TarInfo("named/0")
    big.size = 4 << 30
    for size in (big.size, 2_000_000):
        big.size = size
        bomb = io.BytesIO()
        with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as file:
            file.write(big.tobuf(tarfile.GNU_FORMAT))
            for _ in range(200):
                file.write(bytes(1 << 20))
        tracemalloc.start()
        refused(tmp_path, bomb.getvalue())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 20_000_000


def test_zeros_without_end_are_refused(tmp_path: Path):
    assert "behind its end" in refused(tmp_path, written() + gzip.compress(bytes(1 << 20)))
    refused(tmp_path, written() + b"more")
    refused(tmp_path, gzip.compress(bytes(1 << 20)))


def test_a_file_twice_is_refused(tmp_path: Path):
    parts = members()
    refused(tmp_path, packed([*parts, parts[1]]))

    def twice(manifest: dict[str, Any]) -> None:
        manifest["members"].append(manifest["members"][0])

    refused(tmp_path, told(twice))


def test_a_file_that_is_missing_is_named(tmp_path: Path):
    assert "guard.db is missing" in refused(
        tmp_path, packed([part for part in members() if part[0].name != "guard.db"])
    )
    assert "is no backup" in refused(tmp_path, packed(members()[1:]))


def test_a_file_that_was_changed_is_named(tmp_path: Path):
    parts = [
        (info, data.replace(b"0011", b"0012")) if info.name == "named/0" else (info, data)
        for info, data in members()
    ]
    assert "named/0 is not what it was" in refused(tmp_path, packed(parts))


def test_another_format_says_what_to_install(tmp_path: Path):
    def newer(manifest: dict[str, Any]) -> None:
        manifest.update(format=FORMAT + 1, version="9.9", surprise=True)

    said = refused(tmp_path, told(newer))
    assert "newer gasguard ('9.9'" in said
    assert "install" in said


@pytest.mark.parametrize(
    "change",
    [
        {"format": 0}, {"format": "1"}, {"format": True}, {"format": None}, {"format": 1.0},
        {"program": "other"}, {"made_at": float("inf")}, {"made_at": float("nan")},
        {"made_at": "now"}, {"made_at": -1}, {"host": "\x1b[2J"}, {"host": "x" * 1000},
        {"version": "\x1b[2J"}, {"members": None}, {"members": []}, {"members": [7]},
        {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_manifest_that_says_something_else_is_refused(tmp_path: Path, change: dict[str, Any]):
    refused(tmp_path, told(lambda manifest: manifest.update(change)))


@pytest.mark.parametrize(
    "change",
    [
        {"mode": 0o7777}, {"mode": -1}, {"mode": "0640"}, {"size": -1}, {"size": 1 << 70},
        {"user": "../root"}, {"user": None}, {"named": "x"}, {"sha256": ""}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_so_is_one_of_its_files(tmp_path: Path, change: dict[str, Any]):
    refused(tmp_path, told(lambda manifest: manifest["members"][0].update(change)))


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000, b"7", b"\xff", b'{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: bytes):
    refused(tmp_path, packed([(members()[0][0], text), *members()[1:]]))


def test_nothing_is_written_that_would_be_refused():
    big = Kept(bytes(LARGEST["password.json"] + 1))
    with pytest.raises(BackupError, match="longer"):
        written(Contents(0, "1", "", config=Kept(b""), named={}, password=big))
    many = {str(number): Kept(b"") for number in range(257)}
    with pytest.raises(BackupError, match="more than"):
        written(Contents(0, "1", "", config=Kept(b""), named=many))


def test_the_manifest_comes_first():
    assert members()[0][0].name == MANIFEST
