"""A day in a kitchen where everything goes wrong, in random order, from one seed."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

from tests.soak.judge import Judge
from tests.soak.site import EXPIRES, MAX_BURN, PI, RELAY, Site

STARTS_WITHIN = 2.5
"""Seconds that a daemon takes to start, imports included, on a busy machine."""
FOUND_WITHIN = 6.0
"""Seconds until a relay that has moved is found by its name: silence, a look-up, its answer."""
SENDS_AGAIN_WITHIN = 2.0
"""Seconds until a socket that remembers another network is replaced."""
_SPEAKS_EVERY = 1.0
_LEAVES_A_TIMER = 0.9
"""How often one that runs is left to end: a cook who sets it anew each time never meets its end."""
_SENSED_WITHIN = 5.0
_HUGE = 300_000
_UNCLEAN = '{"\\ud800": 1}'


class Day:
    """Does something every now and then, heals what it broke, and lets the judge know."""

    def __init__(self, site: Site, random: Random, note: Callable[[str], None]) -> None:
        self._site, self._random, self._note = site, random, note
        self.judge = Judge(site.stove.flame)
        self.done: dict[str, int] = {}
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._broken: set[str] = set()
        """What is broken just now: each thing is broken once at a time."""
        self._broker_well_since = time.monotonic()
        self._sensor = "well"
        self._spoke_at = 0.0
        self._burnt = False
        self._mark = 0
        site.start()
        self.judge.mended("the daemon", after=STARTS_WITHIN)

    # --- the day ------------------------------------------------------------------------------

    def live(self, until: float) -> None:
        """Until then, or until the judge has seen a breach."""
        next_at = time.monotonic()
        while time.monotonic() < until and self.judge.breach is None:
            self._heal()
            self._look_at_the_flame()
            if time.monotonic() >= next_at:
                self._do_something()
                next_at = time.monotonic() + self._random.uniform(0.2, 2.0)
            time.sleep(0.02)

    def _do_something(self) -> None:
        people = (
            *[self._light] * 8,
            *[self._timer] * 6,
            *[self._off] * 2,
            self._voice,
            self._hand,
        )
        trouble = (
            self._crash,
            self._crash,
            self._address,
            self._no_network,
            self._relay_moves,
            self._name_server,
            self._relay_away,
            self._loss,
            self._log_stands,
            self._crash_and_card,
            self._broker_gone,
            self._broker_frozen,
            self._huge,
            self._unclean,
            self._flame_sensor,
            self._gas,
        )
        act = self._random.choice(people if self._random.random() < 0.65 else trouble)
        name = act.__name__.removeprefix("_")
        self.done[name] = self.done.get(name, 0) + 1
        self._note(name)
        act()

    def _for_a_while(self, what: str, begin: Callable[[], None], end: Callable[[], None]) -> None:
        if what in self._broken:
            return
        self._broken.add(what)
        begin()

        def heal() -> None:
            self._broken.discard(what)
            self._note(f"{what} is over")
            end()

        self._later.append((time.monotonic() + self._random.choice([0.5, 2, 5, 10]), heal))

    def _heal(self) -> None:
        due = [heal for at, heal in self._later if at <= time.monotonic()]
        self._later = [one for one in self._later if one[0] > time.monotonic()]
        for heal in due:
            heal()

    # --- the flame and its sensor -------------------------------------------------------------

    def _look_at_the_flame(self) -> None:
        burns, now = self._site.stove.flame(), time.monotonic()
        if burns and not self._burnt:
            self._expect_max_burn()
        elif not burns and self._burnt:
            self.judge.forget("max_burn")
        if burns != self._burnt or now >= self._spoke_at + _SPEAKS_EVERY:
            self._speak("lit" if burns else "out")
        self._burnt = burns
        if "trip" in self._site.ear.events(since=self._mark):
            self.judge.forget("a timer")
        self._mark = self._site.ear.mark

    def _expect_max_burn(self) -> None:
        self.judge.forget("max_burn")
        self.judge.expect("max_burn", time.monotonic() + MAX_BURN + EXPIRES + _SENSED_WITHIN)

    def _speak(self, word: str) -> None:
        self._spoke_at = time.monotonic()
        words = {
            "well": [word],
            "silent": [],
            "garbled": ['{"contact": true}'],
            "bounces": ["lit", "out"] * 5 + [word],
            "glitches": ["out", word],
        }[self._sensor]
        for one in words:
            self._say(self._site.flame_topic, one, retain=self._random.random() < 0.3)

    def _say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        self._site.ear.publish(topic, payload, retain=retain, wait=False)

    def _flame_sensor(self) -> None:
        self._sensor = self._random.choice(["well", "silent", "garbled", "bounces", "glitches"])
        self._note(f"the flame sensor is {self._sensor}")

    # --- people -------------------------------------------------------------------------------

    def _light(self) -> None:
        self._site.stove.tell("light left")

    def _timer(self) -> None:
        if not self._burnt:
            self._light()
            return
        if self.judge.expects("a timer") and self._random.random() < _LEAVES_A_TIMER:
            return
        seconds = self._random.choice([2, 3, 5, 8])
        self._ask("timer", f"{seconds}s", lambda at: self._timer_runs(at + seconds))

    def _timer_runs(self, end: float) -> None:
        self.judge.forget("a timer")
        self.judge.expect("a timer", end)

    def _off(self) -> None:
        self.judge.forget("a timer")
        self._ask("off", "", lambda at: self.judge.expect("an off", at))

    def _ask(self, command: str, value: str, accepted: Callable[[float], None]) -> None:
        """By either way in, without waiting for the end; only what is accepted is expected."""
        if command == "timer":
            # Whether the old one still runs nobody knows until this is answered.
            self.judge.forget("a timer")
        ask = self._random.choice([self._over_socket, self._over_broker])
        threading.Thread(target=ask, args=(command, value, accepted), daemon=True).start()

    def _over_socket(self, command: str, value: str, accepted: Callable[[float], None]) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            request = {"command": command, "burners": ["left"], "value": value}
            for answer in self._site.kitchen.talk(request):
                if answer["ack"]["status"] == "accepted":
                    accepted(time.monotonic())

    def _over_broker(self, command: str, value: str, accepted: Callable[[float], None]) -> None:
        ear, mark = self._site.ear, self._site.ear.mark
        self._say(f"{self._site.kitchen.base}/left/{command}/set", value)
        with contextlib.suppress(AssertionError):
            ear.ack("accepted", since=mark, within=3)
            accepted(time.monotonic())

    def _voice(self) -> None:
        self._site.stove.tell("mihome left off")

    def _hand(self) -> None:
        """Somebody, or a second gasguard, closes the contact."""
        self._site.stove.tell("mihome left on")

    def _gas(self) -> None:
        if self._random.random() < 0.2 and time.monotonic() > self._broker_well_since + 5:
            self._site.ear.publish(self._site.gas_topic, json.dumps({"gas": True}))
            self.judge.forget("a timer")
            self.judge.expect("a gas alarm", time.monotonic() + 0.5)
        self._say(self._site.gas_topic, json.dumps({"gas": False}))
        self._rearm()

    def _rearm(self) -> None:
        acks: list[dict[str, Any]] = []
        with contextlib.suppress(OSError, ValueError, KeyError, StopIteration):
            acks = self._site.kitchen.order("rearm", "REARM")
        if any(ack["code"] == "rearm_limit" for ack in acks):
            self._note("the owner begins anew: five re-arms in fifteen minutes are used up")
            self._crash(wipe=True)

    # --- what breaks --------------------------------------------------------------------------

    def _crash(self, *, wipe: bool = False) -> None:
        def begin() -> None:
            self.judge.cut("the daemon")
            self._site.kill()
            if wipe and "the card" not in self._broken:
                for file in self._site.kitchen.state_dir.iterdir():
                    file.unlink()
                self.judge.forget("a timer")

        def end() -> None:
            self._site.start()
            self.judge.mended("the daemon", after=STARTS_WITHIN)
            if wipe or "the card" in self._broken:
                # A longest burn that could not be saved begins anew with the daemon.
                self._expect_max_burn()

        self._for_a_while("the daemon", begin, end)

    def _address(self) -> None:
        if self._site.has_network:
            self._site.pi_moves(self._random.choice(PI))
            self.judge.mended("the address", after=SENDS_AGAIN_WITHIN)

    def _no_network(self) -> None:
        def begin() -> None:
            self.judge.cut("the network")
            self._site.pi_moves(None)

        def end() -> None:
            self._site.pi_moves(self._random.choice(PI))
            self.judge.mended("the network", after=SENDS_AGAIN_WITHIN)

        self._for_a_while("the network", begin, end)

    def _relay_moves(self) -> None:
        if not self._site.names.silent and self._site.has_network:
            self._site.relay_moves(next(one for one in RELAY if one != self._site.relay))
            self.judge.mended("the relay's address", after=FOUND_WITHIN)

    def _name_server(self) -> None:
        names = self._site.names
        names.delay = self._random.choice([0.0, 1.2])
        self._for_a_while(
            "the name server",
            lambda: setattr(names, "silent", True),
            lambda: setattr(names, "silent", False),
        )

    def _relay_away(self) -> None:
        fault = self._random.choice(["offline", "frozen"])

        def begin() -> None:
            self.judge.cut("the relay")
            self._site.stove.tell(f"fault left {fault} on")

        def end() -> None:
            self._site.stove.tell(f"fault left {fault} off")
            self.judge.mended("the relay", after=1.0)

        self._for_a_while("the relay", begin, end)

    def _loss(self) -> None:
        self._for_a_while("the wire", lambda: self._site.loses(0.2), lambda: self._site.loses(0.0))

    def _log_stands(self) -> None:
        self._for_a_while(
            "the log",
            lambda: self._site.log_is_read(False),
            lambda: self._site.log_is_read(True),
        )

    def _crash_and_card(self) -> None:
        """The daemon finds, at its next start, a card that has become read-only."""
        if "the daemon" in self._broken or "the card" in self._broken:
            return
        self._crash()
        self._for_a_while(
            "the card",
            lambda: self._site.card_writes(False),
            lambda: self._site.card_writes(True),
        )

    def _broker_gone(self) -> None:
        self._broker("stop", "start")

    def _broker_frozen(self) -> None:
        self._broker("freeze", "thaw")

    def _broker(self, begins: str, ends: str) -> None:
        def begin() -> None:
            self._broker_well_since = float("inf")
            getattr(self._site.broker, begins)()

        def end() -> None:
            getattr(self._site.broker, ends)()
            self._broker_well_since = time.monotonic() + 12.0

        self._for_a_while("the broker", begin, end)

    def _huge(self) -> None:
        topic = self._random.choice(["left/timer/set", "left/lock/set"])
        base, payload = self._site.kitchen.base, "x" * _HUGE
        # The daemon's connection ends at it, and what comes meanwhile is lost.
        self._broker_well_since = max(self._broker_well_since, time.monotonic() + 12.0)
        self._say(f"{base}/{topic}", payload)

    def _unclean(self) -> None:
        topics = [self._site.flame_topic, self._site.gas_topic]
        topics.append(f"{self._site.kitchen.base}/left/timer/set")
        self._say(self._random.choice(topics), _UNCLEAN)
