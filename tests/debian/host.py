"""Where this machine gets its packages from, made known in a chroot. Nothing of it is kept."""

import ast
import os
import subprocess
from pathlib import Path

_PIP = ("index-url", "extra-index-url", "find-links", "trusted-host", "proxy", "cert", "constraint")
_PROXY = ("http_proxy", "https_proxy", "no_proxy")


def mirror() -> str:
    """The address of the Debian archive that apt uses here."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    for label in ("Label: Debian", "Origin: Debian"):
        said = subprocess.run([*asked, label], capture_output=True, text=True, check=True).stdout
        if said:
            return said.split()[0]
    return "http://deb.debian.org/debian"


def share(root: Path) -> None:
    """Let apt and pip in there do as they do here, for whoever logs in."""
    share_apt(root)
    share_pip(root)


def share_apt(root: Path) -> None:
    """Let apt, and whatever else asks the network, do as it does here."""
    said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    kept = [line for line in said.splitlines() if "::Proxy" in line]
    (root / "etc/apt/apt.conf.d/99host").write_text("".join(f"{line}\n" for line in kept))
    (root / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
    (root / "etc/hosts").write_text(Path("/etc/hosts").read_text())
    with (root / "etc/environment").open("a") as file:
        file.writelines(f"{line}\n" for line in proxies())


def share_pip(root: Path) -> None:
    """Let pip do as it does here. No certificates can be installed after that."""
    settings = _pip()
    lines = [f"{name} = {' '.join(value.split())}\n" for name, value in settings.items()]
    (root / "etc/pip.conf").write_text("".join(["[global]\n", *lines]))
    for word in " ".join(settings.values()).split():
        _show(root, Path(word.removeprefix("file://").removesuffix("/simple")))


def take_back(root: Path) -> None:
    """What was shared with it, once nothing is mounted any more."""
    for name in ("apt/apt.conf.d/99host", "resolv.conf", "hosts", "environment", "pip.conf"):
        (root / "etc" / name).unlink(missing_ok=True)


def proxies() -> list[str]:
    """This machine's proxies, as a process's environment has them: NAME=VALUE."""
    return [f"{name}={value}" for name, value in os.environ.items() if name.lower() in _PROXY]


def _pip() -> dict[str, str]:
    """pip's settings: of a file that it reads or of the environment."""
    listed = subprocess.run(
        ["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    found = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        key = name.rpartition(".")[2]
        if key in _PIP:
            found[key] = str(ast.literal_eval(value))
    return found


def _show(root: Path, place: Path) -> None:
    """A file or folder of this machine, at the same place in there; what is there already stays."""
    if not place.is_absolute() or not place.exists():
        return
    inner = root / place.relative_to("/")
    inner.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir():
        inner.mkdir(exist_ok=True)
    else:
        inner.touch()
    subprocess.run(["mount", "--bind", "-o", "ro", str(place), str(inner)], check=True)
