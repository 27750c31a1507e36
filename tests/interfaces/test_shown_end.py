"""The end of the longest burn as people see it."""

import pytest

from gasguard.core.instant import Instant
from gasguard.core.model import Flame, Reason
from gasguard.interfaces.payloads import state_payload
from tests.core.burner import CLOSED, OPEN, ready


@pytest.mark.parametrize("trusted", [True, False])
def test_an_end_is_shown_only_where_it_shuts_off(trusted):
    burner = ready(max_burn=7200.0, flame_trusted=trusted)
    burner.flame(Flame.LIT)
    shown = state_payload(burner.state, Instant(burner.now, burner.now))
    assert (shown["must_end_at"] is not None) is trusted


def test_what_has_been_shut_off_and_only_cools_has_no_end():
    burner = ready(max_burn=7200.0)
    burner.flame(Flame.LIT)
    burner.watch(7200.0, CLOSED)
    burner.read(OPEN)
    assert burner.state.last_trip.reason is Reason.MAX_BURN
    shown = state_payload(burner.state, Instant(burner.now, burner.now))
    assert shown["burning_since"] is not None
    assert shown["must_end_at"] is None
