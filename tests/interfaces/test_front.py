"""What a way in says of what it hands in: of a time of day that is far ahead, how far."""

import json
from datetime import UTC, datetime

import pytest

from gasguard.core.messages import Answer, Request, Status
from gasguard.core.model import Source
from gasguard.guard.bulletins import Reply
from gasguard.interfaces.front import Front
from gasguard.interfaces.wall_time import WallTime
from tests.support.set_clock import SetClock

NOW = datetime(2026, 11, 27, 18, 31, 30, tzinfo=UTC).timestamp()


class Guard:
    """Answers whatever is asked in one way."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def request(self, _name: str, _request: Request, reply: Reply) -> None:
        reply(self._answer)


def told(words: object, answer: Answer | None = None) -> str | None:
    answers: list[Answer] = []
    guard = Guard(answer or Answer(1, Status.ACCEPTED))
    front = Front(guard, Source.MQTT, WallTime(SetClock(NOW), UTC))
    front.ask("left", "timer", json.dumps(words).encode(), lambda _id: answers.append)
    (said,) = answers
    return said.message


@pytest.mark.parametrize("remind", [False, True])
def test_of_a_time_that_has_just_passed_it_is_told_how_far_ahead_the_next_is(remind):
    assert told({"until": "18:30", "remind": remind}) == "that is in 23h 58m"


@pytest.mark.parametrize("words", [{"until": "19:30"}, {"until": "06:00"}, {"duration": "23h"}])
def test_what_is_near_or_was_said_by_its_length_needs_no_word(words):
    assert told(words) is None


def test_what_the_guard_says_itself_is_left_alone():
    refusal = Answer(1, Status.REJECTED, "locked_out", "the burner is locked (child)")
    assert told({"until": "18:30"}, refusal) == "the burner is locked (child)"
    assert told({"until": "18:30"}, Answer(1, Status.ACCEPTED, None, "so be it")) == "so be it"
