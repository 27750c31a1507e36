"""What gasguard publishes: availability, states, events, acknowledgements (contract, section 3)."""

import time
from datetime import datetime

from tests.support.kitchen import Kitchen, burner, relay
from tests.support.waiting import eventually, never

STATE_KEYS = {
    "burner", "name", "phase", "contact", "flame", "timer", "burning_since", "must_end_at",
    "last_trip", "locks", "relay", "totals", "updated_at", "flame_evidence", "reminders",
}  # fmt: skip


def test_online_comes_after_the_subscriptions_and_every_state(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), right=burner())
    ear = kitchen.ear()
    kitchen.stove()
    kitchen.run()
    ear.wait("status", lambda one: one.text == "online", within=10)
    # Sent the instant `online` is heard: nothing may be lost for want of a subscription.
    ear.send("all/off/set")
    topics = [one.topic.removeprefix(f"{kitchen.base}/") for one in ear.heard]
    assert set(topics[: topics.index("status")]) == {"left/state", "right/state"}
    for name in ("left", "right"):
        ear.ack("confirmed", name)
    online = ear.on("status")[0]
    assert online.retain
    assert all(one.retain for one in ear.on("left/state"))


def test_a_killed_daemon_is_offline_and_a_stopped_one_says_so(kitchen):
    stove, daemon, ear = kitchen.start()
    mark = ear.mark
    daemon.kill()
    assert ear.wait("status", since=mark).text == "offline"
    mark = ear.mark
    daemon = kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online", since=mark)
    mark = ear.mark
    assert daemon.stop() == 0
    said = ear.wait("status", since=mark)
    assert (said.text, said.retain) == ("offline", True)
    assert stove.circuit() == "closed", "nothing was active: nothing was tripped"


def test_a_shutoff_is_told_in_the_order_state_event_ack(kitchen):
    stove, _, ear = kitchen.start()
    mark = ear.mark
    ear.send("left/off/set", {"id": "dinner"})
    confirmed = ear.ack("confirmed")
    assert stove.circuit() == "open"
    told = []
    for one in ear.heard[mark:]:
        kind = one.topic.removeprefix(f"{kitchen.base}/left/")
        if kind == "state":
            told.append(("state", one.json["phase"], one.json["contact"]))
        elif kind == "event":
            told.append(("event", one.json["type"]))
        elif kind == "ack":
            told.append(("ack", one.json["status"]))
    assert told == [
        ("state", "tripping", "closed"),
        ("event", "trip"),
        ("ack", "accepted"),
        ("state", "tripped", "open"),
        ("event", "trip_confirmed"),
        ("ack", "confirmed"),
    ]
    assert confirmed["command"] == "off"
    assert confirmed["id"] == "dinner"
    assert confirmed["code"] is None
    assert set(confirmed) == {"command", "id", "status", "code", "message"}
    assert not any(one.retain for one in ear.on("left/event") + ear.on("left/ack"))


def test_events_carry_type_time_burner_reason_and_source(kitchen):
    _, _, ear = kitchen.start()
    ear.send("left/off/set")
    trip = ear.event("trip")
    assert (trip["burner"], trip["reason"], trip["source"]) == ("left", "remote", "mqtt")
    assert datetime.fromisoformat(trip["at"]).tzinfo is not None
    assert ear.event("trip_confirmed")["latency_ms"] < 2000
    ear.event("rearmed")
    assert ear.until(phase="ready", contact="closed", since=0)


def test_the_state_is_as_the_contract_shows_it(make_kitchen):
    flame = {"driver": "mqtt", "topic": "kitchen/flame"}
    left = burner(name="左灶", flame={**flame}, limits={"max_burn": "2h", "rearm_after": "2s"})
    kitchen: Kitchen = make_kitchen(left=left)
    left["flame"]["topic"] = f"{kitchen.base}_sim/left/flame"
    kitchen.write()
    _, _, ear = kitchen.start()
    state = ear.until(phase="ready")
    assert set(state) == STATE_KEYS
    assert state["burner"] == "left"
    assert state["name"] == "左灶"
    assert state["contact"] == "closed"
    assert state["locks"] == []
    empty = ("timer", "burning_since", "must_end_at", "last_trip")
    assert [state[key] for key in empty] == [None] * 4
    assert state["relay"]["reachable"] is True
    assert isinstance(state["relay"]["latency_ms"], int)
    assert datetime.fromisoformat(state["updated_at"]).tzinfo is not None

    ear.base, base = f"{kitchen.base}_sim", ear.base
    ear.send("left/flame", "lit")
    ear.base = base
    lit = ear.until(flame="lit")
    burns_for = datetime.fromisoformat(lit["must_end_at"]) - datetime.fromisoformat(
        lit["burning_since"]
    )
    assert abs(burns_for.total_seconds() - 7200) <= 1

    ear.send("left/timer/set", {"duration": "20m", "label": "鸡蛋", "id": "eggs"})
    ear.ack("accepted")
    timer = ear.state()["timer"]
    keys = {"ends_at", "remaining_s", "duration_s", "label", "guaranteed", "waiting"}
    assert set(timer) == keys
    assert (timer["duration_s"], timer["label"], timer["guaranteed"]) == (1200, "鸡蛋", True)
    assert 1198 <= timer["remaining_s"] <= 1200
    left_s = datetime.fromisoformat(timer["ends_at"]).timestamp() - time.time()
    assert abs(left_s - 1200) < 3

    ear.send("left/off/set")
    ear.ack("confirmed")
    tripped = ear.state()
    assert tripped["timer"] is None
    last = tripped["last_trip"]
    assert set(last) == {"at", "reason", "source", "confirmed", "latency_ms"}
    assert (last["reason"], last["source"], last["confirmed"]) == ("remote", "mqtt", True)
    assert 0 <= last["latency_ms"] < 2000


def test_what_the_state_says_of_the_contact_is_read_back_not_commanded(kitchen):
    stove, _, ear = kitchen.start()
    stove.fault(lying=True)
    mark = ear.mark
    ear.send("left/off/set")
    ear.event("trip_failed", since=mark)
    assert {one.json["contact"] for one in ear.on("left/state", mark)} == {"closed"}
    assert not any(one.json["last_trip"]["confirmed"] for one in ear.on("left/state", mark))
    stove.fault(lying=False)
    assert ear.until(contact="open", since=mark)["last_trip"]["confirmed"] is True


def test_an_answer_goes_to_the_response_topic_with_its_correlation_data(kitchen):
    _, _, ear = kitchen.start()
    mark = ear.mark
    answers = f"{kitchen.base}_sim/answers"
    ear.send("left/off/set", answer_to=answers, correlation=b"\x00\xff42")
    ear.ack("confirmed")
    found = eventually(lambda: [o for o in ear.heard[mark:] if o.topic == answers][1:] and
                       [o for o in ear.heard[mark:] if o.topic == answers])  # fmt: skip
    assert [one.json["status"] for one in found] == ["accepted", "confirmed"]
    assert {one.correlation for one in found} == {b"\x00\xff42"}

    mark = ear.mark
    ear.send("left/timer/set", "soon", answer_to=answers, correlation=b"7")
    ear.ack("rejected", since=mark)
    said = eventually(lambda: [one for one in ear.heard[mark:] if one.topic == answers])
    assert (said[0].json["code"], said[0].correlation) == ("invalid_duration", b"7")


def test_nobody_makes_the_daemon_answer_on_its_own_command_topics(kitchen):
    """A response topic is a stranger's choice: it must not become a command or a state."""
    stove, _, ear = kitchen.start()
    mark = ear.mark
    for topic in ("left/off/set", "left/state", "status"):
        ear.send("left/timer/set", "bad", answer_to=f"{kitchen.base}/{topic}", correlation=b"1")
    ear.wait("left/ack", lambda _one: len(ear.on("left/ack", mark)) == 3, since=mark)
    never(lambda: "trip" in ear.events(since=mark), 0.3, "an off out of an answer")
    assert stove.circuit() == "closed"
    assert not ear.on("status", mark)
    assert not ear.on("left/off/set", mark)


def test_two_relays_in_series_open_together_and_one_is_enough(make_kitchen):
    kitchen: Kitchen = make_kitchen(left={"relays": [relay(), relay(contact="normally_closed")]})
    stove, _, ear = kitchen.start()
    stove.fault(index=1, offline=True)
    ear.send("left/off/set")
    ear.ack("confirmed")
    assert ear.state()["phase"] == "tripped"
    stove.fault(index=1, offline=False)
    eventually(lambda: stove.do(lambda w: w.relay("left", 1).value((2, 1))), 5, "second opens too")
