"""`python -m tests.debian`: the README's commands in fresh chroots of Debian 12 and 13.

As a plain user with sudo, on the committed tree. Each chroot has a mount and a process namespace of
its own: however this ends, its mounts and processes end with it, and its folder goes. Where Debian
and Python packages come from, and through what proxy, is as this machine has it.

SUITES names other suites, TARGET what is made in place of `test` (`quick` takes a minute).
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.debian import host

SUITES = os.environ.get("SUITES") or "bookworm trixie"
TARGET = os.environ.get("TARGET") or "test"
USER = "cook"
PACKAGES = "sudo,make,python3-venv,ca-certificates"
"""What the README asks for, and what makes a plain user one with sudo."""
ROOT = Path(__file__).parents[2]
OWN_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


def main() -> int:
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        print("chroots need root and debootstrap: apt install debootstrap")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ended = {suite: _tried(suite) for suite in SUITES.split()}
    print("".join(f"{suite}: {said}\n" for suite, said in ended.items()), end="")
    return 0 if set(ended.values()) == {"green"} else 1


def _tried(suite: str) -> str:
    folder = Path(tempfile.mkdtemp(prefix=f"gasguard-{suite}-", dir="/var/tmp"))
    inside = [sys.executable, "-m", "tests.debian", suite, str(folder)]
    try:
        done = subprocess.run([*OWN_NAMESPACES, *inside], cwd=ROOT, check=False)
    finally:
        # A second time: what was killed may have been writing.
        for _ in range(2):
            shutil.rmtree(folder, ignore_errors=True)
    return "green" if done.returncode == 0 else f"failed (exit {done.returncode})"


def inside(suite: str, root: Path) -> None:
    """One suite, in the namespaces that `main` has made."""
    root.chmod(0o755)
    made = ("debootstrap", f"--include={PACKAGES}", suite, str(root), host.mirror())
    _step(f"{suite}: debootstrap", *made, quiet=True)
    for kind, place in (("proc", "proc"), ("devpts", "dev/pts")):
        subprocess.run(["mount", "-t", kind, kind, str(root / place)], check=True)
    host.share(root)
    enter = ("chroot", str(root))
    subprocess.run([*enter, "useradd", "--create-home", "--shell", "/bin/bash", USER], check=True)
    (root / "etc/sudoers.d" / USER).write_text(f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n")
    home = root / "home" / USER / "gasguard"
    home.mkdir()
    tree = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(home)], input=tree.stdout, check=True)
    subprocess.run([*enter, "chown", "-R", f"{USER}:", f"/home/{USER}"], check=True)
    for name, command in (
        ("make demo", "python3 -m tests.debian.visitor"),
        (f"make {TARGET}", f"make {TARGET}"),
    ):
        _step(f"{suite}: {name}", *enter, "su", "-", USER, "-c", f"cd gasguard && {command}")


def _step(name: str, *command: str, quiet: bool = False) -> None:
    print(f"=== {name}", flush=True)
    began = time.monotonic()
    out = subprocess.PIPE if quiet else None
    done = subprocess.run(command, check=False, stdout=out, stderr=out and subprocess.STDOUT)
    print(f"=== {name}: exit {done.returncode} after {time.monotonic() - began:.0f} s", flush=True)
    if done.returncode:
        sys.exit((done.stdout or b"").decode(errors="replace")[-3000:] or 1)


if __name__ == "__main__":
    try:
        if len(sys.argv) == 3:
            inside(sys.argv[1], Path(sys.argv[2]))
        else:
            sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
