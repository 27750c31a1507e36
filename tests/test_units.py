"""systemd's units: what they may do, and when systemd gives up."""

from configparser import ConfigParser
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "gasguard" / "data"
_OWN = {
    *("Type", "NotifyAccess", "WatchdogSec", "ExecStart", "Restart", "RestartSec", "MemoryMax"),
    *("TimeoutStopSec", "TimeoutStartSec", "StateDirectory", "StateDirectoryMode"),
    *("RuntimeDirectory", "RuntimeDirectoryMode", "OOMPolicy"),
}
"""What the two services rightly have each for themselves."""


def lines(unit: str) -> list[tuple[str, str]]:
    """Key and value of each assignment, in order."""
    text = (DATA / unit).read_text()
    pairs = (line.split("=", 1) for line in text.splitlines() if line[:1].isalpha())
    return [(key, value) for key, value in pairs]


def hardening(unit: str) -> list[tuple[str, str]]:
    service = lines(unit)[[key for key, _ in lines(unit)].index("Type") :]
    return [(key, value) for key, value in service if key not in _OWN and key != "WantedBy"]


def test_the_opener_may_do_no_more_than_the_daemon():
    assert hardening("gasguard-opener.service") == hardening("gasguard.service")


@pytest.mark.parametrize("unit", ["gasguard.service", "gasguard-opener.service"])
def test_nothing_is_given_that_is_not_needed_and_the_clock_can_be_asked(unit):
    told = dict(lines(unit))
    assert told["CapabilityBoundingSet"] == ""
    for key in ("NoNewPrivileges", "PrivateDevices", "PrivateUsers", "RestrictNamespaces"):
        assert told[key] == "yes"
    # The last word counts: whether NTP has set the clock is asked by the call that could set it.
    filters = [value for key, value in lines(unit) if key == "SystemCallFilter"]
    assert filters[-1].split() == ["adjtimex", "clock_adjtime"]
    # The boot id is read from /proc/sys.
    assert not {"ProcSubset", "ProtectClock"} & set(told)


def test_the_slowest_crash_loop_comes_to_its_end():
    """One that only the watchdog ends: started, hung, killed, and a second's rest."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # as its manual has it
    parser.read_string((DATA / "gasguard.service").read_text())
    unit, service = parser["Unit"], parser["Service"]
    slowest = 5 + float(service["WatchdogSec"]) + float(service["TimeoutStopSec"]) + 1
    assert float(unit["StartLimitIntervalSec"]) > int(unit["StartLimitBurst"]) * slowest
    assert unit["OnFailure"] == "gasguard-opener.service"
