"""Real processes: a daemon on a machine with a network of its own, its broker, stove and relay."""

import contextlib
import fcntl
import os
import subprocess
import threading
import time
from pathlib import Path

from tests.disaster.lan import Lan
from tests.disaster.name_server import NameServer
from tests.disaster.udp_proxy import UdpProxy, Wire
from tests.soak.forwarder import Forwarder
from tests.support.brokers import Mosquitto
from tests.support.ear import Ear
from tests.support.kitchen import Kitchen, relay
from tests.support.processes import GASGUARD, ROOT

PORT, BROKER_PORT = 54321, 1883
PI = ("10.77.0.1", "10.77.0.2", "10.77.0.99")
RELAY = ("10.77.0.50", "10.77.0.51")
NAME = "relay.lan"
MAX_BURN, EXPIRES = 25.0, 4.0


class Site:
    """Everything there is. What is done to it is done by its methods, from one thread."""

    def __init__(self, folder: Path, speed: float) -> None:
        self.lan = Lan()
        self.broker = Mosquitto(folder / "broker")
        self.kitchen = Kitchen(folder, self.broker, {"left": {"relay": relay()}})
        self.flame_topic = f"{self.kitchen.base}_stove/flame"
        self.gas_topic = f"{self.kitchen.base}_stove/gas"
        self._own_port = self.kitchen.data["burners"]["left"]["relay"]["port"]
        self.stove = self.kitchen.stove(speed=speed)
        self._pi, self.relay = PI[0], RELAY[0]
        self._way: UdpProxy | None = None
        self.lan.address(self.lan.pi, f"{PI[0]}/24")
        self._relay_listens(RELAY[0], None)
        self._resolver(folder)
        tcp = self.lan.socket(self.lan.pi, "127.0.0.1", BROKER_PORT, listening=True)
        self.forwarder = Forwarder(tcp, self.broker.port)
        self._configure()
        self.daemon: subprocess.Popen[bytes] | None = None
        self._drain = _Drain(folder / "daemon.log")
        self.kitchen.state_dir.mkdir()
        state = str(self.kitchen.state_dir)
        self.lan.run(*self.lan.pi, "mount", "--bind", state, state)
        self.ear = Ear(self.broker.port, self.kitchen.base)

    def _configure(self) -> None:
        burner = self.kitchen.data["burners"]["left"]
        burner["relay"] |= {"host": NAME, "port": PORT}
        burner["flame"] = {
            "driver": "mqtt",
            "topic": self.flame_topic,
            "expire_after": f"{EXPIRES}s",
        }
        burner["limits"] = {"rearm_after": "2s", "max_burn": f"{MAX_BURN}s"}
        burner["limits"]["flame_out_within"] = "20s"
        self.kitchen.data["hazards"] = {
            "gas": {"driver": "mqtt", "kind": "gas_alarm", "topic": self.gas_topic}
        }
        self.kitchen.data["mqtt"] |= {"host": "127.0.0.1", "port": BROKER_PORT}
        self.kitchen.data["on_shutdown"] = "leave"
        self.kitchen.write()

    def _resolver(self, folder: Path) -> None:
        for name, text in (
            ("resolv.conf", "nameserver 127.0.0.1\n"),
            ("nsswitch.conf", "hosts: files dns\n"),
        ):
            (folder / name).write_text(text)
            self.lan.mount(folder / name, f"/etc/{name}")
        own = self.lan.socket(self.lan.pi, "127.0.0.1", 53)
        self.names = NameServer(own, {NAME: RELAY[0]})

    # --- the daemon ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon. Its log goes into a pipe that somebody reads, or does not."""
        self.daemon = subprocess.Popen(
            [*self.lan.ours, *GASGUARD, "run", "-v", "-c", str(self.kitchen.path)],
            stderr=self._drain.writer,
            cwd=ROOT,
        )

    def kill(self) -> None:
        """kill -9."""
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait(5)

    def log_is_read(self, read: bool) -> None:
        """Whether anybody reads what the daemon logs."""
        self._drain.reads = read

    def card_writes(self, writes: bool) -> None:
        """Whether the state folder can be written."""
        mode = "rw" if writes else "ro"
        state = str(self.kitchen.state_dir)
        self.lan.run(*self.lan.pi, "mount", "-o", f"remount,bind,{mode}", state)

    # --- the network --------------------------------------------------------------------------

    def pi_moves(self, new: str | None) -> None:
        """The machine has this address from now on, or none."""
        old = self._pi and f"{self._pi}/24"
        self.lan.address(self.lan.pi, new and f"{new}/24", old or None)
        self._pi = new or ""

    def relay_moves(self, new: str) -> None:
        """The relay has this address, and its name with it."""
        self._relay_listens(new, self.relay)
        self.names.table[NAME] = new

    def _relay_listens(self, new: str, old: str | None) -> None:
        self.lan.address(self.lan.house, f"{new}/24", old and f"{old}/24")
        inside = self.lan.socket(self.lan.house, new, PORT)
        if self._way is not None:
            self._way.close()
        self.relay = new
        self._way = UdpProxy(self._own_port, Wire(), 1, inside)

    def loses(self, share: float) -> None:
        """The wire to the relay loses this share of the datagrams, each way."""
        if self._way is not None:
            self._way.wire = Wire(loss=share)

    @property
    def has_network(self) -> bool:
        return bool(self._pi)

    def close(self) -> None:
        self.kill()
        self.ear.close()
        self.stove.stop()
        for part in (self.forwarder, self.names, self.lan):
            part.close()
        with contextlib.suppress(AssertionError):
            self.broker.stop()
        if self._way is not None:
            self._way.close()
        self._drain.close()


class _Drain:
    """Reads the daemon's log into a file, while it reads."""

    def __init__(self, log: Path) -> None:
        self.reads = True
        self._reader, self.writer = os.pipe()
        fcntl.fcntl(self._reader, fcntl.F_SETPIPE_SZ, 4096)
        self._log = log.open("wb")
        self._ends = False
        self._thread = threading.Thread(target=self._drain, name="log reader", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        os.set_blocking(self._reader, False)
        while not self._ends:
            if self.reads:
                with contextlib.suppress(BlockingIOError):
                    self._log.write(os.read(self._reader, 65_536))
                    self._log.flush()
            time.sleep(0.01)

    def close(self) -> None:
        self._ends = True
        self._thread.join(2)
        os.close(self._reader)
        os.close(self.writer)
        self._log.close()
