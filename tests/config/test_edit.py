"""Values changed in a configuration's text: what was asked for changes, and nothing else does."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gasguard.config.edit import (
    CannotEditError,
    FromFile,
    Inline,
    rendered,
    with_value,
    without,
)
from gasguard.config.yaml_file import read_text

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def data(text: str) -> dict[str, Any]:
    return read_text(text, Path("config.yaml")).data


def put(text: str, place: str, value: Any) -> str:
    return with_value(text, tuple(place.split(".")), value, {})


@pytest.mark.parametrize(
    ("before", "place", "value", "after"),
    [
        ("a: 1\n", "a", "2", "a: 2\n"),
        ("a: 1   # one\nb: 2\n", "a", "2", "a: 2   # one\nb: 2\n"),
        ("a: 1", "b", "2", "a: 1\n\nb: 2\n"),
        ("a: 'x y'  # q\n", "a", "z", "a: z  # q\n"),
        ("a:\nb: 1\n", "a", "2", "a: 2\nb: 1\n"),
        ("a: ~\n", "a", "2", "a: 2\n"),
        ("a: # nothing yet\nb: 1\n", "a", "2", "a: 2 # nothing yet\nb: 1\n"),
        ("a: |\n  long\n  text\nb: 1\n", "a", "2", "a: 2\nb: 1\n"),
        ("a: >-\n  long\n\n# end\nb: 1\n", "a", "2", "a: 2\n# end\nb: 1\n"),
        ('"a": 1\n', "a", "2", '"a": 2\n'),
        ("a : 1\n", "a", "2", "a : 2\n"),
        ("a: !env X\n", "a", FromFile("!file", "x y"), 'a: !file "x y"\n'),
        ("a: {b: 1}\n", "a.b", "2", "a: {b: 2}\n"),
        ("a: {b: 1}\n", "a.c", "2", "a: {b: 1, c: 2}\n"),
        ("a: {}\n", "a.c", "2", "a: {c: 2}\n"),
        ("a: {b: 1,}\n", "a.c", "2", "a: {b: 1, c: 2}\n"),
        ("a: {b: 1,\n    d: 2}  # two\n", "a.d", "3", "a: {b: 1,\n    d: 3}  # two\n"),
        ("{a: 1}\n", "b", "2", "{a: 1, b: 2}\n"),
        ("a:\n  b: 1\n\n  # of a\nc: 1\n", "a.d", "2", "a:\n  b: 1\n  d: 2\n\n  # of a\nc: 1\n"),
        ("a:\n    b: 1\n", "a.c.d", "2", "a:\n    b: 1\n    c:\n      d: 2\n"),
        ("a:\n  - x\n  - y\nb: 1\n", "a", ["z"], "a: [z]\nb: 1\n"),
        ("a: [x, y]  # two\n", "a", "z", "a: z  # two\n"),
        ("a: text\n", "a.b", "1", "a:\n  b: 1\n"),
        ("# c\n", "a.b", "1", "# c\n\na:\n  b: 1\n"),
        ("", "a", Inline(x=1, y="b"), "a: {x: 1, y: b}\n"),
        ("---\na: 1\n...\n", "b", "2", "---\na: 1\n\nb: 2\n...\n"),
        ("a: 1\r\nb: 2\r\n", "a", "3", "a: 3\r\nb: 2\r\n"),
        ("灶: {名: 左}\n", "灶.名", "右", "灶: {名: 右}\n"),
    ],
)
def test_one_value_changes_in_place(before, place, value, after):
    assert put(before, place, value) == after


@pytest.mark.parametrize(
    ("before", "place", "after"),
    [
        ("a: 1\nb: 2  # two\nc: 3\n", "b", "a: 1\nc: 3\n"),
        ("a:\n  b:\n    c: 1\n    d: 2\n  # of a\n  e: 3\n", "a.b", "a:\n  # of a\n  e: 3\n"),
        ("a: {b: 1, c: 2}\n", "a.b", "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", "a.c", "a: {b: 1}\n"),
        ("a: {b: 1}\n", "a.b", "a: {}\n"),
        ("a: 1\n", "b.c", "a: 1\n"),
        ("a: |\n  x\nb: 1\n", "a", "b: 1\n"),
        ("a: 1\nb: 2", "b", "a: 1\n"),
    ],
)
def test_one_key_goes(before, place, after):
    assert without(before, tuple(place.split("."))) == after


def test_what_an_alias_shares_is_not_changed():
    text = "a: &x {b: 1}\nc: *x\nd: *x\n"
    with pytest.raises(CannotEditError, match=r"c is an alias"):
        put(text, "c.b", "2")
    with pytest.raises(CannotEditError, match=r"c is an alias"):
        put(text, "c", "2")
    merged = put("a: &x {b: 1}\nc:\n  <<: *x\n  e: 1\n", "c.b", "2")
    assert data(merged) == {"a": {"b": "1"}, "c": {"b": "2", "e": "1"}}


def test_new_keys_get_their_comment_and_old_ones_keep_theirs():
    comments = {("burners", "*", "name"): "what people see", ("web",): "The page."}
    text = "burners:\n  left: {x: 1}\n  right:\n    x: 1   # mine\n"
    text = with_value(text, ("burners", "right", "name"), "R", comments)
    text = with_value(text, ("web",), {"port": 1}, comments)
    assert "name: R" in text
    assert "# what people see" in text
    assert "x: 1   # mine" in text
    assert text.endswith("# The page.\nweb:\n  port: 1\n")


WORDS = st.text(min_size=1, max_size=20).filter(
    lambda word: word.isprintable() and not any("\ud800" <= one <= "\udfff" for one in word)
)
LEAVES = WORDS | st.integers(0, 99999).map(str) | st.sampled_from(["~", "null", "yes", "1e3", "#"])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(WORDS, LEAVES | st.dictionaries(WORDS, LEAVES, min_size=1), min_size=1))
def test_whatever_is_rendered_reads_as_it_was(value):
    assert data(rendered(value, {})) == value


def _places(value: Any, place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [place]
    return [one for key, inner in value.items() for one in _places(inner, (*place, key))]


PLACES = _places(data(EXAMPLE.read_text()))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(PLACES), LEAVES)
def test_in_the_example_one_value_changes_and_no_line_is_lost(place, value):
    before = EXAMPLE.read_text()
    after = with_value(before, place, value, {})
    wanted = data(before)
    inner = wanted
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert data(after) == wanted
    assert before.count("#") <= after.count("#")
    assert len(before.splitlines()) == len(after.splitlines())


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.sampled_from(PLACES))
def test_in_the_example_one_key_goes_and_comes_back(place):
    before = EXAMPLE.read_text()
    wanted = data(before)
    gone = without(before, place)
    value: Any = wanted
    for key in place:
        value = value[key]
    assert data(with_value(gone, place, value, {})) == wanted
