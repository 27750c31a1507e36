"""Stock python-miio against the simulated modules, over real sockets on loopback."""

import asyncio
import os
import socket
from collections.abc import Callable
from random import Random

import pytest
from miio.device import Device
from miio.exceptions import DeviceException
from miio.miot_device import MiotDevice

from gasguard.drivers.miio.codec import HELLO
from gasguard.simulator.world import World

from .kitchen import TOKEN, config, miot

# python-miio speaks to port 54321 only; an address of its own keeps parallel runs apart.
HOST = f"127.54.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"
LEASE = {"after": "3m", "siid": 2, "piid": 3, "unit": "s", "off": -1}
MAPPING = {"power": {"siid": 2, "piid": 1}, "countdown": {"siid": 2, "piid": 3}}


def against(world_of: Callable[[], World], client: Callable[[World], None]) -> None:
    """Serve a world while `client`, which blocks, runs in a thread."""

    async def story() -> None:
        world = world_of()
        await world.start()
        try:
            await asyncio.to_thread(client, world)
        finally:
            await world.stop()

    asyncio.run(story())


def miot_world() -> World:
    return World.from_config(config(left={"relay": miot(host=HOST, lease=LEASE)}))


def device() -> MiotDevice:
    return MiotDevice(HOST, TOKEN, mapping=MAPPING, model="yeelink.switch.sw1")


def test_miot_device() -> None:
    def client(world: World) -> None:
        module = device()
        assert module.info().model == "yeelink.switch.sw1"
        assert module.get_properties_for_mapping()[0]["value"] is True
        assert module.set_property("power", False)[0]["code"] == 0
        assert world.relay("left").value((2, 1)) is False
        assert world.snapshot()["left"]["circuit"] == "open"
        assert module.set_property("countdown", 30)[0]["code"] == 0
        values = {item["did"]: item["value"] for item in module.get_properties_for_mapping()}
        assert values["power"] is False and 28 <= values["countdown"] <= 30
        with pytest.raises(DeviceException):
            module.send("get_prop", ["power"])

    against(miot_world, client)


def test_a_second_client_object_is_answered_and_not_obeyed() -> None:
    """python-miio #813: ids start at 1 again, so the module answers from memory."""

    def client(world: World) -> None:
        assert device().set_property("power", True)[0]["code"] == 0
        assert device().set_property("power", False)[0]["code"] == 0
        assert world.relay("left").value((2, 1)) is True
        world.inject("left", deduplicates=False)
        device().set_property("power", False)
        assert world.relay("left").value((2, 1)) is False

    against(miot_world, client)


def test_legacy_device() -> None:
    relay = {"driver": "miio", "host": HOST, "token": TOKEN, "contact": "normally_open"}

    def client(world: World) -> None:
        plug = Device(HOST, TOKEN)
        assert plug.info().model == "chuangmi.plug.m1"
        assert plug.send("get_prop", ["power"]) == ["on"]
        assert plug.send("set_power", ["off"]) == ["ok"]
        assert plug.send("get_prop", ["power"]) == ["off"]
        assert world.snapshot()["left"]["circuit"] == "open"

    against(lambda: World.from_config(config(left={"relay": relay})), client)


def test_ten_thousand_random_datagrams_do_no_harm() -> None:
    def client(world: World) -> None:
        random = Random(5)
        world.relay("left").processing_s = 0.0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((HOST, 54321))
            sock.settimeout(5)
            for number in range(10_000):
                data = random.randbytes(random.randrange(0, 1500))
                sock.send(random.choice([data, b"!1" + data, data[:32]]))
                if number % 25 == 0:
                    # Answered only when all before it is read: the socket's buffer never overflows.
                    sock.send(HELLO)
                    assert len(sock.recv(100)) == 32
        assert device().get_properties_for_mapping()[0]["value"] is True
        assert world.relay("left").executed == 1

    against(miot_world, client)
