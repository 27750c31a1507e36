"""A network, or file systems, that only one process sees: words to put before its command.

Root makes such namespaces. Who is not root becomes it inside one for users; where the kernel makes
none of those, as in a chroot, sudo has to do, and what then runs is the plain user's again.
"""

import functools
import os
import subprocess
from pathlib import Path

_SUDO = ("sudo", "-n", "-E")


@functools.cache
def _way() -> str:
    """`root`, `user` or `sudo`: how this machine lets us."""
    if os.geteuid() == 0:
        return "root"
    tried = subprocess.run(["unshare", "--map-root-user", "true"], capture_output=True, check=False)
    return "user" if tried.returncode == 0 else "sudo"


def own(*kinds: str) -> list[str]:
    """What follows runs as root in new namespaces of these kinds (`--net`, `--mount`)."""
    if _way() != "sudo":
        return ["unshare", *(["--map-root-user"] if _way() == "user" else []), *kinds]
    # In a chroot that is no mount, nothing can be said of how mounts spread from it.
    spread = [] if _root_is_mounted() else ["--propagation", "unchanged"]
    return [*_SUDO, "unshare", *kinds, *(spread if "--mount" in kinds else [])]


def _root_is_mounted() -> bool:
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return any(mount.split()[4] == "/" for mount in mounts)


def enter(pid: int, *kinds: str) -> list[str]:
    """What follows runs as root in another process's namespaces of these kinds."""
    words = ["nsenter", "--target", str(pid), *kinds]
    if _way() == "user":
        return [*words, "--user", "--preserve-credentials"]
    # Another's file systems begin outside the chroot that it is in.
    chroot = ["--root"] if "--mount" in kinds else []
    return words if _way() == "root" else [*_SUDO, *words, *chroot]


def ourselves() -> list[str]:
    """Behind those words: what follows runs as who we are."""
    if _way() != "sudo":
        return []
    ids = ["--reuid", str(os.getuid()), "--regid", str(os.getgid())]
    return ["setpriv", *ids, "--clear-groups"]


def mounting(mount: str, place: Path) -> list[str]:
    """What follows runs as who we are and finds at `place` what the shell's words mount there."""
    # What spreads from a chroot is taken back in the same way: by who mounted it.
    then = '"$@"; code=$?; umount --lazy "$0"; exit $code' if _way() == "sudo" else 'exec "$@"'
    return [*own("--mount"), "sh", "-c", f"{mount} || exit; {then}", str(place), *ourselves()]


def behind_sudo(command: list[str], pid: int) -> int | None:
    """The process that a command came to; None while sudo has not begun it.

    Nobody but root may signal sudo itself.
    """
    if command[0] != "sudo":
        return pid
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
        if Path(f"/proc/{pid}").stat().st_uid == os.getuid():
            return pid
    return None
