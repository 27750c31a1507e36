"""The configuration file's text made into data: every value the text that stands there.

YAML's own ideas of numbers, dates and truth are left out (`20:00` would be 1200, `010` eight): what
a text means is for its field to say. Only an empty value, `~` and `null` are None.
"""

import codecs
import contextlib
import os
import pwd
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from gasguard.config import environment
from gasguard.config.faults import Fault, Mark, Marks, blank_missing, shown_key, without_blank
from gasguard.config.fields import OF_OLD_YAML
from gasguard.config.yaml_words import in_plain_words
from gasguard.errors import ConfigError

_MOST_VALUES = 100_000
_LARGEST_VALUE = 64 * 1024
"""Bytes of a file that stands for a value."""

_CORE = "tag:yaml.org,2002:"
_TEXT = {
    f"{_CORE}{kind}" for kind in ("str", "int", "float", "bool", "timestamp", "merge", "value")
}
_NULL, _MERGE = f"{_CORE}null", f"{_CORE}merge"
_CURLY = re.compile(r"[“”„‟«»「」＂].*[“”„‟«»「」＂]|[‘’‚‛].*[‘’‚‛]", re.DOTALL)
_STRAIGHT = "stands in curly quotes; write straight ones (\" or ') or none"
_ENV_NAME = re.compile(r"[A-Za-z_]\w{0,63}", re.ASCII)
_SECRET_DIGITS = re.compile(r"[0-9a-fA-F]{32}")
_ENDLESS = "this alias stands inside of what it names"
_INSTEAD = "!env NAME (an environment variable) or !file PATH (a file's content)"
_TAGS = {
    "!secret": f"!secret is Home Assistant's and ESPHome's; write {_INSTEAD}",
    "!env_var": f"!env_var is Home Assistant's; write {_INSTEAD}",
    "!include": "!include is not known here: the configuration is one file; "
    "write what it should hold in its place",
}


class Document(NamedTuple):
    """A file that is a YAML mapping."""

    data: dict[str, Any]
    faults: list[Fault]
    """Those of its form. What cannot be read is an empty text in the data."""
    marks: Marks
    empty: list[str]
    """Places with a key and nothing behind it."""
    elsewhere: tuple[tuple[str, str], ...] = ()
    """Values that stand elsewhere: `!env` or `!file`, and the word behind it."""


class _TooLargeError(Exception):
    """The file's aliases multiply, as seen at this mark."""

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark


class _Loader(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer):
    """Text to nodes; `resolve` is what Composer asks for the kind of a node without a tag."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)
        self.anchored: set[int] = set()
        """Nodes with an anchor and nothing else."""

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:
        """The tag of a node; `implicit[0]`: a scalar without quotes."""
        if kind is SequenceNode or kind is MappingNode:
            return f"{_CORE}{'seq' if kind is SequenceNode else 'map'}"
        if implicit[0] and value in ("", "~", "null", "Null", "NULL"):
            return _NULL
        return _MERGE if implicit[0] and value == "<<" else f"{_CORE}str"

    def descend_resolver(self, _parent: object, _index: object) -> None:
        """Composer calls it; nothing here depends on where a node stands."""

    def ascend_resolver(self) -> None:
        """See `descend_resolver`."""

    def compose_scalar_node(self, anchor: Any) -> ScalarNode:
        node = super().compose_scalar_node(anchor)
        if anchor is not None and node.value == "" and node.style is None:
            self.anchored.add(id(node))
        return node


def _mark(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


class _Reading:
    """Nodes to data, with the marks and the faults."""

    def __init__(self, folder: Path, anchored: set[int]) -> None:
        self._folder, self._anchored, self._count = folder, anchored, 0
        self.faults: list[Fault] = []
        self.marks = Marks()
        self.empty: list[str] = []
        self.elsewhere: dict[tuple[str, str], None] = {}
        self._open: set[int] = set()
        """Nodes that are being read: an alias of one inside of it has no end."""

    def value(self, node: Node, place: str) -> Any:
        """The data of a node, and of all that stands in it."""
        self._count_one(node)
        if isinstance(node, ScalarNode):
            return self._scalar(node, place)
        if id(node) in self._open:
            self._fault(place, _ENDLESS)
            return ""
        self._open.add(id(node))
        try:
            return self._collection(node, place)
        finally:
            self._open.discard(id(node))

    def _collection(self, node: Node, place: str) -> Any:
        if node.tag not in (f"{_CORE}map", f"{_CORE}seq"):
            self._fault(place, _unknown_tag(node.tag))
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        return [self._item(item, f"{place}.{n}") for n, item in enumerate(node.value)]

    def _item(self, node: Node, place: str) -> Any:
        self.marks.put(place, None, _mark(node))
        return self.value(node, place)

    def _mapping(self, node: MappingNode, place: str) -> dict[str, Any]:
        data = {}
        for key_node, value_node in self._pairs(node, place, set()):
            key = self._key(key_node, place)
            inside, mark = _inside(place, key), _mark(key_node)
            if value_node.tag == _NULL and node.flow_style and (cut := without_blank(key)):
                key, data[cut[0]] = cut[0], cut[1]
                self.marks.put(_inside(place, key), mark, None)
                self._fault(_inside(place, key), blank_missing(key))
                continue
            scalar = _mark(value_node) if isinstance(value_node, ScalarNode) else None
            self.marks.put(inside, mark, scalar)
            if old := OF_OLD_YAML.get(key.lower()):
                self.marks.put(_inside(place, old), mark, scalar)
            data[key] = self.value(value_node, inside)
        return data

    def _key(self, node: ScalarNode, place: str) -> str:
        key = str(node.value)
        if node.style is None and _CURLY.fullmatch(key):
            key = key[1:-1]
            self.faults.append(Fault(_inside(place, shown_key(key)), _STRAIGHT, _mark(node)))
        return key

    def _pairs(
        self, node: MappingNode, place: str, taken: set[str]
    ) -> Iterator[tuple[ScalarNode, Node]]:
        """Keys with values: its own first, then those of the mappings that `<<` names."""
        own: dict[str, Mark] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            self._count_one(key_node)
            if not isinstance(key_node, ScalarNode):
                self.faults.append(Fault(place, "a key must be a word", _mark(key_node)))
                continue
            key = str(key_node.value)
            if key_node.tag == _MERGE:
                several = isinstance(value_node, SequenceNode)
                merged += value_node.value if several else [value_node]
                continue
            if key in own:
                text = f"stands here for the second time, first in line {own[key].line}"
                self.faults.append(Fault(_inside(place, shown_key(key)), text, _mark(key_node)))
                continue
            own[key] = _mark(key_node)
            if key not in taken:
                yield key_node, value_node
        taken |= set(own)
        for other in merged:
            if id(other) in self._open:
                self._fault(place, _ENDLESS)
            elif isinstance(other, MappingNode):
                yield from self._pairs(other, place, taken)
            else:
                self._fault(place, "<<: takes *name of a mapping, or a list of such")

    def _scalar(self, node: ScalarNode, place: str) -> str | None:
        text = str(node.value)
        if node.tag in _FROM_ELSEWHERE:
            self.elsewhere[node.tag, text] = None
            try:
                return _FROM_ELSEWHERE[node.tag](self._folder, text)
            except ValueError as error:
                self._fault(place, str(error))
                return ""
        if id(node) in self._anchored:
            self._fault(place, "is empty; a text that begins with & must stand in quotes")
        elif node.tag == _NULL:
            if text == "":
                self.empty.append(place)
            return None
        elif node.tag not in _TEXT:
            self._fault(place, _unknown_tag(node.tag))
        elif node.style is None and _CURLY.fullmatch(text):
            self._fault(place, _STRAIGHT)
        return text

    def _fault(self, place: str, text: str) -> None:
        self.faults.append(Fault(place, text))

    def _count_one(self, node: Node) -> None:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise _TooLargeError(_mark(node))


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _unknown_tag(tag: str) -> str:
    # The tag itself is not repeated: a password may begin with an exclamation mark.
    if tag in _FROM_ELSEWHERE:
        return f"{tag} takes one word; write {_INSTEAD}"
    known = next((text for begin, text in _TAGS.items() if tag.startswith(begin)), None)
    return known or (
        f"begins with ! and is no tag that gasguard knows; put it in quotes, or write {_INSTEAD}"
    )


def _from_environment(folder: Path, name: str) -> str:
    if not _ENV_NAME.fullmatch(name) or _SECRET_DIGITS.fullmatch(name):
        raise ValueError(
            "!env takes the name of an environment variable, for example GASGUARD_TOKEN"
        )
    if name in os.environ:
        return os.environ[name]
    unset = f"!env {name}: this environment variable is not set"
    try:
        value = environment.looked_up(folder, name)
    except OSError as error:
        file = folder / environment.FILE_NAME
        raise ValueError(f"{unset}; {file}: {error.strerror}{_to_whom(error)}") from None
    except ValueError as error:
        raise ValueError(f"!env {name}: {error}") from None
    if value is None:
        raise ValueError(f"{unset}, nor by {folder / environment.FILE_NAME}")
    return value


def _to_whom(error: OSError) -> str:
    """Who may not: secrets are the daemon's own, and whoever looks is often somebody else."""
    if not isinstance(error, PermissionError):
        return ""
    user = str(os.geteuid())
    with contextlib.suppress(KeyError):
        user = pwd.getpwuid(os.geteuid()).pw_name
    return f": user {user} may not read it; root and its owner may (sudo)"


def _from_file(folder: Path, name: str) -> str:
    if not name:
        raise ValueError("!file takes the path of a file, for example /etc/gasguard/token")
    try:
        path = folder / Path(name).expanduser()
        if path.exists() and not path.is_file():
            raise ValueError(f"!file {path}: is not a file")
        with path.open("rb") as file:
            data = file.read(_LARGEST_VALUE + 1)
    except OSError as error:
        raise ValueError(f"!file {path}: {error.strerror}{_to_whom(error)}") from None
    except RuntimeError:
        raise ValueError("!file: ~ stands for a home that does not exist") from None
    if len(data) > _LARGEST_VALUE:
        raise ValueError(f"!file {path}: is longer than {_LARGEST_VALUE} bytes")
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError(f"!file {path}: is not a file of UTF-8 text") from None


_FROM_ELSEWHERE = {"!env": _from_environment, "!file": _from_file}


def from_elsewhere(tag: str, name: str, folder: Path) -> str:
    """What `!env NAME` or `!file PATH` stands for. Raises ValueError, which says why it cannot."""
    return _FROM_ELSEWHERE[tag](folder, name)


def compose(text: str) -> Node | None:
    """The nodes of a text that `read_text` has taken; None where nothing stands in it."""
    root: Node | None = _Loader(text).get_single_node()
    return None if isinstance(root, ScalarNode) and root.tag == _NULL else root


def holds_nothing(text: str) -> bool:
    """Whether there are comments at most; False too for what is no YAML at all."""
    try:
        return compose(text) is None
    except (yaml.YAMLError, RecursionError):
        return False


def read_file(path: Path) -> Document:
    """The file's data. Raises ConfigError if it is no YAML mapping."""
    return read_text(text_of(path), path)


def read_bytes(path: Path, content: bytes) -> Document:
    """As `read_file`, as if `content` stood at `path`."""
    return read_text(_decoded(path, content), path)


def read_text(text: str, path: Path) -> Document:
    """As `read_file`, as if `text` stood at `path`."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        reading = _Reading(path.parent, loader.anchored)
        data = reading.value(node, "") if node is not None else None
    except _TooLargeError as error:
        problem = f"its aliases (*name) multiply to more than {_MOST_VALUES} values"
        raise ConfigError([f"{path}: {problem} ({error.mark})"]) from None
    except RecursionError:
        mark = Mark(loader.line + 1, loader.column + 1)
        raise ConfigError([f"{path}: is nested too deep ({mark})"]) from None
    except yaml.YAMLError as error:
        told = [f"{path}: {problem} ({mark})" for problem, mark in in_plain_words(error, text)]
        raise ConfigError(told) from None
    if node is None or data is None:
        problem = "is empty; it must have burners:, see config.example.yaml"
        raise ConfigError([f"{path}: {problem} ({Mark(1, 1)})"])
    if not isinstance(data, dict):
        problem = "must be a mapping (key: value) with burners:, see config.example.yaml"
        raise ConfigError(
            [f"{path}: {problem} ({_mark(node)})", *reading.marks.told(reading.faults)]
        )
    reading.marks.put("", _mark(node), None)
    return Document(data, reading.faults, reading.marks, reading.empty, tuple(reading.elsewhere))


def text_of(path: Path) -> str:
    """What stands in the file. Raises ConfigError if it is no text."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}{_to_whom(error)}"]) from None
    except ValueError:
        raise ConfigError([f"{path}: is no path"]) from None
    return _decoded(path, data)


def _decoded(path: Path, data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError([f"{path}: is UTF-16 text; save it as UTF-8 (line 1, column 1)"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2]) + 1
        mark = Mark(line, column)
        raise ConfigError([f"{path}: is not UTF-8 text; save it as UTF-8 ({mark})"]) from None
