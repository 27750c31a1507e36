"""The drawings of the notes as browsers show them: all can be read, in light and in dark."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import DESKTOP, device
from tests.test_notes import DRAWINGS

_PARTS = """() => {
    const edges = (b) => [b.x, b.y, b.x + b.width, b.y + b.height];
    const box = (one) => edges(one.getBBox());
    const fill = (one) => getComputedStyle(one).fill.match(/[0-9]+/g).slice(0, 3).map(Number);
    const all = (what) => [...document.querySelectorAll(what)];
    return {
        view: document.documentElement.getAttribute("viewBox").split(" ").map(Number),
        texts: all("text").map((one) => ({said: one.textContent, box: box(one), ink: fill(one)})),
        papers: all(".back, .box, .stove, .board").map((one) => ({box: box(one), ink: fill(one)})),
    };
}"""
_LEAST_CONTRAST = 4.5
"""WCAG 2.1, 1.4.3."""


def luminance(colour: list[int]) -> float:
    parts = [one / 255 for one in colour]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: list[int], other: list[int]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def overlap(one: list[float], other: list[float]) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    # A line's box has room above and below its letters.
    return across > 1 and down > 6


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.name)
def test_every_word_can_be_read(browser: Browser, drawing: Path, scheme: str):
    with device(browser, DESKTOP, scheme=scheme) as context:
        page = context.new_page()
        page.goto(drawing.as_uri())
        parts: dict[str, Any] = page.evaluate(_PARTS)
    _, _, width, height = parts["view"]
    for number, text in enumerate(parts["texts"]):
        left, top, right, bottom = text["box"]
        assert left >= 8 and top >= 8 and right <= width - 8 and bottom <= height - 4, text
        for other in parts["texts"][:number]:
            assert not overlap(text["box"], other["box"]), (text, other)
        paper = [one for one in parts["papers"] if overlap(one["box"], text["box"])][-1]
        assert contrast(text["ink"], paper["ink"]) >= _LEAST_CONTRAST, text
        # All of it on one paper: it does not run over an edge.
        inner = paper["box"]
        assert inner[0] <= left and right <= inner[2], text
