"""The words and figures that users were promised, and what a burner starts from.

Written out a second time on purpose: who changes one of them changes a promise, and says so here.
"""

import dataclasses
import math
import typing
from enum import StrEnum

import pytest

from gasguard.core import messages, model
from gasguard.core.messages import Kind, Status
from gasguard.core.model import Contact, Flame, Lock, Phase, Reason, Source
from gasguard.core.recovery import Record

# --- words (contract, section 3) ------------------------------------------------------------------

WORDS: dict[type[StrEnum], str] = {
    Phase: "starting ready tripping tripped locked_out trip_failed",
    Contact: "closed open unknown",
    Flame: "lit out unknown",
    Lock: "child schedule gas_alarm carbon_monoxide smoke_alarm overheat stuck restart",
    Reason: "remote voice timer max_burn unattended schedule lease gas_alarm "
    "carbon_monoxide smoke_alarm overheat lock restart shutdown proof_test",
    Source: "mqtt cli web mi_home bemfa schedule guard",
    Kind: "trip trip_confirmed trip_failed rearmed timer_started timer_extended timer_cancelled "
    "reminder_set reminder_cancelled reminder prewarning flame_lit flame_out "
    "relay_unreachable relay_recovered sensor_silent "
    "sensor_recovered sensor_tested locked unlocked "
    "command_rejected proof_test_passed proof_test_failed message_sent message_failed "
    "schedule_skipped",
    Status: "accepted rejected confirmed failed",
}


@pytest.mark.parametrize("kind", WORDS)
def test_the_words_are_those_of_the_contract(kind):
    assert [word.value for word in kind] == WORDS[kind].split()


def test_a_flame_sensor_is_called_so_among_the_sensors():
    assert messages.FLAME == "flame"


# --- figures --------------------------------------------------------------------------------------

FIGURES = {
    # contract, section 3: timers last at most 24 h
    "MAX_TIMER": 86_400,
    # safety concept, rule 1: confirmed open within 2 s
    "CONFIRM_WITHIN": 2,
    # contract, section 1: unconfirmed within 5 s is exit code 1
    "ANSWER_WITHIN": 5,
    # safety concept, failures: `relay_unreachable` within 10 s, less one poll every 2 s
    "UNREACHABLE_AFTER": 8,
    # contract, section 3: unknown when no read-back has come for 10 s
    "STALE_AFTER": 10,
    # longer than any call (keeper, 0.8 s), shorter than a poll is late: the figure is ours
    "ANSWER_COUNTS_FOR": 2,
    # safety concept, rule 5: three read-backs show closed over 5 s
    "STUCK_READBACKS": 3,
    "STUCK_OVER": 5,
    # safety concept, rule 5: at most 5 in 15 minutes
    "REARM_LIMIT": 5,
    "REARM_WINDOW": 15 * 60,
    # safety concept, failures: polled at least every 2 s, so a close has been seen by then
    "CLOSE_AGAIN_AFTER": 2,
    # safety concept, rule 9: nothing grows without bound; the rest of each figure is ours
    "MAX_WAITING": 64,
    "MAX_MEDDLINGS": 32,
    # one sample of a sensor read once a second or two is none; the figure is ours
    "OUT_SETTLES": 3,
    # safety concept, physics: a magnet drops within 60 s of the flame's end (GB 16410)
    "OUT_LASTS": 60,
    "MEDDLING_COUNTS_FOR": 600,
    "MAX_EXTEND_IDS": 32,
    "MAX_REMINDERS": 20,
}


def test_the_figures_are_those_of_the_contract_and_the_safety_concept():
    figures = {
        name: value
        for name, value in vars(model).items()
        if name.isupper() and isinstance(value, int | float)
    }
    assert figures == FIGURES


# --- what a burner starts from --------------------------------------------------------------------

RELAY = model.RelaySettings(lease=None, lease_grain=1.0)
UNHEARD = model.Hearing(0.0, None, True, None, None)
UNREAD = model.RelayView(Contact.UNKNOWN, 0.0, False, False, False, None, None, (), False, None, ())

DEFAULTS: dict[type, dict[str, object]] = {
    model.RelaySettings: {"lease": None, "lease_grain": 1.0},
    # contract, section 2
    model.Settings: {
        "relays": (RELAY,),
        "jog": False,
        "voice_relay": None,
        "rearm_after": 10.0,
        "prewarn": 60.0,
        "max_burn": None,
        "unattended": None,
        "away": None,
        # one that is inferred, or not to be trusted, is said to be so
        "flame_measured": True,
        "flame_trusted": True,
        "flame_out_within": 120.0,
        "allow_remote_rearm": False,
        "flame_expires_after": None,
        "hazard_sensors": (),
        "people_sensors": (),
        "scheduled": False,
        "presets": (),
    },
    model.Calendar: {
        "window": None,
        "by": None,
        "begins_at": 0.0,
        "shuts_off_at": 0.0,
        "until": "",
        "besides": (),
    },
    model.Shutoff: {},
    model.HazardSensor: {},
    model.PeopleSensor: {},
    # a sensor never heard says neither that somebody is there nor that nobody is
    model.PeopleView: {"hearing": UNHEARD, "there": None},
    # a sensor never heard says neither alarm nor clear
    model.HazardView: {"hearing": UNHEARD, "reports": None, "tested": False},
    model.Hearing: {
        "since": 0.0,
        "heard_at": None,
        "reachable": True,
        "garbled": None,
        "wrong": None,
    },
    # safety concept, rule 3: nothing is believed of a relay that was never read
    model.RelayView: {
        "contact": Contact.UNKNOWN,
        "heard_at": 0.0,
        "reachable": False,
        "lost": False,
        "failure_told": False,
        "problem": None,
        "latency": None,
        "lease_ends": (),
        "lease_inherited": False,
        "foreign_end": None,
        "meddled_at": (),
    },
    model.Timer: {"label": None, "warned": False, "extend_ids": (), "outranks_until": None},
    model.WhenLit: {"label": None, "extend_ids": (), "outranks": 0.0},
    model.Reminder: {"label": None, "key": None},
    model.Trip: {"confirmed": False, "latency": None},
    model.Waiting: {},
    model.Opening: {"disobeyed": ()},
    model.State: {
        "phase": Phase.STARTING,
        "relays": (UNREAD,),
        "commanded_at": -math.inf,
        "opening": None,
        "waiting": (),
        "closing": None,
        "close_not_before": -math.inf,
        "hold_until": -math.inf,
        "locks": frozenset(),
        "hazard_views": (),
        "people_views": (),
        "burn_granted_until": None,
        "burn_warned_for": None,
        "attended_until": -math.inf,
        "unattended_warned_at": None,
        "away_allowed_until": -math.inf,
        "away_warned_at": None,
        "answer_ids": (),
        "timer": None,
        "when_lit": None,
        "reminders": (),
        "last_trip": None,
        "flame": Flame.UNKNOWN,
        "flame_hearing": UNHEARD,
        "flame_seen": False,
        "out_since": None,
        "unseen_since": None,
        "burning_since": None,
        "flame_deadline": None,
        "burns_on": False,
        # contract, section 4: a voice channel found off at start is a demand
        "voice_armed": True,
        "rearmed_at": (),
        "calendar": model.Calendar(None, None, 0.0, 0.0, "", ()),
        "warned_for": (),
    },
    Record: {
        "held_open": False,
        "locks": (),
        "timer": None,
        "last_trip": None,
        "burning_since": None,
        "leased": False,
        "rearmed_at": (),
        "reporting": (),
        "silent": (),
        "unseen_since": None,
        "flame_seen": False,
        "tested": (),
        "burn_granted_until": None,
        "away_allowed_until": None,
        "when_lit": None,
        "reminders": (),
    },
    # Who asks for nothing in particular gets no answer, no timer, and the plain reason.
    messages.Request: {"ref": 0},
    messages.Off: {"ref": 0, "reason": Reason.REMOTE},
    messages.SetTimer: {"ref": 0, "duration": 0.0, "label": None, "when_lit": False},
    messages.SetReminder: {"ref": 0, "duration": 0.0, "label": None, "key": None},
    messages.CancelReminders: {"ref": 0, "label": None},
    messages.ExtendTimer: {"ref": 0, "duration": 0.0, "key": None},
    messages.RelayRead: {
        "open_answered": False,
        "voice": None,
        "countdown": None,
        "latency": None,
        "problem": None,
    },
    messages.RelayFailed: {"contact_unknown": False},
    messages.VoiceRestored: {"problem": None},
    messages.HazardRead: {"stored": False},
    messages.FlameRead: {"stored": False},
    messages.PeopleRead: {"stored": False},
    messages.CalendarRead: {"source": Source.SCHEDULE},
    messages.OpenContact: {"overtakes_close": False},
    messages.Tell: {"reason": None, "source": None, "details": {}},
    messages.Answer: {"code": None, "message": None},
}


def defaults_of(kind: type) -> dict[str, object]:
    return {
        field.name: field.default_factory()
        if field.default_factory is not dataclasses.MISSING
        else field.default
        for field in dataclasses.fields(kind)
        if (field.default, field.default_factory) != (dataclasses.MISSING, dataclasses.MISSING)
    }


@pytest.mark.parametrize("kind", DEFAULTS, ids=lambda kind: kind.__name__)
def test_what_is_not_said_is_the_harmless_thing(kind):
    assert defaults_of(kind) == DEFAULTS[kind]


def test_every_command_that_can_come_out_is_one_of_six():
    assert set(typing.get_args(messages.Command)) == {
        messages.OpenContact,
        messages.CloseContact,
        messages.RenewLease,
        messages.CancelLease,
        messages.Tell,
        messages.Answer,
    }
