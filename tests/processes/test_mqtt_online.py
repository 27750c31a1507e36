"""`online`: told again with the states, at Home Assistant's birth, and never where it is a lie."""

import asyncio

import pytest

from gasguard.app import running
from gasguard.interfaces.mqtt import interface
from tests.support.brokers import Mosquitto
from tests.support.ear import Ear
from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually, never


def test_online_is_told_again_with_every_state(kitchen, monkeypatch):
    """A broker that lost what it kept, or another node of it, learns both."""
    monkeypatch.setattr(interface, "_LOOK_EVERY", 0.1)
    monkeypatch.setattr(interface, "_AGAIN_AFTER", 0.5)
    ear = kitchen.ear()
    kitchen.stove()

    def story() -> None:
        ear.wait("status", lambda one: one.text == "online", within=10)
        ear.until(phase="ready")
        mark = ear.mark
        told = eventually(lambda: ear.on("status", mark)[1:])[0]
        assert (told.text, told.retain) == ("online", True)
        states = ear.on("left/state", mark)
        assert len(states) >= 1
        assert all(one.retain for one in states)

    async def daemon() -> None:
        async with running(kitchen.config):
            await asyncio.to_thread(story)

    asyncio.run(daemon())


@pytest.mark.parametrize("discovery", [True, False])
@pytest.mark.parametrize("topic", ["homeassistant/status", "ha/status"])
def test_home_assistants_birth_is_answered(make_kitchen, discovery, topic):
    kitchen: Kitchen = make_kitchen(
        top={"mqtt": {"home_assistant": {"discovery": discovery, "prefix": "ha"}}}
    )
    _, _, ear = kitchen.start()
    never(lambda: False, 5.1, "")  # what was told a moment ago is not told again
    mark = ear.mark
    ear.publish(topic, "online")
    ear.wait("status", lambda one: one.text == "online", since=mark, within=2)
    assert ear.on("left/state", mark)
    mark = ear.mark
    for _ in range(50):
        ear.publish(topic, "online", wait=False)
    ear.wait("status", since=mark, within=8)
    never(lambda: len(ear.on("status", mark)) > 2, 0.5, "a flood is answered")


def strict(folder, *rules: str) -> Mosquitto:
    """mosquitto with access rules for everybody."""
    folder.mkdir()
    file = folder / "rules"
    file.write_text("".join(f"{rule}\n" for rule in rules))
    file.chmod(0o600)
    return Mosquitto(folder / "broker", more=(f"acl_file {file}",))


@pytest.mark.long
def test_rules_that_refuse_without_a_word_are_told_of(make_kitchen, tmp_path):
    """mosquitto grants every subscription, and sends nothing."""
    broker = strict(tmp_path / "strict", "topic write #", "topic read other/#")
    try:
        kitchen: Kitchen = make_kitchen(broker=broker)
        kitchen.stove()
        daemon = kitchen.daemon()
        daemon.says("does not come back", within=20)
        looked = kitchen.local("doctor")
        assert looked.code == 1, looked
        assert "does not come back" in looked.out
        assert kitchen.local("off").code == 0
    finally:
        broker.stop()


def test_refused_publishing_is_told_once_a_topic_and_in_doctor(make_kitchen, tmp_path):
    broker = strict(tmp_path / "strict", "topic read #", "topic write +/left/ack")
    try:
        kitchen: Kitchen = make_kitchen(broker=broker)
        kitchen.stove()
        daemon = kitchen.daemon()
        daemon.says(f"refuses what is published on {kitchen.base}/left/state")
        for _ in range(2):
            assert kitchen.local("timer", "left", "20m").code == 0
        looked = kitchen.local("doctor")
        assert looked.code == 1, looked
        assert f"refuses what is published on {kitchen.base}/status" in looked.out
        assert f"{kitchen.base}/left/state" in looked.out
        said = daemon.output.count(f"refuses what is published on {kitchen.base}/left/state")
        assert said == 1
        daemon.stop()
        looked = kitchen.local("doctor")
        assert looked.code == 1, looked
        assert f"refuses what is published on {kitchen.base}/status" in looked.out
    finally:
        broker.stop()


def test_doctor_leaves_the_daemon_its_connection(make_kitchen):
    kitchen: Kitchen = make_kitchen(top={"mqtt": {"client_id": "our kitchen", "keepalive": "20s"}})
    _, daemon, ear = kitchen.start()
    mark = ear.mark
    looked = kitchen.local("doctor")
    assert looked.code == 0, looked
    assert "offline" not in [one.text for one in ear.on("status", mark)]
    assert "connection lost" not in daemon.output
    assert "client id" not in daemon.output


def two(make_kitchen, **mqtt: str) -> tuple[Kitchen, Kitchen]:
    one: Kitchen = make_kitchen(top={"mqtt": mqtt})
    other: Kitchen = make_kitchen(
        top={"mqtt": {"base_topic": one.base, **mqtt}}, right=burner(), left=burner()
    )
    return one, other


@pytest.mark.long
def test_two_daemons_under_one_base_topic_are_told_of_and_both_heard(make_kitchen, broker):
    """Their client id is the same too, and mosquitto 2.0.11 says nothing of a take-over."""
    one, other = two(make_kitchen)
    _, first, _ = one.start()
    other.stove()
    second = other.daemon()
    text = "another gasguard says `online`"
    eventually(lambda: text in first.output + second.output, 30)
    told = one if text in first.output else other
    looked = told.local("doctor")
    assert looked.code == 1, looked
    assert "another gasguard" in looked.out
    ear = Ear(broker.port, one.base)
    lost = (first.output + second.output).count("connection lost")
    assert lost <= 2
    never(
        lambda: (first.output + second.output).count("connection lost") > lost,
        11,
        "they push each other out",
    )
    ear.send("all/off/set")
    ear.ack("confirmed", "right")
    eventually(lambda: len([a for a in ear.on("left/ack") if "confirmed" in a.text]) == 2)
    ear.close()


@pytest.mark.long
def test_two_daemons_with_one_client_id_say_so(make_kitchen):
    one, other = two(make_kitchen, client_id="the same")
    other.data["mqtt"]["base_topic"] = other.base
    other.write()
    _, first, _ = one.start()
    other.stove()
    second = other.daemon()
    eventually(lambda: "the client id the same" in first.output + second.output, 45)
    told = one if "the client id the same" in first.output else other
    looked = told.local("doctor")
    assert looked.code == 1, looked
    assert "client id the same" in looked.out
