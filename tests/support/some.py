"""Cases of one kind, of which each run of the tests takes a few."""

from collections.abc import Sequence
from typing import Any

import pytest


def some(cases: Sequence[Any], every: int = 4, ids: Sequence[str] | None = None) -> list[Any]:
    """For `parametrize`: the first case and each `every`th in each run, all with `make long`."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            id=ids[number] if ids else None,
            marks=[pytest.mark.long] if number % every else [],
        )
        for number, case in enumerate(cases)
    ]
