"""The page's questions and orders over HTTP, with a daemon and a relay behind them."""

import re
import threading
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

import pytest

from tests.support.brokers import Mosquitto
from tests.support.http import Answer
from tests.support.kitchen import Kitchen, burner
from tests.support.page import Page
from tests.support.waiting import eventually

ACK = {"burner", "command", "id", "status", "code", "message"}
HTML = "text/html,application/xhtml+xml;q=0.9"


@pytest.fixture(scope="module")
def page(broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    burners = {"left": burner(name="左灶 <b>&", limits={"rearm_after": "1m"}), "right": burner()}
    top = {
        "schedules": {"night": {"lock": {"from": "03:00", "to": "03:01"}}},
        "sensors": {"kitchen_gas": {"kind": "gas_alarm", "driver": "mqtt", "topic": "none/gas"}},
    }
    kitchen = Kitchen(tmp_path_factory.mktemp("api"), broker, burners, **top)
    page = Page(kitchen)
    try:
        kitchen.start()
        yield page.start()
    finally:
        kitchen.close()


@pytest.fixture(autouse=True)
def as_before(page: Page) -> Iterator[None]:
    """Each test leaves burners that can burn, without timers."""
    yield
    assert "Traceback" not in page.process.output
    for name in ("left", "right"):
        if page.kitchen.ask()[name]["locks"]:
            page.kitchen.order("lock", "UNLOCK", name)
        page.kitchen.rearm(name)
        page.kitchen.order("timer", "cancel", name)


def left(page: Page) -> dict:
    return page.get("/api/state").data["burners"]["left"]


def told(answer: Answer, status: int, code: str) -> None:
    """An error is one as the contract has it."""
    assert (answer.status, answer.data["code"]) == (status, code), answer
    assert answer.data["message"]
    assert answer.headers["content-type"].startswith("application/json")


# --- questions ------------------------------------------------------------------------------------


def test_states_are_the_daemons_own(page):
    said = page.get("/api/state")
    assert said.status == 200
    assert set(said.data["burners"]) == {"left", "right"}
    own = page.kitchen.ask()["left"]
    assert set(said.data["burners"]["left"]) == set(own)
    assert said.data["burners"]["left"]["name"] == "左灶 <b>&"
    assert said.data["schedules"]["night"]["active"] is False
    gas = said.data["sensors"]["kitchen_gas"]
    assert (gas["kind"], gas["burners"]) == ("gas_alarm", ["left", "right"])
    assert datetime.fromisoformat(said.data["now"]).tzinfo is not None
    assert "左灶" in said.text  # characters as they are


def test_health_says_whether_the_daemon_is_there(page):
    said = page.get("/healthz")
    assert (said.status, said.data) == (200, {"status": "ok", "daemon": "ok"})


def test_the_past_by_burner_and_length(page):
    assert page.post("/api/burners/left/off").status == 200
    said = page.get("/api/history?since=1h&burner=left")
    assert said.status == 200
    trips = [one for one in said.data["events"] if one["type"] == "trip"]
    assert (trips[-1]["burner"], trips[-1]["source"]) == ("left", "web")
    assert isinstance(said.data["burns"], list)
    everything = page.get("/api/history").data["events"]
    assert {one["burner"] for one in everything} >= {"left"}
    assert page.get("/api/history?since=%E5%8D%8A%E5%B0%8F%E6%97%B6").status == 200
    told(page.get("/api/history?since=soon"), 400, "invalid_duration")
    told(page.get("/api/history?since=-5m"), 400, "invalid_duration")
    told(page.get("/api/history?burner=middle"), 404, "unknown_burner")


def test_names_are_understood_in_any_case(page):
    assert page.post("/api/burners/LEFT/off").data["burner"] == "left"
    own, same = (page.get(f"/api/history?since=1h&burner={name}") for name in ("left", "LeFT"))
    assert (same.status, same.data["events"]) == (200, own.data["events"])
    assert {one["burner"] for one in same.data["events"]} == {"left"}
    everything = page.get("/api/history?since=1h&burner=All").data["events"]
    assert everything == page.get("/api/history?since=1h").data["events"]
    assert page.get("/api/explain?burner=LEFT").data["chain"]
    assert page.post("/api/schedules/NIGHT/skip").data["schedule"] == "night"


def test_why_in_both_languages(page):
    assert page.post("/api/burners/left/off").status == 200
    said = page.get("/api/explain?burner=left&language=en")
    assert said.status == 200
    assert any("page" in step["text"] for step in said.data["chain"]), said.text
    chinese = page.get("/api/explain?burner=left", accept_language="zh-CN,zh;q=0.9,en;q=0.8")
    assert re.search("[\u4e00-\u9fff]", " ".join(chinese.data["now"]))
    told(page.get("/api/explain?burner=middle"), 404, "unknown_burner")
    told(page.get("/api/explain"), 404, "unknown_burner")


def test_what_is_not_there_and_what_is_not_asked_so(page):
    for path in (
        "/api/nothing",
        "/api/burners/left",
        "/api/burners/left/burn",
        "/api/state/",
        "/x",
    ):
        told(page.get(path), 404, "not_found")
    told(page.get("/api/off"), 405, "wrong_method")
    assert page.get("/api/burners/left/timer").headers["allow"] == "POST"
    told(page.post("/api/state"), 405, "wrong_method")
    said = page.request("HEAD", "/api/events")
    assert (said.status, said.body) == (200, b"")
    assert page.request("HEAD", "/api/state").status == 200


# --- off ------------------------------------------------------------------------------------------


def test_an_off_is_answered_by_the_read_back(page):
    said = page.post("/api/burners/left/off")
    assert said.status == 200
    assert set(said.data) == ACK
    assert (said.data["burner"], said.data["command"]) == ("left", "off")
    assert said.data["status"] == "confirmed"
    assert re.search(r"\d+ ms", said.data["message"])
    state = left(page)
    assert (state["phase"], state["contact"]) == ("tripped", "open")
    assert (state["last_trip"]["source"], state["last_trip"]["confirmed"]) == ("web", True)


def test_an_off_for_all(page):
    said = page.post("/api/off")
    assert said.status == 200
    assert said.data["status"] == "confirmed"
    assert set(said.data["acks"]) == {"left", "right"}
    assert all(set(ack) == ACK for ack in said.data["acks"].values())
    assert {one["contact"] for one in page.kitchen.ask().values()} == {"open"}


@pytest.mark.parametrize("name", ["all", "ALL"])
def test_all_is_all_burners_here_too(page, name):
    said = page.post(f"/api/burners/{name}/off")
    assert (said.status, set(said.data["acks"])) == (200, {"left", "right"})


@pytest.mark.parametrize(
    "sent",
    [
        {"form": ""},
        {"form": "x=%ff&&==", "accept": HTML},
        {"data": {"whatever": [1, {}]}},
        {"data": None, "content_length": "0"},
    ],
)
def test_nothing_in_an_offs_body_can_be_wrong(page, sent):
    assert page.post("/api/burners/LEFT/off", **sent).status == 200
    assert left(page)["contact"] == "open"


def test_an_off_of_a_burner_that_is_not_there(page):
    for name in ("middle", "\0", "a b", "左", "<script>", "x" * 3000):
        told(page.post(f"/api/burners/{quote(name)}/off"), 404, "unknown_burner")
    told(page.post(f"/api/burners/{'x' * 5000}/off"), 413, "too_large")
    assert left(page)["phase"] == "ready"


# --- timers, locks, re-arming ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ({"data": {"duration": "8m", "label": "鸡蛋 & <b>", "id": "one"}}, 480),
        ({"data": {"duration": "半小时"}}, 1800),
        ({"data": {"duration": 8}}, 480),
        ({"data": "90s"}, 90),
        ({"data": 8}, 480),
        ({"form": "duration=8m&label=%E9%B8%A1%E8%9B%8B+%26+%3Cb%3E"}, 480),
        ({"form": "duration=1h30&label="}, 5400),
    ],
)
def test_a_timer_as_json_and_as_a_form(page, sent, seconds):
    said = page.post("/api/burners/left/timer", **sent)
    assert (said.status, said.data["status"]) == (200, "accepted"), said
    assert set(said.data) == ACK
    timer = left(page)["timer"]
    assert timer["duration_s"] == seconds
    if "鸡蛋" in str(sent) or "%E9" in str(sent):
        assert timer["label"] == "鸡蛋 & <b>"
    if "id" in str(sent):
        assert said.data["id"] == "one"


@pytest.mark.parametrize(
    "sent", [{"data": {"remind": True}}, {"form": "remind=true"}, {"form": "remind=on"}]
)
def test_a_reminder_as_json_and_as_a_form(page, sent):
    if "form" in sent:
        sent = {"form": f"duration=3m&label=tea&{sent['form']}"}
    else:
        sent = {"data": {"duration": "3m", "label": "tea", **sent["data"]}}
    assert page.post("/api/burners/left/timer", **sent).status == 200
    state = left(page)
    assert state["timer"] is None
    assert [one["label"] for one in state["reminders"]] == ["tea"]
    assert page.post("/api/burners/left/timer", form="duration=0&remind=true").status == 200
    assert left(page)["reminders"] == []
    assert page.post("/api/burners/left/timer", form="duration=3m&remind=false").status == 200
    assert left(page)["timer"]["duration_s"] == 180


def test_extend_and_cancel(page):
    told(page.post("/api/burners/left/timer/extend", {"duration": "5m"}), 409, "no_timer")
    assert page.post("/api/burners/left/timer", {"duration": "8m"}).status == 200
    again = {"duration": "5m", "id": "twice"}
    for _ in range(2):
        assert page.post("/api/burners/left/timer/extend", again).status == 200
    assert left(page)["timer"]["duration_s"] == 780
    assert page.post("/api/burners/left/timer/cancel").status == 200
    assert left(page)["timer"] is None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "malformed"),
        (b"8m", "malformed"),
        (b"{", "malformed"),
        (b"[480]", "malformed"),
        (b"null", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[" * 10000, "malformed"),
        (b"true", "invalid_duration"),
        (b"NaN", "invalid_duration"),
        (b'"soon"', "invalid_duration"),
        (b'{"duration": "-8m"}', "invalid_duration"),
        (b'{"duration": "25h"}', "too_long"),
        (b'{"duration": "8m", "lable": "eggs"}', "malformed"),
    ],
)
def test_what_is_no_timer_changes_nothing(page, sent, code):
    path = "/api/burners/left/timer"
    said = page.request("POST", path, sent, content_type="application/json")
    told(said, 400, code)
    assert left(page)["timer"] is None


@pytest.mark.parametrize(
    "form",
    ["", "duration", "duration=8m&duration=9m", "a=1&b=2", "=8m", "duration=8m&label=%FF",
     "duration=8m&remind=perhaps"],
)  # fmt: skip
def test_what_is_no_form_of_a_timer_changes_nothing(page, form):
    said = page.post("/api/burners/left/timer", form=form)
    assert said.status == 400, said
    assert said.data["message"]
    assert left(page)["timer"] is None


def test_bodies_of_other_kinds_and_sizes(page):
    path = "/api/burners/left/timer"
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/xml", "", "json"):
        said = page.request("POST", path, b'{"duration": "8m"}', content_type=kind)
        assert said.status == 415, kind
    kinds = ("application/json; charset=utf-8", "APPLICATION/JSON")
    for kind in kinds:
        said = page.request("POST", path, b'{"duration": "8m"}', content_type=kind)
        assert said.status == 200, kind
    told(page.post(path, {"duration": "8m", "label": "x" * 5000}), 413, "too_large")


def test_lock_unlock_and_re_arm(page):
    told(page.post("/api/burners/left/rearm"), 409, "not_tripped")
    assert page.post("/api/burners/left/lock").status == 200
    eventually(lambda: left(page)["phase"] == "locked_out")
    assert left(page)["locks"] == ["child"]
    told(page.post("/api/burners/left/timer", {"duration": "8m"}), 409, "locked_out")
    assert page.post("/api/burners/left/unlock").status == 200
    assert left(page)["locks"] == []
    page.kitchen.rearm("left")
    assert page.post("/api/burners/left/off").status == 200
    assert page.post("/api/burners/left/rearm").status == 200
    eventually(lambda: left(page)["phase"] == "ready")
    events = page.get("/api/history?burner=left").data["events"]
    assert {one["source"] for one in events if one["type"] in ("locked", "unlocked")} == {"web"}


def test_orders_for_nobody(page):
    for end, data in (("timer", {"duration": "8m"}), ("lock", None), ("rearm", None)):
        told(page.post(f"/api/burners/middle/{end}", data), 404, "unknown_burner")
        told(page.post(f"/api/burners/all/{end}", data), 404, "unknown_burner")


def test_a_schedule_is_skipped(page):
    said = page.post("/api/schedules/night/skip")
    assert (said.status, said.data["status"]) == (200, "accepted"), said
    assert page.get("/api/state").data["schedules"]["night"]["skipped_until"]
    told(page.post("/api/schedules/day/skip"), 404, "unknown_schedule")


# --- without JavaScript ---------------------------------------------------------------------------


def form(page: Page, path: str, fields: str = "", language: str = "en") -> Answer:
    said = page.post(path, form=fields, accept=HTML, accept_language=language)
    assert said.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language[:2]}">' in said.text
    assert '<form method="post" action="/api/off"' in said.text
    return said


def test_a_form_is_answered_in_words(page):
    said = form(page, "/api/burners/left/off")
    assert said.status == 200
    assert "The relay has confirmed it" in said.text
    assert re.search(r"\d+ ms", said.text)
    said = form(page, "/api/off", language="zh-CN,zh;q=0.9")
    assert "继电器已确认" in said.text
    page.kitchen.rearm("left")
    said = form(page, "/api/burners/left/timer", "duration=8m")
    assert (said.status, "Done" in said.text) == (200, True)
    assert left(page)["timer"]["duration_s"] == 480


def test_a_form_that_is_refused_says_why(page):
    said = form(page, "/api/burners/left/timer", "duration=soon")
    assert said.status == 400
    assert "Not done" in said.text
    said = form(page, "/api/burners/%3Cscript%3Ealert(1)/off", language="zh")
    assert (said.status, "没有执行" in said.text) == (404, True)
    assert "<script>alert" not in said.text


def test_a_form_whose_off_is_not_confirmed_says_so_loudly(page):
    stove = page.kitchen._stoves[0]
    stove.fault("left", offline=True)
    try:
        said = form(page, "/api/burners/left/off")
        assert (said.status, "by hand" in said.text) == (504, True)
        said = form(page, "/api/off", language="zh")
        assert (said.status, "请立即手动关闭燃气灶" in said.text) == (504, True)
        failed = page.post("/api/burners/left/off")
        assert (failed.status, failed.data["status"]) == (504, "failed")
        assert set(failed.data) == ACK
        # The guard's own word, with what is wrong.
        assert failed.data["code"] == "not_confirmed"
        assert failed.data["message"].startswith("not confirmed; still trying: ")
        everywhere = page.post("/api/off")
        assert (everywhere.status, everywhere.data["code"]) == (504, "not_confirmed")
        assert everywhere.data["acks"]["left"]["code"] == "not_confirmed"
    finally:
        stove.fault("left", offline=False)
    eventually(lambda: left(page)["contact"] == "open", 20)


def test_an_off_for_all_is_carried_out_though_an_earlier_one_still_waits_for_a_relay(page):
    """The burner that was off already has been re-armed meanwhile."""
    stove = page.kitchen._stoves[0]
    stove.fault("right", offline=True)
    answers: list[Answer] = []
    try:
        earlier = threading.Thread(target=lambda: answers.append(page.post("/api/off")))
        earlier.start()
        eventually(lambda: stove.circuit("left") == "open")
        page.kitchen.rearm("left")
        assert stove.circuit("left") == "closed"
        later = threading.Thread(target=lambda: answers.append(page.post("/api/off")))
        later.start()
        eventually(lambda: stove.circuit("left") == "open", 1.5)
        assert answers == []
        for one in (earlier, later):
            one.join(10)
        assert [one.status for one in answers] == [504, 504]
        assert {one.data["acks"]["left"]["status"] for one in answers} == {"confirmed"}
    finally:
        stove.fault("right", offline=False)
    eventually(lambda: page.get("/api/state").data["burners"]["right"]["contact"] == "open", 20)
