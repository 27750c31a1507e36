"""Whatever a question to the history says, it is read or refused."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from gasguard.interfaces.mqtt.history import ABOUT, read_question
from gasguard.interfaces.requests import BadRequest
from tests.fuzz.test_commands import json_values


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=60) | json_values.map(lambda data: json.dumps(data).encode()))
def test_no_question_raises_anything_else(question):
    try:
        about, since, name = read_question(question, ["left"])
    except BadRequest as bad:
        json.dumps({"message": str(bad)}, ensure_ascii=False).encode()
    else:
        assert about in ABOUT
        assert since >= 0
        assert name in (None, "left")
