"""The page in every main state: accessible, inside its screen, in both languages and schemes."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, NARROW, NOWHERE, PHONE, device, serve_files, show
from tests.browser.household import card
from tests.browser.scenes import NASTY, SCENES, Scene, burner, document, nasty, scene
from tests.support.processes import ROOT

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()
KEPT = ROOT / "build" / "page"
"""Where whoever runs the tests finds what they have seen."""
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(PHONE, "en", "light"), (DESKTOP, "zh", "dark")]

WORDS = {
    "cooking": ("Burning", "燃烧中"),
    "idle": ("Not burning", "未燃烧"),
    "warning": ("Burning", "燃烧中"),
    "shutting": ("Shut off", "已关火"),
    "failed": ("NOT OFF", "没有关掉"),
    "unread": ("Not known", "未知"),
    "night": ("Locked", "已锁定"),
    "gas": ("Locked", "已锁定"),
}
"""What is said of the left burner."""


def findings(page: Page) -> list[str]:
    """What axe-core has to say against it."""
    page.evaluate(AXE)
    told: dict[str, Any] = page.evaluate(
        "levels => axe.run({runOnly: {type: 'tag', values: levels}})", LEVELS
    )
    return [
        f"{one['id']}: {one['help']}: {json.dumps([node['html'] for node in one['nodes']])[:400]}"
        for one in told["violations"]
    ]


def sticks_out(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def small_targets(page: Page) -> list[str]:
    """Buttons and links that a thumb misses: less than 44 pixels high or wide."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, a, summary")]
            .filter((one) => one.checkVisibility())
            .map((one) => [one, one.getBoundingClientRect()])
            .filter(([, box]) => box.height < 43.9 || box.width < 43.9)
            .map(([one, box]) => `${one.textContent} ${box.width}x${box.height}`)"""
    )


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(("size", "language", "scheme"), LOOKS)
def test_every_state_is_accessible_and_says_what_it_is(browser, name, size, language, scheme):
    with device(browser, size, language, scheme, reduced_motion="reduce") as context:
        page = show(context, scene(name, language))
        expect(card(page).locator(".chip")).to_have_text(WORDS[name][language == "zh"])
        expect(page.locator("#history")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == (
            "zh-CN" if language == "zh" else "en"
        )
        assert findings(page) == []
        assert sticks_out(page) <= 0
        assert small_targets(page) == []
        KEPT.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=KEPT / f"{name}-{size[0]}-{language}-{scheme}.png")


def test_each_mood_has_a_shape_and_a_colour_of_its_own(browser):
    seen: dict[str, tuple[str, str]] = {}
    with device(browser) as context:
        for name in ("cooking", "idle", "shutting", "failed", "unread", "night"):
            page = show(context, scene(name, "en"))
            for one in page.locator(".burner").all():
                mood = one.get_attribute("data-mood")
                shape = one.locator(".chip use").get_attribute("href")
                seen[mood] = shape, one.locator(".chip").evaluate("e => getComputedStyle(e).color")
            page.close()
    assert {"lit", "out", "blind", "tripping", "off", "failed", "unknown", "locked"} <= set(seen)
    # A question mark is for whatever is not known, and for nothing else.
    asks = {mood for mood, (shape, _) in seen.items() if shape == "#i-question"}
    assert asks == {"blind", "silent", "unknown"} & set(seen)
    told = [one for mood, one in seen.items() if mood not in asks]
    assert len(set(told)) == len(told), seen


@pytest.mark.parametrize("skipped", [False, True])
def test_a_schedule_that_is_coming_is_skipped_and_not_extended(browser, skipped):
    told = scene("warning", "en")
    told.events[0] |= {"reason": "schedule", "schedule": "night"}
    about = {"burner": "left", "at": told.events[0]["at"]}
    # A timer's changes put it off no more than a timer does.
    told.events += [{**about, "type": "timer_extended", "extended_s": 300}]
    told.events += [{**about, "type": "schedule_skipped", "schedule": "night"}] * skipped
    with device(browser) as context:
        page = show(context, told)
        note = card(page).locator(".note")
        skip = card(page).get_by_role("button", name="Skip “night” this time")
        if skipped:
            expect(note).to_be_hidden()
            expect(skip).to_have_count(0)
        else:
            expect(note).to_contain_text("Shuts off in")
            expect(skip).to_be_visible()
        expect(card(page).get_by_role("button", name="+5 min")).to_have_count(0)


def test_an_alarm_in_the_kitchen_says_at_the_top_what_to_do(browser):
    told = scene("gas", "en")
    with device(browser) as context:
        page = show(context, told)
        top = page.locator("#alarm")
        expect(top.get_by_role("heading")).to_have_text("Gas alarm")
        expect(top).to_contain_text("call the gas emergency number from outside")
        expect(page.locator("#urgent")).to_contain_text("Gas alarm. No switch, no flame")
        expect(top.get_by_role("button")).to_have_count(0)
        told.document["sensors"]["kitchen_gas"]["says"] = "clear"
        expect(top).to_be_hidden()


def test_a_sensor_of_which_nothing_is_known_looks_neither_well_nor_broken(browser):
    told = scene("idle", "en")
    told.document["sensors"]["kitchen_gas"].update(says="unknown", heard_s=None)
    with device(browser) as context:
        page = show(context, told)
        row = page.locator("#condition .row", has_text="kitchen_gas")
        expect(row).to_contain_text("not known · not heard yet")
        expect(row.locator("use")).to_have_attribute("href", "#i-question")
        seen = page.locator("#condition .row", has_text="kitchen_pir").locator("use")
        expect(seen).to_have_attribute("href", "#i-check")


def test_the_first_screen_of_a_phone_has_all_that_matters(browser):
    with device(browser) as context:
        page = show(context, scene("cooking", "en"))
        everything = [
            *page.locator(".burner .chip, .burner .dial, .burner button").all(),
            page.locator("#off-all"),
        ]
        for one in everything:
            box = one.bounding_box()
            assert box is not None and box["y"] >= 0, one.inner_text()
            assert box["y"] + box["height"] <= 844, one.inner_text()
        off = page.locator("#off-all").bounding_box()
        assert off["y"] > 844 * 0.8 and off["width"] > 350 and off["height"] >= 72
        # Two metres: figures of 45 pixels are 8 mm on a phone.
        digits = card(page).locator(".digits b")
        assert float(digits.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 60


@pytest.mark.parametrize("size", [NARROW, PHONE])
def test_letters_of_twice_the_size_stay_on_the_screen(browser, size):
    with device(browser, size) as context:
        page = show(context, scene("unread", "en"))
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert sticks_out(page) <= 0
        cut = page.evaluate(
            """() => [...document.querySelectorAll("button, p, h2, h3")]
                .filter((one) => one.checkVisibility() && !one.matches(".spoken"))
                .filter((one) => one.scrollWidth > one.clientWidth + 1)
                .map((one) => one.textContent)"""
        )
        assert cut == []


@pytest.mark.parametrize(("setting", "locale", "said"), [("zh", "en", "关火"), ("en", "zh", "OFF")])
def test_the_household_may_fix_the_language(browser, setting, locale, said):
    with device(browser, language=locale) as context:
        context.add_init_script(
            f"new MutationObserver(() => document.documentElement && "
            f"(document.documentElement.dataset.language = '{setting}'))"
            f".observe(document, {{childList: true}})"
        )
        page = show(context, scene("idle", locale))
        expect(page.locator("#off-word")).to_have_text(said)


def test_the_language_can_be_changed_on_the_page(browser):
    with device(browser) as context:
        page = show(context, scene("idle", "en"))
        page.get_by_role("button", name="中文").click()
        expect(page.locator("#off-word")).to_have_text("关火")
        page.reload()
        expect(page.locator("#off-word")).to_have_text("关火")


def test_texts_from_outside_are_texts_whatever_they_hold(browser):
    with device(browser) as context:
        page = show(context, nasty("", "", ""))
        expect(card(page).locator("h2")).to_have_text(NASTY)
        expect(page.locator("#condition")).to_contain_text(NASTY)
        expect(page.locator("#locks")).to_contain_text(NASTY)
        page.locator(".happened button").first.click()
        expect(page.locator(".happened")).to_contain_text(f"It was NOT confirmed in time. {NASTY}")
        page.locator(".lane .track").last.click(position={"x": 270, "y": 20})
        page.wait_for_timeout(150)
        assert page.evaluate("window.hit") is None
        assert page.locator("main img, main script").count() == 0


def test_a_day_is_explained_where_it_is_touched(browser):
    with device(browser) as context:
        page = show(context, scene("cooking", "en"))
        track = page.locator(".lane .track").first
        track.scroll_into_view_if_needed()
        width = track.bounding_box()["width"]
        track.click(position={"x": width * (12 + 38 / 60) / 24, "y": 20})
        why = page.locator(".why")
        expect(why).to_contain_text(
            "Shut off at 12:38: nobody was in the kitchen. Sensor: kitchen_pir"
        )
        expect(why).to_contain_text("The relay confirmed after 61 ms.")
        track.click(position={"x": width * 11.5 / 24, "y": 20})
        expect(why).to_contain_text("Burning from 11:10 to 12:38")
        track.click(position={"x": width * 3 / 24, "y": 20})
        expect(why).to_contain_text("Locked from 22:00 to 06:00: Schedule")
        page.get_by_role("button", name="07:14").click()
        expect(page.locator(".happened")).to_contain_text(
            "The timer of 8 min “eggs” was set at 07:06, on this page. The relay confirmed"
        )
        page.get_by_role("button", name="Day before").click()
        expect(page.locator(".day")).to_have_text("Yesterday · 2026-11-26")


def test_burn_time_by_day_as_bars_and_as_a_table(browser):
    with device(browser) as context:
        page = show(context, scene("cooking", "en"))
        page.locator("#usage").scroll_into_view_if_needed()
        expect(page.locator("#usage canvas")).to_be_visible()
        expect(page.locator(".sums")).to_contain_text("Left burner: ")
        page.get_by_role("button", name="Gas, m³").click()
        expect(page.locator(".sums")).to_contain_text("m³")
        page.get_by_text("As a table").click()
        expect(page.locator("table tbody tr")).to_have_count(14)


def test_the_wall_shows_burners_and_what_is_wrong_alone(browser):
    with device(browser, DESKTOP, scheme="dark") as context:
        page = show(context, scene("unread", "en"), "?kiosk")
        expect(page.locator("#locks")).to_be_hidden()
        expect(page.locator("#condition")).to_contain_text("said nothing for 25 h")
        expect(page.locator("#condition")).to_contain_text("the disk is full")
        assert findings(page) == []


def test_a_login_that_ends_takes_all_away_and_a_new_one_brings_it_back(browser):
    with device(browser) as context:
        page = show(context, scene("cooking", "en"))
        expect(page.locator("#history")).to_be_visible()
        no = lambda route: route.fulfill(status=401, json={"code": "login_needed"})  # noqa: E731
        page.route("**/api/**", no)
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        expect(page.locator(".burner")).to_have_count(0)
        assert "burner" not in page.locator("main").inner_text().replace("all burners", "")
        page.unroute("**/api/**", no)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator(".burner")).to_have_count(2)
        expect(page.locator("#history .days")).to_have_count(1)
        expect(page.locator("#sign-in")).to_be_hidden()


@pytest.mark.parametrize("count", [1, 3, 6])
def test_any_number_of_burners(browser, count):
    many = document(burner("a"), burner("b"))
    many["burners"] = {f"b{n}": {**burner(f"Burner {n}"), "burner": f"b{n}"} for n in range(count)}
    with device(browser, NARROW) as context:
        page = show(context, Scene(many))
        expect(page.locator(".burner")).to_have_count(count)
        assert sticks_out(page) <= 0


def test_without_motion_nothing_moves(browser):
    with device(browser, reduced_motion="reduce") as context:
        page = show(context, scene("failed", "en"))
        assert page.evaluate("document.getAnimations().length") == 0


def test_a_phone_that_is_not_logged_in_has_the_off_and_the_way_in(browser):
    with device(browser) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda one: "/api/" in one.url and asked.append(one.url))
        page.route(
            "**/api/**", lambda route: route.fulfill(status=401, json={"code": "login_needed"})
        )
        serve_files(page)
        page.goto(NOWHERE)
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        expect(page.locator("#off-all")).to_be_enabled()
        page.wait_for_timeout(2000)
        expect(page.locator("#old")).to_be_hidden()
        assert len(asked) <= 2, "it asks again and again"
        assert findings(page) == []
