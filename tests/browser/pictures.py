"""`make pictures`: the page as the notes show it, in files of at most 100 KB."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.chromium import DESKTOP, PHONE, chromium, device, show
from tests.browser.scenes import scene
from tests.support.processes import ROOT

FOLDER = ROOT / "firmware_notes" / "pictures"
LARGEST = 100 * 1024
PICTURES = [
    ("page-cooking", "cooking", PHONE, "en", "light"),
    ("page-cooking.zh-CN", "cooking", PHONE, "zh", "dark"),
    ("page-warning", "warning", PHONE, "en", "light"),
    ("page-warning.zh-CN", "warning", PHONE, "zh", "light"),
    ("page-failed", "failed", PHONE, "en", "light"),
    ("page-failed.zh-CN", "failed", PHONE, "zh", "dark"),
    ("page-night", "night", PHONE, "en", "dark"),
    ("page-night.zh-CN", "night", PHONE, "zh", "dark"),
    ("page-history", "cooking", PHONE, "en", "light"),
    ("page-history.zh-CN", "cooking", PHONE, "zh", "light"),
    ("page-desktop", "cooking", DESKTOP, "en", "light"),
    ("page-wall.zh-CN", "cooking", DESKTOP, "zh", "dark"),
]
"""Name, scene, size, language, colours."""


def take(
    browser: Browser, name: str, of: str, size: tuple[int, int], language: str, scheme: str
) -> None:
    kept = {"device_scale_factor": 1 if size == DESKTOP else 2, "reduced_motion": "reduce"}
    with device(browser, size, language, scheme, **kept) as context:
        page = show(context, scene(of, language), "?kiosk" if "wall" in name else "")
        if "history" in name:
            _explained(page)
        page.wait_for_timeout(300)
        _write(FOLDER / f"{name}.png", page.screenshot())


def _explained(page: Page) -> None:
    track = page.locator(".lane .track").first
    page.locator("#history").evaluate("e => scrollTo(0, e.offsetTop - 12)")
    page.locator("#usage canvas").wait_for()
    track.click(position={"x": track.bounding_box()["width"] * (12 + 38 / 60) / 24, "y": 20})


def _write(path: Path, png: bytes) -> None:
    """As it is where that is small enough, else in fewer colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (None, 256, 128, 64):
        packed = io.BytesIO()
        few = picture if colours is None else picture.quantize(colours, kmeans=3)
        few.save(packed, "PNG", optimize=True)
        if packed.tell() <= LARGEST:
            break
    path.write_bytes(packed.getvalue())
    print(f"{path.relative_to(ROOT)}  {packed.tell() / 1024:.0f} KB")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        for picture in PICTURES:
            take(browser, *picture)
