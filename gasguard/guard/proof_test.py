"""The proof test: does the burner really go out? Opens, reads back, watches the flame, reports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from gasguard.core.messages import Answer, Kind, Off, Status, Tell
from gasguard.core.model import Flame, Phase, Reason, Source, State
from gasguard.guard.controller import Controller

_LOOK_EVERY = 0.05
_REARM_SLACK = 15.0
"""Seconds beyond `rearm_after` and the flame's time in which the circuit must be closed again."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came out of one step; after a step with `done` there is no other."""

    text: str
    passed: bool = True
    done: bool = False


async def proof_test(controller: Controller, name: str) -> AsyncIterator[Step]:
    """Test one burner, which somebody has lit. The result is told as an event."""
    if controller.states()[name].flame is not Flame.LIT:
        yield Step(
            "no flame is seen: light the burner first; without flame: in the configuration there "
            "is nothing to watch it with",
            passed=False,
            done=True,
        )
        return
    async for step in _steps(controller, name):
        if step.done:
            kind = Kind.PROOF_TEST_PASSED if step.passed else Kind.PROOF_TEST_FAILED
            controller.tell(name, Tell(kind, None, Source.CLI, {"message": step.text}))
        yield step


async def _steps(controller: Controller, name: str) -> AsyncIterator[Step]:
    settings = controller.states()[name].settings
    answer = await _shut_off(controller, name)
    if answer.status is not Status.CONFIRMED:
        yield Step(f"the contact was not confirmed open: {answer.message}", False, True)
        return
    yield Step(f"contact open, {answer.message}")

    def seen(condition: Callable[[State], bool], within: float) -> "asyncio.Task[float | None]":
        return asyncio.ensure_future(_seconds_until(controller, name, condition, within))

    took = await seen(lambda state: state.flame is Flame.OUT, settings.flame_out_within)
    if took is None:
        limit = f"{settings.flame_out_within:.0f} s"
        yield Step(f"the flame still reads lit after {limit}: turn the stove off", False, True)
        return
    yield Step(f"flame out after {took:.1f} s")
    again = await seen(
        lambda state: state.phase is Phase.READY, settings.rearm_after + _REARM_SLACK
    )
    if again is None:
        yield Step("the circuit was not closed again; look at: gasguard status", False, True)
        return
    yield Step(f"circuit closed again; passed, flame out after {took:.1f} s", done=True)


async def _shut_off(controller: Controller, name: str) -> Answer:
    last: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def reply(answer: Answer) -> None:
        if answer.status is not Status.ACCEPTED and not last.done():
            last.set_result(answer)

    controller.request(name, Off(Source.CLI, reason=Reason.PROOF_TEST), reply)
    return await last


async def _seconds_until(
    controller: Controller, name: str, condition: Callable[[State], bool], within: float
) -> float | None:
    """Seconds until `condition` held for the burner's state; None when it did not in time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began <= within:
        if condition(controller.states()[name]):
            return loop.time() - began
        await asyncio.sleep(_LOOK_EVERY)
    return None
