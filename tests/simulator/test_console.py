"""The console answers everything and raises on nothing."""

import asyncio
import io
import threading
from pathlib import Path
from random import Random

import pytest

from gasguard.config.load import parse_config
from gasguard.simulator import simtime
from gasguard.simulator.console import Console, run_text_console
from gasguard.simulator.spoken import Spoken, parse_spoken
from gasguard.simulator.world import World

from .kitchen import TOKEN, config, miot


class Desk:
    """A console whose kitchen's time the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        wiring = {"relay": miot(contact="normally_closed"), "voice": {"siid": 4, "piid": 1}}
        right = {"relays": [miot(switch={"siid": 3, "piid": 1}), miot(host="127.0.0.10")]}
        settings = config(left=wiring, right=right)
        self.world = World.from_config(settings, time=lambda: self.now)
        self.console = Console(self.world)

    def __call__(self, line: str) -> str:
        return self.console.execute(line)


def test_cooking_by_hand() -> None:
    desk = Desk()
    assert "pressed" in desk("light left")
    desk.now = 60
    assert "flame lit" in desk("status left")
    assert "circuit open" in desk("mihome left wired on")
    desk.now = 61
    assert "flame out" in desk("status left")
    assert desk("status").count("\n") == 1


def test_knob() -> None:
    desk = Desk()
    assert "knob pressed" in desk("press right")
    desk.now = 20
    assert "flame lit" in desk("release right")
    assert "flame out" in desk("blow_out right")
    assert "knob off" in desk("turn_off right")


def test_a_hand_on_the_hood() -> None:
    desk = Desk()
    assert "no hood is configured" in desk("hood low")
    settings = {"driver": "miot", "host": "127.0.0.11", "token": TOKEN, "levels": {1: 1, 2: 3}}
    raw = {"burners": {"left": {"relay": miot()}}, "hood": settings}
    world = World.from_config(parse_config(raw, Path()), time=lambda: 0.0)
    told: list[str] = []
    world.on_hood(told.append)
    hand = Console(world).execute
    assert hand("hood") == "the hood is off"
    assert hand("hood 3") == "the hood runs at 3"
    assert hand("hood low") == "the hood has off, 1, 3"
    assert hand("hood off") == "the hood is off"
    assert told == ["3", "off"]
    assert "127.0.0.11:54321, miIO, off, 1, 3, now off" in hand("devices")
    world.hood.server.inject(0.0, unpowered=True)
    assert hand("hood 1") == "the hood is off"


def test_mi_home_and_voice() -> None:
    desk = Desk()
    relay = desk.world.relay("left")
    desk("mihome left off")
    assert (relay.value((4, 1)), relay.value((2, 1))) == (False, False)
    desk("say left 打开燃气灶")
    assert relay.value((4, 1)) is True
    desk("say left 十分钟后关闭燃气灶")
    desk("mihome right off_in 10m")
    desk.now = 599
    desk("status")
    assert relay.value((4, 1)) and desk.world.relay("right").value((3, 1))
    desk.now = 600
    desk("status")
    assert not relay.value((4, 1)) and not desk.world.relay("right").value((3, 1))


def test_faults() -> None:
    desk = Desk()
    assert desk("fault left loss 0.2") == "loss_in 0.2, loss_out 0.2"
    assert "offline on" in desk("fault left offline on")
    assert desk.world.relay("left").faults.offline
    assert desk("fault left clear") == "healthy"
    assert desk("fault right.1 stuck on") == "stuck on"
    assert desk.world.relay("right", 1).faults.stuck
    assert not desk.world.relay("right", 0).faults.stuck
    assert "welded" in desk("faults")


def test_the_rest() -> None:
    desk = Desk()
    assert desk("speed 5") == "speed 5"
    assert desk.world.speed == 5
    assert "left:" in desk("reboot left.0")
    assert "left:" in desk("resistance left 60")
    assert TOKEN in desk("devices")
    assert "blow_out" in desk("help")
    assert desk("") == ""


def test_words_are_understood_in_any_case_and_named_when_misspelt() -> None:
    desk = Desk()
    assert desk("Light LEFT").startswith("left: knob pressed")
    assert desk("fault RIGHT.1 stuck on") == "stuck on"
    assert "did you mean light?" in desk("lihgt left")
    assert "did you mean left?" in desk("light lft")
    assert "gasguard timer left 5m" in desk("timer left 5m")
    assert "its own terminal" in desk("quit")


@pytest.mark.parametrize(
    "line",
    [
        "light",
        "light nobody",
        "light left right",
        "fault left",
        "fault left loss",
        "fault left.9 x y",
        "fault left loss 7",
        "fault left.x loss 0",
        "fault left.² loss 0",
        "speed",
        "speed fast",
        "speed nan",
        "speed -1",
        "mihome",
        "mihome left",
        "mihome left wired",
        "mihome left maybe",
        "mihome left off_in",
        "mihome left off_in ten",
        "mihome nobody off",
        "say left 你好",
        "resistance left nan",
        "resistance left 1e99",
        "reboot",
        "status nobody",
        "nonsense",
        "mihome left off_in 999999h",
        "mihome left off_in 0s",
        "\x00",
        "light \ud800",
        "x" * 5000,
    ],
)
def test_nonsense_is_answered_and_changes_nothing(line: str) -> None:
    desk = Desk()
    before = desk.world.snapshot()
    assert desk(line)
    assert desk.world.snapshot() == before


def test_word_salad_never_raises() -> None:
    desk, random = Desk(), Random(3)
    words = "light press release turn_off blow_out mihome say fault reboot resistance status speed "
    words += (
        "left right left.1 wired on off off_in 10m 5s clear loss busy frozen stuck delay_s 0.5 "
    )
    words += "-1 nan inf 1e400 关闭 十分钟后关闭 \ud800 ٣ left.٣ clock_skew_s unpowered . .. None"
    vocabulary = words.split()
    for _ in range(5000):
        line = " ".join(random.choice(vocabulary) for _ in range(random.randrange(5)))
        assert isinstance(desk(line), str)
        desk.now += random.random() * 5


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("关闭燃气灶", Spoken(on=False)),
        ("打开", Spoken(on=True)),
        ("十分钟后关闭燃气灶", Spoken(on=False, delay_s=600)),
        ("10分钟后关闭", Spoken(on=False, delay_s=600)),
        ("二十五分钟以后关掉", Spoken(on=False, delay_s=1500)),
        ("十五秒后关闭", Spoken(on=False, delay_s=15)),
        ("两小时后关闭", Spoken(on=False, delay_s=7200)),
        ("半个小时后关闭", Spoken(on=False, delay_s=1800)),
        ("三十秒钟之后关上", Spoken(on=False, delay_s=30)),
        ("十分钟后打开", None),
        ("零分钟后关闭", None),
        ("十半分钟后关闭", None),
        ("一会儿后关闭", None),
        ("你好", None),
    ],
)
def test_spoken(text: str, meant: Spoken | None) -> None:
    assert parse_spoken(text) == meant


class Typed(io.TextIOWrapper):
    """Standard input that tells when its end has been read."""

    def __init__(self, text: bytes) -> None:
        super().__init__(io.BytesIO(text), encoding="utf-8")
        self.ended = threading.Event()

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        line = super().readline(size)
        if not line:
            self.ended.set()
        return line


class Printed(io.StringIO):
    """Standard output that tells when a last word has been written."""

    def __init__(self, last: str) -> None:
        super().__init__()
        self.last, self.done = last, asyncio.Event()

    def write(self, text: str) -> int:
        if self.last in text:
            self.done.set()
        return super().write(text)


def test_text_console_answers_lines_and_outlives_its_input() -> None:
    async def story() -> None:
        world = World.from_config(config())
        typed, printed = Typed(b"light left\n\nspeed 5\n"), Printed("speed 5")
        task = asyncio.create_task(run_text_console(world, typed, printed))
        await asyncio.wait_for(printed.done.wait(), 10)
        assert await asyncio.to_thread(typed.ended.wait, 10)
        await asyncio.sleep(0)
        assert not task.done()
        assert "left: knob pressed" in printed.getvalue()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())


@pytest.mark.parametrize("word", ["quit", "exit", "q", " Quit "])
def test_quit_ends_a_text_console(word: str) -> None:
    async def story() -> None:
        world = World.from_config(config())
        typed, printed = Typed(f"speed 5\n{word}\nspeed 6\n".encode()), Printed("never")
        await asyncio.wait_for(run_text_console(world, typed, printed), 10)
        assert printed.getvalue() == "speed 5\n"

    asyncio.run(story())


def test_more_input_than_is_read_ahead() -> None:
    async def story() -> None:
        world = World.from_config(config())
        typed, printed = Typed(b"nonsense\n" * 1000 + b"speed 5\n"), Printed("speed 5")
        task = asyncio.create_task(run_text_console(world, typed, printed))
        await asyncio.wait_for(printed.done.wait(), 10)
        assert printed.getvalue().count("no such command") == 1000
        task.cancel()

    asyncio.run(story())


def test_input_that_is_no_text_ends_nothing() -> None:
    async def story() -> None:
        world = World.from_config(config())
        typed, printed = Typed(b"light \xff\xfe left\n"), Printed("never")
        task = asyncio.create_task(run_text_console(world, typed, printed))
        assert await asyncio.to_thread(typed.ended.wait, 10)
        assert not task.done()
        task.cancel()

    asyncio.run(story())


def test_a_console_in_simulated_time_has_no_thread_to_wait_for() -> None:
    async def story() -> None:
        world = World.from_config(config())
        await world.start()
        console = Console(world)
        console.execute("light left")
        await asyncio.sleep(20)
        assert "flame lit" in console.execute("status left")
        await world.stop()

    simtime.run(story())
