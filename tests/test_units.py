"""systemd's units: what they may do, and when systemd gives up."""

import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from gasguard.interfaces.web.settings import WEB_FOLDER

DATA = Path(__file__).parent.parent / "gasguard" / "data"
_OWN = {
    *("Type", "NotifyAccess", "WatchdogSec", "ExecStart", "Restart", "RestartSec", "MemoryMax"),
    *("TimeoutStopSec", "TimeoutStartSec", "StateDirectory", "StateDirectoryMode"),
    *("RuntimeDirectory", "RuntimeDirectoryMode", "OOMPolicy", "OOMScoreAdjust"),
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


def test_the_page_may_do_less_than_the_daemon():
    """It is given nothing that the daemon is not, except what only a service has for itself."""
    page, daemon = dict(lines("gasguard-web.service")), dict(lines("gasguard.service"))
    for key, value in hardening("gasguard.service"):
        if key not in ("User", "EnvironmentFile", "SystemCallFilter"):
            assert page[key] == value, key
    for key in ("ProtectClock", "MemoryDenyWriteExecute"):
        assert page[key] == "yes"
    filters = [value for key, value in lines("gasguard-web.service") if key == "SystemCallFilter"]
    assert filters == ["@system-service", "~@privileged @resources"]
    # Secrets of the environment are the daemon's; the socket is its group's.
    assert "EnvironmentFile" not in page
    assert (page["User"], page["Group"]) == ("gasguard-web", daemon["Group"])
    assert page["StateDirectoryMode"] == "0700"
    assert page["StateDirectory"] == f"{daemon['StateDirectory']}/{WEB_FOLDER}"


def test_the_page_is_tried_again_for_ever_and_takes_nothing_from_the_guard():
    page = dict(lines("gasguard-web.service"))
    assert page["StartLimitIntervalSec"] == "0"
    assert page["Restart"] == "always"
    assert float(page["TimeoutStopSec"]) > 2  # it ends within that
    assert int(page["OOMScoreAdjust"]) > 0
    for key in ("Requires", "BindsTo", "PartOf"):
        assert key not in page
    for unit in ("gasguard.service", "gasguard-opener.service"):
        assert "gasguard-web" not in (DATA / unit).read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize(
    "unit", ["gasguard.service", "gasguard-opener.service", "gasguard-web.service"]
)
def test_systemd_understands_every_word_and_finds_little_exposed(unit, tmp_path):
    for path in DATA.glob("*.service"):
        # Its program is not installed here.
        text = path.read_text().replace("/usr/bin/gasguard", "/bin/true")
        (tmp_path / path.name).write_text(text)
    for command in (["verify"], ["security", "--offline=true", "--threshold=25"]):
        said = subprocess.run(
            ["systemd-analyze", *command, str(tmp_path / unit)],
            check=False, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        if "Unknown" in said.stderr and "offline" in said.stderr:
            pytest.skip("this systemd-analyze knows no --offline")
        assert said.returncode == 0, said.stdout + said.stderr
        assert command != ["verify"] or not said.stderr, said.stderr
