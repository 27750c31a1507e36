"""One question on its way, however many have asked it: a flood of offs is one off for the guard."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Sharing(Generic[T]):
    """Whoever asks what is being asked already gets the same answer, or the same error."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, asyncio.Future[T]] = {}

    async def answer(self, key: Hashable, ask: Callable[[Callable[[], None]], Awaitable[T]]) -> T:
        """What `ask` comes to, now or begun before for the same `key`. It is handed what it calls
        from when on it is not to be shared any more.

        It goes on for the others, and to its end, where one of them goes away.
        """
        asked = self._asked.get(key)
        if asked is None:
            asked = asyncio.ensure_future(ask(lambda: self._forget(key, asked)))
            asked.add_done_callback(lambda one: self._done(key, one))
            self._asked[key] = asked
        return await asyncio.shield(asked)

    def _forget(self, key: Hashable, asked: "asyncio.Future[T] | None") -> None:
        if self._asked.get(key) is asked:
            self._asked.pop(key, None)

    def _done(self, key: Hashable, asked: "asyncio.Future[T]") -> None:
        self._forget(key, asked)
        if not asked.cancelled():
            asked.exception()  # told to whoever asked; nobody may be left
