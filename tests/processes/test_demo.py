"""`gasguard demo`: the whole product on one machine, as a visitor tries it."""

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.stories.test_stories import tells
from tests.support.brokers import program
from tests.support.ear import Ear
from tests.support.http import Client
from tests.support.kitchen import Kitchen
from tests.support.processes import GASGUARD, ROOT, Process, free_port
from tests.support.terminal import CTRL_C, CTRL_D, Terminal
from tests.support.waiting import eventually


class Demo:
    """A running demo, its listener, and what the visitor types."""

    def __init__(self, kitchen: Kitchen, process: Process) -> None:
        self.kitchen, self.process = kitchen, process
        process.says("Ctrl-C ends the demo", within=20)
        found = re.search(r"mqtt://127\.0\.0\.1:(\d+)", process.output)
        assert found, process.output
        self.port = int(found[1])
        self.ear = Ear(self.port, "gasguard", mqtt5=False)

    def stove(self, burner: str) -> dict:
        newest = self.ear._newest.get(f"gasguard_sim/{burner}/state")
        return newest.json if newest else {"flame": None}

    def hood(self) -> str | None:
        """How it says that it runs."""
        newest = self.ear._newest.get("gasguard_sim/hood")
        return newest.text if newest else None

    def burns(self, burner: str) -> None:
        """Wait until the burner is lit and the knob let go."""
        eventually(
            lambda: (s := self.stove(burner))["flame"] is True and s["knob"] == "on",
            12,
            f"{burner} burns",
        )

    def goes_out(self, burner: str, within: float = 5.0) -> None:
        eventually(lambda: self.stove(burner)["flame"] is False, within, f"{burner} goes out")

    def light_again(self, burner: str) -> None:
        """Re-arm, then press the knob."""
        mark = self.ear.mark
        self.ear.send(f"{burner}/rearm/set", "REARM")
        self.ear.until(burner, phase="ready", since=mark)
        self.console(f"light {burner}")
        self.burns(burner)

    def console(self, line: str) -> None:
        self.ear.base = "gasguard_sim"
        self.ear.send("console/set", line)
        self.ear.base = "gasguard"


@pytest.fixture
def demo(kitchen, tmp_path):
    folder = tmp_path / "demo"
    process = kitchen.process(
        "demo", "--mqtt-port", "0", "--web-port", "0", "--state-dir", str(folder), "--speed", "20"
    )
    demo = Demo(kitchen, process)
    demo.config = folder / "config.yaml"
    yield demo
    demo.ear.close()
    assert process.stop() == 0


def test_each_way_in_puts_the_simulated_flame_out(demo):
    for name in ("left", "right"):
        demo.burns(name)
        demo.ear.until(name, phase="ready", flame="lit")
    cli = demo.kitchen.cli

    said = cli("timer", "left", "1s", "-c", str(demo.config))
    assert said.code == 0, said
    demo.goes_out("left")
    trip = demo.ear.until("left", phase="tripped")["last_trip"]
    assert (trip["reason"], trip["confirmed"]) == ("timer", True)

    said = cli("off", "right", "-c", str(demo.config))
    assert said.code == 0, said
    assert re.fullmatch(r"right: off, confirmed in \d+ ms\n", said.out)
    demo.goes_out("right")

    demo.light_again("left")
    mark = demo.ear.mark
    sent = subprocess.run(
        [program("mosquitto_pub"), "-p", str(demo.port), "-t", "gasguard/all/off/set", "-n"],
        check=False, capture_output=True, timeout=10,
    )  # fmt: skip
    assert sent.returncode == 0, sent
    demo.goes_out("left")
    demo.ear.ack("confirmed", "left", since=mark)
    demo.ear.ack("confirmed", "right", since=mark)

    demo.light_again("right")
    mark = demo.ear.mark
    demo.console("mihome right off")
    demo.goes_out("right")
    trip = demo.ear.until("right", phase="tripped", since=mark)["last_trip"]
    assert (trip["reason"], trip["source"], trip["confirmed"]) == ("voice", "mi_home", True)


def test_the_greeting_names_addresses_and_three_commands_that_work(demo):
    text = demo.process.output
    assert f"off left --mqtt mqtt://127.0.0.1:{demo.port}" in text
    assert "timer left 30s" in text
    assert "off right" in text
    assert re.search(r"relay\s+127\.0\.0\.1:\d+", text)
    said = demo.kitchen.cli("status", "-c", str(demo.config))
    assert said.code == 0, said
    assert "left" in said.out
    assert "right" in said.out
    said = demo.kitchen.cli("off", "--mqtt", f"mqtt://127.0.0.1:{demo.port}")
    assert said.code == 0, said
    assert len(re.findall(r"^(left|right): off, confirmed in \d+ ms$", said.out, re.M)) == 2


@pytest.mark.long
def test_the_hood_follows_both_burners_and_a_hand_on_it_wins(demo):
    for name in ("left", "right"):
        demo.burns(name)
    eventually(lambda: demo.hood() == "high", 10, "the hood follows both")
    # What a hood tells right after an order may be its echo.
    time.sleep(7)
    demo.process.type("hood off")
    demo.process.says("hood: off")
    told = demo.process.output
    demo.process.type("turn_off right")
    demo.goes_out("right")
    time.sleep(3)
    assert "hood: " not in demo.process.output[len(told) :]
    eventually(lambda: demo.hood() == "low", 20, "the hand's time is over")


def test_a_taken_port_is_named(kitchen, tmp_path, broker):
    said = kitchen.cli("demo", "--mqtt-port", str(broker.port), "--state-dir", str(tmp_path / "d"))
    assert said.code in (1, 2), said
    assert str(broker.port) in said.err


UP = "Ctrl-C ends the demo"


def options(folder, *more: str) -> list[str]:
    return ["demo", "--mqtt-port", "0", "--state-dir", str(folder), *more]


def test_what_is_printed_can_be_pasted_anywhere(demo, tmp_path):
    commands = re.findall(r"^  (.* (?:timer|off) .*)$", demo.process.output, re.M)
    assert len(commands) >= 3, demo.process.output
    for command in commands:
        if "mosquitto_pub" in command:
            continue
        said = subprocess.run(
            shlex.split(command), cwd=tmp_path, capture_output=True, timeout=20, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert said.returncode == 0, (command, said)


@pytest.mark.long
def test_a_second_demo_starts_as_fresh_as_the_first(kitchen, tmp_path):
    folder = tmp_path / "demo"
    for _ in range(2):
        process = kitchen.process(*options(folder))
        process.says(UP, within=20)
        said = kitchen.cli("status", "-c", str(folder / "config.yaml"))
        for name in ("left", "right"):
            assert re.search(rf"^{name} +ready +closed +lit +- +-", said.out, re.M), said
        said = kitchen.cli("timer", "left", "30s", "-c", str(folder / "config.yaml"))
        assert said.code == 0, said
        said = kitchen.cli("lock", "right", "-c", str(folder / "config.yaml"))
        assert said.code == 0, said
        assert process.stop() == 0
        said = kitchen.cli("off", "-c", str(folder / "config.yaml"))
        assert said.code == 3, said
        assert "the demo has ended" in said.err
        assert "gasguard demo" in said.err


@pytest.mark.long
def test_a_damaged_state_does_not_matter_to_the_next_demo(kitchen, tmp_path):
    folder = tmp_path / "demo"
    process = kitchen.process(*options(folder))
    process.says(UP, within=20)
    process.kill()
    kitchen._others.remove(process)
    (folder / "guard.db").write_bytes(b"garbage" * 1000)
    process = kitchen.process(*options(folder))
    process.says(UP, within=20)
    said = kitchen.cli("status", "-c", str(folder / "config.yaml"))
    assert said.out.count(" ready ") == 2, said


@pytest.mark.long
def test_a_running_demo_is_not_started_again(kitchen, tmp_path):
    folder = tmp_path / "demo"
    process = kitchen.process(*options(folder))
    process.says(UP, within=20)
    before = (folder / "config.yaml").read_text()
    said = kitchen.cli(*options(folder))
    assert said.code == 1, said
    assert "running" in said.err
    assert "--state-dir" in said.err
    assert (folder / "config.yaml").read_text() == before
    said = kitchen.cli("off", "left", "-c", str(folder / "config.yaml"))
    assert said.code == 0, said


@pytest.mark.parametrize("name", ["config.yaml", "guard.db"])
def test_what_no_demo_has_written_is_left_alone(kitchen, tmp_path, name):
    (tmp_path / name).write_text("mine")
    said = kitchen.cli(*options(tmp_path))
    assert said.code == 1, said
    assert str(tmp_path / name) in said.err
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir() if one.is_file()] == [
        (name, "mine")
    ]


def test_somebody_elses_link_is_not_followed(kitchen, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    said = kitchen.cli(*options(tmp_path / "link"))
    assert said.code == 1, said
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.long
def test_its_own_folder_is_found_by_other_commands_and_said_to_have_ended(kitchen, tmp_path):
    env = {"TMPDIR": str(tmp_path), "XDG_CONFIG_HOME": "/nowhere"}
    (tmp_path / "empty").mkdir()

    def ask(*words: str):
        return kitchen.cli(*words, env=env, cwd=tmp_path / "empty")

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    process = kitchen.process("demo", "--mqtt-port", port, env=env)
    process.says(UP, within=20)
    assert ask("status").out.count(" ready ") == 2
    assert ask("off", "left").code == 0
    assert process.stop() == 0
    for words in (("status",), ("off", "left"), ("timer", "left", "5m"), ("history",)):
        for way in ((), ("--mqtt", f"mqtt://127.0.0.1:{port}")):
            said = ask(*words, *way)
            assert said.code == 3, said
            assert "has ended" in said.err
            assert "gasguard demo" in said.err


@pytest.mark.parametrize(
    "end",
    [CTRL_C, CTRL_D, "quit\n", "exit\n", "q\n", "Quit\n", signal.SIGTERM, signal.SIGHUP, None],
)
def test_it_ends_well_however_it_is_ended(tmp_path, end):
    """At a terminal; None: its window is closed."""
    with Terminal(*options(tmp_path / "demo")) as terminal:
        terminal.says(UP)
        if end is None:
            terminal.hang_up()
        elif isinstance(end, str):
            terminal.type(end)
        else:
            terminal.process.send_signal(end)
        assert terminal.ends() == 0, terminal.text
        assert "Traceback" not in terminal.text
        assert end is None or "The demo ends" in terminal.text


def test_a_client_that_has_not_said_all_of_its_connect_leaves_no_trace_of_it(kitchen):
    port = free_port()
    process = kitchen.process("demo", "--mqtt-port", str(port))
    process.says(UP, within=20)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"\x10\x20\x00\x04MQTT\x04\x06\x00\x3c\x00\x01a\x00")
        assert process.stop() == 0
    assert "Traceback" not in process.output


def test_what_is_typed_is_done_and_what_comes_of_it_is_told(tmp_path):
    with Terminal(*options(tmp_path / "demo", "--speed", "20")) as terminal:
        terminal.says(UP)
        terminal.type("timer LEFT 1s\n")
        terminal.says("left: timer ends in 1s")
        terminal.says("left: flame out")
        terminal.says("(timer by cli)")
        assert re.search(r"left: off, confirmed in \d+ ms \(timer by cli\)", terminal.text)
        terminal.type("off Right\n")
        terminal.says("right: flame out")
        terminal.says("(remote by cli)")
        assert re.search(r"right: off, confirmed in \d+ ms", terminal.text)
        terminal.says("left: circuit closed again")
        terminal.type("light left\n")
        terminal.says("left: flame lit")
        terminal.type("gasguard lock left\n")
        terminal.says("left: locked (child)")
        terminal.type("unlock left\n")
        terminal.says("left: unlocked")
        terminal.type("timer left 5m --when-lit --label eggs\n")
        terminal.says("left: timer waits for the flame")
        terminal.type("timer right 1s --remind --label rice\n")
        terminal.says("right: reminder: rice")
        terminal.type("timer left 25h\n")
        terminal.says("left: refused")
        terminal.type("status right LEFT\n")
        terminal.says("in the kitchen:")
        terminal.says("left: knob")
        terminal.type("off\n")
        for wrong, told in (
            ("tmer left 5m", "did you mean timer?"),
            ("timer left cancle", "did you mean cancel?"),
            ("timer left", "timer BURNER 20m"),
            ("timer left --until 25:00", "18:30"),
            ("timer left 5m --lable eggs", "--label"),
            ("off lft", "did you mean left?"),
            ("lihgt left", "did you mean light?"),
            ("lock", "name one burner: left, right"),
        ):
            terminal.type(f"{wrong}\n")
            terminal.says(told)
        terminal.type("help\n")
        terminal.says("timer BURNER 20m  ")
        terminal.says("blow_out")


@pytest.mark.long
@pytest.mark.parametrize("stdin", ["closed", "null", "pipe"])
def test_without_a_terminal_it_goes_on(kitchen, tmp_path, stdin):
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&-', "sh", *GASGUARD, *options(tmp_path / "demo")]
        if stdin == "closed"
        else [*GASGUARD, *options(tmp_path / "demo")],
        stdin=subprocess.PIPE if stdin == "pipe" else subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=ROOT,
    )
    try:
        if process.stdin:
            process.stdin.write(b"off left\n")
            process.stdin.close()

        def said() -> str:
            return (tmp_path / "log").read_text()

        eventually(lambda: UP in said(), 20, "it is up")
        wanted = "left: off, confirmed" if stdin == "pipe" else UP
        eventually(lambda: wanted in said(), 5, "it hears what was piped in")
        status = kitchen.cli("status", "-c", str(tmp_path / "demo" / "config.yaml"))
        assert status.code == 0, status
    finally:
        process.terminate()
        assert process.wait(10) == 0
        log.close()
    assert "Traceback" not in said()


@pytest.mark.long
def test_nobody_reading_holds_up_nothing(kitchen, tmp_path):
    """A terminal on Ctrl-S, a pager: the guard inside goes on, and the end comes all the same."""
    process = subprocess.Popen(
        [*GASGUARD, *options(tmp_path / "demo")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
    )  # fmt: skip
    try:
        while UP.encode() not in process.stdout.readline():
            pass
        process.stdin.write(b"help\nfaults\n" * 200)
        process.stdin.flush()
        said = kitchen.cli("off", "left", "-c", str(tmp_path / "demo" / "config.yaml"))
        assert said.code == 0, said
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdin.close()
        process.stdout.close()


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "fast"])
def test_a_speed_that_is_none_is_bad_usage(kitchen, tmp_path, speed):
    said = kitchen.cli(*options(tmp_path / "demo", "--speed", speed))
    assert said.code == 2, said
    assert "--speed" in said.err


def test_two_that_start_at_once_do_not_take_each_others_ports(kitchen, tmp_path):
    both = [kitchen.process("demo", "--state-dir", str(tmp_path / name)) for name in "ab"]
    for process in both:
        process.says(UP, within=20)
    ports = [re.findall(r"127\.0\.0\.1:(\d+)", process.output)[:2] for process in both]
    assert not set(ports[0]) & set(ports[1])


@pytest.mark.long
def test_it_plays_a_story_and_ends(tmp_path):
    """`make stories` plays them all."""
    tells("gas", tmp_path)


# --- the page -------------------------------------------------------------------------------------


def page_of(demo: Demo) -> Client:
    found = re.search(r"page +http://127\.0\.0\.1:(\d+)/", demo.process.output)
    assert found, demo.process.output
    return Client(int(found[1]))


def test_the_page_is_there_with_the_greeting_and_puts_the_flame_out(demo):
    page = page_of(demo)
    assert page.get("/").status == 200
    assert set(page.get("/api/state").data["burners"]) == {"left", "right"}
    demo.burns("left")
    assert page.post("/api/burners/left/off").data["status"] == "confirmed"
    demo.goes_out("left")
    demo.process.says("(remote by web)")
    assert demo.kitchen.cli("check-config", "-c", str(demo.config)).code == 0
    said = demo.kitchen.cli("web", "-c", str(demo.config))
    assert said.code == 2, said
    assert "is in use" in said.err


def pid_of_page(demo: Demo) -> int:
    children = Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children").read_text()
    (pid,) = [
        pid
        for pid in map(int, children.split())
        if b".web" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return pid


def test_a_page_that_dies_does_not_end_the_demo(demo):
    assert page_of(demo).get("/healthz").status == 200
    os.kill(pid_of_page(demo), signal.SIGKILL)
    demo.process.says("The page has ended")
    assert demo.kitchen.cli("off", "left", "-c", str(demo.config)).code == 0


def test_the_page_ends_with_the_demo_however_that_ends(kitchen, tmp_path):
    for end in (signal.SIGKILL, signal.SIGTERM):
        process = kitchen.process(*options(tmp_path / "demo", "--web-port", "0"))
        demo = Demo(kitchen, process)
        demo.ear.close()
        assert page_of(demo).get("/healthz").status == 200
        page = Path(f"/proc/{pid_of_page(demo)}")
        process.send_signal(end)
        process.wait()
        kitchen._others.remove(process)
        eventually(lambda page=page: not page.exists(), 4, "the page has ended")
        assert "Traceback" not in (tmp_path / "demo" / "web.log").read_text()


def test_a_taken_port_of_the_page_is_named(kitchen, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = kitchen.cli(*options(tmp_path / "d", "--web-port", port))
    assert said.code in (1, 2), said
    assert f"port {port}" in said.err
