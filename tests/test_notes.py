"""The notes hold together: links lead somewhere, both languages draw the same."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gasguard import starts
from gasguard.cli.setup.system import WATCHDOG
from gasguard.cli.setup.writing import FOLDER
from gasguard.config import environment
from gasguard.config.load import CONTROL_SOCKET
from gasguard.guard import store
from gasguard.interfaces.home_assistant import traces
from gasguard.interfaces.messages import shelf

ROOT = Path(__file__).parent.parent
NOTES = sorted((*ROOT.glob("*.md"), *(ROOT / "firmware_notes").glob("*.md")))
DRAWINGS = sorted((ROOT / "firmware_notes" / "pictures").glob("*.svg"))
ENGLISH = [path for path in DRAWINGS if not path.name.endswith(".zh-CN.svg")]
_LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")


def links(path: Path) -> Iterator[str]:
    for found in _LINK.finditer(path.read_text()):
        link = found[1] or found[2]
        if not link.startswith(("http:", "https:", "mailto:")):
            yield link


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("note", NOTES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(note: Path):
    for link in links(note):
        place, _, anchor = link.partition("#")
        there = note.parent / place if place else note
        assert there.exists(), f"{note.name}: {link}"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{note.name}: {link}"


@pytest.mark.parametrize("note", ["upkeep.md", "upkeep.zh-CN.md"])
def test_the_table_of_places_has_every_file_that_gasguard_keeps(note: str):
    text = (ROOT / "firmware_notes" / note).read_text()
    names = (
        store.FILE_NAME,
        starts.FILE_NAME,
        shelf.FILE_NAME,
        traces.FILE_NAME,
        environment.FILE_NAME,
    )
    for name in (*names, FOLDER, CONTROL_SOCKET, "web", WATCHDOG.name):
        assert re.search(rf"^\| `/\S*{re.escape(name)}/?`", text, re.M), name


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.name)
def test_a_drawing_stands_in_a_note_of_its_language(drawing: Path):
    ours = [note for note in NOTES if (".zh-CN" in note.name) == (".zh-CN" in drawing.name)]
    assert any(f"pictures/{drawing.name}" in note.read_text() for note in ours)


@pytest.mark.parametrize("drawing", ENGLISH, ids=lambda path: path.name)
def test_both_languages_draw_the_same(drawing: Path):
    def lines(path: Path) -> list[tuple[str, dict[str, str]]]:
        return [(part.tag, part.attrib) for part in ElementTree.parse(path).iter()]

    chinese = drawing.with_suffix(".zh-CN.svg")
    assert lines(drawing) == lines(chinese)
    assert re.search("[一-鿿]", chinese.read_text())


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.name)
def test_a_drawing_is_a_drawing_and_nothing_else(drawing: Path):
    """It needs nothing from elsewhere, and has a background of its own in light and in dark."""
    text = drawing.read_text()
    assert text.count("http") == 1  # the name of what SVG is
    assert not re.search(r"<script|<image|<foreignObject|\bon\w+=|url\(", text)
    assert 'class="back"' in text and "prefers-color-scheme: dark" in text
    assert "<title" in text
