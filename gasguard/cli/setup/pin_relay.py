"""A relay on this machine's own pins."""

from collections.abc import Mapping
from typing import Any

from gasguard.cli.setup.background import Background
from gasguard.cli.setup.devices import switch_of
from gasguard.cli.setup.found import FoundRelay
from gasguard.cli.setup.plan import Plan
from gasguard.cli.setup.questions import Questions
from gasguard.cli.setup.talk import Talk
from gasguard.drivers.board import Board
from gasguard.errors import DriverError, GasguardError

_ANSWERS_WITHIN = 1.0


class PinRelayPart:
    """Asks for the pin that drives the coil, and whether it can be had."""

    def __init__(
        self,
        talk: Talk,
        plan: Plan,
        work: Background,
        *,
        daemon_runs: bool = False,
        board: Board | None = None,
    ) -> None:
        """A running daemon holds the pin: it is not tried then. `board`: None is this machine's."""
        self._talk, self._plan, self._work = talk, plan, work
        self._daemon_runs, self._board = daemon_runs, board
        self._questions = Questions(talk.language, plan.folder)

    def run(self, _burner: str, before: Mapping[str, Any]) -> FoundRelay:
        """The relay without its wiring. Raises Misused, GasguardError."""
        again = False
        while True:
            described = self._described(before, again)
            problem = "" if self._daemon_runs else self._tried(described)
            if not problem:
                if not self._daemon_runs:
                    self._talk.say("pin_there", line=described["line"])
                return FoundRelay(described)
            again = True
            self._talk.trouble(self._talk.text("pin_trouble", problem=problem))

    def _described(self, before: Mapping[str, Any], again: bool) -> dict[str, Any]:
        line, active = before.get("line"), before.get("active")
        described = {
            **{key: one for key, one in before.items() if key != "contact"},
            "driver": "gpio",
            "line": self._talk.ask(self._questions.pin, line and str(line), again=again),
            "active": self._talk.ask(self._questions.active, active, again=again),
        }
        if (chip := self._talk.given(self._questions.chip)) is not None:
            described["chip"] = chip
        return described

    def _tried(self, described: Mapping[str, Any]) -> str:
        """Why it cannot be had, or nothing. The pin is taken as it is; one that is an input becomes
        an output that releases the coil."""

        async def read() -> str:
            try:
                async with switch_of(described, {}, self._plan.folder, self._board) as switch:
                    await switch.is_on(_ANSWERS_WITHIN)
            except (DriverError, GasguardError) as error:
                return str(error)
            return ""

        return self._work.run(read())
