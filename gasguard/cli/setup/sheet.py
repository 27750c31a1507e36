"""The commissioning sheet as a page to print: what setup knows is filled in, a pen does more."""

import datetime
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path

from gasguard.cli.setup.sheet_words import ROWS, TWICE_A_YEAR
from gasguard.cli.setup.words import Language, text
from gasguard.cli.setup.writing import unwritable
from gasguard.config.burners import BurnerConfig
from gasguard.config.load import Config
from gasguard.drivers.base import Finding
from gasguard.durations import format_duration

MARK = "<!-- Written by `gasguard setup` -->"
_LETTERS = {"normally_closed": "A", "normally_open": "B"}
_STYLE = """
body { font: 11pt/1.35 sans-serif; max-width: 19cm; margin: 1cm auto; color: #000; }
h1 { font-size: 16pt; } h2 { font-size: 13pt; margin-top: 1.2em; }
table { border-collapse: collapse; width: 100%; }
td, th { border: 1px solid #555; padding: 3px 6px; text-align: left; vertical-align: top; }
td.value { width: 24%; } td.who { width: 18%; } td.blank { height: 1.6em; }
.not { border: 2px solid #000; padding: 6px 10px; }
section { break-before: page; } .fail { font-weight: bold; }
@page { size: A4; margin: 1.2cm; } @media print { body { margin: 0; max-width: none; } }
"""


def sheet(
    config: Config,
    findings: Iterable[Finding],
    seen: Mapping[str, bool],
    language: Language,
    now: datetime.datetime,
) -> str:
    """An HTML page. `seen`: burners whose wiring the guided test has shown."""
    rows = list(findings)
    title = text(language, "sheet_title")
    parts = [
        f"<!doctype html>\n{MARK}",
        f'<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(text(language, 'sheet_when', when=now.strftime('%Y-%m-%d %H:%M')))}</p>",
        f'<p class="not">{escape(text(language, "not_certified"))}</p>',
        f"<p>{escape(text(language, 'sheet_how'))}</p>",
        f"<h2>{escape(text(language, 'sheet_doctor'))}</h2>",
        _table(
            _row(
                *(_cell(one) for one in (found.what, found.verdict, found.text)),
                kind=found.verdict,
            )
            for found in rows
        ),
    ]
    for name, burner in config.burners.items():
        parts += _of_burner(name, burner, rows, seen.get(name, False), language)
    parts.append("</body></html>\n")
    return "\n".join(parts)


def no_sheet(path: Path, folder: Path) -> str:
    """Why a sheet cannot be written there, or nothing. `folder` is there by then."""
    if path.parent != folder and not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    if path.exists() and not path.is_file():
        return f"{path} is not a file"
    return unwritable(path)


def write_sheet(path: Path, page: str) -> Path:
    """Beside others' files, never over one that setup has not written. Raises OSError."""
    number, wanted = 1, path
    while wanted.exists() and MARK not in wanted.read_text(errors="replace")[:200]:
        number += 1
        wanted = path.with_stem(f"{path.stem}-{number}")
    descriptor, name = tempfile.mkstemp(prefix=".sheet-", dir=wanted.parent)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(page)
        os.chmod(name, 0o644)
        os.replace(name, wanted)
    except OSError:
        os.unlink(name)
        raise
    return wanted


def _of_burner(
    name: str, burner: BurnerConfig, findings: list[Finding], tested: bool, language: Language
) -> Iterator[str]:
    known = {
        "relay": "; ".join(
            found.text
            for found in findings
            if re.fullmatch(rf"relay {name}(\.[0-9]+)?( power-on)?", found.what)
        ),
        "wiring": _wiring(burner, tested, language),
    }
    title = f"{burner.name} ({name})" if burner.name else name
    yield f"<section><h2>{escape(title)}</h2>"
    head = (
        text(language, key) for key in ("sheet_what", "sheet_limit", "sheet_value", "sheet_who")
    )
    lines = [_row(*(f"<th>{escape(word)}</th>" for word in head))]
    for key, what, limit in ROWS[language]:
        value = known.get(key, "")
        lines.append(
            _row(_cell(what), _cell(limit), _cell(value, "value"), '<td class="who"></td>')
        )
    yield _table(lines)
    yield f"<h2>{escape(text(language, 'sheet_twice_a_year'))}</h2>"
    columns = TWICE_A_YEAR[language]
    blank = _row(*('<td class="blank"></td>' for _ in columns))
    yield _table([_row(*(f"<th>{escape(word)}</th>" for word in columns)), *[blank] * 6])
    yield "</section>"


def _wiring(burner: BurnerConfig, tested: bool, language: Language) -> str:
    parts = [
        f"{_LETTERS[relay.contact]} {relay.contact}"
        + (f", lease {format_duration(relay.held_lease.after)}" if relay.held_lease else "")
        + (f", jog {format_duration(relay.jogs_for)}" if relay.jogs_for else "")
        for relay in burner.in_series
    ]
    seen = text(language, "sheet_seen" if tested else "sheet_not_seen")
    return f"{'; '.join(parts)}, rearm_after {format_duration(burner.limits.rearm_after)}; {seen}"


def _table(rows: Iterable[str]) -> str:
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _row(*cells: str, kind: str = "") -> str:
    return f'<tr class="{kind}">{"".join(cells)}</tr>' if kind else f"<tr>{''.join(cells)}</tr>"


def _cell(words: str, kind: str = "") -> str:
    return f'<td class="{kind}">{escape(words)}</td>' if kind else f"<td>{escape(words)}</td>"
