"""What the models allow at a place of the file: keys, words, bounds, and what is near to them."""

import difflib
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gasguard.config.fields import DURATION
from gasguard.durations import format_duration

Location = tuple[int | str, ...]


class Spot(NamedTuple):
    """A place in the file, as pydantic names it and as the file has it."""

    parts: tuple[str, ...]
    owners: tuple[type[BaseModel], ...]
    """The models one of which the last part is a key of."""
    field: FieldInfo | None
    models: tuple[type[BaseModel], ...]
    """Those that the value may be one of."""

    @property
    def place(self) -> str:
        """With dots, as it is told."""
        return ".".join(self.parts)

    @property
    def keys(self) -> list[str]:
        """All that could stand in place of the last part."""
        return list(dict.fromkeys(key for owner in self.owners for key in keys_of(owner)))


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Its fields by the keys that the file has for them: `from` cannot be a name in Python."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def spot(root: type[BaseModel], raw: object, location: Location) -> Spot:
    """Follow a location through the data and the models. What only pydantic adds is left out:
    the driver behind `relay`, the branches of a union, `[key]`."""
    parts: list[str] = []
    owners: tuple[type[BaseModel], ...] = ()
    here: tuple[type[BaseModel], ...] = (root,)
    field = None
    for part in location:
        fields = [known[str(part)] for known in map(keys_of, here) if part in known]
        if not fields and not _holds(raw, part):
            here = tuple(model for model in here if part in words_of(model)) or here
            continue
        parts.append(str(part))
        raw = _inside(raw, part)
        owners, field = here, fields[0] if fields else None
        if fields:
            here = tuple(model for each in fields for model in _models(each.annotation))
    return Spot(tuple(parts), owners, field, here)


def _holds(raw: object, part: int | str) -> bool:
    if isinstance(raw, list):
        return isinstance(part, int) and part < len(raw)
    return isinstance(raw, dict) and part in raw


def _inside(raw: object, part: int | str) -> object:
    if isinstance(raw, list) and isinstance(part, int):
        return raw[part]
    return raw.get(part) if isinstance(raw, dict) else None


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def blocks_with(owners: tuple[type[BaseModel], ...], key: str) -> list[str]:
    """The keys of the owners whose value may have this key below it."""
    blocks = [
        name
        for owner in owners
        for name, field in keys_of(owner).items()
        if any(key in keys_of(model) for model in _models(field.annotation))
    ]
    return list(dict.fromkeys(blocks))


def words_of(model: type[BaseModel]) -> set[object]:
    """The words of its keys that take some words only: its driver among them."""
    return {word for field in model.model_fields.values() for word in options(field)}


def has_block(field: FieldInfo) -> bool:
    """Whether the field's value has keys of its own."""
    return any(_models(field.annotation))


def options(field: FieldInfo) -> list[str]:
    """The words that the field takes, where it takes nothing else."""

    def within(annotation: object) -> Iterator[str]:
        if get_origin(annotation) is Literal:
            yield from map(str, get_args(annotation))
        elif get_origin(annotation) is not dict:
            for inner in get_args(annotation):
                yield from within(inner)

    return [] if has_block(field) else list(within(field.annotation))


def _metadata(field: FieldInfo) -> Iterator[Any]:  # Any: whatever stands in Annotated
    def within(annotation: object) -> Iterator[Any]:
        if get_origin(annotation) is Annotated:
            for extra in annotation.__metadata__:  # type: ignore[attr-defined] # of Annotated
                yield from extra.metadata if isinstance(extra, FieldInfo) else [extra]
        for inner in get_args(annotation):
            yield from within(inner)

    yield from field.metadata
    yield from within(field.annotation)


def is_duration(field: FieldInfo) -> bool:
    """Whether it is written as a duration and seconds inside."""
    return DURATION in _metadata(field)


BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def _duration(seconds: float) -> str:
    """As the file has it: also what is shorter than the commands' second."""
    return f"{seconds * 1000:g}ms" if 0 < seconds < 1 else format_duration(seconds)


def bounds(field: FieldInfo) -> str:
    """`at least 2s and at most 10m`; empty without bounds."""
    show: Callable[[float], str] = _duration if is_duration(field) else "{:g}".format
    found = {
        name: show(bound)
        for extra in _metadata(field)
        for name in BOUNDS
        if (bound := getattr(extra, name, None)) is not None
    }
    return " and ".join(f"{BOUNDS[name]} {bound}" for name, bound in found.items())


def example(field: FieldInfo) -> str:
    """The field's usual value as it is written; empty where there is none."""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float) and is_duration(field):
        return _duration(default)
    return f"{default:g}" if isinstance(default, int | float) else ""


def nearest(word: object, known: list[str]) -> str | None:
    """The word that was likely meant."""
    if not isinstance(word, str):
        return None
    by_form = {each.lower().replace("_", ""): each for each in known}
    typed = word.lower().replace("_", "").replace("-", "").replace(" ", "")
    begun = [form for form in by_form if len(typed) > 2 and form.startswith(typed)]
    found = difflib.get_close_matches(typed, by_form, 1, 0.6) or begun
    return by_form[found[0]] if found else None
