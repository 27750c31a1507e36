"""The service's environment file, beside the configuration: where `!env` looks for what is not set.

systemd hands its variables to the daemon alone; `doctor` beside it would find none of them.
"""

import re
from pathlib import Path

FILE_NAME = "environment"
_LARGEST = 64 * 1024
"""Bytes."""
_SETS = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=([^\0]*)", re.ASCII)
_PLAIN = re.compile(r"'([^']*)'|\"([^\"\\]*)\"|((?!['\"])[^\\]*)")


def lines(data: bytes) -> list[str]:
    """The file's lines; systemd ends one at either character."""
    return re.split("[\r\n]", data.decode(errors="surrogateescape").rstrip())


def set_by(line: str) -> tuple[str, str] | None:
    """The variable that a line sets, and the value as it is written; None where it sets none."""
    found = _SETS.fullmatch(line)
    return (found[1], found[2].strip()) if found else None


def looked_up(folder: Path, name: str) -> str | None:
    """What the file in `folder` sets `name` to; None where it does not, or is not there.

    Raises OSError where it may not be read, ValueError where its value is not understood.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"{path} is longer than {_LARGEST} bytes")
    written, before = None, ""
    for line in lines(data):
        one = set_by(line)
        # A backslash at its end makes one line of two.
        if one is not None and one[0] == name and not before.endswith("\\"):
            written = one[1]
        before = line
    return None if written is None else _value(path, name, written)


def _value(path: Path, name: str, written: str) -> str:
    """Without the quotes. What systemd would make of backslashes is not guessed."""
    plain = _PLAIN.fullmatch(written)
    if plain is None or not written.isprintable():
        raise ValueError(
            f"the value in {path} is not understood; write {name}='…' on one line, "
            "without that quote in it"
        )
    return next(value for value in plain.groups() if value is not None)
