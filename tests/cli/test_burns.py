"""The table of burns: in a pipe, on a wide terminal, on a narrow one."""

from typing import Any

import pytest

from gasguard.cli import burns
from gasguard.cli.screen import cells


def line(day: str | None, burner: str | None, seconds: int | None, **more: Any) -> dict[str, Any]:
    about = {"day": day, "burner": burner, "burned_s": seconds, "gas_m3": None, "burns": 1}
    return {**about, "unseen_ends": 0, "burning": False, "why_unknown": None, **more}


LINES = [
    line("2026-11-24", "left", 3600, gas_m3=0.4),
    line("2026-11-24", "right", 1800),
    line("2026-11-25", "left", 900, gas_m3=0.1, unseen_ends=1, burning=True),
    line(None, "left", 4500, gas_m3=0.5, unseen_ends=1),
    line(None, "right", 1800),
    line(None, None, 6300),
]


class Stream:
    def __init__(self, encoding: str) -> None:
        self.encoding = encoding


each_encoding = pytest.mark.parametrize("encoding", ["utf-8", "ascii"])


def bars(rows: list[str], mark: str) -> list[int]:
    return [row.count(mark) for row in rows]


@each_encoding
def test_a_pipe_gets_plain_bars_and_a_row_a_day_and_burner(encoding, monkeypatch):
    monkeypatch.setattr("sys.stdout", Stream(encoding))
    rows = list(burns.shown(LINES, None))
    assert rows[0].split() == ["day", "burner", "burnt", "gas"]
    assert rows[1].split()[:6] == ["2026-11-24", "Tue", "left", "1h", "0.400", "m³"]
    assert rows[2].split()[:2] == ["right", "30m"]
    assert "15m+*" in rows[3]
    assert bars(rows, "#") == [0, 40, 20, 10, 0, 0, 0, 0, 0]
    assert not any(bars(rows, "█"))
    assert rows[-2:] == [burns._UNSEEN, burns._BURNING]
    assert [row.split()[:2] for row in rows[4:7]] == [
        ["total", "left"], ["total", "right"], ["total", "all"],
    ]  # fmt: skip


@each_encoding
@pytest.mark.parametrize("columns", [10, 20, 38, 39, 40, 46, 47, 48, 60, 80, 81, 82, 200])
def test_no_row_is_wider_than_the_terminal(encoding, columns, monkeypatch):
    monkeypatch.setattr("sys.stdout", Stream(encoding))
    mark = "█" if encoding == "utf-8" else "#"
    rows = list(burns.shown(LINES, columns))
    longest = max(bars(rows, mark))
    assert longest <= 40
    if columns >= 50:
        assert longest >= 6
    for row in rows:
        # A word that is longer than the screen stays whole.
        assert cells(row) <= max(columns, max(cells(word) for word in row.split()) + 2)


def test_on_a_narrow_terminal_each_row_still_says_its_day():
    rows = list(burns.shown(LINES, 20))
    assert any("2026-11-24" in row for row in rows[1:])
    said = " ".join(rows)
    assert said.count("2026-11-24 Tue") == 2


def test_what_is_not_known_is_said_and_has_no_row():
    unknown = {"burned_s": None, "burns": None, "unseen_ends": None, "burning": None}
    why = "it has no flame sensor"
    lines = [line(None, "left", 0), line(None, "right", None, **{**unknown, "why_unknown": why})]
    rows = list(burns.shown(lines, None))
    assert "right: burn time unknown: it has no flame sensor" in rows
    assert any(row.split() == ["total", "left", "0s"] for row in rows)
    assert any("no burn was seen" in row for row in rows)
