"""What the file expects of this machine: certificates that can be used, a folder for the state."""

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

from gasguard.config.broker import Tls
from gasguard.config.faults import Fault


def unusable_files(place: str, tls: Tls | None) -> Iterator[Fault]:
    """Certificates and keys that nothing can be done with, each by its key in the file."""
    if tls is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    files = {"ca": tls.ca, "cert": tls.cert, "key": tls.key}
    unread = {key: why for key, path in files.items() if path and (why := _unread(path))}
    for key, why in unread.items():
        yield Fault(f"{place}.{key}", f"{files[key]}: {why}")
    if tls.ca and "ca" not in unread:
        try:
            context.load_verify_locations(tls.ca)
        except (ssl.SSLError, OSError):
            yield Fault(f"{place}.ca", f"{tls.ca}: holds no certificate (PEM, BEGIN CERTIFICATE)")
    if tls.key and not tls.cert:
        yield Fault(
            f"{place}.key", "needs cert: beside it, the certificate that the key belongs to"
        )
    elif tls.cert and not {"cert", "key"} & set(unread):
        try:
            # Without a password to try, OpenSSL would ask for one at the terminal.
            context.load_cert_chain(tls.cert, tls.key, password=lambda: b"")
        except (ssl.SSLError, OSError, ValueError):
            said = f"{tls.cert}: is no certificate (PEM) with its key, without a password"
            yield Fault(f"{place}.cert", said)


def _unread(path: Path) -> str | None:
    if path.exists() and not path.is_file():
        return "is not a file"
    try:
        with path.open("rb"):
            return None
    except OSError as error:
        return error.strerror


def unusable_folder(place: str, folder: Path) -> Iterator[Fault]:
    """A path that nobody can make a folder of."""
    if not _nearest(folder).is_dir():
        yield Fault(place, f"{folder}: {_nearest(folder)} is not a folder")


def unsure_folder(place: str, folder: Path) -> Iterator[Fault]:
    """A folder that is not there, and that this user may not make: the daemon's may, or not."""
    there = _nearest(folder)
    if there != folder and not os.access(there, os.W_OK | os.X_OK):
        yield Fault(place, f"{folder}: is not there; see that the daemon's user can make it")


def _nearest(folder: Path) -> Path:
    """Itself, or what is there of its path."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder
