"""Messages in the file: addresses, routes, quiet hours. No fault repeats an address."""

import pytest

from gasguard.config.load import load_config
from gasguard.config.messages import CAUSES, USUAL_CAUSES, Messages
from tests.config.files import SOUND, File, place, where

SECRET = "hunter2hunter2"
TO = f"  to: {{mum: 'ntfy://{SECRET}', dad: \"mailto://me:{SECRET}@example.org\"}}\n"
HEAD = SOUND + "messages:\n"


@pytest.fixture
def file(tmp_path) -> File:
    return File(tmp_path)


def sound(file: File, more: str = "") -> Messages:
    messages = file.sound(HEAD + TO + more).messages
    assert messages is not None
    return messages


def test_addresses_alone_are_enough(file):
    messages = sound(file)
    assert (messages.language, messages.quiet) == ("en", None)
    for cause in CAUSES:
        told = ["mum", "dad"] if cause in USUAL_CAUSES else []
        assert messages.recipients(cause) == told
    assert SECRET not in repr(messages) + str(messages)


def test_nothing_is_told_to_whom_no_route_names(file):
    messages = sound(file, "  routes: {trip: mum, hazard: [dad, mum, dad], rearmed: []}\n")
    assert messages.recipients("trip") == ["mum"]
    assert messages.recipients("hazard") == ["dad", "mum"]
    assert messages.recipients("rearmed") == messages.recipients("prewarning") == []


@pytest.mark.parametrize(
    ("routes", "unheard"),
    [
        ("{trip: [mum], hazard: [dad]}", []),
        ("{trip: mum, hazard: []}", ["dad"]),
        ("{trip: []}", ["mum", "dad"]),
        ("{}", ["mum", "dad"]),
    ],
)
def test_whom_no_route_names_is_worth_a_warning(file, routes, unheard):
    warnings = file.warnings(f"{HEAD}{TO}  routes: {routes}\n")
    assert [place(one) for one in warnings] == [f"messages.to.{name}" for name in unheard]
    assert all("is told of nothing" in one and SECRET not in one for one in warnings)


def test_an_address_from_elsewhere(file, monkeypatch):
    monkeypatch.setenv("GASGUARD_MESSAGES_MUM", f"bark://{SECRET}/key")
    (file.folder / "dad.txt").write_text(f"  ntfy://{SECRET}\n")
    config = load_config(
        file(HEAD + "  to: {mum: !env GASGUARD_MESSAGES_MUM, dad: !file dad.txt}\n")
    )
    assert config.messages is not None
    said = [address.get_secret_value() for address in config.messages.to.values()]
    assert said == [f"bark://{SECRET}/key", f"ntfy://{SECRET}"]


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("{from: 22:00, to: 07:00}", (1320, 420)),
        ('{from: "22:00", to: "7:00"}', (1320, 420)),
        ("{from: 00:00, to: 24:00:00}", None),
        ("{from: 13:00, to: 14:30:00}", (780, 870)),
        ("{from: 20:00, to: 24:00}", (1200, 1440)),
    ],
)
def test_quiet_hours(file, written, minutes):
    if minutes is None:
        assert "are the same time" in file.fault(HEAD + TO + f"  quiet: {written}\n")
    else:
        quiet = sound(file, f"  quiet: {written}\n").quiet
        assert quiet is not None
        assert (quiet.begins, quiet.to) == minutes


@pytest.mark.parametrize(
    ("more", "at", "remedy"),
    [
        ("  routes: {trp: [mum]}\n", "messages.routes.trp", "did you mean trip?"),
        ("  routes: {gas_alarm: [mum]}\n", "messages.routes.gas_alarm", "did you mean hazard?"),
        ("  routes: {prewarn: [mum]}\n", "messages.routes.prewarn", "did you mean prewarning?"),
        ("  routes: {xyz: [mum]}\n", "messages.routes.xyz", "there are hazard, trip_failed"),
        ("  routes: {message_failed: mum}\n", "messages.routes.message_failed", "is no cause"),
        ("  routes: {trip: [mum, mom]}\n", "messages.routes.trip.1", "did you mean mum?"),
        ("  routes: {trip: uncle}\n", "messages.routes.trip", "there are: mum, dad"),
        ("  routes: {trip: }\n", "messages.routes.trip", "is empty; write"),
        ("  quiet: {from: 25:00, to: 07:00}\n", "messages.quiet.from", "for example 23:30"),
        ("  quiet: {from: 24:00, to: 07:00}\n", "messages.quiet.from", "00:00 to 23:59"),
        ("  quiet: {from: 22:00, to: 7}\n", "messages.quiet.to", "for example 06:00"),
        ("  quiet: {from: 22:00, to: 07:60}\n", "messages.quiet.to", "for example 06:00"),
        ("  quiet: {from: 22:00, to: 22:00}\n", "messages.quiet", "are the same time"),
        ("  quiet: {from: 22:00}\n", "messages.quiet.to", "is required"),
        ("  quiet: 22:00-07:00\n", "messages.quiet", "mapping"),
        ("  quiet:\n", "messages.quiet", "is empty"),
        ("  language: cn\n", "messages.language", "en or zh"),
        ("  rutes: {}\n", "messages.rutes", "did you mean routes?"),
    ],
)
def test_a_fault_names_its_place_and_a_remedy(file, more, at, remedy):
    fault = file.fault(HEAD + TO + more)
    assert place(fault) == at
    assert remedy in fault
    assert where(fault)[0] == 6
    assert SECRET not in fault


@pytest.mark.parametrize(
    "to",
    [
        f"{{mum: {SECRET}}}",
        f"{{mum: 'ntfy//{SECRET}'}}",
        f"{{mum: 'ntfy://{SECRET} x'}}",
        f"{{mum: 'json://127.0.0.1/{SECRET},ntfy://{SECRET}'}}",
        f"{{mum: ['ntfy://{SECRET}']}}",
        f"{{mum: {{url: 'ntfy://{SECRET}'}}}}",
        f"{{Mum: 'ntfy://{SECRET}'}}",
        f"{{'ntfy://{SECRET}': mum}}",
        f"['ntfy://{SECRET}']",
        f"ntfy://{SECRET}",
        "{mum: }",
        "{}",
        "",
    ],
)
def test_a_wrong_address_is_never_repeated(file, to):
    for routes in ("", f"  routes: {{trip: 'ntfy://{SECRET}', 'ntfy://{SECRET}': [mum]}}\n"):
        faults = file.faults(f"{HEAD}  to: {to}\n{routes}")
        for fault in faults:
            assert fault.startswith("messages.")
            assert SECRET not in fault
            where(fault)
