"""Flame sensors and hazard sensors in the configuration."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gasguard.config.fields import (
    TOPIC,
    Availability,
    DeviceTopic,
    Duration,
    Number,
    Strict,
)

_SILENT_AFTER = 25 * 3600.0
"""What Zigbee2MQTT allows a battery device: one report a day, and an hour."""
_USUAL_FIELDS = {"gas_alarm": "gas", "smoke_alarm": "smoke"}


def _several(value: object) -> object:
    return [value] if isinstance(value, dict) else value


Availabilities = Annotated[list[Availability], BeforeValidator(_several)]


class FlameConfig(Strict):
    """What every flame sensor declares, so that nobody has to know kinds."""

    driver: str

    def topics(self) -> Iterator[tuple[str, str]]:
        """What it listens to on the broker, as (key in the file, topic)."""
        yield from ()


class _OnTopic(FlameConfig):
    topic: str = Field(pattern=TOPIC)

    def topics(self) -> Iterator[tuple[str, str]]:
        """See `FlameConfig.topics`."""
        yield "topic", self.topic


class MqttFlame(_OnTopic):
    """A flame sensor that publishes on a topic: lit/out, on/off, true/false, 1/0."""

    driver: Literal["mqtt"]


class ThermocoupleFlame(_OnTopic):
    """The stove's own thermocouple, measured: its millivolts as a number on a topic."""

    driver: Literal["thermocouple"]
    lit_above: Number = Field(6.0, gt=0, le=30)
    out_below: Number = Field(3.0, gt=0, le=30)
    expire_after: Duration = Field(15.0, ge=2, le=600)

    @model_validator(mode="after")
    def _levels_apart(self) -> Self:
        if self.out_below >= self.lit_above:
            raise ValueError(
                "out_below must be less than lit_above (millivolts, for example 3 and 6)"
            )
        return self


AnyFlame = Annotated[MqttFlame | ThermocoupleFlame, Field(discriminator="driver")]


class Hazard(Strict):
    """A gas, smoke or heat alarm that publishes on a topic: alarm/clear, on/off, true/false, 1/0,
    or a JSON object with such a word, as Zigbee2MQTT's."""

    driver: Literal["mqtt"]
    kind: Literal["gas_alarm", "smoke_alarm", "overheat"]
    topic: DeviceTopic
    field: str | None = Field(None, min_length=1)
    """Of a JSON object; by default `gas` or `smoke`, as Zigbee2MQTT has them."""
    availability: Availabilities = Field(default_factory=list)
    """Each must say online for the sensor to count as one that can be heard."""
    expire_after: Duration = Field(_SILENT_AFTER, ge=2, le=7 * 24 * 3600)
    """Silence of the sensor itself for so long is an alarm of its own."""
    burners: list[str] | None = Field(None, min_length=1)
    """Those that it shuts off; by default all."""

    def topics(self) -> Iterator[tuple[str, str]]:
        """What it listens to on the broker, as (key in the file, topic)."""
        yield "topic", self.topic
        for availability in self.availability:
            yield "availability.topic", availability.topic

    @property
    def word_in(self) -> str | None:
        """The key of a JSON object that says alarm or clear; None: no JSON is expected."""
        return self.field or _USUAL_FIELDS.get(self.kind)
