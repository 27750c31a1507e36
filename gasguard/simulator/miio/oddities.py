"""Modules that answer oddly: what they say in place of what they should."""

import json
from random import Random
from typing import Any

from gasguard.simulator.faults import Faults

_NO_JSON = b"}{"
_SETTING = ("set_properties", "set_power")
_BUSY = {"error": {"code": -9999, "message": "user ack timeout"}}
_INVALID = {"error": {"code": -5001, "message": "invalid_arg"}}


def switch_word(faults: Faults, on: bool) -> object:
    """How a switch reads."""
    if faults.nonsense:
        return "maybe"
    if faults.numbers:
        return int(on)
    return ("on" if on else "off") if faults.words else on


def spoken(
    faults: Faults, request: dict[str, Any], answer: dict[str, Any], luck: Random
) -> bytes | None:
    """The bytes that a module with these faults answers; None: it says nothing."""
    params = request.get("params")
    setting = request.get("method") in _SETTING
    several = not setting and isinstance(params, list) and len(params) > 1
    if (setting and faults.obeys_silent) or (several and faults.batch_silent):
        return None
    if (setting and faults.obeys_garbled) or (several and faults.batch_garbled):
        return _NO_JSON
    if faults.garbled and luck.random() < faults.garbled:
        return _NO_JSON
    if setting and faults.obeys_busy:
        answer = {"id": answer["id"], **_BUSY}
    elif several and faults.batch_refused:
        answer = {"id": answer["id"], **_INVALID}
    if faults.gbk:
        return json.dumps(answer, ensure_ascii=False).encode("gb18030", "replace")
    return json.dumps(answer).encode()
