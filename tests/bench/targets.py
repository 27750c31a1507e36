"""What the numbers should be."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench import page
from tests.bench.figures import from_data
from tests.bench.shutoff import FLOOR, GASGUARD, SCRIPT

Results = dict[str, Any]

_ENOUGH = 100
"""Runs below which a p99 is the worst run, and a matter of luck."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target and what became of it."""

    target: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class _Bound:
    target: str
    value: Callable[[Results], float]
    limit: float
    unit: str
    at_least: bool = False
    runs: Callable[[Results], int] | None = None
    """For a target on a p99: how many runs it stands on."""

    def judge(self, results: Results) -> Verdict:
        value = self.value(results)
        met = value >= self.limit if self.at_least else value <= self.limit
        text = f"{value:,.2f}".removesuffix(".00")
        few = self.runs is not None and self.runs(results) < _ENOUGH
        return Verdict(self.target, f"{text} {self.unit}{', by few runs' if few else ''}", met)


def times_better(shutoff: Results, loss: str) -> float:
    """The script's p99 in multiples of gasguard's; at least, where the script's never opened."""
    ours = from_data(shutoff[loss][GASGUARD]["p99"])
    theirs = from_data(shutoff[loss][SCRIPT]["p99"])
    if math.isinf(theirs):
        theirs = from_data(shutoff[loss][SCRIPT]["worst"])
    return theirs / ours


def above_floor(shutoff: Results, loss: str) -> float:
    """gasguard's median less the floor's, in ms."""
    ours, floor = (from_data(shutoff[loss][name]["median"]) for name in (GASGUARD, FLOOR))
    return ours - floor


def _runs_at_20(results: Results) -> int:
    return int(results["shutoff"]["20%"][GASGUARD]["n"])


def _median(results: Results, how: str) -> float:
    return from_data(results["page"]["taps"][how]["median"])


def _grown(results: Results, what: str) -> float:
    looking = results["page"]["looking on"]
    return float(looking["with"][what]) - float(looking["without"][what])


_BOUNDS = (
    _Bound(
        "20 % loss: off to open contact, p99 <= 300 ms",
        lambda r: from_data(r["shutoff"]["20%"][GASGUARD]["p99"]),
        300,
        "ms",
        runs=_runs_at_20,
    ),
    _Bound(
        "20 % loss: p99 at least 50 times better than the script",
        lambda r: times_better(r["shutoff"], "20%"),
        50,
        "times",
        at_least=True,
        runs=_runs_at_20,
    ),
    _Bound(
        "no loss: median within 5 ms of the floor",
        lambda r: above_floor(r["shutoff"], "0%"),
        5,
        "ms",
    ),
    _Bound(
        "a tap on OFF: median within 10 ms of MQTT's",
        lambda r: _median(r, page.HTTP) - _median(r, page.MQTT),
        10,
        "ms",
    ),
    _Bound(
        "20 phones: the daemon's processor time grows by <= 0.3 % of a core",
        lambda r: _grown(r, "daemon %"),
        0.3,
        "%",
    ),
    _Bound(
        "20 phones: the daemon's memory grows by <= 0.5 MB",
        lambda r: _grown(r, "daemon MB"),
        0.5,
        "MB",
    ),
    _Bound(
        "20 phones: the page's process <= 45 MB",
        lambda r: r["page"]["looking on"]["with"]["page MB"],
        45,
        "MB",
    ),
    _Bound(
        "the page loads within 1 s with a tenth of a core (median)",
        lambda r: from_data(r["page"]["load"]["median"]),
        1000,
        "ms",
    ),
    _Bound("idle <= 1 % of a core", lambda r: r["idle"]["cpu_percent"], 1, "%"),
    _Bound("idle <= 60 MB resident", lambda r: r["idle"]["rss_mb"], 60, "MB"),
    _Bound(
        "start to first verified relay <= 0.5 s (median, control socket)",
        lambda r: r["startup"]["control socket"]["median"],
        500,
        "ms",
    ),
    _Bound(
        "all off, 100 relays, all confirmed <= 1 s (worst round)",
        lambda r: r["all_off"]["all confirmed"]["worst"],
        1000,
        "ms",
    ),
    _Bound(
        "twelve months: every question <= 50 ms (p99)",
        lambda r: max(from_data(one["p99"]) for one in r["past"]["questions"].values()),
        50,
        "ms",
        runs=lambda r: min(int(one["n"]) for one in r["past"]["questions"].values()),
    ),
    _Bound("twelve months <= 50 MB", lambda r: r["past"]["megabytes"], 50, "MB"),
    _Bound("core >= 50 000 steps/s", lambda r: r["pure"]["core steps/s"], 50_000, "steps/s", True),
)


def judge(results: Results) -> Iterator[Verdict]:
    """Every target whose measurement is there."""
    for bound in _BOUNDS:
        try:
            yield bound.judge(results)
        except KeyError:
            continue
