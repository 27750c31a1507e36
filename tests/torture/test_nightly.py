"""The torture itself, in the size that fits a run of all tests. `make torture` runs more."""

import os

from tests.torture.campaign import Campaign

_JOBS = min(2, os.cpu_count() or 1)


def test_no_rule_breaks() -> None:
    sessions = 16
    result = Campaign(seed=20260101, sessions=sessions, jobs=_JOBS).run()
    failures = [f"session {f.index}: {f.rule}: {f.text}" for f in result.failures]
    assert not failures, "make torture SEED=20260101 ONLY=K replays\n" + "\n".join(failures)
    assert result.sessions == sessions
