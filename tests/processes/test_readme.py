"""The README's first screen: every command on it is run, or as much of it as can be run here."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.debian import package
from tests.debian.__main__ import PACKAGES
from tests.support.kitchen import Kitchen
from tests.support.processes import GASGUARD, ROOT, Process

READMES = ["README.md", "README.zh-CN.md"]
VENV = Path(sys.prefix)
MAKE = ["make", f"VENV={VENV}", "-o", str(VENV / ".ready")]
"""With the environment that is there, however old."""
ON_THEIR_OWN = {"tests/core", "tests/ha", "tests/stories"}
"""Folders of tests that have a target of their own."""


def screen(readme: str) -> str:
    """What stands before the first heading."""
    first, _, _ = (ROOT / readme).read_text().partition("\n## ")
    return first


def commands(readme: str) -> list[str]:
    text = screen(readme)
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"(?<!`)`(sudo [^`]+)`", text)


def test_it_is_one_screen_with_a_picture_a_sentence_and_few_commands():
    for readme in READMES:
        text = screen(readme)
        assert len(text.splitlines()) < 40
        (picture,) = re.findall(r'<img src="([^"]+)"', text)
        assert (ROOT / picture).is_file()
        assert len(re.findall(r"^\*\*.+?\*\*$", text, re.M | re.S)) == 1


def test_both_languages_have_the_same_commands():
    assert commands(READMES[0]) == commands(READMES[1])


@pytest.mark.parametrize("command", commands(READMES[0]))
def test_every_command_does_what_it_says(command, kitchen, tmp_path):
    """One that nobody here knows how to run must not stand there."""
    match shlex.split(command):
        case ["make", "demo"]:
            demo_runs(kitchen, tmp_path)
        case ["make", "test"]:
            runs_all_tests()
        case ["sudo", "apt", "install", file] if file.endswith(".deb"):
            is_what_the_builder_makes(file)
        case ["sudo", "apt", "install", *packages]:
            are_those_of_the_bare_system(packages)
        case ["sudo", "gasguard", *words]:
            is_a_command(words)
        case _:
            pytest.fail(f"nothing runs {command!r}")


def demo_runs(kitchen: Kitchen, folder: Path) -> None:
    demo = Process([*MAKE, "demo"], folder / "demo.log", env={"TMPDIR": str(folder)})
    try:
        demo.says("Ctrl-C ends the demo", within=60)
        config = next(folder.glob("gasguard-demo-*/config.yaml"))
        assert "left" in kitchen.cli("status", "-c", str(config)).out
        demo.type("quit")
        assert demo.wait(20) == 0
    finally:
        demo.send_signal(signal.SIGTERM)


def runs_all_tests() -> None:
    """`make test` is what runs this test, so it is only asked what it would do."""
    asked = subprocess.run(
        [*MAKE, "-n", "test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
    )
    told = asked.stdout
    places = set(re.findall(r"(?<!=)\btests/\S+", told))
    assert all((ROOT / place).exists() for place in places)
    folders = {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("tests/*/test_*.py")}
    files = {str(path.relative_to(ROOT)) for path in ROOT.glob("tests/test_*.py")}
    assert folders - ON_THEIR_OWN <= places
    assert files <= places
    assert "tests/core " in told and "--cov-fail-under=100" in told


def is_what_the_builder_makes(file: str) -> None:
    systems = [package.System.named(name) for name in package.ALL.split()]
    assert file.removeprefix("./") in [package.package(system).name for system in systems]


def are_those_of_the_bare_system(packages: list[str]) -> None:
    """Those with which `make test-debian` tries it; git only fetches the tree."""
    assert set(packages) - {"git"} <= set(PACKAGES.split(","))


def is_a_command(words: list[str]) -> None:
    done = subprocess.run([*GASGUARD, *words, "--help"], capture_output=True, text=True, check=True)
    assert f"gasguard {' '.join(words)}" in done.stdout
