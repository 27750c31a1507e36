"""What a message of bemfa's means, and that no off is lost among many messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gasguard.interfaces.bemfa.interface import Mailbox
from gasguard.interfaces.bemfa.words import Meaning, Word, read_word


@pytest.mark.parametrize(
    ("payload", "light", "switch"),
    [
        (b"off", Meaning.OFF, Meaning.OFF),
        (b" OFF\r\n", Meaning.OFF, Meaning.OFF),
        (b"off#30", Meaning.OFF, Meaning.OFF),
        (b"on", Meaning.ON, Meaning.ON),
        (b"On ", Meaning.ON, Meaning.ON),
        (b"on#30", Meaning.TIMER, Meaning.UNCLEAR),
        (b"on#030#255", Meaning.TIMER, Meaning.UNCLEAR),
        (b"on#0", Meaning.OFF, Meaning.UNCLEAR),
        (b"on#99999", Meaning.UNCLEAR, Meaning.UNCLEAR),
        (b"on#", Meaning.UNCLEAR, Meaning.UNCLEAR),
        (b"", Meaning.UNCLEAR, Meaning.UNCLEAR),
        ("on#３０".encode(), Meaning.UNCLEAR, Meaning.UNCLEAR),
    ],
)
def test_a_message_on_a_light_and_on_a_switch(payload, light, switch):
    assert read_word(payload, "gasleft002").meaning is light
    assert read_word(payload, "gasleft001").meaning is switch
    assert read_word(payload, "gasleft006").meaning is switch


def test_minutes():
    assert read_word(b"on#30", "gas002") == Word(Meaning.TIMER, 30)
    assert read_word(b"on#0100#4000", "gas002") == Word(Meaning.TIMER, 100)


@given(st.binary(max_size=200), st.sampled_from(["gas001", "gas002", "gas006"]))
def test_no_message_raises_or_is_repeated_at_length(payload, topic):
    word = read_word(payload, topic)
    assert len(word.text) < 200
    assert word.meaning is not Meaning.TIMER or 0 < word.minutes < 10_000


words = st.sampled_from(
    [Word(Meaning.OFF), Word(Meaning.ON), Word(Meaning.TIMER, 5), Word(Meaning.STALE)]
)


@given(st.lists(words | st.none(), max_size=30))
def test_the_mailbox_keeps_an_off_and_what_came_last_and_calls_whenever_there_is_news(steps):
    """None stands for the guard emptying it."""
    mailbox, arrived, called = Mailbox(), [], False
    for word in [*steps, None]:
        if word is not None:
            fresh_off = word.meaning is Meaning.OFF and Word(Meaning.OFF) not in arrived
            arrived.append(word)
            call = mailbox.put(word)
            assert call or called, "nobody comes to empty it"
            assert call or not fresh_off, "an off waits for a call that is put off"
            called = True
            continue
        last_off = max(
            (n for n, one in enumerate(arrived) if one.meaning is Meaning.OFF), default=None
        )
        newer = arrived if last_off is None else arrived[last_off + 1 :]
        assert mailbox.take() == (last_off is not None, newer[-1] if newer else None)
        arrived, called = [], False
