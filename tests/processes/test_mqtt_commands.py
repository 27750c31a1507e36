"""What can be told to gasguard over MQTT, and what it answers (contract, section 3)."""

import time

import pytest

from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import never


def test_an_off_is_an_off_whatever_it_carries(kitchen):
    stove, _, ear = kitchen.start()
    for payload in (
        b"", b"OFF", b'{"id": "a"}', b"{not json", b"\xff\xfe\x00", b"x" * 200_000, b"[" * 5000,
    ):  # fmt: skip
        mark = ear.mark
        ear.send("left/off/set", payload)
        assert ear.ack("confirmed", since=mark)["command"] == "off"
        assert stove.circuit() == "open"
        kitchen.rearm()


def test_all_off_shuts_every_burner_and_each_answers(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), right=burner())
    stove, _, ear = kitchen.start()
    ear.send("all/off/set", {"id": "leaving"})
    for name in ("left", "right"):
        assert ear.ack("confirmed", name)["id"] == "leaving"
        assert stove.circuit(name) == "open"


def test_the_same_off_twice_is_carried_out_twice(kitchen):
    _, _, ear = kitchen.start()
    for _ in range(2):
        mark = ear.mark
        ear.send("left/off/set", {"id": "same"})
        ear.ack("confirmed", since=mark)
        assert "trip" in ear.events(since=mark)


@pytest.mark.parametrize(
    ("payload", "seconds"),
    [("20m", 1200), ("90s", 90), ("1H 30M", 5400), ("1:30:00", 5400), ("20:00", 1200),
     ("PT20M", 1200), ("15", 900), ('{"duration": "45s"}', 45), ('{"duration": 2}', 120),
     ("24h", 86400)],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(shared, payload, seconds):
    ear = shared
    mark = ear.mark
    ear.send("left/timer/set", payload)
    ear.ack("accepted", since=mark)
    assert ear.state()["timer"]["duration_s"] == seconds
    assert ear.event("timer_started", since=mark)["source"] == "mqtt"


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("timer", "", "invalid_duration"),
        ("timer", "soon", "invalid_duration"),
        ("timer", "-5m", "invalid_duration"),
        ("timer", "20 parsecs", "invalid_duration"),
        ("timer", "25h", "too_long"),
        ("timer", '{"label": "eggs"}', "malformed"),
        ("timer", '{"duration": "20m", "burner": "right"}', "malformed"),
        ("timer", '{"duration": ', "malformed"),
        ("timer", b"\xff\xff", "malformed"),
        ("timer/extend", "5m", "no_timer"),
        ("timer/extend", "0", "invalid_duration"),
        ("timer/extend", "", "invalid_duration"),
        ("lock", "lock please", "malformed"),
        ("lock", "", "malformed"),
        ("rearm", "NOW", "malformed"),
        ("rearm", "REARM", "not_tripped"),
    ],
)
def test_a_bad_command_changes_nothing_and_is_answered(shared, topic, payload, code):
    ear = shared
    mark = ear.mark
    ear.send(f"left/{topic}/set", payload)
    rejected = ear.ack("rejected", since=mark)
    assert rejected["code"] == code
    assert rejected["command"] == topic
    assert rejected["message"]
    assert ear.event("command_rejected", since=mark)["code"] == code
    state = ear.state()
    assert (state["phase"], state["timer"], state["locks"]) == ("ready", None, [])


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("timer", "soon"),
        ("timer", "25h"),
        ("timer/extend", "5m"),
        ("lock", "open"),
        ("rearm", "REARM"),
    ],
)
def test_a_rejected_command_is_followed_by_how_things_are(shared, topic, payload):
    """State, event, acknowledgement: whoever shows it as done already shows the truth again."""
    ear = shared
    mark = ear.mark
    ear.send(f"left/{topic}/set", payload)
    ear.ack("rejected", since=mark)
    told = [one for one in ear.heard[mark:] if one.topic.startswith(f"{ear.base}/left/")]
    assert [one.topic.rpartition("/")[2] for one in told] == ["set", "state", "event", "ack"]
    assert told[1].retain
    assert (told[1].json["timer"], told[1].json["locks"]) == (None, [])


def test_an_unknown_burner_is_answered_where_it_was_asked(shared):
    ear = shared
    mark = ear.mark
    ear.send("middle/off/set")
    rejected = ear.ack("rejected", "middle", since=mark)
    assert rejected["code"] == "unknown_burner"
    assert "left" in rejected["message"]
    assert ear.state()["phase"] == "ready"


@pytest.mark.parametrize("word", ["0", "cancel", "CANCEL", '{"duration": "0"}'])
def test_a_timer_is_cancelled(shared, word):
    ear = shared
    ear.send("left/timer/set", "20m")
    ear.ack("accepted")
    mark = ear.mark
    ear.send("left/timer/set", word)
    ear.ack("accepted", since=mark)
    assert ear.state()["timer"] is None
    ear.event("timer_cancelled", since=mark)


def test_extending_twice_with_one_id_extends_once(shared):
    ear = shared
    ear.send("left/timer/set", "10m")
    ear.ack("accepted")
    for key, total in (("a", 900), ("a", 900), ("b", 1200)):
        mark = ear.mark
        ear.send("left/timer/extend/set", {"duration": "5m", "id": key})
        assert ear.ack("accepted", since=mark)["id"] == key
        assert ear.state()["timer"]["duration_s"] == total
    mark = ear.mark
    ear.send("left/timer/extend/set", "24h")
    assert ear.ack("rejected", since=mark)["code"] == "too_long"


def test_a_lock_cancels_the_timer_and_holds_until_unlocked(kitchen):
    stove, _, ear = kitchen.start()
    ear.send("left/timer/set", "20m")
    ear.event("timer_started")
    ear.send("left/lock/set", "LOCK")
    locked = ear.until(phase="locked_out", contact="open")
    assert (locked["timer"], locked["locks"]) == (None, ["child"])
    assert locked["last_trip"]["reason"] == "lock"
    ear.event("timer_cancelled")
    ear.event("locked")
    for topic, payload, code in (
        ("timer", "5m", "locked_out"),
        ("rearm", "REARM", "child_lock"),
    ):
        mark = ear.mark
        ear.send(f"left/{topic}/set", payload)
        assert ear.ack("rejected", since=mark)["code"] == code
    never(lambda: stove.circuit() == "closed", 2.5, "closed while locked")
    mark = ear.mark
    ear.send("left/lock/set", "UNLOCK")
    ear.event("unlocked")
    ear.until(phase="ready", contact="closed", since=mark)
    assert stove.circuit() == "closed"


def test_a_tripped_burner_can_be_rearmed_early_and_takes_timers(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(limits={"rearm_after": "10m"}))
    stove, _, ear = kitchen.start()
    ear.send("left/off/set")
    ear.until(phase="tripped")
    ear.send("left/timer/set", "20m")
    ear.event("timer_started")
    mark = ear.mark
    ear.send("left/rearm/set", "REARM")
    ready = ear.until(phase="ready", since=mark)
    assert ready["timer"]["duration_s"] == 1200
    assert stove.circuit() == "closed"


def test_a_timer_that_ends_behind_an_open_contact_only_ends(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(limits={"rearm_after": "10m"}))
    _, _, ear = kitchen.start()
    ear.send("left/off/set")
    ear.until(phase="tripped")
    mark = ear.mark
    ear.send("left/timer/set", "1s")
    ear.event("timer_cancelled", since=mark)
    assert ear.state()["timer"] is None
    assert "trip" not in ear.events(since=mark)
    assert ear.state()["last_trip"]["reason"] == "remote"


def test_a_timer_shuts_off_on_time_and_warns_before(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(limits={"prewarn": "1s", "rearm_after": "2s"}))
    stove, _, ear = kitchen.start()
    sent = time.monotonic()
    ear.send("left/timer/set", {"duration": "2s", "label": "tea"})
    heard = ear.wait("left/ack").at
    warning = ear.event("prewarning")
    assert warning["label"] == "tea"
    tripped = ear.until(phase="tripped")
    assert tripped["last_trip"]["reason"] == "timer"
    assert tripped["last_trip"]["source"] == "mqtt"
    # It began somewhere between the two; late only by what a busy machine adds.
    assert sent + 2 < stove.switched[0].at < heard + 3


@pytest.fixture(scope="module")
def one_daemon(broker, tmp_path_factory):
    """One daemon for the tests that only talk and leave no burner tripped."""
    kitchen = Kitchen(tmp_path_factory.mktemp("talk"), broker, {"left": burner()})
    try:
        _, _, ear = kitchen.start()
        yield ear
    finally:
        kitchen.close()


@pytest.fixture
def shared(one_daemon):
    """That daemon, ready and without a timer."""
    mark = one_daemon.mark
    one_daemon.send("left/timer/set", {"duration": "0", "id": "clean"})
    one_daemon.wait("left/ack", lambda one: one.json["id"] == "clean", since=mark)
    one_daemon.heard.clear()
    return one_daemon
