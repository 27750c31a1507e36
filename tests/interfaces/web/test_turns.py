"""Guesses take turns, in simulated time."""

import asyncio
import itertools
import random

import pytest

from gasguard.interfaces.web.turns import FIRST_PAUSE, LONGEST_PAUSE, MOST_WAITING, TooMany, Turns
from gasguard.simulator.simtime import run


async def guess(turns: Turns, address: str = "a", *, right: bool = False) -> float:
    """The moment at which the guess had its turn."""
    async with turns.turn(address) as turn:
        await asyncio.sleep(0.1)
        turn.right = right
        return asyncio.get_running_loop().time()


def test_each_wrong_guess_makes_the_next_one_later_up_to_a_bound():
    async def story() -> list[float]:
        turns = Turns(random.Random(1))
        moments = [await guess(turns) for _ in range(8)]
        return [round(b - a, 2) for a, b in itertools.pairwise(moments)]

    assert run(story()) == [0.35, 0.6, 1.1, 1.1, 1.1, 1.1, 1.1]


def test_a_right_guess_and_a_long_while_end_the_pause():
    async def story(right: bool, wait: float) -> float:
        turns = Turns(random.Random(1))
        for _ in range(6):
            await guess(turns)
        if right:
            await guess(turns, right=True)
        await asyncio.sleep(wait)
        await guess(turns)
        before = asyncio.get_running_loop().time()
        return await guess(turns) - before

    assert run(story(right=True, wait=0)) == pytest.approx(0.35)
    assert run(story(right=False, wait=700), limit=2000) == pytest.approx(0.35)
    assert run(story(right=False, wait=300), limit=2000) == pytest.approx(0.1 + LONGEST_PAUSE)


@pytest.mark.parametrize("attacking", [1, 3])
def test_an_address_of_its_own_waits_for_one_guess_of_each_other_address(attacking: int):
    async def story(seed: int) -> float:
        turns = Turns(random.Random(seed))
        loop = asyncio.get_running_loop()

        async def attack(address: str) -> None:
            while True:
                try:
                    await guess(turns, address)
                except TooMany:
                    await asyncio.sleep(1.0)

        addresses = [f"attacker {number % attacking}" for number in range(40)]
        attackers = [asyncio.create_task(attack(address)) for address in addresses]
        await asyncio.sleep(20 + seed / 7)
        begun = loop.time()
        took = await guess(turns, "family", right=True) - begun
        for one in attackers:
            one.cancel()
        return took

    checked, one_turn = 0.1, 0.1 + LONGEST_PAUSE
    for seed in range(20):
        # The one that is under way, then one of each, then one's own.
        assert run(story(seed)) < (1 + attacking) * one_turn + checked + 0.01


def test_a_crowd_of_addresses_sends_away_nobody_who_waits():
    async def story() -> list[str]:
        turns = Turns(random.Random(1))
        sent_away = []

        async def one(address: str) -> None:
            try:
                await guess(turns, address)
            except TooMany:
                sent_away.append(address)

        async with asyncio.TaskGroup() as crowd:
            crowd.create_task(one("first"))
            await asyncio.sleep(0.05)
            crowd.create_task(one("family"))
            await asyncio.sleep(0)
            for number in range(2 * MOST_WAITING):
                crowd.create_task(one(f"attacker {number}"))
        return sent_away

    assert len(away := run(story(), limit=1000)) >= MOST_WAITING
    assert "family" not in away


def test_only_so_many_wait_and_whoever_is_sent_away_is_of_the_busiest_address():
    async def story() -> dict[str, int]:
        turns = Turns(random.Random(1))
        sent_away = {"busy": 0, "quiet": 0}

        async def one(address: str) -> None:
            try:
                await guess(turns, address)
            except TooMany:
                sent_away[address] += 1

        addresses = ["quiet"] * 5 + ["busy"] * (2 * MOST_WAITING) + ["quiet"] * 5
        await asyncio.gather(*map(one, addresses))
        return sent_away

    away = run(story())
    assert away["quiet"] == 0
    assert away["busy"] > MOST_WAITING / 2


def test_whoever_goes_away_holds_up_nobody():
    async def story() -> None:
        turns = Turns(random.Random(1))
        await guess(turns)
        those = [asyncio.create_task(guess(turns)) for _ in range(5)]
        await asyncio.sleep(0.26)
        for one in those:
            one.cancel()
        await asyncio.gather(*those, return_exceptions=True)
        await guess(turns)

    run(story())


def test_whoever_goes_in_the_moment_of_his_turn_holds_up_nobody():
    async def story() -> None:
        turns = Turns(random.Random(1))
        loop = asyncio.get_running_loop()
        await guess(turns)
        turn_comes = loop.time() + FIRST_PAUSE
        one = asyncio.create_task(guess(turns))
        await asyncio.sleep(0)
        loop.call_at(turn_comes, one.cancel)
        await asyncio.wait([one])
        assert one.cancelled()
        async with asyncio.timeout(5):
            await guess(turns)

    run(story())
