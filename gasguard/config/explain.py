"""pydantic's faults in words that say what to write. None of its own sentences is told."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo

from gasguard.config.faults import Fault, blank_missing, shown_key, without_blank
from gasguard.config.fields import NUMBER, WHOLE, Strict
from gasguard.config.shape import (
    BOUNDS,
    Spot,
    blocks_with,
    bounds,
    example,
    has_block,
    is_duration,
    keys_of,
    nearest,
    options,
    spot,
    words_of,
)

_SEE = "see config.example.yaml"
_REQUIRED = "is required"
_BLOCK = "a mapping (key: value, a line each below it)"
_LIST = "a list ([a, b], or lines that begin with -)"
_SINGLE = "a single value (in quotes where it begins with { or [)"
_WANTED = {
    "model_type": _BLOCK,
    "model_attributes_type": _BLOCK,
    "dict_type": _BLOCK,
    "list_type": _LIST,
    "string_type": _SINGLE,
}
_GIVEN: dict[type, str] = {dict: "a mapping (key: value)", list: "a list", str: "a single value"}
_FEW = 3
"""Blocks that a key in the wrong place may be meant for; more are no help."""
_OF_TWO = ("and ", "or ")
"""Behind the first of two keys of which a fault speaks."""
_BOUNDS = {"greater_than_equal", "greater_than", "less_than_equal", "less_than"}


def explain(error: ValidationError, root: type[BaseModel], raw: object) -> Iterator[Fault]:
    """Each fault of `raw`, which is no `root`."""
    for fault in error.errors(include_url=False):
        there = spot(root, raw, fault["loc"])
        if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
            yield from _no_driver(fault, there)
        else:
            told = _fault(fault, there)
            yield told
            if fault["type"] == "value_error" and isinstance(fault["input"], dict):
                yield from _beside(told, there, fault["input"])


def _beside(told: Fault, there: Spot, given: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong with the parts of a block, where a fault of the whole came before them."""
    spoken_of = {*re.findall(r"\w+", told.text)}
    for model in there.models:
        # What is missing may be what the whole would have filled in, or what it has just told.
        optional = {*model.fills_in, *spoken_of} if issubclass(model, Strict) else spoken_of
        fields: dict[str, Any] = {  # Any: create_model's own signature
            name: (
                Annotated[(field.annotation, "as it is", *field.metadata)],
                ... if field.is_required() and name not in optional else None,
            )
            for name, field in keys_of(model).items()
        }
        parts = create_model(model.__name__, __base__=Strict, **fields)
        for fault in _inside(there, parts, given):
            nested = fault.place.count(".") > there.place.count(".") + 1
            if fault.place not in (told.place, told.at) and not (
                nested and fault.text.startswith(_REQUIRED)
            ):
                yield fault


def _inside(there: Spot, model: type[BaseModel], given: dict[str, Any]) -> Iterator[Fault]:
    """The faults of a block by itself, told with its place."""
    try:
        model.model_validate(given)
    except ValidationError as error:
        for fault in explain(error, model, given):
            at = _below(there, fault.at) if isinstance(fault.at, str) else fault.at
            yield fault._replace(place=_below(there, fault.place), at=at)


def explain_empty(root: type[BaseModel], raw: object, places: list[str]) -> Iterator[Fault]:
    """Keys with nothing behind them that would be taken for none, though something was meant."""
    for place in places:
        parts = (int(part) if part.isdecimal() else part for part in place.split("."))
        there = spot(root, raw, tuple(parts))
        field = there.field
        if field and there.place == place and field.default is None and not field.is_required():
            if has_block(field):
                shown = field.examples[0] if field.examples else None
                keys = f"for example {shown}" if shown else "its keys below it ({} for none)"
                yield Fault(place, f"is empty; write {keys}, or leave the line out")
            elif is_duration(field):
                yield Fault(place, "is empty; write for example 2h, or leave the line out")


def _fault(fault: Any, there: Spot) -> Fault:  # pydantic's ErrorDetails has no type for its context
    kind, given = fault["type"], fault["input"]
    if kind == "extra_forbidden":
        return _unknown_key(there, given)
    key_is_wrong = fault["loc"][-1:] == ("[key]",)
    if given is None and not key_is_wrong:
        return Fault(there.place, f"is empty; {_for_nothing(_expected(fault, there))}")
    text = _expected(fault, there)
    key, _, rest = text.partition(" ")
    inside = isinstance(given, dict) and key.rstrip(":").partition(".")[0] in given
    if not inside:
        return Fault(there.place, text, at_key=key_is_wrong)
    # A fault of a whole block that begins with one of its keys: `lease needs …`.
    place = _below(there, key.rstrip(":"))
    if rest.startswith(_OF_TWO):
        return Fault(there.place, text, place)
    return Fault(place, rest)


def _for_nothing(expected: str) -> str:
    """The part that says what to write, where there is nothing to find fault with."""
    return expected.partition("; ")[2] if expected.startswith("is ") else expected


def _expected(fault: Any, there: Spot) -> str:
    kind, given, field = fault["type"], fault["input"], there.field
    if kind == "value_error":
        text = str(fault["ctx"]["error"])
        if field and text in (WHOLE, NUMBER):
            return _with_example(f"{text}{_and(bounds(field))}", example(field))
        return text
    if kind == "missing":
        words = options(field) if field else []
        return _REQUIRED + (": " if words else "") + " or ".join(words)
    if kind == "literal_error" and field:
        words = options(field)
        meant = nearest(given, words)
        return "must be " + " or ".join(words) + (f"; did you mean {meant}?" if meant else "")
    if kind in _BOUNDS:
        return f"must be {bounds(field) if field else _bound(fault)}"
    if kind in _WANTED:
        return _wrong_kind(kind, given) + _written_as(field)
    return _of_length(fault) or f"is not what belongs here; {_SEE}"


def _wrong_kind(kind: str, given: object) -> str:
    wanted = _WANTED[kind]
    if isinstance(given, str) and wanted is _BLOCK and (cut := without_blank(given)):
        return blank_missing(cut[0])
    if given is None:
        return "its keys belong below it" if wanted is _BLOCK else "write a value"
    return f"is {_GIVEN.get(type(given), 'a value')}, where {wanted} is expected"


def _written_as(field: FieldInfo | None) -> str:
    shown = field.examples if field else None
    return f"; write for example {shown[0]}" if shown else ""


def _bound(fault: Any) -> str:
    """Of a value whose key is people's own: the one that it is beyond."""
    (name, bound) = next(iter(fault["ctx"].items()))
    return f"{BOUNDS[name]} {bound:g}"


def _of_length(fault: Any) -> str | None:
    kind, context = fault["type"], fault.get("ctx") or {}
    noun = "characters" if kind.startswith("string") else "entries"
    if kind in ("string_too_short", "too_short"):
        least = context["min_length"]
        return "must not be empty" if least == 1 else f"must have at least {least} {noun}"
    if kind in ("string_too_long", "too_long"):
        return f"must have at most {context['max_length']} {noun}"
    if kind == "string_pattern_mismatch":
        return "is no topic; write for example kitchen/left, without + # and blanks"
    return None


def _unknown_key(there: Spot, given: object) -> Fault:
    key, at = there.parts[-1], there.place
    meant = nearest(key, there.keys)
    # A key that is like none, and has no value, may be a value whose key was forgotten.
    shown = key if meant else "…" if given is None else shown_key(key)
    place = ".".join((*there.parts[:-1], shown))
    if not meant and 0 < len(blocks := blocks_with(there.owners, key)) <= _FEW:
        told = f"it belongs below {' or '.join(f'{block}:' for block in blocks)};"
    else:
        told = f"did you mean {meant}?" if meant else f"it knows {', '.join(there.keys)};"
    return Fault(place, f"is no key that gasguard knows; {told} {_SEE}", at, at_key=True)


def _no_driver(fault: Any, there: Spot) -> Iterator[Fault]:
    """Which driver there is; where one is meant, also what else is wrong with it."""
    given = fault["input"] if isinstance(fault["input"], dict) else {}
    key = str(fault["ctx"]["discriminator"]).strip("'")
    offered = (word for model in there.models for word in options(model.model_fields[key]))
    words = list(dict.fromkeys(offered))
    found = key if key in given else nearest(key, [str(each) for each in given])
    word = given.get(found)
    meant = word if word in words else nearest(word, words)
    if found == key:
        text = "must be " + " or ".join(words) + (f"; did you mean {meant}?" if meant else "")
        yield Fault(_below(there, key), text)
    elif meant:
        text = f"{_REQUIRED}; {found}: is likely meant"
        yield Fault(_below(there, key), text, _below(there, str(found)), at_key=True)
    else:
        yield Fault(_below(there, key), f"{_REQUIRED}: {' or '.join(words)}; {_SEE}")
    if meant:
        rest = {name: value for name, value in given.items() if name != found}
        model = next(each for each in there.models if meant in words_of(each))
        yield from _inside(there, model, {**rest, key: meant})


def _below(there: Spot, place: str) -> str:
    return f"{there.place}.{place}" if place else there.place


def _and(more: str) -> str:
    return f", {more}" if more else ""


def _with_example(text: str, shown: str) -> str:
    return f"{text}; for example {shown}" if shown else text
