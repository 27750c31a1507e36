"""`flame: {driver: adc}`: a thermocouple on this machine's own bus."""

import pytest

from gasguard.config.flames import AdcFlame, Millivolts
from tests.config.files import TOKEN, File, place

MIOT = f"{{driver: miot, host: 192.168.1.50, token: {TOKEN}, contact: normally_open}}"


def burner(name: str, flame: str, relay: str = MIOT, host: int = 50) -> str:
    relay = relay.replace(".50", f".{host}").replace(TOKEN, f"{host:032x}")
    return f"  {name}:\n    relay: {relay}\n    flame: {flame}\n"


def one(flame: str, relay: str = MIOT) -> str:
    return "burners:\n" + burner("left", flame, relay)


def two(left: str, right: str) -> str:
    return one(left) + burner("right", right, host=51)


def test_all_but_the_driver_has_its_usual_value(file: File) -> None:
    flame = file.sound(one("{driver: adc}")).burners["left"].flame
    assert isinstance(flame, AdcFlame)
    assert (flame.bus, flame.address, flame.inputs) == (1, 0x48, (0, 1))
    assert (flame.lit_above, flame.out_below, flame.expire_after) == (6, 3, 15)
    assert flame.evidence == "measured" and flame.shuts_off


@pytest.mark.parametrize("address", ["0x49", "0X49", "73", '"0x49"'])
def test_an_address_as_people_write_it(file: File, address: str) -> None:
    flame = file.sound(one(f"{{driver: adc, address: {address}}}")).burners["left"].flame
    assert isinstance(flame, AdcFlame) and flame.address == 0x49


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("address", "0x50"),
        ("address", "48"),
        ("address", "-72"),
        ("address", "0x"),
        ("bus", "-1"),
        ("bus", "/dev/i2c-1"),
        ("channel", "0"),
        ("channel", "1-0"),
        ("channel", "2"),
        ("lit_above", "31"),
        ("lit_above", "0.031 V"),
        ("lit_above", "6 °C"),
        ("lit_above", "6 %"),
        ("out_below", "0"),
        ("expire_after", "1s"),
    ],
)
def test_what_cannot_be_is_told_by_its_key(file: File, key: str, value: str) -> None:
    assert place(file.fault(one(f"{{driver: adc, {key}: {value}}}"))) == f"burners.left.flame.{key}"


@pytest.mark.parametrize("driver", ["driver: adc", "driver: thermocouple, topic: kitchen/mv"])
@pytest.mark.parametrize(
    ("lit", "out"), [("8", "2.5"), ("8 mV", "2.5mV"), ("0.008 V", "2500 µV"), ('"8"', ".0025 v")]
)
def test_levels_are_in_millivolts_or_say_in_what(
    file: File, driver: str, lit: str, out: str
) -> None:
    levels = f"lit_above: {lit}, out_below: {out}"
    flame = file.sound(one(f"{{{driver}, {levels}}}")).burners["left"].flame
    assert isinstance(flame, Millivolts) and (flame.lit_above, flame.out_below) == (8, 2.5)


def test_levels_the_wrong_way_round_are_told(file: File) -> None:
    assert "out_below: must be less" in file.fault(one("{driver: adc, lit_above: 2, out_below: 3}"))


@pytest.mark.parametrize("key", ["topic: a/b", "field: mv", "availability: a/b"])
def test_it_has_no_topic(file: File, key: str) -> None:
    assert place(file.fault(one(f"{{driver: adc, {key}}}"))).startswith("burners.left.flame")


def test_two_burners_need_two_thermocouples(file: File) -> None:
    file.sound(two("{driver: adc}", "{driver: adc, channel: 2-3}"))
    file.sound(two("{driver: adc}", "{driver: adc, address: 0x49}"))
    file.sound(two("{driver: adc}", "{driver: adc, bus: 3}"))
    fault = file.fault(two("{driver: adc}", "{driver: adc, address: 72}"))
    assert place(fault) == "burners.right.flame.channel"
    assert "burners.left.flame" in fault


def test_one_by_name_cannot_speak_for_two(file: File) -> None:
    text = two("shared", "shared") + "sensors: {shared: {kind: flame, driver: adc}}\n"
    assert "one flame cannot speak for two burners" in file.fault(text)


@pytest.mark.parametrize(("line", "active"), [(2, "low"), (3, "low")])
def test_a_relay_on_the_buss_own_pins_is_a_fault(file: File, line: int, active: str) -> None:
    relay = f"{{driver: gpio, line: {line}, active: {active}, contact: normally_open}}"
    file.sound(one("{driver: mqtt, topic: a/b}", relay))
    fault = file.fault(one("{driver: adc}", relay))
    assert place(fault) == "burners.left.relay.line"
    assert "I²C bus that burners.left.flame is on" in fault
    file.sound(one("{driver: adc, bus: 3}", relay))
