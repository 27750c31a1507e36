"""The daemon's answer to `metrics`, put as OpenMetrics 1.0 text. Pure.

By hand, because the library for it keeps counters of its own, and these are the daemon's. Of its
types only those that the older text format has too: node_exporter reads files as that, and refuses
one with an `info` or a `stateset` in it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_PHASES = ("starting", "ready", "tripping", "tripped", "locked_out", "trip_failed")
_CONTACTS = ("closed", "open", "unknown")
_FLAMES = ("lit", "out", "unknown")

Answer = Mapping[str, Any]


class _Text:
    """The lines, family by family."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._family = ""

    def family(self, name: str, kind: str, what: str, unit: str = "") -> None:
        """Begin a family; its samples follow."""
        self._family = f"gasguard_{name}"
        self.lines.append(f"# TYPE {self._family} {kind}")
        if unit:
            self.lines.append(f"# UNIT {self._family} {unit}")
        self.lines.append(f"# HELP {self._family} {_escaped(what)}")

    def sample(self, value: float, suffix: str = "", **labels: str) -> None:
        """One value of the family."""
        said = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        shown = f"{{{said}}}" if said else ""
        self.lines.append(f"{self._family}{suffix}{shown} {_number(value)}")


def open_metrics(answer: Answer | None) -> str:
    """`answer` is what the daemon says to `metrics`; None: it was not reached."""
    text = _Text()
    text.family("up", "gauge", "Whether the daemon answers.")
    text.sample(answer is not None)
    if answer is not None:
        _daemon(text, answer)
        states: Mapping[str, Any] = answer["states"]
        _standing(text, states)
        _timers(text, states)
        _relays(text, states, answer["counts"])
        _counts(text, answer["counts"])
        _sensors(text, answer.get("sensors", {}))
        _gas(text, states)
    return "\n".join([*text.lines, "# EOF"]) + "\n"


def _daemon(text: _Text, answer: Answer) -> None:
    text.family("build_info", "gauge", "The version that runs.")
    text.sample(1, version=str(answer["version"]))
    text.family("start_time_seconds", "gauge", "When the daemon began, as Unix time.", "seconds")
    text.sample(answer["started_at"])
    text.family("troubles", "gauge", "What is wrong with the daemon itself, by part.")
    for part in answer.get("troubles", {}):
        text.sample(1, part=part)
    text.family("messages_waiting", "gauge", "Messages that are not delivered yet, by address.")
    for address, number in answer.get("messages_waiting", {}).items():
        text.sample(number, to=address)


def _standing(text: _Text, states: Answer) -> None:
    for key, words, what in (
        ("phase", _PHASES, "The phase of a burner: 1 for the one that holds."),
        ("contact", _CONTACTS, "The thermocouple circuit as read back: 1 for what holds."),
        ("flame", _FLAMES, "The flame as its sensor says: 1 for what holds."),
    ):
        text.family(f"burner_{key}", "gauge", what)
        for burner, state in states.items():
            for word in words:
                text.sample(state[key] == word, burner=burner, **{key: word})
    text.family("burner_locks", "gauge", "How many locks keep a burner off.")
    for burner, state in states.items():
        text.sample(len(state["locks"]), burner=burner)


def _timers(text: _Text, states: Answer) -> None:
    running = {one: state["timer"] for one, state in states.items() if state["timer"]}
    text.family("timer_remaining_seconds", "gauge", "What a running timer has left.", "seconds")
    for burner, timer in running.items():
        text.sample(timer["remaining_s"], burner=burner)
    text.family("timer_guaranteed", "gauge", "Whether a running timer can be honoured now.")
    for burner, timer in running.items():
        text.sample(timer["guaranteed"], burner=burner)


def _relays(text: _Text, states: Answer, counts: Answer) -> None:
    text.family("relay_reachable", "gauge", "Whether all relays of a burner answer.")
    for burner, state in states.items():
        text.sample(state["relay"]["reachable"], burner=burner)
    text.family("relay_questions", "counter", "Questions to relays, by what became of them.")
    for burner, relay, tally in _tallies(counts):
        for outcome in ("answered", "unanswered"):
            text.sample(tally[outcome], "_total", burner=burner, relay=relay, outcome=outcome)
    text.family(
        "relay_round_trip_seconds", "summary", "Time from a question to its answer.", "seconds"
    )
    for burner, relay, tally in _tallies(counts):
        text.sample(tally["answered"], "_count", burner=burner, relay=relay)
        text.sample(tally["seconds"], "_sum", burner=burner, relay=relay)


def _tallies(counts: Answer) -> Iterator[tuple[str, str, Answer]]:
    for burner, count in counts.items():
        for index, tally in enumerate(count["relays"]):
            yield burner, str(index), tally


def _counts(text: _Text, counts: Answer) -> None:
    text.family("trips", "counter", "Shutoffs, by cause.")
    for burner, count in counts.items():
        for reason, number in sorted(count["trips"].items()):
            text.sample(number, "_total", burner=burner, reason=reason)
    text.family("events", "counter", "Everything that the history notes, by type.")
    for burner, count in counts.items():
        for kind, number in sorted(count["events"].items()):
            text.sample(number, "_total", burner=burner, type=kind)
    text.family(
        "trip_confirmation_seconds",
        "histogram",
        "Time from the demand to the read-back that shows the circuit open.",
        "seconds",
    )
    for burner, count in counts.items():
        confirmed = count["confirmed"]
        for limit, number in zip(confirmed["buckets"], confirmed["within"], strict=True):
            text.sample(number, "_bucket", burner=burner, le=_number(float(limit)))
        text.sample(confirmed["count"], "_bucket", burner=burner, le="+Inf")
        text.sample(confirmed["count"], "_count", burner=burner)
        text.sample(confirmed["seconds"], "_sum", burner=burner)


def _sensors(text: _Text, sensors: Answer) -> None:
    text.family("sensor_silent", "gauge", "Whether a sensor cannot be heard or understood.")
    for name, sensor in sensors.items():
        text.sample(sensor["says"] == "silent", sensor=name, kind=str(sensor["kind"]))
    text.family("sensor_age_seconds", "gauge", "Time since a sensor last spoke.", "seconds")
    for name, sensor in sensors.items():
        if sensor["heard_s"] is not None:
            text.sample(sensor["heard_s"], sensor=name, kind=str(sensor["kind"]))


def _gas(text: _Text, states: Answer) -> None:
    totals = {one: state["totals"] for one, state in states.items() if state.get("totals")}
    text.family("burnt_seconds", "counter", "How long a burner has burnt in all.", "seconds")
    for burner, total in totals.items():
        if total["burned_s"] is not None:
            text.sample(total["burned_s"], "_total", burner=burner)
    text.family("gas_cubic_meters", "counter", "Gas burnt in all, estimated.", "cubic_meters")
    for burner, total in totals.items():
        if total["gas_m3"] is not None:
            text.sample(total["gas_m3"], "_total", burner=burner)
    text.family("burning_since_seconds", "gauge", "Since when a flame is seen.", "seconds")
    for burner, state in states.items():
        if state["burning_since"]:
            since = datetime.fromisoformat(state["burning_since"]).timestamp()
            text.sample(since, burner=burner)


def _number(value: float) -> str:
    return repr(float(value)) if isinstance(value, float) else str(int(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
