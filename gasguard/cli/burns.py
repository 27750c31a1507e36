"""`gasguard history --burns`: burn time and gas by day and burner, as a table with bars."""

import sys
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from gasguard.cli.screen import cells, fold
from gasguard.durations import format_duration

Line = dict[str, Any]
"""One of `burn_days.lines`."""

_HEAD = ("day", "burner", "burnt", "gas")
_WIDEST_BAR = 40
_LEAST_BAR = 6
"""Columns below which a bar shows nothing."""
_UNSEEN = (
    "+ at least so long: the end of a burn was not seen (sensor silent, or gasguard not running)"
)
_BURNING = "* burns now"


def shown(lines: Iterable[Line], columns: int | None) -> Iterator[str]:
    """The lines of a table no wider than `columns`; None: as wide as it is, with plain bars."""
    told = list(lines)
    days = [line for line in told if line["day"] is not None]
    totals = [line for line in told if line["day"] is None]
    table: list[tuple[tuple[str, ...], float]] = [(_HEAD, 0)] if days else []
    table += [
        (_day(line, days[number - 1] if number else None), line["burned_s"])
        for number, line in enumerate(days)
    ]
    table += [(_total(line), 0) for line in totals if line["burned_s"] is not None]
    yield from _laid_out(table, columns)
    for line in totals:
        if line["burned_s"] is None:
            about = f"{line['burner'] or 'all'}: burn time unknown: {line['why_unknown']}"
            yield from fold(about, columns, 2)
    if any(line["unseen_ends"] for line in totals + days):
        yield from fold(_UNSEEN, columns, 2)
    if any(line["burning"] for line in days):
        yield from fold(_BURNING, columns, 2)
    if not days and any(line["burned_s"] is not None for line in totals):
        yield from fold("no burn was seen; --since 90d looks further back", columns, 2)


def _day(line: Line, before: Line | None) -> tuple[str, ...]:
    again = before is not None and before["day"] == line["day"]
    day = "" if again else date.fromisoformat(line["day"]).strftime("%Y-%m-%d %a")
    return day, line["burner"], _time(line), _gas(line)


def _total(line: Line) -> tuple[str, ...]:
    return "total", line["burner"] or "all", _time(line), _gas(line)


def _time(line: Line) -> str:
    marks = ("+" if line["unseen_ends"] else "") + ("*" if line["burning"] else "")
    return format_duration(line["burned_s"]) + marks


def _gas(line: Line) -> str:
    return "" if line["gas_m3"] is None else f"{line['gas_m3']:.3f} m³"


def _laid_out(table: list[tuple[tuple[str, ...], float]], columns: int | None) -> Iterator[str]:
    if not table:
        return
    widths = [max(cells(row[column]) for row, _ in table) for column in range(len(_HEAD))]
    whole = sum(widths) + 2 * (len(widths) - 1)
    room = _WIDEST_BAR if columns is None else min(_WIDEST_BAR, columns - whole - 2)
    longest = max((seconds for _, seconds in table), default=0.0)
    day = ""
    for row, seconds in table:
        day = row[0] or day
        if columns is not None and whole > columns:
            yield from fold(" ".join(part for part in (day, *row[1:]) if part), columns, 2)
            continue
        padded = [part + " " * (size - cells(part)) for part, size in zip(row, widths, strict=True)]
        bar = _bar(seconds, longest, room, columns) if room >= _LEAST_BAR else ""
        yield f"{'  '.join(padded)}  {bar}".rstrip()


def _bar(seconds: float, longest: float, room: int, columns: int | None) -> str:
    if seconds <= 0 or longest <= 0:
        return ""
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower()
    mark = "█" if columns is not None and encoding.startswith("utf") else "#"
    return mark * max(1, round(room * seconds / longest))
