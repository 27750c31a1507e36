"""Keeps the accounts while a session runs, and holds every check against what happens."""

import asyncio
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from gasguard.core.messages import Answer, Status
from gasguard.core.model import Source
from gasguard.drivers.mqtt.relay import RESEND_MAX, RESEND_MIN
from gasguard.interfaces.requests import BadRequest
from gasguard.simulator.channels import Address
from tests.torture import checks
from tests.torture.account import CHILD, EFFECT_WITHIN, NEVER, SCHEDULE, Ask
from tests.torture.company import Company
from tests.torture.curfew import NOTICED_WITHIN
from tests.torture.house import Order, renewal_of
from tests.torture.pi import Trust
from tests.torture.scene import Bench, Obligation, RelayWatch, Scene, fair
from tests.torture.window import Payload

LOOK_EVERY = 1.0
_SENSED_LATE = 15.0
"""Seconds that a flame sensor takes to see a flame, and to say so."""
_LOOKS_A_PROCESS = 5
"""At the process as a whole the judge looks less often: that costs time, and nothing mends it."""
_AT_ONCE = 0.02
"""Seconds within which an off must have sent its first open: rule 2."""
_ON_ITS_WAY = 0.2
"""An open sent so shortly before is still at work: another adds nothing."""
_PULSED_WITHIN = 2.5
"""Seconds between two pulses of a jogging module that is locked: a poll, and a call."""
_CLOSES_WITHIN = 2.0
"""Seconds for which the guard may be at a closing that it has ordered."""
_DISK_ERRORS = ("state not saved", "is damaged", "cannot be written", "cannot be read")
_WORDS = {
    "off": ("off", ""),
    "cancel": ("timer", "cancel"),
    "lock": ("lock", "LOCK"),
    "unlock": ("lock", "UNLOCK"),
    "rearm": ("rearm", "REARM"),
}
"""What people write, and on which topic."""


class Breach(NamedTuple):
    """An invariant does not hold."""

    rule: str
    text: str


class Judge:
    """One session's. The first breach is kept and `on_breach` called; later ones are ignored."""

    def __init__(self, scene: Scene, note: Callable[[str], None]) -> None:
        self.scene, self.note = scene, note
        self.breach: Breach | None = None
        self.on_breach: Callable[[], None] = lambda: None
        self.on_killed: Callable[[], None] = lambda: None
        self.company = Company(scene)
        self._numbers = self._looks = 0
        self._lived_long = False
        """A guard has had the time to write down which offs it knows."""
        self._expected: dict[tuple[Address, tuple[int, int]], tuple[float, str]] = {}
        self._opens_sent: dict[tuple[Address, tuple[int, int]], float] = {}
        house = scene.house
        house.on_order = self._ordered
        house.sent_at = lambda data: scene.air.sent_at.get(data, scene.now)
        scene.broker.on_kept = self._kept
        for bench in scene.benches.values():
            for watch in bench.relays:
                device = house.device(watch.wired.address).relay
                device.listeners.append(partial(self._switched, bench, watch))
            if bench.voice:
                device = house.servers[bench.voice[0]].relay
                device.listeners.append(partial(self._voice_switched, bench))
        house.on_flame(self._flame)
        scene.pi.on_told, scene.pi.on_killed = self._told, self._killed

    # --- verdicts -----------------------------------------------------------------------------

    def verdict(self, rule: str, text: str | None, burner: str = "") -> None:
        """Keep the first breach."""
        if text is not None and self.breach is None:
            self.breach = Breach(rule, f"{burner}: {text}" if burner else text)
            self.note(f"BREACH of {rule}: {burner} {text}")
            self.on_breach()

    def look(self) -> None:
        """Every second: what time alone brings about."""
        scene = self.scene
        self._look_at_the_calendar()
        for name, bench in scene.benches.items():
            if scene.pi.alive:
                self._fall_due(bench)
                self._look_for_people(bench)
                for check in checks.AT_EVERY_LOOK:
                    self.verdict(check.__name__, check(scene, bench), name)
            bench.account.asks = [ask for ask in bench.account.asks if not ask.done]
        self._looks += 1
        for rule in checks.OF_THE_PROCESS if self._looks % _LOOKS_A_PROCESS == 0 else ():
            self.verdict(rule.__name__, rule(scene))
        for (address, key), (until, burner) in list(self._expected.items()):
            if scene.now > until:
                del self._expected[address, key]
                if not self._can_send(address):
                    continue  # its connection was lost at the same moment
                text = f"no open went to {address[0]} within {_AT_ONCE * 1000:.0f} ms of an off"
                self.verdict("an_off_opens_at_once", text, burner)

    def _look_for_people(self, bench: Bench) -> None:
        self.company.look(bench)
        found = self.company.due(bench)
        if found is not None and bench.last_open(self.scene.now) < found[1] - 3:
            self.owe(bench, *found, extra=1.5)

    def _look_at_the_calendar(self) -> None:
        scene, now = self.scene, self.scene.now
        alive = scene.pi.alive and scene.pi.up_since < now - 5
        remembers = self._lived_long and not scene.disk_faulted
        for entry, due in scene.curfew.look(now, alive=alive, remembers=remembers):
            since = max(due, scene.pi.up_since)
            for name, bench in scene.benches.items():
                closed = bench.last_open(now) < since - 5 and not bench.account.jog
                lit_told = bench.account.lit_told
                in_use = bench.account.config.flame is None
                in_use |= lit_told is not None and lit_told < since - 2
                if entry.settings.concerns(name) and closed and in_use:
                    self.owe(bench, f"the off of schedule {entry.name}", since, extra=1.5)
        self._lived_long |= alive and scene.pi.up_since < now - 10

    def skip(self, name: str) -> None:
        """Somebody leaves a schedule out."""
        scene, asked_at = self.scene, self.scene.now
        schedules, life = scene.pi.schedules, scene.pi.up_since
        if schedules is None:
            return
        entry = next(one for one in scene.curfew.entries if one.name == name)
        day = scene.curfew.asked(entry, asked_at)

        def answered(answer: Answer) -> None:
            if scene.pi.up_since != life:
                return
            self.note(f"skip of {name}: {answer.status} {answer.message or ''}")
            if answer.status is Status.ACCEPTED:
                for burner, bench in scene.benches.items():
                    if entry.settings.concerns(burner):
                        bench.skipped_at = scene.now
            if answer.status is Status.ACCEPTED and "already" not in (answer.message or ""):
                scene.curfew.answered(entry, day, asked_at, scene.now)

        try:
            schedules.skip(name, Source.MQTT, answered)
        except BadRequest as bad:
            self.note(f"skip of {name}: {bad.code}")

    def _fall_due(self, bench: Bench) -> None:
        """Turn deadlines that have passed, and contacts that must be open, into obligations."""
        account, now = bench.account, self.scene.now
        if bench.foreign is not None and None in account.timers:
            # It is seen again where another timer has gone.
            account.may_end_with(bench.foreign[1])
        spans = [span for span in account.timers if span is not None]
        end = max((hi for _, hi in spans), default=now)
        if any(hi <= now and hi < end and bench.last_open(now) >= lo - 3 for lo, hi in spans):
            # Behind an open contact the shortest of several possible timers only ends.
            account.timers.add(None)
        if spans and None not in account.timers and end <= now and bench.timer_noted != end:
            bench.timer_noted = end
            if bench.last_open(now) < end - 3:
                self.owe(bench, "the timer's end", end)
            else:
                account.spent()
        burnt = account.must_end_at
        # At the very moment itself the sensor may still say that it is out.
        if burnt is not None and burnt < now and bench.burn_noted != burnt:
            bench.burn_noted = burnt
            # The timer that held it back may have ended, and shut off, so much sooner.
            sooner = EFFECT_WITHIN if burnt == account.held_back_until else 0
            if bench.last_open(now) < burnt - 3 - sooner:
                # A timer that held it back may have gone just now.
                self.owe(bench, "the end of max_burn", max(burnt, now - LOOK_EVERY))
        lives_until = self._flame_lives_until(bench)
        if lives_until is not None and lives_until < now and bench.flame_noted != lives_until:
            bench.flame_noted = lives_until
            # As above.
            since = max(lives_until, now - LOOK_EVERY)
            self.owe(bench, "a flame that outlives max_burn", since)
        if not bench.free(now) or bench.schedule_locked:
            bench.free_since = now
        if account.locked or account.perhaps or bench.schedule_locked:
            bench.locked_until = now
        held = account.locked or account.demand_at > NEVER
        unpulsed = bench.last_open(now) < now - _PULSED_WITHIN
        if not held or (not account.locked and bench.closing_at > account.demand_since):
            # It is over for the guard: `no_closing_before_its_time` says whether with right.
            bench.owed = [owed for owed in bench.owed if not owed.level]
        elif not bench.open_now and not account.jog and not bench.owed:
            self.owe(bench, "it was closed from outside", now, extra=1.2, level=True)
        elif account.locked and account.jog and unpulsed and not bench.owed:
            # It closes by itself: it must be pulsed at every look of the guard.
            self.owe(bench, "a lock on a jogging module", now, level=True)
        if bench.voice_off_at is not None and bench.voice:
            off_at, bench.voice_off_at = bench.voice_off_at, None
            if not account.jog:
                self.owe(bench, "off on the voice channel", off_at, extra=2.8)

    def _flame(self, burner: str, lit: bool) -> None:
        self.scene.benches[burner].flame_since = self.scene.now if lit else None

    def _flame_lives_until(self, bench: Bench) -> float | None:
        """By when a flame is to be gone by physics, whatever its sensor said or did not say."""
        flame, limit = bench.account.config.flame, bench.account.config.max_burn
        if flame is None or limit is None or bench.flame_since is None:
            return None
        if bench.last_open(self.scene.now) >= bench.flame_since:
            return None  # the guard did open, and the contact is welded: another rule's matter
        unheard = flame.expire_after + _SENSED_LATE
        # Seen at last, it counts from its sight.
        since = max(bench.flame_since, bench.account.lit_since or NEVER)
        due = max(since, self.scene.pi.up_since) + unheard + limit
        return max(due, bench.account.held_back_until)

    def owe(
        self, bench: Bench, why: str, since: float, *, extra: float = 0.0, level: bool = False
    ) -> None:
        """From `since` on the circuit must open in time."""
        bench.owed.append(Obligation(why, since, extra, level))

    # --- people and sensors -------------------------------------------------------------------

    def ask(
        self, burner: str, kind: str, source: str, seconds: float = 0.0, key: str | None = None
    ) -> None:
        """Ask as people do, and follow what becomes of it."""
        window, bench = self.scene.pi.window, self.scene.benches[burner]
        if window is None:
            return
        self._numbers += 1
        ask = Ask(self._numbers, kind, source, self.scene.now, seconds, key)
        bench.account.asked(ask)
        self.company.asked(burner, ask)
        if kind == "off":
            self._off_asked(bench)
        if kind == "timer":
            asks, words = "timer", f"{seconds}s"
        elif kind == "extend":
            asks, words = "timer/extend", json.dumps({"duration": f"{seconds}s", "id": key})
        else:
            asks, words = _WORDS[kind]
        window.ask(burner, source, asks, words, partial(self._answered, bench, ask))

    def meddled(self, bench: Bench) -> None:
        """A rival is about to close a relay: the guard must tell, if it is sure to see it.

        It is not while it opens or closes the circuit itself: then it is busy with its own orders.
        """
        scene, state, account = self.scene, bench.shown, bench.account
        held = account.demand_at > NEVER or account.locked
        if state is None or bench.meddled_at is not None or not (held and scene.disk.sound):
            return
        rests = state["phase"] in ("tripped", "locked_out") and state["contact"] == "open"
        if rests and bench.shown_at > account.demand_at and self._closing_rests(bench):
            bench.meddled_at = scene.now

    def _closing_rests(self, bench: Bench) -> bool:
        """Whether the guard has not ordered this circuit closed just now."""
        recent = self.scene.now - _CLOSES_WITHIN
        return all(watch.last_close_order < recent for watch in bench.relays)

    def _off_asked(self, bench: Bench) -> None:
        scene, name = self.scene, bench.account.name
        bench.meddled_at = None
        self._note_open(bench)
        self.owe(bench, "an off", scene.now)
        bench.timer_noted = None
        for watch in bench.relays:
            address, key = watch.wired.address, watch.wired.key
            far = RESEND_MAX if watch.on_mqtt else _ON_ITS_WAY
            for at, data, target in scene.air.recent:
                if (watch.on_mqtt or target == address) and scene.now - at < far:
                    self._look_into(data, target, at)
            sent = self._opens_sent.get((address, key), NEVER)
            # Behind a broker what is sent again queues up: only a device that speaks has no queue.
            spoke = scene.air.heard_at.get(address, NEVER) > sent
            way = (RESEND_MIN if spoke else RESEND_MAX) if watch.on_mqtt else _ON_ITS_WAY
            if self._can_send(address) and scene.now - sent > way:
                self._expected[address, key] = (scene.now + _AT_ONCE, name)

    def network_changed(self) -> None:
        """What cannot be sent from now on is not expected either."""
        for address, key in list(self._expected):
            if not self._can_send(address):
                del self._expected[address, key]

    def _can_send(self, address: Address) -> bool:
        """Whether the guard has spoken with this device, and still knows a way to it."""
        air, house = self.scene.air, self.scene.house
        if address in house.pin_servers:
            return address in air.heard_at and fair(house.device(address).relay.faults)
        _, is_known = air.names.found(address[0])
        routed = air.routed or address in house.mqtt_servers
        return routed and is_known and address in air.heard_at

    def _answered(self, bench: Bench, ask: Ask, answer: Payload) -> None:
        scene, account = self.scene, bench.account
        status = f"{answer['status']} {answer['code'] or ''}"
        self.note(f"answer #{ask.number} {account.name} {ask.kind}: {status}")
        ask.answers.append(answer)
        for check in checks.ON_ANSWER:
            self.verdict(check.__name__, check(scene, bench, ask), account.name)
        before = account.locked
        account.answered(ask, scene.now, sound=scene.disk.sound)
        self.company.answered(account.name, ask)
        if account.locked and not before and ask.kind != "rearm":
            self.owe(bench, "a lock", scene.now)
        elif ask.kind == "unlock" and not account.locked:
            bench.owed = [owed for owed in bench.owed if owed.why != "a lock"]

    def hazard(self, bench: Bench, kind: str) -> None:
        """A hazard sensor's alarm has reached the guard."""
        account, now = bench.account, self.scene.now
        bench.meddled_at = None
        # What is locked for it already is held open, and a jogging module pulsed: no demand anew,
        # which would outlive a re-arm.
        again = kind in {*account.latched, *account.perhaps}
        if not again:
            account.demanded(now, now)
        account.latch(kind, now, now)
        account.reporting.setdefault(kind, now)
        self._note_open(bench)
        self.owe(bench, kind, now, level=again)

    # --- what the guard publishes -------------------------------------------------------------

    def _told(self, burner: str, changed: bool, events: list[Payload]) -> None:
        scene, bench = self.scene, self.scene.benches[burner]
        account, state = bench.account, scene.pi.states[burner]
        bench.shown, bench.shown_at = state, scene.now
        for check in checks.ON_STATE if changed else ():
            self.verdict(check.__name__, check(scene, bench), burner)
        for event in events:
            self._event(bench, event)
        held_open = state["contact"] == "open" and state["phase"] in ("tripped", "locked_out")
        opened = bench.last_open(scene.now) >= scene.pi.up_since
        if held_open and opened and account.lit_told is None:
            # Whatever burnt before this guard began is over: no sensor has said that it is not.
            account.lit_since = account.lit_perhaps = None
        if SCHEDULE in state["locks"]:
            bench.schedule_locked = True
            bench.schedule_lock_sure |= scene.disk.sound
        elif scene.disk.sound:
            bench.schedule_locked = False
            bench.schedule_lock_sure &= not self._may_unlock(bench)
        if scene.disk.sound:
            account.shown(state)

    def _event(self, bench: Bench, event: Payload) -> None:
        scene, now, account = self.scene, self.scene.now, bench.account
        kind, reason = event["type"], event["reason"]
        if kind == "trip" and reason == "unattended" and "closed from" not in event["message"]:
            text = self.company.why_not(bench, event)
            self.verdict("nobody_is_there_for_certain", text, account.name)
        self.company.tells(account.name, event)
        for check in checks.ON_EVENT:
            self.verdict(check.__name__, check(scene, bench, event), account.name)
        self.note(f"{account.name} tells {kind} {reason or ''}")
        since = max(now - scene.told_late_by, scene.pi.up_since)
        if kind == "trip":
            if "closed from outside" not in event.get("message", ""):
                bench.meddled_at = None
            account.demanded(since, now)
            if reason == "max_burn":
                account.burnt_out(since)
            self._note_open(bench)
            self.owe(bench, f"a trip ({reason})", account.demand_since)
        elif kind == "locked" and reason == SCHEDULE:
            bench.schedule_locked = True
        elif kind == "unlocked" and reason == SCHEDULE:
            bench.schedule_locked = False
            bench.schedule_lock_sure &= not self._may_unlock(bench)
        elif kind == "locked" and reason != CHILD:
            account.latch(reason, since, now)
            if scene.disk.sound:
                account.on_disk.add(reason)
        elif kind == "timer_cancelled" and reason in ("already_off", SCHEDULE):
            account.spent()
        elif kind == "sensor_silent":
            account.given_up.add(event["sensor"])
        elif kind == "rearmed" and since > account.demand_at:
            account.closed()

    def _may_unlock(self, bench: Bench) -> bool:
        """Whether the guard believes its clock, or did just now, or was told to skip."""
        scene = self.scene
        just_now = scene.curfew.changed_at > scene.now - NOTICED_WITHIN
        skipped = bench.skipped_at > scene.now - EFFECT_WITHIN
        return scene.pi.clock.believable() or just_now or skipped

    # --- the guard's life ---------------------------------------------------------------------

    def booted(self, trust: dict[str, Trust], *, damaged: bool) -> None:
        """A guard has started. `trust`: what each burner's record lets it know of the time."""
        if damaged:
            self.scene.curfew.forgotten()
        for name, bench in self.scene.benches.items():
            account, now = bench.account, self.scene.now
            bench.timer_noted = bench.burn_noted = None
            if damaged:
                account.lost_everything(now)
                bench.schedule_lock_sure = False
                self.owe(bench, "a start from a damaged store", now)
            elif account.restarted(trust[name]):
                self.owe(bench, "a start without a trustworthy clock", now)
            if account.demand_at > NEVER:
                account.demand_at = account.demand_since = now
                account.opened_at = None
                self._note_open(bench)
                self.owe(bench, "a start with a demand unconfirmed", now)
            elif account.locked:
                self.owe(bench, "a start while locked", now)
            if bench.voice:
                address, key = bench.voice
                on = self.scene.house.servers[address].relay.value(key)
                bench.voice_off_at = None if on else now

    def _killed(self) -> None:
        self.on_killed()
        self.scene.broker_changed()
        self._expected.clear()
        self._opens_sent.clear()
        self.scene.curfew.killed()
        for bench in self.scene.benches.values():
            bench.account.killed(self.scene.now)
            bench.shown = bench.meddled_at = None
            bench.offs_told.clear()
            bench.owed.clear()
            bench.voice_off_at = None
            for watch in bench.relays:
                watch.last_close_order = NEVER

    # --- the wire -----------------------------------------------------------------------------

    def sent(self, data: bytes, target: Address) -> None:
        """The guard sends; looked into only while an open is expected or owed."""
        if self._expected or any(bench.owed for bench in self.scene.benches.values()):
            self._look_into(data, target, self.scene.now)

    def _look_into(self, data: bytes, target: Address, at: float) -> None:
        for address, key, value in self.scene.house.orders_in(data, target):
            for bench, watch in self.scene.at(address):
                if watch.wired.key != key:
                    continue
                if value == watch.wired.opens_when:
                    self._opens_sent[address, key] = at
                    self._expected.pop((address, key), None)
                else:
                    self._opens_sent.pop((address, key), None)
                    bench.closing_at = at

    def _kept(self, topic: str, payload: str) -> None:
        """A broker keeps what the guard has sent until the devices are back."""
        house = self.scene.house
        for address, key, value in house.orders_in(f"{topic}\0{payload}".encode(), (topic, 0)):
            for bench, watch in self.scene.at(address):
                if watch.wired.key == key:
                    rule = checks.no_closing_is_kept
                    self.verdict(rule.__name__, rule(watch, value), bench.account.name)

    def _ordered(self, order: Order) -> None:
        scene = self.scene
        self.note(f"order {order.address[0]} {order.key} = {order.value}")
        for bench, watch in scene.at(order.address):
            name = bench.account.name
            if watch.wired.key == order.key:
                if order.value == watch.wired.opens_when:
                    if order.address in scene.house.pin_servers:
                        self._expected.pop((order.address, order.key), None)
                    bench.foreign = None  # a channel that is switched off counts no further
                    watch.last_open_order = max(watch.last_open_order, order.sent_at)
                    sent = self._opens_sent.get((order.address, order.key), 0.0)
                    self._opens_sent[order.address, order.key] = max(sent, order.sent_at)
                    continue
                for check in checks.ON_CLOSE:
                    self.verdict(check.__name__, check(bench, watch, order.sent_at), name)
                watch.last_close_order = max(watch.last_close_order, order.sent_at)
                if self._opens_sent.get((order.address, order.key), 0.0) < order.sent_at:
                    self._opens_sent.pop((order.address, order.key), None)
                if order.sent_at > bench.account.demand_since and not bench.account.locked:
                    bench.account.closed()
            if renewal_of(watch.wired.key) == order.key and order.value is not None:
                renewed = checks.no_lease_during_a_demand(scene, bench, order)
                self.verdict("no_lease_during_a_demand", renewed, name)
            lease = bench.countdown
            if lease and (lease.siid, lease.piid) == order.key:
                if order.value == lease.off:
                    bench.foreign = bench.lease_end = None
                    continue
                for look in checks.ON_LEASE:
                    self.verdict(look.__name__, look(scene, bench, order), name)
                bench.foreign = None
                if isinstance(order.value, int):
                    bench.lease_end = scene.now + order.value * lease.unit_s

    def _switched(
        self, bench: Bench, watch: RelayWatch, siid: int, piid: int, value: bool, at: float
    ) -> None:
        if (siid, piid) != watch.wired.key:
            return
        self.note(f"relay {bench.account.name}.{watch.index} switch {'on' if value else 'off'}")
        if watch.open_now:
            watch.last_open = at
        elif self.scene.pi.alive:
            rule = checks.deadlines_and_demands_open_in_time
            self.verdict(rule.__name__, rule(self.scene, bench), bench.account.name)
        watch.open_now = value == watch.wired.opens_when
        if watch.open_now:
            watch.opened_at = at
            watch.openings.append(at)
            bench.foreign = None
            self._note_open(bench)
            if bench.meddled_at is not None and watch.last_open_order < bench.meddled_at:
                # Somebody else's hand: the guard may never have read it closed.
                bench.meddled_at = None

    def _note_open(self, bench: Bench) -> None:
        account = bench.account
        if account.opened_at is not None:
            return
        if bench.open_now:
            since = account.demand_since
            opened = min(one.first_opened(since) for one in bench.relays if one.open_now)
            account.opened_at = max(opened, account.demand_since)
        elif bench.last_open(self.scene.now) >= account.demand_since:
            # Open and closed again before the guard's word of the demand was out: a jog's pulse.
            account.opened_at = account.demand_since

    def _voice_switched(self, bench: Bench, siid: int, piid: int, value: bool, at: float) -> None:
        if bench.voice is None or (siid, piid) != bench.voice[1]:
            return
        self.note(f"voice channel of {bench.account.name} {'on' if value else 'off'}")
        bench.owed = [owed for owed in bench.owed if "voice" not in owed.why]
        bench.voice_off_at = None
        if value:
            bench.voice_on_since = at
        elif at - bench.voice_on_since > 4 and self.scene.well_for(bench, 4):
            bench.voice_off_at = at


class ErrorLog(logging.Handler):
    """Nothing in gasguard logs an error without one of the faults that may cause it."""

    def __init__(self, judge: Judge) -> None:
        super().__init__(logging.ERROR)
        self._judge = judge

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        text = record.getMessage()
        if self._judge.scene.disk_faulted and any(part in text for part in _DISK_ERRORS):
            return
        if record.exc_info and record.exc_info[1]:
            text += f": {record.exc_info[1]!r}"
        self._judge.verdict("nothing_is_logged_as_an_error", text)


def loop_complains(
    judge: Judge, _loop: asyncio.AbstractEventLoop, context: dict[str, object]
) -> None:
    """The loop's exception handler: an exception nobody caught."""
    judge.verdict("no_exception_is_lost", f"{context.get('message')} {context.get('exception')!r}")
