"""Any line on the local socket, through the real ControlSocket and a guard that is made up."""

import asyncio
import json
import socket
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gasguard.clock import SystemClock
from gasguard.core.messages import Off
from gasguard.interfaces.local.control import ControlSocket, _Sender
from tests.fuzz.test_commands import json_values, near_durations
from tests.fuzz.test_mqtt import BURNERS, Guard, History

requests = st.fixed_dictionaries(
    {"command": st.sampled_from(
        ["off", "status", "history", "timer", "timer/extend", "lock", "rearm", "proof-test"]
    ) | json_values},
    optional={
        "burners": st.lists(st.sampled_from(BURNERS) | json_values, max_size=4) | json_values,
        "burner": st.just("nobody") | json_values,
        "value": near_durations | json_values | st.sampled_from(["LOCK", "UNLOCK", "REARM"]),
        "since": json_values,
    },
)  # fmt: skip
lines = st.one_of(
    st.binary(max_size=300),
    json_values.map(lambda data: json.dumps(data).encode()),
    requests.map(lambda data: json.dumps(data).encode()),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("socket") / "s"

    async def build():
        guard = Guard()
        return guard, ControlSocket(path, guard, History(), SystemClock())

    return asyncio.run(build())


HERE, THERE = socket.socketpair()
"""A client that stays."""


@settings(max_examples=400, deadline=None, derandomize=True)
@given(line=lines, crowded=st.booleans())
@example(line=b'{"command": "history", "since": 1e999}', crowded=False)
@example(line=b'{"command": "history", "since": NaN}', crowded=False)
@example(line=b'{"command": "history", "since": ' + b"9" * 1000 + b"}", crowded=False)
@example(line=b'{"command": "history", "burner": "\\ud800"}', crowded=False)
@example(line=b'{"command": "timer", "burners": ["\\ud800"]}', crowded=False)
@example(line=b'{"command": "proof-test", "burner": "\\ud800"}', crowded=False)
@example(line=b'{"command": "\\ud800", "burners": ["left"]}', crowded=False)
@example(line=b'{"command": "off", "burners": [{}]}', crowded=True)
@example(line=b'{"command": "off", "burners": [[]]}', crowded=True)
@example(line=b'{"command": "timer", "burners": ["left"], "value": "\\ud800"}', crowded=False)
@example(line=b'{"command": "metrics"}', crowded=False)
@example(line=b'{"command": "status", "source": ["web"]}', crowded=False)
@example(line=b'{"command": "off", "source": {}}', crowded=True)
@example(line=b"[" * 4000, crowded=False)
@example(line=b"9" * 4000, crowded=False)
@example(line=b'{"command": "off", "value": "\\ud800"}', crowded=True)
def test_a_line_is_answered_whatever_it_says(server, line, crowded):
    guard, control = server
    guard.requests.clear()
    said = []

    class Writer:
        """Stands for the StreamWriter; what is sent goes the real way through `_Sender`."""

        transport = SimpleNamespace(get_write_buffer_size=lambda: 0)
        is_closing = staticmethod(lambda: False)
        write = staticmethod(said.append)
        get_extra_info = staticmethod(lambda _name: HERE)

    async def serve():
        async with asyncio.timeout(5):
            await control._serve(line, _Sender(Writer), crowded=crowded)

    asyncio.run(serve())
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        assert b"malformed" in said[0]
    elif request.get("command") == "off" and not request.get("burners"):
        assert [name for name, one in guard.requests if isinstance(one, Off)] == list(BURNERS)
    if crowded:
        assert all(isinstance(one, Off) for _, one in guard.requests)
