"""Burners in the configuration."""

import contextlib
import math
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from gasguard.config.fields import Duration, Strict
from gasguard.config.relays.base import Channel, ModuleConfig, RelayConfig
from gasguard.config.relays.families import AnyRelay
from gasguard.config.sensors import AnyFlame
from gasguard.durations import format_duration

NO_RELAY = "needs either relay: or relays: (several in series)"
NO_FLAME = "needs flame: (how else to know that it burns?)"
NEED_FLAME = ("max_burn", "unattended", "away")
USUAL_MAX_BURN = 2 * 3600.0
"""Seconds that a flame which is sensed burns at most, unless the file says otherwise."""
_MOST_KW = 50
"""A wok range of a restaurant; a burner at home has 1 to 6."""
_LONGEST_TIMER = 24 * 3600.0


def is_off(value: object) -> bool:
    """Whether a limit of the file is switched off in words."""
    return isinstance(value, str) and value.strip().lower() == "off"


def _kilowatts(value: object) -> float:
    said = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*(k?w)?", str(value).strip().lower())
    power = 0.0 if said is None else float(said[1]) / (1000 if said[2] == "w" else 1)
    if not 0 < power <= _MOST_KW:
        raise ValueError(
            f"is the burner's heat at full flame in kW, more than 0 and at most {_MOST_KW}; write "
            "for example 3.8"
        )
    return power


def _preset(value: float) -> float:
    # What people touch is shown, and sent, in hours, minutes and seconds.
    if not 1 <= value <= _LONGEST_TIMER or value % 1:
        raise ValueError("must be whole seconds, at least 1s and at most 24h; write for example 8m")
    return value


def _each_once(value: list[float]) -> list[float]:
    for one in value:
        if value.count(one) > 1:
            raise ValueError(f"has {format_duration(one)} twice; write each duration once")
    return value


Preset = Annotated[Duration, AfterValidator(_preset)]
Kilowatts = Annotated[float, BeforeValidator(_kilowatts)]


class Limits(Strict):
    """How long things may last. Each is a duration."""

    max_burn: Annotated[Duration, Field(ge=10, le=24 * 3600)] | None = None
    """None: `USUAL_MAX_BURN`. Infinity: `off`."""
    unattended: Annotated[Duration, Field(ge=1, le=24 * 3600)] | None = None
    """How long nobody may be in the kitchen while it burns."""
    away: Annotated[Duration, Field(ge=0, le=24 * 3600)] | None = None
    """How long it may burn while nobody is at home."""
    prewarn: Duration = Field(60.0, ge=0, le=3600)
    rearm_after: Duration = Field(10.0, ge=2, le=600)
    flame_out_within: Duration = Field(120.0, ge=1, le=600)

    @field_validator("max_burn", mode="wrap")
    @classmethod
    def _may_be_off(cls, value: object, check: ValidatorFunctionWrapHandler) -> object:
        return math.inf if is_off(value) else check(value)

    @field_validator("unattended", "away", mode="wrap")
    @classmethod
    def _may_be_none(cls, value: object, check: ValidatorFunctionWrapHandler) -> object:
        return None if is_off(value) else check(value)


class _Part(Strict):
    """What may stand below a burner, each by itself."""

    name: str | None = Field(None, min_length=1, max_length=64)
    relay: AnyRelay | None = None
    relays: list[AnyRelay] | None = Field(None, min_length=1, max_length=4)
    voice: Channel | None = Field(None, examples=["voice: {siid: 4, piid: 1}"])
    flame: AnyFlame | None = Field(
        None, examples=["flame: {driver: mqtt, topic: kitchen/left/flame}"]
    )
    limits: Limits = Field(Limits(), examples=["limits: {max_burn: 2h}"])
    presets: Annotated[list[Preset], AfterValidator(_each_once)] = Field([], max_length=12)
    """Timers that are set with one touch, in the order in which people see them."""
    rated_kw: Kilowatts | None = None
    """Heat at full flame (热负荷), as on its rating plate: for the estimate of gas."""


class BurnerConfig(_Part):
    """One burner: its relay or relays in series, and what belongs to them."""

    @property
    def in_series(self) -> Sequence[RelayConfig]:
        """Every relay of this burner; opening any one of them takes the flame away."""
        return self.relays or ([self.relay] if self.relay else [])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.relay is None) == (self.relays is None):
            raise ValueError(NO_RELAY)
        if self.voice and self.voice_relay is None:
            raise ValueError("voice needs a relay with driver: miot")
        for limit in NEED_FLAME:
            wanted = getattr(self.limits, limit)
            if wanted not in (None, math.inf) and self.flame is None:
                raise ValueError(f"limits.{limit} {NO_FLAME}")
        return self

    @classmethod
    def sound_parts(cls, raw: object) -> "BurnerConfig":
        """Of a burner with faults, those of its parts that have none by themselves."""
        parts: dict[str, Any] = {}
        for key, value in raw.items() if isinstance(raw, dict) else ():
            if key in cls.model_fields:
                with contextlib.suppress(ValidationError):
                    parts[key] = getattr(_Part.model_validate({key: value}), key)
        return cls.model_construct(**parts)

    @property
    def max_burn(self) -> float | None:
        """Seconds that it burns at most; None without end."""
        if self.flame is None or self.limits.max_burn == math.inf:
            return None
        return self.limits.max_burn or USUAL_MAX_BURN

    @property
    def voice_relay(self) -> ModuleConfig | None:
        """The module that carries the voice channel: the first one that has channels."""
        return next((one for one in self.in_series if isinstance(one, ModuleConfig)), None)

    def voice_on(self, relay: RelayConfig) -> Channel | None:
        """The voice channel, if this of the burner's relays carries it."""
        return self.voice if relay is self.voice_relay else None

    def placed(self, burner_id: str) -> Iterator[tuple[str, RelayConfig]]:
        """Each relay with its place in the file."""
        for index, relay in enumerate(self.in_series):
            yield f"burners.{burner_id}." + ("relay" if self.relay else f"relays.{index}"), relay
