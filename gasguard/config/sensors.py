"""Sensors in the configuration: flames, alarms, and whether anybody is there."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gasguard.config.fields import Availability, DeviceTopic, Duration, Strict
from gasguard.config.flames import AdcFlame, FlameConfig, Millivolts
from gasguard.config.relays.base import Claim
from gasguard.quantities import Quantity, parse_quantity, same_word

_SAME_FLAME = (
    "is the topic of {other} too; one flame cannot speak for two burners: "
    "each needs a sensor, or a field: of a message, of its own"
)
_SILENT_AFTER = 25 * 3600.0
"""What Zigbee2MQTT allows a battery device: one report a day, and an hour."""
_ALARM_WORDS = frozenset(
    {"alarm", "on", "true", "1", "detected", "triggered", "active", "fire", "heavy"}
    | {"prealarm", "pre-alarm", "pre_alarm"}
)
_CLEAR_WORDS = frozenset(
    {"clear", "off", "false", "0", "normal", "none", "ok", "inactive", "idle"}
    | {"not_detected", "no_alarm"}
)
"""Beside the contract's words those that Zigbee2MQTT's definitions have for such alarms."""
_USUAL_FIELDS = {
    "gas_alarm": "gas",
    "smoke_alarm": "smoke",
    "carbon_monoxide": "carbon_monoxide",
}


def _several(value: object) -> object:
    """One or a list, each with its keys or as its topic alone."""
    parts = value if isinstance(value, list) else [value]
    return [{"topic": part} if isinstance(part, str) else part for part in parts]


def _words(value: object) -> object:
    words = value if isinstance(value, list) else [value]
    known = [same_word(word) for word in words if isinstance(word, str | int | float)]
    if not words or len(known) < len(words):
        raise ValueError("is a word or a list of words; write for example [prealarm, alarm]")
    return tuple(known)


def _level(value: object) -> Quantity:
    quantity = parse_quantity(str(value)) if isinstance(value, str | int | float) else None
    if quantity is None or isinstance(value, bool):
        raise ValueError("is a number, with a unit or without: 60, 60 °C, 28 mV, 10 %LEL")
    return quantity


_DIFFERENCE = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)\s*(?:[kK]|°C|℃)?", re.ASCII)
_THERE_WORDS = frozenset(
    {"on", "true", "1", "home", "present", "presence", "occupied", "detected", "motion"}
)
_NOBODY_WORDS = frozenset(
    {"off", "false", "0", "away", "not_home", "absent", "unoccupied", "none", "clear"}
    | {"not_detected", "no_motion", "nobody"}
)
"""Beside the contract's words those of Zigbee2MQTT, ESPHome and Home Assistant's trackers."""

Availabilities = Annotated[list[Availability], BeforeValidator(_several)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Level = Annotated[Quantity, BeforeValidator(_level)]


class OnTopic(Strict):
    """What every sensor behind the broker takes: where it speaks, and what its words mean.

    A sensor says one of two things: its danger (alarm, lit, nobody there) or that there is none.
    """

    topic: DeviceTopic
    field: str | None = Field(None, min_length=1)
    """Key of a JSON object, or a dotted path to it (`result.output`)."""
    on: Words = ()
    off: Words = ()
    """Words beside the usual ones; with both lists given, only these count. `on` is alarm, lit,
    somebody there."""
    on_above: Level | None = None
    off_below: Level | None = None
    """For sensors that say numbers. Between the two levels it is what it was."""
    availability: Availabilities = Field([])
    """Each must say online for the sensor to count as one that can be heard."""
    expire_after: Duration = Field(_SILENT_AFTER, ge=2, le=7 * 24 * 3600)
    """Silence of the sensor itself for so long makes what it said worth nothing."""

    usual_on: ClassVar[frozenset[str]] = frozenset()
    usual_off: ClassVar[frozenset[str]] = frozenset()
    on_is_danger: ClassVar[bool] = True
    """Whether what its `on` words say is the danger."""
    possible: ClassVar[tuple[float, float]] = (-40.0, 1e6)
    """Numbers beyond these are a broken wire or another unit: a heat sensor without one says −127
    (DS18B20)."""

    @property
    def any_number(self) -> bool:
        """Whether every number but 0 is on; else only 1 is."""
        return False

    @property
    def word_in(self) -> str | None:
        """The key of a JSON object that holds its word; None: no JSON is expected."""
        return self.field

    @property
    def levels(self) -> tuple[Quantity, Quantity] | None:
        """From where up a number is on, and from where down it is off."""
        if self.on_above is None:
            return None
        return self.on_above, (self.off_below or self.on_above).as_beside(self.on_above)

    @property
    def words(self) -> tuple[frozenset[str], frozenset[str]]:
        """What is understood: words of on, and words of off."""
        on, off = frozenset(self.on), frozenset(self.off)
        if (on and off) or self.levels:
            return on, off
        return on | (self.usual_on - off), off | (self.usual_off - on)

    def topics(self) -> Iterator[tuple[str, str]]:
        """What it listens to on the broker, as (key in the file, topic)."""
        yield "topic", self.topic
        for index, availability in enumerate(self.availability):
            several = f".{index}" if len(self.availability) > 1 else ""
            yield f"availability{several}.topic", availability.topic

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if both := sorted({*self.on} & {*self.off}):
            raise ValueError(f"{both[0]} stands under on: and under off:")
        for key, own, opposite, other in (
            ("off", self.on, self.usual_off, self.off),
            ("on", self.off, self.usual_on, self.on),
        ):
            if not other and (turned := sorted({*own} & opposite)):
                text = f"{turned[0]} usually means the opposite: say {key}: too"
                raise ValueError(f"{text}, for example on: [false], off: [true]")
        if self.on_above is None:
            if self.off_below is not None:
                raise ValueError("off_below needs on_above, for example on_above: 60")
        elif self.off_below:
            off_below = self.off_below.as_beside(self.on_above)
            if not off_below.fits(self.on_above):
                told = f"{off_below.unit} and {self.on_above.unit} cannot be compared"
                raise ValueError(f"off_below must be in the unit of on_above: {told}")
            if not off_below.below(self.on_above):
                raise ValueError("off_below must be less than on_above, for example 45 and 60")
        return self


class FlameOnTopic(OnTopic, FlameConfig):
    """A flame sensor behind the broker."""

    def claims(self) -> Iterator[Claim]:
        """See `FlameConfig.claims`."""
        parts = frozenset({self.field}) if self.field else None
        yield Claim("topic", ("flame", self.topic), parts, _SAME_FLAME)


class MqttFlame(FlameOnTopic):
    """A flame sensor that publishes on a topic: lit/out, on/off, true/false, 1/0, or numbers."""

    driver: Literal["mqtt"]

    usual_on = frozenset({"lit", "on", "true", "1"})
    usual_off = frozenset({"out", "off", "false", "0"})

    @property
    def word_in(self) -> str | None:
        """See `OnTopic.word_in`."""
        return self.field or "flame"


class ThermocoupleFlame(Millivolts, FlameOnTopic):
    """The stove's own thermocouple: its millivolts as a number on a topic."""

    driver: Literal["thermocouple"]

    possible = (-5.0, 60.0)
    """mV. A healthy one gives 18 to 30 at full flame with its circuit open; noise and reversed
    wires explain the rest."""

    @property
    def levels(self) -> tuple[Quantity, Quantity]:
        """See `OnTopic.levels`."""
        return Quantity(self.lit_above, "mV", "mv"), Quantity(self.out_below, "mV", "mv")

    @model_validator(mode="after")
    def _no_words(self) -> Self:
        if self.on or self.off or self.on_above or self.off_below:
            raise ValueError("a thermocouple has lit_above and out_below (millivolts), no words")
        return self


def _kelvin(value: object) -> float:
    said = _DIFFERENCE.fullmatch(str(value).strip())
    if said is None:
        raise ValueError("is a difference of temperature in K; write for example 2 K")
    return float(said[1])


Kelvin = Annotated[float, BeforeValidator(_kelvin)]


class HeatFlame(FlameOnTopic):
    """A temperature over the hob: a pan that is heated warms it, and more quickly than a day does.

    The defaults are what cheap Zigbee sensors show 30 to 60 s after a burner was lit.
    """

    driver: Literal["temperature"]
    evidence: Literal["inferred"] = "inferred"
    rise: Kelvin = Field(2.0, ge=0.5, le=50)
    """So much warmer than at any time within `within`: lit."""
    fall: Kelvin = Field(3.0, ge=0.5, le=50)
    """So much colder than at any time within `within`: out."""
    within: Duration = Field(120.0, ge=10, le=1800)

    possible = (-40.0, 500.0)
    """°C. Below is a sensor without its wire, above is no place to put one."""

    @property
    def word_in(self) -> str | None:
        """By default `temperature`, as Zigbee2MQTT has it."""
        return self.field or "temperature"

    @model_validator(mode="after")
    def _no_words(self) -> Self:
        if self.on or self.off or self.on_above or self.off_below:
            raise ValueError(
                "is judged by rise, fall and within; for levels use driver: mqtt with on_above"
            )
        return self


AnyFlame = Annotated[
    MqttFlame | ThermocoupleFlame | HeatFlame | AdcFlame, Field(discriminator="driver")
]


class Hazard(OnTopic):
    """A gas, smoke or heat alarm that publishes on a topic: alarm/clear, on/off, true/false, 1/0,
    a number, or a JSON object with such a word, as Zigbee2MQTT's."""

    driver: Literal["mqtt"]
    kind: Literal["gas_alarm", "carbon_monoxide", "smoke_alarm", "overheat"]
    burners: list[str] | None = Field(None, min_length=1)
    """Those that it shuts off; by default all."""

    def concerns(self, burner: str) -> bool:
        """Whether it shuts off this burner."""
        return self.burners is None or burner in self.burners

    usual_on = _ALARM_WORDS
    usual_off = _CLEAR_WORDS

    @property
    def any_number(self) -> bool:
        """Not of heat: without levels a temperature would be an alarm at once, and for ever."""
        return self.kind != "overheat"

    @property
    def word_in(self) -> str | None:
        """By default `gas`, `smoke` or `carbon_monoxide`, as Zigbee2MQTT has them."""
        return self.field or _USUAL_FIELDS.get(self.kind)


class PeopleSensor(OnTopic):
    """One that says whether somebody is there: a word, or how many people are."""

    driver: Literal["mqtt"]
    kind: Literal["presence", "home"]
    """In the kitchen, or anywhere at home."""
    burners: list[str] | None = Field(None, min_length=1)
    """Those that it concerns; by default all."""

    usual_on = _THERE_WORDS
    usual_off = _NOBODY_WORDS
    on_is_danger = False

    @property
    def any_number(self) -> bool:
        """So many people are there."""
        return True

    def concerns(self, burner: str) -> bool:
        """Whether it is for this burner."""
        return self.burners is None or burner in self.burners

    @property
    def word_in(self) -> str | None:
        """By default `occupancy` for presence, as Zigbee2MQTT has it."""
        return self.field or ("occupancy" if self.kind == "presence" else None)


AnySensor = Annotated[
    AnyFlame | Hazard | PeopleSensor,
    Field(discriminator="kind"),
]
"""What stands under `sensors:`, by `kind:`."""
