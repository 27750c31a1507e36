"""Schedules of a running daemon whose wall clock a test sets: windows, offs, skips."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.ear import Ear
from tests.support.kitchen import Kitchen, burner
from tests.support.processes import Process
from tests.support.stove import Stove
from tests.support.waiting import eventually, never
from tests.support.wall import FakeWall

ZONE = "Asia/Shanghai"
NIGHT = {"night": {"lock": {"from": "22:00", "to": "06:00"}}}


class Night:
    """A kitchen with schedules, whose daemon sees the wall clock of a test."""

    def __init__(self, kitchen: Kitchen, wall: FakeWall) -> None:
        self.kitchen, self.wall = kitchen, wall
        self.stove: Stove
        self.daemon: Process
        self.ear: Ear

    def shows(self, text: str) -> None:
        """From now on the wall clock shows this time of the schedules' zone."""
        shown = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))
        self.wall.jump(round(shown.timestamp() - time.time()))

    def start(self, text: str) -> "Night":
        self.stove, self.ear = self.kitchen.stove(speed=20), self.kitchen.ear()
        self.again(text)
        return self

    def again(self, text: str) -> None:
        self.shows(text)
        mark = self.ear.mark
        self.daemon = self.kitchen.run(env=self.wall.env)
        self.ear.wait("status", lambda one: one.text == "online", within=15, since=mark)

    @property
    def left(self) -> dict:
        return self.kitchen.ask()["left"]

    def phase(self, phase: str) -> None:
        eventually(lambda: self.left["phase"] == phase, 6, phase)

    def light(self) -> None:
        self.phase("ready")
        self.stove.light()

    def schedule(self, name: str = "night") -> dict:
        said = self.kitchen.local("schedule", "--json")
        assert said.code == 0, said
        return json.loads(said.out)[name]


@pytest.fixture
def night(make_kitchen, tmp_path) -> Callable[..., Night]:
    def make(schedules: dict = NIGHT, zone: str = ZONE, **more: object) -> Night:
        top = {"schedules": schedules, "timezone": zone}
        left = burner(**more)
        return Night(make_kitchen(top=top, left=left), FakeWall(tmp_path))

    return make


# --- windows ----------------------------------------------------------------------------------


def test_a_window_that_begins_while_somebody_cooks_shuts_off_and_locks(night):
    one = night().start("2026-11-26T21:59:50")
    one.light()
    mark = one.ear.mark
    trip = one.ear.event("trip", since=mark, within=15)
    assert (trip["reason"], trip["source"]) == ("schedule", "schedule")
    one.ear.event("trip_confirmed", since=mark)
    eventually(lambda: not one.stove.flame("left"), 60)
    assert one.left["locks"] == ["schedule"]
    one.phase("locked_out")
    assert one.schedule()["active"]
    rejected = one.kitchen.order("timer", "5m")[0]
    assert rejected["code"] == "locked_out"
    assert one.kitchen.order("rearm", "REARM")[0]["code"] == "schedule"
    one.kitchen.order("lock", "UNLOCK")
    assert one.left["locks"] == ["schedule"]


@pytest.mark.parametrize("back", [False, True], ids=["forward", "back"])
def test_a_clock_set_by_an_hour_into_a_window_and_out_of_it(night, back):
    outside, inside = ("21:30", "22:30") if not back else ("06:30", "05:30")
    one = night().start(f"2026-11-26T{outside}")
    one.phase("ready")
    one.shows(f"2026-11-26T{inside}")
    one.phase("locked_out")
    assert one.stove.circuit() == "open"
    one.shows(f"2026-11-26T{outside}")
    one.phase("ready")
    eventually(lambda: one.stove.circuit() == "closed")


def test_a_start_inside_a_window_locks_and_one_behind_it_unlocks(night):
    one = night().start("2026-11-26T23:00")
    one.phase("locked_out")
    one.daemon.kill()
    one.again("2026-11-27T06:30")
    one.phase("ready")
    one.daemon.kill()
    one.again("2026-11-27T23:00")
    one.phase("locked_out")


def test_a_lock_whose_schedule_is_gone_is_gone_with_it(night):
    one = night().start("2026-11-26T23:00")
    one.phase("locked_out")
    one.daemon.kill()
    del one.kitchen.data["schedules"]
    one.kitchen.write()
    one.again("2026-11-26T23:10")
    one.phase("ready")


@pytest.mark.long
def test_a_burner_in_use_has_its_grace(night):
    schedules = {"night": {**NIGHT["night"], "grace": "6s"}}
    one = night(schedules, limits={"rearm_after": "2s", "prewarn": "5s"}).start(
        "2026-11-26T21:59:40"
    )
    assert one.kitchen.order("timer", "10m")[0]["status"] == "accepted"
    mark = one.ear.mark
    warning = one.ear.event("prewarning", since=mark, within=25)
    assert (warning["reason"], warning["schedule"]) == ("schedule", "night")
    assert 9 <= warning["remaining_s"] <= 11.5
    began = time.monotonic()
    trip = one.ear.event("trip", since=mark, within=15)
    assert trip["reason"] == "schedule"
    assert 8.5 <= time.monotonic() - began <= 12.5


def test_days_are_those_on_which_a_window_begins(night):
    schedules = {"night": {"lock": {**NIGHT["night"]["lock"], "days": ["thu"]}}}
    one = night(schedules).start("2026-11-27T05:00")  # a Friday morning
    one.phase("locked_out")
    one.shows("2026-11-27T23:00")
    one.phase("ready")
    assert one.schedule()["next_at"] == "2026-12-03T22:00:00+08:00"


def test_a_window_that_ends_days_before_the_clocks_change_at_that_hour_holds_up_nothing(night):
    night_in_berlin = {"night": {"lock": {"from": "22:00", "to": "02:00"}}}
    one = night(night_in_berlin, zone="Europe/Berlin")
    one.start("2027-03-15T08:59:54")  # 1:59:54 in Berlin, 13 days before summer time begins
    one.phase("locked_out")
    eventually(lambda: one.left["phase"] == "ready", 15, "ready")
    assert one.kitchen.order("off")[-1]["status"] == "confirmed"


# --- skips ------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_window_that_holds_is_skipped_once_and_that_outlives_the_daemon(night):
    one = night().start("2026-11-26T23:00")
    one.phase("locked_out")
    mark = one.ear.mark
    one.ear.send("schedule/night/skip/set", "")
    acknowledged = one.ear.wait("schedule/night/ack", lambda _: True, since=mark).json
    assert acknowledged["status"] == "accepted"
    assert one.ear.event("unlocked", since=mark)["source"] == "mqtt"
    one.phase("ready")
    state = one.schedule()
    assert (state["active"], state["skipped_until"]) == (False, "2026-11-27T06:00:00+08:00")
    assert state["next_at"] == "2026-11-27T22:00:00+08:00"
    # A finger that trembles does not skip two nights.
    said = one.kitchen.local("schedule", "night", "skip")
    assert said.code == 0
    assert said.out == "night: skipped already, until 2026-11-27T06:00:00+08:00\n"
    assert one.schedule() == state
    one.daemon.kill()
    one.again("2026-11-27T05:00")
    one.phase("ready")
    one.shows("2026-11-27T22:30")
    one.phase("locked_out")
    assert one.schedule()["skipped_until"] is None


@pytest.mark.parametrize("way", ["local", "remote"])
def test_the_next_window_is_skipped_from_the_command_line(night, way):
    one = night().start("2026-11-26T21:00")
    ask = getattr(one.kitchen, way)
    said = ask("schedule", "NIGHT", "skip")
    assert (said.code, said.out) == (0, "night: skipped until 2026-11-27T06:00:00+08:00\n"), said
    assert "skipped until" in ask("schedule").out
    one.shows("2026-11-26T23:00")
    eventually(lambda: one.schedule()["skipped_until"] == "2026-11-27T06:00:00+08:00", 5)
    never(lambda: one.left["locks"], 2, "locked")
    for words, hint in ((("nigth", "skip"), "did you mean night?"), (("night", "skp"), "skip")):
        said = ask("schedule", *words)
        assert (said.code, hint in said.err) == (2, True), said


def test_a_retained_skip_skips_nothing_and_is_cleared(night):
    one = night()
    first = one.kitchen.ear()
    first.send("schedule/night/skip/set", "x", retain=True)
    one.start("2026-11-26T23:00")
    one.phase("locked_out")
    said = one.ear.wait("schedule/night/ack", lambda _: True).json
    assert (said["status"], said["code"]) == ("rejected", "retained")
    never(lambda: not one.left["locks"], 2, "unlocked")
    mark = one.ear.mark
    one.ear.send("schedule/nigth/skip/set", "x")
    said = one.ear.wait("schedule/nigth/ack", lambda _: True, since=mark).json
    assert (said["status"], said["code"]) == ("rejected", "unknown_schedule")


def test_a_skip_is_answered_to_whoever_asked(night):
    one = night()
    answers = one.kitchen.ear(also=("answers/#",))
    one.start("2026-11-26T21:00")
    answers.publish(
        f"{one.kitchen.base}/schedule/night/skip/set",
        {"id": "app-7"},
        answer_to="answers/app",
        correlation=b"seven",
    )
    asked = answers.wait("schedule/night/ack").json
    assert (asked["status"], asked["id"]) == ("accepted", "app-7")
    told = eventually(lambda: [each for each in answers.heard if each.topic == "answers/app"], 5)
    assert (told[0].json, told[0].correlation) == (asked, b"seven")


def test_a_skip_that_is_refused_is_an_event_of_the_burners_that_it_concerns(night):
    one = night({"night": {**NIGHT["night"], "burners": ["left"]}})
    one.kitchen.data["burners"]["right"] = burner()
    one.kitchen.write()
    one.start("2026-11-26T23:00")
    mark = one.ear.mark
    one.ear.send("schedule/night/skip/set", "x", retain=True)
    event = one.ear.event("command_rejected", since=mark)
    assert (event["code"], event["source"]) == ("retained", "mqtt")
    said = one.ear.wait("schedule/night/ack", since=mark).json
    assert said["message"] == event["message"]
    assert "command_rejected" not in one.ear.events("right", since=mark)


# --- offs -------------------------------------------------------------------------------------

BEDTIME = {"bedtime": {"off": "23:30"}}


def trips(one: Night) -> int:
    return one.ear.events().count("trip")


def test_an_off_comes_once_for_its_day_whatever_the_clock_does(night):
    one = night(BEDTIME).start("2026-11-26T23:29:53")
    one.light()
    trip = one.ear.event("trip", within=15)
    assert (trip["reason"], trip["source"]) == ("schedule", "schedule")
    eventually(lambda: not one.stove.flame("left"), 60)
    one.light()
    one.shows("2026-11-26T22:45")
    one.shows("2026-11-26T23:29:58")
    never(lambda: trips(one) > 1, 5, "a second time")
    one.shows("2026-11-27T23:30:05")
    eventually(lambda: trips(one) > 1, 5, "the next day's")


def test_an_off_that_came_while_nobody_was_there_is_made_up_for_within_the_hour(night):
    one = night(BEDTIME).start("2026-11-26T23:20")
    one.light()
    one.daemon.kill()
    one.again("2026-11-26T23:45")
    one.ear.event("trip", within=10)
    one.phase("ready")
    one.light()
    before = trips(one)
    one.daemon.kill()
    one.again("2026-11-28T00:45")
    never(lambda: trips(one) > before, 3, "an hour is over")


def test_an_off_that_is_new_in_the_file_begins_with_the_next_day(night):
    one = night(BEDTIME).start("2026-11-26T23:40")
    one.light()
    never(lambda: trips(one), 3, "it was not there at half past")


# --- when the clock is not known --------------------------------------------------------------


def test_with_a_clock_from_before_there_was_any_the_lock_is_kept_and_no_window_begins(night):
    one = night().start("2026-11-26T23:00")
    one.phase("locked_out")
    one.daemon.kill()
    one.again("2001-01-01T12:00")
    assert one.left["locks"] == ["schedule"]
    never(lambda: not one.left["locks"], 2, "unlocked")
    looked = one.kitchen.local("doctor")
    assert "the clock is not set yet" in looked.out, looked
    assert one.kitchen.order("off", "")[-1]["status"] == "confirmed"
    one.shows("2026-11-27T07:00")
    one.phase("ready")


def test_the_time_is_that_of_the_configured_zone(night):
    one = night(zone="America/New_York").start("2026-11-26T23:00")
    one.phase("ready")
    assert one.schedule()["next_at"] == "2026-11-26T22:00:00-05:00"


def test_every_time_that_is_told_is_that_of_the_configured_zone(night):
    # Nobody's machine has the zone; 14:15Z is 20:00 there.
    one = night(zone="Asia/Kathmandu").start("2026-11-26T22:15")
    one.phase("ready")
    assert one.kitchen.local("timer", "left", "--until", "20:30").code == 0
    assert one.kitchen.order("timer", '{"duration": "5m", "remind": true}')[0]["code"] is None
    assert one.kitchen.order("off")[-1]["status"] == "confirmed"
    assert one.kitchen.order("timer", '{"until": "20:30"}')[0]["status"] == "accepted"
    state = one.left
    told = {
        "updated_at": state["updated_at"],
        "timer": state["timer"]["ends_at"],
        "reminder": state["reminders"][0]["ends_at"],
        "last_trip": state["last_trip"]["at"],
        "event": one.ear.event("trip")["at"],
        "published": one.ear.state()["updated_at"],
        **{
            f"history {event['type']}": event["at"]
            for line in one.kitchen.local("history", "--json").out.splitlines()
            for event in [json.loads(line)]
        },
        **{
            f"explain {step['text']}": step["at"]
            for line in one.kitchen.local("explain", "--json").out.splitlines()
            for step in json.loads(line)["chain"]
        },
    }
    assert {name: at for name, at in told.items() if not at.endswith("+05:45")} == {}
    assert told["timer"].endswith("T20:30:00+05:45")
    assert "20:30:00" in one.kitchen.local("explain").out


def test_states_are_retained(night):
    one = night({**NIGHT, **BEDTIME}).start("2026-11-26T12:00")
    told = one.kitchen.ear().wait("schedule/night/state", lambda _: True).json
    assert told == {
        "active": False,
        "next_at": "2026-11-26T22:00:00+08:00",
        "skipped_until": None,
    }
