"""Input never kills: random payloads, datagrams and local clients (safety concept, rule 9)."""

import json
import random
import socket
import time

import pytest

from gasguard.drivers.miio.codec import encode, encode_hello_reply
from tests.support.ear import Ear
from tests.support.kitchen import TOKEN, Kitchen
from tests.support.processes import Process
from tests.support.waiting import eventually

PAYLOADS = DATAGRAMS = 10_000
MAY_GROW = 24_000_000
"""Bytes of resident memory. Measured: a few MB, once; a leak of 3 kB a message would show."""

WORDS = [
    b"", b"OFF", b"LOCK", b"UNLOCK", b"REARM", b"20m", b"cancel", b"0", b"-1", b"1e309", b"NaN",
    b"Infinity", b"null", b"true", b"[]", b"{}", b'{"duration": null}', b'{"duration": {}}',
    b'{"duration": 1e999}', b'{"duration": "20m", "id": {"a": 1}}',
    b'{"duration": "20m", "id": ""}',
    b'{"duration": "20m", "label": "\\u0000\\ud800"}', b'{"id": "\\ud800"}', b"PT", b"P1Y", b"::",
    "二十分钟".encode(), "٢٠m".encode(), b"\xff\xfe", b"\x00" * 40, b"9" * 1000,
    b"[" * 900 + b"]" * 900, b"[" * 100_000, b'{"a":' * 170, b'{"duration": ' + b"9" * 900 + b"}",
]  # fmt: skip


def payloads(draw: random.Random) -> bytes:
    kind = draw.random()
    if kind < 0.5:
        return draw.choice(WORDS)
    if kind < 0.9:
        return draw.randbytes(draw.randrange(60))
    if kind < 0.99:
        keys, values = ["duration", "id", "label", "x"], ["5m", 7, None, [], "é" * 70]
        return json.dumps({draw.choice(keys): draw.choice(values) for _ in range(3)}).encode()
    return draw.randbytes(draw.randrange(200_000))


def off_still_works(kitchen: Kitchen, ear: Ear, daemon: Process) -> None:
    assert daemon.running
    mark = ear.mark
    ear.send("left/off/set", {"id": "after-all"})
    ear.wait(
        "left/ack",
        lambda one: one.json["id"] == "after-all" and one.json["status"] == "confirmed",
        since=mark,
        within=10,
    )
    assert daemon.output.count("Traceback") == 0, daemon.output


@pytest.mark.long
def test_ten_thousand_payloads_on_every_command_topic(kitchen):
    stove, daemon, ear = kitchen.start()
    draw = random.Random(10)
    topics = [
        f"{name}/{command}/set"
        for name in ("left", "all", "middle", "ä", "left ", "x" * 200)
        for command in ("off", "timer", "timer/extend", "lock", "rearm")
    ]

    def pour(count: int) -> None:
        for number in range(count):
            ear.send(draw.choice(topics), payloads(draw), wait=number % 100 == 99)
            if number % 500 == 499:
                ear.heard.clear()

    pour(1000)
    off_still_works(kitchen, ear, daemon)
    before = daemon.memory()
    pour(PAYLOADS - 1000)
    off_still_works(kitchen, ear, daemon)
    assert daemon.memory() - before < MAY_GROW
    assert stove.circuit() == "open"


@pytest.mark.long
def test_ten_thousand_datagrams_at_the_daemons_sockets(kitchen):
    """From the relay's own address, where the kernel lets them through, and from others."""
    stove, daemon, ear = kitchen.start()
    ports = daemon.udp_ports()
    assert ports
    draw = random.Random(11)
    hello = bytes.fromhex("21310020" + "ff" * 28)
    token, device_id = bytes.fromhex(TOKEN), stove.do(lambda w: w.relay("left").device_id)
    answers = [
        hello,
        encode_hello_reply(device_id, 3600),
        *(
            encode(token, device_id, stamp, {"id": number, "result": result})
            for stamp, number, result in (
                (3600, 1, []), (0, 2**31 - 1, [{"siid": 2, "piid": 1, "code": 0, "value": True}]),
                (2**32 - 1, -1, {"a": None}), (5, 0, "ok"), (5, 1e308, None),
            )
        ),
    ]  # fmt: skip

    def voice_of_the_relay(world):
        transport = world.server("left")._transport
        return lambda data, port: transport.sendto(data, ("127.0.0.1", port))

    relay_sends = stove.do(voice_of_the_relay)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def datagram() -> bytes:
        kind = draw.random()
        if kind < 0.4:
            return draw.randbytes(draw.randrange(100))
        if kind < 0.6:
            return draw.randbytes(draw.randrange(1, 9000))
        base = bytearray(draw.choice(answers) + draw.randbytes(draw.randrange(40)))
        if kind < 0.8:
            base[draw.randrange(len(base))] ^= 1 << draw.randrange(8)
        else:
            base[0:4] = b"\x21\x31" + len(base).to_bytes(2, "big")
        return bytes(base)

    def pour(count: int) -> None:
        for _ in range(count // 100):
            batch = [(datagram(), draw.choice(daemon.udp_ports() or ports)) for _ in range(100)]
            stove.do(lambda _world, batch=batch: [relay_sends(*one) for one in batch[::2]])
            for data, port in batch[1::2]:
                stranger.sendto(data, ("127.0.0.1", port))

    pour(1000)
    off_still_works(kitchen, ear, daemon)
    before = daemon.memory()
    pour(DATAGRAMS - 1000)
    stranger.close()
    off_still_works(kitchen, ear, daemon)
    assert daemon.memory() - before < MAY_GROW
    eventually(lambda: ear.state()["relay"]["reachable"], 3)


def test_garbage_on_the_local_socket(kitchen):
    stove, daemon, ear = kitchen.start()
    draw = random.Random(12)
    lines = [
        b"", b"\n", b"null\n", b"[]\n", b"{}\n", b"7\n", b'{"command": 5}\n', b"[" * 3000 + b"\n",
        b'{"command": "history", "since": "x", "burner": []}\n',
        b'{"command": "history", "since": 1e400}\n',
        b'{"command": "history", "since": -1e300, "burner": "left"}\n',
        b'{"command": "timer", "burners": "left", "value": {}}\n',
        b'{"command": "timer", "burners": [{}], "value": "5m"}\n',
        b'{"command": "timer", "burners": ["left"], "value": "\\ud800"}\n',
        b'{"command": "off", "burners": [["left"]]}\n', b'{"command": "nonsense"}\n',
        b'{"command": "proof-test"}\n', b"x" * 1_000_000, b"\xff\xfe\n",
        b'{"command": "watch"}\n', b'{"command": "status"}', b'{"command": "status"}\n' * 50,
    ]  # fmt: skip
    lines += [draw.randbytes(draw.randrange(300)) + b"\n" for _ in range(300)]
    for line in lines:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(3)
            client.connect(str(kitchen.socket_path))
            try:
                client.sendall(line)
                if draw.random() < 0.5:
                    client.shutdown(socket.SHUT_WR)
                    client.recv(100)
            except OSError:
                pass  # hanging up on garbage is a fair answer
    idle = []
    for _ in range(60):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(kitchen.socket_path))
        idle.append(client)
    said = kitchen.local("off", "left")
    assert said.code == 0, f"{said} while 60 clients hold connections"
    for client in idle:
        client.close()
    off_still_works(kitchen, ear, daemon)
    assert stove.circuit() == "open"


def test_a_client_that_does_not_read_does_not_hold_anybody_up(kitchen):
    _, daemon, ear = kitchen.start()
    deaf = []
    for _ in range(5):
        client = socket.socket(socket.AF_UNIX)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(str(kitchen.socket_path))
        client.sendall(b'{"command": "watch"}\n')
        deaf.append(client)
    for _ in range(50):
        kitchen.order("timer", "20m")
        kitchen.order("timer", "cancel")
    began = time.monotonic()
    assert kitchen.order("off")[-1]["status"] == "confirmed"
    assert time.monotonic() - began < 1.5
    off_still_works(kitchen, ear, daemon)
    for client in deaf:
        client.close()
