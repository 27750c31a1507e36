"""Many sessions, on as many processes as wanted; what broke, and how fast it went."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection, wait

from tests.torture.draw import FAMILIES, draw_plan
from tests.torture.session import run

_AT_A_TIME, _MOST_FAILURES = 5, 10


@dataclass(frozen=True, slots=True)
class Failure:
    """A session in which a rule broke."""

    index: int
    rule: str
    text: str


_Batch = tuple[list[Failure], int]
"""What broke in so many sessions."""


@dataclass(slots=True)
class Result:
    """What a campaign came to."""

    seed: int
    sessions: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    @property
    def per_minute(self) -> float:
        """Sessions per minute of real time, all processes together."""
        return 60 * self.sessions / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """Sessions `first` to `first + sessions - 1` of one seed."""

    seed: int
    sessions: int
    first: int = 0
    faults: tuple[str, ...] = FAMILIES
    jobs: int = 1

    def run(self, progress: Callable[[Result], None] = lambda _result: None) -> Result:
        """Run it; ends early after so many failures. `progress` hears after each few sessions."""
        result, began = Result(self.seed), time.monotonic()
        for failures, count in self._batches():
            result.failures += failures
            result.sessions += count
            result.seconds = time.monotonic() - began
            progress(result)
            if len(result.failures) >= _MOST_FAILURES:
                break
        result.failures.sort(key=lambda failure: failure.index)
        return result

    def _batches(self) -> Iterator[tuple[list[Failure], int]]:
        last = self.first + self.sessions
        starts = range(self.first, last, _AT_A_TIME)
        work = partial(_several, self.seed, last, self.faults)
        if self.jobs == 1:
            yield from map(work, starts)
            return
        yield from _side_by_side(work, [starts[job :: self.jobs] for job in range(self.jobs)])


def _side_by_side(work: Callable[[int], _Batch], shares: list[range]) -> Iterator[_Batch]:
    """Each share in a process of its own. Pipes and no pool: a pool needs semaphores, and those a
    `/dev/shm` that may be written, which a chroot has not."""
    workers: dict[Connection, Process] = {}
    try:
        for share in shares:
            done, doing = Pipe(duplex=False)
            workers[done] = Process(target=_worker, args=(work, share, doing), daemon=True)
            workers[done].start()
            doing.close()
        open_ends = list(workers)
        while open_ends:
            for end in wait(open_ends):
                assert isinstance(end, Connection)
                try:
                    yield end.recv()
                except EOFError:
                    open_ends.remove(end)
                    workers[end].join()
                    if workers[end].exitcode:
                        raise RuntimeError("a worker broke; its words are above") from None
    finally:
        for end, worker in workers.items():
            worker.terminate()
            worker.join()
            end.close()


def _worker(work: Callable[[int], _Batch], share: range, doing: Connection) -> None:
    for start in share:
        doing.send(work(start))


def _several(seed: int, last: int, faults: tuple[str, ...], start: int) -> _Batch:
    indexes = range(start, min(start + _AT_A_TIME, last))
    outcomes = [(index, run(draw_plan(seed, index, faults))) for index in indexes]
    return [Failure(index, o.rule, o.text) for index, o in outcomes if o.rule], len(indexes)
