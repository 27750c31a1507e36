"""No file descriptor is left: shutting off needs none."""

import contextlib
import resource
import socket
import time

from tests.disaster.limits import limited, open_files
from tests.disaster.timing import TimerSet
from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually

CLIENTS = 100
SPARE = 10


def idle_clients(kitchen: Kitchen, stack: contextlib.ExitStack) -> int:
    """Connect as many as the socket's queue takes; none of them says anything."""
    connected = 0
    for _ in range(CLIENTS):
        client = stack.enter_context(socket.socket(socket.AF_UNIX))
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.connect(str(kitchen.socket_path))
            connected += 1
    return connected


def test_without_file_descriptors_an_off_and_a_timer_still_work(kitchen):
    kitchen.expected_errors = True  # asyncio reports each accept that fails with a traceback
    stove, daemon, ear = kitchen.start()
    timer = TimerSet(kitchen, 4)
    most = open_files(daemon) + SPARE
    with contextlib.ExitStack() as stack:
        stack.enter_context(limited(daemon, resource.RLIMIT_NOFILE, most))
        assert idle_clients(kitchen, stack) > SPARE
        eventually(lambda: open_files(daemon) >= most, 5, "none is left")
        daemon.says("Too many open files")

        mark = ear.mark
        timer.ends_on_time(stove)
        ear.event("rearmed", since=mark, within=6)

        mark = ear.mark
        ear.send("left/timer/set", "20m")
        assert ear.wait("left/ack", since=mark).json["status"] == "accepted"
        mark = ear.mark
        ear.send("left/off/set", {"id": "starved"})
        assert ear.ack("confirmed", since=mark, within=2)["id"] == "starved"
        assert stove.circuit() == "open"
        assert open_files(daemon) >= most, "it was hungry all the time"
    assert daemon.running
    # Complaints come at most once a second and file descriptor, not as fast as the loop turns.
    complaints = daemon.output.count("Too many open files")
    assert complaints <= 3 * (time.monotonic() - daemon.started), complaints
    eventually(lambda: kitchen.ask(), 5, "the local socket serves again")
    assert open_files(daemon) < most
