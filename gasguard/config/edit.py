"""Changes values in the text of a configuration and leaves all else as it stands, comments too.

What comes out is read again by whoever writes it: a file that this module does not understand is
refused, not damaged.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from gasguard.config.yaml_file import compose
from gasguard.errors import GasguardError

_PLAIN = re.compile(r"[\w./][\w./@+-]*")
_NONE = ("", "~", "null")
_STEP = 2
_LONGEST_LINE = 96
_COMMENT_COLUMN = 40


class CannotEditError(GasguardError):
    """The text is of a form in which this place cannot be changed."""


@dataclass(frozen=True, slots=True)
class FromFile:
    """A value that stands in a file or in the environment: `!file secrets/left.token`."""

    tag: str
    name: str


class Inline(dict[str, "Value"]):
    """A mapping that is written on one line: {siid: 2, piid: 1}."""


Value = str | int | bool | FromFile | Sequence[str] | Mapping[str, "Value"] | None
Path = tuple[str, ...]
Comments = Mapping[Path, str]
"""By place, in which `*` stands for any key. New keys get them, and those that are there none."""


def with_value(text: str, place: Path, value: Value, comments: Comments) -> str:
    """`text` with `value` at `place`.

    A mapping's keys are set one by one, and those that it does not name stay. Raises
    CannotEditError.
    """
    if isinstance(value, Mapping) and value:
        there = _find(text, place)
        if isinstance(there, MappingNode):
            for key, one in value.items():
                text = with_value(text, (*place, key), one, comments)
            return text
    return _set(text, place, value, comments)


def without(text: str, place: Path) -> str:
    """`text` without the key at `place`, if it is there. Raises CannotEditError."""
    mapping = _mapping(text, place[:-1])
    pair = _pair(mapping, place[-1]) if mapping is not None else None
    if mapping is None or pair is None:
        return text
    key, value = pair
    begin, end = key.start_mark.index, _end(value, key)
    if not mapping.flow_style:
        begin = text.rfind("\n", 0, begin) + 1
        return text[:begin] + text[_line_end(text, end) :]
    behind = re.compile(r"\s*,\s*").match(text, end)
    if behind:
        return text[:begin] + text[behind.end() :]
    before = re.search(r",\s*$", text[:begin])
    return text[: before.start() if before else begin] + text[end:]


def rendered(value: Mapping[str, Value], comments: Comments) -> str:
    """A mapping in YAML's block style, as a file of its own."""
    return "".join(f"{line}\n" for line in _block(value, 0, (), comments))


# --- finding ------------------------------------------------------------------------------------


def _find(text: str, place: Path) -> Node | None:
    node = compose(text)
    for number, key in enumerate(place):
        if not isinstance(node, MappingNode):
            return None
        pair = _pair(node, key)
        if pair is None:
            return None
        if pair[1].start_mark.index < pair[0].start_mark.index:
            where = ".".join(place[: number + 1])
            raise CannotEditError(f"{where} is an alias (*name) here: change it by hand")
        node = pair[1]
    return node


def _mapping(text: str, place: Path) -> MappingNode | None:
    node = _find(text, place)
    return node if isinstance(node, MappingNode) else None


def _pair(node: MappingNode, key: str) -> tuple[ScalarNode, Node] | None:
    for key_node, value_node in node.value:
        if isinstance(key_node, ScalarNode) and str(key_node.value) == key:
            return key_node, value_node
    return None


def _end(node: Node, key: Node | None = None) -> int:
    """Where its last character is; a block's own mark lies behind the comments that follow it."""
    if key is not None and node.start_mark.index < key.start_mark.index:
        raise CannotEditError(f"{key.value} is an alias (*name) here: change it by hand")
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1], last[0]) if isinstance(last, tuple) else _end(last)
    return int(node.end_mark.index)


def _line_end(text: str, index: int) -> int:
    """The beginning of the next line; `index` itself where it is one."""
    if index and text[index - 1] == "\n":
        return index
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


# --- setting ------------------------------------------------------------------------------------


def _set(text: str, place: Path, value: Value, comments: Comments) -> str:
    if not place[:-1] and compose(text) is None:
        gap = "\n" if text.strip() else ""
        return _whole_lines(text) + gap + rendered({place[-1]: value}, comments)
    mapping = _mapping(text, place[:-1])
    if mapping is None:
        # What the parent has now is nothing, or nothing that has keys: it becomes a mapping.
        return _set(text, place[:-1], {place[-1]: value}, comments)
    pair = _pair(mapping, place[-1])
    if pair is None:
        return _insert(text, mapping, place, value, comments)
    return _replace(text, mapping, pair, place, value, comments)


def _replace(
    text: str,
    mapping: MappingNode,
    pair: tuple[ScalarNode, Node],
    place: Path,
    value: Value,
    comments: Comments,
) -> str:
    key, old = pair
    end = _end(old, key)
    colon = text.index(":", key.end_mark.index) + 1
    in_flow = bool(mapping.flow_style)
    if not in_flow and isinstance(value, Mapping) and not isinstance(value, Inline) and value:
        indent = key.start_mark.column + _STEP
        new = "\n" + "\n".join(_block(value, indent, place, comments))
    else:
        new = f" {_flow(value)}"
    broken = "\n" if text[colon:end].endswith("\n") else ""
    return text[:colon] + new + broken + text[end:]


def _insert(text: str, mapping: MappingNode, place: Path, value: Value, comments: Comments) -> str:
    if mapping.flow_style:
        end = int(mapping.end_mark.index) - 1
        before = text[:end].rstrip()
        comma = "" if before.endswith(("{", ",")) else ","
        gap = "" if before.endswith("{") else " "
        pair = f"{_scalar(place[-1])}: {_flow(value)}"
        return f"{before}{comma}{gap}{pair}{text[len(before) :]}"
    indent = mapping.start_mark.column
    lines = "\n".join(_block({place[-1]: value}, indent, place[:-1], comments))
    at = _line_end(text, _end(mapping))
    gap = "\n" if len(place) == 1 else ""
    return f"{_whole_lines(text[:at])}{gap}{lines}\n{text[at:]}"


def _whole_lines(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


# --- rendering ----------------------------------------------------------------------------------


def _block(value: Mapping[str, Value], indent: int, place: Path, comments: Comments) -> list[str]:
    lines = []
    for key, one in value.items():
        here = (*place, key)
        comment = _comment(here, comments)
        begin = f"{' ' * indent}{_scalar(key)}:"
        if isinstance(one, Mapping) and not isinstance(one, Inline) and one:
            lines += [f"{' ' * indent}# {line}" for line in comment.splitlines()]
            lines += [begin, *_block(one, indent + _STEP, here, comments)]
            continue
        line = f"{begin} {_flow(one)}"
        beside = f"{line:<{_COMMENT_COLUMN}}  # {comment}"
        if comment and ("\n" in comment or len(beside) > _LONGEST_LINE):
            lines += [f"{' ' * indent}# {part}" for part in comment.splitlines()]
        elif comment:
            line = beside
        lines.append(line)
    return lines


def _comment(place: Path, comments: Comments) -> str:
    for pattern, comment in comments.items():
        if len(pattern) == len(place) and all(
            part in ("*", key) for part, key in zip(pattern, place, strict=True)
        ):
            return comment
    return ""


def _flow(value: Value) -> str:
    """A value on one line."""
    if isinstance(value, FromFile):
        return f"{value.tag} {_scalar(value.name)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int | str):
        return _scalar(str(value))
    return "[" + ", ".join(map(_scalar, value)) + "]"


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _NONE:
        return text
    # JSON's quotes are YAML's, whatever stands between them.
    return json.dumps(text, ensure_ascii=False)
