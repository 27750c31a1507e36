"""Words of commands: whatever comes, a request or a refusal that can be told. Off never refuses."""

import json
import math
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gasguard.clock import SystemClock
from gasguard.core.messages import CancelReminders, ExtendTimer, Off, SetReminder, SetTimer
from gasguard.core.model import Source
from gasguard.durations import format_duration, parse_duration
from gasguard.errors import DurationError
from gasguard.interfaces.requests import MAX_ID, MAX_LABEL, BadRequest, Parsed, parse_request
from gasguard.interfaces.wall_time import WallTime

COMMANDS = ("off", "timer", "timer/extend", "lock", "rearm")
thorough = settings(max_examples=300, deadline=None, derandomize=True)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
near_durations = st.from_regex(r"\A[P0-9.:hmsTHMSD \-+eE_]{0,12}\Z")
near_commands = st.dictionaries(
    st.sampled_from(["duration", "label", "id", "until", "when", "remind", "x"]),
    json_values
    | near_durations
    | st.sampled_from(["20m", "cancel", "0", "\ud800", "\0", "18:30", "lit", True]),
    max_size=4,
)
payloads = st.one_of(
    st.binary(max_size=1100),
    st.text().map(lambda text: text.encode(errors="surrogatepass")),
    near_durations.map(str.encode),
    near_commands.map(lambda data: json.dumps(data).encode()),
    json_values.map(lambda data: json.dumps(data).encode()),
    st.sampled_from([b"LOCK", b"UNLOCK", b"REARM", b"cancel", b"CANCEL", b"0", b"20m"]),
)


UNTIL = WallTime(SystemClock(), ZoneInfo("Europe/Berlin"))


def tellable(text: str | None) -> None:
    """Fit for a log line, an MQTT payload and a database."""
    if text is not None:
        text.encode()
        assert "\0" not in text


@thorough
@given(command=st.sampled_from(COMMANDS) | st.text(max_size=60), payload=payloads)
@example(command="timer", payload=b'{"duration": "20m", "label": "\\ud800"}')
@example(command="timer", payload=b'{"duration": 1e999}')
@example(command="timer", payload=b'{"duration": NaN, "id": ""}')
@example(command="timer", payload=b'{"duration": ' + b"9" * 900 + b"}")
@example(command="timer", payload=b'{"duration": ' + b"9" * 5000 + b"}")
@example(command="timer", payload=b"[" * 1000)
@example(command="timer", payload=b'{"a":' * 200)
@example(command="timer", payload=b'{"id": ' + b"9" * 1000 + b"}")
@example(command="timer", payload=b'{"\\ud800": 1, "duration": "1m"}')
@example(command="timer/extend", payload=b'{"duration": 0.0000001}')
@example(command="\ud800", payload=b"")
def test_a_command_is_parsed_or_refused(command, payload):
    try:
        parsed = parse_request(command, payload, Source.MQTT, UNTIL)
    except BadRequest as bad:
        assert command != "off", "nothing refuses an off"
        assert bad.code
        tellable(str(bad))
        tellable(bad.request_id)
        return
    assert isinstance(parsed, Parsed)
    tellable(parsed.request_id)
    assert len(parsed.request_id or "") <= MAX_ID
    request = parsed.request
    if isinstance(request, SetTimer | SetReminder | CancelReminders):
        assert len(request.label or "") <= MAX_LABEL
        tellable(request.label)
    if isinstance(request, SetTimer | SetReminder | ExtendTimer):
        assert math.isfinite(request.duration)
        assert request.duration > 0


@thorough
@given(payload=payloads | st.binary(min_size=1000, max_size=3000))
@example(payload=b"[" * 1000)
@example(payload=b'{"id": [[[[')
@example(payload=b'{"id": "\\ud800"}')
@example(payload=b'{"id": ' + b"9" * 1000 + b"}")
@example(payload=b"\xff\xfe\xfd")
@example(payload=b"\xef\xbb\xbf{}")
def test_nothing_in_an_off_can_be_wrong(payload):
    parsed = parse_request("off", payload, Source.MQTT)
    assert isinstance(parsed.request, Off)
    tellable(parsed.request_id)


@thorough
@given(text=st.text(max_size=80) | near_durations, milliseconds=st.booleans())
@example(text="9" * 5000, milliseconds=False)
@example(text="٢٠m", milliseconds=False)
@example(text="1e309", milliseconds=False)
@example(text="²", milliseconds=True)
@example(text="P1DT", milliseconds=False)
def test_a_duration_is_a_number_of_seconds_or_none(text, milliseconds):
    try:
        seconds = parse_duration(text, milliseconds=milliseconds)
    except DurationError as error:
        assert len(str(error)) < 300
        return
    assert math.isfinite(seconds)
    assert seconds >= 0
    assert abs(parse_duration(format_duration(seconds)) - round(seconds)) < 1
