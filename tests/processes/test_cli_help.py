"""`--help`, completion and the manual page: of all commands, on any screen."""

import os
import re
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from gasguard.cli.main import _COMMANDS, cli
from gasguard.cli.screen import cells
from tests.support.processes import GASGUARD, ROOT


def ask(*words: str, columns: int = 80, code: int = 0, **env: str) -> str:
    done = CliRunner().invoke(
        cli, list(words), env={"COLUMNS": str(columns), **env}, prog_name="gasguard"
    )
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize("command", ["", *_COMMANDS])
@pytest.mark.parametrize("columns", [40, 60, 80])
def test_help_fits_the_screen_and_breaks_no_word(command, columns):
    words = [command] if command else []
    wide = ask(*words, "--help", columns=10_000).split()
    narrow = ask(*words, "--help", columns=columns)
    assert narrow.split() == wide
    assert all(cells(line) <= columns for line in narrow.splitlines()), narrow
    assert "..." not in narrow.replace("]...", "")


@pytest.mark.parametrize("command", _COMMANDS)
def test_each_command_has_an_example_that_is_one(command):
    said = ask(command, "--help", columns=200)
    found = re.findall(r"^    (?:eval \"\$\()?gasguard (\S+)", said, re.M)
    assert found
    assert set(found) == {command}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("satus", "status"), ("STATUS", "status"), ("ofF", "off"), ("timr", "timer"),
        ("proof_test", "proof-test"), ("checkconfig", "check-config"), ("unlok", "unlock"),
        ("re-arm", "rearm"), ("histroy", "history"), ("docter", "doctor"), ("dmeo", "demo"),
    ],
)  # fmt: skip
def test_a_misspelt_command_is_recognised_and_not_carried_out(typed, meant):
    assert f"did you mean {meant}?" in ask(typed, code=2)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["status", "--wach"], "--watch"),
        (["demo", "--sped", "3"], "--speed"),
        (["timer", "left", "5m", "--mqt", "x"], "--mqtt"),
        (["--verson"], "--version"),
        (["history", "--sinc", "2h"], "--since"),
    ],
)
def test_so_is_a_misspelt_option(typed, meant):
    assert re.search(rf"(Did you mean|Possible options).*{meant}", ask(*typed, code=2))


def test_a_word_like_none_gets_the_way_to_all_of_them():
    assert "gasguard --help lists them" in ask("xyzzy", code=2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_the_shell_takes(shell):
    script = ask("completion", shell)
    assert f"_GASGUARD_COMPLETE={shell}_complete" in script
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=script.encode(), check=True, timeout=10)


def complete(*words: str) -> list[str]:
    done = subprocess.run(
        GASGUARD,
        env={
            **os.environ,
            "_GASGUARD_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("gasguard", *words)),
            "COMP_CWORD": str(len(words)),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_commands_options_and_burners_are_completed():
    assert complete("st") == ["status"]
    assert complete("status", "--w") == ["--watch"]
    example = str(ROOT / "config.example.yaml")
    assert complete("off", "-c", example, "") == ["left", "right", "all"]
    assert complete("timer", "-c", example, "R") == ["right"]
    assert complete("status", "-c", "/nowhere/config.yaml", "l") == []


def test_the_manual_page_has_every_command_and_option():
    page = ask("man")
    for name, command in ((name, cli.get_command(None, name)) for name in _COMMANDS):
        if command.hidden:
            continue
        assert f'.SS "gasguard {name}'.replace("-", "\\-") in page
        for parameter in command.params:
            if getattr(parameter, "hidden", False):
                continue
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                assert option.replace("-", "\\-") in page, (name, option)


def test_the_manual_page_is_sound():
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-Kutf8"],
        input=ask("man").encode(),
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert done.stderr == b""
    assert b"EXIT STATUS" in re.sub(rb"\x1b\[[\d;]*m|.\x08", b"", done.stdout)
