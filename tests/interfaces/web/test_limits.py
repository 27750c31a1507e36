"""Whoever takes too much, or too long, makes room; an off always gets through."""

import contextlib
import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gasguard.interfaces.web import bodies, limits
from tests.interfaces.web.conftest import AWAY, Page
from tests.support.http import Client, answer_on
from tests.support.waiting import eventually

BIG = 10_000_000
TIMER = "/api/burners/left/timer"


@contextlib.contextmanager
def held(client: Client, count: int, say: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has said this much."""
    with contextlib.ExitStack() as stack:
        those = []
        for _ in range(count):
            connection = stack.enter_context(client.connect())
            with contextlib.suppress(ConnectionError):
                connection.sendall(say)
            those.append(connection)
        yield those


def ended(connection: socket.socket) -> bool:
    """Whether the other side has closed it."""
    connection.settimeout(0)
    try:
        return connection.recv(65536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def resident() -> int:
    """Bytes of this process, in which the server runs too."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n{",
    ],
    ids=["nothing", "half a head", "half a body"],
)
@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.9"])
def test_an_off_gets_through_hundreds_of_half_requests(page: Page, half, source):
    with held(page.client(), 400, half):
        for _ in range(5):
            answer = page.away(source).post("/api/off")
            assert answer.status == 200
            assert answer.took < 3.0
    assert len(page.offs) == 5


def test_there_is_a_bound_to_connections(page: Page, monkeypatch):
    # None goes because it takes too long.
    monkeypatch.setattr(limits, "HEAD_WITHIN", 60.0)
    with held(page.client(), 80, b"GET / HTTP/1.1\r\n") as own:
        eventually(lambda: sum(map(ended, own)) == 80 - limits.PER_ADDRESS, 10.0)
    with contextlib.ExitStack() as stack:
        those = []
        for last in range(1, 9):
            client = page.client(source=f"127.0.1.{last}")
            those += stack.enter_context(held(client, 80, b"GET / HTTP/1.1\r\n"))
        eventually(lambda: sum(map(ended, those)) == 8 * 80 - limits.IN_ALL, 10.0)


def test_many_addresses_together_leave_room_for_one_more(page: Page):
    half = b"GET / HTTP/1.1\r\n"
    with contextlib.ExitStack() as stack:
        for last in range(1, 11):
            client = page.client(source=f"127.0.1.{last}")
            stack.enter_context(held(client, 40, half))
        assert page.away("127.0.0.9").post("/api/off").took < 3.0
    assert page.offs


def test_a_stream_that_is_read_outlasts_half_requests_of_the_same_address(page: Page):
    with page.client().connect() as stream:
        stream.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert stream.recv(65536)
        with held(page.client(), 200, b"GET / HTTP/1.1\r\n"):
            until = time.monotonic() + 1.0
            while time.monotonic() < until:
                assert stream.recv(65536)


def test_half_a_head_ends_however_slowly_it_goes_on(page: Page, monkeypatch):
    monkeypatch.setattr(limits, "HEAD_WITHIN", 0.5)
    with page.client().connect() as connection:
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for letter in b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 1000:
                connection.sendall(bytes([letter]))
                time.sleep(0.05)
        assert time.monotonic() - begun < 3.0
        assert ended(connection)


def test_half_of_a_second_head_ends_too(page: Page, monkeypatch):
    monkeypatch.setattr(limits, "HEAD_WITHIN", 0.5)
    with page.client().connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert answer_on(connection).status == 200
        connection.sendall(b"GET / HT")
        eventually(lambda: ended(connection), 2.0)


def test_half_a_body_ends(page: Page, monkeypatch):
    monkeypatch.setattr(bodies, "WITHIN", 0.5)
    with page.client().connect() as connection:
        connection.sendall(
            f"POST {TIMER} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            "Content-Length: 20\r\n\r\n{".encode()
        )
        assert answer_on(connection).status == 408
    assert not page.bodies


def test_a_body_that_breaks_off_is_no_request(page: Page):
    with page.client().connect() as connection:
        connection.sendall(
            f"POST {TIMER} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 12\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\nduration=1".encode()
        )
        connection.shutdown(socket.SHUT_WR)
        answer_on(connection)
    assert page.client().get("/healthz").status == 200
    assert not page.bodies


@pytest.mark.parametrize(
    ("asks", "about"),
    [
        (f"POST {TIMER}", "Host: 127.0.0.1\r\nContent-Type: application/json"),
        (f"POST {TIMER}", "Host: 127.0.0.1"),  # refused before its body is read, as the next ones
        (f"POST {TIMER}", f"Host: {AWAY}\r\nContent-Type: application/json"),
        ("POST /api/off", "Host: evil.example\r\nContent-Type: application/json"),
        ("GET /healthz", "Host: 127.0.0.1"),
        ("HEAD /healthz", "Host: 127.0.0.1"),
        ("HEAD /healthz", "Host: evil.example"),
    ],
)
@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\nabcdefgh\r\n"])
def test_a_body_that_is_none_is_answered_once_and_leaves_no_line(
    page: Page, asks, about, body, caplog
):
    head = f"{asks} HTTP/1.1\r\n{about}\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = page.client().raw(head.encode() + body)
    assert answer.status == 400
    assert answer.body == b"" if asks.startswith("HEAD") else answer.data["code"] == "malformed"
    assert page.client().get("/healthz").status == 200
    assert not page.offs + page.bodies
    assert not caplog.records


def test_an_off_waits_for_no_body(page: Page):
    with page.client().connect() as connection:
        connection.sendall(
            b"POST /api/off HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 20\r\n\r\n{"
        )
        eventually(lambda: page.offs, 1.0)
        assert answer_on(connection).status == 200
        eventually(lambda: ended(connection), 1.0)


@pytest.mark.parametrize("path", ["/api/login", "/api/setup", TIMER, "/api/off", "/api/nothing"])
@pytest.mark.parametrize("host", [None, AWAY])
@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_not_taken(page: Page, path, host, chunked):
    client = page.client(host)
    before = resident()
    how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {BIG}"
    said = f"Host: {client.host}\r\nContent-Type: application/json\r\n{how}"
    head = f"POST {path} HTTP/1.1\r\n{said}\r\n\r\n"
    chunk = b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"
    sent = 0
    with client.connect() as connection:
        connection.sendall(head.encode())
        with contextlib.suppress(ConnectionError):
            while sent < BIG:
                connection.sendall(chunk)
                sent += len(chunk)
        answer = answer_on(connection)
    needs_login = host == AWAY and path in (TIMER, "/api/nothing")
    assert answer.status == (401 if needs_login else 413)
    assert resident() - before < 6_000_000
    assert not page.bodies + page.offs


def test_a_huge_cookie_or_head_is_no_request(page: Page):
    for size in (20_000, 100_000, 1_000_000):
        for name in ("cookie", "x_anything"):
            answer = page.client().get("/api/state", **{name: "gasguard_session=" + "a" * size})
            assert answer.status in (0, 400, 431)
    assert page.client().get("/" + "a" * 100_000).status in (0, 400, 404, 414, 431)
    assert page.client().get("/healthz").status == 200


def test_a_head_without_end_is_not_gathered(page: Page):
    answer = page.client().raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000)
    assert answer.status in (0, 400)
    assert answer.took < limits.HEAD_WITHIN / 2


def test_whoever_does_not_read_the_stream_is_dropped(page: Page, monkeypatch):
    monkeypatch.setattr(limits, "READ_WITHIN", 0.5)
    with held(page.client(), 20, b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"):
        eventually(lambda: page.streams == 20)
        eventually(lambda: page.streams == 0, 10.0)


def test_whoever_asks_and_asks_and_never_reads_is_dropped(page: Page, monkeypatch):
    monkeypatch.setattr(limits, "READ_WITHIN", 0.5)
    with page.client().connect(1.0) as connection, pytest.raises(OSError):
        while True:
            connection.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1000)


def test_a_thousand_requests_on_one_connection_are_answered_in_order(page: Page):
    def ask() -> None:
        for _ in range(10):
            connection.sendall(b"GET /api/state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100)

    with page.client().connect() as connection:
        asking = threading.Thread(target=ask)
        asking.start()
        data = b""
        while data.count(b"HTTP/1.1 200") < 1000:
            more = connection.recv(65536)
            assert more, f"ended after {data.count(b'HTTP/1.1')} answers"
            data += more
        asking.join()


def test_it_survives_garbage(page: Page):
    for garbage in (b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 70_000, b"\r\n" * 50_000, b"\xff\xfe"):
        assert page.client().raw(garbage + b"\r\n\r\n").status in (0, 400)
    assert page.client().get("/healthz").status == 200


def test_hundreds_of_connections_leave_no_descriptor_behind(page: Page):
    before = len(os.listdir("/proc/self/fd"))
    with held(page.client(), 300, b"GET /"):
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 700
    eventually(lambda: len(os.listdir("/proc/self/fd")) <= before, 10.0)
