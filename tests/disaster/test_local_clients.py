"""Clients of the local socket that stop halfway. (Garbage: tests/processes/test_garbage.py.)"""

import socket
import time

from tests.disaster.limits import open_files
from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually

HALVES = 40
"""More than are served at once."""


def connected(kitchen: Kitchen) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(15)
    client.connect(str(kitchen.socket_path))
    return client


def test_half_lines_hold_nobody_up_and_are_hung_up_on(kitchen):
    stove, daemon, _ = kitchen.start()
    before = open_files(daemon)
    clients = [connected(kitchen) for _ in range(HALVES)]
    for client in clients:
        client.sendall(b'{"command": "of')
    eventually(lambda: open_files(daemon) >= before + HALVES - 5, 5)
    began = time.monotonic()
    assert kitchen.order("off")[-1]["status"] == "confirmed"
    assert time.monotonic() - began < 1
    assert stove.circuit() == "open"
    for client in clients:
        assert client.recv(1) == b"", "hung up, and nothing carried out"
        client.close()
    eventually(lambda: open_files(daemon) <= before, 3, "nothing is left of them")
    assert kitchen.ask()["left"]["phase"] in ("tripped", "ready")


def test_a_client_that_asks_for_everything_and_reads_nothing(kitchen):
    stove, daemon, _ = kitchen.start()
    for _ in range(60):
        kitchen.order("timer", "20m")
    before = open_files(daemon)
    clients = [connected(kitchen) for _ in range(10)]
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.sendall(b'{"command": "history"}\n')
    began = time.monotonic()
    assert kitchen.order("off")[-1]["status"] == "confirmed"
    assert time.monotonic() - began < 1
    assert stove.circuit() == "open"
    for client in clients:
        client.close()
    eventually(lambda: open_files(daemon) <= before, 5, "nothing is left of them")
    assert daemon.running
