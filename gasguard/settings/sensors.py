"""Flame sensors and hazard sensors in the configuration."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gasguard.settings.fields import TOPIC, Availability, DeviceTopic, Duration, Strict

_SILENT_AFTER = 25 * 3600.0
"""What Zigbee2MQTT allows a battery device: one report a day, and an hour."""


class MqttFlame(Strict):
    """A flame sensor that publishes on a topic: lit/out, on/off, true/false, 1/0."""

    driver: Literal["mqtt"]
    topic: str = Field(pattern=TOPIC)


class ThermocoupleFlame(Strict):
    """The stove's own thermocouple, measured: its millivolts as a number on a topic."""

    driver: Literal["thermocouple"]
    topic: str = Field(pattern=TOPIC)
    lit_above: float = Field(6.0, gt=0, le=30)
    out_below: float = Field(3.0, gt=0, le=30)
    expire_after: Duration = Field(15.0, ge=2, le=600)

    @model_validator(mode="after")
    def _levels_apart(self) -> Self:
        if self.out_below >= self.lit_above:
            raise ValueError(
                "out_below must be less than lit_above (millivolts, for example 3 and 6)"
            )
        return self


FlameSensor = Annotated[MqttFlame | ThermocoupleFlame, Field(discriminator="driver")]


class Hazard(Strict):
    """A gas, smoke or heat alarm that publishes on a topic: alarm/clear, on/off, true/false, 1/0,
    or a JSON object with such a word, as Zigbee2MQTT's."""

    driver: Literal["mqtt"]
    kind: Literal["gas_alarm", "smoke_alarm", "overheat"]
    topic: DeviceTopic
    field: str | None = Field(None, min_length=1)
    """Of a JSON object; by default Zigbee2MQTT's own for this kind: gas, smoke, heat."""
    availability: Availability | None = None
    expire_after: Annotated[Duration, Field(ge=2, le=7 * 24 * 3600)] | None = None
    """Silence for so long is an alarm of its own. Without it, and without `availability`, 25 h."""
    burners: list[str] | None = Field(None, min_length=1)
    """Those that it shuts off; by default all."""

    @property
    def word_in(self) -> str:
        """The key of a JSON object that says alarm or clear."""
        usual = {"gas_alarm": "gas", "smoke_alarm": "smoke", "overheat": "heat"}
        return self.field or usual[self.kind]

    @property
    def silent_after(self) -> float | None:
        """Seconds without a word that are too many; None where `availability` alone tells."""
        if self.expire_after is None and self.availability is None:
            return _SILENT_AFTER
        return self.expire_after
