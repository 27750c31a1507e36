"""Nobody reads the log: a terminal on Ctrl-S, a full pipe, a container without a reader."""

import contextlib
import fcntl
import os
import pty
import subprocess
import termios
import time
from collections.abc import Iterator

import pytest

from tests.support.kitchen import Kitchen
from tests.support.processes import GASGUARD, ROOT
from tests.support.waiting import eventually


def _full_pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"\n" * 4096)
    return reader, writer


def _stopped_terminal() -> tuple[int, int]:
    master, terminal = pty.openpty()
    termios.tcflow(terminal, termios.TCOOFF)
    return master, terminal


@pytest.fixture(params=[_full_pipe, _stopped_terminal])
def unread(request, kitchen) -> Iterator[tuple[Kitchen, subprocess.Popen, int, int]]:
    """A daemon that is up while its log already stands, and both ends of that."""
    reader, writer = request.param()
    kitchen.stove()
    daemon = subprocess.Popen(
        [*GASGUARD, "run", "-v", "-c", str(kitchen.path)], stderr=writer, cwd=ROOT
    )
    try:
        eventually(lambda: (s := kitchen.ask()) and s["left"]["phase"] == "ready", 10, "it is up")
        os.set_blocking(reader, False)
        yield kitchen, daemon, reader, writer
    finally:
        daemon.kill()
        daemon.wait(5)
        for descriptor in (reader, writer):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def test_timers_and_offs_work_and_it_is_told(unread):
    kitchen, daemon, _reader, _writer = unread
    assert kitchen.order("timer", "1s")[0]["status"] == "accepted"
    eventually(lambda: kitchen.ask()["left"]["last_trip"], 4, "the timer shuts off")
    kitchen.rearm()
    assert kitchen.local("off", "left").code == 0
    # By then the first line has been waiting for more than five seconds.
    said = eventually(lambda: (s := kitchen.local("doctor")).code == 1 and s, 8, every=0.5)
    assert "log                    fail nobody reads the log" in said.out
    began = time.monotonic()
    daemon.terminate()
    assert daemon.wait(6) == 0
    assert time.monotonic() - began < 4


def test_who_reads_again_finds_everything(unread):
    kitchen, _daemon, reader, writer = unread
    kitchen.order("off")
    eventually(lambda: kitchen.ask()["left"]["phase"] == "tripped", 4)
    text = b""

    def read_on() -> bool:
        nonlocal text
        with contextlib.suppress(BlockingIOError):
            text += os.read(reader, 65536)
        return b"ready -> tripping (remote)" in text

    with contextlib.suppress(termios.error):
        termios.tcflow(writer, termios.TCOON)
    eventually(read_on, 5, "the line of the shutoff")
    assert b"guarding left" in text
    assert b"lines are lost" not in text
