"""Nothing is shown that was not read back lately, whatever dies, sleeps or has a wrong clock."""

import re
import signal
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import device, show
from tests.browser.household import Household, card
from tests.browser.scenes import ago, scene
from tests.browser.test_cooking import remaining
from tests.support.waiting import eventually

RED_WITHIN = 6.0
"""Seconds that old data may look new, by contract."""
WRONG_CLOCK = """
    const shift = 1000 * 3600 * 31;
    const Right = Date;
    window.Date = class extends Right {
        constructor(...given) { given.length ? super(...given) : super(Right.now() + shift); }
        static now() { return Right.now() + shift; }
    };
"""


def cooks(household: Household) -> None:
    household.calm()
    household.set_timer("10m")


def expect_old(page: Page, began: float) -> None:
    """Red, in words, without any countdown, and that in time."""
    expect(page.locator("#old")).to_be_visible(timeout=1000 * RED_WITHIN)
    assert time.monotonic() - began < RED_WITHIN
    expect(page.locator("#old")).to_contain_text("Turn the stove off by hand")
    expect(card(page).locator(".count")).to_be_hidden()
    expect(card(page).locator(".chip")).to_have_text("Not known")
    assert "rgb(197, 20, 28)" in page.locator("#old").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    expect(page.locator("#off-all")).to_be_enabled()


def expect_live(page: Page) -> None:
    """Green by itself."""
    expect(page.locator("body")).to_have_attribute("data-link", "live", timeout=10000)
    expect(page.locator("#old")).to_be_hidden()
    expect(card(page).locator(".count")).to_be_visible()


def test_a_daemon_that_is_killed_is_red_and_one_that_is_back_is_green(household):
    cooks(household)
    with household.phone() as page:
        expect(card(page).locator(".count")).to_be_visible()
        began = time.monotonic()
        household.daemon.kill()
        expect_old(page, began)
        expect(page.locator("#old-text")).to_contain_text("gasguard does not answer")
        household.daemon = household.kitchen.daemon(phase=None)
        expect_live(page)
        household.until(phase="ready", within=15)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_page_that_nobody_serves_any_more_is_red(household, number):
    cooks(household)
    with household.phone() as page:
        expect(card(page).locator(".count")).to_be_visible()
        began = time.monotonic()
        household.web.send_signal(number)
        try:
            expect_old(page, began)
            expect(page.locator("#old-text")).to_contain_text("Nothing heard for")
        finally:
            if number == signal.SIGSTOP:
                household.web.send_signal(signal.SIGCONT)
            else:
                household.web.kill()
                household.web = household.serve()
        expect_live(page)


def test_a_page_that_is_opened_while_nobody_serves_it_says_so_and_comes_back(household):
    household.calm()
    with household.phone() as page:
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        household.web.stop()
        page.reload()
        expect(page.locator("body")).to_contain_text("Turn the stove off by hand.")
        household.web = household.serve()
        expect(page.locator("body")).to_have_attribute("data-link", "live", timeout=20_000)


def test_a_daemon_that_is_frozen_is_red(household):
    cooks(household)
    with household.phone() as page:
        expect(card(page).locator(".count")).to_be_visible()
        began = time.monotonic()
        household.daemon.send_signal(signal.SIGSTOP)
        try:
            expect_old(page, began)
        finally:
            household.daemon.send_signal(signal.SIGCONT)
        expect_live(page)


def test_a_phone_with_a_wrong_clock_shows_the_same_countdown(household):
    cooks(household)
    with household.phone() as right, household.phone() as wrong:
        wrong.context.add_init_script(WRONG_CLOCK)
        wrong.reload()
        expect(card(wrong).locator(".count")).to_be_visible()
        assert abs(wrong.evaluate("Date.now()") / 1000 - time.time()) > 36000
        assert abs(remaining(right) - remaining(wrong)) <= 2
        ends = card(right).locator(".note").inner_text()
        expect(card(wrong).locator(".note")).to_have_text(ends)


def test_a_clock_that_is_set_meanwhile_leaves_the_countdown_alone(household):
    cooks(household)
    with household.phone() as page:
        expect(card(page).locator(".count")).to_be_visible()
        before = remaining(page)
        page.evaluate("const now = Date.now; Date.now = () => now() + 7200000")
        page.wait_for_timeout(1500)
        expect_live(page)
        assert 0 <= before - remaining(page) <= 4


def test_a_phone_that_wakes_shows_no_old_countdown_for_a_moment(household):
    cooks(household)
    with household.phone() as page:
        expect(card(page).locator(".count")).to_be_visible()
        # What a phone does: nothing runs, and the picture is the last one.
        page.evaluate(
            """() => { window.seen = [];
                let asleep = "hidden";
                Object.defineProperty(document, "visibilityState", { get: () => asleep });
                document.dispatchEvent(new Event("visibilitychange"));
                const count = document.querySelector("#burner-left .count");
                window.seen.push(count.checkVisibility({ visibilityProperty: true }));
                window.wake = () => {
                    asleep = "visible";
                    document.dispatchEvent(new Event("visibilitychange"));
                    window.seen.push(count.checkVisibility({ visibilityProperty: true }));
                    window.seen.push(document.querySelector("#old").checkVisibility());
                }; }"""
        )
        household.web.send_signal(signal.SIGSTOP)
        try:
            # Both clocks say that time has passed; nothing on the page has run meanwhile.
            page.evaluate(
                """() => { const end = performance.now() + 4300;
                    while (performance.now() < end);
                    window.wake(); }"""
            )
            assert page.evaluate("window.seen") == [False, False, True]
        finally:
            household.web.send_signal(signal.SIGCONT)
        expect_live(page)


def test_states_that_were_on_their_way_while_the_phone_slept_are_not_believed(browser):
    told = scene("cooking", "en")
    with device(browser) as context:
        page = show(context, told)
        expect(card(page).locator(".count")).to_be_visible()
        began = time.monotonic()
        page.route("**/api/state", lambda route: route.abort())
        told.document["now"] = ago(minutes=5)
        expect_old(page, began)
        page.unroute("**/api/state")
        # An answer to a question is new whatever its clock says: the Pi's may have been set.
        expect_live(page)


def test_an_off_that_nobody_answers_is_loud_within_three_seconds_and_goes_on_trying(household):
    cooks(household)
    with household.phone() as page:
        expect(card(page).locator(".count")).to_be_visible()
        household.web.send_signal(signal.SIGSTOP)
        try:
            # By the browser's clock: how long a click takes to get there is the machine's affair.
            page.evaluate(
                """() => {
                    const alarm = document.getElementById("alarm");
                    const look = () => {
                        if (alarm.textContent.includes("No answer to OFF"))
                            window.loudAt ??= performance.now();
                    };
                    new MutationObserver(look).observe(alarm, { childList: true, subtree: true });
                    addEventListener("click", () => { window.offAt = performance.now(); }, true);
                }"""
            )
            page.locator("#off-all").click()
            expect(page.locator("#alarm")).to_contain_text("No answer to OFF", timeout=10000)
            assert 2900 < page.evaluate("window.loudAt - window.offAt") < 4000
            expect(page.locator("#alarm")).to_contain_text("Turn the stove off by hand now.")
        finally:
            household.web.send_signal(signal.SIGCONT)
        expect(page.locator("#off-all")).to_contain_text("confirmed in", timeout=10000)
        expect(page.locator("#alarm")).to_be_hidden()
        eventually(lambda: household.stove.circuit() == "open", 5)


def test_an_off_without_a_network_arrives_once_there_is_one(household):
    cooks(household)
    with household.phone() as page:
        expect(card(page).locator(".count")).to_be_visible()
        page.context.set_offline(True)
        card(page).locator(".off-one").click()
        page.wait_for_timeout(1200)
        assert household.stove.circuit() == "closed"
        page.context.set_offline(False)
        household.until(phase="tripped", within=6)
        expect(page.locator("#alarm")).to_be_hidden()


def test_a_shutoff_is_spoken_once_and_a_countdown_never(household):
    cooks(household)
    with household.phone() as page:
        page.evaluate(
            """() => { window.spoken = [];
                for (const id of ["polite", "urgent"]) {
                    const place = document.getElementById(id);
                    new MutationObserver(() => window.spoken.push(place.textContent))
                        .observe(place, { childList: true, characterData: true, subtree: true });
                } }"""
        )
        page.wait_for_timeout(1500)
        assert page.evaluate("window.spoken") == []
        card(page).locator(".off-one").click()
        household.until(phase="tripped")
        eventually(lambda: len(page.evaluate("window.spoken")) >= 2, 3)
        spoken = page.evaluate("window.spoken")
        assert spoken[0] == "Left burner is being shut off: somebody asked for it."
        assert re.fullmatch(
            r"Left burner is shut off, confirmed in \d+ milliseconds\.", spoken[1]
        ), spoken
