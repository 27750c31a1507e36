"""A whole household: broker, simulated stove with its sensors, daemon, page, and phones."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from gasguard.simulator.bridge import SimulatorBridge
from tests.browser.chromium import device
from tests.support.brokers import Mosquitto
from tests.support.kitchen import Kitchen, burner
from tests.support.processes import Process, free_port, listens
from tests.support.waiting import eventually

SPEED = 20.0
"""Of the stove's physics: nobody likes to hold a knob for six seconds."""


class Household:
    """Burners `left` and `right`, both with a flame sensor; `right` has no presets."""

    def __init__(self, broker: Mosquitto, browser: Browser, folder: Path) -> None:
        self.browser = browser
        self.port = free_port()
        base = f"page{self.port}"
        self.kitchen = Kitchen(
            folder,
            broker,
            {
                "left": self._burner(base, "left", name="Left burner", presets=["3m", "8m"]),
                "right": self._burner(base, "right", name="Right <b>burner</b>"),
            },
            mqtt={"base_topic": base},
            web={"host": "127.0.0.1", "port": self.port, "language": "auto"},
            schedules={"night": {"lock": {"from": "03:00", "to": "03:01"}}},
        )
        self.kitchen.base = base
        self.stove = self.kitchen.stove(speed=SPEED)
        self._bridge = self.stove.do(lambda world: SimulatorBridge(self.kitchen.config, world))
        self.daemon = self.kitchen.daemon()
        # Behind the daemon: only a live word says that a flame is out.
        self.stove.do(lambda _world: self._bridge.start())
        self.web = self.serve()

    @staticmethod
    def _burner(base: str, burner_id: str, **more: Any) -> dict[str, Any]:
        flame = {"driver": "mqtt", "topic": f"{base}_sim/{burner_id}/flame"}
        limits = {"rearm_after": "2s", "max_burn": "2h", "flame_out_within": "20s"}
        return burner(flame=flame, limits=limits, **more)

    def serve(self) -> Process:
        """Start `gasguard web`, and wait until it is there."""
        process = self.kitchen.process("web", "-c", str(self.kitchen.path))
        eventually(lambda: listens(self.port) or not process.running, 15, "the page is served")
        assert process.running, process.output
        return process

    @contextlib.contextmanager
    def phone(self, path: str = "", **options: Any) -> Iterator[Page]:
        """The page on a phone that is on this machine's loopback, and therefore logged in."""
        with device(self.browser, **options) as context:
            page = context.new_page()
            page.goto(f"http://localhost:{self.port}/{path}")
            if options.get("java_script_enabled", True):
                expect(page.locator("body")).to_have_attribute("data-link", "live")
            yield page

    # --- the kitchen --------------------------------------------------------------------------

    def state(self, burner: str = "left") -> dict[str, Any]:
        states = eventually(self.kitchen.ask, 5, "the daemon answers")
        return states[burner]

    def until(self, burner: str = "left", within: float = 8.0, **what: Any) -> None:
        """Wait until the daemon says so."""

        def there() -> bool:
            state = (self.kitchen.ask() or {}).get(burner, {})
            return all(state.get(key) == value for key, value in what.items())

        eventually(there, within, f"{burner}: {what}")

    def light(self, burner: str = "left") -> None:
        """Light it, and wait until the daemon knows."""
        self.stove.light(burner)
        self.until(burner, flame="lit")

    def set_timer(self, duration: str, label: str = "", burner: str = "left") -> None:
        said = self.kitchen.order(
            "timer", json.dumps({"duration": duration, "label": label}), burner
        )
        assert said[0]["status"] == "accepted", said

    def calm(self) -> None:
        """As the next test finds it: nothing burns, no timer runs, every circuit is closed."""
        for name in ("left", "right"):
            self.stove.tell(f"fault {name} clear")
            self.stove.do(lambda world, name=name: world.turn_off(name))
            self.kitchen.order("timer", "cancel", name)
            self.kitchen.order("lock", "UNLOCK", name)
            self.kitchen.rearm(name)
            # After a restart nobody knows a flame that is out until its sensor has spoken again.
            self.until(name, within=15, phase="ready", timer=None, locks=[])
            eventually(lambda name=name: self.state(name)["flame"] != "lit", 5, "the flame is out")

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.stove._run(self._bridge.stop())
        self.kitchen.close()


def card(page: Page, burner: str = "left") -> Any:
    """That burner's part of the page."""
    return page.locator(f"#burner-{burner}")
