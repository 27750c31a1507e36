"""What the page reads."""

from datetime import datetime, timedelta

import pytest

from gasguard.interfaces.web.documents import state_document


def test_now_is_told_in_the_zone_of_the_daemons_times():
    told = {"states": {"left": {"updated_at": "2026-11-26T20:00:00+05:45"}}}
    now = datetime.fromisoformat(state_document(told)["now"])
    assert now.utcoffset() == timedelta(hours=5, minutes=45)
    assert abs(now - datetime.now().astimezone()) < timedelta(seconds=10)


@pytest.mark.parametrize("left", [{}, {"updated_at": None}, {"updated_at": "noon"}])
def test_without_any_it_is_told_in_this_machines(left):
    now = datetime.fromisoformat(state_document({"states": {"left": left}})["now"])
    assert now.utcoffset() == datetime.now().astimezone().utcoffset()
