"""The commands that talk to the daemon: words, exit codes, both links alike (contract, 1)."""

import json
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.kitchen import Said
from tests.support.waiting import eventually

OFF = r"{}: off, confirmed in \d+ ms\n"


@pytest.fixture
def quiet(house):
    """That house, ready and without timers."""

    for name in ("left", "right"):
        house.order("lock", "UNLOCK", name)
        house.order("timer", "cancel", name)
        house.rearm(name)
    return house


@pytest.fixture(params=["socket", "broker"])
def ask(request, quiet):
    """The command line, through either link."""
    return quiet.local if request.param == "socket" else quiet.remote


def test_off_waits_for_the_read_back_and_says_so(ask):
    said: Said = ask("off", "left")
    assert said.code == 0, said
    assert re.fullmatch(OFF.format("left"), said.out)


def test_off_all_and_names_in_any_case(ask, quiet):
    for words in (["all"], ["ALL"], ["Left", "RIGHT"]):
        said = ask("off", *words)
        assert said.code == 0, said
        assert len(said.out.splitlines()) == 2, said


def test_what_can_be_shut_off_is_though_another_name_is_wrong(ask):
    said = ask("off", "left", "lft")
    assert said.code == 2, said
    assert re.fullmatch(OFF.format("left"), said.out)
    assert "'lft'" in said.err


def test_off_without_a_name_means_all(ask, quiet):
    said = ask("off")
    assert said.code == 0, said
    lines = sorted(said.out.splitlines(keepends=True))
    assert re.fullmatch(OFF.format("left"), lines[0])
    assert re.fullmatch(OFF.format("right"), lines[1])


def test_a_timer_is_set_extended_and_cancelled(ask, quiet):
    said = ask("timer", "left", "20m")
    assert (said.code, said.out) == (0, "left: timer set to 20m\n"), said
    said = ask("timer", "left", "+5m")
    assert (said.code, said.out) == (0, "left: timer extended by 5m\n"), said
    assert quiet.ask()["left"]["timer"]["duration_s"] == 1500
    said = ask("timer", "left", "cancel")
    assert (said.code, said.out) == (0, "left: timer cancelled\n"), said
    assert quiet.ask()["left"]["timer"] is None
    said = ask("timer", "left", "+5m")
    assert said.code == 1, said
    assert "no timer runs" in said.err


def test_lock_and_unlock(ask, quiet):
    said = ask("lock", "left")
    assert (said.code, said.out) == (0, "left: child lock on\n"), said
    said = ask("timer", "left", "5m")
    assert said.code == 1, said
    assert "locked (child)" in said.err
    said = ask("rearm", "left")
    assert said.code == 1, said
    said = ask("unlock", "left")
    assert (said.code, said.out) == (0, "left: child lock off\n"), said


def test_rearm_closes_after_an_ordinary_trip(ask, quiet):
    assert ask("off", "right").code == 0
    said = ask("rearm", "right")
    assert (said.code, said.out) == (0, "right: re-armed\n"), said
    eventually(lambda: quiet.ask()["right"]["phase"] == "ready", 3)
    said = ask("rearm", "right")
    assert said.code == 1, said
    assert "nothing to re-arm" in said.err


def test_status_shows_a_row_a_burner(ask, quiet):
    quiet.order("timer", "20m", "left")
    said = ask("status")
    assert said.code == 0, said
    head, left, right = said.out.splitlines()
    for word in ("burner", "phase", "contact", "flame", "timer left", "last trip"):
        assert word in head
    assert re.match(r"left +ready +closed +unknown +(20m|19m \d+s)", left)
    assert re.match(r"right +ready +closed +unknown +-", right)
    states = json.loads(ask("status", "--json").out)
    assert set(states) == {"left", "right"}
    assert states["left"]["name"] == "左灶"
    assert states["left"]["timer"]["duration_s"] == 1200


def test_an_unknown_burner_is_bad_usage(ask):
    commands = (("off",), ("timer", "5m"), ("lock",), ("unlock",), ("rearm",))
    with ThreadPoolExecutor(4) as pool:
        for said in pool.map(lambda words: ask(words[0], "middle", *words[1:]), commands):
            assert said.code == 2, said
            assert "middle" in said.err
            assert "left, right" in said.err


def test_a_duration_that_is_none_is_bad_usage_and_shows_a_right_one(quiet):
    durations = ("soon", "-5m", "0m", "+0", "", "20 parsecs", "+")
    with ThreadPoolExecutor(4) as pool:
        for said in pool.map(lambda words: quiet.local("timer", "left", words), durations):
            assert said.code == 2, said
            assert "20m" in said.err
    assert quiet.ask()["left"]["timer"] is None


def test_too_long_a_timer_is_refused(ask):
    said = ask("timer", "left", "25h")
    assert said.code == 1, said
    assert "24h" in said.err


def test_watch_shows_changes_as_they_come(quiet):
    link = {"socket": ("-c", str(quiet.path)), "broker": ("--mqtt", quiet.url)}
    for options in link.values():
        watch = quiet.process("status", "--watch", "--json", *options)
        watch.says('"phase": "ready"')
        quiet.order("timer", "33m", "right")
        watch.says('"duration_s": 1980')
        quiet.order("timer", "cancel", "right")
        watch.kill()
        quiet._others.remove(watch)


def test_history_tells_the_cause_of_each_shutoff(quiet):
    quiet.order("off", burner="left")
    said = quiet.local("history", "left")
    assert said.code == 0, said
    lines = said.out.splitlines()
    assert re.search(r"left +trip +remote by cli", said.out)
    assert "trip_confirmed" in lines[-1]
    assert not any(" right " in line for line in lines)
    events = [json.loads(line) for line in quiet.local("history", "--json").out.splitlines()]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert {"type", "at", "burner", "reason", "source"} <= set(events[0])
    said = quiet.local("history", "--since", "yesterday")
    assert said.code == 2, said
    assert quiet.local("history", "middle").code == 2


def test_the_local_socket_is_for_owner_and_group_only(quiet):
    assert stat.S_IMODE(quiet.socket_path.stat().st_mode) == 0o660


def test_without_a_daemon_every_command_says_so_and_exits_3(kitchen):
    commands = [
        ("off",), ("off", "left"), ("timer", "left", "5m"), ("status",), ("lock", "left"),
        ("unlock", "left"), ("rearm", "left"), ("history",), ("status", "--watch"),
        ("proof-test", "left", "--yes"),
    ]  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        for said in pool.map(lambda words: kitchen.local(*words), commands):
            assert said.code == 3, said
            assert str(kitchen.socket_path) in said.err
            assert "gasguard run" in said.err


def test_without_a_broker_every_command_names_it_and_exits_3(kitchen):
    commands = [
        ("off",), ("timer", "left", "5m"), ("status",), ("lock", "left"), ("rearm", "left"),
        ("status", "--watch"), ("history",),
    ]  # fmt: skip
    nobody = "mqtt://127.0.0.1:1/x"
    with ThreadPoolExecutor(4) as pool:
        for said in pool.map(lambda words: kitchen.cli(*words, "--mqtt", nobody), commands):
            assert said.code == 3, said
            assert "127.0.0.1:1" in said.err


def test_a_watch_ends_with_3_when_the_daemon_does(kitchen):
    kitchen.stove()
    daemon = kitchen.daemon()
    watch = kitchen.process("status", "--watch", "--json", "-c", str(kitchen.path))
    watch.says('"phase": "ready"')
    daemon.stop()
    assert watch.wait(5) == 3
    kitchen._others.remove(watch)


def test_an_unconfirmed_off_exits_1_through_the_broker_too(kitchen):
    stove, _, _ = kitchen.start()
    stove.fault(offline=True)
    with ThreadPoolExecutor(2) as pool:
        for said in pool.map(lambda ask: ask("off", "left"), (kitchen.local, kitchen.remote)):
            assert said.code == 1, said
            assert "left: NOT CONFIRMED OFF" in said.err
            assert "confirmed in" not in said.out
            assert 4.5 < said.took < 10
    stove.fault(offline=False)
    eventually(lambda: stove.circuit() == "open", 2, "and it is still carried out")


def test_bad_usage_exits_2(kitchen):
    commands = (
        ("of",), ("timer",), ("timer", "left"), ("lock",), ("status", "--colour"),
        ("off", "--mqtt", "http://x"), ("off", "--mqtt", "mqtt://x:y:z"), ("run",),
        ("off", "-c", "/nowhere/config.yaml"), ("run", "-c", "/nowhere/config.yaml"),
    )  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        for words, said in zip(
            commands, pool.map(lambda words: kitchen.cli(*words), commands), strict=True
        ):
            assert said.code == 2, (words, said)
            assert "Traceback" not in said.err
