"""After the file is written: watchdog, service, doctor, the sheet, and what to do next."""

import asyncio
import contextlib
import datetime
import socket
import time
from pathlib import Path

from gasguard.cli.connect import connect_locally
from gasguard.cli.doctor import examine, show_row
from gasguard.cli.exits import Unreached
from gasguard.cli.setup import system
from gasguard.cli.setup.given import Given
from gasguard.cli.setup.sheet import sheet, write_sheet
from gasguard.cli.setup.talk import Talk
from gasguard.config.load import Config

_UP_WITHIN = 15.0
"""Seconds that a daemon which was just begun gets to answer."""


def set_up_watchdog(talk: Talk, given: Given, wirings: set[str]) -> bool:
    """Where it is wanted; said before that is what it does to each wiring. Whether all is well."""
    possible = system.is_root() and system.systemd_runs()
    if given.watchdog is None and not (talk.asks and possible):
        return True
    talk.heading("head_watchdog")
    talk.say("watchdog_explained")
    for wiring in sorted(wirings):
        talk.say(f"watchdog_{wiring}")
    if not talk.yes("ask_watchdog", given.watchdog, usual=system.has_watchdog()):
        if system.has_watchdog() and system.is_root():
            system.remove_watchdog()
            talk.say("watchdog_removed", path=system.WATCHDOG)
        return True
    if not system.is_root():
        talk.say("watchdog_by_hand", path=system.WATCHDOG)
        return True
    problem = system.write_watchdog()
    if problem:
        talk.show(problem, err=True)
    else:
        talk.say("watchdog_written", path=system.WATCHDOG)
    return not problem


def allow_pins(talk: Talk, config: Config) -> bool:
    """Let the service have what the configuration needs of this machine; whether it has."""
    wanted = any(
        relay.driver == "gpio" for burner in config.burners.values() for relay in burner.in_series
    ) or any(
        burner.flame is not None and burner.flame.i2c_bus() is not None
        for burner in config.burners.values()
    )
    if problem := system.allow_pins(wanted):
        talk.show(problem, err=True)
    return not problem


def begin_service(talk: Talk, given: Given, config: Config, path: Path) -> bool:
    """Have systemd run the daemon, and the page where there is one; else say what to type.

    Whether what was begun runs.
    """
    units = [system.DAEMON, *([system.PAGE] if config.web is not None else [])]
    talk.heading("head_service")
    runs = system.systemd_runs()
    if not runs or not all(map(system.has_unit, units)):
        talk.say("service_none", command=f"gasguard run -c {path}")
        if config.web is not None:
            talk.say("service_none_page", command=f"gasguard web -c {path}")
        return True
    if not system.is_root() or not talk.yes("ask_service", given.service, usual=talk.asks):
        talk.say("service_by_hand")
        for command in system.commands(*units):
            talk.show(f"  {command}")
        return True
    problem = system.begin(*units)
    if problem:
        talk.show(talk.text("service_trouble", problem=problem), err=True)
        return False
    talk.say("service_begun", units=", ".join(units))
    if path.resolve() != system.CONFIG:
        talk.show(talk.text("service_other_file", usual=system.CONFIG, path=path), err=True)
    _wait_for_daemon(path)
    return True


def look(talk: Talk, given: Given, config: Config, path: Path, seen: dict[str, bool]) -> bool:
    """`doctor`, and the sheet with what it found; whether all is well."""
    talk.heading("head_doctor")
    findings = asyncio.run(examine(config, path, show_row))
    page = sheet(config, findings, seen, talk.language, datetime.datetime.now().astimezone())
    wanted = given.sheet or path.with_name("commissioning.html")
    try:
        written = write_sheet(wanted, page)
    except OSError as error:
        talk.show(f"{wanted}: {error.strerror}", err=True)
        return False
    talk.say("sheet_written", path=written)
    return all(finding.verdict != "fail" for finding in findings)


def farewell(talk: Talk, config: Config, path: Path) -> None:
    """What comes next, and what this is not."""
    if config.web is not None:
        talk.say("next_page", url=config.web.url(socket.gethostname()), path=path)
    talk.say("next_steps", path=path)
    talk.say("not_certified")


def _wait_for_daemon(path: Path) -> None:
    deadline = time.monotonic() + _UP_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(Unreached):
            connect_locally(path).status()
            return
        time.sleep(0.2)
