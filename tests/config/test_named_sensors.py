"""Sensors by name: what burners refer to, and what is told of names and limits that fit nothing."""

import re

import pytest

from gasguard.config.sensors import Hazard, MqttFlame, PeopleSensor
from tests.config.files import SOUND, place, where

KITCHEN = """\
sensors:
  left_flame: {kind: flame, driver: mqtt, topic: z/left, field: temperature, on_above: 60}
  pir: {kind: presence, driver: mqtt, topic: z/pir}
  home: {kind: home, driver: mqtt, topic: home/anybody}
  gas: {kind: gas_alarm, driver: mqtt, topic: z/gas}
"""
NO_FLAME = "".join(line for line in KITCHEN.splitlines(True) if "kind: flame" not in line)


def cook(rest: str, sensors: str = "") -> str:
    """A burner with that `rest`; by default all sensors that it may need."""
    sensors = sensors or (KITCHEN if re.search(r"flame: [a-z]", rest) else NO_FLAME)
    return f"{SOUND}    {rest}\n{sensors}"


def test_a_burner_names_its_flame_sensor_and_the_rest_concerns_all(file):
    config = file.sound(cook("flame: left_flame"))
    flame = config.burners["left"].flame
    assert isinstance(flame, MqttFlame)
    assert flame.topic == "z/left"
    assert [*config.hazards_of("left")] == ["gas"]
    assert isinstance(config.alarms["gas"], Hazard)
    assert [*config.people_of("left")] == ["pir", "home"]
    assert isinstance(config.people["pir"], PeopleSensor)
    places = [where for where, _ in config.listening()]
    assert places == ["sensors.left_flame", "sensors.pir", "sensors.home", "sensors.gas"]


def test_sensors_may_concern_some_burners_only(file):
    right = SOUND.splitlines()[2].replace("1.50", "1.51").replace("0123", "4567", 1)
    pir = "{kind: presence, driver: mqtt, topic: z/pir, burners: [right]}"
    config = file.sound(f"{SOUND}  right:\n{right}\nsensors:\n  pir: {pir}\n")
    assert ([*config.people_of("left")], [*config.people_of("right")]) == ([], ["pir"])


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("flame: left_flame", 7200.0),
        ("flame: left_flame\n    limits: {prewarn: 30s}", 7200.0),
        ("flame: left_flame\n    limits: {max_burn: 45m}", 2700.0),
        ("flame: left_flame\n    limits: {max_burn: off}", None),
        ('flame: left_flame\n    limits: {max_burn: "Off"}', None),
        ("limits: {max_burn: off}", None),
        ("name: Left", None),
    ],
)
def test_a_flame_that_is_sensed_burns_two_hours_unless_the_file_says_otherwise(
    file, written, seconds
):
    assert file.sound(cook(written)).burners["left"].max_burn == seconds


def test_limits_that_look_for_people(file):
    limits = file.sound(cook("flame: left_flame\n    limits: {unattended: 5m, away: 0}"))
    assert limits.burners["left"].limits.unattended == 300.0
    assert limits.burners["left"].limits.away == 0.0


def test_a_limit_that_looks_for_people_may_be_off(file):
    limits = file.sound(cook("name: Left\n    limits: {unattended: off, away: Off}"))
    assert limits.burners["left"].limits.unattended is None
    assert limits.burners["left"].limits.away is None


@pytest.mark.parametrize(
    ("settings", "evidence", "shuts_off"),
    [
        ("", "measured", True),
        (", evidence: inferred", "inferred", False),
        (", evidence: inferred, trust: shutoff", "inferred", True),
        (", trust: warn", "measured", False),
    ],
)
def test_how_sure_a_flame_is_and_what_may_rest_on_it(file, settings, evidence, shuts_off):
    flame = (
        file.sound(cook(f"flame: {{driver: mqtt, topic: z/knob{settings}}}")).burners["left"].flame
    )
    assert (flame.evidence, flame.shuts_off) == (evidence, shuts_off)


@pytest.mark.parametrize(
    ("rest", "at", "text"),
    [
        ("flame: lft_flame", "burners.left.flame", "did you mean left_flame?"),
        ("flame: pir", "burners.left.flame", "needs one of kind: flame"),
        ("flame: soup", "burners.left.flame", "there are: left_flame"),
        ("limits: {unattended: 5m}", "burners.left.limits.unattended", "needs flame:"),
        ("limits: {away: 5m}", "burners.left.limits.away", "needs flame:"),
    ],
)
def test_a_burner_that_refers_to_nothing(file, rest, at, text):
    fault = file.fault(cook(rest))
    assert place(fault) == at
    assert text in fault
    assert where(fault)[0] == 4


def test_a_flame_that_no_burner_refers_to_is_worth_a_warning(file):
    (warning,) = file.warnings(cook("", KITCHEN))
    assert place(warning) == "sensors.left_flame"
    assert "write flame: left_flame" in warning
    assert not file.warnings(cook("flame: left_flame", KITCHEN))


@pytest.mark.parametrize(
    ("before", "after", "at", "text"),
    [
        ("kind: presence", "kind: presense", "sensors.pir.kind", "did you mean presence?"),
        ("kind: presence, ", "", "sensors.pir.kind", "is required: flame or gas_alarm"),
        (
            "driver: mqtt, topic: z/left",
            "topic: z/left",
            "sensors.left_flame.driver",
            "is required",
        ),
        ("topic: z/left", "topik: z/left", "sensors.left_flame.topik", "did you mean topic?"),
        ("topic: z/pir", "topic: gasguard/left/state", "sensors.pir.topic", "own topics"),
        ("topic: z/pir", "topic: z/pir, burners: [lfet]", "sensors.pir.burners.0", "mean left?"),
        ("topic: z/pir", "topic: z/pir, expire_after: 0", "sensors.pir.expire_after", "at least"),
        ("topic: z/pir", "topic: z/pir, on: [clear]", "sensors.pir", "off: too"),
    ],
)
def test_a_fault_of_a_sensor_is_told_once_at_its_own_place(file, before, after, at, text):
    found = file.faults(cook("flame: left_flame", KITCHEN.replace(before, after, 1)))
    assert any(place(fault) == at and text in fault for fault in found), found
    assert not any(place(fault).startswith("burners.") for fault in found), found


@pytest.mark.parametrize(
    ("limit", "kind", "line"), [("unattended", "presence", "pir"), ("away", "home", "home")]
)
def test_a_limit_that_looks_for_people_needs_a_sensor_that_does(file, limit, kind, line):
    sensors = "".join(
        each for each in KITCHEN.splitlines(keepends=True) if not each.startswith(f"  {line}:")
    )
    fault = file.fault(cook(f"flame: left_flame\n    limits: {{{limit}: 5m}}", sensors))
    assert place(fault) == f"burners.left.limits.{limit}"
    assert f"kind: {kind}" in fault


def test_one_name_for_one_sensor(file):
    hazards = "hazards:\n  gas: {kind: gas_alarm, driver: mqtt, topic: z/other}\n"
    fault = file.fault(cook("flame: left_flame", KITCHEN + hazards))
    assert place(fault) == "sensors.gas"
    assert "another name" in fault


def test_one_flame_sensor_cannot_speak_for_two_burners(file):
    right = SOUND.splitlines()[2].replace("1.50", "1.51").replace("0123", "4567", 1)
    text = f"{SOUND}    flame: left_flame\n  right:\n{right}\n    flame: left_flame\n{KITCHEN}"
    assert "one flame cannot speak for two burners" in file.fault(text)


@pytest.mark.parametrize("slip", ["kind: presense", "kind: presence, topik: z/x"])
def test_a_sensor_with_a_fault_is_not_told_to_be_missing_too(file, slip):
    text = cook(
        "flame: left_flame\n    limits: {unattended: 5m}",
        KITCHEN.replace("kind: presence", slip),
    )
    assert place(file.fault(text)).startswith("sensors.pir")


def test_no_other_sensor_is_called_what_a_burners_own_flame_sensor_is(file):
    gas = "{kind: gas_alarm, driver: mqtt, topic: z/gas}"
    for kind, rest in (
        ("sensors", f"sensors: {{flame: {gas}}}\n"),
        ("sensors", "sensors: {flame: {kind: home, driver: mqtt, topic: home/anybody}}\n"),
        ("hazards", f"hazards: {{flame: {gas}}}\n"),
    ):
        fault = file.fault(SOUND + rest)
        assert place(fault) == f"{kind}.flame"
        assert "for example kitchen_gas" in fault
    assert file.sound(cook("flame: flame", KITCHEN.replace("left_flame:", "flame:")))


@pytest.mark.parametrize("offline", ["up", "UP"])
def test_words_of_availability_can_be_told_apart(file, offline):
    there = f"availability: {{topic: z/a, online: up, offline: {offline}}}"
    fault = file.fault(
        f"{SOUND}hazards: {{g: {{kind: gas_alarm, driver: mqtt, topic: z, {there}}}}}\n"
    )
    assert place(fault).startswith("hazards.g.availability")
    assert "online and offline must differ" in fault
