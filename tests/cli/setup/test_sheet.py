"""The commissioning sheet, and the words in both languages."""

import datetime
import re
import string
from pathlib import Path

import pytest

from gasguard.cli.setup.comments import comments_of
from gasguard.cli.setup.sheet import MARK, sheet, write_sheet
from gasguard.cli.setup.sheet_words import ROWS, TWICE_A_YEAR
from gasguard.cli.setup.words_en import ENGLISH
from gasguard.cli.setup.words_zh import CHINESE
from gasguard.config.load import parse_config
from gasguard.drivers.base import Finding
from tests.support.notes import NOTES

TOKEN = "00112233445566778899aabbccddeeff"
PAGES = {"en": NOTES / "commissioning.md", "zh": NOTES / "commissioning.zh-CN.md"}


def tables(page: Path) -> list[list[list[str]]]:
    """Each table of a page: its rows, cell by cell, without marks."""
    found: list[list[list[str]]] = [[]]
    for line in page.read_text().splitlines():
        if line.startswith("|"):
            found[-1].append([one.strip().replace("`", "") for one in line.strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_its_rows_are_those_of_the_notes(language):
    _, record, twice = tables(PAGES[language])
    assert [(what, limit) for what, limit, *_ in record[2:]] == [
        (what, limit) for _, what, limit in ROWS[language]
    ]
    assert twice[0] == list(TWICE_A_YEAR[language])


def test_both_languages_have_the_same_words_with_the_same_values():
    assert list(ENGLISH) == list(CHINESE)
    for key, words in ENGLISH.items():
        fields = {name for _, name, _, _ in string.Formatter().parse(words) if name}
        assert fields == {n for _, n, _, _ in string.Formatter().parse(CHINESE[key]) if n}, key
    assert list(comments_of("en")) == list(comments_of("zh"))


def config(**left):
    relay = {"driver": "miot", "host": "10.0.0.1", "token": TOKEN, "contact": "normally_open"}
    burners = {"left": {"relay": relay, **left}, "left2": {"relay": {**relay, "host": "10.0.0.2"}}}
    return parse_config({"burners": burners}, Path("."))


FINDINGS = [
    Finding("relay left", "ok", "first <one>"),
    Finding("relay left power-on", "warn", "its model"),
    Finding("relay left wire", "ok", "milliseconds"),
    Finding("relay left2", "fail", "second one"),
]


def test_each_burner_has_its_own_relay_and_everything_is_escaped():
    now = datetime.datetime(2026, 11, 27, 12, 0)
    page = sheet(config(name="<b>Left</b>"), FINDINGS, {"left": True}, "en", now)
    first, second = page.split("<section>")[1:]
    assert "&lt;b&gt;Left&lt;/b&gt; (left)" in first
    assert "first &lt;one&gt;; its model" in first
    assert "second one" not in first
    assert "seen by click and flame" in first
    assert "second one" in second
    assert "not seen yet" in second
    assert TOKEN not in page
    tags = re.findall(r"<(/?)(\w+)[^>]*>", page.replace("<!doctype html>", "").replace(MARK, ""))
    for name in {name for _, name in tags} - {"meta"}:
        opened = sum(1 for close, one in tags if one == name and not close)
        assert opened == sum(1 for close, one in tags if one == name and close), name


def test_it_replaces_its_own_page_and_nobody_elses(tmp_path):
    path = tmp_path / "commissioning.html"
    assert write_sheet(path, f"<!doctype html>\n{MARK}one") == path
    assert write_sheet(path, f"<!doctype html>\n{MARK}two") == path
    assert "two" in path.read_text()
    path.write_text("mine")
    assert write_sheet(path, f"<!doctype html>\n{MARK}three").name == "commissioning-2.html"
    assert path.read_text() == "mine"
