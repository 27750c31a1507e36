"""Which way round the contact is wired, seen by what happens: a click, then a flame.

Opening is always safe; closing only re-arms the circuit, and lighting stays manual. The relay moves
only after somebody has said that it may, and is closed again only once the knob is off.
"""

import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Literal

from gasguard.cli.setup.background import Background
from gasguard.cli.setup.checks import Wiring
from gasguard.cli.setup.devices import Switch
from gasguard.cli.setup.talk import Talk
from gasguard.errors import DriverError, Unreachable

_OBEYS_WITHIN = 5.0
_BACK_WITHIN = 2.0
"""Seconds; the latter for who ends the test while the relay is not as it was found."""

Outcome = Wiring | Literal["again", "other", "unknown"]
"""The wiring; or what to do: test again, try another channel; or nothing was learnt."""


class ClickTest:
    """One relay's test. `relay` gives its switch."""

    def __init__(
        self,
        talk: Talk,
        work: Background,
        relay: Callable[[], AbstractAsyncContextManager[Switch]],
    ) -> None:
        self._talk, self._work, self._make = talk, work, relay
        self._stack = AsyncExitStack()
        self._relay: Switch | None = None
        self._found_on: bool | None = None
        """How the switch stood before the test, while it may be put back so at any time."""
        self._lit = False
        """Somebody may have a flame before them."""

    def run(self) -> Outcome:
        """Guide through it. Raises KeyboardInterrupt, with all said that must be."""
        try:
            self._relay = self._work.run(self._stack.enter_async_context(self._make()))
            return self._guided()
        except DriverError as error:
            self._talk.show(self._talk.text("click_gone", problem=error), err=True)
            if self._lit:
                self._talk.show(self._talk.text("knob_off_by_hand"), err=True)
            self._put_back()
            return "again" if self._talk.yes("ask_again", usual=True) else "unknown"
        except BaseException:
            self._left()
            raise
        finally:
            with contextlib.suppress(Exception):
                self._work.run(self._stack.aclose())

    def _guided(self) -> Outcome:
        self._talk.say("click_intro")
        self._talk.wait("click_gas_cock")
        was_on = self._found_on = self._is_on()
        if not self._clicks(was_on):
            self._found_on = None
            return self._no_click()
        self._switch(was_on)
        self._found_on = None
        return self._with_flame(was_on)

    def _clicks(self, was_on: bool) -> bool:
        self._switch(not was_on)
        if self._talk.saw("ask_clicked"):
            return True
        self._switch(was_on)
        self._switch(not was_on)
        heard = self._talk.saw("ask_clicked_now")
        if not heard:
            self._switch(was_on)
        return heard

    def _no_click(self) -> Outcome:
        choices = [
            ("again", self._talk.text("click_again")),
            ("other", self._talk.text("click_other")),
            ("unknown", self._talk.text("click_by_hand")),
        ]
        match self._talk.choose("click_none", choices, "again"):
            case "again":
                return "again"
            case "other":
                return "other"
            case _:
                return "unknown"

    def _with_flame(self, on: bool) -> Outcome:
        self._talk.say("flame_intro")
        self._lit = True
        for attempt in range(2):
            self._talk.wait("flame_light" if not attempt else "flame_light_again")
            if self._talk.saw("ask_burns"):
                return self._shut_off(on)
            self._talk.wait("knob_off")
            if not attempt:
                # It may have been open all the time: closing it lights nothing.
                on = not on
                self._switch(on)
        self._lit = False
        self._switch(not on)
        self._talk.say("flame_never")
        return "unknown"

    def _shut_off(self, on: bool) -> Outcome:
        """It burns while the switch is `on`: the other way it must go out."""
        self._talk.wait("flame_before")
        self._switch(not on)
        went_out = self._talk.saw("ask_went_out")
        self._talk.wait("knob_off")
        self._lit = False
        if not went_out:
            self._talk.say("flame_stays")
            self._switch(on)
            return "unknown"
        self._switch(on)
        self._talk.say("click_closed_again")
        return "normally_open" if on else "normally_closed"

    # --- the relay ----------------------------------------------------------------------------

    def _is_on(self) -> bool:
        return self._work.run(self._driver().is_on(_OBEYS_WITHIN))

    def _switch(self, on: bool, within: float = _OBEYS_WITHIN) -> None:
        """Until it reads back so. Raises DriverError."""
        self._talk.say("click_switching", word=self._talk.text("on" if on else "off"))
        self._work.run(self._driver().set(on, within))

    def _driver(self) -> Switch:
        if self._relay is None:
            raise Unreachable("no relay")
        return self._relay

    def _put_back(self) -> None:
        if self._found_on is None:
            return
        word = self._talk.text("on" if self._found_on else "off")
        try:
            self._work.run(self._driver().set(self._found_on, _BACK_WITHIN))
        except Exception as error:  # noqa: BLE001 - whoever ends the test hears of anything
            self._talk.show(self._talk.text("not_put_back", word=word, problem=error), err=True)

    def _left(self) -> None:
        """Ended in the middle: put it back where that is what nobody can mind, and say the rest."""
        if self._lit:
            self._talk.show(self._talk.text("left_with_flame"), err=True)
        self._put_back()
