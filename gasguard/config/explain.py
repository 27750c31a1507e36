"""pydantic's faults in words that say what to write."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from gasguard.config.burners import Limits
from gasguard.durations import format_duration


def explain(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each fault as (place, text with its place)."""
    for fault in error.errors(include_url=False, include_input=False):
        place = ".".join(_without_tags(fault["loc"]))
        message = fault["msg"].removeprefix("Value error, ")
        yield place, f"{place}: {_hint(fault) or message}{_bound(fault)}"


_HINTS = {
    "extra_forbidden": "is no key that gasguard knows; see config.example.yaml",
    "missing": "is required",
    "union_tag_not_found": "is missing driver:; see config.example.yaml",
}


def _hint(fault: Any) -> str | None:  # pydantic's ErrorDetails has no type for its context
    if fault["type"] == "union_tag_invalid":
        drivers = fault["ctx"]["expected_tags"].replace("'", "").split(", ")
        return f"driver: must be {' or '.join(drivers)}"
    return _HINTS.get(fault["type"])


def _bound(fault: Any) -> str:  # pydantic's ErrorDetails has no type for its context
    """Bounds of a duration are seconds inside; say them the way they are written."""
    context, place = fault.get("ctx") or {}, fault["loc"][-1] if fault["loc"] else ""
    bound = next((context[key] for key in ("ge", "gt", "le", "lt") if key in context), None)
    if bound is None or place not in {*Limits.model_fields, "after", "jog", "expire_after"}:
        return ""
    return f" seconds ({format_duration(bound)})"


def _without_tags(location: tuple[int | str, ...]) -> Iterator[str]:
    """The path as it stands in the file: pydantic adds the driver behind relay(s) and flame."""
    for index, part in enumerate(location):
        above = location[:index]
        of_a_list = above[-2:-1] == ("relays",) and isinstance(above[-1], int)
        if part != "[key]" and not of_a_list and above[-1:] not in (("relay",), ("flame",)):
            yield str(part)
