"""Offs over a bad wire between the real daemon and the relay."""

import socket

import pytest

from tests.disaster.udp_proxy import UdpProxy, Wire
from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually

OFFS = 30
WIRE = Wire(loss=0.2, twice=0.2, least_delay=0.002, most_delay=0.06)


@pytest.fixture
def proxied(make_kitchen):
    """A kitchen whose daemon reaches its relay only through the proxy."""
    kitchen: Kitchen = make_kitchen(left=burner())
    stove = kitchen.stove()
    relay = kitchen.data["burners"]["left"]["relay"]
    proxy = UdpProxy(relay["port"], WIRE, seed=3)
    relay["port"] = proxy.port
    kitchen.write()
    yield kitchen, stove, proxy
    proxy.close()


def test_thirty_offs_over_a_wire_that_loses_delays_reorders_and_doubles(proxied):
    """Each is confirmed within 2 s, and open in fact, whatever was late on the wire."""
    kitchen, stove, proxy = proxied
    ear = kitchen.ear()
    kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online")
    for number in range(OFFS):
        proxy.wire = WIRE
        mark = ear.mark
        ear.send("left/off/set", {"id": str(number)})
        confirmed = ear.ack("confirmed", since=mark, within=2.0)
        assert confirmed["id"] == str(number)
        assert stove.circuit() == "open"
        # Re-armed over a good wire: a lost close is not sent again, but decided anew 2 s later.
        proxy.wire = Wire()
        kitchen.order("rearm", "REARM")
        eventually(lambda: stove.circuit() == "closed", 15, "closed again")
        eventually(lambda: kitchen.ask()["left"]["phase"] == "ready", 5)
    for count in (proxy.lost, proxy.doubled, proxy.overtaken):
        assert count > OFFS / 2, "the wire was better than it should be"


def test_the_proxy_itself_passes_everything_on_a_good_wire():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        far.settimeout(3)
        proxy = UdpProxy(far.getsockname()[1], Wire(), seed=1)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
                near.settimeout(3)
                near.connect(("127.0.0.1", proxy.port))
                near.send(b"there")
                data, sender = far.recvfrom(100)
                far.sendto(b"and back", sender)
                assert (data, near.recv(100)) == (b"there", b"and back")
        finally:
            proxy.close()
