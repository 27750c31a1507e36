"""`gasguard history --mqtt URL`: the same words and the same output as at the daemon."""

import asyncio
import time

import pytest

from gasguard.guard.store import Store
from tests.support.ear import Heard
from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually, never


@pytest.fixture(scope="module")
def lived_in(broker, tmp_path_factory):
    """A kitchen where something has happened."""
    folder = tmp_path_factory.mktemp("history")
    kitchen = Kitchen(folder, broker, {"left": burner(name="左灶"), "right": burner()})
    try:
        _, _, kitchen.one_ear = kitchen.start()
        kitchen.order("timer", '{"duration": "20m", "label": "鸡蛋"}')
        kitchen.order("off")
        kitchen.order("lock", "LOCK", "right")
        # Nothing more happens while outputs are compared.
        kitchen.one_ear.event("rearmed")
        kitchen.one_ear.event("locked", "right")
        yield kitchen
    finally:
        kitchen.close()


@pytest.mark.parametrize(
    "words",
    [(), ("left",), ("right", "--since", "2h"), ("--json",), ("--since", "0"),
     ("--since", "99999h", "--json")],
)  # fmt: skip
def test_the_output_is_that_of_the_local_socket(lived_in, words):
    here, there = lived_in.local("history", *words), lived_in.remote("history", *words)
    assert (there.code, there.out, there.err) == (here.code, here.out, here.err)
    assert here.code == 0
    assert bool(here.out) == ("0" not in words)


@pytest.mark.parametrize("words", [("middle",), ("--since", "yesterday")])
def test_what_is_wrong_is_said_in_the_same_words(lived_in, words):
    here, there = lived_in.local("history", *words), lived_in.remote("history", *words)
    assert (there.code, there.out, there.err) == (here.code, here.out, here.err)
    assert here.code == 2


def test_a_long_history_comes_in_parts(make_kitchen):
    kitchen: Kitchen = make_kitchen()

    async def remember() -> None:
        store = Store.open(kitchen.state_dir)
        for number in range(6000):
            event = {"type": "prewarning", "at": "2026-11-22T12:00:00+08:00", "burner": "left"}
            store.note(time.time(), "left", {**event, "label": f"鸡蛋{number}"})
            if number % 500 == 0:
                await store.flush()
        await store.aclose()

    asyncio.run(remember())
    kitchen.start()
    here, there = kitchen.local("history", "--json"), kitchen.remote("history", "--json")
    assert there.out == here.out
    assert len(there.out.splitlines()) == 5000


def ask(ear, question: str | bytes = b"", **more: object) -> None:
    ear.send("history/get", question, answer_to=f"{ear.base}_sim/answers", **more)


def answers(ear, mark: int) -> list[Heard]:
    return [one for one in ear.heard[mark:] if one.topic == f"{ear.base}_sim/answers"]


def told(ear, question: str | bytes, **more: object) -> Heard:
    """The answer, once it is not `busy`."""

    def look() -> Heard | None:
        mark = ear.mark
        ask(ear, question, **more)
        first = eventually(lambda: answers(ear, mark))[0]
        return None if first.json.get("error") == "busy" else first

    found = eventually(look, 5, "answered", every=0.2)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("24h", "malformed"),
        ("[]", "malformed"),
        ('{"limit": 5}', "malformed"),
        (b"\xff{}", "malformed"),
        ('{"since": "' + "9" * 2000 + '"}', "malformed"),
        ('{"since": "soon"}', "invalid_duration"),
        ('{"since": true}', "invalid_duration"),
        ('{"burner": "middle"}', "unknown_burner"),
        ('{"burner": []}', "unknown_burner"),
    ],
)
def test_a_bad_question_is_answered_with_what_is_wrong(lived_in, question, code):
    ear = lived_in.one_ear
    answer = told(ear, question, correlation=b"q")
    assert (answer.json["error"], answer.correlation) == (code, b"q")
    assert answer.json["message"]


def test_a_flood_of_questions_is_told_to_wait_and_the_guard_does_not(lived_in):
    ear = lived_in.one_ear
    mark = ear.mark
    for _ in range(200):
        ask(ear, wait=False)
    ear.send("left/off/set")
    ear.ack("confirmed", since=mark)
    eventually(lambda: len(answers(ear, mark)) >= 200)
    busy = [one for one in answers(ear, mark) if one.json.get("error") == "busy"]
    assert len(busy) > 190
    assert told(ear, "").json["last"] is True


def test_a_question_without_a_place_for_the_answer_or_with_a_false_one_is_nobodys(lived_in):
    ear = lived_in.one_ear
    mark = ear.mark
    ear.send("history/get")
    for place in ("left/off/set", "left/state", "status"):
        ear.send("history/get", "", answer_to=f"{ear.base}/{place}")
    never(lambda: [o for o in ear.heard[mark:] if not o.topic.endswith("/history/get")], 0.5)
    ear.send("left/timer/set", "5m")
    ear.ack("accepted", since=mark)


def test_a_broker_without_mqtt_5_is_named(make_kitchen, old_broker):
    kitchen: Kitchen = make_kitchen(broker=old_broker)
    kitchen.stove()
    ear = kitchen.ear(mqtt5=False)
    kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online", within=10)
    said = kitchen.remote("history")
    assert said.code == 2, said
    assert "needs MQTT 5" in said.err
    assert "-c FILE" in said.err
