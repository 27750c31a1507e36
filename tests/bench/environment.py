"""What the numbers were measured on."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.broker import mosquitto_version
from tests.bench.process import ROOT
from tests.bench.site import DEVICE_DELAY

_PACKAGES = ("gasguard", "python-miio", "paho-mqtt", "cryptography", "construct", "pydantic")


def environment() -> dict[str, Any]:
    """Machine, versions, date and counterparts."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "cpu": _cpu(),
        "kernel": platform.release(),
        "load before": round(os.getloadavg()[0], 2),
        "commit": _commit(),
        "versions": {name: version(name) for name in _PACKAGES},
        "against": f"{mosquitto_version()}, set_tcp_nodelay true, on loopback; simulated relays "
        f"that take {1000 * DEVICE_DELAY:.0f} ms from datagram to contact and answer",
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
