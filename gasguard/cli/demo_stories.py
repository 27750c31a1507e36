"""Stories that the demo plays by itself, each in less than a minute. Their hours are seconds."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gasguard.clock import Instant, SystemClock

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Story:
    """What happens in the kitchen, step by step."""

    about: str
    steps: tuple[tuple[float, str], ...]
    """Seconds to wait, then a line for the demo's console. One that begins with `gasguard` is run
    as in another terminal."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """In seconds, beside the usual ones."""
    more: str = ""
    """YAML, of the configuration's top level."""
    shows: tuple[int, int] | None = None
    """Hour and minute that this demo's wall clock shows a few seconds after the story begins."""


_EXPLAIN = "gasguard explain left"
STORIES: dict[str, Story] = {
    "forgotten": Story(
        "Somebody lights the left burner and forgets it. Two hours (max_burn) last 20 s here.",
        ((27, _EXPLAIN),),
        {"max_burn": 20.0, "prewarn": 8.0},
    ),
    "unattended": Story(
        "Whoever cooks leaves the kitchen. Ten minutes (unattended) last 8 s here.",
        ((1, "comes kitchen_pir"), (2, "leaves kitchen_pir"), (17, _EXPLAIN)),
        {"unattended": 8.0, "prewarn": 6.0},
    ),
    "return": Story(
        "Whoever cooks leaves the kitchen, and is back in time. Ten minutes last 8 s here.",
        (
            (1, "comes kitchen_pir"),
            (2, "leaves kitchen_pir"),
            (11, "comes kitchen_pir"),
            (8, "status left"),
            (0, _EXPLAIN),
        ),
        {"unattended": 8.0, "prewarn": 6.0},
    ),
    "simmer": Story(
        "Nobody is in the kitchen, and one touch on the phone answers the warning: simmer on.",
        (
            (1, "leaves kitchen_pir"),
            (10, "gasguard timer left +15s"),
            (10, "status left"),
            (12, _EXPLAIN),
        ),
        {"unattended": 8.0, "prewarn": 6.0},
    ),
    "away": Story(
        "The last one leaves home while it burns. They are told at once; a minute later it is off.",
        ((1, "comes anybody_home"), (2, "leaves anybody_home"), (10, _EXPLAIN)),
        {"away": 6.0},
    ),
    "night": Story(
        "It is nearly 22:00, when the night's schedule begins, and somebody cooks.",
        ((24, "gasguard schedule"), (0, _EXPLAIN), (0, "light left"), (9, "status left")),
        {"prewarn": 8.0},
        'schedules: {night: {lock: {from: "22:00", to: "06:00"}}}\n',
        (22, 0),
    ),
    "gas": Story(
        "The gas alarm sounds. It latches, and re-arming is refused while it does.",
        (
            (1, "alarm kitchen_gas"),
            (3, "gasguard rearm left"),
            (1, "clear kitchen_gas"),
            (2, "gasguard rearm left"),
            (2, _EXPLAIN),
        ),
    ),
    "hood": Story(
        "The hood follows the burners, and a hand on it wins. Half an hour (manual_wins) lasts "
        "15 s here, three minutes (off_delay) last 10 s.",
        (
            (2, "hood"),
            (1, "turn_off right"),
            (4, "hood off"),
            (8, "hood"),
            (12, "turn_off left"),
            (13, "hood"),
        ),
    ),
    "messages": Story(
        "Messages to two phones: one gets them, the other's service is out of order.",
        ((1, "off left"), (20, "gasguard history left --since 1m"), (0, "gasguard doctor")),
    ),
}


class MovedClock(SystemClock):
    """The machine's clocks, but for what the wall clock shows."""

    def __init__(self, shows: tuple[int, int], ahead: float) -> None:
        """In `ahead` seconds the wall clock shows that hour and minute."""
        super().__init__()
        then = datetime.now() + timedelta(seconds=ahead)
        wanted = then.replace(hour=shows[0], minute=shows[1], second=0, microsecond=0)
        self._ahead = (wanted - then).total_seconds()

    def now(self) -> Instant:
        """See `Clock.now`."""
        return Instant(time.clock_gettime(time.CLOCK_BOOTTIME), time.time() + self._ahead)

    def believable(self) -> bool:
        """See `Clock.believable`. This one is right by its own account."""
        return True


_SHOWS_IN = 16.0
"""Seconds from the configuration's being written until a story's hour: the stove is lit by then."""


def clock_of(story: Story | None) -> SystemClock:
    """That of the demo."""
    if story is None or story.shows is None:
        return SystemClock()
    return MovedClock(story.shows, _SHOWS_IN)


@asynccontextmanager
async def phones(name: str, say: Say) -> AsyncIterator[str]:
    """Inside the block two phones' services, if the story has any; gives their `messages:`."""
    if name != "messages":
        yield ""
        return
    from gasguard.cli.demo_stage import messages_to

    servers = [await _service(say, "mum", 200), await _service(say, "dad", 500)]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    try:
        mum, dad = (f"json://127.0.0.1:{port}/in" for port in ports)
        yield messages_to(mum=mum, dad=dad)
    finally:
        for server in servers:
            server.close()


async def _service(say: Say, whose: str, status: int) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in asked.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        body = json.loads(await reader.readexactly(length))
        if status == 200:
            text = str(body.get("message", "")).replace("\n", "\n    ")
            say(f"  {whose}'s phone: {body.get('title')}\n    {text}")
        else:
            say(f"  {whose}'s service is asked, and answers HTTP {status}")
        writer.write(
            f"HTTP/1.1 {status} -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


async def tell(story: Story, config: str, do: Callable[[str], str], say: Say) -> None:
    """Play it to its end; `do` has the demo's console carry a line out."""
    say(f"\n{story.about}\n")
    for seconds, line in story.steps:
        await asyncio.sleep(seconds)
        say(f"> {line}")
        told = await _run(line, config) if line.startswith("gasguard ") else do(line)
        if told.strip():
            say(told.rstrip())
    say("")


async def _run(line: str, config: str) -> str:
    words = [*line.split(), "-c", config]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    out, _ = await process.communicate()
    return out.decode(errors="replace")
