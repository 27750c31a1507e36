"""One household: a configuration, its stove, its daemon, a listener and the command line."""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from gasguard.config.load import Config, load_config
from tests.support.brokers import Broker
from tests.support.ear import Ear
from tests.support.processes import GASGUARD, ROOT, Process, free_port
from tests.support.stove import Stove
from tests.support.waiting import eventually

TOKEN = "00112233445566778899aabbccddeeff"


def relay(port: int | None = None, contact: str = "normally_open", **more: Any) -> dict[str, Any]:
    """A miot relay on this machine, on a port of its own unless one is given."""
    return {
        "driver": "miot",
        "host": "127.0.0.1",
        "port": port or free_port(socket.SOCK_DGRAM),
        "token": TOKEN,
        "contact": contact,
        **more,
    }


def burner(**more: Any) -> dict[str, Any]:
    """A burner with a normally open relay, re-armed 2 s after a trip."""
    return {"relay": relay(), "limits": {"rearm_after": "2s"}, **more}


class Said:
    """How a command of the command line ended."""

    def __init__(self, done: "subprocess.CompletedProcess[bytes]", took: float) -> None:
        self.code = done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        self.took = took

    def __repr__(self) -> str:
        return f"exit {self.code} after {self.took:.1f} s\n{self.out}--- errors\n{self.err}"


class Kitchen:
    """Everything a test starts goes through here, so that everything ends with the test."""

    def __init__(self, folder: Path, broker: Broker, burners: dict[str, Any], **top: Any) -> None:
        self.folder, self.broker = folder, broker
        self.base = f"kitchen{secrets.token_hex(4)}"
        self.path = folder / "config.yaml"
        self.data: dict[str, Any] = {
            "mqtt": {
                "host": broker.host,
                "port": broker.port,
                "base_topic": self.base,
                "home_assistant": {"discovery": False},
                **top.pop("mqtt", {}),
            },
            "state_dir": "state",
            **top,
            "burners": burners,
        }
        self.before: list[str] = []
        """Words before every command: where it runs."""
        self.daemons: list[Process] = []
        self._others: list[Process] = []
        self._stoves: list[Stove] = []
        self._ears: list[Ear] = []
        self.expected_errors = False
        """Set where a daemon is meant to log a traceback (it never is, so far)."""
        self.write()

    def write(self) -> None:
        """Write the configuration file anew from `data`."""
        self.path.write_text(yaml.safe_dump(self.data))

    @property
    def config(self) -> Config:
        return load_config(self.path)

    @property
    def state_dir(self) -> Path:
        return self.folder / "state"

    @property
    def socket_path(self) -> Path:
        return self.state_dir / "control.sock"

    @property
    def url(self) -> str:
        """What `--mqtt` takes."""
        return f"mqtt://127.0.0.1:{self.broker.port}/{self.base}"

    # --- parts --------------------------------------------------------------------------------

    def stove(self, **options: Any) -> Stove:
        stove = Stove(self.config, **options)
        self._stoves.append(stove)
        return stove

    def ear(self, **options: Any) -> Ear:
        ear = Ear(self.broker.port, self.base, **options)
        self._ears.append(ear)
        return ear

    def run(self, *options: str, env: dict[str, str] | None = None) -> Process:
        """Start `gasguard run`; returns at once."""
        log = self.folder / f"daemon-{len(self.daemons)}.log"
        daemon = Process(
            [*self.before, *GASGUARD, "run", "-c", str(self.path), *options], log, env=env
        )
        self.daemons.append(daemon)
        return daemon

    def daemon(self, phase: str | None = "ready") -> Process:
        """Start `gasguard run` and wait until every burner is in `phase`."""
        daemon = self.run()

        def up() -> bool:
            assert daemon.running, f"the daemon ended:\n{daemon.output}"
            states = self.ask()
            return bool(states) and all(
                phase is None or state["phase"] == phase for state in states.values()
            )

        eventually(up, 15, f"every burner is {phase}", every=0.03)
        return daemon

    def start(self, *, ready: str | None = "ready", **stove: Any) -> tuple[Stove, Process, Ear]:
        """Stove, daemon and listener, with every burner ready and the daemon online."""
        here, ear = self.stove(**stove), self.ear()
        daemon = self.daemon(ready)
        ear.wait("status", lambda one: one.text == "online", within=10)
        for name in self.data["burners"] if ready else ():
            ear.until(name, phase=ready)
        return here, daemon, ear

    def process(self, *command: str, **options: Any) -> Process:
        """Another command of gasguard that runs on: simulate, demo, status --watch."""
        log = self.folder / f"{command[0]}-{len(self._others)}.log"
        process = Process([*GASGUARD, *command], log, **options)
        self._others.append(process)
        return process

    # --- the command line and the socket ------------------------------------------------------

    def cli(self, *words: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> Said:
        """Run a command to its end."""
        began = time.monotonic()
        done = subprocess.run(
            [*self.before, *GASGUARD, *words],
            capture_output=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            cwd=cwd or ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **(env or {})},
            check=False,
        )
        return Said(done, time.monotonic() - began)

    def local(self, *words: str) -> Said:
        """Run a command through the local socket."""
        return self.cli(*words, "-c", str(self.path))

    def remote(self, *words: str) -> Said:
        """Run a command through the broker."""
        return self.cli(*words, "--mqtt", self.url)

    def ask(self) -> dict[str, Any] | None:
        """States over the local socket; None when nobody answers there."""
        with contextlib.suppress(OSError, StopIteration):
            for answer in self.talk({"command": "status"}):
                return answer["states"]
        return None

    def talk(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """One request on the local socket, and what comes back."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(15)
            client.connect(str(self.socket_path))
            client.sendall(json.dumps(request).encode() + b"\n")
            with client.makefile("rb") as lines:
                for line in lines:
                    yield json.loads(line)

    def order(self, command: str, value: str = "", burner: str = "left") -> list[dict[str, Any]]:
        """A command on the local socket; its acknowledgements."""
        request = {"command": command, "burners": [burner], "value": value}
        return [answer["ack"] for answer in self.talk(request)]

    def rearm(self, burner: str = "left") -> None:
        """Do not wait for `rearm_after`: close the circuit of a tripped burner now."""

        def ready() -> bool:
            phase = (self.ask() or {})[burner]["phase"]
            if phase == "tripped":
                self.order("rearm", "REARM", burner)
            return phase == "ready"

        eventually(ready, 8, f"{burner} is ready again", every=0.01)

    # --- the end ------------------------------------------------------------------------------

    def close(self) -> None:
        """End everything; fail where something did not end well."""
        faults = []
        for process in (*self.daemons, *self._others):
            if process.running:
                try:
                    code = process.stop(15)
                    if code != 0:
                        faults.append(f"exit code {code}")
                except AssertionError as error:
                    faults.append(str(error))
        for ear in self._ears:
            ear.close()
        for stove in self._stoves:
            stove.stop()
        if not self.expected_errors:
            for process in (*self.daemons, *self._others):
                for word in ("Traceback", "CRITICAL"):
                    if word in process.output:
                        faults.append(f"{process.log.name} holds {word}:\n{process.output[-4000:]}")
        assert not faults, "\n".join(faults)
