"""Where what is in a backup lies on this machine."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gasguard.config import environment
from gasguard.config.load import state_dir_of
from gasguard.config.yaml_file import Document, read_bytes
from gasguard.guard.store import FILE_NAME
from gasguard.interfaces.web.settings import WEB_FOLDER


@dataclass(frozen=True, slots=True)
class Places:
    """As a configuration says that is, or is to be, at `config`."""

    config: Path
    """Without links."""
    state_dir: Path
    named: dict[str, Path]
    """Files that it names, by the words that it names them with."""
    variables: list[str]
    """Variables that it takes from the environment."""

    @property
    def environment(self) -> Path:
        return self.config.parent / environment.FILE_NAME

    @property
    def state(self) -> Path:
        return self.state_dir / FILE_NAME

    @property
    def web(self) -> Path:
        return self.state_dir / WEB_FOLDER

    def is_beside(self, path: Path) -> bool:
        """Whether a file lies in the configuration's folder or below."""
        return path.is_relative_to(self.config.parent)


def places(path: Path, content: bytes) -> Places:
    """Of a configuration with this content at `path`. It may have faults.

    Raises ConfigError where not even `state_dir` can be read.
    """
    path = Path(os.path.realpath(path))
    document = read_bytes(path, content)
    return Places(
        path,
        state_dir_of(document, path.parent),
        dict(_named(document, path.parent)),
        [word for tag, word in document.elsewhere if tag == "!env"],
    )


def _named(document: Document, folder: Path) -> Iterator[tuple[str, Path]]:
    words = [word for tag, word in document.elsewhere if tag == "!file"]
    mqtt = document.data.get("mqtt")
    tls = mqtt.get("tls") if isinstance(mqtt, dict) else None
    if isinstance(tls, dict):
        words += [tls[key] for key in ("ca", "cert", "key") if isinstance(tls.get(key), str)]
    for word in words:
        try:
            path = Path(os.path.normpath(folder / Path(word).expanduser()))
            # Without links, but for the file's own.
            place = Path(os.path.realpath(path.parent)) / path.name
        except (RuntimeError, ValueError):
            continue
        if word:
            yield word, place
