"""What devices say, and what follows from it."""

from dataclasses import replace

from gasguard.core import lease
from gasguard.core.actions import CLOSING, confirm, latch, pulse, reopen, trip
from gasguard.core.messages import (
    Kind,
    RelayFailed,
    RelayRead,
    VoiceRead,
    VoiceRestored,
)
from gasguard.core.model import (
    ANSWER_COUNTS_FOR,
    CLOSE_AGAIN_AFTER,
    MAX_MEDDLINGS,
    MEDDLING_COUNTS_FOR,
    STUCK_OVER,
    STUCK_READBACKS,
    Contact,
    Lock,
    Opening,
    Phase,
    Reason,
    RelayView,
    Source,
)
from gasguard.core.turn import Turn, changed

_DISOBEYS = "answers that it opened, but its contact reads closed: cut its power, then check it"


def relay_read(turn: Turn, event: RelayRead) -> None:
    """A read-back. If asked before the last command, or long ago, it only proves a living relay."""
    if not 0 <= event.relay < len(turn.state.relays):
        return
    before = turn.state.relays[event.relay]
    stale = event.asked_at < max(turn.state.commanded_at, turn.now - ANSWER_COUNTS_FOR)
    _reached(turn, event, before, before.contact if stale else event.contact)
    if stale:
        return
    if event.contact is Contact.OPEN:
        _read_open(turn, event, before)
    else:
        _read_closed(turn, event, before)
    _voice_channel(turn, event.voice)
    lease.countdown_read(turn, event)
    CLOSING.do_if_due(turn)


def _reached(turn: Turn, event: RelayRead, before: RelayView, contact: Contact) -> None:
    # While opening, only an open that was answered shows that nothing is wrong any more.
    mended = turn.state.opening is None or event.open_answered
    view = changed(
        before,
        contact=contact,
        heard_at=turn.now,
        reachable=True,
        lost=False,
        problem=event.problem if mended else before.problem,
        latency=before.latency if event.latency is None else event.latency,
    )
    turn.set_relay(event.relay, view)
    if before.lost:
        turn.tell(Kind.RELAY_RECOVERED, relay=event.relay)


def _read_open(turn: Turn, event: RelayRead, before: RelayView) -> None:
    state = turn.state
    if state.opening is not None:
        confirm(turn)
    elif state.closing is not None:
        # The close did not take. Whether to order another is decided anew, a little later.
        turn.set(closing=None, close_not_before=turn.now + CLOSE_AGAIN_AFTER)
    elif state.phase is Phase.READY:
        _opened_unordered(turn, event.relay, before)
    elif state.phase is Phase.STARTING and before.lease_inherited:
        trip(turn, Reason.LEASE, Source.GUARD)
    elif state.phase is Phase.STARTING and (state.timer is not None or state.flame_seen):
        # Somebody was cooking when the guard ended, and has been shut off while it was away.
        trip(turn, Reason.VOICE, Source.MI_HOME)


def _opened_unordered(turn: Turn, relay: int, before: RelayView) -> None:
    """A countdown has run out, or somebody has opened the contact: either is adopted as a trip."""
    grain = turn.state.settings.relays[relay].lease_grain
    if lease.foreign_expired(turn, before, grain):
        trip(turn, Reason.TIMER, Source.MI_HOME)
    elif lease.expired(turn, before, grain):
        trip(turn, Reason.LEASE, Source.GUARD)
    else:
        trip(turn, Reason.VOICE, Source.MI_HOME)


def _read_closed(turn: Turn, event: RelayRead, before: RelayView) -> None:
    state = turn.state
    if state.opening is not None:
        _disobeyed(turn, event, state.opening)
    elif state.closing is not None or state.phase is Phase.STARTING:
        if state.contact is Contact.CLOSED:
            turn.set(phase=Phase.READY, closing=None)
            if state.phase is Phase.TRIPPED:
                turn.tell(Kind.REARMED)
    elif state.settings.jog:
        # A module in jog mode closes by itself and cannot hold a lock: pulse it at every look, so
        # that no flame lives long enough to heat the thermocouple.
        if state.phase in (Phase.LOCKED_OUT, Phase.TRIP_FAILED):
            pulse(turn)
    elif state.phase is not Phase.READY and before.contact is not Contact.CLOSED:
        _meddled(turn, event.relay)
        reopen(turn)


def _meddled(turn: Turn, relay: int) -> None:
    """Something else has closed it: remember when, for those who look for what it was."""
    view = turn.state.relays[relay]
    recent = (at for at in view.meddled_at if at > turn.now - MEDDLING_COUNTS_FOR)
    turn.set_relay(relay, replace(view, meddled_at=(*recent, turn.now)[-MAX_MEDDLINGS:]))


def _disobeyed(turn: Turn, event: RelayRead, opening: Opening) -> None:
    """The contact is to open and this relay reads closed."""
    state = turn.state
    if state.contact is Contact.OPEN:
        return
    if state.phase is Phase.LOCKED_OUT:
        reopen(turn)
    elif event.open_answered:
        # The rule needs no more of them than the first, one between, and the last.
        disobeyed = (*opening.disobeyed[: STUCK_READBACKS - 1], turn.now)
        turn.set(opening=replace(opening, disobeyed=disobeyed))
        over = disobeyed[-1] - disobeyed[0]
        stuck = len(disobeyed) >= STUCK_READBACKS and over >= STUCK_OVER
        view = turn.state.relays[event.relay]
        turn.set_relay(event.relay, replace(view, problem=_DISOBEYS))
        if stuck and Lock.STUCK not in state.locks:
            latch(turn, Lock.STUCK)


def voice_read(turn: Turn, event: VoiceRead) -> None:
    """An off between the last poll and the closing counts, and ends the closing."""
    _voice_channel(turn, event.on)


def _voice_channel(turn: Turn, on: bool | None) -> None:
    if on is True:
        turn.set(voice_armed=True)
    elif on is False and turn.state.voice_armed:
        turn.set(voice_armed=False)
        trip(turn, Reason.VOICE, Source.MI_HOME)


def voice_restored(turn: Turn, event: VoiceRestored) -> None:
    """A voice channel that is on again can say off again; one that stayed off says nothing new."""
    turn.set(voice_armed=event.problem is None)


def relay_failed(turn: Turn, event: RelayFailed) -> None:
    """The relay said nothing, or no. Only time makes it count as lost."""
    if 0 <= event.relay < len(turn.state.relays):
        view = turn.state.relays[event.relay]
        contact = Contact.UNKNOWN if event.contact_unknown else view.contact
        turn.set_relay(event.relay, replace(view, problem=event.problem, contact=contact))
