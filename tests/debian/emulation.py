"""Programs of another architecture on this machine, by QEMU."""

import subprocess
from pathlib import Path

CPUS = {"arm64": "aarch64", "armhf": "arm"}
"""QEMU's names for Debian's architectures."""
_MACHINES = {"arm64": (2, 0xB7), "armhf": (1, 0x28)}
"""Of an ELF header: 32 or 64 bits, and the processor."""
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
WITHOUT_MOUNTS = """\
[Service]
PrivateTmp=no
PrivateDevices=no
PrivateUsers=no
ProtectSystem=no
ProtectHome=no
ProtectProc=default
ProcSubset=all
ProtectClock=no
ProtectControlGroups=no
ProtectHostname=no
ProtectKernelLogs=no
ProtectKernelModules=no
ProtectKernelTunables=no
ReadWritePaths=
InaccessiblePaths=
ImportCredential=
LoadCredential=
"""
"""A drop-in for every service: QEMU knows nothing of the kernel's newer calls for mounts, by which
systemd gives each its own view of the disk. All else of a unit stays."""


def is_registered(arch: str) -> bool:
    """Whether the kernel hands that architecture's programs to an emulator of ours."""
    if not (_BINFMT / "status").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)], check=True)
    return (_BINFMT / _entry(arch)).exists()


def register(arch: str, emulator: Path) -> None:
    """Have the kernel do so, until it is started anew. It goes before what the system has.

    The kernel opens emulator (F) and program (O): in a chroot there is no path to the former, and
    systemd starts its executor by a descriptor that is closed by then.
    """
    bits, machine = _MACHINES[arch]
    header = bytes([0x7F, *b"ELF", bits, 1, 1, *[0] * 9, 2, 0, machine, 0])
    mask = bytes([*[0xFF] * 7, 0, *[0xFF] * 8, 0xFE, *[0xFF] * 3])
    escaped = ("".join(f"\\x{byte:02x}" for byte in part) for part in (header, mask))
    line = f":{_entry(arch)}:M::{':'.join(escaped)}:{emulator}:OPF"
    (_BINFMT / "register").write_text(line)


def _entry(arch: str) -> str:
    return f"gasguard-{arch}"
