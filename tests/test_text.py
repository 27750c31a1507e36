"""Text from outside, made fit to be stored, published and printed."""

import pytest

from gasguard.text import clean


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("stove 燃气灶 \U0001f525", "stove 燃气灶 \U0001f525"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        (
            {"\ud800": ["\udfff", {"x": 1.5}, None, True]},
            {"\ufffd": ["\ufffd", {"x": 1.5}, None, True]},
        ),
        (7, 7),
    ],
)
def test_halves_of_characters_are_replaced_and_nothing_else(given, whole):
    assert clean(given) == whole
