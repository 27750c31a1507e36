"""The rules of the safety concept, one small check each, against physics and promises.

Each check looks at a scene when something happens and gives the words of a breach, or None. None of
them asks the guard how it is, but where the rule is about what the guard says.
"""

from collections.abc import Callable
from typing import NamedTuple

from gasguard.core.messages import Answer, Kind, Off, Rearm, Status, Tell
from gasguard.core.model import REARM_LIMIT, REARM_WINDOW, Contact, Flame, Lock, Phase, Reason
from gasguard.guard.bulletins import News
from gasguard.guard.controller import Controller
from tests.torture.account import NEVER, Ask
from tests.torture.house import Order
from tests.torture.scene import Bench, RelayWatch, Scene

_LATE = 0.05
_SENSED_WITHIN = 0.5
_NOTICED = 11.5
"""Seconds for which a contact may be reported as last read: contract, `contact`, and one call."""
_TOLD_WITHIN = 1.5
"""Seconds around the moment at which a sensor's silence must be told: one look, and a margin."""
_ALARMS = (Lock.GAS_ALARM, Lock.SMOKE_ALARM, Lock.OVERHEAT)
_WHY_STUCK = {"lying", "stuck", "welded", "pending_s", "delay_s", "jitter_s", "reorder"}


class Close(NamedTuple):
    """A set-close that arrived at a relay."""

    relay: RelayWatch
    sent_at: float


class Said(NamedTuple):
    """An acknowledgement."""

    ask: Ask
    answer: Answer


# --- rule 4: no unasked closing -----------------------------------------------------------------


def no_closing_while_locked(_scene: Scene, bench: Bench, close: Close) -> str | None:
    """Rule 4, 5: never while a lock or a latched trip stands."""
    account = bench.account
    if account.child == {True} and close.sent_at > account.child_since + _LATE:
        return "closed by the guard while the child lock stands"
    for lock, since in account.latched.items():
        if close.sent_at > since + _LATE:
            return f"closed by the guard while {lock} stands"
    return None


def no_closing_while_a_hazard_reports(_scene: Scene, bench: Bench, close: Close) -> str | None:
    """Rule 4: never while a hazard stands."""
    for lock, since in bench.account.reporting.items():
        if close.sent_at > since + _LATE:
            return f"closed by the guard while {lock} reports"
    return None


def no_closing_while_it_burns(_scene: Scene, bench: Bench, close: Close) -> str | None:
    """Contract, `tripped`: re-arms by itself, but never while the flame still reads lit."""
    lit = bench.account.lit_posted
    if lit is not None and close.sent_at > lit + _LATE:
        return "closed by the guard while the flame reads lit"
    return None


def no_closing_before_its_time(_scene: Scene, bench: Bench, close: Close) -> str | None:
    """Rule 4: at the end of `rearm_after`, or on a re-arm asked for after the demand."""
    account = bench.account
    return _too_early(bench, close.sent_at) if close.sent_at > account.demand_at else None


def _too_early(bench: Bench, at: float) -> str | None:
    account = bench.account
    if account.demand_at == NEVER or account.released_at >= account.demand_at:
        return None
    if account.opened_at is None:
        return "closed though the demand was never carried out"
    if at < account.opened_at + account.config.limits.rearm_after - _LATE:
        return f"closed {at - account.opened_at:.2f} s after it opened, before rearm_after"
    return None


def no_closing_is_retried(_scene: Scene, _bench: Bench, close: Close) -> str | None:
    """Rule 4: never as a retry that could land after a later off."""
    before = close.relay.last_close_order
    gap = close.sent_at - before
    if close.relay.last_open_order < before and 0 < gap < 1.5:
        return f"a close was sent again {gap * 1000:.0f} ms after another"
    return None


def no_closing_is_kept(relay: RelayWatch, value: object) -> str | None:
    """Rule 4, behind a broker: what it keeps for a device that is away may come after an off."""
    closes = value != relay.wired.opens_when
    return "a broker keeps a close until the devices are back" if closes else None


# --- rule 3: no false comfort -------------------------------------------------------------------


def confirmed_only_when_open(scene: Scene, bench: Bench, said: Said) -> str | None:
    """Rule 3: `confirmed` only after a read-back that was asked after the command."""
    if said.answer.status is not Status.CONFIRMED:
        return None
    if bench.last_open(scene.now) < said.ask.at:
        return "an off was confirmed, but no relay's switch stood open since it was asked"
    return None


def an_off_is_never_refused(_scene: Scene, _bench: Bench, said: Said) -> str | None:
    """Rule 2: nothing can refuse it."""
    refused = isinstance(said.ask.request, Off) and said.answer.status is Status.REJECTED
    return f"an off was rejected: {said.answer.code}" if refused else None


def a_rearm_is_refused_where_it_must_be(scene: Scene, bench: Bench, said: Said) -> str | None:
    """Rule 5: not while the hazard reports, not from afar, at most 5 times in 15 minutes."""
    ask, account = said.ask, bench.account
    if not isinstance(ask.request, Rearm) or said.answer.status is not Status.ACCEPTED:
        return None
    if not ask.moved:
        return None
    reported = [lock for lock, since in account.reporting.items() if since < ask.at]
    if reported:
        return f"re-armed while {reported[0]} reports"
    if ask.request.source == "mqtt" and not scene.config.allow_remote_rearm:
        return "a latched trip was re-armed over MQTT"
    recent = [at for at in account.rearmed_at if at > scene.now - REARM_WINDOW + 60]
    if len(recent) >= REARM_LIMIT:
        return f"re-armed {len(recent) + 1} times in 15 minutes"
    return None


def open_is_told_only_when_seen(scene: Scene, bench: Bench, news: News) -> str | None:
    """Rule 3: contact `open` and phase `tripped` are what a relay said, not what it was told."""
    state = news.state
    if state.contact is not Contact.OPEN and state.phase is not Phase.TRIPPED:
        return None
    since, last_open = scene.now - _NOTICED, bench.last_open(scene.now)
    if state.contact is Contact.OPEN and last_open < since:
        return "contact is told open, but no relay's switch stood open for long"
    if state.phase is Phase.TRIPPED and last_open < min(since, bench.account.demand_at):
        return "phase is told tripped, but no relay's switch stood open"
    return None


def a_trip_is_confirmed_only_when_open(scene: Scene, bench: Bench, news: News) -> str | None:
    """Rule 3, for trips that nobody asked for."""
    last = news.state.last_trip
    if last is None or not any(tell.kind is Kind.TRIP_CONFIRMED for tell in news.tells):
        return None
    began = scene.pi.clock.loop_time(last.began)
    if bench.last_open(scene.now) < began - _LATE:
        return "trip_confirmed, but no relay's switch stood open since the demand"
    return None


# --- rules 5, 6, 7: what a trip may say it is for, and what may be latched ------------------------


def a_trip_has_its_cause(scene: Scene, bench: Bench, news: News) -> str | None:
    """Rule 6: what was cancelled does not come back; and no trip without what it names."""
    trip = next((tell for tell in news.tells if tell.kind is Kind.TRIP), None)
    if trip is None or "message" in trip.details:
        return None
    began = scene.pi.clock.loop_time(news.state.last_trip.began) if news.state.last_trip else 0
    account = bench.account
    starts = scene.pi.up_since >= began - _LATE
    if trip.reason == Reason.TIMER and trip.source != "mi_home":
        spans = [span for span in account.timers | account.ghosts if span is not None]
        if not any(lo <= began + _LATE for lo, _ in spans):
            return "a timer went off that nobody has set, or too early"
    if trip.reason == Reason.MAX_BURN:
        limit = account.config.limits.max_burn
        if limit is None or (account.lit_until < began - _LATE and not starts):
            return "max_burn went off without a flame"
    if trip.reason == Reason.RESTART and not starts:
        return "tripped for a restart without one"
    if trip.reason in _ALARMS and trip.reason not in {*account.latched, *account.perhaps}:
        return f"tripped for {trip.reason} that did not report"
    return None


def a_closing_from_outside_has_happened(scene: Scene, bench: Bench, news: News) -> str | None:
    """Rule 3, the other way round: a stale read-back is not somebody's hand."""
    trip = next((tell for tell in news.tells if tell.kind is Kind.TRIP), None)
    if trip is None or "closed from outside" not in str(trip.details.get("message")):
        return None
    if all(relay.open_now and relay.opened_at < scene.now - 12 for relay in bench.relays):
        return "told as closed from outside, but every relay has been open all along"
    return None


def no_needless_lockout(scene: Scene, bench: Bench, news: News) -> str | None:
    """Rule 5: `stuck` is for a relay that was reached and disobeyed, or a flame that burnt on."""
    for tell in news.tells:
        if tell.kind is Kind.LOCKED and tell.reason == Lock.STUCK:
            burnt = bench.account.lit_until > scene.now - _SENSED_WITHIN
            excused = scene.wire_faults & _WHY_STUCK or burnt
            if not excused and not bench.account.jog:
                return "latched as stuck, but no relay disobeyed and no flame burnt on"
    return None


def no_timer_ends_in_silence(scene: Scene, bench: Bench, news: News) -> str | None:
    """Rule 6: `already_off` is told only when it is."""
    for tell in news.tells:
        told = tell.kind is Kind.TIMER_CANCELLED and tell.reason == "already_off"
        closed = bench.last_open(scene.now) < scene.now - 4 and not bench.account.jog
        if told and closed:
            return "a timer ended as already off, but the circuit is closed"
    return None


def locks_are_those_that_were_set(_scene: Scene, bench: Bench, news: News) -> str | None:
    """Rule 6: none is lost, none that was cancelled is resurrected."""
    account, locks = bench.account, news.state.locks
    if Lock.CHILD in locks and account.child == {False}:
        return "the child lock stands, though nobody has set it or it was taken away"
    for lock in locks - {Lock.CHILD, Lock.STUCK}:
        if lock not in account.latched and lock not in account.perhaps:
            return f"{lock} stands, though it was never set or was re-armed"
    return None


# --- leases ---------------------------------------------------------------------------------------


def no_lease_during_a_demand(scene: Scene, bench: Bench, order: Order) -> str | None:
    """Safety concept, Lease: renewals are never sent while a demand stands."""
    account, controller = bench.account, scene.pi.controller
    if controller is None or controller.state(account.name).phase is Phase.READY:
        return None
    stands = account.demand_at != NEVER and order.sent_at > account.demand_at + _LATE
    if stands or (account.child == {True} and order.sent_at > account.child_since + _LATE):
        return "the lease was renewed while a demand stands"
    return None


def no_lengthening_of_a_foreign_countdown(scene: Scene, bench: Bench, order: Order) -> str | None:
    """Safety concept, Lease: a value gasguard did not set is never lengthened."""
    relay, foreign = bench.account.lease, bench.foreign
    if relay is None or relay.lease is None or foreign is None or not isinstance(order.value, int):
        return None
    set_at, end = foreign
    new_end = order.sent_at + order.value * relay.lease.unit_seconds
    unit = relay.lease.unit_seconds
    if bench.lease_end is not None and abs(end - bench.lease_end) <= unit + 6:
        return None  # it ends when the guard's own would: nobody could tell them apart
    seen = order.sent_at > set_at + 5 and scene.well_for(bench, scene.now - set_at + 3)
    if seen and scene.now < end and new_end > end + relay.lease.unit_seconds + 6:
        return f"Mi Home's countdown was lengthened by {new_end - end:.0f} s"
    return None


# --- at every look --------------------------------------------------------------------------------


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


def failure_is_told(scene: Scene, bench: Bench) -> str | None:
    """Contract, `trip_failed`: not confirmed within 2 s. Rule 5's alarm hangs on it."""
    controller = scene.pi.controller
    if controller is None or not bench.owed:
        return None
    phase = controller.state(bench.account.name).phase
    for owed in bench.owed:
        # A locked burner is `locked_out`, whatever its contact does; the two seconds begin after.
        since = max(owed.since, scene.pi.up_since, bench.locked_until)
        late = not owed.level and not owed.extra and scene.now > since + 2.6
        if late and phase not in (Phase.TRIP_FAILED, Phase.LOCKED_OUT):
            return f"no trip_failed {scene.now - since:.1f} s after {owed.why}: {phase}"
    return None


def a_relay_that_disobeys_latches(scene: Scene, bench: Bench) -> str | None:
    """Rule 5, `stuck`: three read-backs over 5 s show closed, each after an answered open."""
    controller = scene.pi.controller
    if controller is None or bench.account.jog:
        return None
    if len(bench.relays) > 1 or not bench.owed:
        return None
    relay = bench.relays[0]
    began = max(min(owed.since for owed in bench.owed), relay.lying_since, scene.pi.up_since)
    state = controller.state(bench.account.name)
    if scene.now > began + 9 and Lock.STUCK not in state.locks and state.phase in _TRIPS:
        return f"it has disobeyed for {scene.now - began:.0f} s and is not latched as stuck"
    return None


_TRIPS = (Phase.TRIPPING, Phase.TRIP_FAILED)


def a_flame_that_burns_on_is_told(scene: Scene, bench: Bench) -> str | None:
    """Failure table, welded contact: `trip_failed` after `flame_out_within`."""
    account, controller = bench.account, scene.pi.controller
    if controller is None or account.lit_posted is None or not account.opened_at or account.jog:
        return None
    relay_open = [r.opened_at for r in bench.relays if r.open_now]
    if not relay_open or account.demand_at == NEVER:
        return None
    began = max(min(relay_open), account.opened_at, account.lit_posted, scene.pi.up_since)
    state = controller.state(account.name)
    if state.flame is not Flame.LIT or not scene.well_for(bench, scene.now - began):
        return None
    late = scene.now > began + account.config.limits.flame_out_within + 5
    if late and Lock.STUCK not in state.locks:
        return f"the flame burns on {scene.now - began:.0f} s after a trip, nothing is latched"
    return None


def the_flame_is_what_its_sensor_says(scene: Scene, bench: Bench) -> str | None:
    """Contract, `flame`: and nothing that a sensor said too long ago."""
    account, controller = bench.account, scene.pi.controller
    if controller is None or scene.now - account.sensed_at < _SENSED_WITHIN:
        return None
    flame, lit = controller.state(account.name).flame, account.lit_posted is not None
    if lit != (flame is Flame.LIT):
        return f"flame {flame}, but its sensor's last word is {'lit' if lit else 'not lit'}"
    return None


def a_silent_hazard_sensor_is_told(scene: Scene, bench: Bench) -> str | None:
    """Failure table, hazard sensor goes silent: an alarm of its own, in time and not before."""
    controller = scene.pi.controller
    if controller is None:
        return None
    account, state = bench.account, controller.state(bench.account.name)
    for view in state.hazard_views:
        sensor = view.sensor
        heard = account.alarms_heard.get(sensor.name)
        over = scene.now - max(heard or NEVER, scene.pi.up_since) - sensor.expire_after
        offline = sensor.name in account.alarms_offline
        given_up = heard is None and sensor.name in account.alarms_given_up
        if view.silent and not offline:
            account.alarms_given_up[sensor.name] = scene.now
        if not view.silent and (offline or over > _TOLD_WITHIN):
            return f"{sensor.name} was last heard {scene.now - (heard or 0):.0f} s ago: {view}"
        if view.silent and not (offline or given_up or over > -_TOLD_WITHIN):
            return f"{sensor.name} counts as silent too early: {view}"
    return None


def silence_is_told(scene: Scene, bench: Bench) -> str | None:
    """Failure table, relay off the network: told within 10 s, contact unknown; back when back."""
    controller = scene.pi.controller
    if controller is None:
        return None
    state, now, up_since = controller.state(bench.account.name), scene.now, scene.pi.up_since
    for relay in bench.relays:
        view = state.relays[relay.index]
        known = view.reachable or view.contact is not Contact.UNKNOWN
        if known and now > max(relay.dead_since, up_since) + 11.5:
            return f"relay {relay.index} has been silent for 11 s and counts as reachable"
        if not view.reachable and now > max(relay.good_since, up_since) + 5:
            return f"relay {relay.index} has answered for 5 s and counts as unreachable"
    return None


def every_request_is_answered(scene: Scene, bench: Bench) -> str | None:
    """Contract: an answer to each; a shutoff's last word within 5 s."""
    for ask in bench.account.asks:
        if not ask.done and scene.now > ask.at + 12.5:
            return f"no answer to {type(ask.request).__name__} after 12 s"
    return None


def nothing_grows_and_nothing_dies(scene: Scene, controller: Controller) -> str | None:
    """Rule 9: no task ends, no queue grows."""
    if late := scene.pi.heartbeats.late():
        return f"{', '.join(sorted(late))} hangs"
    for task in controller._tasks:
        if task.done():
            return f"a task of the controller has ended: {task}"
    if controller.failed.done():
        return f"the guard gives up: {controller.failed.exception()!r}"
    if controller._bulletins.waiting > 500 or len(controller._replies) > 200:
        return "a queue grows without bound"
    for burner in controller._burners.values():
        for keeper in burner.keepers:
            if len(keeper._tasks) > 40:
                return f"{len(keeper._tasks)} tasks serve one relay"
            if not keeper._tasks:
                return "nobody polls the relay any more"
    return None


def rearm_comes_to_an_end(scene: Scene, bench: Bench) -> str | None:
    """Usability behind rule 4(a): an ordinary trip that nothing stands against does re-arm."""
    controller = scene.pi.controller
    if controller is not None and Lock.STUCK in controller.state(bench.account.name).locks:
        return None  # found out just before a crash, the news of it may have died with the guard
    calm = bench.account.config.limits.rearm_after + 12
    open_for = scene.now - max(bench.all_open_since, bench.free_since, scene.pi.up_since)
    if open_for > calm and scene.well_for(bench, calm):
        return f"open for {open_for:.0f} s with nothing standing against its closing"
    return None


ON_CLOSE: list[Callable[[Scene, Bench, Close], str | None]] = [
    no_closing_while_locked,
    no_closing_while_a_hazard_reports,
    no_closing_while_it_burns,
    no_closing_before_its_time,
    no_closing_is_retried,
]
ON_ANSWER: list[Callable[[Scene, Bench, Said], str | None]] = [
    confirmed_only_when_open,
    an_off_is_never_refused,
    a_rearm_is_refused_where_it_must_be,
]
ON_NEWS: list[Callable[[Scene, Bench, News], str | None]] = [
    open_is_told_only_when_seen,
    a_trip_is_confirmed_only_when_open,
    a_trip_has_its_cause,
    a_closing_from_outside_has_happened,
    no_needless_lockout,
    no_timer_ends_in_silence,
    locks_are_those_that_were_set,
]
ON_LEASE: list[Callable[[Scene, Bench, Order], str | None]] = [
    no_lease_during_a_demand,
    no_lengthening_of_a_foreign_countdown,
]
AT_EVERY_LOOK: list[Callable[[Scene, Bench], str | None]] = [
    deadlines_and_demands_open_in_time,
    failure_is_told,
    a_relay_that_disobeys_latches,
    a_flame_that_burns_on_is_told,
    the_flame_is_what_its_sensor_says,
    silence_is_told,
    a_silent_hazard_sensor_is_told,
    every_request_is_answered,
    rearm_comes_to_an_end,
]


def early_ready(bench: Bench, tells: tuple[Tell, ...], at: float) -> str | None:
    """Rule 4 for a burner that says it is ready again."""
    rearmed = any(tell.kind is Kind.REARMED for tell in tells)
    if rearmed and at > bench.account.demand_at:
        return _too_early(bench, at)
    return None
