"""The follower between guard and hood, in simulated time: moments that no real wire hits twice."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gasguard.clock import Instant
from gasguard.config.load import parse_config
from gasguard.core.model import Flame, Lock, Settings, State
from gasguard.drivers.base import Speed
from gasguard.errors import Refused, Unreachable
from gasguard.guard.bulletins import News
from gasguard.outputs.follower import HoodFollower
from gasguard.outputs.kitchen import Kitchen
from gasguard.simulator import simtime
from tests.support.kitchen import burner

OFF, LOW = Speed(on=False), Speed(on=True, level="low")


class Guard:
    """States, and observers of news."""

    def __init__(self) -> None:
        self.observers: list[Callable[[News], None]] = []
        self.state = State(Settings("left", "left", flame_expires_after=60.0), flame=Flame.OUT)

    def states(self) -> dict[str, State]:
        return {"left": self.state}

    def becomes(self, state: State, *, told: bool = True) -> None:
        self.state = state
        for observer in self.observers if told else ():
            observer(News(state, Instant(0.0, 0.0), ()))


class Fan:
    """A hood whose wire the test holds up."""

    address, tells = "hood", True

    def __init__(self) -> None:
        self.speed = OFF
        self.told: list[Speed] = []
        self.takes = 0.0
        """Seconds until a command is carried out."""
        self.away = self.refuses = False
        self.reads = self.asked = 0

    def start(self) -> None:
        pass

    async def set(self, speed: Speed, within: float) -> None:
        self.asked += 1
        await asyncio.sleep(self.takes)
        if self.refuses:
            raise Refused("hood refused to set siid 2 piid 1", -4003)
        if self.away:
            raise Unreachable("hood does not answer")
        self.told.append(speed)
        self.speed = speed

    async def read(self, within: float) -> Speed | None:
        self.reads += 1
        if self.away:
            await asyncio.sleep(within)
            raise Unreachable("hood does not answer")
        return self.speed

    async def aclose(self) -> None:
        pass


class LoopClock:
    def now(self) -> Instant:
        return Instant(asyncio.get_running_loop().time(), 0.0)


Story = Callable[[Guard, Fan, HoodFollower], Awaitable[None]]


@pytest.fixture
def play() -> Callable[[Story], None]:
    def play(story: Story) -> None:
        raw = {
            "burners": {"left": burner()},
            "hood": {"driver": "mqtt", "command_topic": "a", "levels": {1: "low"}},
        }
        settings = parse_config(raw, Path()).hood

        async def run() -> None:
            guard, fan = Guard(), Fan()
            follower = HoodFollower(settings, fan, guard, LoopClock(), Kitchen())  # type: ignore[arg-type] # what of them it uses
            follower.start()
            await asyncio.sleep(5)
            await story(guard, fan, follower)
            await follower.stop()
            assert guard.observers == []

        simtime.run(run())

    return play


def lit(guard: Guard, **more: object) -> State:
    return replace(guard.state, flame=Flame.LIT, **more)


def test_news_is_followed_at_once(play):
    async def story(guard: Guard, fan: Fan, _follower: HoodFollower) -> None:
        guard.becomes(lit(guard))
        await asyncio.sleep(0.05)
        assert fan.told == [LOW]

    play(story)


def test_a_gas_alarm_ends_a_command_that_is_under_way(play):
    async def story(guard: Guard, fan: Fan, _follower: HoodFollower) -> None:
        fan.takes = 1.0
        guard.becomes(lit(guard))
        await asyncio.sleep(0.5)
        # Its news may wait half a second for the disk.
        guard.becomes(lit(guard, locks=frozenset({Lock.GAS_ALARM})), told=False)
        await asyncio.sleep(60)
        assert fan.told == []

    play(story)


def test_an_absent_hood_is_asked_less_often_and_told_once_it_is_back(play):
    async def story(guard: Guard, fan: Fan, follower: HoodFollower) -> None:
        fan.away = True
        guard.becomes(lit(guard))
        await asyncio.sleep(9)
        assert follower.trouble == ""
        await asyncio.sleep(120)
        assert follower.trouble == "hood does not answer; burners are guarded all the same"
        before = fan.reads
        await asyncio.sleep(120)
        assert 8 <= fan.reads - before <= 13
        fan.away = False
        await asyncio.sleep(13)
        assert (fan.told, follower.trouble) == ([LOW], "")

    play(story)


def test_one_that_answers_and_refuses_is_not_hammered_and_is_named(play):
    async def story(guard: Guard, fan: Fan, follower: HoodFollower) -> None:
        fan.refuses = True
        guard.becomes(lit(guard))
        await asyncio.sleep(60)
        assert 2 <= fan.asked <= 5
        assert "was told low" in follower.trouble
        assert "hood refused to set siid 2 piid 1" in follower.trouble
        fan.refuses = False
        await asyncio.sleep(60)
        assert (fan.told, follower.trouble) == ([LOW], "")

    play(story)


def test_a_failure_of_its_own_ends_nothing(play, caplog):
    async def story(guard: Guard, fan: Fan, _follower: HoodFollower) -> None:
        read, fan.read = fan.read, None  # type: ignore[assignment] # broken on purpose
        guard.becomes(lit(guard))
        await asyncio.sleep(10)
        fan.read = read  # type: ignore[method-assign] # and mended
        await asyncio.sleep(5)
        assert fan.told == [LOW]

    play(story)
    assert "following failed; trying again" in caplog.text
