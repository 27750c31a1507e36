"""`gasguard demo`: the whole product on one machine, as a visitor tries it."""

import re
import subprocess

import pytest

from tests.support.brokers import program
from tests.support.ear import Ear
from tests.support.kitchen import Kitchen
from tests.support.processes import Process
from tests.support.waiting import eventually


class Demo:
    """A running demo, its listener, and what the visitor types."""

    def __init__(self, kitchen: Kitchen, process: Process) -> None:
        self.kitchen, self.process = kitchen, process
        process.says("Ctrl-C ends the demo", within=20)
        found = re.search(r"mqtt://127\.0\.0\.1:(\d+)", process.output)
        assert found, process.output
        self.port = int(found[1])
        self.ear = Ear(self.port, "gasguard", mqtt5=False)

    def stove(self, burner: str) -> dict:
        newest = self.ear._newest.get(f"gasguard_sim/{burner}/state")
        return newest.json if newest else {"flame": None}

    def burns(self, burner: str) -> None:
        """Wait until the burner is lit and the knob let go."""
        eventually(
            lambda: (s := self.stove(burner))["flame"] is True and s["knob"] == "on",
            12,
            f"{burner} burns",
        )

    def goes_out(self, burner: str, within: float = 5.0) -> None:
        eventually(lambda: self.stove(burner)["flame"] is False, within, f"{burner} goes out")

    def light_again(self, burner: str) -> None:
        """Re-arm, then press the knob."""
        mark = self.ear.mark
        self.ear.send(f"{burner}/rearm/set", "REARM")
        self.ear.until(burner, phase="ready", since=mark)
        self.console(f"light {burner}")
        self.burns(burner)

    def console(self, line: str) -> None:
        self.ear.base = "gasguard_sim"
        self.ear.send("console/set", line)
        self.ear.base = "gasguard"


@pytest.fixture
def demo(kitchen, tmp_path):
    folder = tmp_path / "demo"
    process = kitchen.process(
        "demo", "--mqtt-port", "0", "--web-port", "0", "--state-dir", str(folder), "--speed", "20"
    )
    demo = Demo(kitchen, process)
    demo.config = folder / "config.yaml"
    yield demo
    demo.ear.close()
    assert process.stop() == 0


def test_each_way_in_puts_the_simulated_flame_out(demo):
    for name in ("left", "right"):
        demo.burns(name)
        demo.ear.until(name, phase="ready", flame="lit")
    cli = demo.kitchen.cli

    said = cli("timer", "left", "1s", "-c", str(demo.config))
    assert said.code == 0, said
    demo.goes_out("left")
    trip = demo.ear.until("left", phase="tripped")["last_trip"]
    assert (trip["reason"], trip["confirmed"]) == ("timer", True)

    said = cli("off", "right", "-c", str(demo.config))
    assert said.code == 0, said
    assert re.fullmatch(r"right: off, confirmed in \d+ ms\n", said.out)
    demo.goes_out("right")

    demo.light_again("left")
    mark = demo.ear.mark
    sent = subprocess.run(
        [program("mosquitto_pub"), "-p", str(demo.port), "-t", "gasguard/all/off/set", "-n"],
        check=False, capture_output=True, timeout=10,
    )  # fmt: skip
    assert sent.returncode == 0, sent
    demo.goes_out("left")
    demo.ear.ack("confirmed", "left", since=mark)
    demo.ear.ack("confirmed", "right", since=mark)

    demo.light_again("right")
    mark = demo.ear.mark
    demo.console("mihome right off")
    demo.goes_out("right")
    trip = demo.ear.until("right", phase="tripped", since=mark)["last_trip"]
    assert (trip["reason"], trip["source"], trip["confirmed"]) == ("voice", "mi_home", True)


def test_the_greeting_names_addresses_and_three_commands_that_work(demo):
    text = demo.process.output
    assert f"mosquitto_pub -p {demo.port} -t gasguard/all/off/set -n" in text
    assert "timer left 30s" in text
    assert "off right" in text
    assert re.search(r"relay\s+127\.0\.0\.1:\d+", text)
    said = demo.kitchen.cli("status", "-c", str(demo.config))
    assert said.code == 0, said
    assert "left" in said.out
    assert "right" in said.out
    said = demo.kitchen.cli("off", "--mqtt", f"mqtt://127.0.0.1:{demo.port}")
    assert said.code == 0, said
    assert len(re.findall(r"^(left|right): off, confirmed in \d+ ms$", said.out, re.M)) == 2


def test_a_taken_port_is_named(kitchen, tmp_path, broker):
    said = kitchen.cli("demo", "--mqtt-port", str(broker.port), "--state-dir", str(tmp_path / "d"))
    assert said.code in (1, 2), said
    assert str(broker.port) in said.err
