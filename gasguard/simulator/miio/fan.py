"""A Mi Home hood on the miIO protocol: the power is a switch, the level a number beside it."""

from random import Random
from typing import Any

from gasguard.config.hood import MiotHood
from gasguard.simulator.channels import ChannelSpec
from gasguard.simulator.miio.relay import BAD_VALUE, NOT_FOUND, OK, MiRelay, place_of
from gasguard.simulator.motor import Motor


class MiFan(MiRelay):
    """A hood like viomi.hood.*: a level is taken while it runs alone, its lid is shut else."""

    def __init__(self, settings: MiotHood, *, random: Random, now: float) -> None:
        power = settings.power
        super().__init__(
            bytes.fromhex(settings.token.get_secret_value()),
            random.getrandbits(32),
            [ChannelSpec(power.siid, power.piid)],
            random=random,
            now=now,
            model="viomi.hood.c8",
        )
        self.motor = Motor(settings.words.values())
        self.motor.bind(self, (power.siid, power.piid))
        self._level = settings.level.siid, settings.level.piid

    def _get_one(self, item: dict[str, Any], now: float) -> dict[str, Any]:
        place, key = place_of(item)
        if key == self._level:
            return {**place, "code": OK, "value": int(self.motor.level)}
        return super()._get_one(item, now)

    def _set_one(self, item: dict[str, Any], now: float) -> dict[str, Any]:
        place, key = place_of(item)
        if key != self._level:
            return super()._set_one(item, now)
        value = item.get("value")
        if self.faults.refuse:
            return {**place, "code": NOT_FOUND}
        if self.faults.lying:
            return {**place, "code": OK}
        if type(value) is not int or not 0 <= value <= 255 or not self.motor.on:
            return {**place, "code": BAD_VALUE}
        self.motor.set_level(str(value))
        return {**place, "code": OK}
