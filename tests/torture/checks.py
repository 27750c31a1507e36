"""The rules of the safety concept, one small check each, against physics and promises.

Each check looks at a scene when something happens and gives the words of a breach, or None. What
the guard says is what it publishes, and is looked at only where the rule is about that.
"""

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

from gasguard.core.model import OUT_LASTS, REARM_LIMIT, REARM_WINDOW
from tests.torture.account import CHILD, FAR, NEVER, SCHEDULE, STUCK, Ask
from tests.torture.curfew import NOTICED_WITHIN
from tests.torture.house import Order
from tests.torture.scene import Alarm, Bench, RelayWatch, Scene
from tests.torture.window import Payload

_LATE = 0.05
_SENSED_WITHIN = 2.2
"""Seconds: a bouncing sensor's better word counts a second later."""
_NOTICED = 11.5
"""Seconds for which a contact may be reported as last read: contract, `contact`, and one call."""
_SAME_MOMENT = 0.01
_TOLD_WITHIN = 1.5
"""Seconds around the moment at which a sensor's silence must be told: one look, and a margin."""
_LISTENS_WITHIN = 12.0
"""Seconds after its start, or a broker's return, until the guard listens to its sensors."""
_ASKED_WITHIN = 5.0
_MEDDLING_TOLD_WITHIN = 4.0
"""Seconds: a poll, a call, and a look of the judge."""
_ALARMS = ("gas_alarm", "smoke_alarm", "overheat")
_WHY_STUCK = {"lying", "stuck", "welded", "pending_s", "delay_s", "jitter_s", "reorder", "rival"}
_TRIPS = ("tripping", "trip_failed")
_MOST_TASKS = 40
"""For one relay, and for all else."""


Check = TypeVar("Check", bound=Callable[..., str | None])
ON_CLOSE: list[Callable[[Bench, RelayWatch, float], str | None]] = []
ON_ANSWER: list[Callable[[Scene, Bench, Ask], str | None]] = []
ON_STATE: list[Callable[[Scene, Bench], str | None]] = []
ON_EVENT: list[Callable[[Scene, Bench, Payload], str | None]] = []
ON_LEASE: list[Callable[[Scene, Bench, Order], str | None]] = []
AT_EVERY_LOOK: list[Callable[[Scene, Bench], str | None]] = []
OF_THE_PROCESS: list[Callable[[Scene], str | None]] = []


def _among(checks: list[Check]) -> Callable[[Check], Check]:
    """Hold a check against what happens on that occasion."""

    def add(check: Check) -> Check:
        checks.append(check)
        return check

    return add


# --- rule 4: no unasked closing -----------------------------------------------------------------


@_among(ON_CLOSE)
def no_closing_while_locked(bench: Bench, _relay: RelayWatch, sent_at: float) -> str | None:
    """Rule 4, 5: never while a lock or a latched trip stands."""
    account = bench.account
    if account.child == {True} and sent_at > account.child_since + _LATE:
        return "closed by the guard while the child lock stands"
    for lock, since in account.latched.items():
        if sent_at > since + _LATE:
            return f"closed by the guard while {lock} stands"
    return None


@_among(ON_CLOSE)
def no_closing_while_a_hazard_reports(
    bench: Bench, _relay: RelayWatch, sent_at: float
) -> str | None:
    """Rule 4: never while a hazard stands."""
    for lock, since in bench.account.reporting.items():
        if sent_at > since + _LATE:
            return f"closed by the guard while {lock} reports"
    return None


@_among(ON_CLOSE)
def no_closing_while_it_burns(bench: Bench, _relay: RelayWatch, sent_at: float) -> str | None:
    """Contract, `tripped`: re-arms by itself, but only where a flame that was seen reads out."""
    account = bench.account
    lit = account.lit_told
    if lit is not None and sent_at > lit + _LATE:
        return "closed by the guard while the flame reads lit"
    if account.may_burn(sent_at + _LATE) and sent_at > account.sensed_at + _LATE:
        return "closed by the guard though nobody says for long enough that the flame is out"
    return None


@_among(ON_CLOSE)
def no_closing_before_its_time(bench: Bench, _relay: RelayWatch, sent_at: float) -> str | None:
    """Rule 4: at the end of `rearm_after`, or on a re-arm asked for after the demand."""
    account = bench.account
    return _too_early(bench, sent_at) if sent_at > account.demand_at else None


def _too_early(bench: Bench, at: float) -> str | None:
    account = bench.account
    if account.demand_at == NEVER or account.released_at >= account.demand_since:
        return None
    if account.opened_at is None:
        return "closed though the demand was never carried out"
    if at < account.opened_at + account.config.limits.rearm_after - _LATE:
        return f"closed {at - account.opened_at:.2f} s after it opened, before rearm_after"
    return None


@_among(ON_EVENT)
def ready_is_not_told_early(scene: Scene, bench: Bench, event: Payload) -> str | None:
    """Rule 4 for a burner that says it is ready again."""
    sure = scene.now - scene.told_late_by > bench.account.demand_at
    return _too_early(bench, scene.now) if event["type"] == "rearmed" and sure else None


@_among(ON_CLOSE)
def no_closing_is_retried(_bench: Bench, relay: RelayWatch, sent_at: float) -> str | None:
    """Rule 4: never as a retry that could land after a later off."""
    before = relay.last_close_order
    gap = sent_at - before
    if relay.last_open_order < before and 0 < gap < 1.5:
        return f"a close was sent again {gap * 1000:.0f} ms after another"
    return None


def no_closing_is_kept(relay: RelayWatch, value: object) -> str | None:
    """Rule 4, behind a broker: what it keeps for a device that is away may come after an off."""
    closes = value != relay.wired.opens_when
    return "a broker keeps a close until the devices are back" if closes else None


# --- rule 3: no false comfort -------------------------------------------------------------------


@_among(ON_ANSWER)
def confirmed_only_when_open(scene: Scene, bench: Bench, ask: Ask) -> str | None:
    """Rule 3: `confirmed` only after a read-back that was asked after the command."""
    if ask.answers[-1]["status"] != "confirmed":
        return None
    if bench.last_open(scene.now) < ask.at:
        return "an off was confirmed, but no relay's switch stood open since it was asked"
    return None


@_among(ON_ANSWER)
def an_off_is_never_refused(_scene: Scene, _bench: Bench, ask: Ask) -> str | None:
    """Rule 2: nothing can refuse it."""
    refused = ask.kind == "off" and ask.answers[-1]["status"] == "rejected"
    return f"an off was rejected: {ask.answers[-1]['code']}" if refused else None


@_among(ON_ANSWER)
def a_rearm_is_refused_where_it_must_be(scene: Scene, bench: Bench, ask: Ask) -> str | None:
    """Rule 5: not while the hazard reports, not from afar, at most 5 times in 15 minutes."""
    account = bench.account
    if ask.kind != "rearm" or ask.answers[-1]["status"] != "accepted" or not ask.moved:
        return None
    reported = [lock for lock, since in account.reporting.items() if since < ask.at]
    if reported:
        return f"re-armed while {reported[0]} reports"
    if ask.source == "mqtt" and not scene.config.allow_remote_rearm:
        return "a latched trip was re-armed over MQTT"
    recent = [at for at in account.rearmed_at if at > scene.now - REARM_WINDOW + 60]
    if len(recent) >= REARM_LIMIT:
        return f"re-armed {len(recent) + 1} times in 15 minutes"
    return None


@_among(ON_STATE)
@_among(AT_EVERY_LOOK)
def open_is_told_only_when_seen(scene: Scene, bench: Bench) -> str | None:
    """Rule 3: contact `open` and phase `tripped` are what a relay said, not what it was told."""
    state = bench.shown
    if state is None or (state["contact"] != "open" and state["phase"] != "tripped"):
        return None
    since, last_open = scene.now - _NOTICED, bench.last_open(scene.now)
    if state["contact"] == "open" and last_open < since:
        return "contact is told open, but no relay's switch stood open for long"
    demand = bench.account.demand_since
    # Published before the demand was heard: the next state is on its way, behind the disk.
    older = demand > bench.shown_at - _SAME_MOMENT and scene.now < demand + _TOLD_WITHIN
    # It was open, then out of reach: that nobody knows how it is now is told beside it.
    told_unknown = state["contact"] == "unknown" and not state["relay"]["reachable"]
    unseen = last_open < min(since, demand) and not told_unknown
    if state["phase"] == "tripped" and not older and unseen:
        return "phase is told tripped, but no relay's switch stood open"
    return None


@_among(ON_EVENT)
def a_trip_is_confirmed_only_when_open(scene: Scene, bench: Bench, event: Payload) -> str | None:
    """Rule 3, for trips that nobody asked for."""
    if event["type"] != "trip_confirmed":
        return None
    began = scene.now - scene.told_late_by - event["latency_ms"] / 1000
    if bench.last_open(scene.now) < began - _LATE:
        return "trip_confirmed, but no relay's switch stood open since the demand"
    return None


# --- rules 5, 6, 7: what a trip may say it is for, and what may be latched ------------------------


@_among(ON_EVENT)
def a_trip_has_its_cause(scene: Scene, bench: Bench, event: Payload) -> str | None:
    """Rule 6: what was cancelled does not come back; and no trip without what it names."""
    if event["type"] != "trip" or "message" in event:
        return None
    account, reason = bench.account, event["reason"]
    began = scene.now - scene.told_late_by
    starts = scene.pi.up_since >= began - _LATE
    if reason == "timer" and event["source"] != "mi_home":
        spans = [span for span in account.timers | account.ghosts if span is not None]
        if not any(lo <= scene.now + _LATE for lo, _ in spans):
            return "a timer went off that nobody has set, or too early"
    if reason == "max_burn":
        limit = account.config.max_burn
        out_since = account.out_since
        out = out_since is not None and began > out_since + OUT_LASTS + _SENSED_WITHIN
        if limit is None or (out and not starts):
            return "max_burn went off without a flame"
    if reason == "restart" and not starts:
        return "tripped for a restart without one"
    if reason in _ALARMS and reason not in {*account.latched, *account.perhaps}:
        return f"tripped for {reason} that did not report"
    return None


@_among(ON_EVENT)
def a_closing_from_outside_has_happened(scene: Scene, bench: Bench, event: Payload) -> str | None:
    """Rule 3, the other way round: a stale read-back is not somebody's hand."""
    if event["type"] != "trip" or "closed from outside" not in event.get("message", ""):
        return None
    if any(not scene.house.can_be_closed(relay.wired) for relay in bench.relays):
        return None  # its pin's level is read, and may be stuck, whatever the pump feeds
    if all(relay.open_now and relay.opened_at < scene.now - 12 for relay in bench.relays):
        return "told as closed from outside, but every relay has been open all along"
    return None


@_among(ON_EVENT)
def no_needless_lockout(scene: Scene, bench: Bench, event: Payload) -> str | None:
    """Rule 5: `stuck` is for a relay that was reached and disobeyed, or a flame that burnt on."""
    if event["type"] != "locked" or event["reason"] != STUCK:
        return None
    burnt = bench.account.may_seem_to_burn(scene.now - _SENSED_WITHIN)
    if scene.wire_faults & _WHY_STUCK or burnt or bench.account.jog:
        return None
    return "latched as stuck, but no relay disobeyed and no flame burnt on"


@_among(ON_EVENT)
def no_timer_ends_in_silence(scene: Scene, bench: Bench, event: Payload) -> str | None:
    """Rule 6: `already_off` is told only when it is."""
    if event["type"] != "timer_cancelled" or event["reason"] != "already_off":
        return None
    # Out of reach, a contact is as it was last read for as long as the contract has it.
    looked_at = all(relay.fair_since < scene.now - 4 for relay in bench.relays)
    known_for = 4 if looked_at else _NOTICED
    closed = bench.last_open(scene.now) < scene.now - known_for and not bench.account.jog
    return "a timer ended as already off, but the circuit is closed" if closed else None


@_among(ON_STATE)
def locks_are_those_that_were_set(scene: Scene, bench: Bench) -> str | None:
    """Rule 6: none is lost, none that was cancelled is resurrected."""
    account, locks = bench.account, set((bench.shown or {"locks": ()})["locks"])
    if CHILD in locks and account.child == {False}:
        return "the child lock stands, though nobody has set it or it was taken away"
    for lock in locks - {CHILD, SCHEDULE, STUCK}:
        if lock not in account.latched and lock not in account.perhaps:
            return f"{lock} stands, though it was never set or was re-armed"
    return None


# --- schedules ------------------------------------------------------------------------------------


@_among(AT_EVERY_LOOK)
def a_window_locks(scene: Scene, bench: Bench) -> str | None:
    """Contract, section 6: a window is a level, and locks at the latest behind its grace."""
    state, now = bench.shown, scene.now
    if state is None or bench.account.jog or SCHEDULE in state["locks"]:
        return None
    for entry in scene.curfew.of(bench.account.name):
        since = max(entry.holds_since, scene.pi.up_since + 2)
        if now > since + entry.settings.grace + NOTICED_WITHIN + scene.told_late_by:
            return f"schedule {entry.name} has held for {now - since:.0f} s and locks nothing"
    return None


@_among(AT_EVERY_LOOK)
def only_a_window_locks(scene: Scene, bench: Bench) -> str | None:
    """Contract, section 6: the end of the window is the end of its lock."""
    state, now = bench.shown, scene.now
    if state is None or SCHEDULE not in state["locks"] or not scene.pi.clock.believable():
        return None
    entries = scene.curfew.of(bench.account.name)
    held_at = max((entry.may_have_held_at for entry in entries), default=NEVER)
    since = max(held_at, scene.curfew.changed_at, scene.pi.up_since + 2)
    if now > since + NOTICED_WITHIN + scene.told_late_by:
        return f"the lock of a schedule stands {now - since:.0f} s behind the last window"
    return None


@_among(AT_EVERY_LOOK)
def what_a_schedule_has_locked_stays_so_while_nobody_knows_the_time(
    scene: Scene, bench: Bench
) -> str | None:
    """Contract, section 6: over a restart too."""
    state = bench.shown
    if state is None or not bench.schedule_lock_sure or scene.pi.clock.believable():
        return None
    unknown = scene.curfew.changed_at < scene.now - NOTICED_WITHIN
    if unknown and SCHEDULE not in state["locks"]:
        return "the lock of a schedule is gone, though the clock is not known to be right"
    return None


@_among(ON_CLOSE)
def no_closing_while_a_schedule_locks(
    bench: Bench, _relay: RelayWatch, sent_at: float
) -> str | None:
    """Rule 4, for a lock that the calendar ends."""
    for entry in bench.curfew.of(bench.account.name) if bench.curfew else ():
        behind_grace = entry.holds_since + entry.settings.grace + NOTICED_WITHIN
        if sent_at > behind_grace and bench.curfew and bench.curfew.surely_holds(entry, sent_at):
            return f"closed by the guard in the window of schedule {entry.name}"
    return None


@_among(ON_EVENT)
def a_schedule_shuts_off_in_its_time(scene: Scene, bench: Bench, event: Payload) -> str | None:
    """Contract, section 6: within a window, behind its grace, or at the time of an off."""
    if event["type"] != "trip" or event["reason"] != SCHEDULE:
        return None
    message, now = event.get("message", ""), scene.now
    if "closed from outside" in message:
        return None
    entries = scene.curfew.of(bench.account.name)
    late = NOTICED_WITHIN + scene.told_late_by
    if scene.curfew.has_just_changed(now - scene.told_late_by):
        return None
    named = [entry for entry in entries if event.get("schedule") == entry.name]
    if any(entry.settings.off is not None for entry in named):
        dues = {entry.due(scene.pi.clock.wall(now)) for entry in named} - {None}
        if not dues:
            return "an off came that no schedule has"
        again = dues & bench.offs_told
        bench.offs_told |= {due for due in dues if due is not None}
        return "an off came a second time" if again else None
    scene.curfew.glance(now)
    holding = [entry for entry in entries if entry.may_have_held_at > now - late]
    if not holding:
        return "tripped for a schedule outside its window"
    lit_told = bench.account.lit_told
    burnt = all(not relay.open_now or relay.opened_at > now - late for relay in bench.relays)
    in_use = lit_told is not None and lit_told < now - late and burnt
    graced = all(now < entry.may_hold_since + entry.settings.grace - late for entry in holding)
    began_here = all(entry.may_hold_since > scene.pi.up_since + late for entry in holding)
    stepped = scene.curfew.changed_at > now - 600
    if in_use and graced and began_here and not stepped:
        return "tripped for a schedule before its grace was over"
    return None


# --- leases ---------------------------------------------------------------------------------------


@_among(ON_LEASE)
def no_lease_during_a_demand(scene: Scene, bench: Bench, order: Order) -> str | None:
    """Safety concept, Lease: renewals are never sent while a demand stands."""
    account, state = bench.account, bench.shown
    if state is None or state["phase"] in ("ready", "starting"):
        return None
    stands = account.demand_at != NEVER and order.sent_at > account.demand_at + _LATE
    stands = stands and not _has_sent_a_close(scene, bench, account.demand_at)
    stands = stands and not _may_be_taken_for_ready(scene, bench, order.sent_at)
    if stands or (account.child == {True} and order.sent_at > account.child_since + _LATE):
        return "the lease was renewed while a demand stands"
    return None


def _may_be_taken_for_ready(scene: Scene, bench: Bench, at: float) -> bool:
    """Whether another hand has closed it when nothing held it any more, as the guard may have read
    just now."""
    account = bench.account
    if account.opened_at is None or bench.open_now or not bench.unheld(scene.now):
        return False
    return at > account.opened_at + account.config.limits.rearm_after - _LATE


def _has_sent_a_close(scene: Scene, bench: Bench, since: float) -> bool:
    """Whether the guard has lately, arrived or not: another hand may then have closed for it."""
    return any(
        (address, key) == (relay.wired.address, relay.wired.key) and value != relay.wired.opens_when
        for at, data, target in scene.air.recent
        if at > since
        for address, key, value in scene.house.orders_in(data, target)
        for relay in bench.relays
    )


@_among(ON_LEASE)
def no_lengthening_of_a_foreign_countdown(scene: Scene, bench: Bench, order: Order) -> str | None:
    """Safety concept, Lease: a value gasguard did not set is never lengthened."""
    countdown, foreign = bench.countdown, bench.foreign
    if countdown is None or foreign is None or not isinstance(order.value, int):
        return None
    set_at, end = foreign
    unit = countdown.unit_s
    new_end = order.sent_at + order.value * unit
    if bench.lease_end is not None and abs(end - bench.lease_end) <= unit + 6:
        return None  # it ends when the guard's own would: nobody could tell them apart
    seen = order.sent_at > set_at + 5 and scene.well_for(bench, scene.now - set_at + 3)
    if seen and scene.now < end and new_end > end + unit + 6:
        return f"Mi Home's countdown was lengthened by {new_end - end:.0f} s"
    return None


# --- text -----------------------------------------------------------------------------------------


@_among(ON_STATE)
def what_stands_there_is_text(_scene: Scene, bench: Bench) -> str | None:
    """Text that is no text goes no further than where it came in: nobody could publish it."""
    return _no_text(bench.shown)


@_among(ON_EVENT)
def what_is_told_is_text(_scene: Scene, _bench: Bench, event: Payload) -> str | None:
    """The same for the journal, which would lose its rows."""
    return _no_text(event)


def _no_text(payload: Payload | None) -> str | None:
    try:
        json.dumps(payload, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return f"half a character is told: {error.object[error.start - 20 : error.end]!a}"
    return None


# --- at every look --------------------------------------------------------------------------------


@_among(AT_EVERY_LOOK)
def deadlines_and_demands_open_in_time(scene: Scene, bench: Bench) -> str | None:
    """Rules 1, 2, 6, 7: open within 2 s while the relay can be reached, from then on when not."""
    now = scene.now
    for owed in list(bench.owed):
        if bench.last_open(now) >= owed.since:
            bench.owed.remove(owed)
        elif now > scene.due(bench, owed):
            late = now - max(owed.since, scene.pi.up_since)
            return f"not open {late:.1f} s after {owed.why}, though the relay can be reached"
    return None


@_among(AT_EVERY_LOOK)
def failure_is_told(scene: Scene, bench: Bench) -> str | None:
    """Contract, `trip_failed`: not confirmed within 2 s. Rule 5's alarm hangs on it."""
    state = bench.shown
    if state is None:
        return None
    for owed in bench.owed:
        # A locked burner is `locked_out`, whatever its contact does; the two seconds begin after.
        since = max(owed.since, scene.pi.up_since, bench.locked_until)
        due = since + 2.6 + scene.told_late_by
        told = owed.level or owed.extra or state["phase"] in ("trip_failed", "locked_out")
        # Once open, then out of reach, told or just now: nobody can know that somebody has closed
        # it since. A flame that is seen lit behind it counts as a burn all the same.
        away = not state["relay"]["reachable"] or all(r.dead_since < FAR for r in bench.relays)
        unseen = state["phase"] == "tripped" and away
        told = told or (unseen and owed.why != "the end of max_burn")
        if not told and scene.now > due:
            return f"no trip_failed {scene.now - since:.1f} s after {owed.why}: {state['phase']}"
    return None


@_among(AT_EVERY_LOOK)
def a_relay_that_disobeys_latches(scene: Scene, bench: Bench) -> str | None:
    """Rule 5, `stuck`: three read-backs over 5 s show closed, each after an answered open."""
    state = bench.shown
    if state is None or bench.account.jog or len(bench.relays) > 1 or not bench.owed:
        return None
    relay = bench.relays[0]
    began = max(min(owed.since for owed in bench.owed), relay.lying_since, scene.pi.up_since)
    if scene.now > began + 9 and STUCK not in state["locks"] and state["phase"] in _TRIPS:
        return f"it has disobeyed for {scene.now - began:.0f} s and is not latched as stuck"
    return None


@_among(AT_EVERY_LOOK)
def a_flame_that_burns_on_is_told(scene: Scene, bench: Bench) -> str | None:
    """Failure table, welded contact: `trip_failed` after `flame_out_within`."""
    account, state = bench.account, bench.shown
    if state is None or not account.seen or not account.opened_at or account.jog:
        return None
    relay_open = [r.opened_at for r in bench.relays if r.open_now]
    if not relay_open or account.demand_at == NEVER:
        return None
    lit_at = account.lit_told or account.sensed_at
    began = max(min(relay_open), account.opened_at, lit_at, scene.pi.up_since)
    if state["flame"] == "out" or not scene.well_for(bench, scene.now - began):
        return None
    late = scene.now > began + account.config.limits.flame_out_within + 5
    if late and STUCK not in state["locks"]:
        return f"the flame burns on {scene.now - began:.0f} s after a trip, nothing is latched"
    return None


# --- what is told of devices ----------------------------------------------------------------------


@_among(AT_EVERY_LOOK)
def the_flame_is_what_its_sensor_says(scene: Scene, bench: Bench) -> str | None:
    """Contract, `flame`: and nothing that a sensor said too long ago."""
    account, state = bench.account, bench.shown
    if state is None or scene.now - account.sensed_at < _SENSED_WITHIN:
        return None
    lit = account.lit_told is not None
    if lit != (state["flame"] == "lit"):
        word = "lit" if lit else "not lit"
        return f"flame {state['flame']}, but its sensor's last word is {word}"
    return None


@_among(AT_EVERY_LOOK)
def hazards_are_what_their_sensors_say(scene: Scene, bench: Bench) -> str | None:
    """Contract, `hazards`: an alarm that has reached the guard is told, and so is its end."""
    state = bench.shown
    for name, alarm in bench.alarms.items() if state is not None else ():
        told = state["hazards"][name] if state is not None else ""
        spoke_at = NEVER if alarm.heard_at is None else alarm.heard_at
        if scene.now - max(alarm.changed_at, spoke_at) < _TOLD_WITHIN:
            continue
        if told == "clear" and alarm.word is not False:
            return f"{name} is told as clear, but its last word is not"
        if alarm.word is None:
            continue
        if alarm.word is not (told == "alarm"):
            word = "alarm" if alarm.word else "clear"
            return f"{name} is told as {told}, but its last word is {word}"
    return None


@_among(AT_EVERY_LOOK)
def a_silent_hazard_sensor_is_told(scene: Scene, bench: Bench) -> str | None:
    """Failure table, hazard sensor goes silent: an alarm of its own, in time and not before.

    One that says what nobody understands is as good as silent.
    """
    state = bench.shown
    if state is None:
        return None
    for name, alarm in bench.alarms.items():
        told, over = state["hazards"][name], _silent_for(scene, alarm)
        if told == "silent" or over > -_TOLD_WITHIN:
            bench.account.given_up.add(name)
        just_now = max(alarm.changed_at, NEVER if alarm.heard_at is None else alarm.heard_at)
        if told == "alarm" or scene.now - just_now < _TOLD_WITHIN:
            continue
        offline = bool(alarm.offline)
        if told != "silent" and (offline or alarm.garbled or over > _TOLD_WITHIN):
            why = "is said to be offline" if offline else f"should have spoken {over:.0f} s ago"
            why = "is not understood" if alarm.garbled else why
            return f"{name} {why}, and is told as {told}"
        remembered = alarm.heard_at is None and name in bench.account.given_up
        may_be = offline or alarm.garbled or remembered or over > -_TOLD_WITHIN
        if told == "silent" and not may_be:
            return f"{name} is told as silent, but can be heard and may be for {-over:.0f} s"
    return None


def _silent_for(scene: Scene, alarm: Alarm) -> float:
    """By how many seconds a sensor has not spoken for too long; negative before."""
    heard_at = NEVER if alarm.heard_at is None else alarm.heard_at
    return scene.now - max(heard_at, scene.pi.up_since) - alarm.expire_after


@_among(OF_THE_PROCESS)
def sensors_are_listened_to(scene: Scene) -> str | None:
    """Rule 9 and the failure table, broker down: the guard is back for ever, and hears them all."""
    since = scene.now - _LISTENS_WITHIN
    if not scene.pi.alive or scene.pi.up_since > since or scene.broker_well_since > since:
        return None
    unheard = [topic for topic in scene.topics if not scene.broker.guard_qos(topic)]
    return f"the guard does not listen to {unheard[0]} at QoS 1" if unheard else None


@_among(AT_EVERY_LOOK)
def silence_is_told(scene: Scene, bench: Bench) -> str | None:
    """Failure table, relay off the network: told within 10 s, contact unknown; back when back."""
    state = bench.shown
    if state is None:
        return None
    now, up_since = scene.now, scene.pi.up_since
    views = state["relay"].get("in_series") or [{**state["relay"], "contact": state["contact"]}]
    for relay, view in zip(bench.relays, views, strict=True):
        known = view["reachable"] or view["contact"] != "unknown"
        if known and now > max(relay.dead_since, up_since) + 12.1:
            return f"relay {relay.index} has been silent for 11 s and counts as reachable"
        if not view["reachable"] and now > max(relay.good_since, up_since) + 5.6:
            return f"relay {relay.index} has answered for 5 s and counts as unreachable"
    return None


@_among(AT_EVERY_LOOK)
def who_closes_it_is_told(scene: Scene, bench: Bench) -> str | None:
    """Failure table, two controllers: that something else closes the relay stands in the state."""
    state, at = bench.shown, bench.meddled_at
    if state is None or at is None:
        return None
    told = state["relay"]["problem"] is not None
    closes = any(relay.last_close_order > at - 2 for relay in bench.relays)
    well = scene.well_for(bench, scene.now - at + 3) and scene.disk.sound
    if told or closes or not well:
        bench.meddled_at = None
    elif scene.now > at + _MEDDLING_TOLD_WITHIN:
        return f"something else closed it {scene.now - at:.0f} s ago, and no problem is told"
    return None


@_among(AT_EVERY_LOOK)
def relays_are_asked(scene: Scene, bench: Bench) -> str | None:
    """Failure table, somebody switches in Mi Home: at least every 2 s in every phase."""
    since = scene.now - _ASKED_WITHIN
    for relay in bench.relays:
        unheard = scene.air.heard_at.get(relay.wired.address, NEVER) < since
        if unheard and scene.well_for(bench, _ASKED_WITHIN + 5):
            return f"relay {relay.index} has not been asked for {_ASKED_WITHIN:.0f} s"
    return None


@_among(AT_EVERY_LOOK)
def every_request_is_answered(scene: Scene, bench: Bench) -> str | None:
    """Contract: an answer to each; a shutoff's last word within 5 s."""
    for ask in bench.account.asks:
        if not ask.done and scene.now > ask.at + 12.5:
            return f"no answer to {ask.kind} after 12 s"
    return None


@_among(OF_THE_PROCESS)
def nothing_grows_and_nothing_dies(scene: Scene) -> str | None:
    """Rule 9: all that the watchdog looks at is on time, the guard goes on, and has few tasks."""
    controller = scene.pi.controller
    if controller is None:
        return None
    if late := scene.pi.heartbeats.late():
        return f"{', '.join(sorted(late))} hangs"
    if controller.failed.done():
        return f"the guard gives up: {controller.failed.exception()!r}"
    relays = sum(len(bench.relays) for bench in scene.benches.values())
    if len(asyncio.all_tasks(scene.loop)) > _MOST_TASKS * (1 + relays):
        return "tasks pile up"
    return None


@_among(AT_EVERY_LOOK)
def rearm_comes_to_an_end(scene: Scene, bench: Bench) -> str | None:
    """Usability behind rule 4(a): an ordinary trip that nothing stands against does re-arm."""
    state = bench.shown
    if state is None or STUCK in state["locks"]:
        return None  # found out just before a crash, the news of it may have died with the guard
    calm = bench.account.config.limits.rearm_after + 12
    open_for = scene.now - max(bench.all_open_since, bench.free_since, scene.pi.up_since)
    if open_for > calm and scene.well_for(bench, calm):
        return f"open for {open_for:.0f} s with nothing standing against its closing"
    return None
