"""What is sent to whom and when: routes, one a minute, quiet hours, tries, age. Injected time."""

import json
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gasguard.clock import Instant
from gasguard.config.messages import CAUSES, USUAL_CAUSES, Messages
from gasguard.core.messages import Kind, Tell
from gasguard.core.model import Lock, Phase, Reason, RelayView, Settings, Source, State
from gasguard.guard.bulletins import News
from gasguard.interfaces.messages import outbox as outbox_module
from gasguard.interfaces.messages.causes import handling
from gasguard.interfaces.messages.letters import Letter, Stamp
from gasguard.interfaces.messages.outbox import PAUSES, Outbox, Outcome, Result
from gasguard.interfaces.messages.shelf import FILE_NAME, Kept, _as_text, read
from gasguard.interfaces.messages.texts import written

NOON = time.mktime((2026, 11, 26, 12, 0, 0, 0, 0, -1))
DELIVERED = Outcome(Result.DELIVERED)
FAILED = Outcome(Result.FAILED, "not reached")
TRIP = Tell(Kind.TRIP, Reason.TIMER, Source.CLI)
CONFIRMED = Tell(Kind.TRIP_CONFIRMED, Reason.TIMER, Source.CLI)
GAS = (
    Tell(Kind.LOCKED, Lock.GAS_ALARM),
    Tell(Kind.TRIP, Reason.GAS_ALARM, Source.GUARD),
)
PREWARNING = Tell(Kind.PREWARNING, Reason.TIMER, Source.CLI, {"remaining_s": 60.0})
SILENT = Tell(
    Kind.SENSOR_SILENT, None, None, {"sensor": "kitchen_gas", "message": "kitchen_gas is away"}
)


class Office:
    """An outbox, and a clock that stands still until it is moved."""

    def __init__(self, **settings: Any) -> None:
        data = {"to": {"mum": "json://127.0.0.1"}, **settings}
        self.outbox = Outbox(Messages.model_validate(data))
        self.boot, self.wall, self.boot_id, self.synchronised = 1000.0, NOON, "a", True

    @property
    def now(self) -> Stamp:
        return Stamp(self.boot_id, self.boot, self.wall, self.synchronised)

    def pass_(self, seconds: float) -> None:
        self.boot += seconds
        self.wall += seconds

    def happens(
        self, *tells: Tell, burner: str = "left", phase: Phase = Phase.TRIPPED
    ) -> list[Any]:
        relays = (RelayView(reachable=True),)
        state = State(Settings(burner, burner.title()), phase=phase, relays=relays)
        return self.outbox.put(News(state, Instant(self.boot, self.wall), tells), self.now)

    def sent(self, outcome: Outcome = DELIVERED) -> list[str]:
        """Whatever goes now, and how it ends: as `mum left hazard`."""
        taken = self.outbox.take(self.now)
        for letter in taken:
            self.outbox.settle(letter, outcome, self.now)
        return [f"{one.to} {one.burner} {one.cause}" for one in taken]

    def all_sent(self, seconds: float, every: float = 0.5) -> list[tuple[float, str]]:
        """What goes within `seconds`, and when."""
        began, found = self.boot, []
        while self.boot <= began + seconds:
            found += [(round(self.boot - began, 1), one) for one in self.sent()]
            self.pass_(every)
        return found


def test_who_has_no_routes_is_told_of_all_that_matters_and_of_nothing_else():
    office = Office()
    for cause in USUAL_CAUSES:
        assert office.outbox._settings.recipients(cause) == ["mum"]
    office.happens(*GAS)
    office.happens(Tell(Kind.TIMER_STARTED), Tell(Kind.COMMAND_REJECTED, "busy"))
    assert office.sent() == ["mum left hazard"]
    assert office.all_sent(70) == []


def test_routes_name_who_is_told_of_what():
    to = {"mum": "a://b", "dad": "a://c"}
    routes = {"trip": ["mum"], "hazard": ["dad"], "timer_started": ["dad"], "rearmed": []}
    office = Office(to=to, routes=routes)
    office.happens(*GAS)
    # Who is told of trips is told of one by an alarm, once.
    assert sorted(office.sent()) == ["dad left hazard", "mum left hazard"]
    office.happens(Tell(Kind.TIMER_STARTED), Tell(Kind.REARMED), PREWARNING)
    office.pass_(2)
    assert office.sent() == ["dad left timer_started"]


def test_every_event_of_the_guard_has_a_cause_that_can_be_routed():
    kinds = [kind for kind in Kind if (how := handling(Tell(kind))) is not None and how.causes]
    assert {kind.value for kind in kinds} | {"hazard", "reminder"} == set(CAUSES)


def test_what_becomes_of_a_message_is_no_message():
    office = Office(routes={cause: ["mum"] for cause in CAUSES})
    office.happens(Tell(Kind.MESSAGE_FAILED), Tell(Kind.MESSAGE_SENT))
    assert office.all_sent(70) == []


def test_of_one_cause_and_burner_one_message_a_minute_and_none_is_lost():
    office = Office()
    for burner in ("left", "right"):
        office.happens(SILENT, burner=burner)
    office.happens(Tell(Kind.TRIP_FAILED, Reason.TIMER))
    assert office.all_sent(8) == [
        (0.0, "mum left trip_failed"),
        (2.0, "mum left sensor_silent"),
        (4.0, "mum right sensor_silent"),
    ]
    for _ in range(9):
        office.happens(SILENT)
        office.pass_(3)
    (later,) = office.outbox.letters
    assert office.sent() == []
    assert office.all_sent(60) == [(pytest.approx(24.5, abs=1.0), "mum left sensor_silent")]
    assert (len(later.events), later.more) == (5, 4)
    text = written(later, office.now, "en")[1]
    assert text.count("Look at its battery") == 1
    assert "4 more like it" in text


def test_one_a_minute_holds_over_a_restart():
    office, again = Office(), Office()
    office.happens(SILENT)
    assert office.sent()
    again.outbox.recall(office.outbox.letters, office.outbox.last, {})
    again.pass_(20)
    again.happens(SILENT)
    assert again.all_sent(60) == [(40.0, "mum left sensor_silent")]


def test_the_first_message_after_a_power_cut_goes_at_once():
    office, again = Office(), Office()
    office.happens(SILENT)
    again.boot_id, again.boot, again.synchronised = "b", 20.0, False
    again.outbox.recall([], office.outbox.last, {})
    again.happens(SILENT)
    assert again.sent() == ["mum left sensor_silent"]


def test_two_alarms_are_two_messages_at_once():
    office = Office()
    office.happens(*GAS)
    office.happens(Tell(Kind.LOCKED, Lock.SMOKE_ALARM), Tell(Kind.TRIP, Reason.SMOKE_ALARM))
    assert office.sent() + office.sent() == ["mum left hazard", "mum left hazard"]
    assert office.all_sent(70) == []


def test_a_shutoff_is_told_once_it_is_confirmed_and_not_as_done_before():
    office = Office()
    office.happens(TRIP)
    assert office.sent() == []
    office.pass_(0.05)
    office.happens(CONFIRMED)
    (letter,) = office.outbox.take(office.now)
    assert "was shut off: its timer ended" in written(letter, office.now, "en")[1]
    office.outbox.settle(letter, DELIVERED, office.now)
    # The next one, before the first would have been due unconfirmed, waits its minute.
    office.pass_(0.3)
    office.happens(TRIP, CONFIRMED)
    assert office.all_sent(61)[0][0] >= 59.5
    office = Office()
    office.happens(TRIP)
    office.pass_(1)
    (letter,) = office.outbox.take(office.now)
    assert "is being shut off, not confirmed yet" in written(letter, office.now, "en")[1]


def test_each_of_several_shutoffs_in_one_message_is_told_as_it_was():
    office = Office()
    office.happens(TRIP, CONFIRMED)
    assert office.sent() == ["mum left trip"]
    for confirmed in (True, True, False):
        office.pass_(15)
        office.happens(TRIP)
        office.pass_(0.05)
        if confirmed:
            office.happens(CONFIRMED)
    (letter,) = office.outbox.letters
    assert [event.get("confirmed", False) for event in letter.events] == [True, True, False]


def test_a_confirmation_goes_to_disk_for_after_a_crash():
    office = Office()
    office.happens(TRIP)
    before = office.outbox.version
    office.pass_(0.05)
    office.happens(CONFIRMED)
    assert office.outbox.version > before
    office.happens(CONFIRMED)  # no news: nothing to write
    assert office.outbox.version == before + 1


def test_a_shutoff_confirmed_after_a_try_that_failed_is_told_as_done():
    office = Office()
    office.happens(TRIP)
    office.pass_(1)
    assert office.sent(FAILED) == ["mum left trip"]
    office.pass_(1)
    office.happens(CONFIRMED)
    office.pass_(PAUSES[0])
    (letter,) = office.outbox.take(office.now)
    assert "was shut off: its timer ended" in written(letter, office.now, "en")[1]


QUIET = {"from": "22:00", "to": "07:00"}


def at(hour: int, minute: int = 0, second: int = 0) -> float:
    return NOON + (hour - 12) * 3600 + minute * 60 + second


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        (at(21, 59, 59), False),
        (at(22), True),
        (at(23, 59, 59), True),
        (at(24), True),
        (at(6, 59, 59), True),
        (at(7), False),
    ],
)
def test_quiet_hours_hold_back_what_is_not_urgent_and_nothing_else(moment, held):
    office = Office(quiet=QUIET)
    office.wall = moment
    office.happens(SILENT)
    assert office.sent() == ([] if held else ["mum left sensor_silent"])
    for tell in (PREWARNING, Tell(Kind.TRIP_FAILED, Reason.TIMER), *GAS):
        office.happens(tell)
    assert [office.sent() for _ in range(3)] == [
        ["mum left prewarning"],
        ["mum left trip_failed"],
        ["mum left hazard"],
    ]


def test_quiet_hours_and_texts_are_of_the_time_zone_that_is_set():
    shanghai = ZoneInfo("Asia/Shanghai")
    settings = Messages.model_validate({"to": {"mum": "json://127.0.0.1"}, "quiet": QUIET})
    ten_in_the_evening = datetime(2026, 11, 26, 22, 0, tzinfo=shanghai).timestamp()
    for before, quiet in ((1.0, False), (0.0, True)):
        now = Stamp("a", 1000.0, ten_in_the_evening - before, True)
        assert Outbox(settings, shanghai).is_quiet(now) is quiet
    office = Office()
    office.wall = ten_in_the_evening
    office.happens(SILENT)
    (letter,) = office.outbox.letters
    assert "Time: 22:00:00" in written(letter, office.now, "en", shanghai)[1]


def test_quiet_hours_within_one_day():
    office = Office(quiet={"from": "13:00", "to": "14:30"})
    held = []
    for moment in (at(12, 59), at(13), at(14, 29), at(14, 30)):
        office.wall = moment
        held.append(office.outbox.is_quiet(office.now))
    assert held == [False, True, True, False]


def test_what_was_held_back_goes_in_order_when_the_clock_leaves_quiet_hours_even_by_a_step():
    office = Office(quiet=QUIET)
    office.wall = at(23)
    office.happens(SILENT)
    office.happens(TRIP, CONFIRMED)
    assert office.all_sent(120) == []
    look = office.outbox.next_look(office.now)
    assert look is not None and look <= 60
    office.wall = at(8)  # somebody has set the clock
    assert [what for _, what in office.all_sent(10)] == [
        "mum left sensor_silent",
        "mum left trip",
    ]
    assert office.outbox.next_look(office.now) is None


def test_a_message_that_fails_is_tried_again_ever_more_seldom_and_told_of_once():
    office = Office()
    office.happens(SILENT)
    tried, told = [], []
    began = office.boot
    while office.boot < began + 3 * 3600:
        for letter in office.outbox.take(office.now):
            tried.append(office.boot - began)
            if fate := office.outbox.settle(letter, FAILED, office.now):
                told.append(fate)
        office.pass_(1)
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert pauses[: len(PAUSES)] == list(PAUSES)
    assert set(pauses[len(PAUSES) :]) == {PAUSES[-1]}
    (early,) = told
    assert (early.over, early.tries, early.outcome) == (False, 3, FAILED)
    office.pass_(22 * 3600)
    (late,) = office.outbox.too_old(office.now)
    assert late.over
    assert late.outcome.why.startswith(f"{FAILED.why}; it is of no use ")
    assert office.outbox.letters == []


def test_a_warning_that_is_over_before_its_minute_is_given_up_for_that_and_never_tried():
    office = Office()
    short = Tell(Kind.PREWARNING, Reason.TIMER, Source.CLI, {"remaining_s": 10.0})
    office.happens(short)
    assert office.sent() == ["mum left prewarning"]
    office.pass_(15)
    office.happens(short)
    assert office.all_sent(10.5) == []
    (late,) = office.outbox.too_old(office.now)
    assert (late.tries, late.over) == (0, True)
    assert late.outcome.why.startswith("one like it had gone less than a minute before; it is of ")


def test_what_is_urgent_is_tried_every_minute_and_a_new_alarm_before_what_fails():
    office = Office()
    office.happens(*GAS)
    for _ in range(60):
        office.sent(FAILED)
        office.pass_(60)
    office.happens(Tell(Kind.TRIP_FAILED, Reason.TIMER))
    assert office.sent(FAILED) == ["mum left trip_failed"]
    assert office.sent() == ["mum left hazard"]


def test_order_is_kept_while_a_service_is_away_and_all_goes_once_it_is_back():
    office = Office(routes={cause: ["mum"] for cause in CAUSES})
    names = ("timer_started", "timer_extended", "timer_cancelled")
    for name in names:
        office.happens(Tell(Kind(name)))
        office.sent(FAILED)
        office.pass_(1)
    assert [what.split()[2] for _, what in office.all_sent(4000)] == list(names)


def test_a_service_that_says_no_is_believed_after_twenty_minutes():
    office = Office()
    office.happens(SILENT)
    refused = Outcome(Result.REFUSED, "HTTP 401")
    fates, began = [], office.boot
    while office.outbox.letters:
        for letter in office.outbox.take(office.now):
            fates.append(office.outbox.settle(letter, refused, office.now))
        office.pass_(1)
    assert [fate and fate.over for fate in fates] == [None, None, False, None, None, None, True]
    assert office.boot - began > 1200


def test_where_there_is_no_service_one_try_is_enough():
    office = Office()
    office.happens(SILENT)
    (letter,) = office.outbox.take(office.now)
    fate = office.outbox.settle(letter, Outcome(Result.IMPOSSIBLE, "no such"), office.now)
    assert fate is not None and fate.over
    assert not office.outbox.letters


def test_a_prewarning_is_worth_nothing_once_its_time_has_passed():
    office = Office()
    office.happens(PREWARNING)
    office.sent(FAILED)
    office.pass_(60)
    assert office.outbox.too_old(office.now) == []
    office.pass_(1)
    (fate,) = office.outbox.too_old(office.now)
    assert fate.letter.cause == "prewarning"


@pytest.mark.parametrize("wall", [NOON - 3 * 365 * 86400, NOON + 3 * 365 * 86400])
def test_a_step_of_the_wall_clock_makes_nothing_old(wall):
    office = Office()
    office.happens(SILENT)
    office.sent(FAILED)
    office.wall = wall
    office.boot += 60
    assert office.outbox.too_old(office.now) == []
    assert office.sent() == ["mum left sensor_silent"]


@pytest.mark.parametrize(
    ("away", "synchronised", "gone"),
    [
        (23 * 3600, True, False),
        (25 * 3600, True, True),
        (25 * 3600, False, False),
        (-25 * 3600, True, False),
    ],
)
def test_after_a_power_cut_age_counts_where_a_clock_can_say(away, synchronised, gone):
    office = Office()
    office.happens(SILENT)
    office.boot_id, office.boot, office.synchronised = "b", 5.0, synchronised
    office.wall += away
    assert bool(office.outbox.too_old(office.now)) is gone
    assert bool(office.sent()) is not gone


def test_more_than_there_is_room_for_gives_up_the_oldest_that_is_not_urgent(monkeypatch):
    monkeypatch.setattr(outbox_module, "MOST", 4)
    office = Office()
    office.happens(*GAS)
    fates = []
    for number in range(6):
        fates += office.happens(SILENT, burner=f"b{number}")
    assert [fate.letter.burner for fate in fates] == ["b0", "b1", "b2"]
    assert office.outbox.letters[0].urgent
    assert len(office.outbox.letters) == 4


def test_a_relay_of_a_cold_burner_is_told_of_only_when_it_stays_away():
    office = Office()
    office.happens(Tell(Kind.RELAY_UNREACHABLE, details={"burning": False}))
    assert office.all_sent(119) == []
    office.outbox.withdraw(lambda letter: letter.cause == "relay_unreachable")
    assert not office.outbox.letters
    office.happens(Tell(Kind.RELAY_UNREACHABLE, details={"burning": False}))
    assert [what for _, what in office.all_sent(121)] == ["mum left relay_unreachable"]
    office.happens(Tell(Kind.RELAY_UNREACHABLE, details={"burning": True}), burner="right")
    assert office.sent() == ["mum right relay_unreachable"]


# --- texts ----------------------------------------------------------------------------------------


def letter_of(tell: Tell, name: str = "左灶") -> tuple[Letter, Stamp]:
    office = Office(routes={cause: ["mum"] for cause in CAUSES})
    state = State(Settings("left", name))
    news = News(state, Instant(office.boot, office.wall), (tell,))
    office.outbox.put(news, office.now)
    return office.outbox.letters[0], office.now


EVERYTHING = [
    *(Tell(kind, Reason.REMOTE, Source.MQTT) for kind in Kind if handling(Tell(kind))),
    *(Tell(Kind.TRIP, reason, Source.GUARD) for reason in Reason),
    *(Tell(Kind.LOCKED, lock) for lock in Lock),
    *(Tell(Kind.PREWARNING, reason, details={"remaining_s": 60.0}) for reason in Reason),
]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("tell", EVERYTHING, ids=lambda tell: f"{tell.kind}-{tell.reason}")
def test_every_message_names_the_burner_and_the_time_in_one_language(tell, language):
    letter, now = letter_of(tell)
    title, text = written(letter, now, language)
    assert title == "gasguard: 左灶"
    assert "左灶" in text.splitlines()[0]
    assert "12:00:00" in text
    assert "{" not in text and "None" not in text and "_" not in text
    words = text.replace("左灶", "").replace("Home Assistant", "").replace("gasguard", "")
    chinese = sum("\u4e00" <= sign <= "\u9fff" for sign in words)
    assert (chinese > 3) is (language == "zh")
    assert len(text.encode()) < 2048


BURNS_ON = Tell(Kind.TRIP_FAILED, Reason.TIMER, Source.CLI, {"message": "the flame burns on"})
UNREACHABLE = Tell(Kind.RELAY_UNREACHABLE, None, None, {"burning": True, "relay": 0})


@pytest.mark.parametrize(
    ("alarm", "end", "says"),
    [
        (BURNS_ON, CONFIRMED, "Left is off"),
        (BURNS_ON, Tell(Kind.FLAME_OUT), "Left went out"),
        (UNREACHABLE, Tell(Kind.RELAY_RECOVERED, None, None, {"relay": 0}), "answers again"),
    ],
)
def test_who_was_called_to_the_knob_is_told_when_that_is_over(alarm, end, says):
    routes = {"trip_failed": ["mum"], "relay_unreachable": ["mum"], "trip_confirmed": ["dad"]}
    routes |= {"flame_out": ["dad"], "relay_recovered": ["dad"]}
    for quiet in (None, {"from": "11:00", "to": "13:00"}):
        office = Office(to={"mum": "a://b", "dad": "a://c"}, routes=routes, quiet=quiet)
        office.happens(end)
        assert not any("mum" in one for one in office.sent()), "nobody was called"
        office.happens(alarm, phase=Phase.TRIP_FAILED)
        assert [one for one in office.sent() if "mum" in one] == [f"mum left {alarm.kind}"]
        if alarm is BURNS_ON:
            office.happens(CONFIRMED, phase=Phase.TRIP_FAILED)
            assert not any("mum" in one for one in office.sent()), "open, and it burns on"
        office.happens(end)
        (letter,) = [one for one in office.outbox.letters if one.to == "mum"]
        assert says in written(letter, office.now, "en")[1]
        assert f"mum left {end.kind}" in office.sent()
        office.happens(end)
        assert not any("mum" in one for one in office.sent()), "once"


def test_an_alarm_that_arrives_late_says_that_it_is_over():
    office = Office()
    office.happens(BURNS_ON, phase=Phase.TRIP_FAILED)
    office.sent(FAILED)
    office.happens(CONFIRMED)
    (letter,) = office.outbox.letters
    text = written(letter, office.now, "en")[1]
    assert text.index("could NOT be shut off") < text.index("Left is off: its timer ended.")


def test_the_end_of_an_alarm_is_told_after_a_restart_too(tmp_path: Path):
    office, again = Office(), Office()
    office.happens(BURNS_ON, phase=Phase.TRIP_FAILED)
    office.sent()
    outbox = office.outbox
    (tmp_path / FILE_NAME).write_text(_as_text(Kept(outbox.letters, outbox.last, outbox.alarmed)))
    again.outbox.recall(*read(tmp_path / FILE_NAME))
    again.happens(CONFIRMED)
    assert again.sent() == ["mum left trip_confirmed"]


def test_who_is_told_of_the_end_anyway_is_told_once():
    office = Office(routes={"trip_failed": ["mum"], "trip_confirmed": ["mum"]})
    office.happens(BURNS_ON, phase=Phase.TRIP_FAILED)
    office.sent()
    office.happens(CONFIRMED)
    assert office.all_sent(70) == [(0.0, "mum left trip_confirmed")]


def test_a_message_says_when_it_was_and_when_it_will_be():
    letter, now = letter_of(PREWARNING)
    assert "at 12:01:00" in written(letter, now, "en")[1]
    late = Stamp(now.boot_id, now.boot + 86400, now.wall + 86400, True)
    assert "2026-11-26 12:00:00" in written(letter, late, "en")[1]
    # Since then somebody has set the clock an hour forward: it was wrong before, too.
    stepped = Stamp(now.boot_id, now.boot + 60, now.wall + 3660, True)
    assert "Time: 13:00:00" in written(letter, stepped, "en")[1]


def test_no_message_is_longer_than_the_shortest_service_takes():
    office = Office()
    office.happens(SILENT)
    office.sent()
    for number in range(5):
        details: dict[str, str | float | bool] = {
            "sensor": "gas",
            "message": f"{number}" + "燃" * 299,
        }
        office.happens(Tell(Kind.SENSOR_SILENT, details=details))
    (letter,) = office.outbox.letters
    for language in ("en", "zh"):
        title, text = written(letter, office.now, language)
        assert len(f"{title}\n{text}".encode()) < 2048
        assert text.endswith("gasguard history left")
        assert "gasguard doctor" in text


def test_labels_with_braces_are_said_as_they_are():
    tell = Tell(Kind.PREWARNING, Reason.TIMER, details={"remaining_s": 60.0, "label": "{eggs}"})
    letter, now = letter_of(tell, "{0}")
    assert "{eggs}" in written(letter, now, "en")[1]


def test_a_warning_says_what_puts_that_off_and_nothing_else():
    left = {"remaining_s": 60.0}
    night = Tell(Kind.PREWARNING, Reason.SCHEDULE, Source.SCHEDULE, {**left, "schedule": "night"})
    countdown = Tell(Kind.PREWARNING, Reason.TIMER, Source.MI_HOME, left)
    for language, says in (
        ("en", "will be shut off at 12:01:00, when the countdown ends that was set in Mi Home"),
        ("zh", "米家里设的倒计时快到了"),
    ):
        told = written(*letter_of(night), language)[1]
        assert "gasguard schedule night skip" in told and "gasguard timer" not in told
        told = written(*letter_of(countdown), language)[1]
        assert says in told and "gasguard timer" not in told
        assert "gasguard timer left +5m" in written(*letter_of(PREWARNING), language)[1]


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"\xff\xfe", b'{"letters": 3, "last": {}}'),
        *(b'{"letters": [], "last": []}', b'{"letters": [], "last": {}, "alarmed": {"left": 3}}'),
    ],
)
def test_a_damaged_file_is_nothing(tmp_path: Path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    assert read(tmp_path / FILE_NAME) == ([], {}, {})


def test_one_damaged_message_takes_no_other_with_it(tmp_path: Path):
    letter, _ = letter_of(TRIP)
    sound = letter.to_data()
    damaged = [
        {**sound, "events": []},
        {**sound, "due": "soon"},
        {**sound, "stamp": {"boot": 1}},
        {**sound, "events": [{"type": "trip", "boot": 1e300}]},
        {},
        None,
    ]
    data = {"letters": [*damaged, sound], "last": {}}
    (tmp_path / FILE_NAME).write_text(json.dumps(data))
    letters = read(tmp_path / FILE_NAME).letters
    assert letters == [letter]


@pytest.mark.parametrize(
    ("details", "says", "says_not"),
    [
        ({"remaining_s": 60.0}, "will be shut off at 12:01:00: nobody was looking", "only warns"),
        ({"remaining_s": 60.0, "away": True}, "12:01:00: nobody is at home", "only warns"),
        ({"shuts_off": False, "away": True}, "only warns", "will be shut off"),
    ],
)
def test_a_guards_warning_says_whether_it_will_shut_off(details, says, says_not):
    office = Office()
    office.happens(Tell(Kind.PREWARNING, Reason.UNATTENDED, Source.GUARD, details))
    (letter,) = office.outbox.letters
    for language in ("en", "zh"):
        assert written(letter, office.now, language)[1]
    text = written(letter, office.now, "en")[1]
    assert says in text
    assert says_not not in text


@pytest.mark.parametrize(("language", "said"), [("en", '"eggs"'), ("zh", "“eggs”")])
def test_a_reminder_says_what_it_is_for(language, said):
    on_time = Tell(Kind.REMINDER, None, Source.CLI, {"label": "eggs"})
    late = Tell(Kind.REMINDER, None, Source.CLI, {"label": "eggs", "late_s": 600})
    unsure = Tell(Kind.REMINDER, Reason.RESTART, Source.CLI, {"label": "eggs"})
    first = [
        written(*letter_of(tell), language)[1].splitlines()[0] for tell in (on_time, late, unsure)
    ]
    assert all(line.count(said) == 1 and "左灶" in line for line in first)
    assert "11:50:00" in first[1], "when it was due"
    assert len(set(first)) == 3


def test_two_reminders_at_one_moment_are_both_told():
    office = Office(routes={"reminder": ["mum"]})
    office.happens(
        Tell(Kind.REMINDER, details={"label": "eggs"}),
        Tell(Kind.REMINDER, details={"label": "rice"}),
    )
    texts = [written(one, office.now, "en")[1] for one in office.outbox.letters]
    assert len(texts) == 2
    assert "eggs" in texts[0] and "rice" in texts[1]
    assert len(office.all_sent(5)) == 2


def test_nobody_at_home_is_told_at_once_beside_another_warning():
    office = Office()
    office.happens(Tell(Kind.PREWARNING, Reason.UNATTENDED, Source.GUARD, {"remaining_s": 60.0}))
    assert office.sent() == ["mum left prewarning"]
    office.pass_(20)
    away = {"remaining_s": 60.0, "away": True}
    office.happens(Tell(Kind.PREWARNING, Reason.UNATTENDED, Source.GUARD, away))
    assert office.sent() == ["mum left prewarning"]
