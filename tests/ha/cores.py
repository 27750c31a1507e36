"""`python -m tests.ha.cores`: installs the Home Assistant cores that this machine can run, once.

Two, because they differ in what they understand: the older one knows discovery by component only.
Their requirements are pinned by what each ships as `package_constraints.txt`.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.support.processes import ROOT

_COMPONENTS = (
    *("api", "automation", "backup", "config", "frontend", "mqtt", "script", "websocket_api"),
    # MQTT's schemas import what these need, used or not.
    *("camera", "image", "recorder", "stream"),
)
_CAPPED = ("boto3<1.35", "josepy<2")
"""Where the constraints leave room, newer ones break what Home Assistant's cloud part imports."""


class Core(NamedTuple):
    """A version of Home Assistant and what it runs on."""

    version: str
    pythons: tuple[str, ...]
    device_form: bool
    """Whether it understands discovery by device."""

    @property
    def folder(self) -> Path:
        return ROOT / f".venv-ha-{self.version}"

    @property
    def hass(self) -> Path:
        return self.folder / "bin" / "hass"

    @property
    def installed(self) -> bool:
        """Whether it was installed to the end."""
        return (self.folder / ".ready").exists()


CORES = (
    Core("2024.3.3", ("3.11", "3.12"), device_form=False),
    Core("2025.4.4", ("3.13",), device_form=True),
)


def _python(wanted: tuple[str, ...]) -> str | None:
    """An interpreter of one of these versions."""
    candidates = [sys.executable]
    for version in wanted:
        candidates += [f"python{version}", f"/usr/bin/python{version}"]
        pyenv = Path.home() / ".pyenv" / "versions"
        candidates += [str(path) for path in pyenv.glob(f"{version}.*/bin/python{version}")]
    for candidate in candidates:
        path = shutil.which(candidate)
        if path is None:
            continue
        code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        said = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
        if said.stdout.strip() in wanted:
            return path
    return None


def install(core: Core, python: str) -> None:
    shutil.rmtree(core.folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(core.folder)], check=True)
    pip = [str(core.folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
    package = f"homeassistant=={core.version}"
    subprocess.run([*pip, "--no-deps", package], check=True)
    (home,) = core.folder.glob("lib/*/site-packages/homeassistant")
    needed = sorted(_requirements(home, set(_COMPONENTS), set()))
    constraints = str(home / "package_constraints.txt")
    subprocess.run([*pip, "-c", constraints, package, *needed, *_CAPPED], check=True)
    (core.folder / ".ready").touch()


def _requirements(home: Path, components: set[str], seen: set[str]) -> set[str]:
    """What these components say they need, and those that they depend on."""
    found: set[str] = set()
    for component in components - seen:
        seen.add(component)
        manifest = json.loads((home / "components" / component / "manifest.json").read_text())
        found |= set(manifest.get("requirements", []))
        found |= _requirements(home, set(manifest.get("dependencies", [])), seen)
    return found


def main() -> int:
    for core in CORES:
        if core.installed:
            continue
        python = _python(core.pythons)
        if python is None:
            needed = " or ".join(core.pythons)
            print(f"Home Assistant {core.version} is left out: no Python {needed} here")
            continue
        print(f"installing Home Assistant {core.version} on {python} (once, minutes) ...")
        began = time.monotonic()
        install(core, python)
        print(f"... took {time.monotonic() - began:.0f} s")
    if not any(core.installed for core in CORES):
        print("no Home Assistant core could be installed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
