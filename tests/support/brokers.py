"""Brokers on random loopback ports: mosquitto, and one that speaks 3.1.1 only."""

import getpass
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.processes import Process, free_port, listens
from tests.support.waiting import eventually


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is needed: apt install mosquitto mosquitto-clients"
    return found


class Broker:
    """A broker that can be stopped, started again on its port, and frozen."""

    host = "127.0.0.1"

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self._command, self._log = command, log
        self.port = port
        self._process: Process | None = None
        self.start()

    def start(self) -> None:
        self._process = Process(self._command, self._log)
        eventually(lambda: listens(self.port), 10, "the broker listens", every=0.05)

    @property
    def log(self) -> str:
        """What it has logged since it was started."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def freeze(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


class Mosquitto(Broker):
    """The real thing, speaks MQTT 5."""

    def __init__(
        self,
        folder: Path,
        *,
        users: dict[str, str] | None = None,
        tls: "Path | None" = None,
        more: tuple[str, ...] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        lines = [
            f"listener {port} {self.host}",
            f"user {getpass.getuser()}",
            f"allow_anonymous {'false' if users else 'true'}",
            "set_tcp_nodelay true",
            "max_queued_messages 100000",
        ]
        if users:
            passwords = folder / "passwords"
            passwords.touch()
            for name, password in users.items():
                subprocess.run(
                    [program("mosquitto_passwd"), "-b", str(passwords), name, password], check=True
                )
            lines.append(f"password_file {passwords}")
        if tls:
            lines += [f"certfile {tls / 'server.pem'}", f"keyfile {tls / 'server.key'}"]
        lines += more
        config = folder / "mosquitto.conf"
        config.write_text("\n".join(lines) + "\n")
        super().__init__([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log")


class OldBroker(Broker):
    """MQTT 3.1.1 only: amqtt, which the demo embeds too."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        super().__init__(
            [sys.executable, "-m", "tests.support.old_broker", str(port)],
            port,
            folder / "amqtt.log",
        )
