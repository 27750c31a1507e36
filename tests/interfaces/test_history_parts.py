"""An answer of the history over MQTT goes out in parts that any broker takes."""

import json

from gasguard.interfaces.mqtt.history import parts


def test_every_part_is_small_and_nothing_is_lost():
    events = [{"n": n, "label": "蛋" * (n % 64)} for n in range(3000)]
    found = list(parts(json.dumps(event, ensure_ascii=False) for event in events))
    assert max(len(part.encode()) for part in found) <= 64 * 1024
    assert [event for part in found for event in json.loads(part)["events"]] == events
    assert [json.loads(part)["last"] for part in found] == [False] * (len(found) - 1) + [True]
    assert [json.loads(part) for part in parts([])] == [{"events": [], "last": True}]
