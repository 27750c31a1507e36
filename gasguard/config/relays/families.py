"""Every family that `driver:` may name."""

from typing import Annotated

from pydantic import Field

from gasguard.config.relays.gpio import GpioRelay
from gasguard.config.relays.miio import MiioRelay, MiotRelay
from gasguard.config.relays.mqtt import MqttRelay

AnyRelay = Annotated[MiotRelay | MiioRelay | MqttRelay | GpioRelay, Field(discriminator="driver")]
