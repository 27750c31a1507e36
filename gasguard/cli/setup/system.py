"""The machine: services, the groups of pins, the hardware watchdog."""

import grp
import os
import shutil
import subprocess
from pathlib import Path

_MARK = "# Written by `gasguard setup`"
WATCHDOG = Path("/etc/systemd/system.conf.d/gasguard-watchdog.conf")
_WATCHDOG_TEXT = """\
# Written by `gasguard setup`. The Pi's own watchdog restarts it when the whole system hangs.
# It counts to 15 s at most. In effect after: sudo systemctl daemon-reexec, or a restart.
[Manager]
RuntimeWatchdogSec=15s
"""
_PINS_TEXT = """\
# Written by `gasguard setup`: the configuration has a relay on pins, or a thermocouple on the bus.
[Service]
{groups}PrivateDevices=no
DevicePolicy=closed
DeviceAllow=char-gpiochip rw
DeviceAllow=char-i2c rw
"""
_GROUPS = ("gpio", "i2c")
"""Raspberry Pi OS has both; a group that is not there would keep the daemon from starting."""
DAEMON, PAGE = "gasguard.service", "gasguard-web.service"
CONFIG = Path("/etc/gasguard/config.yaml")
"""What the units read."""
_OPENER = "gasguard-opener.service"
_UNITS = tuple(map(Path, ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")))
_WITHIN = 60.0
"""Seconds for one command of systemd's: a daemon that is ended saves first."""


def is_root() -> bool:
    """Whether services may be begun from here."""
    return os.geteuid() == 0


def systemd_runs() -> bool:
    """Whether this machine's services are systemd's, and it answers."""
    return shutil.which("systemctl") is not None and not _systemctl("show", "--property=Version")


def has_unit(name: str) -> bool:
    """Whether the unit is installed."""
    return not _systemctl("cat", name)


def begin(*units: str) -> str:
    """Have them run now and at each start; what went wrong, or nothing.

    A daemon that runs already is begun anew: it reads the file at its start.
    """
    return (
        _systemctl("daemon-reload") or _systemctl("enable", *units) or _systemctl("restart", *units)
    )


def commands(*units: str) -> list[str]:
    """What to type for it."""
    return [
        f"sudo systemctl enable --now {' '.join(units)}",
        f"sudo systemctl restart {' '.join(units)}",
    ]


def write_watchdog() -> str:
    """Have the hardware's watchdog fed by systemd; what went wrong, or nothing."""
    return _write(WATCHDOG, _WATCHDOG_TEXT)


def remove_watchdog() -> None:
    """Take it back."""
    if _is_own(WATCHDOG):
        WATCHDOG.unlink(missing_ok=True)


def has_watchdog() -> bool:
    """Whether setup has set it up."""
    return _is_own(WATCHDOG)


def allow_pins(wanted: bool) -> str:
    """Let the installed daemon have the machine's pins and bus, or take that back.

    What went wrong, or nothing. It happens where the units are installed and root asks.
    """
    if not is_root() or not any((folder / DAEMON).exists() for folder in _UNITS):
        return ""
    groups = [name for name in _GROUPS if _is_group(name)]
    said = _PINS_TEXT.format(groups=f"SupplementaryGroups={' '.join(groups)}\n" if groups else "")
    for unit in (DAEMON, _OPENER):
        place = Path(f"/etc/systemd/system/{unit}.d/pins.conf")
        if not wanted:
            if _is_own(place):
                place.unlink(missing_ok=True)
        elif problem := _write(place, said):
            return problem
    return ""


def _is_own(path: Path) -> bool:
    try:
        return path.read_text(errors="replace").startswith(_MARK)
    except OSError:
        return False


def _is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _write(path: Path, text: str) -> str:
    """The whole file or none; what went wrong, or nothing. Somebody else's is left alone."""
    if path.exists() and not _is_own(path):
        return f"{path}: is not setup's, and was left as it is"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        temporary.write_text(text)
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""


def _systemctl(*words: str) -> str:
    """What went wrong, or nothing."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            ["systemctl", *words],  # noqa: S607 - systemd's own, wherever it is
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WITHIN,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return "" if done.returncode == 0 else said[-1]
