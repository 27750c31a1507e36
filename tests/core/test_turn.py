"""Copies with changes: by far the most frequent thing that the core does."""

from dataclasses import replace

import pytest

from gasguard.core.model import Contact, RelayView, Settings, State
from gasguard.core.turn import changed

VIEW = RelayView(Contact.CLOSED, heard_at=3.0, meddled_at=(1.0, 2.0))
STATE = State(Settings("left", "Left"), relays=(VIEW,))


def test_a_copy_has_what_was_changed_and_all_else() -> None:
    assert changed(VIEW, heard_at=5.0) == replace(VIEW, heard_at=5.0)
    assert changed(STATE, relays=()) == replace(STATE, relays=())
    assert changed(STATE) == STATE


def test_what_was_copied_stays_as_it_was() -> None:
    changed(VIEW, contact=Contact.OPEN)

    assert VIEW.contact is Contact.CLOSED


@pytest.mark.parametrize("known", [VIEW, STATE], ids=["relay", "burner"])
def test_what_is_no_field_is_not_set_in_silence(known: RelayView | State) -> None:
    with pytest.raises(KeyError, match="flaem"):
        changed(known, flaem=1)
