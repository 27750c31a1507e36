"""A flame inferred from a temperature: rises, falls, sensors that report changes only."""

import pytest

from gasguard.config.sensors import HeatFlame
from gasguard.drivers.bus import Heard
from gasguard.drivers.understanding import Said
from gasguard.drivers.warming import COLD, Trend, warming

LIT, OUT = True, False


def story(
    *readings: tuple[float, float], rise: float = 2.0, fall: float = 3.0
) -> list[bool | None]:
    trend = Trend(2.0, 3.0, 120.0)
    return [trend.says(warmth, at) for at, warmth in readings]


def test_a_pan_that_is_heated_and_a_burner_that_is_turned_off():
    said = story((0, 24), (30, 24.4), (60, 26), (90, 40), (600, 70), (900, 70), (930, 66.9))
    assert said == [OUT, OUT, LIT, LIT, LIT, LIT, OUT]


@pytest.mark.parametrize(("warmer", "lit"), [(1.99, OUT), (2.0, LIT), (2.01, LIT)])
def test_the_rise_to_the_point(warmer, lit):
    assert story((0, 20), (100, 20 + warmer))[-1] is lit


@pytest.mark.parametrize(("colder", "lit"), [(2.99, LIT), (3.0, OUT), (3.01, OUT)])
def test_the_fall_to_the_point(colder, lit):
    assert story((0, 20), (60, 60), (100, 60 - colder))[-1] is lit


def test_a_summers_morning_is_no_flame():
    """1 K in ten minutes."""
    assert set(story(*((at, 20 + at / 600) for at in range(0, 7200, 60)))) == {OUT}


def test_a_sensor_that_reports_changes_only_was_as_it_said_last():
    assert story((0, 24), (1500, 26.5))[-1] is LIT


def test_what_it_said_hours_ago_is_nothing_to_compare_with():
    assert story((0, 24), (7200, 30.0))[-1] is OUT


def test_a_plateau_is_what_it_was():
    heated = [(0, 24.0), (60, 60.0)]
    assert story(*heated, *((120 + n * 60, 60.0) for n in range(60)))[-1] is LIT


def test_begun_in_the_middle_nobody_knows_until_there_is_a_trend():
    assert story((0, COLD), (60, COLD)) == [None, None]
    assert story((0, COLD - 0.1)) == [OUT]
    assert story((0, 80), (60, 76)) == [None, OUT]
    assert story((0, 80), (60, 83)) == [None, LIT]


def test_after_a_fall_it_rises_from_there():
    assert story((0, 24), (60, 60), (120, 50), (180, 51.9), (240, 52.0))[2:] == [OUT, OUT, LIT]


def hears(payload: str, *, retained: bool = False) -> Said:
    sensor = HeatFlame(driver="temperature", topic="z/hob")
    return warming(sensor, lambda: 0.0)(Heard("z/hob", payload.encode(), retained))


@pytest.mark.parametrize("payload", ['{"temperature": 20, "battery": 3}', "20", '"20 °C"', "68 °F"])
def test_a_reading_however_it_is_written(payload):
    assert hears(payload) == Said(danger=False)


@pytest.mark.parametrize(
    "payload",
    ["warm", "20 mV", "-127", "nan", "true", '{"temperature": null}', "20,5", "", "1e999", "900"],
)
def test_what_is_no_temperature_is_not_understood(payload):
    garbled = hears(payload).garbled
    assert garbled and ("a number in °C is" in garbled or "nothing could measure" in garbled)


def test_a_kept_reading_begins_no_trend():
    assert hears("20", retained=True) == Said()


@pytest.mark.parametrize(
    ("written", "kelvin"), [("2", 2.0), ("2 K", 2.0), ("0.5K", 0.5), ("3 °C", 3.0)]
)
def test_a_difference_is_in_kelvin(written, kelvin):
    assert HeatFlame(driver="temperature", topic="z/hob", rise=written).rise == kelvin


@pytest.mark.parametrize("written", ["2 °F", "warm", "2 mV", True])
def test_what_is_no_difference(written):
    with pytest.raises(ValueError, match="for example 2 K"):
        HeatFlame(driver="temperature", topic="z/hob", rise=written)
