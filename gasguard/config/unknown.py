"""What unknown keys hide: pydantic holds a block together only where each of its keys is known."""

import copy
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from gasguard.config.explain import explain
from gasguard.config.faults import Fault
from gasguard.config.shape import nearest, spot


class Known(NamedTuple):
    """The file's data without the keys that nothing knows."""

    data: dict[str, Any]
    meant: frozenset[str]
    """What was likely meant by those that are gone."""


def without_unknown(error: ValidationError, root: type[BaseModel], raw: dict[str, Any]) -> Known:
    """`raw` is no `root`, for these causes."""
    data, meant = copy.deepcopy(raw), set()
    for fault in error.errors(include_url=False):
        if fault["type"] == "extra_forbidden":
            there = spot(root, raw, fault["loc"])
            _drop(data, there.parts)
            meant.add(nearest(there.parts[-1], there.keys))
    return Known(data, frozenset(filter(None, meant)))


def hidden(
    known: Known, root: type[BaseModel], context: Any, told: Iterable[Fault]
) -> Iterator[Fault]:
    """The faults of what is known that were not told beside the unknown keys."""
    seen = {(fault.place, fault.text) for fault in told}
    try:
        root.model_validate(known.data, context=context)
    except ValidationError as error:
        for fault in explain(error, root, known.data):
            # What speaks of a key that is only written wrong is mended with it.
            follows = known.meant & {
                *re.findall(r"\w+", f"{fault.place.rpartition('.')[2]} {fault.text}")
            }
            if (fault.place, fault.text) not in seen and not follows:
                yield fault


def _drop(data: Any, parts: tuple[str, ...]) -> None:
    here, above = data, None
    for part in parts:
        # Keys as the file has them: a number is told as text.
        keys = dict(enumerate(here)) if isinstance(here, list) else here
        key = next((key for key in keys if str(key) == part), None)
        if key is None:
            return  # gone already: one block may stand in several places (a YAML anchor)
        here, above = here[key], here
    if isinstance(above, dict):
        del above[key]
