"""Burns by local day: midnights, nights in which the clock is set, ends that nobody saw."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gasguard.guard.burns import Burn
from gasguard.interfaces.burn_days import Calendar, Known, by_day, lines

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
SYDNEY, BEIRUT, HAVANA = (
    ZoneInfo(f) for f in ("Australia/Sydney", "Asia/Beirut", "America/Havana")
)
HOUR = 3600.0


def at(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def burn(began: float, ended: float, burner: str = "left", **more: Any) -> Burn:
    fields = {"id": 1, "seconds": ended - began, "gas": None, "ended_by": "out", **more}
    return Burn(burner=burner, began=began, ended=ended, **fields)


def spans(began: float, ended: float, zone: ZoneInfo) -> dict[str, float]:
    return {day.isoformat(): seconds / HOUR for day, seconds in Calendar(zone).days(began, ended)}


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, "2026-03-29", 23), (BERLIN, "2026-10-25", 25), (BERLIN, "2026-10-24", 24),
        (SHANGHAI, "2026-03-29", 24), (SHANGHAI, "2026-10-25", 24),
        (SYDNEY, "2026-10-04", 23), (SYDNEY, "2026-04-05", 25),
        # The clock skips midnight itself: the day begins at 01:00.
        (BEIRUT, "2026-03-29", 23), (BEIRUT, "2026-10-24", 25),
        (HAVANA, "2024-03-10", 23), (HAVANA, "2024-11-03", 25),
    ],
)  # fmt: skip
def test_a_day_is_as_long_as_the_clock_has_it(zone, day, hours):
    began = Calendar(zone).begin(date.fromisoformat(day))
    found = spans(began - HOUR, began + (hours + 1) * HOUR, zone)
    assert found[day] == hours
    assert list(found.values()) == [1, hours, 1]


def test_a_burn_over_midnight_counts_on_both_days():
    found = spans(at("2026-11-24 23:40"), at("2026-11-25 00:20"), SHANGHAI)
    assert found == pytest.approx({"2026-11-24": 1 / 3, "2026-11-25": 1 / 3})


def test_the_skipped_hour_counts_never_and_the_repeated_one_twice():
    assert spans(at("2026-03-29 01:30", BERLIN), at("2026-03-29 03:30", BERLIN), BERLIN) == {
        "2026-03-29": 1
    }
    assert spans(
        at("2026-10-25 02:30", BERLIN), at("2026-10-25 02:30", BERLIN, fold=1), BERLIN
    ) == {"2026-10-25": 1}


def test_a_burn_that_ends_at_midnight_is_none_of_the_next_day():
    ends = Calendar(SHANGHAI).begin(date(2026, 11, 25))
    assert spans(ends - HOUR, ends, SHANGHAI) == {"2026-11-24": 1}
    assert spans(ends, ends, SHANGHAI) == {"2026-11-25": 0}


def test_a_burn_of_days_is_in_each_of_them():
    found = spans(at("2026-11-23 12:00"), at("2026-11-26 12:00"), SHANGHAI)
    assert list(found.values()) == [12, 24, 24, 12]


def test_the_parts_are_those_of_the_flame_and_of_the_gas():
    """A burn has gaps: of an hour it burnt for half of one."""
    began, ended = at("2026-11-24 23:45"), at("2026-11-25 00:45")
    one = burn(began, ended, seconds=1800.0, gas=0.2)
    found = by_day([one], date(2026, 11, 1), Calendar(SHANGHAI))
    first, second = found.values()
    assert (first.seconds, second.seconds) == pytest.approx((450, 1350))
    assert (first.gas, second.gas) == pytest.approx((0.05, 0.15))
    assert (first.burns, second.burns) == (1, 0)


@pytest.mark.parametrize("ended_by", ["silent", "stopped", "crash"])
def test_an_end_that_nobody_saw_stands_on_the_day_of_that(ended_by):
    one = burn(at("2026-11-24 23:45"), at("2026-11-25 00:45"), ended_by=ended_by)
    first, second = by_day([one], date(2026, 11, 1), Calendar(SHANGHAI)).values()
    assert (first.unseen, second.unseen) == (0, 1)


def told(*burns: Burn, **known: Known) -> list[dict[str, Any]]:
    since = at("2026-11-24 12:00")
    return lines(burns, known or {"left": SEEN}, since, Calendar(SHANGHAI), str)


SEEN = Known(sensed=True, since=0.0)


def test_the_days_add_up_to_the_total():
    noon = at("2026-11-24 12:00")
    burns = [burn(noon + n * 86400, noon + n * 86400 + 100.4, gas=0.0114) for n in range(3)]
    *days, total = told(*burns)
    assert [day["day"] for day in days] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert total["burned_s"] == sum(day["burned_s"] for day in days) == 300
    assert total["gas_m3"] == 0.033
    assert (total["day"], total["burner"], total["burns"]) == (None, "left", 3)
    assert total["since"] == str(at("2026-11-24 00:00")), "whole days"


def test_what_ended_before_the_first_day_is_left_out():
    (only,) = told(burn(at("2026-11-23 22:00"), at("2026-11-23 23:00")))
    assert only["burned_s"] == 0
    day, total = told(burn(at("2026-11-23 23:00"), at("2026-11-24 01:00")))
    assert (day["day"], day["burned_s"], total["burned_s"]) == ("2026-11-24", 3600, 3600)


def test_a_burn_that_goes_on_is_said_to():
    day, total = told(burn(at("2026-11-24 12:00"), at("2026-11-24 12:10"), ended_by=None))
    assert day["burning"] and total["burning"]
    assert total["unseen_ends"] == 0


def test_without_a_flame_sensor_nothing_is_known_and_that_is_not_nothing():
    blind = Known(sensed=False, since=None)
    one = burn(at("2026-11-24 12:00"), at("2026-11-24 12:10"))
    _, left, right, together = told(one, left=SEEN, right=blind)
    assert left["burned_s"] == 600
    assert (right["burned_s"], right["gas_m3"], right["burns"]) == (None, None, None)
    assert "no flame sensor" in right["why_unknown"]
    assert together["burned_s"] is None
    assert "right" in together["why_unknown"]


def test_what_cannot_be_read_is_not_known():
    (only,) = told(left=Known(sensed=True, since=None))
    assert only["burned_s"] is None
    assert only["why_unknown"]


def test_since_is_when_counting_began_where_that_is_later():
    began = at("2026-11-24 18:00")
    (only,) = told(left=Known(sensed=True, since=began))
    assert only["since"] == str(began)


def test_gas_of_burners_of_which_one_has_no_power_has_no_sum():
    noon = at("2026-11-24 12:00")
    one, other = burn(noon, noon + 60, gas=0.1), burn(noon, noon + 60, "right")
    *_, together = told(one, other, left=SEEN, right=SEEN)
    assert (together["burned_s"], together["gas_m3"]) == (120, None)
