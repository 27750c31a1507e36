"""One household with Home Assistant in it: broker, simulated stove, daemon, core."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.ha.core import HomeAssistant
from tests.ha.cores import Core
from tests.support.brokers import Mosquitto
from tests.support.kitchen import Kitchen, burner
from tests.support.processes import Process

BASE = "gasguard"
_FLAME = "stove/left/flame"
_GAS = "stove/gas"
_PIR = "stove/pir"


def _far_from_now() -> dict[str, str]:
    """A window that does not hold before the tests are over."""
    begins = datetime.now(UTC) + timedelta(hours=6)
    return {"from": f"{begins:%H:%M}", "to": f"{begins + timedelta(hours=1):%H:%M}"}


class House:
    """Home Assistant knows the broker, and of gasguard what that tells it."""

    def __init__(self, core: Core, form: str, folder: Path) -> None:
        self.core, self.form = core, form
        self.broker = Mosquitto(folder / "broker")
        (folder / "kitchen").mkdir()
        limits = {"rearm_after": "2s", "prewarn": "6s"}
        flame = {"driver": "mqtt", "topic": _FLAME}
        left = burner(name="Left burner", flame=flame, limits=limits, rated_kw="3.8")
        right = burner(name="Right burner")
        self.kitchen = Kitchen(
            folder / "kitchen",
            self.broker,
            {"left": left, "right": right},
            mqtt={"base_topic": BASE, "home_assistant": {"form": form}},
            allow_remote_rearm=True,
            hazards={"kitchen_gas": {"driver": "mqtt", "kind": "gas_alarm", "topic": _GAS}},
            sensors={"kitchen_pir": {"driver": "mqtt", "kind": "presence", "topic": _PIR}},
            schedules={"night": {"lock": _far_from_now()}},
            timezone="UTC",
            web={"names": ["stove.home"]},
        )
        self.kitchen.base = BASE
        self._core_runs = False
        try:
            self._furnish(folder)
        except BaseException:
            self.close()
            raise

    def _furnish(self, folder: Path) -> None:
        self.ear = self.kitchen.ear(also=("homeassistant/#",))
        self._stranger()
        self.stove = self.kitchen.stove()
        self.daemon = self.kitchen.daemon()
        self.ha = HomeAssistant(self.core, folder / "ha")
        self._core_runs = True
        self.ha.add_broker(self.broker.host, self.broker.port)

    def close(self) -> None:
        try:
            self.kitchen.close()
        finally:
            self.broker.stop()
            if self._core_runs:
                self.ha.stop()

    def _stranger(self) -> None:
        """A switch of another program: something that can be switched on, and stays."""
        porch = {"name": "Porch", "unique_id": "porch", "command_topic": f"{BASE}_sim/porch"}
        self.ear.publish("homeassistant/switch/porch/config", porch, retain=True)

    def flame(self, word: str) -> None:
        """What the flame sensor of the left burner publishes."""
        self.ear.publish(_FLAME, word)

    def gas(self, word: str) -> None:
        """What the gas alarm publishes, which both burners heed."""
        self.ear.publish(_GAS, word)

    def announced(self) -> set[str]:
        """Topics of the discovery messages that the broker holds."""
        held = {one.topic: one.payload for one in self.ear.heard if one.retain}
        return {topic for topic, payload in held.items() if payload and f"/{BASE}/" in topic}

    def reconfigure(self, **home_assistant: Any) -> Process:
        """Start the daemon again on its configuration as it now is."""
        self.daemon.stop()
        self.kitchen.data["mqtt"]["home_assistant"].update(home_assistant)
        self.kitchen.write()
        self.daemon = self.kitchen.daemon()
        return self.daemon
