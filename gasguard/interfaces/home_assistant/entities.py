"""The entities of Home Assistant, as data: what each reads from the state and what it may command.

Templates run in Home Assistant 2024.3 and later. Older ones log a warning for each timestamp that
is `None`, so a timestamp that is not there makes its entity unavailable instead.
"""

import json
from typing import Any

from gasguard.config.burners import BurnerConfig
from gasguard.core.messages import Kind
from gasguard.core.model import MAX_TIMER, Contact, Lock, Phase, Reason
from gasguard.durations import format_duration
from gasguard.interfaces.home_assistant.words import NEVER, Words
from gasguard.mqtt.topics import ALL, SKIP, BurnerTopics, Topics

Entity = dict[str, Any]
"""A discovery payload without its device; `platform` is the kind of entity."""

EXTEND_BY = "5m"
_EXPIRE_AFTER = 200
"""Seconds: three times as long as a state is published again at the latest."""
_DEVICE_CLASSES: dict[str, str] = {
    Lock.GAS_ALARM: "gas",
    Lock.CARBON_MONOXIDE: "carbon_monoxide",
    Lock.SMOKE_ALARM: "smoke",
    Lock.OVERHEAT: "heat",
}
_MINUTES = round(MAX_TIMER / 60)

_LATCHED = "value_json.locks | reject('in', ['child', 'schedule']) | list"
_IN_SERIES = "value_json.relay.in_series | default([])"
_PROBLEM = (
    "value_json.phase == 'trip_failed'"
    f" or {_LATCHED}"
    " or (not value_json.relay.reachable"
    " and (value_json.phase != 'starting' or value_json.relay.problem))"
    f" or {_IN_SERIES} | selectattr('problem') | list"
    " or value_json.sensor_problems | default({})"
)
# Closed only where a read-back says so, and the trip has not failed: no false comfort.
_VALVE = (
    "{% if value_json.phase in ('tripping', 'trip_failed') %}closing"
    "{% elif value_json.contact == 'open' %}closed"
    "{% else %}open{% endif %}"
)
_HONOURED = "value_json.timer and value_json.timer.guaranteed"
_RUNS = f"{_HONOURED} and value_json.timer.ends_at"
_TIMER_MINUTES = (
    f"{{% if not ({_HONOURED}) %}}0"
    f"{{% elif value_json.timer.duration_s >= {_MINUTES * 60} %}}{_MINUTES}"
    "{% elif value_json.timer.duration_s % 60 == 0 %}{{ value_json.timer.duration_s // 60 }}"
    "{% else %}{{ (value_json.timer.duration_s / 60) | round(2) }}{% endif %}"
)


def hub_entities(topics: Topics, words: Words) -> dict[str, Entity]:
    """Entities of the guard itself, by key."""
    entities = {
        "off_all": {
            **_button(topics.request(ALL, "off"), "PRESS", "mdi:fire-off"),
            "availability": [_available(topics.status)],
        },
        "online": {
            "platform": "binary_sensor",
            "state_topic": topics.status,
            "payload_on": "online",
            "payload_off": "offline",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
        },
    }
    return {key: {"name": words.names[key], "qos": 1, **entity} for key, entity in entities.items()}


def hazard_entity(topic: BurnerTopics, name: str, kind: str, words: Words) -> Entity:
    """What the guard has heard from an alarm, as a burner that heeds it tells."""
    device_class = _DEVICE_CLASSES.get(kind, "safety")
    return _heard(topic, ("hazards", name), ("alarm", "clear"), device_class, words.shown(kind))


def people_entity(topic: BurnerTopics, name: str, kind: str, words: Words) -> Entity:
    """What the guard has heard of who is there, as a burner that it concerns tells."""
    device_class = "occupancy" if kind == "presence" else "presence"
    shown = words.shown(kind)
    return {
        **_heard(topic, ("people", name), ("somebody", "nobody"), device_class, shown),
        "entity_category": "diagnostic",
    }


def _heard(
    topic: BurnerTopics, at: tuple[str, str], on_off: tuple[str, str], device_class: str, shown: str
) -> Entity:
    (key, name), (on, off) = at, on_off
    said = f"(value_json.{key} | default({{}})).get('{name}')"
    return {
        "name": f"{shown} ({name})",
        "platform": "binary_sensor",
        "device_class": device_class,
        "state_topic": topic.state,
        # Silent is neither.
        "value_template": f"{{{{ {{'{on}': 'ON', '{off}': 'OFF'}}.get({said}, 'None') }}}}",
        "json_attributes_topic": topic.state,
        "json_attributes_template": (
            f"{{{{ {{'says': {said}, 'problem':"
            f" (value_json.sensor_problems | default({{}})).get('{name}')}}"
            " | to_json }}"
        ),
        "qos": 1,
        "availability": [_available(topic.status)],
    }


def schedule_entities(topics: Topics, name: str, words: Words) -> dict[str, Entity]:
    """A schedule, by key. Nothing that a call for a whole area could switch on or off."""
    state = topics.schedule(name, "state")
    next_at = "value_json.next_at"
    entities: dict[str, Entity] = {
        "active": {
            "platform": "binary_sensor",
            "icon": "mdi:calendar-lock",
            "state_topic": state,
            "value_template": "{{ 'ON' if value_json.active else 'OFF' }}",
            "json_attributes_topic": state,
            "availability": [_available(topics.status)],
        },
        "next": {
            "platform": "sensor",
            "device_class": "timestamp",
            "state_topic": state,
            "value_template": f"{{{{ {next_at} }}}}",
            "availability": [
                _available(topics.status),
                {
                    **_available(state),
                    "value_template": f"{{{{ 'online' if {next_at} else 'offline' }}}}",
                },
            ],
            "availability_mode": "all",
        },
        "skip": {
            **_button(topics.schedule(name, SKIP), "PRESS", "mdi:calendar-remove"),
            "availability": [_available(topics.status)],
        },
    }
    return {
        key: {"name": f"{words.names[key]} ({name})", "qos": 1, **entity}
        for key, entity in entities.items()
    }


def burner_entities(
    topics: Topics, burner_id: str, burner: BurnerConfig, words: Words, *, allow_remote_rearm: bool
) -> dict[str, Entity]:
    """Entities of one burner, by key. Only what this burner really has is there."""
    topic = topics.of(burner_id)
    entities = {
        **_shutoff(topic),
        **_timer(topic),
        **_tellers(topic, words),
        **_diagnostics(topic),
    }
    if not any(relay.jogs_for for relay in burner.in_series):
        entities["lock"] = _lock(topic)
    if burner.flame:
        entities["flame"] = {
            "platform": "binary_sensor",
            "icon": "mdi:fire",
            "value_template": "{{ {'lit': 'ON', 'out': 'OFF'}.get(value_json.flame, 'None') }}",
        }
        entities["burning_since"] = _moment(topic, "burning_since")
        entities["burn_time"] = {
            **_total("(value_json.totals.burned_s / 60) | round(1)", "burned_s"),
            "device_class": "duration",
            "unit_of_measurement": "min",
            "icon": "mdi:timer-play-outline",
        }
        if burner.rated_kw is not None:
            entities["gas"] = {
                **_total("value_json.totals.gas_m3", "gas_m3"),
                "device_class": "gas",
                "unit_of_measurement": "m³",
            }
    if burner.max_burn is not None:
        entities["must_end_at"] = _moment(topic, "must_end_at")
    if burner.voice:
        entities["voice"] = {
            "platform": "binary_sensor",
            "icon": "mdi:account-voice",
            "value_template": "{{ 'ON' if value_json.voice_armed else 'OFF' }}",
            "entity_category": "diagnostic",
            "enabled_by_default": False,
        }
    if allow_remote_rearm:
        # A button: whatever turns every switch on does not touch it.
        entities["rearm"] = _button(topic.request("rearm"), "REARM", "mdi:restart-alert")
    return {
        key: {
            "name": words.names[key],
            **({} if entity["platform"] == "button" else {"state_topic": topic.state}),
            "qos": 1,
            "availability": [_available(topics.status)],
            **entity,
        }
        for key, entity in entities.items()
    }


def _button(command_topic: str, payload: str, icon: str) -> Entity:
    return {
        "platform": "button",
        "command_topic": command_topic,
        "payload_press": payload,
        "icon": icon,
    }


def _shutoff(topic: BurnerTopics) -> dict[str, Entity]:
    """The two ways to shut off. A lost relay leaves them available: off is always allowed."""
    return {
        "off": _button(topic.request("off"), "PRESS", "mdi:fire-off"),
        "valve": {
            "platform": "valve",
            "device_class": "gas",
            # It refuses `toggle`, and one refusal fails Home Assistant's call for a whole area:
            # what belongs to the configuration is left out of areas.
            "entity_category": "config",
            "command_topic": topic.request("off"),
            "payload_close": "CLOSE",
            "payload_open": None,
            "value_template": _VALVE,
        },
    }


def _timer(topic: BurnerTopics) -> dict[str, Entity]:
    return {
        "timer": {
            "platform": "number",
            "command_topic": topic.request("timer"),
            "min": 0,
            "max": _MINUTES,
            "step": 1,
            "mode": "box",
            "unit_of_measurement": "min",
            "icon": "mdi:timer-outline",
            "value_template": _TIMER_MINUTES,
            "json_attributes_topic": topic.state,
            "json_attributes_template": (
                "{{ {'waiting': (value_json.timer or {}).waiting | default(false),"
                " 'reminders': value_json.reminders | default([])} | to_json }}"
            ),
        },
        "timer_cancel": _button(topic.request("timer"), "cancel", "mdi:timer-off-outline"),
        "timer_extend": _button(topic.request("timer/extend"), EXTEND_BY, "mdi:timer-plus-outline"),
        "ends_at": {
            "platform": "sensor",
            "device_class": "timestamp",
            "icon": "mdi:timer-sand",
            "value_template": _moment_template(_RUNS, "value_json.timer.ends_at"),
            "json_attributes_topic": topic.state,
            "json_attributes_template": (
                "{{ {'label': value_json.timer.label, 'duration_s': value_json.timer.duration_s}"
                " | to_json if value_json.timer else '{}' }}"
            ),
            # A timer that cannot be honoured, or waits for its flame, must not look armed.
            "availability": _available_if(topic, _RUNS),
            "availability_mode": "all",
        },
    }


def preset_entity(topic: BurnerTopics, seconds: float, words: Words) -> Entity:
    """A timer that is set with one touch."""
    return {
        **_button(topic.request("timer"), format_duration(seconds), "mdi:timer-play-outline"),
        "name": words.preset_of(seconds),
        "qos": 1,
        "availability": [_available(topic.status)],
    }


def _tellers(topic: BurnerTopics, words: Words) -> dict[str, Entity]:
    last_trip = f"value_json.last_trip.reason if value_json.last_trip else '{NEVER}'"
    return {
        "phase": {
            **_enum("value_json.phase", list(Phase), words),
            "icon": "mdi:gas-burner",
            **_attributes(topic, "phase", "contact", "locks"),
        },
        "contact": {
            **_enum("value_json.contact", list(Contact), words),
            "icon": "mdi:electric-switch",
            "entity_category": "diagnostic",
        },
        "locks": {
            "platform": "sensor",
            "icon": "mdi:lock-alert",
            "value_template": _joined("value_json.locks", list(Lock), words),
            **_attributes(topic, "locks"),
        },
        "last_trip": {
            **_enum(last_trip, [*Reason, NEVER], words),
            "icon": "mdi:history",
            "json_attributes_topic": topic.state,
            "json_attributes_template": "{{ (value_json.last_trip or {}) | to_json }}",
        },
        "answer": {
            "platform": "sensor",
            "icon": "mdi:message-reply-text-outline",
            "state_topic": topic.ack,
            "value_template": _answer(words),
            "json_attributes_topic": topic.ack,
        },
        "problem": {
            "platform": "binary_sensor",
            "device_class": "problem",
            "value_template": f"{{{{ 'ON' if {_PROBLEM} else 'OFF' }}}}",
            "json_attributes_topic": topic.state,
            "json_attributes_template": (
                "{{ {'locks': value_json.locks, 'relay': value_json.relay.problem,"
                " 'hazards': value_json.hazards | default({}),"
                " 'sensors': value_json.sensor_problems | default({})} | to_json }}"
            ),
        },
        "relay": {
            "platform": "binary_sensor",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "value_template": "{{ 'ON' if value_json.relay.reachable else 'OFF' }}",
        },
        "event": {
            "platform": "event",
            "state_topic": topic.event,
            "event_types": [kind.value for kind in Kind],
            "icon": "mdi:bell-outline",
            "value_template": "{{ dict(value_json, event_type=value_json.type) | to_json }}",
        },
    }


def _diagnostics(topic: BurnerTopics) -> dict[str, Entity]:
    quiet = {"entity_category": "diagnostic", "enabled_by_default": False}
    milliseconds = {
        "platform": "sensor",
        "device_class": "duration",
        "state_class": "measurement",
        "unit_of_measurement": "ms",
        **quiet,
    }
    return {
        "relay_latency": {**milliseconds, "value_template": "{{ value_json.relay.latency_ms }}"},
        "trip_latency": {
            **milliseconds,
            "value_template": (
                "{{ value_json.last_trip.latency_ms if value_json.last_trip else None }}"
            ),
        },
    }


def _total(amount: str, key: str) -> Entity:
    """A sum that only grows, as the energy page wants it; unknown until it was read from disk."""
    return {
        "platform": "sensor",
        "state_class": "total_increasing",
        "value_template": (
            f"{{{{ {amount} if (value_json.totals | default({{}})).{key} is number else None }}}}"
        ),
    }


def _lock(topic: BurnerTopics) -> Entity:
    """A lock and no switch: whatever turns everything on or off leaves it as it is."""
    return {
        "platform": "lock",
        "command_topic": topic.request("lock"),
        "payload_lock": "LOCK",
        "payload_unlock": "UNLOCK",
        "icon": "mdi:account-lock",
        "value_template": "{{ 'LOCKED' if 'child' in value_json.locks else 'UNLOCKED' }}",
    }


def _moment(topic: BurnerTopics, key: str) -> Entity:
    """A diagnostic timestamp, available only while there is one."""
    return {
        "platform": "sensor",
        "device_class": "timestamp",
        "entity_category": "diagnostic",
        "enabled_by_default": False,
        "value_template": _moment_template(f"value_json.{key}", f"value_json.{key}"),
        "availability": _available_if(topic, f"value_json.{key}"),
        "availability_mode": "all",
    }


def _moment_template(there: str, moment: str) -> str:
    """`moment` where there is one; otherwise any time, which nobody sees: it is unavailable."""
    return f"{{{{ {moment} if {there} else value_json.updated_at }}}}"


def _available(topic: str) -> dict[str, str]:
    # The payloads are Home Assistant's defaults, but now and then 2025.4 misses them in its start.
    return {"topic": topic, "payload_available": "online", "payload_not_available": "offline"}


def _available_if(topic: BurnerTopics, condition: str) -> list[dict[str, str]]:
    template = f"{{{{ 'online' if {condition} else 'offline' }}}}"
    return [
        _available(topic.status),
        {**_available(topic.state), "value_template": template},
    ]


def _attributes(topic: BurnerTopics, *keys: str) -> Entity:
    inner = ", ".join(f"'{key}': value_json.{key}" for key in keys)
    return {
        "json_attributes_topic": topic.state,
        "json_attributes_template": f"{{{{ {{{inner}}} | to_json }}}}",
    }


def _enum(expression: str, known: list[str], words: Words) -> Entity:
    """A sensor that shows one of the contract's words in this language.

    Home Assistant holds the state that it has against the `options` of a new message, and fails
    where it is another language's. What expires counts as expired until a state was read anew.
    """
    return {
        "platform": "sensor",
        "device_class": "enum",
        "options": [words.shown(word) for word in known],
        "expire_after": _EXPIRE_AFTER,
        "value_template": f"{{{{ {_shown(f'({expression})', known, words)} }}}}",
    }


def _shown(expression: str, known: list[str], words: Words) -> str:
    table = json.dumps({str(word): words.shown(word) for word in known}, ensure_ascii=False)
    return f"{table}.get({expression}, {expression})"


def _joined(expression: str, known: list[str], words: Words) -> str:
    """A template that shows a list of the contract's words."""
    return (
        f"{{% for one in {expression} %}}{{{{ {_shown('one', known, words)} }}}}"
        f"{{{{ '' if loop.last else '{words.comma}' }}}}"
        f"{{% else %}}{words.no_lock}{{% endfor %}}"
    )


def _answer(words: Words) -> str:
    """A template that shows how a request was answered: its code, where there is one."""
    said = "value_json.code or value_json.status"
    table = json.dumps(words.answers, ensure_ascii=False)
    return f"{{% set said = {said} %}}{{{{ {table}.get(said, said) }}}}"
