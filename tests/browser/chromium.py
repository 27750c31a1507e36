"""Debian's Chromium, and the page in it."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from gasguard.interfaces.web.app import PAGE
from tests.browser.scenes import Scene

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
    "--host-resolver-rules=MAP gasguard.local 127.0.0.1, MAP evil.example 127.0.0.1",
]
PHONE, DESKTOP, NARROW = (390, 844), (1280, 800), (320, 640)
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
NOWHERE = "http://localhost:9/"
"""Where a page is that no server has: all it asks for is answered here."""
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}


# A browser shares two cores with four daemons here, or more.
expect.set_options(timeout=10_000)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no Chromium: sudo apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def device(
    browser: Browser,
    size: tuple[int, int] = PHONE,
    language: str = "en",
    scheme: Any = "light",
    **more: Any,
) -> Iterator[BrowserContext]:
    """A phone or a desktop of its own, which fails the test where the page throws anything, or
    does what its policy forbids."""
    viewport: Any = {"width": size[0], "height": size[1]}
    context = browser.new_context(
        viewport=viewport, locale=LOCALES[language], color_scheme=scheme, **more
    )
    context.set_default_timeout(15_000)
    thrown: list[str] = []
    context.on("weberror", lambda error: thrown.append(str(error.error)))
    context.on("console", lambda said: thrown.append(said.text) if _own(said.text) else None)
    yield context
    context.close()
    assert not thrown, "\n".join(thrown)


def _own(said: str) -> bool:
    """Whether the page does what its policy forbids, not others with the page."""
    return "Content Security Policy" in said and "frame-ancestors" not in said


def show(context: BrowserContext, scene: Scene, path: str = "") -> Page:
    """The page, told `scene` by what stands in for the server."""
    page = context.new_page()
    page.route("**/*", lambda route: _answer(route, scene))
    page.goto(NOWHERE + path)
    page.wait_for_selector("[data-link=live]")
    return page


def serve_files(page: Page) -> None:
    """Answer for the page's own files alone."""
    nothing = Scene({"burners": {}})
    page.route(lambda url: "/api/" not in url, lambda route: _answer(route, nothing))


def _answer(route: Route, scene: Scene) -> None:
    path = route.request.url.removeprefix(NOWHERE).partition("?")[0]
    if path == "api/events":
        # It ends here, and the page connects again: that is as good as a stream.
        told = [("state", scene.document), *(("event", event) for event in scene.events)]
        body = "".join(f"event: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in told)
        route.fulfill(body=body, content_type="text/event-stream")
    elif path in ("api/state", "api/history"):
        data = scene.document if path == "api/state" else scene.history
        route.fulfill(json=data)
    else:
        _file(route, PAGE / (path.removeprefix("static/") or "index.html"))


def _file(route: Route, path: Path) -> None:
    if path.is_file():
        headers = {"Content-Type": _TYPES[path.suffix], "Content-Security-Policy": POLICY}
        route.fulfill(body=path.read_bytes(), headers=headers)
    else:
        route.fulfill(status=404, json={"code": "not_found", "message": "no such page"})
