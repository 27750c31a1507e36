"""What a running demo tells as it happens, and what can be typed there: the daemon's words too."""

from collections import Counter
from collections.abc import Callable, Iterator

from gasguard.cli.burners import known
from gasguard.cli.exits import Misused
from gasguard.cli.timer import asked_for
from gasguard.clock import SystemClock
from gasguard.core.messages import Answer, Kind, Status, Tell
from gasguard.core.model import Source, State
from gasguard.durations import format_duration
from gasguard.guard.bulletins import News, Reply
from gasguard.guard.controller import Controller
from gasguard.interfaces.front import Front
from gasguard.interfaces.wall_time import WallTime
from gasguard.mqtt.topics import means_all
from gasguard.simulator.console import HELP, Console
from gasguard.simulator.senses import HELP as SENSES
from gasguard.simulator.senses import Senses
from gasguard.simulator.world import World

_HELP = f"""\
Of the daemon, as `gasguard` in another terminal:
off [BURNER]...             shut off, all when none is named
timer BURNER 20m            the cooking timer; also +5m, cancel
lock BURNER, unlock BURNER  the child lock
rearm BURNER                close the circuit again

Of the kitchen and Mi Home:
{SENSES}
{HELP}"""

Say = Callable[[str], None]


class Outcomes:
    """Says what became of things, as soon as it is so. `say` takes a line."""

    def __init__(self, world: World, say: Say) -> None:
        self._say = say
        self.confirmed = Counter[str]()
        """How often a burner was told to be off."""
        world.on_flame(lambda name, lit: say(f"{name}: flame {'lit' if lit else 'out'}"))
        world.on_hood(lambda runs: say(f"hood: {runs}"))

    def observe(self, news: News) -> None:
        """Say what one turn of the guard led to."""
        name = news.state.settings.burner
        for tell in news.tells:
            if tell.kind is Kind.TRIP_CONFIRMED:
                self.confirmed[name] += 1
            for text in _told(tell, news.state, news.at.boot):
                self._say(f"{name}: {text}")


def _told(tell: Tell, state: State, now: float) -> Iterator[str]:
    cause = " by ".join(str(word) for word in (tell.reason, tell.source) if word)
    message = tell.details.get("message")
    match tell.kind:
        case Kind.TRIP | Kind.FLAME_LIT | Kind.FLAME_OUT:
            return  # what becomes of a trip follows; of flames, the stove itself tells
        case Kind.TRIP_CONFIRMED:
            yield f"off, confirmed in {tell.details['latency_ms']} ms ({cause})"
        case Kind.TRIP_FAILED:
            yield f"NOT CONFIRMED OFF: {message} ({cause})"
        case Kind.REARMED:
            yield "circuit closed again: it can be lit"
        case Kind.TIMER_STARTED | Kind.TIMER_EXTENDED if state.timer is not None:
            yield f"timer ends in {format_duration(state.timer.deadline - now)}"
        case Kind.TIMER_STARTED:
            yield "timer waits for the flame"
        case Kind.REMINDER:
            yield f"reminder{f': {label}' if (label := tell.details.get('label')) else ''}"
        case Kind.LOCKED:
            yield f"locked ({tell.reason})"
        case Kind.COMMAND_REJECTED:
            return  # whoever asked is answered
        case _:
            words = str(tell.kind).replace("_", " ")
            yield f"{words}{f' ({cause})' if cause else ''}{f': {message}' if message else ''}"


class DemoConsole(Console):
    """The simulator's console, in which the daemon's own words are understood as well."""

    def __init__(
        self, world: World, senses: Senses, controller: Controller, outcomes: Outcomes, say: Say
    ) -> None:
        self._controller, self._outcomes, self._tell = controller, outcomes, say
        self._front = Front(controller, Source.CLI, WallTime(SystemClock()))
        more = {
            **senses.commands,
            "off": self._off,
            "timer": self._timer,
            "lock": lambda words: self._ask("lock", words, "LOCK"),
            "unlock": lambda words: self._ask("lock", words, "UNLOCK"),
            "rearm": lambda words: self._ask("rearm", words, "REARM"),
            "help": lambda words: _HELP,
        }
        super().__init__(world, more)

    def execute(self, line: str) -> str:
        """See `Console.execute`; a line may begin with `gasguard`, as in another terminal."""
        first, *rest = line.split(maxsplit=1) or [""]
        return super().execute(rest[0] if first.casefold() == "gasguard" and rest else line)

    def _off(self, words: list[str]) -> str:
        ids = self._controller.states()
        every = not words or means_all(words)
        # What can be shut off is, whatever else is named.
        wrong = ""
        names: list[str] = list(ids) if every else []
        for word in () if every else words:
            try:
                names += known([word], ids)
            except Misused as error:
                wrong = wrong or str(error)
        for name in dict.fromkeys(names):
            self._hand_in(name, "off", "")
        return wrong

    def _timer(self, words: list[str]) -> str:
        if len(words) < 2:
            raise Misused("write: timer BURNER 20m, +5m or cancel")
        asks, value = asked_for(words)
        return self._ask(asks, words[:1], value)

    def _ask(self, asks: str, words: list[str], value: str) -> str:
        if len(words) != 1:
            raise Misused(f"name one burner: {', '.join(self._controller.states())}")
        (name,) = known(words, self._controller.states())
        self._hand_in(name, asks, value)
        return ""

    def _status(self, words: list[str]) -> str:
        states = self._controller.states()
        names = list(states) if not words or means_all(words) else known(words, states)
        kitchen = (super(DemoConsole, self)._status([name]) for name in names)
        return "\n".join([*(_row(states[name]) for name in names), "in the kitchen:", *kitchen])

    def _hand_in(self, name: str, asks: str, value: str) -> None:
        before = self._outcomes.confirmed[name]

        def reply(answer: Answer) -> None:
            if answer.status is Status.REJECTED:
                self._tell(f"{name}: refused: {answer.message or answer.code}")
            elif answer.status is Status.FAILED:
                self._tell(f"{name}: NOT CONFIRMED OFF: {answer.message}")
            elif answer.status is Status.CONFIRMED and before == self._outcomes.confirmed.get(
                name, 0
            ):
                self._tell(f"{name}: off, {answer.message}")

        def reply_to(_request_id: str | None) -> Reply:
            return reply

        self._front.ask(name, asks, value.encode(), reply_to)


def _row(state: State) -> str:
    locks = f" ({', '.join(sorted(lock.value for lock in state.locks))})" if state.locks else ""
    left = state.timer.deadline - SystemClock().now().boot if state.timer else None
    timer = "" if left is None else f", timer {format_duration(left)}"
    return (
        f"{state.settings.burner}: {state.phase}{locks}, contact {state.contact}, "
        f"flame {state.flame}{timer}"
    )
