"""Heartbeats and what systemd is told."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gasguard.health import HangWatch, Heartbeats, Notifier, feed_watchdog
from gasguard.simulator import simtime
from tests.support.waiting import eventually


class Manager:
    """A fake systemd: the socket that NOTIFY_SOCKET names."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        """Messages since the last call."""
        messages = []
        with contextlib.suppress(BlockingIOError):
            while True:
                messages.append(self._socket.recv(4096).decode())
        return messages

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    fake = Manager(str(tmp_path / "notify"))
    yield fake
    fake.close()


@pytest.fixture
def notifier(tmp_path: Path, manager: Manager) -> Iterator[Notifier]:
    ours = Notifier(str(tmp_path / "notify"))
    yield ours
    ours.close()


def test_ready_is_said_once_and_the_watchdog_fed_while_all_are_on_time(
    manager: Manager, notifier: Notifier
) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        heartbeats = Heartbeats(loop.time)
        beat = heartbeats.expect("relay left", within=10)
        feeding = asyncio.create_task(feed_watchdog(heartbeats, notifier, lambda: "left ready"))
        messages: list[str] = []
        for _ in range(30):
            await asyncio.sleep(1)
            beat()
            messages += manager.heard()
        assert messages[0] == "READY=1"
        fed = [message for message in messages if "WATCHDOG=1" in message]
        assert len(fed) >= 29
        assert all("STATUS=left ready" in message for message in fed)
        feeding.cancel()

    simtime.run(story())


def test_a_part_that_is_late_starves_the_watchdog_and_is_named(
    manager: Manager, notifier: Notifier
) -> None:
    async def story() -> None:
        heartbeats = Heartbeats(asyncio.get_running_loop().time)
        beat = heartbeats.expect("relay left", within=10)
        feeding = asyncio.create_task(feed_watchdog(heartbeats, notifier, lambda: ""))
        await asyncio.sleep(10.5)
        manager.heard()
        await asyncio.sleep(5)
        starving = manager.heard()
        assert starving and all("WATCHDOG" not in message for message in starving)
        assert "STATUS=late: relay left" in starving[-1]
        beat()
        await asyncio.sleep(2)
        assert "WATCHDOG=1" in manager.heard()[-1]
        feeding.cancel()

    simtime.run(story())


def test_what_waits_for_work_is_late_only_over_one_piece() -> None:
    now = [0.0]
    heartbeats = Heartbeats(lambda: now[0])
    with heartbeats.working("requests left", within=5):
        now[0] = 4.0
        assert not heartbeats.late()
        now[0] = 6.0
        assert heartbeats.late() == {"requests left": 1.0}
    now[0] = 1000.0
    assert not heartbeats.late()


def test_without_systemd_nothing_is_sent_and_nothing_fails(tmp_path: Path) -> None:
    Notifier("").send("READY=1")
    Notifier(str(tmp_path / "nobody")).send("READY=1")


def test_an_abstract_socket_works() -> None:
    name = "gasguard-test-notify"
    manager = Manager("\0" + name)
    try:
        Notifier("@" + name).send("READY=1")
        assert manager.heard() == ["READY=1"]
    finally:
        manager.close()


# --- where systemd does not watch -----------------------------------------------------------------

HANGS = """
import asyncio, logging
from gasguard.health import HangWatch, Heartbeats, Notifier, feed_watchdog

async def main():
    heartbeats = Heartbeats()
    feeding = asyncio.create_task(feed_watchdog(heartbeats, Notifier(""), lambda: ""))
    HangWatch(heartbeats, look_every=0.02).start()
    await asyncio.sleep(0)
    while True:
        pass

logging.basicConfig()
asyncio.run(main())
"""


def test_a_process_whose_event_loop_hangs_ends_and_says_where() -> None:
    run = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert "the event loop hangs, and this process ends: " in run.stderr
    assert "main (<string>:1" in run.stderr


class Beating(Heartbeats):
    """Of a loop that is seen to be alive at so many looks, and hangs then."""

    def __init__(self, alive: int) -> None:
        super().__init__()
        self.alive, self.looks = alive, 0

    def seen(self, part: str) -> float | None:
        self.looks += 1
        return float(min(self.looks, self.alive))


def test_one_that_is_alive_or_ends_in_good_order_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    heartbeats, ended = Beating(alive=200), list[tuple[int, int]]()
    watch = HangWatch(
        heartbeats, lambda code: ended.append((code, heartbeats.looks)), look_every=0.001
    )
    watch.start()
    eventually(lambda: ended)
    watch.stop()
    watch.join(5)
    assert not watch.is_alive()
    # Not before twenty looks in a row have seen nothing new, and once.
    assert ended == [(1, 200 + 20)]


def test_where_systemd_watches_it_is_left_to_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    HangWatch(Heartbeats()).start()
    assert not [one for one in threading.enumerate() if one.name == "hang watch"]
