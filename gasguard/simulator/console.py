"""The hands in the simulated kitchen: a line of text, a line of answer."""

import asyncio
import re
import threading
from collections.abc import Callable
from typing import Protocol, TextIO

from gasguard.errors import GasguardError, did_you_mean, no_burner
from gasguard.mqtt.topics import meant
from gasguard.simulator.describe import describe
from gasguard.simulator.faults import Faults, parse_fault
from gasguard.simulator.spoken import parse_spoken
from gasguard.simulator.world import SimulatorError, World

HELP = """\
light BURNER                press the knob, hold it 6 s, let go: what lights a burner
press BURNER                press the knob and keep it down
release BURNER              let it go
turn_off BURNER             turn the knob off
blow_out BURNER             the flame goes out, the gas does not
mihome BURNER [wired] on|off          switch in Mi Home: the voice channel, or the wired one
mihome BURNER [wired] off_in 10m      the same later (90s, 10m, 1h)
say BURNER 十分钟后关闭       the same in words: 关闭, 打开, 半小时后关闭
fault BURNER[.N] NAME VALUE           a fault of its relay (the Nth, from 0), see `faults`
fault BURNER[.N] clear      its relay is healthy again
faults                      every fault there is
adc BURNER NAME             a fault of what measures its thermocouple: open, short, hum, …, none
reboot BURNER[.N]           restart its relay
resistance BURNER 60        milliohms that wire and contact add
hood off|LEVEL              a hand on the range hood; hood alone says how it runs
status [BURNER]             what the stove does
devices                     addresses, tokens, channels
speed 5                     run the stove five times faster
help                        this
quit                        end it, as Ctrl-C and Ctrl-D do"""

QUIT = ("quit", "exit", "q", "bye")
_OF_THE_DAEMON = ("off", "timer", "lock", "unlock", "rearm", "history", "doctor")

_LONGEST_LINE = 1000
_MOST_WAITING = 100
"""Lines read ahead; then the reading thread waits, whatever is poured into the input."""
_DELAY = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(s|m|h)", re.ASCII)
_UNIT_S = {"s": 1, "m": 60, "h": 3600}


Command = Callable[[list[str]], str]
"""Takes the words behind its name and gives the answer; raises GasguardError."""


class Console:
    """Carries out one-line commands on a World. Never raises, whatever the line says."""

    def __init__(
        self, world: World, more: dict[str, Command] | None = None, more_help: str = ""
    ) -> None:
        """`more` commands by name, told of by `more_help`; they come before the console's own."""
        self._world = world
        self._help = f"{more_help}\n{HELP}" if more_help else HELP
        self._commands: dict[str, Command] = {
            "light": lambda words: self._hand(world.light, words),
            "press": lambda words: self._hand(world.press, words),
            "release": lambda words: self._hand(world.release, words),
            "turn_off": lambda words: self._hand(world.turn_off, words),
            "blow_out": lambda words: self._hand(world.blow_out, words),
            "mihome": self._mihome,
            "say": self._say,
            "fault": self._fault,
            "faults": lambda words: _every_fault(),
            "adc": self._adc,
            "reboot": self._reboot,
            "resistance": self._resistance,
            "hood": self._hood,
            "status": self._status,
            "devices": lambda words: "\n".join(describe(world)),
            "speed": self._speed,
            "help": lambda words: self._help,
            **(more or {}),
        }

    def execute(self, line: str) -> str:
        """The answer to one command; an error's text for a line that makes no sense."""
        words = line[:_LONGEST_LINE].split()
        if not words:
            return ""
        command = self._commands.get(words[0].casefold())
        if command is None:
            return self._unknown(words)
        try:
            return command([*(self._id(word) for word in words[1:2]), *words[2:]])
        except GasguardError as error:
            return str(error)

    def _unknown(self, words: list[str]) -> str:
        word = words[0].casefold()
        if word in _OF_THE_DAEMON:
            return f"that is the daemon's; in another terminal: gasguard {' '.join(words)}"
        if word in QUIT:
            return "it ends at its own terminal: Ctrl-C there"
        near = did_you_mean(word, [*self._commands, *QUIT])
        return f"no such command: {words[0][:40]!r}; {near}`help` lists them"

    def _id(self, word: str) -> str:
        """A burner, with the number of its relay, in its own letters' case."""
        burner_id, dot, index = word.partition(".")
        return "".join([*meant([burner_id], self._world.burner_ids), dot, index])

    def _hand(self, action: Callable[[str], None], words: list[str]) -> str:
        (burner_id,) = _exactly(words, "BURNER")
        action(burner_id)
        return self._row(burner_id)

    def _mihome(self, words: list[str]) -> str:
        wired = len(words) > 1 and words[1] == "wired"
        if wired:
            words = [words[0], *words[2:]]
        if len(words) == 3 and words[1] == "off_in":
            self._world.mi_home_off_in(words[0], _delay(words[2]), wired=wired)
        elif len(words) == 2 and words[1] in ("on", "off"):
            self._world.mi_home(words[0], words[1] == "on", wired=wired)
        else:
            raise SimulatorError("write: mihome BURNER [wired] on, off, or off_in 10m")
        return self._row(words[0])

    def _say(self, words: list[str]) -> str:
        burner_id, text = _exactly(words, "BURNER", "WORDS")
        order = parse_spoken(text)
        if order is None:
            raise SimulatorError("say for example 关闭, 打开, 十分钟后关闭 or 半小时后关闭")
        if order.delay_s:
            self._world.mi_home_off_in(burner_id, order.delay_s)
        else:
            self._world.mi_home(burner_id, order.on)
        return self._row(burner_id)

    def _fault(self, words: list[str]) -> str:
        if len(words) == 2 and words[1] == "clear":
            burner_id, index = _relay(words[0])
            self._world.inject(burner_id, index, **Faults().complete())
        else:
            target, name, value = _exactly(words, "BURNER", "NAME", "VALUE")
            burner_id, index = _relay(target)
            self._world.inject(burner_id, index, **parse_fault(name, value))
        active = self._world.module(burner_id, index).faults.active()
        return ", ".join(f"{name} {_word(value)}" for name, value in active.items()) or "healthy"

    def _adc(self, words: list[str]) -> str:
        burner_id, fault = _exactly(words, "BURNER", "NAME")
        self._world.disturb(burner_id, fault)
        return f"{burner_id}: thermocouple {'sound' if fault == 'none' else fault}"

    def _reboot(self, words: list[str]) -> str:
        (target,) = _exactly(words, "BURNER")
        burner_id, index = _relay(target)
        self._world.reboot(burner_id, index)
        return self._row(burner_id)

    def _resistance(self, words: list[str]) -> str:
        burner_id, milliohms = _exactly(words, "BURNER", "MILLIOHMS")
        self._world.add_resistance(burner_id, _number(milliohms))
        return self._row(burner_id)

    def _hood(self, words: list[str]) -> str:
        if words:
            (word,) = _exactly(words, "off|LEVEL")
            self._world.hand_on_hood(word)
        hood = self._world.hood
        return f"the hood runs at {hood.motor.level}" if hood.motor.on else "the hood is off"

    def _status(self, words: list[str]) -> str:
        if not words:
            return "\n".join(self._row(burner_id) for burner_id in self._world.burner_ids)
        return self._row(*_exactly(words, "BURNER"))

    def _speed(self, words: list[str]) -> str:
        (speed,) = _exactly(words, "FACTOR")
        self._world.set_speed(_number(speed))
        return f"speed {self._world.speed:g}"

    def _row(self, burner_id: str) -> str:
        now = self._world.snapshot().get(burner_id)
        if now is None:
            raise SimulatorError(no_burner(burner_id, self._world.burner_ids))
        return (
            f"{burner_id}: knob {now['knob']}, gas {_word(now['gas'])}, "
            f"flame {'lit' if now['flame'] else 'out'}, circuit {now['circuit']}, "
            f"{now['thermocouple_mv']:.1f} mV, {now['current_ma']:.0f} mA"
        )


class Out(Protocol):
    """Where answers go."""

    def write(self, text: str, /) -> object:
        """Take text."""
        ...

    def flush(self) -> None:
        """Let it be seen."""
        ...


async def run_text_console(
    world: World, stream_in: TextIO, stream_out: Out, console: Console | None = None
) -> None:
    """Answer each line of `stream_in` on `stream_out`, until `quit`, or Ctrl-D at a terminal.

    The end of any other input ends nothing: a simulator started with `< /dev/null` keeps running.
    A thread does the waiting; it dies with the process.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(_MOST_WAITING)
    console = console or Console(world)

    def hand_over(line: str | None) -> bool:
        room.acquire()
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        except RuntimeError:  # the loop is closed
            return False
        return True

    reader = threading.Thread(
        target=_read_lines, args=(stream_in, hand_over), name="console", daemon=True
    )
    reader.start()
    while True:
        line = await lines.get()
        room.release()
        if line is None or line.strip().casefold() in QUIT:
            return
        answer = console.execute(line)
        if answer:
            stream_out.write(answer.encode("utf-8", "replace").decode("utf-8") + "\n")
            stream_out.flush()


def _read_lines(stream: TextIO, hand_over: Callable[[str | None], bool]) -> None:
    while not stream.closed:
        try:
            line = stream.readline(_LONGEST_LINE)
        except UnicodeDecodeError:
            continue
        except (OSError, ValueError):
            return
        if not line:
            if stream.isatty():
                hand_over(None)
            return
        if not hand_over(line):
            return


def _exactly(words: list[str], *names: str) -> list[str]:
    if len(words) != len(names):
        raise SimulatorError(f"expected {' '.join(names)}; `help` shows how")
    return words


def _relay(target: str) -> tuple[str, int]:
    burner_id, dot, index = target.partition(".")
    if not dot:
        return burner_id, 0
    if not (index.isascii() and index.isdigit() and len(index) <= 3):
        raise SimulatorError("write BURNER or BURNER.0, BURNER.1 …")
    return burner_id, int(index)


def _delay(text: str) -> float:
    match = _DELAY.fullmatch(text)
    if match is None:
        raise SimulatorError("write a delay like 90s, 10m or 1h")
    return float(match[1]) * _UNIT_S[match[2]]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SimulatorError("expected a number") from None


def _word(value: bool | float) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else f"{value:g}"


def _every_fault() -> str:
    rows = (f"{name:<13} healthy: {_word(value)}" for name, value in Faults().complete().items())
    return "\n".join(["loss          sets loss_in and loss_out", *rows])
