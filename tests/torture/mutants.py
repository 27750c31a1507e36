"""Seeded defects, each an edit of the source, that the torture must catch.

`caught.json` holds for each the plan that shows it; `python -m tests.torture.hunt NAME` finds it
anew where the guard has changed so much that the plan no longer does.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One defect: in `module`, every `old` becomes `new`."""

    name: str
    module: str
    old: str
    new: str

    @property
    def needs(self) -> str | None:
        """What a kitchen must have to show it; None: any can."""
        return _NEEDS.get(self.module)


CONTROLLER = "gasguard.guard.controller"
KEEPER = "gasguard.guard.keeper"
RELAY = "gasguard.drivers.miio.relay"
PROPERTIES = "gasguard.drivers.miio.properties"
WIRE = "gasguard.drivers.miio.wire"
PLACE = "gasguard.drivers.miio.place"
TRANSPORT = "gasguard.drivers.miio.transport"
MQTT_ANSWERS = "gasguard.drivers.mqtt.answers"
MQTT_RELAY = "gasguard.drivers.mqtt.relay"
PIN_RELAY = "gasguard.drivers.gpio.relay"
COUPLE = "gasguard.drivers.adc.couple"
ADC_FLAME = "gasguard.drivers.adc.flame"
SENSOR = "gasguard.drivers.mqtt.sensor"
UNDERSTANDING = "gasguard.drivers.understanding"
TEXT = "gasguard.text"
ASSEMBLE = "gasguard.assemble"
SAVING = "gasguard.guard.saving"
STORE = "gasguard.guard.store"
DATABASE = "gasguard.guard.database"
JOURNAL = "gasguard.guard.journal"
ACTIONS = "gasguard.core.actions"
DEADLINES = "gasguard.core.deadlines"
GUARDS = "gasguard.core.guards"
HAZARDS = "gasguard.core.hazards"
READINGS = "gasguard.core.readings"
RECOVERY = "gasguard.core.recovery"
REQUESTS = "gasguard.core.requests"
LEASE = "gasguard.core.lease"
FLAME = "gasguard.core.flame"
HEARING = "gasguard.core.hearing"
SCHEDULE = "gasguard.core.schedule"
PEOPLE = "gasguard.core.people"
MODEL = "gasguard.core.model"
CALENDAR = "gasguard.interfaces.schedules.calendar"
WATCH = "gasguard.interfaces.schedules.watch"

_NEEDS = {
    MQTT_ANSWERS: "relay mqtt",
    MQTT_RELAY: "relay mqtt",
    PIN_RELAY: "relay gpio",
    COUPLE: "flame adc",
    ADC_FLAME: "flame adc",
    CALENDAR: "clocks that change",
}

MUTANTS = [
    # --- the wire ---------------------------------------------------------------------------------
    Mutant("ids restart at 1", TRANSPORT, "luck.randrange(2**_ID_BITS)", "0"),
    Mutant(
        "hello is never repeated",
        TRANSPORT,
        "if sends > HELLO_AFTER_SENDS:",
        "if self._clock.device_id is None:",
    ),
    Mutant(
        "the device's clock is not followed",
        TRANSPORT,
        "        self.device_id = device_id\n        self._offset = stamp - now",
        "        if self.device_id is None:\n            self._offset = stamp - now\n"
        "        self.device_id = device_id",
    ),
    Mutant(
        "a close is sent again until answered",
        RELAY,
        "switch_for(Contact.CLOSED)\n        await self._properties.set("
        "self._switch, wanted, within, resend=False)",
        "switch_for(Contact.CLOSED)\n        await self._properties.set("
        "self._switch, wanted, within)",
    ),
    Mutant(
        "an open is sent once",
        TRANSPORT,
        "if sends == 0 or resend:",
        "if sends == 0:",
    ),
    Mutant(
        "code -4003 counts as success",
        PROPERTIES,
        "if code not in (_OK, _PENDING):",
        "if code not in (_OK, _PENDING, -4003):",
    ),
    # --- the network ------------------------------------------------------------------------------
    Mutant(
        "a socket is kept for ever",
        WIRE,
        "if self._socket is None or self._doubted:",
        "if self._socket is None:",
    ),
    Mutant(
        "the socket remembers the machine's own address",
        WIRE,
        "                lambda: _Ear(self), family=socket.AF_INET\n            )",
        "                lambda: _Ear(self), remote_addr=self._place.address\n            )\n"
        "            self._place.doubt = lambda: None\n"
        "            self._doubt = lambda: None",
    ),
    Mutant(
        "a name is looked up once",
        PLACE,
        "if self._numeric or self._looking",
        "if self._addresses or self._looking",
    ),
    Mutant(
        "the look-up ends with the call",
        PLACE,
        "            self.doubt()\n            await asyncio.sleep(_ASK_EVERY)",
        "            self._heard(await self._look_up(self._host))",
    ),
    Mutant(
        "a name that is not found takes its last address away",
        PLACE,
        "        except OSError as error:\n",
        "        except OSError as error:\n            self._addresses = []\n",
    ),
    Mutant(
        "what a broker has kept ends a flame",
        FLAME,
        "    if event.stored:",
        "    if False:",
    ),
    # --- a relay behind a broker ------------------------------------------------------------------
    Mutant(
        "any state that comes is taken for a read-back",
        MQTT_ANSWERS,
        "if topic == self.settings.state_topic and self.proven:",
        "if topic == self.settings.state_topic:",
    ),
    Mutant(
        "any echo proves an answer",
        MQTT_ANSWERS,
        "return field_of(payload, echo.field) in self.nonces",
        "return field_of(payload, echo.field) is not None",
    ),
    Mutant(
        "the broker's acknowledgement is proof where there is an echo",
        MQTT_RELAY,
        "                    qos=qos,\n                    expires=_QUERY_EXPIRES,\n"
        "                    acknowledged=question.acknowledged if qos else None,",
        "                    qos=1,\n                    expires=_QUERY_EXPIRES,\n"
        "                    acknowledged=lambda: setattr(question, 'proven', True),",
    ),
    Mutant(
        "what the broker has kept is taken for a read-back",
        MQTT_RELAY,
        "        elif not heard.retained:\n            for question in self._questions:\n",
        "        else:\n            for question in self._questions:\n"
        "                question.proven |= heard.retained\n",
    ),
    Mutant(
        "a close over MQTT is sent again until answered",
        MQTT_RELAY,
        "        await self._ask(left, wanted=Contact.CLOSED)\n",
        "        try:\n            await self._ask(left / 2, wanted=Contact.CLOSED)\n"
        "        except Unreachable:\n"
        "            self._bus.publish(\n"
        "                self._settings.command_topic, payload, qos=0, expires=_CLOSE_EXPIRES\n"
        "            )\n            await self._ask(left / 2, wanted=Contact.CLOSED)\n",
    ),
    Mutant(
        "a close is sent so that brokers keep it",
        MQTT_RELAY,
        "payload, qos=0, expires=_CLOSE_EXPIRES",
        "payload, qos=1, expires=_CLOSE_EXPIRES",
    ),
    Mutant(
        "an open over MQTT is sent ever more seldom",
        MQTT_RELAY,
        "return self._sent_at + min(RESEND_MAX, waits)",
        "return self._sent_at + waits",
    ),
    # --- sensors ----------------------------------------------------------------------------------
    Mutant(
        "a flame sensor that says it sees nothing is ignored",
        SENSOR,
        "            self._later(GARBLED, partial(self._listener.garbled, said.garbled))",
        "            pass",
    ),
    Mutant(
        "that sensors lack their broker is never told",
        SENSOR,
        "call_later(MISSED_AFTER, missed)",
        "call_later(1e6, missed)",
    ),
    Mutant(
        "a connection that is away for a moment silences every sensor",
        SENSOR,
        "call_later(MISSED_AFTER, missed)",
        "call_later(1.0, missed)",
    ),
    Mutant(
        "a broker that is back does not count",
        SENSOR,
        "            self._broker_is_there()\n            self._there(_BROKER",
        "            self._there(_BROKER",
    ),
    Mutant(
        "that a sensor is offline is ignored",
        SENSOR,
        "                if online is not None:",
        "                if online:",
    ),
    Mutant(
        "a sensor that speaks still counts as offline",
        SENSOR,
        "        self._offline.clear()\n",
        "        pass\n",
    ),
    Mutant(
        "hazard sensors do not begin to listen",
        SENSOR,
        "        self._changed()\n        self._bus.start()",
        "        self._changed()",
    ),
    Mutant(
        "hazard sensors are heard at QoS 0",
        SENSOR,
        "                qos=1,\n                vital=False,",
        "                qos=0,\n                vital=False,",
    ),
    Mutant(
        "an alarm reaches the first burner only",
        ASSEMBLE,
        "        for name in names:\n            post(",
        "        for name in names[:1]:\n            post(",
    ),
    Mutant(
        "an alarm that a broker has kept counts as a sign of life",
        SENSOR,
        "self._listener.said(said.danger, stored=True)",
        "self._listener.said(said.danger, stored=False)",
    ),
    Mutant(
        "a word that nobody understands is a sign of life",
        HAZARDS,
        "heard = spoke(view.hearing, turn.now, why)",
        "heard = spoke(view.hearing, turn.now)",
    ),
    Mutant(
        "a word that nobody understands leaves an alarm clear",
        HAZARDS,
        "reports = (view.reports or None) if heard.silent else view.reports",
        "reports = view.reports",
    ),
    Mutant(
        "half a character is let in",
        TEXT,
        "return data if data.isascii() else _whole(data)",
        "return data",
    ),
    # --- the relay's keeper -----------------------------------------------------------------------
    Mutant(
        "an acknowledgement is taken as proof",
        KEEPER,
        "await self._relay.read(SETTLE_WITHIN if unanswered else CALL_WITHIN)",
        "(await self._relay.read(SETTLE_WITHIN)) if unanswered else Reading(Contact.OPEN)",
    ),
    Mutant(
        "opening gives up after ten rounds",
        KEEPER,
        "                self._beat()\n                order = self._orders",
        "                self._beat()\n                order = self._orders\n"
        "                self._rounds = getattr(self, '_rounds', 0) + 1\n"
        "                if self._rounds % 11 == 10:\n                    return",
    ),
    Mutant(
        "an off is queued behind a poll",
        KEEPER,
        "        if self._opening is None:\n            self._opening = self._spawn(",
        "        if self._opening is None:\n            self._opening = self._spawn_later(",
    ),
    Mutant(
        "an off waits for the read-back of the one before",
        KEEPER,
        "        elif self._on_the_wire and self._beside is None:",
        "        elif False:",
    ),
    Mutant(
        "a failed trip of a jogging module is left alone",
        READINGS,
        "        if state.phase in (Phase.LOCKED_OUT, Phase.TRIP_FAILED):",
        "        if state.phase is Phase.LOCKED_OUT:",
    ),
    Mutant("relays are polled too seldom", KEEPER, "POLL_EVERY = 1.8", "POLL_EVERY = 6.5"),
    Mutant(
        "polls stop after an error",
        KEEPER,
        "            self._not_read(error)\n        else:\n            self._report(",
        "            self._not_read(error)\n            await asyncio.sleep(3600)\n"
        "        else:\n            self._report(",
    ),
    Mutant(
        "an off does not stop a closing",
        KEEPER,
        "            self._closing.cancel()\n            self._closing = None\n"
        "        if overtakes_close:",
        "            pass\n        if overtakes_close:",
    ),
    # --- the controller ---------------------------------------------------------------------------
    Mutant(
        "the second relay is not opened",
        CONTROLLER,
        "                for keeper in burner.keepers:\n                    keeper.open(",
        "                for keeper in burner.keepers[:1]:\n                    keeper.open(",
    ),
    Mutant(
        "the last word on an off is lost",
        CONTROLLER,
        "        if answer.status is not Status.ACCEPTED:\n            self._replies.pop(",
        "        if True:\n            self._replies.pop(",
    ),
    Mutant(
        "acknowledged before it is saved",
        SAVING,
        "        self._store.save(self._name, record, stamp).add_done_callback(self._done)\n",
        "        write = self._store.save(self._name, record, stamp)\n"
        "        write.add_done_callback(lambda one: one.cancelled() or one.exception())\n"
        "        done: Write = asyncio.get_running_loop().create_future()\n"
        "        done.set_result(None)\n"
        "        asyncio.get_running_loop().call_soon(self._done, done)\n",
    ),
    Mutant(
        "an off waits for the disk",
        CONTROLLER,
        "            burner.demands += 1\n            self._handle(name, request)\n"
        "            return\n",
        "            burner.demands += 1\n",
    ),
    Mutant(
        "a re-arm outlives a later off",
        CONTROLLER,
        "    return isinstance(request, Rearm) and burner.demands != demands",
        "    return False",
    ),
    Mutant(
        "the journal's disk error ends its task",
        JOURNAL,
        "        except Exception as error:  # noqa: BLE001 - whatever it is",
        "        except KeyError as error:  # noqa: BLE001 - whatever it is",
    ),
    # --- the disk ---------------------------------------------------------------------------------
    Mutant("a timer is not persisted", RECOVERY, "timer=state.timer,", "timer=None,"),
    Mutant(
        "a lock is forgotten at a restart",
        RECOVERY,
        "locks=tuple(sorted(state.locks)),",
        "locks=tuple(sorted(state.locks - {Lock.CHILD})),",
    ),
    Mutant(
        "a latched trip is not persisted",
        RECOVERY,
        "locks=tuple(sorted(state.locks)),",
        "locks=tuple(sorted(state.locks & {Lock.CHILD, Lock.RESTART})),",
    ),
    Mutant(
        "an unconfirmed demand is not persisted",
        RECOVERY,
        "held_open=state.phase in (Phase.TRIPPING, Phase.TRIPPED, Phase.TRIP_FAILED),",
        "held_open=state.phase in (Phase.TRIPPED, Phase.TRIP_FAILED),",
    ),
    Mutant(
        "a timer that an off has ended comes back",
        SAVING,
        "        return self._wanted is not None or row is None or row.record != self._present()",
        "        present = self._present()\n"
        "        if row and row.record.timer and not present.timer:\n"
        "            return False\n"
        "        return self._wanted is not None or row is None or row.record != present",
    ),
    Mutant(
        "a timer runs on the wall clock",
        RECOVERY,
        "        return max(0.0, present.boot - stamp.boot)\n",
        "        return max(0.0, present.wall - stamp.wall)\n",
    ),
    Mutant(
        "an unsynchronised clock is trusted",
        RECOVERY,
        "if stamp.synchronised and present.synchronised and present.wall >= stamp.wall:",
        "if present.wall >= stamp.wall:",
    ),
    Mutant(
        "a deadline that passed meanwhile is dropped",
        RECOVERY,
        "        elif turn.state.phase is Phase.STARTING:\n            trip(",
        "        elif turn.state.phase is Phase.READY:\n            trip(",
    ),
    Mutant(
        "a damaged store passes as clean",
        DATABASE,
        "_create(path, after_damage=True)",
        "_create(path, after_damage=False)",
    ),
    Mutant(
        "what a read-only card holds is not read",
        DATABASE,
        "return Unwritable(path, why, records.load(db), is_after",
        "return Unwritable(path, why, {}, is_after",
    ),
    Mutant(
        "a card that is writable again is not written",
        STORE,
        "            self._file = opened = reopen(file)",
        "            raise OSError",
    ),
    Mutant(
        "commits are not fsynced",
        DATABASE,
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = OFF",
    ),
    # --- the core ---------------------------------------------------------------------------------
    Mutant(
        "an unordered close is ignored",
        READINGS,
        "elif state.phase is not Phase.READY and before.contact is not Contact.CLOSED:",
        "elif False:",
    ),
    Mutant(
        "it is not remembered that something else has closed it",
        READINGS,
        "(*recent, turn.now)[-MAX_MEDDLINGS:]",
        "()",
    ),
    Mutant(
        "an off on the voice channel is missed",
        READINGS,
        "elif on is False and turn.state.voice_armed:",
        "elif False:",
    ),
    Mutant(
        "a disobeying relay is not latched",
        READINGS,
        "        if stuck and Lock.STUCK not in state.locks:",
        "        if False:",
    ),
    Mutant(
        "a hazard does not latch",
        HAZARDS,
        "        latch(turn, kind, sensor=sensor.name)\n        trip(",
        "        trip(",
    ),
    Mutant(
        "a hazard sensor's silence is believed",
        HAZARDS,
        "return falls_silent_at(view.hearing, view.sensor.expire_after)",
        "return None",
    ),
    Mutant(
        "a hazard sensor that falls silent ends its alarm",
        HAZARDS,
        "reports = (view.reports or None) if heard.silent",
        "reports = None if heard.silent",
    ),
    Mutant(
        "the end of an alarm is not heard",
        HAZARDS,
        "if event.active or (event.active is False and not event.stored):",
        "if event.active:",
    ),
    Mutant(
        "what a broker has kept ends an alarm",
        HAZARDS,
        "(event.active is False and not event.stored)",
        "event.active is False",
    ),
    Mutant(
        "a hazard is forgotten at a restart",
        RECOVERY,
        "(sensor.name in record.reporting and sensor.kind in locks) or None",
        "None",
    ),
    Mutant(
        "re-armed while the flame is lit",
        ACTIONS,
        "if state.locks or state.hazards or state.flame_seen:",
        "if state.locks or state.hazards:",
    ),
    Mutant(
        "re-armed as soon as the flame's sensor falls silent",
        ACTIONS,
        "if state.locks or state.hazards or state.flame_seen:",
        "if state.locks or state.hazards or state.flame is Flame.LIT:",
    ),
    Mutant(
        "a flame that is lit while a closing is under way does not end it",
        FLAME,
        "    if turn.state.closing is not None:",
        "    if False:",
    ),
    Mutant(
        "one word of out lets the contact close",
        FLAME,
        "return state.out_since + OUT_SETTLES",
        "return state.out_since",
    ),
    Mutant(
        "one word of out begins the longest burn anew",
        FLAME,
        "return state.out_since + OUT_LASTS if burns",
        "return state.out_since if burns",
    ),
    Mutant(
        "what nobody sees is not counted as a burn",
        FLAME,
        "    if not limited or state.unseen_since is not None:",
        "    if True:",
    ),
    Mutant(
        "a flame burns on only while its sensor speaks",
        FLAME,
        "and state.flame is not Flame.OUT",
        "and state.flame is Flame.LIT",
    ),
    Mutant(
        "re-armed with a lock standing",
        ACTIONS,
        "    return Phase.LOCKED_OUT if turn.state.locks else Phase.TRIPPED",
        "    return Phase.TRIPPED",
    ),
    Mutant(
        "re-armed too early",
        ACTIONS,
        "hold_until=turn.now + state.settings.rearm_after,",
        "hold_until=turn.now,",
    ),
    Mutant(
        "a re-arm over MQTT ends a latched trip",
        REQUESTS,
        "_LOCAL = (Source.CLI, Source.WEB)",
        "_LOCAL = (Source.CLI, Source.WEB, Source.MQTT)",
    ),
    Mutant(
        "re-armed as often as one likes",
        REQUESTS,
        "if latched and len(recent) >= REARM_LIMIT:",
        "if False:",
    ),
    Mutant(
        "re-armed while a hazard reports",
        REQUESTS,
        "    if state.hazards:\n        return",
        "    if False:\n        return",
    ),
    Mutant(
        "escalation is missing",
        DEADLINES,
        "    return state.opening.since + CONFIRM_WITHIN",
        "    return None",
    ),
    Mutant(
        "a flame that burns on is not noticed",
        FLAME,
        "return state.flame_deadline if waits else None",
        "return None",
    ),
    Mutant(
        "a silent flame sensor is believed for ever",
        FLAME,
        "falls_silent_at(state.flame_hearing, expire_after)\n\n",
        "None\n\n",
    ),
    Mutant(
        "a thermocouple reads lit only when it is very hot",
        UNDERSTANDING,
        "if quantity.number >= above.number:",
        "if quantity.number >= 3 * above.number:",
    ),
    Mutant(
        "a silent relay still counts as read",
        DEADLINES,
        "return None if view.contact is Contact.UNKNOWN else view.heard_at + STALE_AFTER",
        "return None",
    ),
    Mutant(
        "a timer ends in silence behind a contact that nobody can read",
        DEADLINES,
        "    if state.contact is Contact.OPEN and stays_open:",
        "    if state.contact is not Contact.CLOSED:",
    ),
    Mutant(
        "the maximum burn time is not kept",
        GUARDS,
        "    if end is None or state.phase in CAN_BURN:\n        return end",
        "    if end is None or state.phase in CAN_BURN:\n        return None",
    ),
    Mutant(
        "the longest burn is not kept while nobody can read the contact",
        FLAME,
        "    return state.contact is Contact.UNKNOWN and state.opening is None",
        "    return False",
    ),
    Mutant(
        "a jogging module that is lit again behind a trip has no longest burn",
        FLAME,
        "last is not None and last.confirmed and began < last.began",
        "last is None",
    ),
    Mutant(
        "the lease is renewed during a demand",
        LEASE,
        "    if turn.state.phase is not Phase.READY:\n        if event.countdown is None",
        "    if turn.state.phase is Phase.STARTING:\n        if event.countdown is None",
    ),
    Mutant(
        "Mi Home's countdown is lengthened",
        LEASE,
        "    own = view.lease_inherited and",
        "    own = True or view.lease_inherited and",
    ),
    # --- schedules --------------------------------------------------------------------------------
    Mutant(
        "the end of a window does not end its lock",
        SCHEDULE,
        "if event.calendar.window is None and Lock.SCHEDULE in turn.state.locks:",
        "if False:",
    ),
    Mutant(
        "a window whose clock was set is not looked at anew",
        WATCH,
        "abs(wall_at_boot - self._wall_at_boot) > STEPPED",
        "False",
    ),
    Mutant(
        "a clock that nobody believes begins and ends windows",
        WATCH,
        "        return believable\n",
        "        return True\n",
    ),
    Mutant(
        "the lock of a schedule does not outlive the guard",
        RECOVERY,
        "    if not settings.scheduled:",
        "    if True:",
    ),
    Mutant(
        "what was skipped is forgotten with the guard",
        WATCH,
        'one.skipped = _date(data["skipped"])',
        'data["skipped"]',
    ),
    Mutant(
        "a burner in use has no grace",
        SCHEDULE,
        "    return calendar.shuts_off_at if _in_use(state) else calendar.begins_at",
        "    return calendar.begins_at",
    ),
    Mutant(
        "an off comes again when its time does",
        WATCH,
        "if known and (due is None or due.day in one.done):",
        "if known and due is None:",
    ),
    Mutant(
        "an off is not owed any more once its second is over",
        CALENDAR,
        "OWED_FOR = 3600.0",
        "OWED_FOR = 0.0",
    ),
    Mutant(
        "a re-arm ends the lock of a schedule",
        "gasguard.core.model",
        "return self.locks - {Lock.CHILD, Lock.SCHEDULE}",
        "return self.locks - {Lock.CHILD}",
    ),
    Mutant(
        "a skip leaves the window out for ever",
        WATCH,
        "self.holds.day == self.skipped else self.holds",
        "self.skipped is not None else self.holds",
    ),
    Mutant(
        "a change of the clocks ends no window",
        CALENDAR,
        "if _offset(low, zone) != _offset(high, zone):",
        "if False:",
    ),
    Mutant(
        "the clocks change an hour late",
        CALENDAR,
        "datetime.fromtimestamp(at, zone).replace(tzinfo=None)",
        "(datetime.fromtimestamp(at - 3600, zone) + timedelta(hours=1)).replace(tzinfo=None)",
    ),
    # --- who is there, and the longest burn's answers ---------------------------------------------
    Mutant(
        "presence is believed on after its sensor fell silent",
        PEOPLE,
        "there=None if heard.silent else view.there",
        "there=view.there",
    ),
    Mutant(
        "what a broker has kept is presence",
        PEOPLE,
        "if event.there is False or (event.there and not event.stored):",
        "if event.there is not None:",
    ),
    Mutant(
        "absence counts from its last word",
        PEOPLE,
        "if views[index].there and not view.there and",
        "if not view.there and",
    ),
    Mutant(
        "a silent presence sensor is nobody in the kitchen",
        MODEL,
        "unsure = any(view.hearing.silent for view in views) or not views",
        "unsure = not views",
    ),
    Mutant(
        "nobody knows who is at home, so nobody is",
        MODEL,
        "unsure = unsure or any(view.there is None for view in views)",
        "unsure = unsure",
    ),
    Mutant(
        "a timer does not suspend unattended",
        GUARDS,
        "since is None or state.timer is not None or not _burns(state)",
        "since is None or not _burns(state)",
    ),
    Mutant(
        "a touch is no sign of anybody",
        GUARDS,
        "turn.set(attended_until=max(turn.state.attended_until, turn.now))",
        "pass",
    ),
    Mutant(
        "unattended warns and no more",
        GUARDS,
        "    Deadline(_trips_alone_at, _trip_alone),\n",
        "",
    ),
    Mutant(
        "unattended shuts off without a warning",
        GUARDS,
        "    return warned + settings.prewarn",
        "    return warned",
    ),
    Mutant(
        "a warning that was answered still shuts off",
        GUARDS,
        "return since is None or since > warned",
        "return since is None",
    ),
    Mutant(
        "away warns and no more",
        GUARDS,
        "    Deadline(_trips_away_at, _trip_away),\n",
        "",
    ),
    Mutant(
        "a timer set before leaving allows being away",
        GUARDS,
        "    if turn.state.away_warned_at is not None:\n        turn.set(away_allowed_until=until)",
        "    turn.set(away_allowed_until=until)",
    ),
    Mutant(
        "an extension outlives the longest burn",
        REQUESTS,
        "        deadline=deadline,\n        duration=timer.duration + request.duration,",
        "        deadline=deadline,\n        outranks_until=deadline,\n"
        "        duration=timer.duration + request.duration,",
    ),
    Mutant(
        "a cancelled timer still holds back the longest burn",
        GUARDS,
        "        turn.set(burn_granted_until=min(held_until, soon))",
        "        turn.set(burn_granted_until=held_until)",
    ),
    Mutant(
        "what was granted to one burn is the next one's too",
        GUARDS,
        "    if state.burn_granted_until is not None and _must_end_at(state) is None:",
        "    if False:",
    ),
    # --- the machine's own pins and bus -----------------------------------------------------------
    Mutant(
        "a pin's latch is believed, not the contact that is sensed",
        PIN_RELAY,
        "found = told if sensed is None else sensed",
        "found = told\n        sensed = None",
    ),
    Mutant(
        "a pin is read by its latch where the contact disagrees",
        PIN_RELAY,
        "return Reading(sensed, latency=latency, problem=",
        "return Reading(told, latency=latency, problem=",
    ),
    Mutant(
        "an open wire of the thermocouple is a cold one",
        COUPLE,
        "if high >= _AT_THE_END or abs(mean) > _MOST:",
        "if high >= _AT_THE_END or abs(mean) > _MOST:\n        return 0.0\n    if False:",
    ),
    Mutant(
        "wires that touch are a cold thermocouple",
        COUPLE,
        "    if abs(mean) < _TOUCHING:",
        "    if False:",
    ),
    Mutant(
        "a bus that is gone is told as out",
        ADC_FLAME,
        "partial(self._post, SensorGarbled(FLAME, why))",
        "partial(self._post, FlameRead(Flame.OUT))",
    ),
]
