"""How the hood follows the burners: every limit at one tick before, on it, and after it."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from gasguard.drivers.base import Speed
from gasguard.outputs.hood import AGAIN_AT_MOST, HARD_STOP, SETTLES, Hood, Order, Rules
from gasguard.outputs.kitchen import Kitchen

START = 1000.1  # no round number: sums of it show comparisons that rounding breaks
TICK = 0.001
OFF_DELAY, MANUAL_WINS = 180.0, 1800.0
OFF, LOW, HIGH = Speed(on=False), Speed(on=True, level="low"), Speed(on=True, level="high")
OTHER = Speed(on=True, level="medium")
RULES = Rules({1: "low", 2: "high"}, OFF_DELAY, MANUAL_WINS)
BEFORE_ON_AFTER = pytest.mark.parametrize("late", [-TICK, 0.0, TICK], ids=["before", "on", "after"])


class Home:
    """A hood's mind, its clock, and the orders so far. A hood that obeys shows each at once."""

    def __init__(
        self, *, found: Speed | None = OFF, lit: int = 0, obeys: bool = True, tells: bool = True
    ) -> None:
        self.now, self.kitchen, self.obeys = START, Kitchen(lit), obeys
        self.mind = Hood(replace(RULES, tells=tells), self.kitchen, self.now)
        self.orders: list[Speed] = []
        if found is not None:
            self.says(found)
        self.look()

    def look(self) -> Order | None:
        order = self.mind.order(self.now)
        if order is not None:
            self.orders.append(order.speed)
            self.mind.obeyed(self.now)
            if self.obeys:
                self.says(order.speed)
        return order

    def says(self, speed: Speed) -> None:
        """By its own word, or because of a hand."""
        self.mind.ran(speed, self.now)
        self.stands = speed

    def burners(self, lit: int = 0, unseen: int = 0, *, gas: bool = False) -> None:
        self.kitchen = Kitchen(lit, unseen, gas)
        self.mind.kitchen(self.kitchen, self.now)
        self.look()

    def passes(self, seconds: float, *, every: float | None = None) -> None:
        """With a look at its end, or many."""
        end = self.now + seconds
        while every is not None and self.now + every < end:
            self.now += every
            self.look()
        self.now = end
        self.mind.kitchen(self.kitchen, self.now)
        self.look()

    def hand(self, speed: Speed) -> None:
        """Long after any order, so that nobody takes it for an echo."""
        self.passes(SETTLES)
        self.says(speed)
        self.look()

    @property
    def new(self) -> list[Speed]:
        """Orders since this was asked last."""
        orders, self.orders = self.orders, []
        return orders


def test_the_first_burner_switches_it_on_and_each_more_raises_the_level():
    home = Home()
    assert home.new == []
    home.burners(1)
    assert home.new == [LOW]
    home.burners(2)
    assert home.new == [HIGH]
    home.burners(3)
    assert home.new == [], "no level is named for three: that for two holds"
    home.burners(1)
    assert home.new == [LOW]


def test_a_level_that_is_not_named_is_that_of_fewer_burners():
    assert RULES.level_for(1) == LOW
    assert Rules({1: "low", 3: "high"}, 0, 0).level_for(2) == LOW
    assert RULES.level_for(9) == HIGH


@BEFORE_ON_AFTER
def test_it_runs_on_after_the_last_burner_at_the_level_that_it_had(late):
    home = Home()
    home.burners(1)
    home.burners(0)
    home.passes(OFF_DELAY + late)
    assert home.new == ([LOW] if late < 0 else [LOW, OFF])


def test_a_burner_that_is_lit_again_while_it_runs_on_begins_anew():
    home = Home()
    home.burners(1)
    home.burners(0)
    home.passes(OFF_DELAY - TICK)
    home.burners(1)
    home.passes(OFF_DELAY)
    home.burners(0)
    home.passes(OFF_DELAY - TICK)
    assert home.new == [LOW]
    home.passes(TICK)
    assert home.new == [OFF]


# --- a hand -----------------------------------------------------------------------------------


@BEFORE_ON_AFTER
def test_off_by_hand_stays_off_for_as_long_as_a_hand_wins(late):
    home = Home()
    home.burners(1)
    home.hand(OFF)
    home.burners(2)
    home.passes(MANUAL_WINS + late)
    assert home.new == ([LOW] if late < 0 else [LOW, HIGH])


@BEFORE_ON_AFTER
def test_on_by_hand_stays_on_for_as_long_as_a_hand_wins(late):
    home = Home()
    home.hand(HIGH)
    home.passes(MANUAL_WINS + late)
    assert home.new == ([] if late < 0 else [OFF])


def test_a_level_by_hand_stays_though_burners_come_and_go():
    home = Home()
    home.burners(1)
    home.hand(HIGH)
    for lit in (2, 0, 1, 0):
        home.burners(lit)
        home.passes(OFF_DELAY + 1)
    assert home.new == [LOW]


def test_a_level_by_hand_that_the_configuration_does_not_name_is_a_hand_too():
    home = Home()
    home.burners(1)
    home.hand(OTHER)
    home.burners(2)
    assert home.new == [LOW]


@BEFORE_ON_AFTER
def test_each_hand_counts_anew(late):
    home = Home()
    home.hand(LOW)
    home.passes(MANUAL_WINS - 10)
    home.hand(HIGH)
    home.passes(MANUAL_WINS + late)
    assert home.new == ([] if late < 0 else [OFF])


def test_what_a_hand_leaves_as_it_is_wanted_is_left_at_its_end():
    home = Home()
    home.hand(LOW)
    home.burners(1)
    home.passes(MANUAL_WINS + 1)
    assert home.new == []
    home.burners(0)
    home.passes(OFF_DELAY)
    assert home.new == [OFF]


def test_a_hand_right_after_an_order_was_carried_out_is_seen_as_one():
    home = Home()
    home.burners(1)
    home.passes(1)
    home.says(OFF)
    home.burners(2)
    home.passes(60, every=1)
    assert home.new == [LOW]


# --- echoes -----------------------------------------------------------------------------------


def test_an_echo_that_comes_late_is_no_hand():
    home = Home(obeys=False)
    home.burners(1)
    home.passes(5)
    home.says(LOW)
    home.passes(60)
    home.burners(2)
    assert home.new == [LOW, HIGH]


def test_the_echo_of_an_order_that_was_overtaken_is_no_hand():
    home = Home(obeys=False)
    home.passes(60)
    home.burners(1)
    home.passes(1)
    home.burners(2)
    home.passes(4)
    home.says(LOW)
    home.passes(0.5)
    home.says(OFF)
    home.passes(0.5)
    home.says(LOW)
    assert home.new == [LOW, HIGH]
    home.passes(SETTLES)
    assert home.new == [HIGH], "it has not shown, and no hand has won"
    home.says(HIGH)
    home.burners(0)
    home.passes(OFF_DELAY)
    assert home.new == [OFF]


def test_the_echo_of_one_before_that_is_none_either():
    home = Home(obeys=False)
    home.mind = Hood(replace(RULES, levels={1: "low", 2: "high", 3: "max"}), Kitchen(), home.now)
    home.says(OFF)
    home.passes(60)
    for lit in (1, 2, 3):
        home.burners(lit)
    home.passes(1)
    home.says(LOW)
    home.passes(SETTLES)
    most = Speed(on=True, level="max")
    assert home.new == [LOW, HIGH, most, most], "it is told again: no hand has won"


def test_the_old_state_said_once_more_is_no_hand():
    home = Home(obeys=False)
    home.burners(1)
    home.says(OFF)
    home.passes(1)
    home.says(LOW)
    home.burners(2)
    assert home.new == [LOW, HIGH]


def test_a_level_on_the_way_to_the_one_that_was_ordered_is_no_hand():
    """Power first: it starts at the level it had last, and tells that."""
    home = Home(obeys=False)
    home.burners(1)
    home.says(HIGH)
    home.passes(1)
    home.says(LOW)
    home.burners(0)
    home.passes(OFF_DELAY)
    assert home.new == [LOW, OFF]


@BEFORE_ON_AFTER
def test_what_bounces_back_soon_was_no_hand_and_later_on_was_one(late):
    home = Home()
    home.burners(1)
    home.passes(1)
    home.says(OFF)
    home.passes(SETTLES - 1 + late)
    home.says(LOW)
    home.burners(2)
    assert home.new == ([LOW, HIGH] if late < 0 else [LOW])


def test_on_without_a_level_speaks_against_no_level():
    home = Home(obeys=False)
    home.burners(1)
    home.says(Speed(on=True))
    home.burners(2)
    assert home.new == [LOW, HIGH]


# --- a hood that does not obey ----------------------------------------------------------------


def test_what_does_not_show_is_told_again_at_growing_distances_and_is_named():
    home = Home(obeys=False)
    home.burners(1)
    assert home.mind.disobeyed is None
    told = [home.now]
    for _ in range(1200):
        home.now += 1.0
        home.says(OFF)
        if home.look():
            told.append(home.now)
    waits = [later - earlier for earlier, later in pairwise(told)]
    assert waits[:3] == pytest.approx([SETTLES, 2 * SETTLES, 4 * SETTLES], abs=1.01)
    assert max(waits) == pytest.approx(AGAIN_AT_MOST, abs=1.01)
    assert home.mind.disobeyed is not None
    home.says(LOW)
    assert home.mind.disobeyed is None


def test_one_that_is_back_is_told_at_once():
    home = Home(obeys=False)
    home.burners(1)
    home.passes(SETTLES)
    home.passes(1)
    assert home.new == [LOW, LOW]
    assert home.mind.disobeyed is not None
    home.mind.back(home.now)
    home.look()
    assert home.new == [LOW]
    assert home.mind.disobeyed is None, "it was told once since"


def test_one_that_comes_back_otherwise_than_it_was_left_was_switched_by_a_hand():
    """At the wall, say."""
    home = Home()
    home.burners(1)
    home.passes(600)
    home.mind.back(home.now)
    home.says(OFF)
    home.passes(60, every=1)
    assert home.new == [LOW]


# --- a start in the middle --------------------------------------------------------------------


def test_found_as_it_is_wanted_it_goes_on_as_if_nothing_had_been():
    home = Home(found=LOW, lit=1)
    home.burners(0)
    home.passes(OFF_DELAY - TICK)
    assert home.new == []
    home.passes(TICK)
    assert home.new == [OFF]


@BEFORE_ON_AFTER
@pytest.mark.parametrize(("found", "lit", "then"), [(OFF, 1, LOW), (HIGH, 1, LOW), (LOW, 0, OFF)])
def test_found_otherwise_it_counts_as_set_by_hand(found, lit, then, late):
    home = Home(found=found, lit=lit)
    home.passes(MANUAL_WINS + late)
    assert home.new == ([] if late < 0 else [then])


def test_a_burner_lit_before_the_hood_has_said_a_word_switches_it_on():
    home = Home(found=None)
    home.burners(1)
    home.says(OFF)
    home.passes(1)
    home.says(LOW)
    home.burners(2)
    assert home.new == [LOW, HIGH]


# --- a hood that does not tell ----------------------------------------------------------------


def test_one_that_does_not_tell_follows_all_the_same():
    home = Home(found=None, obeys=False, tells=False)
    home.burners(1)
    home.burners(2)
    home.burners(0)
    home.passes(OFF_DELAY)
    home.passes(3600, every=60)
    assert home.new == [LOW, HIGH, OFF]


@BEFORE_ON_AFTER
def test_one_that_does_not_tell_is_left_alone_after_a_start_for_as_long_as_a_hand_wins(late):
    home = Home(found=None, obeys=False, tells=False)
    home.passes(MANUAL_WINS + late)
    assert home.new == ([] if late < 0 else [OFF])


# --- gas --------------------------------------------------------------------------------------


def test_a_gas_alarm_leaves_it_exactly_as_it_is_whatever_else_happens():
    home = Home()
    home.burners(1)
    assert home.new == [LOW]
    home.burners(1, gas=True)
    for lit in (2, 0, 1, 0):
        home.burners(lit, gas=True)
        home.passes(OFF_DELAY + MANUAL_WINS + HARD_STOP, every=60)
    assert home.new == []
    home.burners(0)
    assert home.new == [OFF]


def test_a_gas_alarm_keeps_an_order_from_being_told_again():
    home = Home(obeys=False)
    home.burners(1)
    home.burners(1, gas=True)
    home.passes(3600, every=1)
    home.mind.back(home.now)
    home.look()
    assert home.new == [LOW]


def test_a_hand_during_a_gas_alarm_still_wins_after_it():
    home = Home()
    home.burners(1)
    home.burners(0, gas=True)
    home.hand(HIGH)
    home.burners(0)
    home.passes(MANUAL_WINS - SETTLES)
    assert home.new == [LOW]


# --- the hard stop ----------------------------------------------------------------------------


def patient(**more: float) -> Home:
    """Where a hand wins for longer than the hard stop allows."""
    home = Home()
    home.mind = Hood(replace(RULES, manual_wins=24 * 3600.0, **more), Kitchen(), home.now)
    home.says(OFF)
    return home


@BEFORE_ON_AFTER
def test_two_hours_without_a_flame_end_what_a_hand_has_switched_on(late):
    home = patient()
    home.hand(HIGH)
    home.passes(HARD_STOP + late)
    assert home.new == ([] if late < 0 else [OFF])


@BEFORE_ON_AFTER
def test_the_two_hours_count_from_the_last_flame(late):
    home = patient()
    home.hand(HIGH)
    home.passes(3600)
    home.burners(1)
    home.passes(3 * 3600)
    home.burners(0)
    home.passes(HARD_STOP + late)
    assert home.new == ([] if late < 0 else [OFF])


@BEFORE_ON_AFTER
def test_the_two_hours_count_from_when_it_was_switched_on_last(late):
    home = patient()
    home.hand(HIGH)
    home.passes(3600)
    home.hand(OFF)
    home.hand(HIGH)
    home.passes(HARD_STOP + late)
    assert home.new == ([] if late < 0 else [OFF])


def test_after_the_hard_stop_a_hand_has_two_hours_again():
    home = patient()
    home.hand(HIGH)
    home.passes(HARD_STOP)
    assert home.new == [OFF]
    home.hand(LOW)
    home.passes(HARD_STOP - TICK)
    assert home.new == []
    home.passes(TICK)
    assert home.new == [OFF]


@BEFORE_ON_AFTER
def test_a_burner_whose_sensor_fell_silent_counts_for_two_hours(late):
    home = Home()
    home.burners(1)
    home.burners(0, unseen=1)
    home.passes(HARD_STOP + late)
    assert home.new == ([LOW] if late < 0 else [LOW, OFF])


def test_after_the_hard_stop_a_flame_switches_it_on_again():
    home = Home()
    home.burners(1)
    home.burners(0, unseen=1)
    home.passes(HARD_STOP)
    home.passes(3600, every=60)
    assert home.new == [LOW, OFF]
    home.burners(1)
    assert home.new == [LOW]


def test_a_flame_ends_no_run_however_long_it_burns():
    home = Home()
    home.burners(1)
    home.passes(5 * HARD_STOP, every=600)
    assert home.new == [LOW]


def test_the_hard_stop_holds_for_one_that_does_not_tell():
    home = Home(found=None, obeys=False, tells=False)
    home.burners(1)
    home.burners(0, unseen=1)
    home.passes(HARD_STOP)
    assert home.new == [LOW, OFF]


@pytest.mark.parametrize("seed", range(50))
def test_whatever_happens_nothing_is_ordered_against_a_gas_alarm_or_a_hand(seed):
    luck, home = Random(seed), Home()
    for _ in range(400):
        hand_until = home.mind.hand_until
        gas, lit = home.kitchen.gas, home.kitchen.lit
        match luck.randrange(5):
            case 0:
                gas = luck.random() < 0.2
                home.burners(luck.randrange(3), luck.randrange(2), gas=gas)
            case 1:
                home.passes(luck.choice([1.0, 30.0, OFF_DELAY, 900.0]))
            case 2:
                home.obeys = luck.random() < 0.8
            case 3:
                home.mind.back(home.now)
                home.look()
            case 4:
                home.passes(SETTLES + 1)
                home.says(luck.choice([OFF, LOW, HIGH, OTHER]))
                home.look()
        orders = home.new
        if gas:
            assert orders == []
        elif lit and home.kitchen.lit and home.now < hand_until:
            assert orders == [], "beside a flame there is no hard stop"
