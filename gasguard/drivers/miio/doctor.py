"""What `gasguard doctor` asks a Mi Home relay. It only reads."""

import contextlib
import statistics
from collections.abc import AsyncIterator, Iterator

from gasguard.config.relays.miio import MiioRelay, MiotRelay
from gasguard.drivers.base import CALL_WITHIN, Finding
from gasguard.drivers.miio.models import POWER_ON, SAFE_POWER_ON
from gasguard.drivers.miio.relay import MiioRelayDriver, MiotRelayDriver
from gasguard.drivers.miio.values import whole
from gasguard.errors import Cause, DriverError, Refused, Unreachable

_PROBES = 20
_PROBE_WITHIN = 0.4
_LOSSY = 0.1
"""Share of lost packets from which a shutoff gets noticeably slower."""
_SLOW_MS = 200
_ADVICE = {
    Cause.WRONG_TOKEN: "; read it anew (firmware_notes/commissioning.md)",
    Cause.BUSY: "; is another program polling it?",
    Cause.NOT_JSON: "",
    Cause.SILENT: "",
}


async def examine_device(
    what: str, driver: MiotRelayDriver | MiioRelayDriver, wiring: str
) -> AsyncIterator[Finding]:
    """What the device itself shows: its contact, its wire, its power-on state."""
    try:
        reading = await driver.read(5.0)
        with contextlib.suppress(Unreachable):
            # Asked as the guard asks once it knows what the module answers.
            reading = await driver.read(CALL_WITHIN)
        findings = [
            Finding(what, "ok", f"{driver.address}, contact {reading.contact}"),
            *([Finding(f"{what} parts", "fail", reading.problem)] if reading.problem else []),
            await _round_trip(f"{what} wire", driver),
            await _power_on(f"{what} power-on", driver, wiring),
        ]
    except Unreachable as error:
        findings = [Finding(what, "fail", f"{error}{_ADVICE[error.cause]}")]
    except DriverError as error:
        findings = [Finding(what, "fail", str(error))]
    for finding in findings:
        yield finding


async def _round_trip(what: str, driver: MiotRelayDriver | MiioRelayDriver) -> Finding:
    times = []
    for _ in range(_PROBES):
        with contextlib.suppress(Unreachable):
            times.append(await driver.ping(_PROBE_WITHIN))
    lost = 1 - len(times) / _PROBES
    if not times:
        return Finding(what, "fail", "answers only now and then: move it, or the access point")
    median = statistics.median(times) * 1000
    text = f"{median:.0f} ms, {lost:.0%} of {_PROBES} lost"
    if lost > _LOSSY or median > _SLOW_MS:
        return Finding(what, "warn", f"{text}: weak Wi-Fi; shutoffs get slower")
    return Finding(what, "ok", text)


async def _power_on(what: str, driver: MiotRelayDriver | MiioRelayDriver, wiring: str) -> Finding:
    try:
        model = await driver.model(2.0)
    except DriverError as error:
        return Finding(what, "warn", f"model not told ({error})")
    known = POWER_ON.get(model)
    wanted = SAFE_POWER_ON[wiring]
    if known is None:
        return Finding(what, "warn", f"{model}: not known here; test it by cutting its power")
    try:
        value = await driver.property(known.siid, known.piid, 2.0)
    except (Refused, Unreachable) as error:
        return Finding(what, "warn", f"{model}: {error}")
    number = whole(value)
    meaning = str(value) if number is None else known.meanings.get(number, str(value))
    if meaning == wanted:
        return Finding(what, "ok", f"{model}: {meaning}")
    return Finding(what, "warn", f"{model}: {meaning}; with {wiring} set it to {wanted} in Mi Home")


def examine_settings(what: str, relay: MiotRelay | MiioRelay) -> Iterator[Finding]:
    """What can be said without asking the device."""
    if relay.jogs_for:
        yield Finding(
            f"{what} jog",
            "warn",
            "switch jog (点动) off in Mi Home, on wired and voice channels, and remove relay.jog: "
            "a pulse shorter than the poll goes unseen, and a jogging relay cannot hold a lock",
        )
    if isinstance(relay, MiotRelay) and relay.contact == "normally_open" and not relay.lease:
        yield Finding(
            f"{what} lease",
            "warn",
            "none: if this machine dies while cooking, the relay stays as it is",
        )
