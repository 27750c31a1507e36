"""The access rules we ship and the certificates we describe, on a real mosquitto."""

import os
import subprocess

import pytest
import yaml

from tests.support.brokers import Mosquitto
from tests.support.ear import Ear
from tests.support.kitchen import Kitchen, burner
from tests.support.notes import ACL, block
from tests.support.waiting import eventually, never

USERS = ("gasguard", "homeassistant", "button", "sensor", "stranger")
FLAME = "kitchen/left/flame"


def password(user: str) -> str:
    return f"the word of {user}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A daemon as user gasguard on a broker with our rules, and everybody else."""
    folder = tmp_path_factory.mktemp("rules")
    broker = Mosquitto(
        folder / "broker",
        users={user: password(user) for user in USERS},
        more=(f"acl_file {ACL}",),
    )
    login = {"username": "gasguard", "password": password("gasguard"), "base_topic": "gasguard"}
    left = burner(flame={"driver": "mqtt", "topic": FLAME})
    kitchen = Kitchen(folder, broker, {"left": left}, mqtt=login)
    kitchen.base = "gasguard"
    try:
        kitchen.stove()
        people = {
            user: kitchen.ear(user=(user, password(user)), also=(FLAME, "gasguard_answers/#"))
            for user in USERS
        }
        kitchen.daemon()
        people["homeassistant"].wait("status", lambda one: one.text == "online")
        yield kitchen, people
    finally:
        kitchen.close()
        broker.stop()


def test_home_assistant_commands_and_hears_everything(guarded):
    kitchen, people = guarded
    ear: Ear = people["homeassistant"]
    mark = ear.mark
    ear.send("left/timer/set", "20m")
    ear.ack("accepted", since=mark)
    ear.send("left/timer/extend/set", "5m")
    eventually(lambda: (ear.state()["timer"] or {}).get("duration_s") == 1500)
    ear.send("left/off/set")
    ear.ack("confirmed", since=mark)
    ear.send("left/lock/set", "LOCK")
    ear.until(phase="locked_out", since=mark)
    ear.send("left/lock/set", "UNLOCK")
    ear.until(phase="ready", since=mark, within=8)
    url = f"mqtt://homeassistant:the%20word%20of%20homeassistant@127.0.0.1:{kitchen.broker.port}"
    said = kitchen.cli("history", "--mqtt", f"{url}/gasguard")
    assert said.code == 0, said
    assert "timer_extended" in said.out


@pytest.mark.parametrize("liar", ["homeassistant", "button", "sensor", "stranger"])
def test_nobody_else_publishes_states(guarded, liar):
    _, people = guarded
    ear, witness = people[liar], people["gasguard"]
    mark = witness.mark
    for topic in ("left/state", "left/event", "left/ack", "status"):
        ear.send(topic, '{"a": "lie"}', retain=True)
    # Whatever was let through before this one would have been heard before it.
    people["homeassistant"].send("left/timer/set", "mark")
    witness.ack("rejected", since=mark)
    assert not [one for one in witness.heard[mark:] if b"lie" in one.payload]


def test_a_button_shuts_off_and_does_nothing_else(guarded):
    kitchen, people = guarded
    witness, button = people["gasguard"], people["button"]
    mark = witness.mark
    button.send("left/timer/set", "20m")
    button.send("left/lock/set", "LOCK")
    button.send("left/off/set")
    witness.ack("confirmed", since=mark)
    state = witness.state()
    assert (state["timer"], state["locks"]) == (None, [])
    assert not button.heard, "it reads nothing"
    kitchen.rearm()


def test_a_sensor_tells_of_the_flame_and_shuts_nothing_off(guarded):
    _, people = guarded
    witness, sensor = people["homeassistant"], people["sensor"]
    mark = witness.mark
    sensor.send("left/off/set")
    base, sensor.base = sensor.base, "kitchen/left"
    sensor.send("flame", "lit")
    witness.event("flame_lit", since=mark)
    sensor.send("flame", "out")
    witness.event("flame_out", since=mark)
    sensor.base = base
    assert "trip" not in witness.events(since=mark)


def test_a_stranger_with_a_password_reads_and_does_nothing(guarded):
    _, people = guarded
    stranger, witness = people["stranger"], people["homeassistant"]
    mark = witness.mark
    stranger.send("left/off/set")
    never(lambda: "trip" in witness.events(since=mark), 0.5, "shut off by a stranger")
    assert not stranger.heard


# --- certificates ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """What the page's commands make."""
    folder = tmp_path_factory.mktemp("papers")
    commands = block("bash", "openssl")
    assert "IP:192.168.1.10" in commands
    commands = commands.replace("192.168.1.10", "127.0.0.1")
    done = subprocess.run(
        ["bash", "-eu", "-c", commands], cwd=folder, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    (folder / "mosquitto.acl").write_text(ACL.read_text())
    return folder


@pytest.fixture
def certified(papers, tmp_path):
    """The broker of the page, but for its port and folder."""
    lines = block("conf", "require_certificate").splitlines()
    assert lines.pop(0) == "listener 8883"
    folder = "/etc/mosquitto/gasguard/"
    more = tuple(line.replace(folder, f"{papers}/") for line in lines)
    broker = Mosquitto(tmp_path / "broker", more=more)
    yield broker
    broker.stop()


def settings(papers, broker, *, name: str | None = "gasguard") -> dict[str, object]:
    """The page's configuration, for this broker and for this certificate, or without one."""
    mqtt = yaml.safe_load(block("yaml", "cert:"))["mqtt"]
    tls = {key: os.path.join(papers, os.path.basename(path)) for key, path in mqtt["tls"].items()}
    assert (tls["cert"], tls["key"]) == (f"{papers}/gasguard.pem", f"{papers}/gasguard.key")
    if name is None:
        del tls["cert"], tls["key"]
    else:
        tls |= {"cert": f"{papers}/{name}.pem", "key": f"{papers}/{name}.key"}
    return {**mqtt, "host": "127.0.0.1", "port": broker.port, "base_topic": "gasguard", "tls": tls}


def client(papers, broker, name: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
    """A client of mosquitto's with its own certificate."""
    paper = ["--cafile", f"{papers}/ca.pem", "--cert", f"{papers}/{name}.pem"]
    paper += ["--key", f"{papers}/{name}.key", "-p", str(broker.port), "-h", "127.0.0.1"]
    return subprocess.run([words[0], *paper, *words[1:]], capture_output=True, timeout=20)


def test_certificates_as_described_and_the_rules_by_their_names(make_kitchen, papers, certified):
    kitchen: Kitchen = make_kitchen(broker=certified, top={"mqtt": settings(papers, certified)})
    stove, daemon = kitchen.stove(), kitchen.daemon()
    daemon.says("mqtt: connected")
    said = client(
        papers, certified, "homeassistant", "mosquitto_sub", "-t", "gasguard/status", "-C", "1"
    )
    assert said.stdout == b"online\n"
    client(
        papers, certified, "homeassistant",
        "mosquitto_pub", "-q", "1", "-r", "-t", "gasguard/status", "-m", "offline",
    )  # fmt: skip
    done = client(papers, certified, "button", "mosquitto_pub", "-t", "gasguard/left/off/set", "-n")
    assert done.returncode == 0, done.stderr
    eventually(lambda: stove.circuit() == "open")
    said = client(
        papers, certified, "homeassistant", "mosquitto_sub", "-t", "gasguard/status", "-C", "1"
    )
    assert said.stdout == b"online\n"
    looked = kitchen.cli("doctor", "-c", str(kitchen.path))
    assert f"127.0.0.1:{certified.port}\n" in looked.out
    assert looked.code == 0, looked


def test_without_a_certificate_the_broker_is_closed_and_the_burner_guarded(
    make_kitchen, papers, certified
):
    top = {"mqtt": settings(papers, certified, name=None)}
    kitchen: Kitchen = make_kitchen(broker=certified, top=top)
    stove, daemon = kitchen.stove(), kitchen.daemon()
    daemon.says("trying again for ever")
    assert "mqtt: connected" not in daemon.output
    assert kitchen.local("off").code == 0
    assert stove.circuit() == "open"


def test_discovery_announces_and_takes_back_under_our_rules(tmp_path):
    broker = Mosquitto(
        tmp_path / "broker",
        users={user: password(user) for user in USERS},
        more=(f"acl_file {ACL}",),
    )
    login = {
        "username": "gasguard",
        "password": password("gasguard"),
        "base_topic": "gasguard",
        "home_assistant": {"discovery": True},
    }
    (tmp_path / "kitchen").mkdir()
    burners = {"left": burner(), "right": burner()}
    kitchen = Kitchen(tmp_path / "kitchen", broker, burners, mqtt=login)
    try:
        kitchen.stove()
        user = ("homeassistant", password("homeassistant"))
        ear = Ear(broker.port, "homeassistant", user=user)
        for gone in (False, True):
            if gone:
                del kitchen.data["burners"]["right"]
                kitchen.write()
            daemon = kitchen.daemon()
            ear.wait(
                "button/gasguard/burner-right-off/config",
                lambda one, gone=gone: bool(one.payload) != gone,
                within=10,
            )
            daemon.stop()
        ear.close()
    finally:
        kitchen.close()
        broker.stop()
