"""The torture itself, in the size that fits a run of all tests. `gasguard torture` runs more."""

import os

import pytest

from gasguard.torture.campaign import Campaign

_JOBS = min(2, os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("sessions", "fast"), [(50, False), (90, True)], ids=["codec", "without codec"]
)
def test_no_rule_breaks(sessions: int, fast: bool) -> None:
    result = Campaign(seed=20260101, sessions=sessions, fast=fast, jobs=_JOBS).run()
    failures = [f"session {f.index}: {f.rule}: {f.text}" for f in result.failures]
    assert not failures, "gasguard torture --seed 20260101 --only K replays\n" + "\n".join(failures)
    assert result.sessions == sessions
