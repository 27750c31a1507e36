"""What people write at the command line, misspelt or not, and what they are told."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Callable

import pytest
import yaml

from tests.support.kitchen import GASGUARD, ROOT, Kitchen, burner
from tests.support.terminal import CTRL_C, Terminal

pytestmark = pytest.mark.long


@pytest.fixture(params=["socket", "broker"])
def ask(request, house):
    """The command line, through either link."""
    return house.local if request.param == "socket" else house.remote


def link(house: Kitchen, name: str) -> tuple[str, str]:
    return ("-c", str(house.path)) if name == "socket" else ("--mqtt", house.url)


@pytest.mark.parametrize("words", [["left"], ["LEFT"], ["left", "Left"]])
def test_status_of_one_burner(ask, words):
    said = ask("status", *words)
    assert said.code == 0, said
    assert [line.split()[0] for line in said.out.splitlines()] == ["burner", "left"]
    assert set(json.loads(ask("status", *words, "--json").out)) == {"left"}


def test_status_of_several_and_of_all(ask):
    for words in (["right", "LEFT"], ["all"], []):
        said = ask("status", *words)
        assert said.code == 0, said
        assert len(said.out.splitlines()) == 3


@pytest.mark.parametrize(
    "words", [("status", "lft"), ("status", "left", "lft"), ("timer", "lft", "5m"),
              ("lock", "Lft"), ("history", "lft"), ("off", "lft")],
)  # fmt: skip
def test_a_misspelt_burner_is_named_with_what_is_near_and_what_there_is(ask, words):
    said = ask(*words)
    assert said.code == 2, said
    assert re.search(r"no burner '[Ll]ft'; did you mean left\? there are: left, right", said.err)
    assert not said.out


@pytest.mark.parametrize("typed", ["20 min", "20min", "20 minutes", "20", "1h30", "PT20M"])
def test_durations_as_people_write_them(house, typed):
    said = house.local("timer", "LEFT", *typed.split())
    assert said.code == 0, said
    assert said.out.startswith("left: timer set to ")
    assert house.ask()["left"]["timer"] is not None


@pytest.mark.parametrize("typed", ["cancel", "CANCEL", "0"])
def test_a_timer_is_cancelled(house, typed):
    house.order("timer", "20m")
    said = house.local("timer", "left", typed)
    assert (said.code, said.out) == (0, "left: timer cancelled\n"), said
    assert house.ask()["left"]["timer"] is None


@pytest.mark.parametrize("typed", ["cancle", "cancl", "Cansel", "stop", "off", "end"])
def test_what_may_mean_cancel_names_it_and_changes_nothing(house, typed):
    house.order("timer", "20m")
    said = house.local("timer", "left", typed)
    assert said.code == 2, said
    assert "cancel" in said.err
    assert house.ask()["left"]["timer"] is not None
    assert house.ask()["left"]["phase"] == "ready"


def test_history_since_when(ask, house):
    house.order("timer", "20m")
    for since in ("30m", "2d", "1 day", "2020-01-01", "2020-01-01 18:30"):
        said = ask("history", "LEFT", "--since", since)
        assert said.code == 0, said
        assert "timer_started" in said.out
    for since in ("2999-01-01", "yesterday", "2020-13-01", "-2h", ""):
        said = ask("history", "--since", since)
        assert said.code == 2, said
        assert "--since" in said.err


def test_a_history_without_events_says_so(kitchen):
    kitchen.start(ready=None)
    said = kitchen.local("history", "--since", "1s")
    assert said.code == 0
    if not said.out:
        assert "nothing happened" in said.err


@pytest.mark.parametrize("way", ["socket", "broker"])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_ctrl_c_ends_a_watch_well(house, way, options):
    with Terminal("status", "--watch", *options, *link(house, way)) as terminal:
        terminal.says("right")
        terminal.type(CTRL_C)
        assert terminal.ends(5) == 0
        assert "Abort" not in terminal.text
        assert "Traceback" not in terminal.text


def _interrupted(words: tuple[str, ...], waits: Callable[[Terminal], object]) -> None:
    with Terminal(*words) as terminal:
        waits(terminal)
        terminal.type(CTRL_C)
        assert terminal.ends(10) == 130, terminal.text
        assert "Abort" not in terminal.text
        assert "Traceback" not in terminal.text


def test_ctrl_c_ends_a_search():
    words = ("discover", "--address", "127.0.0.9", "--seconds", "30")
    _interrupted(words, lambda terminal: terminal.says("listen"))


@pytest.mark.parametrize("words", [("timer", "left", "5m"), ("status",)])
def test_ctrl_c_ends_a_command_that_waits(words):
    # A socket of its own: one that is shared still holds what an earlier command has asked.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        broker = f"mqtt://127.0.0.1:{deaf.getsockname()[1]}"
        _interrupted((*words, "--mqtt", broker), lambda _: deaf.accept())


def test_ctrl_c_ends_doctor_though_the_broker_says_nothing(tmp_path):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        left = burner()
        data = {"mqtt": {"host": "127.0.0.1", "port": deaf.getsockname()[1]}, "state_dir": "state"}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump({**data, "burners": {"left": left}}))
        with Terminal("doctor", "-c", str(tmp_path / "config.yaml")) as terminal:
            deaf.accept()
            terminal.type(CTRL_C)
            assert terminal.ends(3) == 130, terminal.text
            assert "Traceback" not in terminal.text


def test_an_off_that_is_not_waited_for_is_not_said_to_be_done(make_kitchen):
    kitchen = make_kitchen()
    stove, _, _ = kitchen.start()
    stove.fault(offline=True)
    with Terminal("off", "left", "-c", str(kitchen.path)) as terminal:
        with pytest.raises(AssertionError):
            terminal.says("off", within=1.5)
        terminal.type(CTRL_C)
        assert terminal.ends(8) == 130
        assert "before it was confirmed" in terminal.text
        assert "gasguard status" in terminal.text


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_screen_breaks_no_word(house, columns):
    house.order("timer", "20m")
    for words in (("status",), ("history",), ("doctor",)):
        with Terminal(*words, "-c", str(house.path), columns=columns) as terminal:
            assert terminal.ends() == 0
        shown = re.sub(r"\x1b\[[\d;]*m", "", terminal.text)
        folder = str(house.folder)
        assert all(len(line) <= columns for line in shown.splitlines() if folder not in line), shown
        whole = house.cli(*words, "-c", str(house.path)).out.split()
        for word in ("left", "right", "ready", "timer_started", "broker", "synchronised"):
            if word in whole:
                assert word in shown.split()
    with Terminal("status", "-c", str(house.path), columns=columns) as terminal:
        terminal.ends()
    for word in ("left", "right", "phase:", "closed", "timer left:", "unknown"):
        assert word in terminal.text


def test_a_wide_one_has_a_row_a_burner(house):
    with Terminal("status", "-c", str(house.path), columns=120) as terminal:
        assert terminal.ends() == 0
        assert len(terminal.text.splitlines()) == 3


def test_colours_only_where_they_are_wanted(house):
    for words in (("status",), ("doctor",)):
        options = (*words, "-c", str(house.path))
        with Terminal(*options) as terminal:
            terminal.ends()
            assert "\x1b[" in terminal.text
        with Terminal(*options, env={"NO_COLOR": "1"}) as terminal:
            terminal.ends()
            assert "\x1b[" not in terminal.text
        assert "\x1b" not in house.cli(*options).out


@pytest.mark.parametrize(
    "words",
    [("history", "--since", "2d"), ("history", "--json"), ("status",), ("status", "--json"),
     ("doctor",), ("status", "--watch", "--json")],
)  # fmt: skip
def test_a_reader_that_goes_is_no_fault(house, words):
    """`gasguard history | head -1`."""
    for minutes in range(5):
        house.order("timer", f"{minutes + 1}m")
    process = subprocess.Popen(
        [*GASGUARD, *words, "-c", str(house.path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    process.stdout.close()
    if "--watch" in words:
        house.order("timer", "9m")
    said = process.stderr.read().decode()
    process.stderr.close()
    process.wait(10)
    assert said == ""


@pytest.mark.parametrize("full", [False, True], ids=["the reader is gone", "the disk is full"])
def test_what_is_done_is_done_though_nobody_can_read_it(house, full):
    """`gasguard off | true` must neither fail nor leave the second burner's read-back out."""
    for words in (("off", "left", "right"), ("timer", "right", "5m"), ("timer", "right", "cancel")):
        said = unread(house, full, *words)
        assert (said.returncode, said.stderr) == (0, b""), words


@pytest.mark.parametrize(
    "words",
    [("status",), ("history",), ("history", "--json"), ("explain",), ("schedule",), ("off", "-h")],
)  # fmt: skip
def test_an_answer_that_cannot_be_written_is_said_to_be_in_a_line(house, words):
    house.order("timer", "5m")
    said = unread(house, True, *words)
    assert said.returncode == 1
    assert said.stderr == b"gasguard: the answer cannot be written: No space left on device\n"


def unread(house, full, *words):
    """A command whose standard output takes nothing."""
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full" if full else writer, "wb") as out:
        if full:
            os.close(writer)
        where = () if "-h" in words else ("-c", str(house.path))
        return subprocess.run(
            [*GASGUARD, *words, *where], cwd=ROOT, stdout=out, stderr=subprocess.PIPE, check=False
        )


def test_ctrl_c_while_it_is_still_being_imported_is_no_fault(tmp_path):
    """As of somebody quicker than a Pi's card: click, the first import, takes long here."""
    (tmp_path / "click.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n"
    )
    ended = subprocess.run(
        [*GASGUARD, "status"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        timeout=8,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (130, b"")
