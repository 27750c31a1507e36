"""What browsers load: small, whole, in both languages, and nothing that makes markup of a text."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gasguard.core.messages import Kind
from gasguard.core.model import Lock, Reason, Source
from gasguard.interfaces.home_assistant.words import WORDS
from gasguard.interfaces.web.app import PAGE

LARGEST = 150 * 1024
"""Bytes that a visit to all of the page costs at most, uncompressed."""
OWN = sorted(PAGE.glob("*.js"))


def source(name: str) -> str:
    return (PAGE / name).read_text()


def test_a_visit_costs_at_most_150_kb():
    rarely = {"words-zh.js", "login.css", "sw.js", "icon-192.png"}
    loaded = [one for one in (*PAGE.iterdir(), *PAGE.glob("vendor/*.js")) if one.is_file()]
    sizes = {one.name: one.stat().st_size for one in loaded if one.name not in rarely}
    assert sum(sizes.values()) <= LARGEST, sizes


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_text_can_become_markup_or_code(path):
    said = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text(), flags=re.M)
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "createContextualFragment",
        "DOMParser",
        "setHTML",
        "srcdoc",
        "eval(",
        "Function(",
        "javascript:",
    ):
        assert way not in said, f"{path.name} has {way}"
    assert not re.search(r"set(Timeout|Interval)\(\s*[\"'`]", said)


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_inline():
    class Look(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            assert "style" not in given and tag != "style", tag
            assert not [name for name in given if name.startswith("on")], tag
            assert tag != "script" or "src" in given
            for name in ("src", "href", "action"):
                told = given.get(name) or ""
                assert not re.match(r"(?:[a-z]+:|//)", told), told

    Look().feed(source("index.html"))
    for path in (*PAGE.glob("*.css"), *OWN):
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import", text), path.name
        assert path.suffix != ".css" or "url(" not in text


def test_all_that_is_named_is_there():
    index = source("index.html")
    named = re.findall(r'"static/([^"]+)"', index + source("history.js"))
    modules = {name for path in OWN for name in re.findall(r'"\./([\w-]+\.js)"', path.read_text())}
    for name in (*named, *modules):
        assert (PAGE / name).is_file(), name
    icons = {one for path in OWN for one in re.findall(r'icon\("(\w+)"\)', path.read_text())}
    assert {f'id="i-{one}"' for one in icons} <= set(re.findall(r'id="i-\w+"', index))


def test_the_manifest_is_one():
    manifest = json.loads(source("manifest.json"))
    assert manifest["display"] == "standalone"
    assert all((PAGE / one["src"]).is_file() for one in manifest["icons"])


def keys(text: str) -> list[str]:
    """Of an object in the page's own manner: a key a line, two or four blanks before it."""
    return re.findall(r"^(?:  |    )(\w+):", text, re.M)


def table(text: str, name: str) -> set[str]:
    found = re.search(rf"^  {name}: {{$(.*?)^  }},$", text, re.M | re.S)
    assert found, name
    return set(re.findall(r"^    (\w+):", found[1], re.M))


def test_both_languages_say_the_same():
    assert keys(source("words-en.js")) == keys(source("words-zh.js"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_of_the_daemon_has_a_text(language):
    text = source(f"words-{language}.js")
    assert table(text, "reasons") >= {one.value for one in Reason}
    assert table(text, "locksBy") >= {one.value for one in Lock}
    assert table(text, "sources") >= {one.value for one in Source}
    codes = {one for one in WORDS["en"].answers if one not in ("accepted", "confirmed")}
    shutoffs = {"not_confirmed", "flame_burns_on"}
    not_asked_for_here = {"retained", "label_taken", "too_many", "clock_unset"}
    assert table(text, "answers") >= codes - shutoffs - not_asked_for_here


def test_events_that_the_page_knows_are_events():
    known = {one.value for one in Kind}
    for name in ("main.js", "history.js"):
        cases = set(re.findall(r'case "(\w+)":', source(name)))
        assert cases <= known, cases - known


def test_vendored_code_has_its_licence():
    for path in PAGE.glob("vendor/*.js"):
        library = path.name.partition("-")[0]
        assert (Path(path.parent) / f"{library}-LICENSE.txt").is_file()


def test_pictures_in_the_notes_are_small_and_those_that_are_shown_are_there():
    root = Path(__file__).resolve().parents[3]
    pictures = list((root / "firmware_notes" / "pictures").glob("*.png"))
    assert pictures and all(one.stat().st_size <= 100 * 1024 for one in pictures)
    for readme in ("README.md", "README.zh-CN.md"):
        shown = re.findall(r'<img src="([^"]+)" alt="[^"]+"', (root / readme).read_text())
        assert len(shown) == 2 and all((root / one).is_file() for one in shown)
