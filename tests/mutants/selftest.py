"""The harness itself: it must not call a mutant killed that nobody looked at, nor the reverse.

Not named `test_*`, because it needs what only `make mutants` installs, which runs it first.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants import __main__ as command
from tests.mutants import runner as running
from tests.mutants.mutate import Change, Mutant, Verdict, mutants_of
from tests.mutants.runner import CORE, TESTS, Runner

WALL_AT = "self.wall + (boot - self.boot)"
SETTLES = "OUT_SETTLES = 3.0"


@pytest.fixture
def blind(tmp_path: Path) -> Runner:
    """Has one test, which looks at nothing."""
    (tmp_path / "test_blind.py").write_text("def test_nothing():\n    assert True\n")
    return Runner(tmp_path.glob("test_*.py"))


def seeing(*tests: str) -> Runner:
    return Runner(TESTS / test for test in tests)


def changed(name: str, function: str, was: str, became: str) -> Mutant:
    """A mutant of our own making."""
    source = (CORE / name).read_text("utf-8")
    assert source.count(was) == 1
    inside = function != "-"
    return Mutant(
        Change(name, function, was, became), source.replace(was, became), range(0), inside
    )


def in_a_function(became: str) -> Mutant:
    return changed("instant.py", "Instant.wall_at", WALL_AT, became)


def judged(runner: Runner, *mutants: Mutant) -> list[Verdict]:
    return [verdict for _, verdict in runner.judge_functions(mutants)]


def test_a_wrong_result_survives_where_nobody_looks_and_dies_where_somebody_does(blind):
    wrong, right = in_a_function("0.0"), in_a_function("boot - self.boot + self.wall")
    assert judged(blind, wrong, right) == [Verdict.SURVIVED, Verdict.SURVIVED]
    # In turns: what one mutant did must be gone when the next is tried.
    assert judged(seeing("test_instant.py"), right, wrong, right, wrong) == [
        Verdict.SURVIVED,
        Verdict.KILLED,
        Verdict.SURVIVED,
        Verdict.KILLED,
    ]


def test_a_wrong_constant_survives_where_nobody_looks_and_dies_where_somebody_does(blind):
    wrong = changed("model.py", "-", SETTLES, "OUT_SETTLES = 40.0")
    right = changed("model.py", "-", SETTLES, "OUT_SETTLES = 30e-1")
    looking = seeing("test_words.py")
    assert blind.judge_module(wrong) is Verdict.SURVIVED
    assert looking.judge_module(wrong) is Verdict.KILLED
    assert looking.judge_module(right) is Verdict.SURVIVED


@pytest.mark.parametrize("last", ["test_words.py", "test_invariants.py"])
def test_a_constant_is_shown_to_those_that_come_first_and_last_too(tmp_path, last):
    (tmp_path / last).write_text(
        "from gasguard.core.model import OUT_SETTLES\n"
        "def test_settles():\n    assert OUT_SETTLES == 3.0\n"
    )
    (tmp_path / "test_blind.py").write_text("def test_nothing():\n    assert True\n")
    wrong = changed("model.py", "-", SETTLES, "OUT_SETTLES = 61.0")
    assert Runner(tmp_path.glob("test_*.py")).judge_module(wrong) is Verdict.KILLED


def test_an_endless_loop_is_ended_and_told_apart(monkeypatch):
    monkeypatch.setattr(running, "SECONDS_A_QUICK_TEST", 0.3)
    monkeypatch.setattr(running, "SECONDS_A_SLOW_TEST", 1.0)
    looking = seeing("test_instant.py")
    assert judged(looking, in_a_function("[0 for _ in iter(int, 1)]")) == [Verdict.TIMED_OUT]
    endless = changed("instant.py", "-", "class Instant(", "while True: pass\nclass Instant(")
    assert looking.judge_module(endless) is Verdict.TIMED_OUT


def test_tests_that_fail_by_themselves_judge_nothing(tmp_path):
    (tmp_path / "test_broken.py").write_text("def test_broken():\n    assert False\n")
    with pytest.raises(SystemExit, match="without any mutant"):
        Runner(tmp_path.glob("test_*.py")).prepare()


def test_a_mutant_that_could_not_be_tried_is_no_killed_one():
    nowhere = replace(in_a_function("0.0"), change=Change("instant.py", "Instant.gone", "", ""))
    with pytest.raises(RuntimeError, match="could not be tried"):
        judged(seeing("test_instant.py"), nowhere)
    with pytest.raises(RuntimeError, match="could not be tried"):
        Runner([TESTS / "test_gone.py"]).judge_module(in_a_function("0.0"))


def test_every_mutant_differs_from_the_original_and_from_each_other():
    for name in ("instant.py", "hearing.py"):
        mutants = list(mutants_of(CORE / name, name))
        sources = {mutant.source for mutant in mutants} - {(CORE / name).read_text("utf-8")}
        assert len(sources) == len(mutants) > 2


def test_what_survives_unexplained_or_is_explained_and_dies_is_an_error(blind, capsys):
    all_of_them = {mutant.change for mutant in mutants_of(CORE / "instant.py", "instant.py")}
    assert command.main(["instant"], blind, set()) == 1
    assert capsys.readouterr().out.count("SURVIVED, and nobody explained it") == len(all_of_them)
    assert command.main(["instant"], blind, all_of_them) == 0
    looking = seeing("test_instant.py")
    assert command.main(["instant"], looking, set()) == 0
    assert command.main(["instant"], looking, all_of_them) == 1
    assert "explains what does not survive" in capsys.readouterr().out
