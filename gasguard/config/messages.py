"""Messages to people's phones in the configuration."""

import difflib
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from gasguard.config.fields import EachOnce, Strict
from gasguard.config.names import Name
from gasguard.config.schedules import EndOfWindow, TimeOfDay

USUAL_CAUSES = (
    "hazard",
    "trip_failed",
    "prewarning",
    "trip",
    "relay_unreachable",
    "sensor_silent",
)
"""What everybody is told where there are no routes."""
CAUSES = (
    *USUAL_CAUSES,
    "trip_confirmed",
    "rearmed",
    "timer_started",
    "timer_extended",
    "timer_cancelled",
    "reminder",
    "flame_lit",
    "flame_out",
    "relay_recovered",
    "sensor_recovered",
    "sensor_tested",
    "locked",
    "unlocked",
    "proof_test_passed",
    "proof_test_failed",
    "schedule_skipped",
)
"""The contract's events, but for rejections and what becomes of messages; `hazard` is any alarm."""
_ALARMS = {"gas_alarm", "carbon_monoxide", "smoke_alarm", "overheat", "alarm", "gas", "smoke"}
"""Words of the contract that people may write for `hazard`."""
_MOST_ADDRESSES = 16
_ADDRESS = re.compile(r"[a-z][a-z0-9.+-]{0,31}://\S+", re.ASCII | re.IGNORECASE)
_ANOTHER = re.compile(r"[,;]\s*[a-z][a-z0-9.+-]{0,31}://", re.ASCII | re.IGNORECASE)
_DAY = 24 * 60


def _address(value: object) -> object:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value.strip()):
        raise ValueError(
            "is no address that messages can go to; write for example ntfy://TOPIC or "
            "barks://api.day.app/KEY (firmware_notes/messages.md has one for each service)"
        )
    if _ANOTHER.search(value):
        raise ValueError(
            "is more than one address; give each a name of its own, for example "
            "{mum: ntfy://TOPIC, dad: ntfy://OTHER}"
        )
    return value.strip()


def _cause(value: str) -> str:
    if value not in CAUSES:
        word = value.lower().replace("-", "_")
        near = difflib.get_close_matches(word, CAUSES, 1, 0.6)
        meant = ["hazard"] if word in _ALARMS else near
        told = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(CAUSES)}"
        raise ValueError(f"is no cause that messages have; {told}")
    return value


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Address = Annotated[SecretStr, BeforeValidator(_address)]
"""An Apprise URL. Whoever has it can write to that phone."""
Cause = Annotated[str, AfterValidator(_cause)]
Names = Annotated[list[str], BeforeValidator(_several), EachOnce]


class Quiet(Strict):
    """Hours [from, to) by the local clock that hold back what is not urgent; they may cross
    midnight. Both are minutes after midnight."""

    begins: TimeOfDay = Field(alias="from")
    to: EndOfWindow

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.begins == self.to % _DAY:
            raise ValueError(
                "from and to are the same time; leave quiet out where nothing is held back"
            )
        return self

    def holds_at(self, minute: int) -> bool:
        """Whether they hold at this minute of the day."""
        if self.begins < self.to:
            return self.begins <= minute < self.to
        return minute >= self.begins or minute < self.to


class Messages(Strict):
    """Who is told what, in which language, and when not."""

    to: dict[Name, Address] = Field(
        min_length=1, max_length=_MOST_ADDRESSES, examples=["to: {mum: ntfy://TOPIC}"]
    )
    routes: dict[Cause, Names] | None = Field(None, examples=["routes: {trip: [mum]}"])
    """Names of `to`, by cause. None: everybody, of `USUAL_CAUSES`."""
    language: Literal["en", "zh"] = "en"
    quiet: Quiet | None = Field(None, examples=['quiet: {from: "22:00", to: "07:00"}'])

    def recipients(self, cause: str) -> list[str]:
        """Names of those who are told of this cause."""
        if self.routes is None:
            return list(self.to) if cause in USUAL_CAUSES else []
        return self.routes.get(cause, [])
