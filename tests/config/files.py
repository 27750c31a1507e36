"""Configuration files as text, checked as `check-config` does it."""

import re
from pathlib import Path

import pytest

from gasguard.config.check import check_file
from gasguard.config.load import Config
from gasguard.errors import ConfigError

TOKEN = "0123456789abcdef0123456789abcdef"
SOUND = f"""\
burners:
  left:
    relay: {{driver: miot, host: 192.168.1.50, token: {TOKEN}, contact: normally_open}}
"""
"""The next line is the fourth; a burner's key may follow after four blanks."""
MARK = re.compile(r"\(line (\d+), column (\d+)\)$")


class File:
    """A configuration file in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "config.yaml"

    def __call__(self, text: str | bytes) -> Path:
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.path

    def sound(self, text: str) -> Config:
        """What the text means, which has no faults and no warnings."""
        config, _ = check_file(self(text))
        assert not self.warnings(text)
        return config

    def warnings(self, text: str) -> list[str]:
        """Those of the text itself. Who runs this may not make the state folder, or may."""
        return [one for one in check_file(self(text))[1] if "daemon's user" not in one]

    def faults(self, text: str | bytes) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            check_file(self(text))
        assert caught.value.faults
        return caught.value.faults

    def fault(self, text: str | bytes) -> str:
        (fault,) = self.faults(text)
        return fault


def where(fault: str) -> tuple[int, int]:
    """Line and column of a fault."""
    found = MARK.search(fault)
    assert found, f"no line and column: {fault}"
    return int(found[1]), int(found[2])


def place(fault: str) -> str:
    return fault.partition(":")[0]
