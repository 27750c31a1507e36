"""The wall clock jumps around a running timer of the real daemon: it ends on time (rule 8).

libfaketime moves CLOCK_REALTIME and leaves CLOCK_BOOTTIME and CLOCK_MONOTONIC alone: exactly what
`date -s` or a first NTP answer does.
"""

import json
import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest

from tests.disaster.timing import TimerSet
from tests.support.kitchen import Kitchen
from tests.support.processes import Process
from tests.support.receiver import Receiver
from tests.support.waiting import eventually, never
from tests.support.wall import FakeWall

HOUR, DAYS = 3600, 10 * 86400
LOOK = """
import os, sys, time
def look(): return [time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic()]
before = look()
with open(sys.argv[1] + ".new", "w") as new: new.write("+1000\\n")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(1.1)
print(*(round(b - a) for a, b in zip(before, look())))
"""


@pytest.fixture
def wall(tmp_path) -> FakeWall:
    return FakeWall(tmp_path)


def wall_error(kitchen: Kitchen) -> float:
    """Seconds by which the daemon's wall clock is off, by its own word."""
    return datetime.fromisoformat(kitchen.ask()["left"]["updated_at"]).timestamp() - time.time()


def run(kitchen: Kitchen, wall: FakeWall) -> Process:
    daemon = kitchen.run(env=wall.env)
    eventually(lambda: daemon.running and kitchen.ask(), 15, "the daemon answers")
    return daemon


def test_the_wall_jumps_and_the_clock_that_counts_does_not(wall, tmp_path):
    """What the library does to each clock, in the mode used here."""

    def jumps(env: dict[str, str]) -> str:
        wall.jump(0)
        done = subprocess.run(
            [sys.executable, "-c", LOOK, str(tmp_path / "offset")],
            env=env, capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    assert jumps(wall.env) == "1001 1 1"


@pytest.mark.parametrize("jump", [DAYS, -HOUR])
def test_a_timer_ends_on_time_though_the_wall_clock_jumps(kitchen, wall, jump):
    stove = kitchen.stove()
    run(kitchen, wall)
    eventually(lambda: kitchen.ask()["left"]["phase"] == "ready")
    timer = TimerSet(kitchen, 4)
    wall.jump(jump)
    eventually(lambda: abs(wall_error(kitchen) - jump) < 5, 2, "the jump reaches the daemon")
    assert 1 <= kitchen.ask()["left"]["timer"]["remaining_s"] <= 4
    timer.ends_on_time(stove)
    wall.jump(0)
    eventually(lambda: stove.circuit() == "closed", 6, "re-arms on time, too")


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_one_that_was_set_for_a_time_of_day_stays_where_it_was(kitchen, wall, jump):
    kitchen.stove()
    run(kitchen, wall)
    eventually(lambda: kitchen.ask()["left"]["phase"] == "ready", 15)
    until = f"{datetime.now() + timedelta(hours=2):%H:%M:%S}"
    for words in ({"until": until}, {"until": until, "remind": True, "label": "eggs"}):
        (ack,) = kitchen.order("timer", json.dumps(words))
        assert ack["status"] == "accepted", ack
    wall.jump(jump)
    eventually(lambda: abs(wall_error(kitchen) - jump) < 5, 5, "the jump reaches the daemon")
    left = kitchen.ask()["left"]
    (reminder,) = left["reminders"]
    for one in (left["timer"], reminder):
        assert 2 * HOUR - 30 <= one["remaining_s"] <= 2 * HOUR


def test_while_the_clock_is_not_set_no_time_of_day_is_taken(kitchen, wall):
    kitchen.stove()
    run(kitchen, wall)
    eventually(lambda: kitchen.ask()["left"]["phase"] == "ready", 15)
    wall.jump(-2 * 365 * 86400)
    eventually(lambda: wall_error(kitchen) < -DAYS, 5, "the jump reaches the daemon")
    said = kitchen.local("timer", "left", "--until", "18:30")
    assert said.code == 1 and "clock is not set" in said.err and "duration" in said.err, said
    (ack,) = kitchen.order("timer", '{"until": "18:30"}')
    assert (ack["status"], ack["code"]) == ("rejected", "clock_unset")
    assert kitchen.ask()["left"]["timer"] is None
    (ack,) = kitchen.order("timer", "20m")
    assert ack["status"] == "accepted"


@pytest.mark.parametrize("jump", [HOUR, -DAYS])
def test_a_timer_ends_on_time_though_the_wall_jumped_while_the_daemon_was_dead(kitchen, wall, jump):
    """Same boot id: CLOCK_BOOTTIME says what is left, not the wall (rule 7)."""
    stove = kitchen.stove()
    daemon = run(kitchen, wall)
    eventually(lambda: kitchen.ask()["left"]["phase"] == "ready")
    timer = TimerSet(kitchen, 4)
    daemon.kill()
    wall.jump(jump)
    run(kitchen, wall)
    back = time.monotonic()
    assert abs(wall_error(kitchen) - jump) < 5
    timer.ends_on_time(stove, back_since=back)


@pytest.mark.long
def test_quiet_hours_follow_the_wall_clock_wherever_it_jumps(kitchen, wall):
    receiver = Receiver()
    try:
        hour = (time.localtime().tm_hour + 12) % 24
        quiet = {"from": f"{(hour - 1) % 24:02}:00", "to": f"{(hour + 2) % 24:02}:00"}
        kitchen.data["messages"] = {"to": {"mum": receiver.url()}, "quiet": quiet}
        kitchen.write()
        _, ear = kitchen.stove(), kitchen.ear()
        run(kitchen, wall)
        ear.until(phase="ready", within=10)
        wall.jump(12 * HOUR)
        eventually(lambda: abs(wall_error(kitchen) - 12 * HOUR) < 5, 3, "it is in quiet hours")
        kitchen.order("off")
        never(lambda: receiver.got, 4, "a message in quiet hours")
        wall.jump(0)
        message = receiver.until("was shut off", 40)
        # Its own time is told by the clock as it goes now.
        assert time.strftime("Time: %H:") in message["message"]
    finally:
        receiver.close()
