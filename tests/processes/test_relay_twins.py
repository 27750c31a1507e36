"""Two hosts of the configuration that turn out to be one module: only its device id tells."""

import pytest

from tests.support.kitchen import Kitchen, burner, relay
from tests.support.waiting import eventually

SHARED = "are one device (id 0000002a), and both use the same channel of it"


def one_module(world) -> None:
    for name in ("left", "right"):
        world.relay(name).device_id = (42).to_bytes(4, "big")


def troubles(kitchen: Kitchen) -> str:
    return "".join(str(answer["troubles"]) for answer in kitchen.talk({"command": "status"}))


@pytest.fixture
def twins(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), right=burner())
    stove = kitchen.stove()
    stove.do(one_module)
    return kitchen, stove


def test_doctor_says_that_two_burners_hang_on_one_contact(twins):
    kitchen, _ = twins
    said = kitchen.local("doctor")
    assert said.code == 1
    (row,) = [line for line in said.out.splitlines() if SHARED in line]
    assert row.startswith("relays") and "fail" in row
    for name in ("left", "right"):
        assert f":{kitchen.data['burners'][name]['relay']['port']}" in row


def test_the_daemon_says_so_at_the_start_and_while_it_lasts(twins):
    kitchen, stove = twins
    daemon = kitchen.daemon()
    assert daemon.output.count(SHARED) == 1
    assert SHARED in troubles(kitchen)
    assert kitchen.local("doctor").out.count(SHARED) == 1
    stove.do(lambda world: setattr(world.relay("right"), "device_id", b"\0\0\0\x2b"))
    eventually(lambda: SHARED not in troubles(kitchen), 5, "it is another device now")


def test_one_module_under_two_names_with_a_channel_for_each_is_only_advised(make_kitchen):
    right = burner(relay=relay(switch={"siid": 3, "piid": 1}))
    kitchen: Kitchen = make_kitchen(left=burner(), right=right)
    kitchen.stove().do(one_module)
    daemon = kitchen.daemon()
    said = kitchen.local("doctor")
    (row,) = [line for line in said.out.splitlines() if "are one device" in line]
    assert "warn" in row and "same host" in row
    assert "are one device" not in daemon.output


def test_two_modules_are_two(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), right=burner())
    kitchen.stove()
    daemon = kitchen.daemon()
    assert "one device" not in kitchen.local("doctor").out + daemon.output
