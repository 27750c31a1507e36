"""The process that sends messages, and whoever holds its time limits from outside."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from gasguard.interfaces.messages import courier as courier_module
from gasguard.interfaces.messages.child import Fact, refusal, verdict, without
from gasguard.interfaces.messages.courier import COMMAND, Courier
from gasguard.interfaces.messages.outbox import Outcome, Result
from tests.support.listener import Listener
from tests.support.receiver import SECRET, Receiver

pytestmark = pytest.mark.long


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def hanging():
    """Takes connections, and says nothing for ever."""
    one = Listener()
    yield f"json://{one.host}:{one.port}/{SECRET}"
    one.close()


def ours() -> set[int]:
    """Processes of the kind that this test has started."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"PPid:\t{os.getpid()}\n" not in (folder / "status").read_text():
                continue
            if COMMAND[-1].encode() in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


async def send(courier: Courier, url: str, text: str = "text") -> Outcome:
    return await courier.send(url, "title", text, urgent=False)


async def gone(pids: set[int], within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while ours() & pids:
            await asyncio.sleep(0.02)


def test_a_delivery_that_hangs_ends_in_time_and_takes_no_other_with_it(receiver, hanging):
    async def story() -> None:
        courier = Courier(within=4.0)
        assert (await send(courier, receiver.url())).result is Result.DELIVERED
        first = ours()
        assert len(first) == 1
        hangs = asyncio.create_task(send(courier, hanging))
        await asyncio.sleep(2.5)
        receiver.wait = 3.0
        slow = asyncio.create_task(send(courier, receiver.url(), "slow"))
        outcome = await hangs
        assert outcome == Outcome(Result.FAILED, "the service did not end within 4 s")
        # What else was under way there is; what comes now goes to a sound process.
        assert ours() == first
        receiver.wait = 0.0
        assert (await send(courier, receiver.url(), "next")).result is Result.DELIVERED
        second = ours() - first
        assert len(second) == 1
        assert (await slow).result is Result.DELIVERED
        await gone(first)
        assert [one["message"] for one in receiver.got] == ["text", "slow", "next"]
        await courier.close()
        await gone(second)

    asyncio.run(story())


def test_a_process_that_is_killed_is_replaced(receiver, hanging):
    async def story() -> None:
        courier = Courier()
        under_way = asyncio.create_task(send(courier, hanging))
        while not ours():
            await asyncio.sleep(0.02)
        await asyncio.sleep(1)
        (pid,) = ours()
        os.kill(pid, signal.SIGKILL)
        outcome = await under_way
        assert (outcome.result, outcome.why) == (
            Result.FAILED,
            "the process that sends messages ended meanwhile",
        )
        assert (await send(courier, receiver.url())).result is Result.DELIVERED
        await courier.close()

    asyncio.run(story())


def test_a_frozen_process_is_ended_from_outside(receiver):
    async def story() -> None:
        courier = Courier(within=3.0)
        await send(courier, receiver.url())
        (pid,) = ours()
        os.kill(pid, signal.SIGSTOP)
        assert (await send(courier, receiver.url())).result is Result.FAILED
        await gone({pid})
        assert (await send(courier, receiver.url())).result is Result.DELIVERED
        await courier.close()

    asyncio.run(story())


def test_a_process_with_nothing_to_do_ends_and_is_there_again(receiver):
    async def story() -> None:
        courier = Courier(idle_for=0.5)
        await send(courier, receiver.url())
        await gone(ours())
        assert (await send(courier, receiver.url())).result is Result.DELIVERED
        await courier.close()

    asyncio.run(story())
    assert not ours()


@pytest.mark.parametrize(
    "command",
    [("/nonexistent/python",), (sys.executable, "-c", "pass"), (sys.executable, "-c", "print(1)")],
)
def test_where_no_process_can_be_had_a_delivery_has_failed(monkeypatch, command):
    monkeypatch.setattr(courier_module, "COMMAND", command)

    async def story() -> None:
        courier = Courier(within=10.0)
        outcome = await send(courier, "json://127.0.0.1/")
        assert outcome.result is Result.FAILED
        assert "the process that sends messages" in outcome.why
        await courier.close()

    asyncio.run(story())


# --- what it says of a delivery -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b'{"errcode": 310000, "errmsg": "keywords not in content"}',
            "310000 keywords not in content",
        ),
        (b'{"errcode": 93000, "errmsg": "invalid webhook url"}', "93000 invalid webhook url"),
        (b'{"code": 40001, "scode": 461, "message": "[AUTH]"}', "461 [AUTH]"),
        (b'{"errcode": 0, "errmsg": "ok"}', ""),
        (b'{"code": 200, "message": "success"}', ""),
        (b'{"ok": true}', ""),
        (b"ok", ""),
        (b"[1]", ""),
        (b"{", ""),
        (b"", ""),
    ],
)
def test_a_no_under_a_status_that_says_yes_is_understood(content, said):
    assert refusal(content) == said


@pytest.mark.parametrize(
    ("taken", "facts", "result"),
    [
        (True, [Fact(200)], "delivered"),
        (True, [], "delivered"),
        (True, [Fact(200, content=b'{"errcode": 310000}')], "refused"),
        (True, [Fact(200, content=b'{"code": 200}')], "delivered"),
        (False, [Fact(200, content=b'{"code": 19024, "msg": "Key Words Not Found"}')], "refused"),
        (False, [Fact(500)], "failed"),
        (False, [Fact(429)], "failed"),
        (False, [Fact(401)], "refused"),
        (False, [Fact(error="not reached")], "failed"),
        (False, [], "failed"),
        (True, [Fact(302), Fact(200, lost_at=302)], "refused"),
        (True, [Fact(307), Fact(200)], "delivered"),
    ],
)
def test_what_will_be_refused_again_is_told_from_what_may_pass(taken, facts, result):
    assert verdict(taken, facts, []).result == result


def test_no_part_of_an_address_is_left_in_what_is_said():
    url = "mailto://me:pass%40word@example.com/?to=you@example.org"
    text = "login me:pass@word@example.com refused for YOU@example.org, pass%40word"
    said = without(url, text)
    for part in ("pass@word", "pass%40word", "example.com", "you@example.org"):
        assert part not in said.lower()
    assert said.startswith("login ") and "refused for" in said
