"""Timers that fit cooking, and reminders: over MQTT and at the command line, real processes."""

import json
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.kitchen import Kitchen, burner, relay
from tests.support.waiting import eventually, never, wait_until


@pytest.fixture
def sensed(make_kitchen):
    """A burner whose flame sensor is the test itself, and its topic."""

    def make(expire_after: str = "1h", **left) -> tuple[Kitchen, str]:
        kitchen: Kitchen = make_kitchen(left={**burner(), **left})
        topic = f"{kitchen.base}_stove/left"
        flame = {"driver": "mqtt", "topic": topic, "expire_after": expire_after}
        kitchen.data["burners"]["left"]["flame"] = flame
        kitchen.write()
        return kitchen, topic

    return make


def waiting(ear, topic: str, duration: str = "2s") -> None:
    """The flame is out, and a timer waits for it."""
    ear.publish(topic, "out")
    ear.until(flame="out")
    ear.send("left/timer/set", {"duration": duration, "label": "eggs", "when": "lit"})
    ear.ack("accepted")


# --- a timer that waits for the flame -------------------------------------------------------------


def test_a_timer_that_waits_begins_with_the_flame_and_shuts_off(sensed):
    kitchen, topic = sensed()
    stove, _, ear = kitchen.start()
    waiting(ear, topic)
    timer = ear.state()["timer"]
    assert timer == {
        "ends_at": None,
        "remaining_s": 2,
        "duration_s": 2,
        "label": "eggs",
        "guaranteed": True,
        "waiting": True,
    }
    assert ear.event("timer_started")["waiting"] is True
    never(lambda: stove.circuit() == "open", 2.5, "it has no end yet")
    mark, began = ear.mark, time.monotonic()
    ear.publish(topic, "lit")
    told = ear.event("timer_started", since=mark)
    assert (told["reason"], told["label"]) == ("flame_lit", "eggs")
    assert ear.state()["timer"]["waiting"] is False
    assert ear.state()["timer"]["ends_at"]
    trip = ear.event("trip", since=mark, within=6)
    assert trip["reason"] == "timer"
    assert time.monotonic() - began > 1.9
    assert stove.circuit() == "open"


def test_where_no_flame_is_sensed_it_is_refused_and_says_what_to_do(kitchen):
    _, _, ear = kitchen.start()
    ear.send("left/timer/set", {"duration": "20m", "when": "lit", "id": "a"})
    ack = ear.ack("rejected")
    assert (ack["id"], ack["code"]) == ("a", "unsupported")
    assert "flame:" in ack["message"]
    assert ear.event("command_rejected")["code"] == "unsupported"
    assert ear.state()["timer"] is None
    for said in (kitchen.local, kitchen.remote):
        refused = said("timer", "left", "20m", "--when-lit")
        assert refused.code == 1 and "flame:" in refused.err, refused


@pytest.mark.long
def test_a_sensor_that_falls_silent_while_it_waits_begins_it(sensed):
    kitchen, topic = sensed(expire_after="2s")
    _, _, ear = kitchen.start()
    waiting(ear, topic, "1s")
    mark = ear.mark
    told = ear.event("timer_started", since=mark, within=5)
    assert told["reason"] == "flame_unseen" and "sensor" in told["message"]
    assert ear.event("trip", since=mark, within=5)["reason"] == "timer"


def test_it_waits_on_after_kill_9(sensed):
    kitchen, topic = sensed()
    _, daemon, ear = kitchen.start()
    waiting(ear, topic)
    mark = ear.mark
    ear.send("left/timer/extend/set", "1s")
    ear.ack("accepted", since=mark)
    daemon.kill()
    mark = ear.mark
    kitchen.daemon()
    state = kitchen.ask()["left"]
    assert (state["timer"]["waiting"], state["timer"]["duration_s"]) == (True, 3)
    ear.until(phase="ready", since=mark)
    # Devices have a connection of their own: say it until it is heard.
    eventually(lambda: ear.publish(topic, "lit") or ear.state()["timer"]["ends_at"], 5, every=0.2)
    assert ear.event("trip", since=mark, within=6)["reason"] == "timer"


@pytest.mark.long
def test_off_takes_it_away_and_cancelling_does(sensed):
    kitchen, topic = sensed()
    _, _, ear = kitchen.start()
    for topic_, payload in (("left/off/set", ""), ("left/timer/set", "cancel")):
        waiting(ear, topic)
        mark = ear.mark
        ear.send(topic_, payload)
        ear.event("timer_cancelled", since=mark)
        assert ear.state()["timer"] is None
        kitchen.rearm()


# --- a timer that ends at a time of day -----------------------------------------------------------


def shown_in(zone: str, minutes: int) -> str:
    return (datetime.now(ZoneInfo(zone)) + timedelta(minutes=minutes)).strftime("%H:%M")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/St_Johns"])
@pytest.mark.long
def test_a_timer_ends_at_the_time_of_the_configured_zone(make_kitchen, zone):
    kitchen: Kitchen = make_kitchen(top={"timezone": zone}, left=burner())
    _, _, ear = kitchen.start()
    ear.send("left/timer/set", {"until": shown_in(zone, 30), "label": "roast"})
    ear.ack("accepted")
    timer = ear.state()["timer"]
    assert 29 * 60 - 5 < timer["remaining_s"] <= 30 * 60
    ends = datetime.fromisoformat(timer["ends_at"])
    assert ends.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S").endswith(":00")
    said = kitchen.remote("timer", "left", "--until", shown_in(zone, 60))
    assert said.code == 0, said
    assert said.out == f"left: timer set to end at {shown_in(zone, 60)}\n"
    assert 59 * 60 - 15 < kitchen.ask()["left"]["timer"]["remaining_s"] <= 60 * 60


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"until": "25:00"}, "25:00"),
        ({"until": "6:30 pm"}, "18:30"),
        ({"until": "18:30", "duration": "20m"}, "one of them"),
        ({"until": "18:30", "when": "lit"}, "when"),
        ({"duration": "20m", "when": "later"}, "lit"),
        ({"duration": "20m", "remind": "yes"}, "remind is true"),
        ({"duration": "20m", "label": "x" * 65}, "64"),
        ({"duration": "20m", "label": "a\nb"}, "plain text"),
        ({"duration": "20m", "reminder": True}, "unknown key 'reminder'; there are duration, "),
    ],
)
def test_what_means_nothing_changes_nothing_and_is_told_why(shared_timers, words, told):
    _, ear = shared_timers
    before, mark = ear.state()["timer"], ear.mark
    ear.send("left/timer/set", {**words, "id": "a"})
    ack = ear.ack("rejected", since=mark)
    assert (ack["id"], ack["code"]) == ("a", "malformed")
    assert told in ack["message"]
    assert ear.state()["timer"] == before and ear.state()["reminders"] == []


def test_one_that_the_broker_has_kept_is_refused_like_any(kitchen):
    stove, ear = kitchen.stove(), kitchen.ear()
    ear.send("left/timer/set", {"until": "18:30"}, retain=True)
    kitchen.daemon()
    assert ear.event("command_rejected")["code"] == "retained"
    assert kitchen.ask()["left"]["timer"] is None
    assert stove.circuit() == "closed"


# --- reminders ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared_timers(house):
    ear = house.ear()
    ear.until(phase="ready")
    return house, ear


def test_a_reminder_is_told_and_shuts_nothing_off(kitchen):
    stove, _, ear = kitchen.start()
    ear.send("left/timer/set", {"duration": "20m", "label": "rice"})
    ear.ack("accepted")
    mark = ear.mark
    ear.send("left/timer/set", {"duration": "1s", "label": "eggs", "remind": True})
    ear.ack("accepted", since=mark)
    (one,) = ear.state()["reminders"]
    assert (one["id"], one["label"], one["remaining_s"]) == (1, "eggs", 1)
    assert datetime.fromisoformat(one["ends_at"]).tzinfo is not None
    told = ear.event("reminder", since=mark, within=4)
    assert (told["label"], told["source"]) == ("eggs", "mqtt")
    assert ear.until(reminders=[], since=mark)["timer"]["label"] == "rice"
    assert stove.circuit() == "closed"


def test_one_is_cancelled_by_its_label_and_the_timer_stays(kitchen):
    _, _, ear = kitchen.start()
    for words in (
        {"duration": "20m", "label": "rice"},
        {"duration": "10m", "label": "eggs", "remind": True},
        {"duration": "12m", "label": "rice", "remind": True},
        {"duration": "cancel", "label": "eggs"},
    ):
        mark = ear.mark
        ear.send("left/timer/set", words)
        ear.ack("accepted", since=mark)
    assert ear.event("reminder_cancelled")["label"] == "eggs"
    state = ear.state()
    assert [one["label"] for one in state["reminders"]] == ["rice"]
    assert state["timer"]["label"] == "rice"
    mark = ear.mark
    ear.send("left/timer/set", "cancel")
    ear.ack("accepted", since=mark)
    state = ear.state()
    assert state["timer"] is None
    assert [one["label"] for one in state["reminders"]] == ["rice"]
    for words, code in (
        ({"duration": "9m", "label": "Rice", "remind": True}, "label_taken"),
        ({"duration": "cancel", "label": "eggs"}, "no_timer"),
        ({"duration": "25h", "remind": True}, "too_long"),
    ):
        mark = ear.mark
        ear.send("left/timer/set", words)
        assert ear.ack("rejected", since=mark)["code"] == code


def test_a_shutoff_and_kill_9_leave_them_and_a_late_one_says_how_late(kitchen):
    _, daemon, ear = kitchen.start()
    began = time.monotonic()
    for words in (
        {"duration": "2s", "label": "eggs", "remind": True},
        {"duration": "10m", "label": "rice", "remind": True},
    ):
        mark = ear.mark
        ear.send("left/timer/set", words)
        ear.ack("accepted", since=mark)
    ear.send("left/off/set", "")
    ear.ack("confirmed")
    daemon.kill()
    wait_until(began + 4)
    mark = ear.mark
    kitchen.run()
    late = ear.event("reminder", since=mark, within=10)
    assert late["label"] == "eggs" and late["late_s"] >= 1
    state = eventually(lambda: (s := kitchen.ask()) and s["left"])
    assert [one["label"] for one in state["reminders"]] == ["rice"]
    assert ear.events(since=mark).count("reminder") == 1


@pytest.mark.long
def test_a_reminder_costs_no_state_a_second(kitchen):
    _, _, ear = kitchen.start()
    ear.send("left/timer/set", {"duration": "10m", "remind": True})
    ear.until(reminders=ear.until()["reminders"])
    time.sleep(0.5)
    mark = ear.mark
    time.sleep(3)
    assert not [one for one in ear.heard[mark:] if one.topic.endswith("/state")]


# --- the command line -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["local", "remote"])
@pytest.mark.long
def test_the_command_line_sets_and_cancels_each_kind(sensed, way):
    kitchen, topic = sensed(presets=["3m", "8m"])
    _, _, ear = kitchen.start()
    ear.publish(topic, "out")
    ear.until(flame="out")
    ask = getattr(kitchen, way)
    for words, out in (
        (("8m", "--label", "鸡蛋"), 'left: timer "鸡蛋" set to 8m\n'),
        (("2", "m", "--when-lit"), "left: timer set to 2m, to begin with the flame\n"),
        (("12m", "--remind", "--label", "rice"), 'left: reminder "rice" set, in 12m\n'),
        (("5m", "--remind"), "left: reminder set, in 5m\n"),
    ):
        said = ask("timer", "left", *words)
        assert (said.code, said.out) == (0, out), said
    state = kitchen.ask()["left"]
    assert (state["timer"]["waiting"], state["timer"]["duration_s"]) == (True, 120)
    assert [one["label"] for one in state["reminders"]] == [None, "rice"]
    assert state["presets"] == ["3m", "8m"]
    shown = ask("status").out
    assert "2m when lit" in shown
    assert 'left: reminder "rice" in 11m' in shown or 'left: reminder "rice" in 12m' in shown
    said = ask("timer", "left", "cancel", "--label", "rice")
    assert (said.code, said.out) == (0, 'left: reminder "rice" cancelled\n'), said
    said = ask("timer", "left", "cancel", "--label", "rice")
    assert said.code == 1 and "no reminder 'rice'" in said.err, said
    said = ask("timer", "left", "cancel", "--remind")
    assert (said.code, said.out) == (0, "left: all reminders cancelled\n"), said
    state = kitchen.ask()["left"]
    assert state["reminders"] == [] and state["timer"]["waiting"]
    ear.publish(topic, "lit")
    ear.until(flame="lit")
    said = ask("timer", "left", "9m", "--when-lit")
    assert said.code == 0 and "the flame is lit: it runs from now on" in said.out, said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--until"),
        (("--remind",), "name a duration"),
        (("20m", "--until", "18:30"), "not both"),
        (("--until", "25:00"), "18:30"),
        (("--until", "18:30", "--when-lit"), "--when-lit"),
        (("20m", "--when-lit", "--remind"), "--remind"),
        (("+5m", "--label", "eggs"), "no options"),
        (("cancel", "--when-lit"), "cancel"),
        (("20m", "--label", " "), "--label"),
        (("stop", "--remind"), "two things"),
        (("20m", "--lable", "eggs"), "--label"),
    ],
)
def test_words_that_do_not_fit_are_bad_usage(shared_timers, words, told):
    kitchen, ear = shared_timers
    before = ear.state()["timer"]
    said = kitchen.local("timer", "left", *words)
    assert said.code == 2, said
    assert told in said.err
    assert kitchen.ask()["left"]["reminders"] == [] and ear.state()["timer"] == before


@pytest.mark.long
def test_tab_completes_the_burners_presets(make_kitchen):
    kitchen: Kitchen = make_kitchen(left={"relay": relay(), "presets": ["3m", "8m"]})
    line = f"gasguard timer -c {kitchen.path} left "
    env = {"_GASGUARD_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": "5"}
    said = kitchen.cli(env=env)
    assert [one.partition(",")[2] for one in said.out.split()] == ["3m", "8m", "cancel"], said


@pytest.mark.long
def test_the_history_and_the_explanation_name_them(sensed):
    kitchen, topic = sensed()
    _, _, ear = kitchen.start()
    waiting(ear, topic, "1s")
    ear.send("left/timer/set", {"duration": "1s", "remind": True, "label": "rice"})
    ear.event("reminder")
    standing = kitchen.local("explain", "left").out
    assert 'timer "eggs" waits for its flame' in standing
    ear.publish(topic, "lit")
    ear.event("trip_confirmed", within=6)
    time.sleep(1.2)
    said = kitchen.local("explain", "left").out
    assert 'timer "eggs", set by MQTT and begun at' in said, said
    kinds = [
        json.loads(line)["type"] for line in kitchen.local("history", "--json").out.splitlines()
    ]
    assert {"reminder_set", "reminder"} <= set(kinds)
