"""What other sites' pages get in a real browser, and what a phone of the family gets."""

import contextlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import device
from tests.browser.household import Household

EVIL = "evil.example"
"""A name that leads to this machine, as in DNS rebinding (`FLAGS`)."""
NAME = "gasguard.local"
"""One of ours, that is not loopback's: whoever uses it needs a login."""
PASSWORD = "browser test 7"


class _Evil(BaseHTTPRequestHandler):
    """Serves any page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>kittens</title><iframe name=here></iframe>")

    def log_message(self, *_args: object) -> None:
        pass


class _Site(ThreadingHTTPServer):
    daemon_threads = True
    """A browser opens connections that it may need, and says nothing on them for a minute."""


@pytest.fixture(scope="module")
def evil() -> Iterator[str]:
    """Where another site's page is."""
    server = _Site(("127.0.0.1", 0), _Evil)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{EVIL}:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def untouched(household: Household) -> Iterator[None]:
    """Whatever is tried: nothing is shut off, and no timer set."""
    before = _trips(household)
    yield
    assert _trips(household) == before, list(household.kitchen.talk({"command": "history"}))
    assert household.state()["timer"] is None


def _trips(household: Household) -> int:
    lines = list(household.kitchen.talk({"command": "history"}))
    return sum(line["event"]["type"] in ("trip", "locked") for line in lines)


@contextlib.contextmanager
def visiting(household: Household, url: str) -> Iterator[Page]:
    with device(household.browser) as context:
        page = context.new_page()
        page.goto(url)
        yield page


@contextlib.contextmanager
def trapped(household: Household, url: str) -> Iterator[Page]:
    """Somebody of the family on another site's page, which does what policies forbid."""
    context = household.browser.new_context()
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


@pytest.mark.parametrize("path", ["api/off", "api/burners/left/timer"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_another_sites_form_is_refused(household: Household, evil: str, path: str, kind: str):
    target = f"http://localhost:{household.port}/{path}"
    with (
        trapped(household, evil) as page,
        page.expect_response(lambda answer: answer.url == target) as answer,
    ):
        page.evaluate(
            """([target, kind]) => {
                const form = Object.assign(document.createElement("form"),
                    {method: "post", action: target, enctype: kind, target: "here"});
                form.append(Object.assign(document.createElement("input"),
                    {name: "duration", value: "8m"}));
                document.body.append(form);
                form.submit();
            }""",
            [target, kind],
        )
    assert answer.value.status == 403


def test_another_sites_scripts_act_on_nothing_and_read_nothing(household: Household, evil: str):
    with trapped(household, evil) as page:
        read = page.evaluate(
            """async (home) => {
                const read = [];
                const ask = async (path, options) => {
                    try {
                        const answer = await fetch(home + path, options);
                        read.push(await answer.text());
                    } catch { read.push("refused"); }
                };
                const form = new URLSearchParams({duration: "8m"});
                await ask("api/state", {});
                await ask("api/state", {mode: "no-cors", credentials: "include"});
                await ask("api/off", {method: "POST", mode: "no-cors", body: form});
                await ask("api/off", {method: "POST", mode: "no-cors"});
                await ask("api/burners/left/timer", {method: "POST", mode: "no-cors", body: form});
                await ask("api/burners/left/timer", {method: "POST", body: "{}",
                    headers: {"content-type": "application/json"}});
                navigator.sendBeacon(home + "api/off", form);
                for (const path of ["api/off", "api/state", "static/icon.svg"])
                    await new Promise((done) => {
                        const image = new Image();
                        image.onload = () => { read.push("an image"); done(); };
                        image.onerror = done;
                        image.src = home + path;
                    });
                await new Promise((done) => {
                    const source = new EventSource(home + "api/events");
                    source.onerror = done;
                    source.addEventListener("state", () => { read.push("a stream"); done(); });
                });
                return read;
            }""",
            f"http://localhost:{household.port}/",
        )
        assert set(read) <= {"refused", ""}


def test_the_page_is_shown_in_no_frame(household: Household, evil: str):
    with trapped(household, evil) as page:
        page.evaluate(
            "(home) => { document.querySelector('iframe').src = home; }",
            f"http://localhost:{household.port}/",
        )
        page.wait_for_timeout(500)
        (frame,) = [frame for frame in page.frames if frame != page.main_frame]
        assert not frame.url.startswith("http://localhost")


def test_a_name_that_was_bound_to_this_machine_reaches_nothing(household: Household):
    with device(household.browser) as context:
        page = context.new_page()
        answer = page.goto(f"http://{EVIL}:{household.port}/")
        assert answer is not None
        assert answer.status == 421
        expect(page.locator("body")).to_contain_text("does not answer to this name")
        statuses = page.evaluate(
            """async () => {
                const told = [];
                for (const [method, path] of [["GET", "/api/state"], ["POST", "/api/off"]])
                    told.push((await fetch(path, {method})).status);
                return told;
            }"""
        )
        assert statuses == [421, 421]


def test_a_phone_chooses_the_password_logs_in_and_sees_the_kitchen(household: Household):
    """With the policies that keep others out, our own forms and streams still work."""
    said = household.kitchen.local("web-code").out
    code = re.search(r"Setup code: (\S+)", said)
    assert code, said
    home = f"http://{NAME}:{household.port}/"
    with visiting(household, home) as phone:
        phone.get_by_role("link", name="Sign in").click()
        phone.fill("#code", code[1])
        phone.fill("#password", PASSWORD)
        phone.click("form[action='/api/setup'] button")
        expect(phone.locator("body")).to_have_attribute("data-link", "live")
        phone.goto(f"{home}login")
        phone.click("form[action='/api/logout'] button")
        phone.goto(home)
        expect(phone.get_by_role("link", name="Sign in")).to_be_visible()
    with visiting(household, f"{home}login") as other:
        other.fill("#password", "not this one")
        other.click("form[action='/api/login'] button")
        expect(other.get_by_role("alert")).to_have_text("This is not the password.")
        other.fill("#password", PASSWORD)
        other.click("form[action='/api/login'] button")
        expect(other.locator("body")).to_have_attribute("data-link", "live")
        (cookie,) = other.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert other.evaluate("document.cookie") == ""
