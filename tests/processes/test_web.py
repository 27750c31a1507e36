"""The page's process beside the daemon's: what each notices of the other, its begin and its end."""

import contextlib
import itertools
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.support.kitchen import TOKEN, Kitchen, burner
from tests.support.page import Page, Phone
from tests.support.processes import free_port
from tests.support.waiting import eventually, never

PASSWORD = "s3cret-of-the-broker"


@pytest.fixture
def page(kitchen: Kitchen) -> Page:
    """Beside a daemon with one burner, ready."""
    page = Page(kitchen)
    kitchen.start()
    return page.start()


# --- a daemon that is gone ------------------------------------------------------------------------


def lost(page: Page, phone: Phone, since: int) -> None:
    """It is said soon, and instead of any old state."""
    begun = time.monotonic()
    phone.sees("unreachable", since=since, within=4.0)
    assert time.monotonic() - begun < 4.0
    since = phone.mark
    phone.sees("unreachable", since=since, within=3.0)
    assert phone.of("state", since) == []
    answer = page.get("/api/state")
    assert (answer.status, answer.data["code"]) == (503, "unreachable")
    assert "by hand" in answer.data["message"]
    assert page.get("/healthz").data == {"status": "ok", "daemon": "unreachable"}


def test_a_daemon_that_is_killed_is_told_at_once_and_found_again(page):
    with page.phone() as phone:
        state = phone.sees("state")
        assert set(state) == {"burners", "schedules", "sensors", "troubles", "now"}
        mark = phone.mark
        page.kitchen.daemons[-1].kill()
        lost(page, phone, mark)
        answer = page.post("/api/off")
        assert (answer.status, answer.data["code"]) == (503, "unreachable")
        said = page.post("/api/off", form="", accept="text/html")
        assert (said.status, "by hand" in said.text) == (503, True)
        mark = phone.mark
        page.kitchen.daemon()
        phone.sees("state", lambda one: one["burners"]["left"]["phase"] == "ready", since=mark)
        assert page.post("/api/burners/left/off").status == 200
        assert not phone.ended.is_set()
    log = page.process.output
    assert log.count("nothing from the daemon") == 1, log
    assert log.count("the daemon is there") == 2, log
    assert "/api/" not in log


def test_a_daemon_that_stands_still_is_no_daemon_and_does_nothing_later_but_an_off(page):
    daemon = page.kitchen.daemons[-1]
    page.kitchen.expected_errors = True  # it says that it was late
    with page.phone() as phone:
        phone.sees("state")
        mark = phone.mark
        daemon.send_signal(signal.SIGSTOP)
        lost(page, phone, mark)
        answers = [
            page.post("/api/burners/left/timer", {"duration": "8m"}),
            page.post("/api/burners/left/lock"),
            page.post("/api/off"),
        ]
        assert {answer.status for answer in answers} == {503}
        assert max(answer.took for answer in answers) < 6.0
        mark = phone.mark
        daemon.send_signal(signal.SIGCONT)
        phone.sees("state", lambda one: one["burners"]["left"]["contact"] == "open", since=mark)
        state = page.get("/api/state").data["burners"]["left"]
        assert (state["timer"], state["locks"]) == (None, [])
        assert state["last_trip"]["source"] == "web"


def test_it_may_be_there_first(kitchen):
    page = Page(kitchen).start()
    with page.phone() as phone:
        phone.sees("unreachable")
        kitchen.start()
        phone.sees("state", lambda one: one["burners"]["left"]["phase"] == "ready")


def test_another_kitchens_daemon_is_not_spoken_to(make_kitchen):
    """It has been found at this kitchen's socket: a link, or a folder that was copied."""
    other = make_kitchen(left=burner())
    stove, _, _ = other.start()
    kitchen = make_kitchen(left=burner())
    page = Page(kitchen)
    kitchen.state_dir.mkdir()
    kitchen.socket_path.symlink_to(other.socket_path)
    page.start()
    with page.phone() as phone:
        phone.sees("unreachable")
        for answer in (page.get("/api/state"), page.post("/api/off")):
            assert (answer.status, answer.data["code"]) == (503, "unreachable")
            assert str(other.folder) not in answer.text
        page.process.says("another kitchen's daemon")
        assert stove.circuit() == "closed"
        assert phone.of("state") == []


# --- what is streamed -----------------------------------------------------------------------------


def test_states_events_and_comments_in_their_order(page):
    with page.phone() as phone, page.phone() as other:
        for one in (phone, other):
            one.sees("state")
        mark = phone.mark
        page.post("/api/burners/left/timer", {"duration": "8m", "label": "鸡蛋"})
        page.post("/api/burners/left/off")
        phone.sees("event", lambda one: one["type"] == "trip_confirmed", since=mark)
        phone.sees("comment", within=7)
        frames = phone.frames[mark:]
        kinds = [data["type"] for _, kind, data in frames if kind == "event"]
        order = ["timer_started", "timer_cancelled", "trip", "trip_confirmed"]
        assert kinds[:4] == order
        told = next(i for i, (_, _, data) in enumerate(frames) if "trip_confirmed" in str(data))
        before = [data for _, kind, data in frames[:told] if kind == "state"]
        assert before[-1]["burners"]["left"]["contact"] == "open"
        assert other.of("event") == phone.of("event", mark)
        times = [at for at, kind, _ in phone.frames if kind == "state"]
        assert max(b - a for a, b in itertools.pairwise(times)) < 2.5


def test_events_are_not_lost_while_a_phone_reads_slowly(page):
    """It is stopped in the middle of a frame, as a phone whose Wi-Fi fades for some seconds."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with connection:
        connection.settimeout(10)
        connection.connect(("127.0.0.1", page.port))
        connection.sendall(f"GET /api/events HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode())
        connection.recv(100)
        # More than fits into the kernel's buffers and the page's own; then what must not be lost.
        for label in (*(f"fill{'x' * 60}" for _ in range(300)), *(f"kept{n}" for n in range(50))):
            page.kitchen.order("timer", json.dumps({"duration": "8m", "label": label}))
        labels: list[str] = []
        # The state with the last label comes before that label's event: only events count.
        with connection.makefile("rb") as lines:
            for kind, line in itertools.pairwise(lines):
                if kind == b"event: event\n":
                    labels.append(json.loads(line.removeprefix(b"data: "))["label"])
                if labels[-1:] == ["kept49"]:
                    break
        assert [one for one in labels if one.startswith("kept")] == [f"kept{n}" for n in range(50)]


@pytest.mark.long
def test_who_does_not_read_is_let_go(page):
    with page.phone() as phone:
        phone.sees("state")
        fds = Path(f"/proc/{page.process.pid}/fd")
        before = len(os.listdir(fds))
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        with slow:
            slow.connect(("127.0.0.1", page.port))
            slow.sendall(f"GET /api/events HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode())
            eventually(lambda: len(os.listdir(fds)) > before)
            over = threading.Event()

            def busy() -> None:
                while not over.is_set():
                    page.kitchen.order("timer", "8m")

            thread = threading.Thread(target=busy)
            thread.start()
            try:
                eventually(lambda: len(os.listdir(fds)) == before, 60, "it is let go", every=0.5)
                assert page.post("/api/burners/left/off").took < 1.5
            finally:
                over.set()
                thread.join(10)
        assert not phone.ended.is_set()


# --- an off gets through --------------------------------------------------------------------------


def test_an_off_works_though_the_daemon_has_all_the_clients_that_it_serves(page):
    with contextlib.ExitStack() as stack:

        def is_full() -> bool:
            client = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            client.settimeout(5)
            client.connect(str(page.kitchen.socket_path))
            client.sendall(b'{"command": "watch"}\n')
            return b"busy" in client.recv(100)

        eventually(is_full, 10, "no more are served", every=0)
        refused = page.get("/api/state")
        assert (refused.status, refused.data["code"]) == (503, "busy")
        answer = page.post("/api/burners/left/off")
        assert (answer.status, answer.data["status"]) == (200, "confirmed")
        assert answer.took < 1.5


def test_an_off_waits_for_no_questions(page):
    """A hundred at a time, of which the daemon gets a few."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            assert page.get("/api/history?since=1h").status == 200

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    try:
        assert page.post("/api/burners/left/off").took < 1.5
        assert page.kitchen.local("status").code == 0
    finally:
        over.set()
        for thread in threads:
            thread.join(20)


# --- its end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_two_seconds_with_twenty_phones_that_look_on(page, number):
    with contextlib.ExitStack() as stack:
        phones = [stack.enter_context(page.phone()) for _ in range(20)]
        for phone in phones:
            phone.sees("state", within=10)
        asked = f"GET /api/events HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode()
        for said in (b"", b"GET / HT", asked):
            for _ in range(5):
                slow = stack.enter_context(socket.socket())
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                slow.connect(("127.0.0.1", page.port))
                slow.sendall(said)
        begun = time.monotonic()
        page.process.send_signal(number)
        assert page.process.wait(5) == 0
        # Promised are 2 s; a machine on which all tests run at once has other things to do.
        assert time.monotonic() - begun < 4.0
        for phone in phones:
            assert phone.ended.wait(1.0)
    assert "Traceback" not in page.process.output


def test_systemd_is_told_that_it_serves_and_lives(kitchen, tmp_path):
    page = Page(kitchen)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(15)
        page.start(env={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000000"})
        assert systemd.recv(1000) == b"READY=1"
        for _ in range(2):
            said = systemd.recv(1000).decode().splitlines()
            assert said[0] == "WATCHDOG=1"
            assert said[1].startswith("STATUS=")


def test_it_dies_without_the_daemon_noticing(page):
    before = page.kitchen.daemons[-1].output
    with page.phone() as phone:
        phone.sees("state")
        page.process.kill()
    page.kitchen._others.remove(page.process)
    assert page.kitchen.local("off", "left").code == 0
    said = page.kitchen.daemons[-1].output.removeprefix(before)
    assert "ERROR" not in said
    page.start()
    assert page.get("/healthz").data["daemon"] == "ok"


# --- its beginning --------------------------------------------------------------------------------


def refused(kitchen: Kitchen, *words: str) -> None:
    kitchen.write()
    said = kitchen.cli("web", "-c", str(kitchen.path))
    assert said.code == 2, said
    for word in words:
        assert word in said.err, said
    assert "Traceback" not in said.err


def test_without_settings_it_says_what_to_write(kitchen):
    refused(kitchen, "web: is missing", "web: {}")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"port": 0}, ["web.port"]),
        ({"port": "many"}, ["web.port"]),
        ({"hots": "0.0.0.0"}, ["web.hots", "host"]),
        ({"language": "fr"}, ["web.language", "zh"]),
        ({"metrics_token": "short"}, ["web.metrics_token", "openssl rand"]),
        ({"names": "gasguard.local"}, ["web.names"]),
        ({"host": "203.0.113.1"}, ["203.0.113.1 is no address of this machine", "web: host:"]),
        ({"host": "nobody.invalid"}, ["nobody.invalid is no address of this machine"]),
        ({"host": "127.0.0.1", "port": 1}, ["above 1023"]),
    ],
)
def test_settings_that_cannot_be_are_named(kitchen, settings, words):
    if settings.get("port") == 1 and os.geteuid() == 0:
        pytest.skip("root may take any port")
    kitchen.data["web"] = settings
    refused(kitchen, *words)
    if "host" not in settings:
        assert kitchen.local("check-config").code == 2


def test_a_taken_port_is_named(kitchen):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        kitchen.data["web"] = {"host": "127.0.0.1", "port": port}
        refused(kitchen, f"port {port} is in use", "web: port:")


def test_other_faults_of_the_file_and_secrets_out_of_reach_do_not_matter(kitchen):
    kitchen.data["mqtt"]["password_file"] = "/nowhere"
    kitchen.data["burners"]["left"]["name"] = 7
    page = Page(kitchen).start()
    assert page.get("/healthz").status == 200
    assert f"http://127.0.0.1:{page.port}/" in page.process.output


def test_where_nothing_can_be_kept_it_says_so_and_an_off_works(make_kitchen):
    kitchen = make_kitchen()
    page = Page(kitchen)
    kitchen.start()
    (kitchen.state_dir / "web").write_text("no folder")
    page.start()
    page.process.says("no password can be set")
    assert page.post("/api/burners/left/off").status == 200


def test_it_holds_no_secret(make_kitchen, own_broker):
    """Neither what the file says nor what its environment had: not in memory either."""
    kitchen = make_kitchen()
    kitchen.data["mqtt"] |= {"username": "gasguard", "password": PASSWORD}
    kitchen.data["messages"] = {"to": {"mum": "ntfy://topic-of-mum-alone"}}
    page = Page(kitchen)
    kitchen.start()
    page.start(env={"GASGUARD_SECRET": "env-of-the-daemon-alone", "AWS_SECRET": "others-secret"})
    assert page.get("/api/state").status == 200
    secrets = [TOKEN, PASSWORD, "topic-of-mum-alone", "env-of-the-daemon-alone", "others-secret"]
    process = Path(f"/proc/{page.process.pid}")
    seen = process.joinpath("environ").read_bytes() + process.joinpath("cmdline").read_bytes()
    assert memory_has(page.process.pid, b"gasguard.interfaces.web"), "the search works"
    for secret in secrets:
        assert secret.encode() not in seen
        assert not memory_has(page.process.pid, secret.encode()), secret
    held = {os.path.realpath(one) for one in process.joinpath("fd").iterdir()}
    assert not any("config.yaml" in one or "guard.db" in one for one in held)


def memory_has(pid: int, words: bytes) -> bool:
    """Whether they stand anywhere in a process's memory."""
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if "r" not in rights or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            begin, end = (int(one, 16) for one in span.split("-"))
            with contextlib.suppress(OSError, OverflowError):
                memory.seek(begin)
                if words in memory.read(end - begin):
                    return True
    return False


def test_it_is_small_and_the_daemon_loads_nothing_of_it(page):
    with page.phone() as phone:
        phone.sees("state")
        assert page.process.memory() < 45_000_000
    page.kitchen.local("metrics")
    for name in (b"starlette/routing.py", b"uvicorn/server.py", b"h11/_connection.py"):
        assert memory_has(page.process.pid, name), "the search works"
        assert not memory_has(page.kitchen.daemons[-1].pid, name), name


# --- the local socket's word for whom it acts -----------------------------------------------------


def test_the_source_of_a_request_is_cli_or_web(kitchen):
    kitchen.start()

    def ask(command: str, **more: str) -> list[dict]:
        return list(kitchen.talk({"command": command, "burners": ["left"], **more}))

    for source in ("mqtt", "schedule", "guard", "", "Web", None, ["web"]):
        (said,) = ask("timer", value="8m", source=source)
        assert said["error"] == "malformed", source
        (said,) = ask("status", source=source)
        assert said["error"] == "malformed", source
    assert kitchen.ask()["left"]["timer"] is None
    assert ask("timer", value="8m", source="web")[0]["ack"]["status"] == "accepted"
    assert ask("off", source="nobody")[-1]["ack"]["status"] == "confirmed"
    assert kitchen.ask()["left"]["last_trip"]["source"] == "cli"
    kitchen.rearm()
    assert ask("off", source="web")[-1]["ack"]["status"] == "confirmed"
    said = kitchen.local("history", "left", "--json")
    assert [json.loads(one)["source"] for one in said.out.splitlines() if '"trip"' in one] == [
        "cli",
        "web",
    ]
    assert "page" in kitchen.local("explain", "left").out


def test_whoever_has_hung_up_has_nothing_done_for_him(kitchen):
    """While the daemon stood still; one that only says no more still reads."""
    _, daemon, _ = kitchen.start()

    def ask(request: dict, *, hang_up: bool) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(str(kitchen.socket_path))
        client.sendall(json.dumps(request).encode() + b"\n")
        client.close() if hang_up else client.shutdown(socket.SHUT_WR)
        return client

    timer = {"command": "timer", "burners": ["left"], "value": "8m"}
    daemon.send_signal(signal.SIGSTOP)
    ask(timer, hang_up=True)
    daemon.send_signal(signal.SIGCONT)
    never(lambda: kitchen.ask()["left"]["timer"], 0.5, "a timer")
    daemon.send_signal(signal.SIGSTOP)
    with ask(timer, hang_up=False):
        daemon.send_signal(signal.SIGCONT)
        eventually(lambda: kitchen.ask()["left"]["timer"])


def test_a_free_port_is_not_needed_for_check_config(kitchen):
    kitchen.data["web"] = {"port": free_port()}
    kitchen.write()
    assert kitchen.local("check-config").code == 0
