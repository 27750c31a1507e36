"""The page as its unit has it: a user of its own, in the daemon's group."""

import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import Mosquitto
from tests.support.kitchen import TOKEN, Kitchen, burner
from tests.support.page import Page
from tests.support.processes import ROOT
from tests.support.waiting import eventually

DAEMON, PAGE = 64001, 64002
"""Users that nobody else is, and the daemon's group."""
SYSTEMS = Path(f"/usr/bin/python3.{sys.version_info.minor}")
"""A Python that every user may run, as that in /usr/lib/gasguard."""


def as_user(user: int, *command: str) -> list[str]:
    shell = ("sh", "-c", 'umask 0077; exec "$@"', "sh")
    return ["setpriv", f"--reuid={user}", f"--regid={DAEMON}", "--clear-groups", *shell, *command]


def may_read(path: Path) -> bool:
    return (
        subprocess.run(as_user(PAGE, "cat", str(path)), capture_output=True, check=False).returncode
        == 0
    )


@pytest.fixture
def kitchen(broker: Mosquitto) -> Iterator[Kitchen]:
    """In a folder that others may enter: those of tests are their user's alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        kitchen = Kitchen(Path(folder), broker, {"left": burner()})
        yield kitchen
        kitchen.close()


@pytest.mark.skipif(
    os.geteuid() != 0 or not SYSTEMS.exists() or shutil.which("setpriv") is None,
    reason="only root becomes other users, with a Python that they may run",
)
def test_it_speaks_to_the_daemon_and_reads_none_of_its_secrets(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
):
    kitchen.stove()
    secret = kitchen.folder / "left.token"
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    os.chown(secret, DAEMON, DAEMON)
    page = Page(kitchen)
    text = kitchen.path.read_text()
    assert text.count(TOKEN) == 1
    kitchen.path.write_text(text.replace(TOKEN, "!file left.token"))
    kitchen.path.chmod(0o640)
    os.chown(kitchen.path, 0, DAEMON)
    folder = kitchen.state_dir / "web"
    folder.mkdir(parents=True, mode=0o700)
    os.chown(folder, PAGE, DAEMON)
    kitchen.state_dir.chmod(0o750)
    os.chown(kitchen.state_dir, DAEMON, DAEMON)

    env = {"PYTHONPATH": os.pathsep.join([str(ROOT), *site.getsitepackages()]), "HOME": "/nowhere"}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    python = (str(SYSTEMS), "-m", "gasguard")
    monkeypatch.setattr("tests.support.kitchen.GASGUARD", [*as_user(DAEMON), *python])
    kitchen.run(env=env)
    eventually(lambda: (kitchen.ask() or {}).get("left", {}).get("phase") == "ready", 15)
    monkeypatch.setattr("tests.support.kitchen.GASGUARD", [*as_user(PAGE), *python])
    page.start(env=env)

    assert page.get("/healthz").data["daemon"] == "ok"
    assert page.post("/api/off").status == 200
    assert may_read(kitchen.path)
    assert not may_read(secret)
    assert not may_read(kitchen.state_dir / "guard.db")
    assert [one.name for one in folder.iterdir()] == ["setup-code"]
    assert (folder / "setup-code").stat().st_uid == PAGE
    # Root's command line writes what the page then reads.
    monkeypatch.setattr("tests.support.kitchen.GASGUARD", [sys.executable, "-m", "gasguard"])
    assert "Setup code" in kitchen.local("web-code", "--reset").out
    assert (folder / "setup-code").stat().st_uid == PAGE
