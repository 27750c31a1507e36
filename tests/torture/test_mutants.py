"""Seeded defects: the torture catches every one, so no check of it is one that cannot fail."""

import json
from pathlib import Path

import pytest

from tests.support.some import some
from tests.torture.hunt import CAUGHT, ROOT, mutated
from tests.torture.mutants import MUTANTS, Mutant
from tests.torture.plans import plan_from_data
from tests.torture.session import run

FOUND = json.loads(CAUGHT.read_text())
by_name = pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
SAMPLE = 16
"""One in so many is looked for in each run of the tests, all of them with `make long`."""
some_by_name = pytest.mark.parametrize(
    "mutant", some(MUTANTS, every=SAMPLE, ids=[mutant.name for mutant in MUTANTS])
)


def test_there_are_many_and_each_is_on_record() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(names) == len(set(names)) >= 25
    assert set(FOUND) == set(names)


@by_name
def test_its_place_in_the_source_is_there(mutant: Mutant) -> None:
    source = (ROOT / Path(*mutant.module.split("."))).with_suffix(".py").read_text()
    assert mutant.old in source and mutant.old != mutant.new


@some_by_name
def test_it_is_caught_and_the_sound_guard_is_not_accused(mutant: Mutant) -> None:
    plan = FOUND[mutant.name]["plan"]
    assert run(plan_from_data(plan)).rule is None
    broken = mutated(mutant.name, plan=plan)
    assert broken, f"not caught any more: python -m tests.torture.hunt {mutant.name!r}"
