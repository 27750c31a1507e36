"""Work that the disk may hold up, on a thread that nobody waits for at the end."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def aside(work: Callable[[], _T]) -> "asyncio.Future[_T]":
    """Have `work` done on a thread of its own; the future has what came of it.

    asyncio's own threads are waited for when the process ends: one that a disk holds would hold it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type] # without an error there is a result

    def run() -> None:
        result, problem = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            problem = error
        with contextlib.suppress(RuntimeError):  # the loop is gone, and so is who waited
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, name="messages", daemon=True).start()
    return done
