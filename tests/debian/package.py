"""`python -m tests.debian.package`: Debian's packages of gasguard, into build/ (`make deb`).

The program is a virtual environment in /usr/lib/gasguard. It holds the path it was made at and
belongs to one Python: so it is made there, in a chroot of the release, by that release's Python.
nFPM packs it, with what `gasguard/data/debian` has. SYSTEMS names other ones than all four:
bookworm-armhf and trixie-armhf, too, for 32-bit ARM.
"""

import gzip
import os
import shutil
import string
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path

from gasguard import __version__
from tests.debian import host
from tests.debian.chroots import BUILD, ROOT, System, apart, enter, scratch, unpack

ALL = "bookworm-amd64 trixie-amd64 bookworm-arm64 trixie-arm64"
MAINTAINER = "gasguard <gasguard@packages.debian.org>"
_DATA = ROOT / "gasguard" / "data"
_SOURCE = ("gasguard", "pyproject.toml", "README.md", "LICENSE")
_HOME = Path("usr/lib/gasguard")
_PROGRAMS = {"gasguard", "python", "python3"}
"""What stays of the environment's bin: pip and its like have done their work."""
_TOOLS = ("python3-venv", "binutils")
_COMPILED_FOR = {"armhf": ("gcc", "libc6-dev", "libffi-dev", "python3-dev")}
"""What makes the libraries that have no wheels for an architecture (cffi, pycryptodome): there, so
that whoever installs the package needs no compiler."""
_LEFT_OUT = {"__pycache__", "tests", "SelfTest"}
"""Other people's tests; what postinst compiles anew."""
_COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/gasguard",
    "zsh": "usr/share/zsh/vendor-completions/_gasguard",
    "fish": "usr/share/fish/vendor_completions.d/gasguard.fish",
}


def package(system: System) -> Path:
    """Where the system's package is, once it was made."""
    return ROOT / "build" / f"gasguard_{_version(system)}_{system.arch}.deb"


def main(names: list[str]) -> int:
    """Make a package for each system of that name."""
    for name in names or (os.environ.get("SYSTEMS") or ALL).split():
        system = System.named(name)
        began = time.monotonic()
        with scratch(f"deb-{system}") as folder:
            inside = (sys.executable, "-m", "tests.debian.package", str(system), str(folder))
            if apart(*inside):
                return 1
        size = package(system).stat().st_size / 1e6
        took = time.monotonic() - began
        print(f"{package(system).relative_to(ROOT)}: {size:.1f} MB, {took:.0f} s", flush=True)
    return 0


def inside(system: System, folder: Path) -> None:
    """One package, in namespaces of its own."""
    root, stage = folder / "root", folder / "stage"
    unpack(system, root, *_TOOLS, *_COMPILED_FOR.get(system.arch, ()))
    source = root / "build"
    source.mkdir()
    for name in _SOURCE:
        _copy(ROOT / name, source / name)
    python = f"/{_HOME}/bin/python3"
    # Another environment's pip fills this one, which so holds nothing that it does not need.
    enter(root, "python3", "-m", "venv", "/build/pip")
    enter(root, "python3", "-m", "venv", "--without-pip", f"/{_HOME}")
    host.share_pip(root)
    _cache(root)
    pip = ("/build/pip/bin/pip", "--python", python, "--cache-dir", "/build/cache")
    enter(root, *pip, "install", "--no-compile", "/build[pi]")
    libraries = [f"/{one.relative_to(root)}" for one in (root / _HOME).rglob("*.so")]
    enter(root, "strip", "--strip-unneeded", *libraries)
    _lay_out(system, root, stage)
    _pack(system, root, stage)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _cache(root: Path) -> None:
    """pip's, which outlives the chroot: what is compiled or fetched once is there the next time."""
    kept = BUILD / "pip"
    kept.mkdir(parents=True, exist_ok=True)
    (root / "build/cache").mkdir()
    subprocess.run(["mount", "--bind", str(kept), str(root / "build/cache")], check=True)


def _lay_out(system: System, root: Path, stage: Path) -> None:
    """All that is generated, under `stage` as it will lie on the disk."""
    for path in (root / _HOME / "bin").iterdir():
        if path.name not in _PROGRAMS and not path.is_symlink():
            path.unlink()
    link = root / _HOME / "bin/python3"
    link.unlink()
    # Relative, as Debian wants links within /usr.
    link.symlink_to("../../../bin/python3")
    (stage / _HOME).parent.mkdir(parents=True)
    docs, manual = stage / "usr/share/doc/gasguard", stage / "usr/share/man/man1"
    for path in (
        docs,
        manual,
        *(stage / one for one in map(os.path.dirname, _COMPLETIONS.values())),
    ):
        path.mkdir(parents=True, exist_ok=True)
    page = _said(root, "man")
    (manual / "gasguard.1.gz").write_bytes(_gzipped(page))
    for shell, place in _COMPLETIONS.items():
        (stage / place).write_bytes(_said(root, "completion", shell))
    (docs / "changelog.gz").write_bytes(_gzipped(_changelog(system).encode()))
    (docs / "NEWS.md.gz").write_bytes(_gzipped((ROOT / "CHANGELOG.md").read_bytes()))
    shutil.copy(ROOT / "config.example.yaml", docs)
    shutil.move(root / _HOME, stage / _HOME)
    for path in list((stage / _HOME).rglob("*")):
        if path.name in _LEFT_OUT and path.is_dir():
            shutil.rmtree(path)


def _said(root: Path, *words: str) -> bytes:
    asked = ["chroot", str(root), "env", "-i", "LC_ALL=C.UTF-8", f"/{_HOME}/bin/gasguard", *words]
    return subprocess.run(asked, check=True, stdout=subprocess.PIPE).stdout


def _gzipped(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


def _changelog(system: System) -> str:
    return (
        f"gasguard ({_version(system)}) {system.suite}; urgency=medium\n\n"
        "  * What is new stands in /usr/share/doc/gasguard/NEWS.md.gz.\n\n"
        f" -- {MAINTAINER}  {formatdate(localtime=False)}\n"
    )


def _version(system: System) -> str:
    """Debian 13's is newer than Debian 12's of the same: an upgraded system takes it."""
    return f"{__version__}+deb{system.release}"


def _pack(system: System, root: Path, stage: Path) -> None:
    python = next((stage / _HOME / "lib").glob("python3.*")).name.removeprefix("python")
    major, _, minor = python.partition(".")
    words = {
        "arch": system.arch,
        "version": _version(system),
        "maintainer": MAINTAINER,
        "python": f"{python}~",
        "next_python": f"{major}.{int(minor) + 1}~",
        "data": str(_DATA),
        "stage": str(stage),
    }
    recipe = stage / "nfpm.yaml"
    recipe.write_text(string.Template((_DATA / "debian/nfpm.yaml").read_text()).substitute(words))
    nfpm = Path(sys.executable).parent / "nfpm"
    made = package(system)
    subprocess.run(
        [str(nfpm), "package", "--config", str(recipe), "--packager", "deb", "--target", str(made)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 3 and Path(sys.argv[2]).is_absolute():
        inside(System.named(sys.argv[1]), Path(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
