"""`python -m tests.debian.life`: a package's life on fresh Debian systems (`make test-deb`).

systemd itself runs the units, with everything they say. apt installs the package; `gasguard setup`
sets it up against a simulated stove; a timer shuts off; a rebuilt package is installed in the
middle of another; removed it keeps what it knew, purged nothing. SYSTEMS names other ones than the
three.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gasguard import __version__
from tests.debian import emulation
from tests.debian.chroots import System, apart, close, enter, native, scratch, unpack
from tests.debian.machine import Machine
from tests.debian.package import package

REBUILT = f"{__version__}.1"
"""What the rebuilt package calls itself."""
ALL = "bookworm-amd64 trixie-amd64 trixie-arm64"
_TOKEN = "00112233445566778899aabbccddeeff"
_STOVE = f"""\
mqtt: {{host: 127.0.0.1}}
state_dir: /run/stove
burners:
  left:
    relay: {{driver: miot, host: 127.0.0.1, token: {_TOKEN}, contact: normally_open}}
"""
"""What is simulated."""
_CONFIG = Path("/etc/gasguard/config.yaml")
_STATE = Path("/var/lib/gasguard")
_SETUP = (
    *("gasguard", "setup", "--yes", "--language", "en", "--broker", "127.0.0.1"),
    *("--burner", "left", "--relay", "127.0.0.1", "--token", _TOKEN),
    *("--wiring", "normally_open", "--page", "--service"),
)
_UNITS = ("gasguard.service", "gasguard-web.service")


class Life:
    """What happens to one system, step by step; each says how long it took."""

    def __init__(self, system: System, folder: Path) -> None:
        self._system, self._folder, self._root = system, folder, folder / "root"
        self._machine = Machine(self._root)
        # Emulated programs take their time.
        self._patience = 1 if system.arch == native() else 6

    def live(self) -> None:
        """All of it. Ends the program at the first thing that is not as it should be."""
        steps = (
            self.fetch, self.boot, self.install, self.set_up, self.shut_off, self.upgrade,
            self.not_understood, self.remove, self.install_again, self.purge,
        )  # fmt: skip
        for step in steps:
            began = time.monotonic()
            step()
            name = step.__name__.replace("_", " ")
            print(f"=== {self._system}: {name}: {time.monotonic() - began:.1f} s", flush=True)

    def fetch(self) -> None:
        """A fresh system; what apt needs of Debian's archive, and nobody else's, onto its disk."""
        unpack(self._system, self._root)
        for name, version in (("first", None), ("rebuilt", REBUILT)):
            _rebuilt(package(self._system), self._root / f"var/tmp/{name}.deb", version)
        enter(self._root, "apt-get", "update", "-qq")
        enter(
            self._root, "apt-get", "install", "-y", "-qq", "--download-only",
            "/var/tmp/first.deb", "mosquitto-clients",
        )  # fmt: skip

    def boot(self) -> None:
        """systemd begins."""
        close(self._root)
        if self._system.arch != native():
            everywhere = self._root / "etc/systemd/system/service.d"
            everywhere.mkdir()
            (everywhere / "emulated.conf").write_text(emulation.WITHOUT_MOUNTS)
        (self._root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        self._machine.start()

    def install(self) -> None:
        """apt install, as the README has it."""
        self._apt("install", "/var/tmp/first.deb", "mosquitto-clients")
        run = self._machine.run
        assert run("gasguard", "--version").split()[-1] == __version__
        assert run("id", "--name", "--groups", "gasguard-web").split() == ["gasguard"]
        for place, owner in (
            (_CONFIG, "root:gasguard 640"),
            (_STATE, "gasguard:gasguard 750"),
            (_STATE / "web", "gasguard-web:gasguard 700"),
            ("/run/gasguard", "gasguard:gasguard 750"),
        ):
            said = run("stat", "--format", "%U:%G %a", str(place)).strip()
            assert said == owner, (place, said)
        assert str(_CONFIG) in run("dpkg", "--status", "gasguard")
        # Nothing is guarded before somebody has said what.
        assert [self._active(unit) for unit in _UNITS] == ["inactive", "inactive"]
        self._until("the broker runs", lambda: self._active("mosquitto") == "active", 30)
        for path in ("man/man1/gasguard.1.gz", "bash-completion/completions/gasguard"):
            assert (self._root / "usr/share" / path).exists(), path

    def set_up(self) -> None:
        """A simulated stove, and `gasguard setup` without a question."""
        (self._root / "etc/stove.yaml").write_text(_STOVE)
        self._machine.run(
            "systemd-run", "--unit=stove", "--property=RuntimeDirectory=stove",
            "gasguard", "simulate", "-c", "/etc/stove.yaml",
        )  # fmt: skip
        self._heard("gasguard_sim/left/state")
        print(self._machine.run(*_SETUP), flush=True)
        for unit in _UNITS:
            self._until(f"{unit} runs", lambda unit=unit: self._active(unit) == "active", 30)
            user = self._machine.run(
                "systemctl", "show", "--value", "--property=MainPID", unit
            ).strip()
            owner = self._machine.run("stat", "--format", "%U:%G", f"/proc/{user}").strip()
            assert owner == f"{unit.removesuffix('.service')}:gasguard", owner
        page = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8420/').status)"
        assert self._machine.run("python3", "-c", page).strip() == "200"

    def shut_off(self) -> None:
        """A timer ends, and the flame is out."""
        self._light()
        self._machine.run("gasguard", "timer", "left", f"{10 * self._patience}s")
        took = self._until("the timer has shut off", self._tripped, 12)
        assert self._state()["last_trip"]["reason"] == "timer"
        print(f"    shut off {took:.1f} s after a timer of {10 * self._patience} s was set")

    def upgrade(self) -> None:
        """A rebuilt package in the middle of a timer: the new version ends it on time."""
        self._light()
        seconds = 90 * self._patience
        self._machine.run("gasguard", "timer", "left", f"{seconds}s")
        began, before = time.monotonic(), self._process()
        config = (self._root / _CONFIG.relative_to("/")).read_text()
        said = self._apt("install", "/var/tmp/rebuilt.deb")
        upgraded = time.monotonic() - began
        assert upgraded < seconds, f"the upgrade took {upgraded:.0f} s, longer than the timer"
        assert self._machine.run("gasguard", "--version").split()[-1] == REBUILT
        assert self._process() != before, said
        assert (self._root / _CONFIG.relative_to("/")).read_text() == config
        self._until("the daemon answers", lambda: bool(self._states()), 30)
        left = self._state()["timer"]["remaining_s"]
        late = left - (seconds - (time.monotonic() - began))
        assert abs(late) < 2 * self._patience, f"{late:.1f} s off"
        self._until("the timer has shut off", self._tripped, left + 5)
        ended = time.monotonic() - began
        print(f"    upgraded in {upgraded:.1f} s; shut off after {ended:.1f} of {seconds} s")
        assert abs(ended - seconds) < 3 * self._patience

    def not_understood(self) -> None:
        """A version that cannot read the file does not take the place of one that guards."""
        path, before = self._root / _CONFIG.relative_to("/"), self._process()
        text = path.read_text()
        path.write_text(text + "\nof_another_version: 1\n")
        said = self._apt("install", "--reinstall", "/var/tmp/rebuilt.deb")
        assert "of_another_version" in said and "goes on guarding" in said, said
        assert self._process() == before and self._states()
        path.write_text(text)

    def remove(self) -> None:
        """The program goes; what it knew stays."""
        self._apt("remove", "gasguard")
        assert [self._active(unit) for unit in _UNITS] == ["inactive", "inactive"]
        assert not (self._root / "usr/lib/gasguard").exists()
        assert not (self._root / "usr/bin/gasguard").is_symlink()
        assert (self._root / _CONFIG.relative_to("/")).exists()
        assert list((self._root / _STATE.relative_to("/")).glob("*.db*"))

    def install_again(self) -> None:
        """What was enabled runs, with what was kept."""
        self._apt("install", "/var/tmp/rebuilt.deb")
        self._until("the daemon answers", lambda: bool(self._states()), 30)
        assert self._state()["last_trip"]["reason"] == "timer"

    def purge(self) -> None:
        """Nothing is left but users that own nothing, and the system is sound."""
        self._apt("purge", "gasguard")
        for path in (_CONFIG.parent, _STATE, Path("/run/gasguard"), Path("/usr/lib/gasguard")):
            there = self._machine.tried("ls", "-lR", str(path))
            assert there.returncode, f"{path} is still there:\n{there.stdout}"
        find = ("find", "/etc", "/var", "/usr", "/run", "-xdev", "-iname", "*gasguard*")
        kept = self._machine.run(*find, "-not", "-path", "/var/tmp/*").split()
        assert not kept, kept
        assert "gasguard" not in self._machine.run("systemctl", "--failed", "--no-legend")
        log = self._machine.run("journalctl", "--no-pager", "-u", "gasguard", "-u", "gasguard-web")
        assert "Traceback" not in log, log

    def _apt(self, *words: str) -> str:
        # Here a local file is read where it lies, and all else lies in apt's cache.
        done = self._machine.tried("apt-get", "-y", "-q", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _active(self, unit: str) -> str:
        return self._machine.tried("systemctl", "is-active", unit).stdout.strip()

    def _process(self) -> str:
        asked = ("systemctl", "show", "--value", "--property=MainPID", "gasguard")
        return self._machine.run(*asked).strip()

    def _states(self) -> dict[str, dict[str, Any]]:
        done = self._machine.tried("gasguard", "status", "--json")
        found: dict[str, dict[str, Any]] = json.loads(done.stdout) if done.returncode == 0 else {}
        return found

    def _state(self) -> dict[str, Any]:
        return self._states()["left"]

    def _tripped(self) -> bool:
        return not json.loads(self._heard("gasguard_sim/left/state"))["flame"]

    def _light(self) -> None:
        self._until("ready", lambda: self._state()["phase"] == "ready", 60)
        console = ("mosquitto_pub", "-t", "gasguard_sim/console/set", "-m")
        self._machine.run(*console, "light left")
        self._until("lit", lambda: not self._tripped(), 30)

    def _heard(self, topic: str) -> str:
        """What is retained there, once something is."""
        said: list[str] = []

        def listen() -> bool:
            done = self._machine.tried("mosquitto_sub", "-t", topic, "-C", "1", "-W", "20")
            said.append(done.stdout)
            return bool(done.stdout.strip())

        self._until(f"{topic} is told", listen, 60)
        return said[-1]

    def _until(self, what: str, true: Callable[[], bool], within: float) -> float:
        return self._machine.until(what, true, within * self._patience)


def _rebuilt(made: Path, target: Path, version: str | None) -> None:
    """The package at `target`; with a version, as one that was built later, of newer sources."""
    if version is None:
        shutil.copy(made, target)
        return
    with scratch("rebuilt") as folder:
        subprocess.run(["dpkg-deb", "-R", str(made), str(folder)], check=True)
        for pattern, old, new in (
            ("DEBIAN/control", f"\nVersion: {__version__}", f"\nVersion: {version}"),
            ("usr/lib/gasguard/lib/python3.*/site-packages/gasguard/__init__.py",
             f'__version__ = "{__version__}"', f'__version__ = "{version}"'),
        ):  # fmt: skip
            for path in folder.glob(pattern):
                path.write_text(path.read_text().replace(old, new))
        packed = ["dpkg-deb", "-Znone", "-b", str(folder), str(target)]
        subprocess.run(packed, check=True, stdout=subprocess.DEVNULL)


def main(names: list[str]) -> int:
    """One system after the other; 0 when all went well."""
    ended = {}
    for name in names or (os.environ.get("SYSTEMS") or ALL).split():
        system, began = System.named(name), time.monotonic()
        if not package(system).exists():
            sys.exit(f"{package(system)} is not there: make deb SYSTEMS={system}")
        with scratch(f"life-{system}") as folder:
            code = apart(sys.executable, "-m", "tests.debian.life", str(system), str(folder))
        ended[system] = "green" if code == 0 else f"failed (exit {code})"
        ended[system] += f" after {time.monotonic() - began:.0f} s"
    print("".join(f"{system}: {said}\n" for system, said in ended.items()), end="")
    return 0 if all(said.startswith("green") for said in ended.values()) else 1


if __name__ == "__main__":
    if len(sys.argv) == 3 and Path(sys.argv[2]).is_absolute():
        Life(System.named(sys.argv[1]), Path(sys.argv[2])).live()
    else:
        sys.exit(main(sys.argv[1:]))
