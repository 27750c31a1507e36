"""Fresh Debian systems in folders: a release for an architecture, this machine's or another.

debootstrap makes each once; the result is kept in build/debian as an archive and unpacked wherever
a fresh one is wanted. What mounts or starts something runs `apart`, in namespaces of its own:
however it ends, its mounts and processes end with it.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.debian import emulation, host

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "debian"
RELEASES = {"bookworm": 12, "trixie": 13}
_OWN_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class System(NamedTuple):
    """A release and an architecture, as Debian names them."""

    suite: str
    arch: str

    @classmethod
    def named(cls, name: str) -> "System":
        """Of `trixie-arm64`; without an architecture, this machine's."""
        suite, _, arch = name.partition("-")
        if suite not in RELEASES:
            sys.exit(f"{name}: not a release that is known: {', '.join(RELEASES)}")
        return cls(suite, arch or native())

    def __str__(self) -> str:
        return f"{self.suite}-{self.arch}"

    @property
    def release(self) -> int:
        """Debian's number for it."""
        return RELEASES[self.suite]


def native() -> str:
    """This machine's architecture."""
    asked = ["dpkg", "--print-architecture"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def apart(*command: str) -> int:
    """Run it in namespaces of its own, from the tree's top; its exit code."""
    return subprocess.run([*_OWN_NAMESPACES, *command], cwd=ROOT, check=False).returncode


@contextlib.contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder for as long as the block lasts; nothing may be mounted in it at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"gasguard-{name}-", dir="/var/tmp"))
    try:
        yield folder
    finally:
        # A second time: what was killed may have been writing.
        for _ in range(2):
            shutil.rmtree(folder, ignore_errors=True)


def unpack(system: System, root: Path, *packages: str) -> None:
    """A fresh system with these packages at `root`, ready to be entered. Only `apart`."""
    emulate(system)
    root.mkdir(mode=0o755, exist_ok=True)
    kept = BUILD / "-".join([str(system), *packages, "base.tar"])
    if not kept.exists():
        if packages:
            unpack(system, root)
            enter(root, "apt-get", "update", "-qq")
            install = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
            enter(root, *install, *packages)
            close(root)
        else:
            made = ("debootstrap", f"--arch={system.arch}", system.suite, str(root), host.mirror())
            step(f"{system}: debootstrap", *made)
            _unmount(root)
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(".half")
        subprocess.run(["tar", "-c", "-C", str(root), "-f", str(half), "."], check=True)
        half.rename(kept)
    else:
        subprocess.run(["tar", "-x", "-p", "-C", str(root), "-f", str(kept)], check=True)
    for kind, place in (("proc", "proc"), ("devpts", "dev/pts")):
        subprocess.run(["mount", "-t", kind, kind, str(root / place)], check=True)
    host.share_apt(root)


def close(root: Path) -> None:
    """Take back what `unpack` has lent to it: mounts, and where this machine gets packages from."""
    _unmount(root)
    host.take_back(root)


def enter(root: Path, *command: str, env: tuple[str, ...] = ()) -> None:
    """Run it in there as root. Ends the program with what it said where it fails."""
    settings = (
        "DEBIAN_FRONTEND=noninteractive",
        "LC_ALL=C.UTF-8",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    )
    inside = ("chroot", str(root), "env", "-i", *settings, *host.proxies(), *env, *command)
    _quietly(*inside)


def emulate(system: System) -> None:
    """Have the kernel run that architecture's programs. Only `apart`.

    By Debian 13's QEMU: older ones lack what systemd of that release asks of the kernel.
    """
    if system.arch not in emulation.CPUS or system.arch == native():
        return
    if emulation.is_registered(system.arch):
        return
    cpu = emulation.CPUS[system.arch]
    kept = BUILD / f"qemu-{cpu}"
    if not kept.exists():
        with scratch("qemu") as root:
            unpack(System("trixie", native()), root)
            enter(root, "apt-get", "update", "-qq")
            get = "apt-get download -qq qemu-user && dpkg-deb -x qemu-user_*.deb ."
            enter(root, "sh", "-c", f"cd /var/tmp && {get}")
            shutil.copy(root / f"var/tmp/usr/bin/qemu-{cpu}", kept)
            _unmount(root)
    emulation.register(system.arch, kept)


def step(name: str, *command: str) -> None:
    """Say that it begins and how long it took. Ends the program with what it said if it fails."""
    print(f"=== {name}", flush=True)
    began = time.monotonic()
    _quietly(*command)
    print(f"=== {name}: {time.monotonic() - began:.0f} s", flush=True)


def _quietly(*command: str) -> None:
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-3000:]}")


def _unmount(root: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed([one for one in mounts if one.startswith(f"{root}/")]):
        subprocess.run(["umount", "--lazy", place], check=True)
