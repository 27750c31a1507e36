"""Two burners never hang on one contact or one flame: what the file alone can tell is told."""

import pytest

from gasguard.config.load import load_config
from tests.config.files import TOKEN, File, place, where

OTHER = "f" * 32


def miot(host: str, *more: str, token: str = TOKEN, driver: str = "miot") -> str:
    said = (
        f"driver: {driver}",
        f"host: {host}",
        f"token: {token}",
        "contact: normally_open",
        *more,
    )
    return f"{{{', '.join(said)}}}"


def tasmota(*more: str, device: str = "stove") -> str:
    said = ("driver: mqtt", "kind: tasmota", f"device: {device}", "contact: normally_open", *more)
    return f"{{{', '.join(said)}}}"


def zigbee(*more: str, device: str = "stove") -> str:
    return tasmota(*more, device=device).replace("tasmota", "zigbee2mqtt")


def plain(
    command: str, state: str = "some/state", on: str = "ON", off: str = "OFF", more: str = ""
) -> str:
    return (
        f"{{driver: mqtt, command_topic: {command}, state_topic: {state}, "
        f"query: {{topic: {command}/get}}, payload_on: '{on}', payload_off: '{off}', "
        f"contact: normally_open{more}}}"
    )


def two(left: str, right: str) -> str:
    return f"burners:\n  left:\n    relay: {left}\n  right:\n    relay: {right}\n"


CHANNEL_3 = "switch: {siid: 3, piid: 1}"
LEASE_ON_2 = "lease: {after: 3m, siid: 2, piid: 1}"
STATE_ON, STATE_OFF = '{"state": "ON"}', '{"state": "OFF"}'


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (miot("192.168.1.50"), miot("192.168.1.50")),
        (miot("relay.local"), miot("RELAY.Local")),
        (miot("relay.local"), miot("relay.local.")),
        (miot("127.0.0.1"), miot("localhost")),
        (miot("relay.local"), miot("relay.local", driver="miio")),
        (miot("192.168.1.50", driver="miio"), miot("192.168.1.50", CHANNEL_3)),
        # One token is one device's, whatever it is called.
        (miot("relay.local"), miot("192.168.1.50")),
        (miot("192.168.1.50"), miot("relay.lan", token=TOKEN.upper())),
        (miot("relay.local"), miot("relay.lan", driver="miio")),
        (miot("192.168.1.50"), miot("relay.local", CHANNEL_3, LEASE_ON_2)),
        (tasmota(), tasmota()),
        (tasmota(), tasmota("channel: 1")),
        (tasmota("channel: 0"), tasmota("channel: 2")),
        (tasmota(), plain("cmnd/stove/power1")),
        (plain("stove/cmnd/POWER"), plain("stove/cmnd/POWER1", "other/state")),
        (zigbee(), zigbee()),
        (zigbee("channel: l1"), plain("zigbee2mqtt/stove/set/state_l1")),
        (zigbee("channel: l1"), plain("zigbee2mqtt/stove/l1/set", on=STATE_ON, off=STATE_OFF)),
        (zigbee(), plain("zigbee2mqtt/stove/set", on='{"state": "ON", "x": 1}', off=STATE_OFF)),
        (plain("a/set"), plain("a/set", "other/state")),
        (plain("a/set"), plain("b/set")),
        (plain("a/set"), plain("b/set", more=", state_field: state")),
    ],
)  # fmt: skip
def test_two_burners_on_one_contact(file: File, left: str, right: str) -> None:
    for text in (two(left, right), two(right, left)):
        (fault,) = file.faults(text)
        assert place(fault).startswith("burners.right.relay")
        assert "burners.left.relay" in fault
        assert where(fault)[0] == 5
        assert TOKEN not in fault


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (miot("192.168.1.50"), miot("192.168.1.50", CHANNEL_3)),
        (miot("127.0.0.1"), miot("localhost", CHANNEL_3)),
        (miot("relay.local"), miot("192.168.1.50", token=OTHER)),
        (miot("127.0.0.1", "port: 50001"), miot("127.0.0.1", "port: 50002")),
        (tasmota(), tasmota("channel: 2")),
        (tasmota("channel: 1"), tasmota("channel: 2")),
        (tasmota(), tasmota(device="other")),
        (zigbee("channel: l1"), zigbee("channel: l2")),
        (zigbee("channel: left"), plain("zigbee2mqtt/stove/set/state_right")),
        (plain("a/set/1", "a/1"), plain("a/set/2", "a/2")),
        (plain("a/power", "a/1"), plain("a/power1", "a/2")),
        (
            plain("a/set", "a", '{"l1": 1, "for": 5}', '{"l1": 0, "for": 5}', ", state_field: l1"),
            plain("a/set", "a", '{"l2": 1, "for": 5}', '{"l2": 0, "for": 5}', ", state_field: l2"),
        ),
    ],
)  # fmt: skip
def test_two_contacts_of_one_device_are_normal(file: File, left: str, right: str) -> None:
    file.sound(two(left, right))


@pytest.mark.parametrize("right", [miot("192.168.1.51"), miot("relay.local", CHANNEL_3)])
def test_one_token_for_two_hosts_is_worth_a_warning(file: File, right: str) -> None:
    (warning,) = file.warnings(two(miot("192.168.1.50"), right))
    assert warning.startswith("burners.right.relay.token: is that of burners.left.relay, but each")
    assert where(warning)[0] == 5
    assert TOKEN not in warning


def test_relays_in_series_count_too(file: File) -> None:
    text = f"burners: {{left: {{relays: [{miot('relay.local')}, {miot('10.0.0.2')}]}}}}"
    assert place(file.fault(text)) == "burners.left.relays.1.host"


@pytest.mark.parametrize("host", ["relay.local", "RELAY.local", "192.168.1.50"])
def test_a_voice_channel_that_is_a_contact(file: File, host: str) -> None:
    text = two(miot("relay.local"), miot(host, CHANNEL_3)) + "    voice: {siid: 2, piid: 1}\n"
    assert "burners.left.relay" in file.fault(text)


def flames(left: str, right: str) -> str:
    text = two(miot("10.0.0.2"), miot("10.0.0.3", token=OTHER))
    return text.replace("  right:", f"    flame: {left}\n  right:") + f"    flame: {right}\n"


def test_one_flame_for_two_burners(file: File) -> None:
    mqtt, measured = "{driver: mqtt, topic: a/b}", "{driver: thermocouple, topic: a/b}"
    for left, right in ((mqtt, mqtt), (mqtt, measured), (measured, measured)):
        fault = file.fault(flames(left, right))
        assert fault.startswith(
            "burners.right.flame.topic: is the topic of burners.left.flame too;"
        )
        assert where(fault)[0] == 7
    file.sound(flames(mqtt, measured.replace("a/b", "a/c")))


def test_flames_are_compared_beside_other_faults(file: File) -> None:
    mqtt = "{driver: mqtt, topic: a/b}"
    faults = file.faults(flames(mqtt, mqtt) + "on_shutdown: explode\n")
    assert [place(fault) for fault in faults] == ["burners.right.flame.topic", "on_shutdown"]


def test_the_guard_starts_with_what_is_only_a_conclusion(file: File) -> None:
    """A token says that two hosts are one device; the guard itself asks the devices."""
    path = file(two(miot("relay.local"), miot("192.168.1.50")))
    assert "whose token it has" in file.fault(path.read_text())
    assert len(load_config(path).burners) == 2
