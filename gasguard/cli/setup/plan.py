"""What is to stand in the file: what stands there, and what was answered anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gasguard.config.edit import Comments, FromFile, Inline, Value, with_value, without
from gasguard.config.load import Config, examine, faultless
from gasguard.config.machine import unusable_files, unusable_folder
from gasguard.config.together import sure_twins
from gasguard.config.yaml_file import from_elsewhere, holds_nothing, read_text, text_of
from gasguard.errors import ConfigError, GasguardError

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that goes into a file of its own, `secrets/<name>`; one from elsewhere stays."""

    value: str | FromFile
    name: str

    def __repr__(self) -> str:
        return f"Secret({self.name})"


Answer = Value | Secret | Mapping[str, Any]


class Plan:
    """The changes to one file. Nothing is written here."""

    def __init__(self, path: Path, comments: Comments, header: str) -> None:
        """Raises ConfigError where what stands in the file cannot be read."""
        self.path, self.folder = path, path.parent
        self._comments, self._header = comments, header
        self.text: str | None = None
        """What stands in the file; None where there is none."""
        self._there: dict[str, Any] = {}
        if path.exists():
            self.text = text_of(path)
            self._there = _data(self.text, path)
        self._now: dict[str, Any] = _copied(self._there)
        self._puts: dict[Place, Answer] = {}
        self._drops: list[Place] = []

    @property
    def is_new(self) -> bool:
        """Whether nothing is configured yet: no file, or one of comments alone."""
        return not self._there

    def mapping(self, *place: str) -> dict[str, Any]:
        """The mapping that stands there, with what was answered; empty where there is none."""
        found: Any = self._now
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        return dict(found) if isinstance(found, dict) else {}

    def put(self, place: Place, value: Answer) -> None:
        """Have `value` stand at `place`; what stands there already is no change."""
        if self._has(place, value):
            return
        self._puts[place] = value
        _merge(self._now, place, value)

    def _has(self, place: Place, value: Answer) -> bool:
        above: Any = self._now
        for key in place[:-1]:
            above = above.get(key) if isinstance(above, dict) else None
        if not isinstance(above, dict) or place[-1] not in above:
            return False
        there = above[place[-1]]
        if isinstance(value, Mapping) and isinstance(there, dict) and value:
            return all(self._has((*place, key), one) for key, one in value.items())
        return not isinstance(value, Secret | FromFile) and _told(value, self.folder) == there

    def drop(self, place: Place) -> None:
        """Have nothing stand there that is there now."""
        self._drops.append(place)
        _at(self._now, place[:-1]).pop(place[-1], None)

    @property
    def places(self) -> list[str]:
        """What changes, for people: never a value."""
        return [".".join(place) for place in (*self._puts, *self._drops)]

    @property
    def secrets(self) -> dict[str, str]:
        """Secrets by the name of their file."""
        return {
            value.name: value.value
            for value in _leaves(self._puts)
            if isinstance(value, Secret) and isinstance(value.value, str)
        }

    def written(self, files: Mapping[str, str]) -> str:
        """The file's new text; secrets as `!file` with the paths that `files` has by name."""
        text = self._header if self.text is None else self.text
        for place in self._drops:
            text = without(text, place)
        for place, value in self._puts.items():
            text = with_value(text, place, _plain(value, files), self._comments)
        return text

    def checked(self) -> Config:
        """The configuration that comes of it. Raises ConfigError, GasguardError."""
        text = self.written({})
        document = read_text(text, self.path)
        if self.text is not None:
            self._nothing_else_changed(document.data)
        config, faults = examine(document, self.folder)
        faults += [
            *sure_twins(config.burners),
            *unusable_files("mqtt.tls", config.mqtt.tls),
            *unusable_folder("state_dir", config.state_dir),
        ]
        return faultless(config, faults, document.marks)

    def _nothing_else_changed(self, new: dict[str, Any]) -> None:
        wanted: dict[str, Any] = _copied(self._there)
        for place in self._drops:
            _at(wanted, place[:-1]).pop(place[-1], None)
        for place, value in self._puts.items():
            _merge(wanted, place, _told(value, self.folder))
        if wanted != new:
            raise GasguardError(
                f"{self.path} is of a form that cannot be changed without loss; nothing was "
                "written. Change it by hand, or name another file with -c"
            )


def resolved(value: Any, folder: Path) -> Any:  # Any: what stands in a file
    """The value itself, wherever it stands. Raises GasguardError where it cannot be had."""
    if isinstance(value, Secret):
        value = value.value
    if isinstance(value, FromFile):
        try:
            return from_elsewhere(value.tag, value.name, folder)
        except ValueError as error:
            raise GasguardError(str(error)) from None
    return value


def _data(text: str, path: Path) -> dict[str, Any]:
    if holds_nothing(text):
        return {}
    document = read_text(text, path)
    if document.faults:
        raise ConfigError(document.marks.told(document.faults))
    return document.data


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    return [value]


def _plain(value: Any, files: Mapping[str, str]) -> Any:
    """With `!file` in place of the secrets that have one; the secret itself where not."""
    if isinstance(value, Secret):
        if isinstance(value.value, FromFile) or value.name not in files:
            return value.value
        return FromFile("!file", files[value.name])
    if isinstance(value, Mapping):
        plain = {key: _plain(one, files) for key, one in value.items()}
        return Inline(plain) if isinstance(value, Inline) else plain
    return value


def _told(value: Any, folder: Path) -> Any:
    """As it comes out of a file: texts all."""
    value = resolved(value, folder)
    if isinstance(value, Mapping):
        return {key: _told(one, folder) for key, one in value.items()}
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return value if value is None else str(value)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    return list(value) if isinstance(value, list) else value


def _at(data: dict[str, Any], place: Place) -> dict[str, Any]:
    for key in place:
        inner = data.get(key)
        if not isinstance(inner, dict):
            inner = data[key] = {}
        data = inner
    return data


def _merge(data: dict[str, Any], place: Place, value: Any) -> None:
    """As `with_value` does it: a mapping's keys one by one."""
    there = _at(data, place[:-1])
    old = there.get(place[-1])
    if isinstance(value, Mapping) and isinstance(old, dict) and value:
        for key, one in value.items():
            _merge(data, (*place, key), one)
        return
    there[place[-1]] = _copied(value)
