"""Every command of the MQTT page is run as it stands, and what it promises must come."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.support.kitchen import Kitchen, burner, relay
from tests.support.notes import CHINESE, ENGLISH, Block, blocks
from tests.support.waiting import eventually


def examples() -> list[tuple[str, list[str]]]:
    """(commands, what is to be heard) in the order of the page."""
    found = blocks(ENGLISH)
    pairs = []
    for command, promise in pairwise(found):
        if command.language == "sh":
            assert promise.language == "text", f"nothing is promised of:\n{command.text}"
            pairs.append((command.text, promise.text.splitlines()))
    return pairs


@pytest.fixture(scope="module")
def household(tmp_path_factory):
    """A broker of its own, burners left and right, base topic gasguard; clients that find it."""
    from tests.support.brokers import Mosquitto

    folder = tmp_path_factory.mktemp("examples")
    broker = Mosquitto(folder / "broker")
    sensed = burner(relay=relay(), flame={"driver": "mqtt", "topic": "kitchen/left/flame"})
    sensed["limits"] = {"rearm_after": "10s"}
    kitchen = Kitchen(
        folder,
        broker,
        {"left": sensed, "right": burner()},
        mqtt={"base_topic": "gasguard"},
        hazards={
            "kitchen_gas": {
                "driver": "mqtt",
                "kind": "gas_alarm",
                "topic": "zigbee2mqtt/kitchen_gas",
            }
        },
    )
    kitchen.base = "gasguard"
    kitchen.data["hood"] = {
        "driver": "mqtt",
        "command_topic": "home/hood/set",
        "levels": {"1": "low", "2": "high"},
        "off_delay": "0s",
    }
    begins = datetime.now(UTC) + timedelta(hours=6)
    window = {"from": f"{begins:%H:%M}", "to": f"{begins + timedelta(hours=1):%H:%M}"}
    kitchen.data |= {"timezone": "UTC", "schedules": {"night": {"lock": window}}}
    kitchen.write()
    for program in ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr"):
        (folder / program).write_text(f"-h 127.0.0.1\n-p {broker.port}\n")
    try:
        ear = kitchen.ear(also=("home/#",))
        kitchen.start()
        yield ear, {**os.environ, "XDG_CONFIG_HOME": str(folder)}
    finally:
        kitchen.close()
        broker.stop()


def pattern(line: str) -> "re.Pattern[str]":
    return re.compile(".*".join(re.escape(part.strip()) for part in line.split("…")), re.S)


def test_each_example_does_what_the_page_says(household):
    """In the order of the page, as one who reads it would."""
    ear, env = household
    told = examples()
    assert len(told) > 12
    for commands, promises in told:
        mark = ear.mark
        done = subprocess.run(
            ["bash", "-ec", commands], env=env, capture_output=True, timeout=20, check=False
        )
        assert done.returncode == 0, f"{commands}{done.stderr.decode()}"
        printed = done.stdout.decode().splitlines()
        for promise in promises:
            wanted = pattern(promise)

            def there(wanted=wanted, mark=mark, printed=printed) -> bool:
                heard = [f"{one.topic} {one.payload.decode()}" for one in ear.heard[mark:]]
                return any(wanted.fullmatch(line) for line in [*printed, *heard])

            eventually(there, 12, f"{commands}promises {promise}\nprinted {printed}")


def test_every_topic_of_the_readme_has_an_example():
    """The table in the README is the list of topics."""
    readme = (ENGLISH.parent.parent / "README.md").read_text()
    table = readme[readme.index("\n## MQTT") : readme.index("Codes of a rejected command")]
    topics = set(re.findall(r"`(gasguard/[a-z/]+)`", table))
    assert len(topics) >= 9
    shown = "\n".join(b.text for b in blocks(ENGLISH))
    shown = shown.replace("/right/", "/left/")
    assert not [topic for topic in topics if topic not in shown]


def test_the_chinese_page_has_the_same_commands():
    def bare(page) -> list[Block]:
        return [b._replace(text=re.sub(r"\s+#.*", "", b.text)) for b in blocks(page)]

    assert bare(CHINESE) == bare(ENGLISH)
