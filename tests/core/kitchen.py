"""A tiny physical kitchen around one core: a relay that may fail, a voice channel, clocks, a disk.

It plays the controller too, as simply as can be: orders are carried out at once, an opening is
sent again at every look until it is read back, a close is sent once, every change is saved.
"""

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from gasguard.core import next_deadline
from gasguard.core.messages import (
    FLAME,
    Answer,
    CloseContact,
    Command,
    Event,
    FlameRead,
    OpenContact,
    RelayFailed,
    RelayRead,
    SensorGarbled,
    VoiceRestored,
)
from gasguard.core.model import OUT_SETTLES, Contact, Flame
from gasguard.core.recovery import Stamp, record_from_data, record_of, record_to_data
from tests.core.burner import CLOSED, OPEN, Burner

POLL = 2.0
"""Seconds between two looks at the relay; while it is being opened they come faster."""
POLL_OPENING = 0.4
TRAVEL = 0.02
"""Seconds from a question to its answer."""
BLINK = 0.001
"""No two things happen at the same moment."""
JOG = 0.5
"""Seconds after which a jogging module closes by itself."""

GOOD, SILENT, LATE, LYING, DEAF = "good", "silent", "late", "lying", "executes unheard"
FAULTS = (SILENT, LATE, LYING, DEAF)


@dataclass
class Relay:
    """The physical truth."""

    contact: Contact = CLOSED
    voice: bool | None = None
    jog: bool = False
    mode: str = GOOD
    good_since: float = 0.0
    opened_at: float = float("-inf")
    """When it was last seen open by nobody but physics."""
    closed_at: float = float("-inf")
    pulsed_at: float = float("-inf")
    flying: list[Contact] = field(default_factory=list)

    def switch(self, contact: Contact, now: float) -> None:
        if self.contact is OPEN or contact is OPEN:
            self.opened_at = now
        if contact is CLOSED or self.contact is CLOSED:
            self.closed_at = now
        if contact is OPEN:
            self.pulsed_at = now
        self.contact = contact

    def open_for(self, now: float) -> float:
        """Seconds since the contact was last closed; negative while it is."""
        return now - self.closed_at if self.contact is OPEN else -1.0

    def age(self, now: float) -> None:
        """Let time pass for the contact."""
        if self.contact is OPEN and self.jog and now >= self.pulsed_at + JOG:
            self.contact = CLOSED
            self.opened_at = self.closed_at = self.pulsed_at + JOG
        elif self.contact is OPEN:
            self.opened_at = now

    def command(self, contact: Contact, now: float) -> bool:
        """Somebody sends a command. Returns whether it was answered with success."""
        if self.mode in (GOOD, DEAF):
            self.switch(contact, now)
        elif self.mode == LATE:
            self.flying.append(contact)
        return self.mode in (GOOD, LYING)


class Heard(NamedTuple):
    """An order or a word of the core's, and what it could know then."""

    at: float
    command: Command
    lit: bool
    """Whether a flame was seen, and has not been seen out for long enough."""


class Kitchen:
    """One burner, guarded."""

    def __init__(self, *, jog: bool, voice: bool, contact: Contact, **settings: object) -> None:
        self.settings = {"jog": jog, **settings}
        self.relay = Relay(contact, True if voice else None, jog)
        self.burner = Burner(**self.settings)
        self.relay.good_since = self.burner.now
        self.boot_id, self.synchronised = "boot 0", True
        self.flame, self.seen, self.out_at = Flame.UNKNOWN, False, 0.0
        self.opening = self.open_answered = False
        self.next_poll = self.burner.now
        self.pending: list[RelayRead] = []
        self.heard: list[Heard] = []
        self.cools_in = 0.0
        self.saved: tuple[str, Stamp]
        self._carry_out(self.burner.first)
        self._save()

    @property
    def now(self) -> float:
        return self.burner.now

    # --- the controller -------------------------------------------------------------------------

    def send(self, event: Event) -> tuple[Command, ...]:
        """Hand an event to the core, save what it decided, carry it out."""
        self.burner.now += BLINK
        self.relay.age(self.now)
        out = self.burner.send(event)
        self._save()
        self._carry_out(out)
        return out

    def _save(self) -> None:
        stamp = Stamp(self.boot_id, self.now, self.now + self.burner.wall_ahead, self.synchronised)
        self.saved = (json.dumps(record_to_data(record_of(self.burner.state))), stamp)

    def _carry_out(self, out: tuple[Command, ...]) -> None:
        self.heard += [Heard(self.now, command, self.lit) for command in out]
        for command in out:
            if isinstance(command, OpenContact):
                self.opening = True
                self.open_answered = self.relay.command(OPEN, self.now)
                self.next_poll = self.now + TRAVEL
            elif isinstance(command, CloseContact):
                self.opening = False
                self._close()

    def _close(self) -> None:
        if self.relay.voice is not None:
            heard = self.relay.mode == GOOD
            if heard:
                self.relay.voice = True
            self.send(VoiceRestored(None if heard else "no answer"))
        self.relay.command(CLOSED, self.now)

    def look(self) -> None:
        """One poll: open again where that is still owed, then read back."""
        if self.opening:
            self.open_answered = self.relay.command(OPEN, self.now)
        question = self.question()
        self.burner.now += TRAVEL
        if self.relay.mode in (GOOD, LYING):
            if question.contact is OPEN:
                self.opening = False
            self.send(question)
        else:
            self.send(RelayFailed(0, "no answer"))
        if self.flame is Flame.LIT and self.relay.open_for(self.now) > self.cools_in:
            self.sense(Flame.OUT)
        self.next_poll = self.now + (POLL_OPENING if self.opening else POLL)

    def question(self) -> RelayRead:
        """What the relay would answer if it were asked now."""
        self.relay.age(self.now)
        answered = self.opening and self.open_answered
        return RelayRead(0, self.relay.contact, self.now, answered, self.relay.voice)

    def sense(self, flame: Flame) -> None:
        if flame is Flame.OUT and self.flame is not Flame.OUT:
            self.out_at = self.now
        self.seen = self.seen and not self._out_for_long()
        self.flame = flame
        if flame is Flame.UNKNOWN:
            self.send(SensorGarbled(FLAME, "says nonsense"))
        else:
            self.seen = self.seen or flame is Flame.LIT
            self.send(FlameRead(flame))

    @property
    def lit(self) -> bool:
        """Whether a flame was seen, and has not been seen out for long enough."""
        return self.seen and not self._out_for_long()

    def _out_for_long(self) -> bool:
        return self.flame is Flame.OUT and self.now >= self.out_at + OUT_SETTLES

    def looked_at(self) -> None:
        """Somebody at the stove says that it is out."""
        self.seen = self.seen and self.flame is not Flame.UNKNOWN

    def live(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while True:
            deadline = next_deadline(self.burner.state)
            due = self.next_poll if deadline is None else min(deadline, self.next_poll)
            if due > end:
                break
            self.burner.now = max(self.now, due)
            self.relay.age(self.now)
            if deadline is not None and deadline <= self.now:
                out = self.burner.tick()
                self._save()
                self._carry_out(out)
            else:
                self.look()
        self.burner.now = max(self.now, end)
        self.relay.age(self.now)

    def restart(self, away: float, boot_id: str, synchronised: bool) -> bool:
        """Power cut and return. Returns whether the clocks can tell how long it took."""
        text, stamp = self.saved
        same = boot_id == self.boot_id
        present = Stamp(
            boot_id,
            self.now + away if same else 3.0,
            self.now + self.burner.wall_ahead + away,
            synchronised,
        )
        self.boot_id, self.synchronised = boot_id, synchronised
        shift = present.boot - self.now
        self.seen = self.lit
        self.relay.opened_at += shift - away
        self.relay.closed_at += shift - away
        self.relay.pulsed_at += shift - away
        self.relay.age(present.boot)
        self.relay.good_since += shift - away
        self.pending.clear()
        self.opening = self.open_answered = False
        self.flame = Flame.UNKNOWN
        saved = (record_from_data(json.loads(text)), stamp)
        self.burner = Burner(saved, present, **self.settings)
        self.next_poll = self.now
        self._save()
        self._carry_out(self.burner.first)
        return same or (stamp.synchronised and synchronised)

    def answers(self, ref: int) -> list[Answer]:
        """What request `ref` has been told so far."""
        told = (heard.command for heard in self.heard)
        return [command for command in told if isinstance(command, Answer) and command.ref == ref]
