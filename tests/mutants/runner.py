"""Runs the core's tests against mutants, each in a process forked for it alone.

Most mutants differ in one function. For those a process has the tests loaded and collected, and its
children only swap that function's code: a few hundredths of a second each. Where a constant, a
default value or a table differs, a child loads core and tests anew with the mutant in place.
"""

import os
import pickle
import resource
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import coverage
import hypothesis.stateful  # noqa: F401 # slow to load, so once for all children
import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.mutate import Mutant, Verdict

ROOT = Path(__file__).parent.parent.parent
CORE = ROOT / "gasguard" / "core"
TESTS = ROOT / "tests" / "core"
SLOW = ("test_every_phase_every_event.py", "test_invariants.py")
"""Those that look everywhere take seconds each: only for mutants that survived all others."""
FIRST = ("test_words.py",)
"""Those that list constants and default values: when just these differ, the core is loaded anew,
and most mutants need no more than them."""
SECONDS_A_QUICK_TEST = 5.0
SECONDS_A_SLOW_TEST = 120.0
"""Of processor time, before a mutant counts as an endless loop."""
BYTES_OF_MEMORY = 2 << 30
_BROKE_DOWN = 70
"""Exit code of a child whose own work failed, which says nothing about the mutant."""
LEAN = (
    *("-x", "-q", "-s", "--tb=no", "--noconftest", "-W", "ignore", f"--rootdir={ROOT}"),
    *(f"-pno:{plugin}" for plugin in ("cacheprovider", "xdist", "logging", "faulthandler")),
)


class Runner:
    """Knows the tests, and which of them come by which line."""

    def __init__(self, tests: Iterable[Path]) -> None:
        files = [str(file) for file in sorted(tests)]
        self._first = [file for file in files if file.endswith(FIRST)]
        self._slow = [file for file in files if file.endswith(SLOW)]
        self._quick = [file for file in files if file not in self._slow]
        self._tests_at: dict[tuple[str, int], list[str]] = {}

    def prepare(self) -> None:
        """See all tests pass without a mutant, and note where the quick ones come by."""
        with tempfile.TemporaryDirectory() as directory:
            data_file = os.environ["COVERAGE_FILE"] = str(Path(directory) / "coverage")
            measured = ("--cov=gasguard.core", "--cov-context=test", "--cov-report=")
            for tests, options in ((self._quick, measured), (self._slow, ())):
                work = partial(_pytest, *tests, *options)
                if tests and _in_a_child(work) != 0:
                    raise SystemExit("the tests of the core fail without any mutant")
            data = coverage.CoverageData(data_file)
            data.read()
            self._note(data)

    def _note(self, data: coverage.CoverageData) -> None:
        visits: Counter[str] = Counter()
        for file in data.measured_files():
            for line, contexts in data.contexts_by_lineno(file).items():
                tests = {context.rpartition("|")[0] for context in contexts if context}
                self._tests_at[file, line] = sorted(tests)
                visits.update(tests)
        for tests_here in self._tests_at.values():
            tests_here.sort(key=lambda test: visits[test])

    def _nearest(self, mutant: Mutant) -> list[str]:
        """The tests that come by, those that come by little else first, one of a kind each."""
        file = str(CORE / mutant.change.file)
        chosen: dict[str, str] = {}
        for line in mutant.lines:
            for test in self._tests_at.get((file, line), ()):
                chosen.setdefault(test.partition("[")[0], test)
        return list(chosen.values())

    # --- mutants that differ in one function ------------------------------------------------------

    def judge_functions(self, mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, Verdict]]:
        """Whether any test notices each of these mutants."""
        source, sink = os.pipe()
        server = os.fork()
        if server == 0:
            os.close(source)
            with os.fdopen(sink, "wb") as answers:
                os._exit(_pytest(*self._quick, *self._slow, plugin=_Server(self, mutants, answers)))
        os.close(sink)
        with os.fdopen(source, "rb") as answers:
            for mutant in mutants:
                yield mutant, _verdict(mutant, pickle.load(answers))
        os.waitpid(server, 0)

    def in_order(self, mutant: Mutant, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """All tests: the nearest first, the slow ones last."""
        nearest = {test: place for place, test in enumerate(self._nearest(mutant))}

        def rank(item: pytest.Item) -> tuple[bool, int]:
            return item.path.name in SLOW, nearest.get(item.nodeid, len(nearest))

        return sorted(items, key=rank)

    # --- others -----------------------------------------------------------------------------------

    def judge_module(self, mutant: Mutant) -> Verdict:
        """Whether any test notices this mutant when the core is loaded with it."""

        def attempt(arguments: Sequence[str]) -> int:
            seconds = round(SECONDS_A_SLOW_TEST)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            sys.meta_path.insert(0, _Changed(mutant))
            return _pytest(*arguments)

        for tests in filter(None, (self._first, self._quick, self._slow)):
            code = _in_a_child(partial(attempt, tests))
            if code != 0:
                return _verdict(mutant, code)
        return Verdict.SURVIVED


class _Server:
    """In place of running the tests, tries mutants on them."""

    def __init__(self, runner: Runner, mutants: Sequence[Mutant], answers: object) -> None:
        self._runner = runner
        self._mutants = mutants
        self._answers = answers

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for mutant in self._mutants:
            items = self._runner.in_order(mutant, session.items)
            pickle.dump(_in_a_child(partial(_try, mutant, items)), self._answers)
            self._answers.flush()
        return True


def _verdict(mutant: Mutant, code: int) -> Verdict:
    """What the exit code of a child says; raises when it says that the mutant was not tried."""
    if code < 0:
        return Verdict.TIMED_OUT
    match code:
        case 0:
            return Verdict.SURVIVED
        case pytest.ExitCode.TESTS_FAILED | pytest.ExitCode.INTERRUPTED:
            return Verdict.KILLED  # interrupted: the tests could not even be loaded
        case _:
            raise RuntimeError(f"could not be tried (exit code {code}): {mutant.change}")


def _try(mutant: Mutant, items: Sequence[pytest.Item]) -> int:
    _swap(mutant)
    for item, following in zip(items, [*items[1:], None], strict=True):
        slow = item.path.name in SLOW
        signal.setitimer(
            signal.ITIMER_VIRTUAL, SECONDS_A_SLOW_TEST if slow else SECONDS_A_QUICK_TEST
        )
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
            return 1
    return 0


def _swap(mutant: Mutant) -> None:
    module = import_module(f"gasguard.core.{mutant.change.file.removesuffix('.py')}")
    place: object = module
    code = compile(mutant.source, str(module.__file__), "exec")
    for name in mutant.change.function.split("."):
        place = vars(place)[name]
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
    function = place.fget if isinstance(place, property) else place
    assert isinstance(function, FunctionType)
    function.__code__ = code


def _in_a_child(work: Callable[[], int]) -> int:
    """What `work` returns in a process of its own; negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES_OF_MEMORY, BYTES_OF_MEMORY))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = _BROKE_DOWN
        try:
            code = work()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _pytest(*arguments: str, plugin: object = None) -> int:
    return int(pytest.main([*LEAN, *arguments], plugins=[plugin] if plugin else []))


class _Changed(MetaPathFinder):
    """Finds the mutant where the module it was made of is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self._source = mutant.source
        self._name = f"gasguard.core.{mutant.change.file.removesuffix('.py')}"

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._source)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, source: str) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._source.encode(), self.path)
