"""The configuration file's text made into data: YAML with `!env` and `!file`, every key a word."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from gasguard.errors import ConfigError

_MOST_KEYS = 1_000
_MOST_VALUES = 100_000


class Unresolved(str):
    """Stands where `!env` or `!file` found nothing, until the walk below names its place."""

    fault: str


class _Loader(yaml.SafeLoader):
    """SafeLoader with `!env NAME` and `!file PATH`; duplicate keys are faults."""

    folder: Path
    faults: list[str]

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merges of merges multiply: a few lines could fill the memory."""
        super().flatten_mapping(node)
        if len(node.value) > _MOST_KEYS:
            problem = f"a mapping of more than {_MOST_KEYS} keys"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _unresolved(fault: str) -> Unresolved:
    value = Unresolved()
    value.fault = fault
    return value


def _env(loader: _Loader, node: yaml.ScalarNode) -> str:
    name = str(loader.construct_scalar(node))
    if name not in os.environ:
        return _unresolved(f"!env {name}: this environment variable is not set")
    return os.environ[name]


def _file(loader: _Loader, node: yaml.ScalarNode) -> str:
    path = loader.folder / str(loader.construct_scalar(node))
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        return _unresolved(f"!file {path}: {error.strerror}")
    except ValueError:
        return _unresolved(f"!file {path}: is not a file of UTF-8 text")


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    seen: set[str] = set()
    for key_node, _ in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            loader.faults.append(f"line {line}: a key must be a word")
        elif key_node.value in seen:
            loader.faults.append(f"line {line}: {key_node.value!r} stands here for the second time")
        seen.add(str(key_node.value))
    loader.flatten_mapping(node)  # `<<: *module` gives way to the keys beside it
    return {
        # The text as written: YAML 1.1 would read the key `off` as false.
        str(key_node.value): loader.construct_object(value_node, deep=True)
        for key_node, value_node in node.value
    }


_Loader.add_constructor("!env", _env)
_Loader.add_constructor("!file", _file)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_file(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The file's data, and the faults of its form. Raises ConfigError if it is no YAML mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text (byte {error.start})"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from None
    try:
        loader = _Loader(text)
        loader.folder, loader.faults = path.parent, []
        raw = loader.get_single_data()
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError([f"{path}: is not YAML: {_yaml_problem(error)}"]) from None
    if not isinstance(raw, dict):
        raise ConfigError([f"{path}: must be a mapping with burners:, see config.example.yaml"])
    if _too_large(raw):
        raise ConfigError(
            [f"{path}: its aliases (*name) multiply to more than {_MOST_VALUES} values"]
        )
    return raw, loader.faults


def _too_large(raw: object) -> bool:
    """Whether there are more values than could be meant; counted until there are."""
    rest, count = [raw], 0
    while rest and count <= _MOST_VALUES:
        value = rest.pop()
        count += 1
        if isinstance(value, dict | list):
            rest.extend(value.values() if isinstance(value, dict) else value)
    return count > _MOST_VALUES


def _yaml_problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    # The text around the fault may be a secret: only the parser's own words are shown.
    return where + (getattr(error, "problem", None) or type(error).__name__)


def unresolved_in(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Every unresolved scalar, as (place, fault)."""
    if isinstance(value, Unresolved):
        yield place, value.fault
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from unresolved_in(inner, f"{place}.{key}" if place else str(key))
