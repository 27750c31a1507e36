"""`gasguard demo --pi`: a simulated Raspberry Pi, relays on its pins, converters on its bus."""

import re

import pytest

from gasguard.config.load import load_config
from tests.processes.test_demo import Demo


@pytest.fixture
def demo(kitchen, tmp_path):
    folder = tmp_path / "demo"
    options = ("--mqtt-port", "0", "--web-port", "0", "--state-dir", str(folder), "--speed", "20")
    process = kitchen.process("demo", "--pi", *options)
    demo = Demo(kitchen, process)
    demo.config = folder / "config.yaml"
    yield demo
    demo.ear.close()
    assert process.stop() == 0


def lit(demo):
    for name in ("left", "right"):
        demo.burns(name)
        demo.ear.until(name, phase="ready", flame="lit")


def test_an_off_and_a_timer_put_out_what_hangs_on_a_pin(demo):
    lit(demo)
    said = demo.kitchen.cli("off", "right", "-c", str(demo.config))
    assert re.fullmatch(r"right: off, confirmed in \d+ ms\n", said.out), said
    demo.goes_out("right")
    said = demo.kitchen.cli("timer", "left", "1s", "-c", str(demo.config))
    assert said.code == 0, said
    demo.goes_out("left")
    trip = demo.ear.until("left", phase="tripped")["last_trip"]
    assert (trip["reason"], trip["confirmed"]) == ("timer", True)
    demo.light_again("left")
    demo.ear.until("left", flame="lit")


def test_it_says_what_it_is_and_names_no_pin_that_a_real_pi_has(demo):
    lit(demo)
    assert "GPIO 17 and GPIO 23 of a simulated Raspberry Pi" in demo.process.output
    relays = [one.in_series[0] for one in load_config(demo.config).burners.values()]
    assert {one.chip for one in relays} == {"simulated"}
    said = demo.kitchen.cli("doctor", "-c", str(demo.config))
    assert re.search(r"^relay left +ok +GPIO 17 of a simulated Pi", said.out, re.M), said
    assert re.search(r"^flame left +ok +lit", said.out, re.M), said
    assert said.code == 0, said


def test_a_welded_contact_is_sensed_and_not_believed(demo):
    lit(demo)
    demo.console("fault left welded on")
    mark = demo.ear.mark
    demo.kitchen.cli("off", "left", "-c", str(demo.config))
    state = demo.ear.until("left", phase="trip_failed", since=mark, within=12)
    assert state["contact"] == "closed"
    demo.console("fault left clear")
    demo.goes_out("left", within=8)


def test_a_wire_that_comes_off_is_told_and_reads_as_no_end_of_the_flame(demo):
    lit(demo)
    mark = demo.ear.mark
    demo.console("adc left open")
    state = demo.ear.until("left", flame="unknown", since=mark, within=8)
    assert "a wire to it is open" in state["sensor_problems"]["flame"]
    seen = [one.json["flame"] for one in demo.ear.on("left/state", since=mark)]
    assert seen and "out" not in seen
    demo.console("adc left none")
    demo.ear.until("left", flame="lit", since=mark, within=8)
