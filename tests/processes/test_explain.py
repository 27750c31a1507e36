"""`gasguard explain` and `history --burns` on real processes: the chain of causes, each time."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.kitchen import Kitchen, burner, relay
from tests.support.waiting import eventually

TZ = {"TZ": "Asia/Shanghai"}


def why(kitchen: Kitchen, *words: str, name: str = "left") -> str:
    """What `explain` says, which is the same through the broker."""
    for _ in range(5):
        said = kitchen.local("explain", name, *words)
        assert said.code == 0, said
        there = kitchen.remote("explain", name, *words)
        if there.out == said.out:
            break  # else the burner has re-armed between the two
    assert (there.code, there.out, there.err) == (0, said.out, said.err)
    return said.out


def story(kitchen: Kitchen) -> list[dict[str, Any]]:
    """The events that `explain` is made of."""
    return [answer["event"] for answer in kitchen.talk({"command": "story", "burner": "left"})]


@pytest.fixture
def sensed(make_kitchen: Callable[..., Kitchen]) -> Callable[..., tuple[Kitchen, str]]:
    """A burner whose flame sensor is the test itself, and its topic."""

    def make(limits: dict[str, Any] | None = None, **more: Any) -> tuple[Kitchen, str]:
        kitchen = make_kitchen(left={"relay": relay(), **more})
        topic = f"{kitchen.base}_stove/left"
        left = kitchen.data["burners"]["left"]
        left["flame"] = {"driver": "mqtt", "topic": topic}
        left["limits"] = {"rearm_after": "2s", **(limits or {})}
        kitchen.write()
        return kitchen, topic

    return make


def test_a_timer_that_ended_is_the_cause_and_who_set_it_when(sensed):
    kitchen, topic = sensed(name="Left burner")
    _, _, ear = kitchen.start()
    ear.publish(topic, "lit")
    ear.until(flame="lit")
    ear.send("left/timer/set", '{"duration": "1s", "label": "eggs"}')
    ear.event("trip_confirmed", within=5)
    ear.publish(topic, "out")
    ear.event("rearmed", within=10)
    said = why(kitchen)
    main = next(line for line in said.splitlines() if "went out" in line)
    assert main.startswith("Left burner went out at ")
    assert 'because its 1-second timer "eggs", set by MQTT at ' in main
    latency = ear.state()["last_trip"]["latency_ms"]
    assert main.endswith(f"ended; the relay confirmed after {latency} ms.")
    assert "Left burner can be lit: its circuit was read back closed" in said
    order = ("gasguard started", "seen lit", "timer", "told to shut off", "confirmed", "seen out")
    chain = said.partition("How it came about:")[2]
    places = [chain.index(part) for part in order]
    assert places == sorted(places), chain


@pytest.mark.long
def test_the_same_in_chinese_by_option_and_by_locale(sensed):
    kitchen, _ = sensed(name="左灶")
    _, _, ear = kitchen.start()
    ear.send("left/timer/set", '{"duration": "1s", "label": "鸡蛋"}')
    ear.event("rearmed", within=10)
    said = why(kitchen, "--language", "zh")
    assert "左灶于 " in said
    assert "MQTT于 " in said and "1 秒定时“鸡蛋”到时；继电器在" in said
    for locale in ({"LANG": "zh_CN.UTF-8"}, {"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW.UTF-8"}):
        env = {"LC_ALL": "", "LC_MESSAGES": "", **locale}
        assert kitchen.cli("explain", "left", "-c", str(kitchen.path), env=env).out == said
    env = {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}
    english = kitchen.cli("explain", "left", "-c", str(kitchen.path), env=env).out
    assert "was shut off at" in english


@pytest.mark.long
def test_offs_are_told_by_their_way_in_and_nothing_is_claimed_of_a_flame_nobody_sees(kitchen):
    _, _, ear = kitchen.start()
    assert "No shutoff of left is on record" in why(kitchen).replace("Left", "left")
    ear.send("left/off/set")
    ear.event("rearmed", within=8)
    said = why(kitchen)
    assert "Left was shut off at" in said and "because an off came by MQTT" in said
    assert "went out" not in said
    assert "whether it burns is not known" in said
    assert kitchen.local("off", "left").code == 0
    assert "by the command line" in why(kitchen)


@pytest.mark.long
def test_voice_at_mi_home_and_a_timer_that_it_ended(kitchen):
    stove, _, ear = kitchen.start()
    ear.send("left/timer/set", "20m")
    ear.ack("accepted")
    stove.tell("mihome left off")
    ear.event("trip_confirmed", within=5)
    said = why(kitchen)
    assert "an off came from Mi Home" in said
    assert "A 20-minute timer was set by MQTT" in said
    assert "cancelled" not in said, "the shutoff did that, and is no cause of itself"


def test_an_alarm_latches_and_refuses_and_the_sensor_is_named(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner())
    topic = f"{kitchen.base}_zigbee/gas"
    kitchen.data["hazards"] = {
        "kitchen_gas": {"driver": "mqtt", "kind": "gas_alarm", "topic": topic}
    }
    kitchen.write()
    _, _, ear = kitchen.start()
    ear.publish(topic, json.dumps({"gas": True}))
    ear.until(phase="locked_out", contact="open")
    ear.send("left/rearm/set", "REARM")
    ear.event("command_rejected")
    assert kitchen.local("rearm", "left").code == 1
    said = why(kitchen)
    assert "Left is kept off by: Gas alarm; its circuit was read back open." in said
    assert "(kitchen_gas)." in next(x for x in said.splitlines() if x.startswith("Gas alarm since"))
    assert "No re-arm while kitchen_gas still reports." in said
    assert "gasguard rearm left" in said
    assert "because the sensor kitchen_gas warned of gas; the relay confirmed" in said
    assert "It was locked: Gas alarm (kitchen_gas)" in said
    assert "Refused: re-arm at the guard itself (a command by MQTT)" in said
    ear.publish(topic, json.dumps({"gas": False}))
    ear.until(hazards={"kitchen_gas": "clear"})
    mark = ear.mark
    assert kitchen.local("rearm", "left").code == 0
    ear.until(phase="ready", since=mark)
    said = why(kitchen)
    assert "A lock was lifted (Gas alarm) by the command line." in said
    assert "No re-arm while" not in said


@pytest.mark.long
def test_a_lock_and_who_locked(kitchen):
    _, _, ear = kitchen.start()
    ear.send("left/lock/set", "LOCK")
    ear.until(phase="locked_out", contact="open")
    said = why(kitchen)
    assert "because the child lock was switched on by MQTT" in said
    assert "gasguard unlock left" in said
    assert "gasguard rearm" not in said


def test_a_crash_in_between_is_part_of_the_chain(kitchen):
    _, daemon, ear = kitchen.start()
    ear.send("left/timer/set", "7s")
    ear.ack("accepted")
    time.sleep(1.5)  # the journal is written once a second
    daemon.kill()
    mark = ear.mark
    daemon = kitchen.daemon(None)
    ear.event("rearmed", since=mark, within=20)
    said = why(kitchen)
    assert "because its 7-second timer, set by MQTT at" in said
    chain = said.partition("How it came about:")[2]
    assert "it had ended without a word" in chain
    assert chain.index("timer was set") < chain.index("ended without a word")
    daemon.stop()
    kitchen.daemon()
    kinds = [
        (event["type"], event["reason"])
        for event in story(kitchen)
        if event["type"].startswith("guard_")
    ]
    assert "guard_" not in kitchen.local("history").out
    assert kinds == [
        ("guard_started", "first"),
        ("guard_started", "crash"),
        ("guard_stopped", None),
        ("guard_started", "stopped"),
    ]


def test_a_daemon_that_is_killed_over_and_over_has_one_row_for_that(kitchen):
    kitchen.stove()
    for _ in range(4):
        kitchen.daemon().kill()
    kitchen.daemon()
    (started,) = [event for event in story(kitchen) if event["type"] == "guard_started"]
    assert started["starts"] == 5


def test_a_relay_that_could_not_be_reached_during_the_shutoff(kitchen):
    stove, _, ear = kitchen.start()
    stove.tell("fault left offline on")
    time.sleep(0.5)
    ear.send("left/off/set")
    ear.event("trip_failed", within=6)
    said = why(kitchen)
    assert "Left COULD NOT BE SHUT OFF" in said
    assert "was told to shut off" in said and "no read-back has confirmed" in said
    assert "turn the stove off by hand" in said
    stove.tell("fault left offline off")
    ear.event("trip_confirmed", within=10)
    said = why(kitchen)
    assert "that was not confirmed in time" in said and "and the relay confirmed after" in said


def test_a_relay_that_something_else_closed(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(limits={"rearm_after": "1m"}))
    stove, _, ear = kitchen.start()
    ear.send("left/timer/set", "1s")
    ear.event("trip_confirmed", within=5)
    mark = ear.mark
    stove.tell("mihome left on")
    ear.event("trip_confirmed", since=mark, within=5)
    said = why(kitchen)
    assert "because something else had closed the circuit while it had to stay open" in said
    assert "It had been shut off before" in said
    assert "because its 1-second timer, set by MQTT at" in said
    assert "Relay: something else has closed it once" in said


def test_a_burner_turned_off_by_hand_is_no_shutoff_of_gasguards(sensed):
    kitchen, topic = sensed()
    _, _, ear = kitchen.start()
    ear.publish(topic, "lit")
    ear.until(flame="lit")
    said = why(kitchen)
    assert "Left burns, as its flame sensor says, since" in said
    ear.publish(topic, "out")
    ear.until(flame="out")
    said = why(kitchen)
    assert "without gasguard" in said
    assert "No shutoff of left is on record" in said.replace("Left", "left")


def test_what_the_history_does_not_have_any_more_is_said_to_be_unknown(kitchen):
    import sqlite3

    _, daemon, ear = kitchen.start()
    ear.send("left/timer/set", "1s")
    ear.event("rearmed", within=8)
    daemon.stop()
    with sqlite3.connect(kitchen.state_dir / "guard.db") as db:
        db.execute("DELETE FROM journal")
    db.close()
    kitchen.daemon()
    said = why(kitchen)
    assert "Left was shut off" in said and "timer" in said and "by MQTT" in said
    assert "not found in the history" in said
    data = json.loads(kitchen.local("explain", "left", "--json").out)
    assert data["complete"] is False and data["last_trip"]["reason"] == "timer"


def test_a_history_that_cannot_be_read_is_said_and_the_state_is_told_all_the_same(kitchen):
    import sqlite3

    _, _, ear = kitchen.start()
    ear.send("left/off/set")
    ear.event("rearmed", within=8)
    time.sleep(1.5)  # what happened is written once a second
    with sqlite3.connect(kitchen.state_dir / "guard.db") as db:
        db.execute("ALTER TABLE journal RENAME TO elsewhere")
    db.close()
    for said in (kitchen.local("explain", "left"), kitchen.remote("explain", "left")):
        assert said.code == 0, said
        assert "Left can be lit" in said.out and "off came by MQTT" in said.out
        assert "The history cannot be read, so what led to it is not known" in said.out
    for words in (("history",), ("history", "--burns")):
        said = kitchen.local(*words)
        assert (said.code == 1) is (words == ("history",)), said
    assert "the history cannot be read" in kitchen.remote("history").err
    kitchen.expected_errors = False


def test_without_the_daemon_nobody_knows_and_that_is_said(kitchen):
    kitchen.stove()
    kitchen.daemon().stop()
    for said in (kitchen.local("explain"), kitchen.remote("explain")):
        assert said.code == 3
        assert "nobody can say whether a burner is off, and why: look at the stove" in said.err
        assert not said.out


@pytest.mark.long
def test_json_has_a_line_a_burner(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), right=burner())
    _, _, ear = kitchen.start()
    ear.send("right/off/set")
    ear.event("rearmed", "right", within=8)
    lines = [json.loads(line) for line in kitchen.local("explain", "--json").out.splitlines()]
    assert [line["burner"] for line in lines] == ["left", "right"]
    assert lines[0]["last_trip"] is None and lines[1]["last_trip"]["source"] == "mqtt"
    assert any("by MQTT" in text for text in lines[1]["why"])
    assert kitchen.local("explain", "LEFT").code == 0
    unknown = kitchen.local("explain", "middle")
    assert unknown.code == 2 and "middle" in unknown.err
    assert kitchen.remote("explain", "middle").code == 2


# --- burns ----------------------------------------------------------------------------------------


def burnt(kitchen: Kitchen, *words: str) -> list[dict[str, Any]]:
    said = kitchen.local("history", "--burns", "--json", *words)
    assert said.code == 0, said
    return [json.loads(line) for line in said.out.splitlines()]


@pytest.mark.long
def test_burns_are_counted_over_a_kill_and_no_total_goes_back(sensed):
    kitchen, topic = sensed(rated_kw="3.8")
    _, daemon, ear = kitchen.start()
    ear.publish(topic, "lit")
    ear.until(flame="lit")
    time.sleep(2.5)
    (today, total) = burnt(kitchen)
    assert today["burning"] and today["burned_s"] >= 2
    told = kitchen.ask()["left"]["totals"]
    assert told["burned_s"] >= 2
    daemon.kill()
    mark = ear.mark
    daemon = kitchen.daemon(None)
    state = eventually(
        lambda: (s := (kitchen.ask() or {})["left"]) and s["totals"]["burned_s"] is not None and s
    )
    assert state["totals"]["burned_s"] >= told["burned_s"]
    assert state["totals"]["gas_m3"] >= told["gas_m3"]

    def lit_again() -> bool:
        # Its connection to the sensors comes a moment after the first answer.
        ear.publish(topic, "lit")
        return (kitchen.ask() or {})["left"]["flame"] == "lit"

    eventually(lit_again, 10, "the flame is seen again", every=0.2)
    time.sleep(1.5)
    ear.publish(topic, "out")
    ear.until(flame="out", since=mark)
    (today, total) = burnt(kitchen)
    assert (today["burns"], today["unseen_ends"], today["burning"]) == (2, 1, False)
    assert total["burned_s"] == today["burned_s"] <= 8
    published = ear.wait(
        "left/state",
        lambda one: one.json.get("totals", {}).get("burned_s", 0) >= today["burned_s"],
        since=mark,
        within=8,
    ).json["totals"]
    assert published["gas_m3"] == pytest.approx(3.8e-3 / 34.02 * published["burned_s"], abs=2e-3)
    here, there = kitchen.local("history", "--burns"), kitchen.remote("history", "--burns")
    assert (there.code, there.out) == (0, here.out)
    assert "2+ at" not in here.out and "+ at least so long" in here.out
    assert "#" in here.out and "█" not in here.out, "a pipe gets plain bars"
    assert kitchen.remote("history", "--burns", "--json").out.splitlines()


def test_without_a_flame_sensor_burn_time_is_unknown_and_not_nothing(kitchen):
    kitchen.stove()
    kitchen.daemon()
    (total,) = burnt(kitchen)
    assert total["burned_s"] is None
    said = kitchen.local("history", "--burns")
    assert "left: burn time unknown: it has no flame sensor" in said.out
    assert "totals" not in kitchen.ask()["left"]


def midnight_in(seconds: float) -> str:
    """A time zone (POSIX) in which it is midnight so many seconds from now."""
    to_go = (-(time.time() + seconds)) % 86400
    east = round(to_go if to_go < 43200 else to_go - 86400)
    hours, rest = divmod(abs(east), 3600)
    # POSIX counts west as positive.
    return f"XXX{'-' if east >= 0 else '+'}{hours:02}:{rest // 60:02}:{rest % 60:02}"


@pytest.mark.long
def test_a_burn_over_midnight_is_on_both_days_of_the_daemons_time_zone(sensed):
    kitchen, topic = sensed()
    zone, midnight = midnight_in(15), time.monotonic() + 15
    kitchen.stove()
    ear = kitchen.ear()
    daemon = kitchen.run(env={"TZ": zone})
    ear.until(phase="ready", within=15)

    def lit() -> bool:
        ear.publish(topic, "lit")
        return kitchen.ask()["left"]["flame"] == "lit"

    eventually(lit, 5, "the flame is seen", every=0.2)
    time.sleep(max(0.0, midnight + 3 - time.monotonic()))
    *days, total = burnt(kitchen)
    assert len(days) == 2, (zone, days)
    before, after = days
    assert before["day"] < after["day"]
    assert (before["burns"], after["burns"]) == (1, 0), "a burn counts where it began"
    assert (before["burning"], after["burning"]) == (False, True)
    assert 1 <= before["burned_s"] <= 15 and 2 <= after["burned_s"] <= 9
    assert total["burned_s"] == before["burned_s"] + after["burned_s"]
    assert daemon.running


@pytest.mark.long
def test_a_total_that_was_told_never_goes_back_over_kills(sensed):
    kitchen, topic = sensed(rated_kw="5")
    kitchen.stove()
    ear = kitchen.ear()
    told: list[dict[str, Any]] = []

    def lit() -> bool:
        ear.publish(topic, "lit")
        state = (kitchen.ask() or {})["left"]
        told.append(state["totals"])
        return state["flame"] == "lit"

    for wait in (1.2, 0.4, 2.3, 0.9):
        daemon = kitchen.daemon(None)
        eventually(lit, 10, "the flame is seen", every=0.1)
        time.sleep(wait)
        burnt(kitchen)  # has what was seen so far written and told
        assert lit()
        daemon.kill()
    for key in ("burned_s", "gas_m3"):
        known = [one[key] for one in told if one[key] is not None]
        assert known == sorted(known)
        assert known[-1] > 0
