"""The plain pages at the door, looked at as the page itself is."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import DESKTOP, NARROW, PHONE, device
from tests.browser.household import Household
from tests.browser.test_attacks import NAME, PASSWORD, trapped
from tests.browser.test_looks import findings, small_targets, sticks_out

LOOKS = [
    (NARROW, "zh", "dark"),
    pytest.param(PHONE, "en", "light", marks=pytest.mark.long),
    pytest.param(DESKTOP, "en", "dark", marks=pytest.mark.long),
]


@pytest.fixture(scope="module")
def home(household: Household) -> str:
    return f"http://{NAME}:{household.port}/"


def sound(page: Page) -> None:
    """Accessible, inside the screen, large enough for a thumb."""
    assert findings(page) == []
    assert sticks_out(page) <= 0
    assert small_targets(page) == []


@pytest.mark.parametrize(("size", "language", "scheme"), LOOKS)
def test_the_plain_pages_are_accessible(household: Household, home: str, size, language, scheme):
    with device(household.browser, size, language, scheme) as context:
        page = context.new_page()
        if "Setup code" in household.kitchen.local("web-code", "--reset").out:
            page.goto(f"{home}setup")
            sound(page)
            page.fill("#code", "AAAAA-AAAAA")
            page.fill("#password", "short")
            page.keyboard.press("Enter")
            page.wait_for_selector("[role=alert]")
            sound(page)
        code = re.search(r"Setup code: (\S+)", household.kitchen.local("web-code").out)
        assert code
        page.goto(f"{home}setup")
        # By keyboard alone.
        page.keyboard.press("Tab")
        page.keyboard.type(code[1])
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-link=live]")
        page.goto(f"{home}login")
        sound(page)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("#password")
        sound(page)


def test_a_page_that_refuses_is_accessible(household: Household):
    # Under a name that is not ours it has no style, and axe-core tries one of its own.
    with trapped(household, f"http://evil.example:{household.port}/") as page:
        assert findings(page) == []
        assert sticks_out(page) <= 0
        page.goto(f"http://localhost:{household.port}/login")
        # What a form of another kind would get.
        page.evaluate("for (const form of document.forms) form.enctype = 'text/plain'")
        page.locator(".off button").press("Enter")
        page.wait_for_url("**/api/**")
        sound(page)
