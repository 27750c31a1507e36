"""The network is another one than a moment ago: addresses, names, and who knows them."""

from collections.abc import Iterator

import pytest

from tests.disaster.lan import Lan
from tests.disaster.name_server import NameServer
from tests.disaster.udp_proxy import UdpProxy, Wire
from tests.support.kitchen import Kitchen, burner, relay
from tests.support.stove import Stove
from tests.support.waiting import eventually, never

PORT = 54321
PI, RELAY = "10.77.0.1", "10.77.0.50"


class Home:
    """A kitchen whose daemon runs on a machine of its own, with the relay at the cable's end."""

    def __init__(self, kitchen: Kitchen, lan: Lan) -> None:
        self.kitchen, self.lan = kitchen, lan
        self.stove: Stove = kitchen.stove()
        self._port = kitchen.data["burners"]["left"]["relay"]["port"]
        self._ways: list[UdpProxy] = []
        lan.address(lan.pi, f"{PI}/24")
        self.relay_at(RELAY)
        kitchen.before = lan.ours
        self.knows(RELAY)

    def knows(self, host: str) -> None:
        """Under which host the configuration has the relay."""
        self.kitchen.data["burners"]["left"]["relay"] |= {"host": host, "port": PORT}
        self.kitchen.write()

    def relay_at(self, address: str, old: str | None = None) -> None:
        """The relay has this address from now on."""
        self.lan.address(self.lan.house, f"{address}/24", old and f"{old}/24")
        inside = self.lan.socket(self.lan.house, address, PORT)
        for way in self._ways:
            way.close()
        self._ways = [UdpProxy(self._port, Wire(), 1, inside)]

    def order(self, command: str, value: str = "") -> None:
        acks = self.kitchen.order(command, value)
        assert acks[0]["status"] == "accepted", acks

    def opens(self, within: float) -> None:
        eventually(lambda: self.stove.circuit() == "open", within, "the circuit opens")

    def close(self) -> None:
        for way in self._ways:
            way.close()


@pytest.fixture
def home(make_kitchen) -> Iterator[Home]:
    lan = Lan()
    home = Home(make_kitchen(left=burner(relay=relay())), lan)
    yield home
    for daemon in home.kitchen.daemons:
        if daemon.running:
            daemon.stop()
    home.close()
    lan.close()


@pytest.fixture
def names(home) -> Iterator[NameServer]:
    """The name server that the daemon's machine asks, and a relay that is known by name."""
    folder = home.kitchen.folder
    for name, text in (
        ("resolv.conf", "nameserver 127.0.0.1\n"),
        ("nsswitch.conf", "hosts: files dns\n"),
    ):
        (folder / name).write_text(text)
        home.lan.mount(folder / name, f"/etc/{name}")
    home.knows("relay.lan")
    server = NameServer(home.lan.socket(home.lan.pi, "127.0.0.1", 53), {"relay.lan": RELAY})
    yield server
    server.close()


def test_a_timer_ends_on_time_though_the_machine_got_another_address(home):
    home.kitchen.daemon()
    home.order("timer", "4s")
    home.lan.address(home.lan.pi, "10.77.0.99/24", f"{PI}/24")
    never(lambda: home.stove.circuit() == "open", 2.0, "before its time")
    home.opens(within=4.0)
    state = eventually(
        lambda: (s := home.kitchen.ask()["left"])["phase"] in ("tripped", "ready") and s
    )
    assert state["last_trip"]["confirmed"]


def test_an_off_while_there_is_no_network_is_carried_out_once_there_is_another(home):
    home.kitchen.daemon()
    home.lan.address(home.lan.pi, None, f"{PI}/24")
    said = home.kitchen.local("off", "left")
    assert said.code == 1, said
    trouble = eventually(
        lambda: not (r := home.kitchen.ask()["left"]["relay"])["reachable"] and r, 12
    )
    assert "has this machine a network?" in trouble["problem"]
    doctor = home.kitchen.local("doctor")
    assert doctor.code == 1
    assert "Network is unreachable" in doctor.out
    assert home.stove.circuit() == "closed"
    home.lan.address(home.lan.pi, "10.77.0.7/24")
    home.opens(within=2.0)


def test_a_start_before_there_is_an_address(home):
    """The unit rightly does not wait for the network: it may come with a minute's delay."""
    home.lan.address(home.lan.pi, None, f"{PI}/24")
    home.kitchen.daemon("starting")
    home.lan.address(home.lan.pi, f"{PI}/24")
    eventually(lambda: home.kitchen.ask()["left"]["phase"] == "ready", 6)


def test_a_relay_known_by_name_is_found_again_at_another_address(home, names):
    home.kitchen.daemon()
    home.relay_at("10.77.0.60", old=RELAY)
    names.table["relay.lan"] = "10.77.0.60"
    home.order("off")
    home.opens(within=6.0)
    home.kitchen.rearm()
    assert "ok   relay.lan:54321, contact closed" in home.kitchen.local("doctor").out
    assert (
        "10.77.0.60:54321"
        in home.kitchen.local("discover", "--seconds", "1", "--address", "10.77.0.60").out
    )


def test_a_name_server_that_takes_longer_than_a_call(home, names):
    names.delay = 1.2
    home.kitchen.daemon()
    assert home.kitchen.local("off", "left").code == 0


def test_a_name_server_that_falls_silent_takes_no_address_away(home, names):
    home.kitchen.daemon()
    names.silent = True
    home.relay_at("10.77.0.60", old=RELAY)
    eventually(lambda: names.asked > 1, 8, "the guard asks anew")
    home.relay_at(RELAY, old="10.77.0.60")
    home.order("off")
    home.opens(within=3.0)


def test_the_end_does_not_wait_for_a_name_server(home, names):
    names.silent = True
    daemon = home.kitchen.daemon("starting")
    problem = eventually(lambda: home.kitchen.ask()["left"]["relay"]["problem"], 4)
    assert "relay.lan" in problem
    assert daemon.stop(within=4.0) == 0
