"""How a burner stands, from its state: nothing is claimed that was not read back."""

from collections.abc import Mapping
from typing import Any

from gasguard.interfaces.explain.chain import Event, State, Story
from gasguard.interfaces.explain.phrases import Fields, Phrases

_ENDS = (("unlock", "child"), ("schedule", "schedule"))
"""Locks that end in another way than by a re-arm, with how."""


class Standing:
    """Of one burner."""

    def __init__(self, state: State, say: Phrases) -> None:
        self._state, self._say = state, say

    @property
    def _relay(self) -> Mapping[str, Any]:
        return self._state.get("relay") or {}

    def told(self, story: Story) -> list[str]:
        """How it stands, what ends that, and what is wrong."""
        told = [self._phase(), *self._limits(), *self._locks(story), *self._wrong()]
        return [self._say.sentence(text) for text in told]

    def _now(self, key: str, **fields: str) -> str:
        return self._say.texts.now[key].format_map(Fields(name=self._say.name, **fields))

    def _phase(self) -> str:
        state = self._state
        phase, contact, flame = state.get("phase"), state.get("contact"), state.get("flame")
        if phase == "ready" and contact != "closed":
            return self._now("unread")
        if phase == "ready" and flame == "lit":
            since = state.get("burning_since")
            phrase = "" if since is None else self._say.texts.parts["lit_since"]
            # What outlasts the flame, or only goes with it, does not show one.
            sure = state.get("flame_evidence") != "inferred"
            key = "burns" if sure else "burns_inferred"
            return self._now(key, since=phrase.format(minute=self._say.time({"at": since})))
        if phase == "ready":
            return self._now("out" if flame == "out" else "unseen")
        if phase == "locked_out":
            locks = self._say.texts.names.comma.join(self._say.shown(one) for one in self._held)
            return self._now("locked_out" if contact == "open" else "locked_unread", locks=locks)
        if phase == "tripped" and contact != "open":
            return self._now("tripped_unread")
        if phase in ("starting", "tripping", "tripped", "trip_failed"):
            return self._now(str(phase))
        return self._now("other", phase=self._say.shown(phase))

    @property
    def _held(self) -> list[str]:
        return list(self._state.get("locks") or ())

    def _limits(self) -> list[str]:
        told = []
        timer, end = self._state.get("timer"), self._state.get("must_end_at")
        if timer and timer.get("waiting"):
            told.append(
                self._now(
                    "timer_waits",
                    duration=self._say.duration(timer.get("duration_s")),
                    label=self._say.label(timer),
                )
            )
        elif timer:
            told.append(
                self._now(
                    "timer" if timer.get("guaranteed") else "timer_unsure",
                    duration=self._say.duration(timer.get("duration_s")),
                    label=self._say.label(timer),
                    when=self._say.when(timer.get("ends_at")),
                )
            )
        told += [
            self._now(
                "reminder", label=self._say.label(one), when=self._say.when(one.get("ends_at"))
            )
            for one in self._state.get("reminders") or ()
        ]
        if end and self._state.get("phase") == "ready":
            told.append(self._now("max_burn", when=self._say.when(end)))
        if self._state.get("flame") == "lit" and self._state.get("phase") in (
            "tripped",
            "locked_out",
        ):
            told.append(self._now("lit_shut"))
        return told

    def _locks(self, story: Story) -> list[str]:
        held = self._held
        if not held:
            return []
        told = [self._since(event) for event in story.locked.values()]
        hazards = self._state.get("hazards") or {}
        reporting = [name for name, said in hazards.items() if said == "alarm"]
        burner = str(self._state.get("burner"))
        if reporting:
            told.append(self._now("reports", sensor=self._say.texts.names.comma.join(reporting)))
        if set(held) - {lock for _, lock in _ENDS}:
            told.append(self._now("rearm", burner=burner))
        told += [self._now(key, burner=burner) for key, lock in _ENDS if lock in held]
        return told

    def _since(self, locked: Event) -> str:
        fields = self._say.fields(locked)
        fields["when"] = self._say.time(locked)
        texts = self._say.texts.now
        text = texts.get(f"since:{locked.get('reason')}") or texts["since"]
        return text.format_map(fields)

    def _wrong(self) -> list[str]:
        problem, told = self._relay.get("problem"), []
        if self._relay.get("reachable") is False:
            told.append(self._now("unreachable", message=self._say.message({"message": problem})))
        elif problem:
            told.append(self._now("relay", message=str(problem)))
        sensors = self._state.get("sensor_problems") or {}
        told += [self._now("sensor", sensor=one, message=str(why)) for one, why in sensors.items()]
        troubles = self._state.get("troubles") or ()
        return told + [self._say.part("trouble", message=str(trouble)) for trouble in troubles]
