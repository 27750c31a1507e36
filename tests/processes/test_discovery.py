"""Discovery over a real broker: announced, announced again, taken back, changed in form."""

import json
import os
from typing import Any

import pytest

from gasguard.interfaces.home_assistant.announcer import JITTER, SETTLE
from gasguard.interfaces.home_assistant.discovery import messages, node
from tests.support.brokers import Mosquitto
from tests.support.ear import Ear
from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually, never

# A prefix of its own for each kitchen: the broker is shared, and what is retained stays.
Options = dict[str, Any]


def _kitchen(make_kitchen, broker=None, **options: Any) -> Kitchen:
    kitchen: Kitchen = make_kitchen(broker=broker, left=burner(), right=burner())
    _configure(kitchen, **options)
    return kitchen


def _configure(kitchen: Kitchen, **options: Any) -> None:
    prefix = f"ha_{kitchen.base}"
    kitchen.data["mqtt"]["home_assistant"] = {"discovery": True, "prefix": prefix, **options}
    kitchen.write()


def _prefix(kitchen: Kitchen) -> str:
    return kitchen.data["mqtt"]["home_assistant"]["prefix"]


def _ear(kitchen: Kitchen, **options: Any) -> Ear:
    return kitchen.ear(also=(f"{_prefix(kitchen)}/#",), **options)


def _retained(kitchen: Kitchen, ear: Ear) -> dict[str, Any]:
    """What the broker holds below the prefix, as heard so far."""
    held: dict[str, Any] = {}
    for one in ear.heard:
        if one.topic.startswith(f"{_prefix(kitchen)}/") and one.retain:
            held[one.topic] = one.payload
    return {topic: json.loads(payload) for topic, payload in held.items() if payload}


def _holds(kitchen: Kitchen, ear: Ear, wanted: dict[str, Any]) -> None:
    try:
        eventually(lambda: _retained(kitchen, ear) == wanted, 8)
    except AssertionError:
        assert _retained(kitchen, ear) == wanted
        raise


def _heard_on(ear: Ear, topic: str, since: int = 0) -> list[bytes]:
    return [one.payload for one in ear.heard[since:] if one.topic == topic]


def _wanted(kitchen: Kitchen) -> dict[str, Any]:
    return messages(kitchen.config)


@pytest.mark.parametrize("form", ["component", "device"])
def test_everything_is_announced_after_the_guard_is_online(make_kitchen, form):
    kitchen = _kitchen(make_kitchen, form=form)
    ear = _ear(kitchen)
    kitchen.stove()
    kitchen.daemon()
    wanted = _wanted(kitchen)
    _holds(kitchen, ear, wanted)
    topics = [one.topic for one in ear.heard]
    assert topics.index(f"{kitchen.base}/status") < min(topics.index(topic) for topic in wanted)
    assert len(wanted) == (3 if form == "device" else 36)


def test_everything_is_announced_on_a_broker_without_mqtt_5(make_kitchen, old_broker):
    kitchen = _kitchen(make_kitchen, old_broker)
    ear = _ear(kitchen, mqtt5=False)
    kitchen.stove()
    kitchen.daemon()
    wanted = _wanted(kitchen)
    eventually(lambda: wanted.keys() <= {one.topic for one in ear.heard}, 10)


def test_home_assistant_starting_is_told_again_and_soon(make_kitchen):
    kitchen = _kitchen(make_kitchen)
    ear = _ear(kitchen)
    kitchen.stove()
    kitchen.daemon()
    wanted = _wanted(kitchen)
    _holds(kitchen, ear, wanted)
    mark = ear.mark
    ear.base, base = _prefix(kitchen), ear.base
    ear.send("status", "offline")
    never(lambda: any(one.topic in wanted for one in ear.heard[mark:]), 0.5, "told at its end")
    ear.send("status", "online")
    ear.base = base
    again = eventually(
        lambda: wanted.keys() <= {one.topic for one in ear.heard[mark:]}, JITTER[1] + 8
    )
    assert again
    _holds(kitchen, ear, wanted)


@pytest.mark.long
def test_a_broker_that_forgot_everything_is_told_again(make_kitchen, own_broker):
    kitchen = _kitchen(make_kitchen, own_broker)
    ear = _ear(kitchen)
    kitchen.stove()
    kitchen.daemon()
    _holds(kitchen, ear, _wanted(kitchen))
    own_broker.stop()
    mark = ear.mark
    own_broker.start()
    eventually(lambda: _wanted(kitchen).keys() <= {one.topic for one in ear.heard[mark:]}, 25)


@pytest.mark.long
def test_a_burner_that_left_the_configuration_is_taken_back_and_nothing_else(make_kitchen):
    kitchen = _kitchen(make_kitchen)
    ear = _ear(kitchen)
    kitchen.stove()
    kitchen.daemon().stop()
    daemon = kitchen.daemon()
    before = _wanted(kitchen)
    _holds(kitchen, ear, before)
    daemon.stop()

    prefix, own = _prefix(kitchen), node(kitchen.base)
    strangers = {
        f"{prefix}/button/gasguard/burner-right-off/config": {"origin": {"name": "gasguard"}},
        f"{prefix}/button/{own}/lamp/config": {"origin": {"name": "lamp2mqtt"}},
        f"{prefix}/button/{own}-x/burner-right-off/config": {"origin": {"name": "gasguard"}},
        f"{prefix}/light/porch/config": {"name": "Porch"},
    }
    ear.base, base = prefix, ear.base
    for topic, payload in strangers.items():
        ear.send(topic.removeprefix(f"{prefix}/"), payload, retain=True)
    ear.base = base

    del kitchen.data["burners"]["right"]
    kitchen.write()
    kitchen.daemon()
    after = _wanted(kitchen)
    assert after.keys() < before.keys()
    _holds(kitchen, ear, {**after, **strangers})


def test_a_sensor_that_was_taken_off_goes_too(make_kitchen):
    kitchen = _kitchen(make_kitchen)
    kitchen.data["burners"]["left"]["flame"] = {
        "driver": "mqtt",
        "topic": f"{kitchen.base}_sim/left/flame",
    }
    kitchen.write()
    ear = _ear(kitchen)
    kitchen.stove()
    daemon = kitchen.daemon()
    before = _wanted(kitchen)
    _holds(kitchen, ear, before)
    daemon.stop()
    del kitchen.data["burners"]["left"]["flame"]
    kitchen.write()
    kitchen.daemon()
    _holds(kitchen, ear, _wanted(kitchen))
    assert any("left-flame" in topic for topic in before.keys() - _wanted(kitchen).keys())


@pytest.mark.long
@pytest.mark.parametrize("form", ["component", "device"])
def test_a_preset_that_was_taken_off_goes_too(make_kitchen, form):
    kitchen = _kitchen(make_kitchen, form=form)
    kitchen.data["burners"]["left"]["presets"] = ["3m", "8m"]
    kitchen.write()
    ear = _ear(kitchen)
    kitchen.stove()
    daemon = kitchen.daemon()
    before = _wanted(kitchen)
    _holds(kitchen, ear, before)
    daemon.stop()
    kitchen.data["burners"]["left"]["presets"] = ["8m"]
    kitchen.write()
    kitchen.daemon()
    _holds(kitchen, ear, _wanted(kitchen))
    (gone,) = before.keys() - _wanted(kitchen).keys()
    assert "preset-left-3m" in gone


def test_discovery_turned_off_takes_everything_back(make_kitchen):
    kitchen = _kitchen(make_kitchen)
    ear = _ear(kitchen)
    kitchen.stove()
    daemon = kitchen.daemon()
    _holds(kitchen, ear, _wanted(kitchen))
    daemon.stop()
    _configure(kitchen, discovery=False)
    kitchen.daemon()
    _holds(kitchen, ear, {})


def _all_retained(kitchen: Kitchen) -> dict[str, bytes]:
    """What somebody who comes now finds below the base topic and the prefix."""
    ear = _ear(kitchen)
    ear.send("probe", "here")
    ear.wait("probe")
    held = {one.topic: one.payload for one in ear.heard if one.retain and one.payload}
    ear.close()
    return held


def _without_right(kitchen: Kitchen) -> None:
    del kitchen.data["burners"]["right"]
    kitchen.write()


def _nothing_of_right(kitchen: Kitchen) -> None:
    def found() -> list[str]:
        return [topic for topic in _all_retained(kitchen) if "right" in topic]

    assert eventually(lambda: not found(), 10, every=0.3), found()
    assert f"{kitchen.base}/left/state" in _all_retained(kitchen)


@pytest.mark.parametrize("discovery", [True, False])
def test_a_burner_that_is_gone_leaves_no_state_behind(make_kitchen, discovery):
    kitchen = _kitchen(make_kitchen, discovery=discovery)
    kitchen.stove()
    daemon = kitchen.daemon()
    eventually(lambda: f"{kitchen.base}/right/state" in _all_retained(kitchen), 8, every=0.3)
    daemon.stop()
    _without_right(kitchen)
    (kitchen.state_dir / "retained.json").unlink(missing_ok=True)
    ear = kitchen.ear()
    other = {"burner": "right", "lid": "shut"}
    ear.send("lid/state", other, retain=True)
    kitchen.daemon()
    _nothing_of_right(kitchen)
    assert f"{kitchen.base}/lid/state" in _all_retained(kitchen), "another program's"


@pytest.fixture
def quiet_broker(tmp_path):
    """Hands a gasguard nothing that is retained for a wildcard, as RabbitMQ does."""
    rules = tmp_path / "rules"
    rules.write_text(
        "topic readwrite #\n"
        "user gasguard\n"
        "topic write #\n"
        "topic read +/status\ntopic read +/+/+/set\ntopic read +/+/+/+/set\n"
    )
    rules.chmod(0o600)
    broker = Mosquitto(tmp_path / "quiet", more=(f"acl_file {rules}",))
    yield broker
    broker.stop()


@pytest.mark.long
@pytest.mark.parametrize("form", ["component", "device"])
def test_nor_on_a_broker_that_hands_out_nothing_for_wildcards(make_kitchen, form, quiet_broker):
    kitchen = _kitchen(make_kitchen, quiet_broker, form=form)
    kitchen.data["mqtt"]["username"] = "gasguard"
    kitchen.write()
    kitchen.stove()
    daemon = kitchen.daemon()
    ear = _ear(kitchen)
    _holds(kitchen, ear, _wanted(kitchen))
    daemon.stop()
    _without_right(kitchen)
    mark = ear.mark
    kitchen.daemon()
    _nothing_of_right(kitchen)
    emptied = [one for one in ear.heard[mark:] if "right" in one.topic and not one.payload]
    assert emptied[-1].topic == f"{kitchen.base}/right/state"
    assert emptied[-1].at - emptied[-2].at > SETTLE / 2, "entities go before what they read"


def test_nor_where_the_base_topic_was_another(make_kitchen):
    kitchen = _kitchen(make_kitchen)
    kitchen.stove()
    daemon = kitchen.daemon()
    ear = _ear(kitchen)
    _holds(kitchen, ear, _wanted(kitchen))
    daemon.stop()
    kitchen.data["mqtt"]["base_topic"] += "_new"
    kitchen.write()
    kitchen.daemon()
    assert eventually(lambda: not _all_retained(kitchen).keys() - _wanted(kitchen).keys(), 10)
    _holds(kitchen, ear, _wanted(kitchen))


@pytest.mark.long
@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[" * 100_000, b"7", b'{"a/#": [], "": [], "ok": 7, "x": [7]}', b"\xff"]
)
def test_a_damaged_memory_costs_nothing(make_kitchen, damage):
    kitchen = _kitchen(make_kitchen)
    kitchen.stove()
    kitchen.state_dir.mkdir()
    memory = kitchen.state_dir / "retained.json"
    memory.write_bytes(damage)
    kitchen.daemon()
    ear = _ear(kitchen)
    _holds(kitchen, ear, _wanted(kitchen))
    wanted = {f"{kitchen.base}/{name}" for name in ("status", "left/state", "right/state")}
    eventually(
        lambda: json.loads(memory.read_text()).keys() == _wanted(kitchen).keys() | wanted, 12
    )


def test_a_disk_that_hangs_there_holds_nothing_up(make_kitchen):
    kitchen = _kitchen(make_kitchen)
    kitchen.stove()
    kitchen.state_dir.mkdir()
    os.mkfifo(kitchen.state_dir / "retained.json")
    daemon = kitchen.daemon()
    ear = _ear(kitchen)
    _holds(kitchen, ear, _wanted(kitchen))
    ear.send("left/off/set")
    ear.ack("confirmed", within=2)
    assert daemon.stop() == 0


@pytest.mark.long
@pytest.mark.parametrize(("old", "new"), [("component", "device"), ("device", "component")])
def test_a_change_of_form_keeps_what_users_made_of_their_entities(make_kitchen, old, new):
    """Home Assistant's own way: migrate on the old topic, announce anew, empty the old topic."""
    kitchen = _kitchen(make_kitchen, form=old)
    ear = _ear(kitchen)
    kitchen.stove()
    daemon = kitchen.daemon()
    before = _wanted(kitchen)
    _holds(kitchen, ear, before)
    daemon.stop()
    mark = ear.mark
    _configure(kitchen, form=new)
    kitchen.daemon()
    after = _wanted(kitchen)
    _holds(kitchen, ear, after)
    told = ear.heard[mark:]
    for topic in before:
        first, last = (one for one in told if one.topic == topic)
        assert (first.json, first.retain) == ({"migrate_discovery": True}, False)
        assert (last.payload, last.retain) == (b"", True)
    order = [one.topic in before for one in told if one.topic in before or one.topic in after]
    steps = [was for n, was in enumerate(order) if n == 0 or was != order[n - 1]]
    assert steps == [True, False, True], "old topics, new topics, old topics"


def test_two_guards_on_one_broker_leave_each_other_alone(make_kitchen):
    one, other = _kitchen(make_kitchen), _kitchen(make_kitchen)
    other.data["mqtt"]["home_assistant"]["prefix"] = _prefix(one)
    other.write()
    ear = _ear(one)
    for kitchen in (one, other):
        kitchen.stove()
        kitchen.daemon()
    both = {**_wanted(one), **_wanted(other)}
    assert len(both) == 72
    _holds(one, ear, both)
    one.daemons[0].stop()
    del one.data["burners"]["right"]
    one.write()
    one.daemon()
    _holds(one, ear, {**_wanted(one), **_wanted(other)})


def test_a_broker_that_denies_the_topics_costs_the_guard_nothing(make_kitchen, tmp_path):
    """Access rules that leave gasguard its own topics only: no reconnecting, commands work."""
    broker = Mosquitto(tmp_path / "strict")
    try:
        kitchen = _kitchen(make_kitchen, broker)
        rules = tmp_path / "strict" / "rules"
        rules.write_text(f"topic readwrite {kitchen.base}/#\n")
        rules.chmod(0o600)
        config = tmp_path / "strict" / "mosquitto.conf"
        config.write_text(f"{config.read_text()}acl_file {rules}\n")
        broker.stop()
        broker.start()
        ear = kitchen.ear()
        kitchen.stove()
        daemon = kitchen.daemon()
        ear.wait("status", lambda one: one.text == "online", within=10)
        mark = ear.mark
        never(lambda: ear.on("status", mark), 3, "the connection was lost")
        ear.send("left/off/set")
        ear.ack("confirmed", since=mark)
        assert daemon.running
    finally:
        broker.stop()


def test_an_answer_never_goes_below_the_discovery_prefix(make_kitchen):
    """Who may only command must not make things appear in Home Assistant."""
    kitchen = _kitchen(make_kitchen)
    ear = _ear(kitchen)
    kitchen.stove()
    kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online", within=10)
    topic = f"{_prefix(kitchen)}/button/x/config"
    ear.send("left/timer/set", "bad", answer_to=topic, correlation=b"1")
    ear.ack("rejected")
    never(lambda: _heard_on(ear, topic), 0.3, "an answer on a discovery topic")
