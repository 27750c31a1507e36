"""Relays that lie, stick, refuse, forget their token or vanish (safety concept)."""

import time

import pytest

from tests.support.kitchen import TOKEN, Kitchen, burner
from tests.support.waiting import eventually


def test_a_lying_relay_is_never_believed(kitchen):
    stove, _, ear = kitchen.start()
    stove.fault(lying=True)
    ear.send("left/off/set")
    assert ear.event("trip_failed")["reason"] == "remote"
    assert ear.state()["phase"] == "trip_failed"
    assert ear.state()["contact"] == "closed"
    assert "confirmed" not in {one.json["status"] for one in ear.on("left/ack")}
    stove.fault(lying=False)
    eventually(lambda: stove.circuit() == "open", 2, "it never stopped trying")


def test_a_stuck_relay_latches_until_it_is_rearmed_locally(kitchen):
    stove, _, ear = kitchen.start()
    stove.fault(stuck=True)
    mark = ear.mark
    ear.send("left/off/set")
    ear.event("trip_failed", since=mark)
    assert ear.ack("failed", since=mark, within=7)["code"] == "not_confirmed"
    stuck = ear.until(locks=["stuck"], within=8)
    assert stuck["phase"] == "trip_failed"
    for command, payload, code in (
        ("timer", "5m", "trip_failed"),
        ("rearm", "REARM", "trip_failed"),
    ):
        mark = ear.mark
        ear.send(f"left/{command}/set", payload)
        assert ear.ack("rejected", since=mark)["code"] == code
    stove.fault(stuck=False)
    ear.until(phase="locked_out", contact="open", within=3)

    mark = ear.mark
    ear.send("left/lock/set", "UNLOCK")
    ear.send("left/rearm/set", "REARM")
    assert ear.ack("rejected", since=mark)["code"] == "remote_rearm"
    said = kitchen.remote("rearm", "left")
    assert said.code == 1, said
    assert "at the Pi" in said.err
    assert stove.circuit() == "open"
    said = kitchen.local("rearm", "left")
    assert said.code == 0, said
    ear.until(phase="ready", since=mark)
    assert stove.circuit() == "closed"


def test_with_allow_remote_rearm_a_latched_trip_ends_over_mqtt(make_kitchen):
    kitchen: Kitchen = make_kitchen(top={"allow_remote_rearm": True})
    stove, _, ear = kitchen.start()
    stove.fault(stuck=True)
    ear.send("left/off/set")
    ear.until(locks=["stuck"], within=10)
    stove.fault(stuck=False)
    ear.until(phase="locked_out", contact="open", within=3)
    mark = ear.mark
    ear.send("left/rearm/set", "REARM")
    ear.ack("accepted", since=mark)
    ear.until(phase="ready", since=mark)


def test_a_refused_property_is_named_and_never_confirmed(kitchen):
    stove, daemon, ear = kitchen.start()
    stove.fault(refuse=True)
    ear.send("left/off/set")
    ear.event("trip_failed")
    assert "refused to set siid 2 piid 1 (code -4003)" in daemon.output
    assert ear.state()["contact"] == "closed"
    assert stove.circuit() == "closed"
    stove.fault(refuse=False)
    eventually(lambda: stove.circuit() == "open", 2)


@pytest.mark.parametrize("fault", ["obeys_busy", "obeys_silent", "obeys_garbled"])
def test_a_set_that_was_obeyed_is_settled_by_a_read_back_whatever_is_answered(kitchen, fault):
    stove, _, ear = kitchen.start()
    stove.fault(**{fault: True})
    mark = ear.mark
    ear.send("left/off/set")
    ear.ack("confirmed", since=mark, within=2)
    assert stove.circuit() == "open"


@pytest.mark.parametrize("fault", ["obeys_busy", "obeys_silent", "obeys_garbled"])
def test_a_contact_that_no_read_back_shows_is_unknown(kitchen, fault):
    """The command goes out, and neither its answer nor a read-back tells what came of it."""
    stove, _, ear = kitchen.start()
    stove.fault(**{fault: True}, nonsense=True)
    mark = ear.mark
    ear.send("left/off/set")
    told = ear.until(contact="unknown", since=mark, within=3)
    assert told["phase"] in ("tripping", "trip_failed")
    assert told["relay"]["problem"]
    assert "confirmed" not in {one.json["status"] for one in ear.on("left/ack")}
    stove.fault(nonsense=False)
    ear.ack("confirmed", since=mark, within=3)


def test_a_switch_that_says_neither_on_nor_off_is_unknown_at_once_and_named(kitchen):
    stove, daemon, ear = kitchen.start()
    mark = ear.mark
    stove.fault(nonsense=True)
    told = ear.until(contact="unknown", since=mark, within=4)
    assert "'maybe'" in told["relay"]["problem"]
    assert told["phase"] == "ready"
    mark = ear.mark
    stove.fault(nonsense=False, words=True)
    back = ear.until(contact="closed", since=mark, within=4)
    assert (back["phase"], back["relay"]["problem"]) == ("ready", None)
    assert daemon.output.count("'maybe'") == 1, "told once"


def test_answers_that_are_no_json_are_no_wrong_token(kitchen):
    stove, daemon, ear = kitchen.start()
    mark = ear.mark
    stove.fault(garbled=1.0)
    told = ear.until(contact="unknown", since=mark, within=4)
    assert "not in JSON" in told["relay"]["problem"]
    ear.send("left/off/set")
    assert "not in JSON" in ear.event("trip_failed")["message"]
    assert "token" not in daemon.output
    row = kitchen.local("doctor").out
    assert "not in JSON" in row
    assert "token is wrong" not in row


def test_what_the_module_lacks_is_told_and_the_shutoff_works(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(voice={"siid": 4, "piid": 1}))
    stove = kitchen.stove()
    stove.do(lambda world: world.relay("left").channels.pop((4, 1)))
    ear, daemon = kitchen.ear(), kitchen.daemon()
    told = ear.wait("left/state", lambda one: one.json["relay"]["problem"], within=5).json
    assert "voice channel (siid 4 piid 1) is not told" in told["relay"]["problem"]
    assert (told["phase"], told["contact"]) == ("ready", "closed")
    mark = ear.mark
    ear.send("left/off/set")
    ear.ack("confirmed", since=mark)
    assert stove.circuit() == "open"
    ear.until(phase="ready", since=mark, within=8)
    assert daemon.output.count("voice channel (siid 4 piid 1) is not told") == 1, "told once"
    row = kitchen.local("doctor")
    assert row.code == 1
    assert "voice channel (siid 4 piid 1) is not told" in row.out


def test_doctor_reads_modules_that_take_one_question_at_a_time_and_name_their_wi_fi_in_gbk(
    make_kitchen,
):
    kitchen: Kitchen = make_kitchen(left=burner(voice={"siid": 4, "piid": 1}))
    stove = kitchen.stove()
    stove.fault(batch_silent=True, gbk=True, numbers=True)
    rows = kitchen.local("doctor").out.splitlines()
    assert any("relay left" in row and "contact closed" in row for row in rows)
    (wire,) = [row for row in rows if row.startswith("relay left wire")]
    assert " ms, 0% of 20 lost" in wire
    (model,) = [row for row in rows if row.startswith("relay left power-on")]
    assert "yeelink.switch.sw1" in model
    assert "yeelink.switch.sw1" in kitchen.local("discover").out


def test_a_wrong_token_is_named_in_state_and_log(make_kitchen):
    kitchen: Kitchen = make_kitchen()
    stove = kitchen.stove()
    kitchen.data["burners"]["left"]["relay"]["token"] = TOKEN[::-1].upper()
    kitchen.write()
    ear, daemon = kitchen.ear(), kitchen.daemon(None)
    told = ear.wait("left/state", lambda one: one.json["relay"]["problem"], within=10).json
    assert "token is wrong" in told["relay"]["problem"]
    assert told["relay"]["reachable"] is False
    assert "token is wrong" in daemon.output
    assert TOKEN[::-1] not in daemon.output.lower()
    assert stove.circuit() == "closed"


def test_a_relay_that_vanishes_is_told_within_10_s_and_its_timer_is_not_guaranteed(kitchen):
    stove, _, ear = kitchen.start()
    ear.send("left/timer/set", "20m")
    ear.ack("accepted")
    assert ear.state()["timer"]["guaranteed"] is True
    mark = ear.mark
    stove.fault(offline=True)
    gone = time.monotonic()
    event = ear.wait(
        "left/event", lambda one: one.json["type"] == "relay_unreachable", since=mark, within=11
    )
    assert event.at - gone < 10
    assert event.json["burning"] is True
    assert ear.state()["timer"]["guaranteed"] is False
    assert ear.state()["relay"]["reachable"] is False
    unknown = ear.until(contact="unknown", within=4, since=mark)
    assert unknown["phase"] == "ready"
    mark = ear.mark
    stove.fault(offline=False)
    back = ear.until(contact="closed", since=mark)
    assert back["timer"]["guaranteed"] is True
    ear.event("relay_recovered", since=mark)


def test_offs_get_through_a_bad_wire(kitchen):
    stove, _, ear = kitchen.start()
    stove.fault(loss_in=0.2, loss_out=0.2, jitter_s=0.05, duplicate=0.1, reorder=0.1)
    for number in range(5):
        mark = ear.mark
        ear.send("left/off/set", {"id": str(number)})
        ear.ack("confirmed", since=mark)
        assert stove.circuit() == "open"


def test_a_relay_that_reboots_is_found_again(kitchen):
    stove, _, ear = kitchen.start()
    stove.do(lambda world: world.reboot("left", silent_for=0.5))
    ear.send("left/off/set")
    ear.ack("confirmed")
    assert stove.circuit() == "open"


def test_a_flame_that_burns_on_behind_an_open_contact_is_a_failed_trip(make_kitchen):
    left = burner(
        flame={"driver": "mqtt", "topic": "x"},
        limits={"rearm_after": "2s", "flame_out_within": "2s"},
    )
    kitchen: Kitchen = make_kitchen(left=left)
    topic = f"{kitchen.base}_sim/left/flame"
    left["flame"]["topic"] = topic
    kitchen.write()
    _, _, ear = kitchen.start()

    def flame(word: str) -> None:
        ear.base, base = f"{kitchen.base}_sim", ear.base
        ear.send("left/flame", word)
        ear.base = base

    flame("lit")
    ear.until(flame="lit")
    ear.send("left/off/set")
    ear.ack("confirmed")
    burns = ear.until(phase="trip_failed", contact="open", within=4)
    assert burns["locks"] == ["stuck"]
    flame("out")
    ear.until(phase="locked_out", flame="out")
    assert kitchen.local("rearm", "left").code == 0
    ear.until(phase="ready", locks=[])
