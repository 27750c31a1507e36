"""The invariants of the safety concept, held against a physical relay instead of the core's word.

What people asked for and were promised is noted down here, from their side; what the relay did is
known to the kitchen. Neither is taken from the core's state.
"""

from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gasguard.core.messages import (
    Answer,
    CancelTimer,
    ChildLock,
    CloseContact,
    Command,
    ExtendTimer,
    HazardRead,
    Kind,
    Off,
    OpenContact,
    Rearm,
    SetReminder,
    SetTimer,
    Status,
    Tell,
    Unlock,
)
from gasguard.core.model import Contact, Flame, Lock, Phase, Source
from tests.core.burner import CLOSED, OPEN
from tests.core.kitchen import FAULTS, GOOD, POLL, Kitchen

REARM_AFTER = 10.0
CONFIRMED_WITHIN = 2.0
NOTICED_WITHIN = POLL + 0.5
"""Seconds until a poll has seen what somebody did to the relay, and an opening has answered it."""

hazards = st.sampled_from([Lock.GAS_ALARM, Lock.SMOKE_ALARM, Lock.CARBON_MONOXIDE])
sources = st.sampled_from(Source)


class OneBurner(RuleBasedStateMachine):
    """People, devices, time and power cuts, in any order."""

    phases_seen: ClassVar[set[Phase]] = set()

    @initialize(jog=st.booleans(), voice=st.booleans(), contact=st.sampled_from([OPEN, CLOSED]))
    def begin(self, jog: bool, voice: bool, contact: Contact) -> None:
        self.kitchen = Kitchen(
            jog=jog,
            voice=voice,
            contact=contact,
            rearm_after=REARM_AFTER,
            max_burn=60.0,
            flame_out_within=30.0,
        )
        self.jog = jog
        self.last_ref = 0
        self.judged = 0
        self.offs: dict[int, float] = {}
        self.locks: set[Lock] = set()
        self.reporting: set[Lock] = set()
        self.ends_at: float | None = None
        self.waits: float | None = None
        """Seconds that a timer which waits for the flame is to last."""
        self.off_at = float("-inf")
        self.may_close_early = True
        self.boots = 0

    # --- what people do -------------------------------------------------------------------------

    def _ref(self) -> int:
        self.last_ref += 1
        return self.last_ref

    def _accepted(self, out: tuple[Command, ...]) -> bool:
        return any(isinstance(one, Answer) and one.status is Status.ACCEPTED for one in out)

    @rule(source=sources)
    def off(self, source: Source) -> None:
        self._demand()
        ref = self._ref()
        self.offs[ref] = self.kitchen.now
        out = self.kitchen.send(Off(source, ref))
        assert any(isinstance(command, OpenContact) for command in out), "an off was swallowed"
        if self.kitchen.relay.mode == GOOD:
            assert self.kitchen.relay.contact is OPEN

    def _demand(self) -> None:
        self.off_at = self.kitchen.now
        self.may_close_early = False

    @rule(duration=st.sampled_from([1.0, 5.0, 20.0, 90.0, 600.0]), source=sources)
    def set_timer(self, duration: float, source: Source) -> None:
        if self._accepted(self.kitchen.send(SetTimer(source, self._ref(), duration))):
            self.ends_at, self.waits = self.kitchen.now + duration, None

    @rule(duration=st.sampled_from([5.0, 60.0]))
    def extend_timer(self, duration: float) -> None:
        if self._accepted(self.kitchen.send(ExtendTimer(Source.MQTT, self._ref(), duration))):
            if self.waits is not None:
                self.waits += duration
                return
            assert self.ends_at is not None, "a timer that nobody set was extended"
            self.ends_at += duration

    @rule(duration=st.sampled_from([1.0, 20.0, 90.0]))
    def set_timer_when_lit(self, duration: float) -> None:
        request = SetTimer(Source.WEB, self._ref(), duration, None, when_lit=True)
        if self._accepted(self.kitchen.send(request)):
            self.ends_at, self.waits = None, duration

    @rule(duration=st.sampled_from([1.0, 20.0, 600.0]))
    def set_reminder(self, duration: float) -> None:
        self.kitchen.send(SetReminder(Source.WEB, self._ref(), duration))

    @rule()
    def cancel_timer(self) -> None:
        self.kitchen.send(CancelTimer(Source.MQTT, self._ref()))
        self.ends_at = self.waits = None

    @rule()
    def lock(self) -> None:
        if self._accepted(self.kitchen.send(ChildLock(Source.MQTT, self._ref()))):
            self.locks.add(Lock.CHILD)

    @rule()
    def unlock(self) -> None:
        self.locks.discard(Lock.CHILD)
        self.kitchen.send(Unlock(Source.MQTT, self._ref()))

    @rule(source=st.sampled_from([Source.CLI, Source.WEB, Source.MQTT, Source.BEMFA]))
    def rearm(self, source: Source) -> None:
        latched, was_early = self.locks - {Lock.CHILD}, self.may_close_early
        self.locks -= latched
        self.may_close_early, was_seen = True, self.kitchen.seen
        if source in (Source.CLI, Source.WEB):
            self.kitchen.looked_at()
        if self._accepted(self.kitchen.send(Rearm(source, self._ref()))):
            assert not self.reporting, "re-armed while the hazard reports"
            assert not latched or source in (Source.CLI, Source.WEB), "re-armed from afar"
        else:
            self.locks |= latched
            self.may_close_early, self.kitchen.seen = was_early, was_seen

    @rule(cools_in=st.sampled_from([0.0, 15.0, 1e9]))
    @precondition(lambda self: self.kitchen.relay.contact is CLOSED)
    def light(self, cools_in: float) -> None:
        self.kitchen.cools_in = cools_in
        self.kitchen.sense(Flame.LIT)

    @rule(flame=st.sampled_from([Flame.OUT, Flame.UNKNOWN, Flame.LIT]))
    def sense(self, flame: Flame) -> None:
        self.kitchen.sense(flame)

    # --- what devices do ------------------------------------------------------------------------

    @rule(kind=hazards)
    def hazard_begins(self, kind: Lock) -> None:
        if kind not in self.locks:
            self._demand()
        self.reporting.add(kind)
        self.locks.add(kind)
        self.kitchen.send(HazardRead(kind, True))

    @rule()
    def hazards_end(self) -> None:
        for kind in sorted(self.reporting):
            self.kitchen.send(HazardRead(kind, False))
        self.reporting.clear()

    @rule(mode=st.sampled_from(FAULTS))
    def the_relay_fails(self, mode: str) -> None:
        self.kitchen.relay.mode = mode

    @rule()
    @precondition(lambda self: self.kitchen.relay.mode != GOOD)
    def the_relay_recovers(self) -> None:
        self.kitchen.relay.mode = GOOD
        self.kitchen.relay.good_since = self.kitchen.now

    @rule(contact=st.sampled_from([OPEN, CLOSED]))
    def somebody_switches(self, contact: Contact) -> None:
        self.kitchen.relay.switch(contact, self.kitchen.now)
        self.kitchen.relay.good_since = self.kitchen.now  # gives the guard its time to notice

    @rule()
    @precondition(lambda self: self.kitchen.relay.flying)
    def a_late_command_lands(self) -> None:
        relay = self.kitchen.relay
        relay.switch(relay.flying.pop(0), self.kitchen.now)
        relay.good_since = self.kitchen.now

    @rule()
    @precondition(lambda self: self.kitchen.relay.voice is not None)
    def say_off(self) -> None:
        relay, said_at = self.kitchen.relay, self.kitchen.now
        # In other phases it is off already, or a re-arm may set the channel on before it is read.
        heard_on = relay.voice and relay.mode == GOOD and self.kitchen.burner.state.voice_armed
        heard_on &= self.kitchen.burner.phase is Phase.READY
        relay.voice = False
        if heard_on:
            self._demand()
            self.kitchen.live(NOTICED_WITHIN)
            assert relay.opened_at >= said_at, "an off by voice was swallowed"

    @rule()
    @precondition(lambda self: self.kitchen.relay.mode == GOOD)
    def ask(self) -> None:
        self.kitchen.pending.append(self.kitchen.question())

    @rule()
    @precondition(lambda self: self.kitchen.relay.mode == GOOD)
    def ask_while_somebody_flicks_the_switch(self) -> None:
        self.somebody_switches(OPEN)
        self.ask()
        self.somebody_switches(CLOSED)

    @rule()
    @precondition(lambda self: self.kitchen.pending)
    def an_answer_comes_late(self) -> None:
        self.kitchen.send(self.kitchen.pending.pop(0))

    # --- time and power -------------------------------------------------------------------------

    @rule(duration=st.sampled_from([0.1, 0.5, 1.0, 2.1]))
    def a_moment_passes(self, duration: float) -> None:
        self.kitchen.live(duration)

    @rule(duration=st.sampled_from([3.0, 6.0, 11.0]))
    def some_time_passes(self, duration: float) -> None:
        self.kitchen.live(duration)

    @rule(duration=st.sampled_from([11.0, 13.0, 31.0, 125.0]))
    def a_while_passes(self, duration: float) -> None:
        self.kitchen.live(duration)

    @rule(
        away=st.sampled_from([0.0, 1.0, 20.0, 1000.0]),
        new_boot=st.booleans(),
        synchronised=st.booleans(),
    )
    def restart(self, away: float, new_boot: bool, synchronised: bool) -> None:
        kitchen, self.boots = self.kitchen, self.boots + 1
        died_at = kitchen.now
        demanded = any(not self._outcome(ref) for ref in self.offs)
        boot_id = f"boot {self.boots}" if new_boot else kitchen.boot_id
        known = kitchen.restart(away, boot_id, synchronised)
        shift = kitchen.now - died_at - away
        opens_first = any(isinstance(one, OpenContact) for one in kitchen.burner.first)
        if self.ends_at is not None:
            over = not known or self.ends_at + shift <= kitchen.now
            assert opens_first or not over, "a deadline that may have passed did not open first"
            self.ends_at = None if over else self.ends_at + shift
        assert opens_first or not demanded, "an unconfirmed demand was forgotten"
        assert opens_first or not self.locks, "a lock was forgotten"
        left = kitchen.burner.state.when_lit
        if self.waits is not None and not opens_first:
            assert left is not None and left.duration == self.waits, "a timer that waited was lost"
        self.waits = left and left.duration
        self.off_at += shift
        self.may_close_early = not (opens_first or self.locks)
        if opens_first:
            self._demand()
        self.offs.clear()
        self.judged = len(kitchen.heard)
        for kind in sorted(self.reporting):
            kitchen.send(HazardRead(kind, True))

    def _outcome(self, ref: int) -> bool:
        final = (Status.CONFIRMED, Status.FAILED)
        return any(answer.status in final for answer in self.kitchen.answers(ref))

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def every_word_was_true_when_it_was_said(self) -> None:
        for heard in self.kitchen.heard[self.judged :]:
            self._judge(*heard)
        self.judged = len(self.kitchen.heard)

    def _judge(self, at: float, command: Command, lit: bool) -> None:
        relay = self.kitchen.relay
        if isinstance(command, Answer) and command.status is Status.CONFIRMED:
            assert relay.opened_at >= self.offs[command.ref], "confirmed, but it never opened"
        elif isinstance(command, Tell) and command.kind is Kind.TIMER_CANCELLED:
            self.ends_at = self.waits = None
        elif isinstance(command, Tell) and command.kind is Kind.TIMER_STARTED:
            if command.reason in ("flame_lit", "flame_unseen"):
                assert self.waits == command.details["duration_s"]
                self.ends_at, self.waits = at + self.waits, None
        elif isinstance(command, CloseContact):
            assert not lit, "closed though nobody says for certain that the flame is out"
            assert not self.locks, "closed behind a lock"
            assert not self.reporting, "closed while a hazard reports"
            early = at < self.off_at + REARM_AFTER - 1e-6
            assert not early or self.may_close_early, "closed before rearm_after was over"

    @invariant()
    def every_lock_stands_until_it_is_removed(self) -> None:
        assert self.kitchen.burner.state.locks >= self.locks

    @invariant()
    def a_timer_that_waits_begins_with_the_flame(self) -> None:
        if self.waits is not None and self.kitchen.flame is Flame.LIT:
            assert self.kitchen.burner.phase is not Phase.READY, "the flame is lit, and it waits"

    @invariant()
    def a_contact_shown_open_was_open(self) -> None:
        if self.kitchen.burner.state.contact is OPEN:
            assert self.kitchen.now - self.kitchen.relay.opened_at <= 10.0 + NOTICED_WITHIN

    @invariant()
    def what_is_locked_is_physically_open(self) -> None:
        locked = self.locks or self.kitchen.burner.state.locks
        if locked and not self.jog and self._relay_good_for(NOTICED_WITHIN):
            assert self.kitchen.relay.contact is OPEN

    @invariant()
    def a_deadline_that_has_passed_has_opened_the_contact(self) -> None:
        self.every_word_was_true_when_it_was_said()  # a timer may have been cancelled just now
        if self.ends_at is None or not self._relay_good_for(CONFIRMED_WITHIN):
            return
        if self.kitchen.now > self.ends_at + CONFIRMED_WITHIN:
            assert self.kitchen.relay.opened_at >= self.ends_at, "the deadline passed unheeded"
            self.ends_at = None

    @invariant()
    def every_demand_has_opened_the_contact(self) -> None:
        waited = self.kitchen.now - self.off_at
        if waited > CONFIRMED_WITHIN and self._relay_good_for(CONFIRMED_WITHIN):
            assert self.kitchen.relay.opened_at >= self.off_at, "a demand was forgotten"

    def _relay_good_for(self, duration: float) -> bool:
        relay = self.kitchen.relay
        return relay.mode == GOOD and self.kitchen.now - relay.good_since > duration

    @invariant()
    def note_the_phase(self) -> None:
        self.phases_seen.add(self.kitchen.burner.phase)


@pytest.fixture(scope="module")
def phases_seen() -> set[Phase]:
    """The machine has run, and these are the phases it came through."""
    OneBurner.phases_seen.clear()
    run_state_machine_as_test(
        OneBurner,
        settings=settings(
            max_examples=500,
            stateful_step_count=50,
            derandomize=True,
            report_multiple_bugs=False,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return OneBurner.phases_seen


def test_the_invariants_hold_whatever_happens(phases_seen):
    assert phases_seen


def test_the_search_came_through_every_phase(phases_seen):
    assert phases_seen == set(Phase)
