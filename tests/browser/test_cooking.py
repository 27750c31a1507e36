"""What a family does on its phones, against a real daemon and a simulated stove."""

import re
import signal

from playwright.sync_api import Page, expect

from tests.browser.chromium import device
from tests.browser.household import card
from tests.browser.scenes import NASTY as NASTY_LABEL
from tests.support.waiting import eventually


def remaining(page: Page, burner: str = "left") -> int | None:
    """Seconds that the ring shows; None where it shows none."""
    count = card(page, burner).locator(".count")
    if not count.is_visible():
        return None
    big, small, unit = (count.locator(one).inner_text() for one in ("b", ".digits span", "small"))
    scale = {"h": 3600, "min": 60, "s": 1}[unit]
    return int(big) * scale + (int(small[1:]) * scale // 60 if small else 0)


def test_eight_minutes_with_one_touch_then_five_more_then_cancelled(household):
    household.calm()
    with household.phone() as page:
        card(page).get_by_role("button", name="8 min").click()
        expect(card(page).locator(".count")).to_be_visible()
        assert 475 <= remaining(page) <= 480
        assert household.state()["timer"]["duration_s"] == 480
        card(page).get_by_role("button", name="+5 min").click()
        eventually(lambda: remaining(page) > 480, 5)
        assert 770 <= remaining(page) <= 780
        assert household.state()["timer"]["duration_s"] == 780
        before = remaining(page)
        page.wait_for_timeout(2100)
        assert 1 <= before - remaining(page) <= 3
        card(page).get_by_role("button", name="Cancel timer").click()
        expect(card(page).locator(".count")).to_be_hidden()
        assert household.state()["timer"] is None


def test_off_for_all_is_confirmed_with_its_milliseconds_and_the_flame_is_out(household):
    household.calm()
    household.light("left")
    household.light("right")
    with household.phone() as page:
        expect(card(page, "left").locator(".chip")).to_have_text("Burning")
        expect(card(page, "right").locator(".chip")).to_have_text("Burning")
        page.locator("#off-all").click()
        expect(page.locator("#off-all")).to_have_text(
            re.compile(r"All shut off · confirmed in \d+ ms"), timeout=3000
        )
        assert household.stove.circuit("left") == household.stove.circuit("right") == "open"
        for name in ("left", "right"):
            expect(card(page, name).locator(".chip")).to_have_text(
                re.compile("Shut off|Shut off, still hot|Not burning")
            )
            eventually(lambda name=name: not household.stove.flame(name), 5, "the flame is out")
        assert household.state()["last_trip"]["source"] == "web"
        expect(page.locator("#alarm")).to_be_hidden()


def test_off_for_one_leaves_the_other_burning(household):
    household.calm()
    household.light("left")
    household.light("right")
    with household.phone() as page:
        card(page).locator(".off-one").click()
        household.until("left", phase="tripped")
        expect(card(page).locator(".detail")).to_have_text(
            re.compile(
                r"Confirmed in \d+ ms|The circuit is open. The flame sensor still reads lit."
            )
        )
        assert household.stove.flame("right")
        expect(card(page, "right").locator(".chip")).to_have_text("Burning")


def test_two_taps_set_one_timer(household):
    household.calm()
    with household.phone() as page:
        sent: list[str] = []
        page.on("request", lambda one: one.method == "POST" and sent.append(one.post_data or ""))
        card(page).get_by_role("button", name="8 min").dblclick()
        eventually(lambda: household.state()["timer"])
        page.wait_for_timeout(300)
        assert len(sent) == 1 and '"id":"web-' in sent[0]
        more = card(page).get_by_role("button", name="+5 min")
        expect(more).to_be_enabled()
        # In one go: how far apart two clicks come is the machine's affair, when it is busy.
        more.evaluate("button => { button.click(); button.click(); }")
        page.wait_for_timeout(700)
        assert household.state()["timer"]["duration_s"] == 780
        more.click()
        eventually(lambda: household.state()["timer"]["duration_s"] == 1080)


def test_any_time_and_what_it_is_for(household):
    household.calm()
    with household.phone() as page:
        card(page).get_by_role("button", name="Other…").click()
        page.get_by_label("Minutes", exact=True).fill("2.5")
        page.get_by_label("What for?").fill(NASTY_LABEL)
        page.get_by_role("button", name="Start").click()
        expect(card(page).locator(".note")).to_contain_text(NASTY_LABEL)
        timer = household.state()["timer"]
        assert (timer["duration_s"], timer["label"]) == (150, NASTY_LABEL)
        assert page.evaluate("window.hit") is None


def test_what_the_daemon_refuses_is_told_with_what_to_do(household):
    household.calm()
    with household.phone() as page:
        card(page).get_by_role("button", name="Other…").click()
        page.get_by_label("Minutes", exact=True).fill("2000")
        page.get_by_role("button", name="Start").click()
        expect(card(page).locator(".answer")).to_contain_text("A timer lasts at most 24 hours.")
        assert household.state()["timer"] is None


def test_the_child_lock_and_a_schedule_that_is_skipped(household):
    household.calm()
    with household.phone() as page:
        switch = page.get_by_role("switch", name="Child lock of Left burner")
        switch.click()
        expect(switch).to_have_attribute("aria-checked", "true")
        expect(card(page).locator(".chip")).to_have_text("Locked", timeout=8000)
        assert household.stove.circuit() == "open"
        card(page).get_by_role("button", name="Unlock").click()
        household.until(locks=[])
        expect(switch).to_have_attribute("aria-checked", "false")
        page.get_by_role("button", name="Skip this time").click()
        expect(page.locator("#locks")).to_contain_text("Skipped until")


def test_a_relay_that_is_gone_is_told_with_what_to_do(household):
    household.calm()
    household.set_timer("10m")
    with household.phone() as page:
        expect(card(page).locator(".count")).to_be_visible()
        household.stove.fault(offline=True)
        expect(card(page).locator(".chip")).to_have_text("Not known", timeout=15000)
        expect(card(page).locator(".note")).to_contain_text("Cannot be promised")
        expect(page.get_by_role("link", name=re.compile("problem"))).to_be_visible()
        row = page.locator("#condition .row", has_text="Relay of Left burner")
        expect(row).to_contain_text("Does not answer")
        expect(row).to_contain_text("turn this burner off by hand")
        household.stove.tell("fault left clear")
        expect(card(page).locator(".chip")).to_have_text("Not burning", timeout=15000)
        expect(row).to_contain_text("Answers")


def test_a_shutoff_that_fails_is_red_and_loud_until_it_has_succeeded(household):
    household.calm()
    household.light()
    # A finger, not a mouse: browsers allow sound only once one was lifted.
    with household.phone(has_touch=True, is_mobile=True) as page:
        page.evaluate(
            """() => { window.shaken = 0; window.sounded = 0;
                navigator.vibrate = (what) => { if (what) window.shaken += 1; return true; };
                const start = OscillatorNode.prototype.start;
                OscillatorNode.prototype.start = function (...when) {
                    window.sounded += 1; return start.apply(this, when); }; }"""
        )
        household.stove.fault(offline=True)
        card(page).locator(".off-one").tap()
        expect(card(page).locator(".chip")).to_have_text("Shutting off…")
        alarm = page.locator("#alarm")
        expect(alarm).to_contain_text("Turn the stove off by hand now.", timeout=5000)
        expect(alarm).to_contain_text("NOT OFF: Left burner")
        expect(card(page).locator(".chip")).to_have_text("NOT OFF")
        assert "rgb(197, 20, 28)" in alarm.evaluate("e => getComputedStyle(e).backgroundColor")
        expect(page.locator("#urgent")).to_contain_text("hand")
        eventually(lambda: page.evaluate("window.shaken > 0 && window.sounded > 0"), 3)
        page.get_by_role("button", name="Silence").click()
        before = page.evaluate("window.sounded")
        page.wait_for_timeout(1300)
        assert page.evaluate("window.sounded") == before
        household.stove.tell("fault left clear")
        expect(alarm).to_be_hidden(timeout=10000)
        household.until(phase="tripped", within=10)


def test_a_warning_comes_with_the_touch_that_answers_it(household):
    household.calm()
    household.set_timer("62s")
    with household.phone() as page:
        expect(card(page).locator(".note")).to_contain_text("Timer almost over", timeout=8000)
        card(page).get_by_role("button", name="+5 min").click()
        expect(card(page).locator(".note")).not_to_contain_text("almost over")
        assert household.state()["timer"]["duration_s"] == 362


def test_all_of_it_with_the_keyboard_alone(household):
    household.calm()
    with household.phone() as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "off-all"
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid"

        def walk_to(name: str) -> None:
            for _ in range(40):
                page.keyboard.press("Tab")
                here = "e => (e.getAttribute('aria-label') ?? e.textContent).trim()"
                focused = page.evaluate_handle("document.activeElement")
                if focused.evaluate(here).startswith(name):
                    return
            raise AssertionError(f"the keyboard does not reach {name}")

        walk_to("8 min")
        page.keyboard.press("Enter")
        eventually(lambda: household.state()["timer"])
        # The place is not lost: what can be done now is under the finger.
        five_more = card(page).get_by_role("button", name="+5 min")
        expect(five_more).to_be_focused()
        expect(five_more).not_to_have_attribute("aria-disabled", "true")
        page.keyboard.press("Enter")
        eventually(lambda: household.state()["timer"]["duration_s"] == 780)
        expect(five_more).to_be_focused()
        page.evaluate("document.activeElement.blur()")
        walk_to("OFF · Left burner")
        page.keyboard.press("Space")
        household.until("left", phase="tripped")


def test_everything_needed_works_without_javascript(household):
    household.calm()
    household.light("left")
    with household.phone(java_script_enabled=False) as page:
        expect(page.locator(".plain")).to_contain_text("burning")
        expect(page.locator(".plain")).to_contain_text("Right <b>burner</b>")
        page.locator("form[action*=left]").get_by_role("button", name="Timer 8 min").click()
        expect(page.get_by_role("alert")).to_have_text("Done.")
        page.get_by_role("link", name="Back").click()
        expect(page.locator(".plain")).to_contain_text("timer: ")
        assert household.state()["timer"]["duration_s"] == 480
        page.get_by_role("button", name="OFF · Left burner").click()
        expect(page.get_by_role("alert")).to_contain_text("Shut off")
        assert household.stove.circuit("left") == "open"
        assert household.stove.circuit("right") == "closed"
        page.get_by_role("link", name="Back").click()
        page.get_by_role("button", name="OFF all burners").click()
        expect(page.get_by_role("alert")).to_contain_text("Shut off")
        assert household.stove.circuit("right") == "open"


def test_without_javascript_it_speaks_the_browsers_language(household):
    with household.phone(language="zh", java_script_enabled=False) as page:
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.get_by_role("button", name="关火 全部灶头")).to_be_visible()
        expect(page.locator(".plain")).to_contain_text("未燃烧")


def test_without_javascript_too_a_dead_daemon_is_told(household):
    household.calm()
    household.daemon.send_signal(signal.SIGSTOP)
    try:
        with household.phone(java_script_enabled=False) as page:
            words = "gasguard does not answer. Turn the stove off by hand."
            # It loads itself anew.
            expect(page.locator(".plain")).to_contain_text(words, timeout=12000)
    finally:
        household.daemon.send_signal(signal.SIGCONT)


def test_whoever_is_not_logged_in_has_the_off_and_nothing_else(household):
    household.calm()
    away = {"X-Forwarded-For": "192.0.2.7"}
    for script in (True, False):
        with device(household.browser, extra_http_headers=away, java_script_enabled=script) as one:
            page = one.new_page()
            page.goto(f"http://localhost:{household.port}/")
            assert "Left burner" not in page.content()
            way_in = page.get_by_role("link", name="Sign in" if script else "Log in to see more")
            expect(way_in).to_be_visible()
            page.locator("#off-all").click()
            done = page.get_by_text(
                re.compile("All shut off · confirmed in|The relay has confirmed")
            )
            expect(done).to_be_visible()
            assert household.stove.circuit() == "open"
            household.until(phase="ready", within=10)
