"""One burner's core with a clock beside it, driven the way the controller drives it."""

from collections.abc import Callable, Iterable, Iterator

from gasguard.core import next_deadline, recover, step
from gasguard.core.instant import Instant
from gasguard.core.messages import (
    FLAME,
    Answer,
    CancelReminders,
    CancelTimer,
    ChildLock,
    CloseContact,
    Command,
    Event,
    ExtendTimer,
    FlameRead,
    HazardRead,
    Kind,
    Off,
    OpenContact,
    Rearm,
    RelayFailed,
    RelayRead,
    SensorGarbled,
    SetReminder,
    SetTimer,
    Status,
    Tell,
    Tick,
    Unlock,
    VoiceRead,
    VoiceRestored,
)
from gasguard.core.model import (
    OUT_SETTLES,
    Contact,
    Flame,
    HazardSensor,
    Lock,
    Phase,
    Reason,
    Settings,
    Source,
    State,
)
from gasguard.core.recovery import Record, Stamp

OPEN, CLOSED, UNKNOWN = Contact.OPEN, Contact.CLOSED, Contact.UNKNOWN
START = 1000.1  # no round number: sums of it show comparisons that rounding breaks
WALL_AHEAD = 1_750_000_000.0
"""What the wall clock of these tests reads when CLOCK_BOOTTIME reads 0."""

NEVER = 365 * 86400.0
HAZARD_SENSORS = tuple(
    HazardSensor(kind, kind, NEVER)
    for kind in (Lock.GAS_ALARM, Lock.CARBON_MONOXIDE, Lock.SMOKE_ALARM, Lock.OVERHEAT)
)
"""One for each hazard; none is missed when it says nothing for a while."""

Commands = tuple[Command, ...]


def stamp_at(boot: float, boot_id: str = "this boot", *, synchronised: bool = True) -> Stamp:
    """The clocks as they are saved beside a record."""
    return Stamp(boot_id, boot, WALL_AHEAD + boot, synchronised)


class Burner:
    """The core of one burner, its clock, and everything it has ordered so far."""

    def __init__(
        self,
        saved: tuple[Record, Stamp] | None = None,
        present: Stamp | None = None,
        *,
        damaged: bool = False,
        **settings: object,
    ) -> None:
        present = present or stamp_at(START)
        settings.setdefault("hazard_sensors", HAZARD_SENSORS)
        settings.setdefault("flame_expires_after", NEVER)
        self.settings = Settings("left", "Left burner", **settings)  # type: ignore[arg-type]
        self.now = present.boot
        self.wall_ahead = present.wall - present.boot
        self.state: State
        self.state, self.first = recover(self.settings, saved, present, damaged=damaged)
        self._refs = iter(range(1, 1_000_000))

    @property
    def phase(self) -> Phase:
        return self.state.phase

    # --- what the controller does ---------------------------------------------------------------

    def send(self, event: Event) -> Commands:
        """Hand over one event now."""
        self.state, out = step(self.state, event, Instant(self.now, self.wall_ahead + self.now))
        return out

    def wait(self, seconds: float) -> Commands:
        """Let time pass in silence: only the deadlines that fall due are heard of."""
        return self._pass(seconds, lambda: ())

    def watch(
        self, seconds: float, *contacts: Contact, answered: bool = False, voice: bool | None = None
    ) -> Commands:
        """Let time pass while the relays, polled every two seconds, read `contacts`."""

        def poll() -> Commands:
            early = self.tick()  # time changes nothing before it is due
            return early + self.read(*contacts, answered=answered, voice=voice)

        return self._pass(seconds, poll, 2.0)

    def _pass(self, seconds: float, poll: Callable[[], Commands], every: float = 1e9) -> Commands:
        out: list[Command] = []
        end, poll_at = self.now + seconds, self.now + every
        while True:
            deadline = next_deadline(self.state)
            if deadline is not None and deadline <= min(poll_at, end):
                self.now = max(self.now, deadline)
                out += self.tick()
            elif poll_at < end:
                self.now = poll_at
                out += poll()
                poll_at += every
            else:
                break
        self.now = end
        return tuple(out)

    def tick(self) -> Commands:
        """Hand over a Tick, which must leave nothing due behind."""
        out = self.send(Tick())
        deadline = next_deadline(self.state)
        assert deadline is None or deadline > self.now, "busy loop: the deadline stays due"
        return out

    # --- devices --------------------------------------------------------------------------------

    def read(
        self,
        *contacts: Contact,
        asked_ago: float = 0.0,
        answered: bool = False,
        voice: bool | None = None,
        countdown: float | None = None,
        latency: float | None = None,
    ) -> Commands:
        """Every relay is read back: the first shows contacts[0], and so on."""
        return tuple(
            command
            for relay, contact in enumerate(contacts)
            for command in self.send(
                RelayRead(
                    relay,
                    contact,
                    self.now - asked_ago,
                    open_answered=answered,
                    voice=voice,
                    countdown=countdown,
                    latency=latency,
                )
            )
        )

    def read_one(self, relay: int, contact: Contact, *, answered: bool = False) -> Commands:
        """One relay of several is read back."""
        return self.send(RelayRead(relay, contact, self.now, open_answered=answered))

    def fail(self, problem: str = "no answer", relay: int = 0) -> Commands:
        return self.send(RelayFailed(relay, problem))

    def flame(self, flame: Flame) -> Commands:
        """The flame sensor says lit or out, or what nobody understands."""
        if flame is Flame.UNKNOWN:
            return self.send(SensorGarbled(FLAME, "says nonsense"))
        return self.send(FlameRead(flame))

    def goes_out(self) -> Commands:
        """The flame reads out, and has done so long enough to count."""
        return self.flame(Flame.OUT) + self.wait(OUT_SETTLES)

    def hazard(self, kind: Lock = Lock.GAS_ALARM, active: bool = True) -> Commands:
        """The sensor for this hazard, named after it, speaks."""
        return self.send(HazardRead(kind, active))

    def voice_restored(self, problem: str | None = None) -> Commands:
        return self.send(VoiceRestored(problem))

    def voice_read(self, on: bool) -> Commands:
        return self.send(VoiceRead(on))

    # --- people ---------------------------------------------------------------------------------

    def ref(self) -> int:
        """A fresh number for a request that wants answers."""
        return next(self._refs)

    def off(
        self, source: Source = Source.MQTT, reason: Reason = Reason.REMOTE, ref: int = 0
    ) -> Commands:
        return self.send(Off(source, ref, reason))

    def timer(
        self,
        seconds: float,
        label: str | None = None,
        source: Source = Source.MQTT,
        *,
        when_lit: bool = False,
    ) -> Commands:
        return self.send(SetTimer(source, self.ref(), seconds, label, when_lit))

    def remind(
        self,
        seconds: float,
        label: str | None = None,
        source: Source = Source.MQTT,
        key: str | None = None,
    ) -> Commands:
        return self.send(SetReminder(source, self.ref(), seconds, label, key))

    def cancel_reminders(self, label: str | None = None) -> Commands:
        return self.send(CancelReminders(Source.MQTT, self.ref(), label))

    def extend(self, seconds: float, source: Source = Source.MQTT) -> Commands:
        return self.send(ExtendTimer(source, self.ref(), seconds))

    def cancel(self, source: Source = Source.MQTT) -> Commands:
        return self.send(CancelTimer(source, self.ref()))

    def lock(self, source: Source = Source.MQTT) -> Commands:
        return self.send(ChildLock(source, self.ref()))

    def unlock(self, source: Source = Source.MQTT) -> Commands:
        return self.send(Unlock(source, self.ref()))

    def rearm(self, source: Source = Source.CLI) -> Commands:
        return self.send(Rearm(source, self.ref()))


# --- burners in a phase, each brought there by events ---------------------------------------------


def starting(**settings: object) -> Burner:
    return Burner(**settings)  # type: ignore[arg-type]


def ready(**settings: object) -> Burner:
    burner = starting(**settings)
    burner.read(*[CLOSED] * len(burner.state.relays))
    assert burner.phase is Phase.READY
    return burner


def tripping(**settings: object) -> Burner:
    burner = ready(**settings)
    burner.off()
    burner.now += 0.01
    assert burner.phase is Phase.TRIPPING
    return burner


def tripped(**settings: object) -> Burner:
    burner = tripping(**settings)
    burner.read(*[OPEN] * len(burner.state.relays))
    assert burner.phase is Phase.TRIPPED
    return burner


def closing(**settings: object) -> Burner:
    """Tripped, and the close has been ordered whose outcome nobody has read yet."""
    burner = tripped(**settings)
    out = burner.watch(burner.settings.rearm_after, *[OPEN] * len(burner.state.relays))
    assert CloseContact() in out
    burner.now += 0.01
    return burner


def locked_out(lock: Lock = Lock.CHILD, **settings: object) -> Burner:
    burner = ready(**settings)
    if lock is Lock.CHILD:
        burner.lock()
    else:
        burner.hazard(lock)
    burner.now += 0.01
    burner.read(*[OPEN] * len(burner.state.relays))
    assert burner.phase is Phase.LOCKED_OUT
    return burner


def latched(**settings: object) -> Burner:
    """Locked out by a gas alarm that has fallen silent since."""
    burner = locked_out(Lock.GAS_ALARM, **settings)
    burner.hazard(Lock.GAS_ALARM, active=False)
    return burner


def trip_failed(**settings: object) -> Burner:
    burner = tripping(**settings)
    burner.wait(2.0)
    assert burner.phase is Phase.TRIP_FAILED
    return burner


def burning_on(**settings: object) -> Burner:
    """The contact is open, and the flame burns all the same."""
    burner = tripping(**settings)
    burner.flame(Flame.LIT)
    burner.read(OPEN)
    burner.watch(burner.settings.flame_out_within, OPEN)
    assert burner.phase is Phase.TRIP_FAILED
    return burner


EVERYWHERE: dict[str, Callable[..., Burner]] = {
    "starting": starting,
    "ready": ready,
    "tripping": tripping,
    "tripped": tripped,
    "closing": closing,
    "locked_out": locked_out,
    "latched": latched,
    "trip_failed": trip_failed,
    "burning_on": burning_on,
}
"""Every phase, with `tripped`, `locked_out` and `trip_failed` in both their kinds."""


# --- reading what was ordered ---------------------------------------------------------------------


def opens(out: Iterable[Command]) -> list[OpenContact]:
    return [command for command in out if isinstance(command, OpenContact)]


def closes(out: Iterable[Command]) -> list[CloseContact]:
    return [command for command in out if isinstance(command, CloseContact)]


def tells(out: Iterable[Command], kind: Kind) -> list[Tell]:
    return [command for command in out if isinstance(command, Tell) and command.kind is kind]


def only_tell(out: Iterable[Command], kind: Kind) -> Tell:
    (told,) = tells(out, kind)
    return told


def statuses(out: Iterable[Command], ref: int | None = None) -> list[Status]:
    """Acknowledgements in order, of one request or of all."""
    return [answer.status for answer in _answers(out) if ref in (None, answer.ref)]


def rejection(out: Iterable[Command]) -> str | None:
    """The code of the one rejection in `out`, which must also have been told as an event."""
    (answer,) = _answers(out)
    assert answer.status is Status.REJECTED
    told = only_tell(out, Kind.COMMAND_REJECTED)
    others = [one.kind for one in out if isinstance(one, Tell) and one is not told]
    assert not others, f"rejected, but {others} is told as if something had changed"
    assert (told.reason, told.source is None) == (answer.code, False)
    assert told.details == {"code": answer.code, "message": answer.message}
    assert answer.message
    return answer.code


def _answers(out: Iterable[Command]) -> Iterator[Answer]:
    return (command for command in out if isinstance(command, Answer))
