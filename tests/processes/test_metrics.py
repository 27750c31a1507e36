"""What a daemon has counted: at the command line, in a file, on the page, and in the dashboard."""

import contextlib
import json
import os
import re
import socket
import stat
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families

from gasguard.interfaces.local.control import MAX_CLIENTS
from tests.support.brokers import Mosquitto
from tests.support.http import Client
from tests.support.kitchen import Kitchen, burner
from tests.support.page import Page
from tests.support.waiting import eventually

TOKEN = "3f786850e387550fdab836ed7e6dc881"


def value(text: str, name: str, **labels: str) -> float | None:
    """Of the sample that has these labels, perhaps among others."""
    for family in families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


@pytest.fixture(scope="module")
def page(broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    gas = {"kind": "gas_alarm", "driver": "mqtt", "topic": "none/gas"}
    flame = {"driver": "mqtt", "topic": "none/flame"}
    left = burner(flame=flame, rated_kw="3.8")
    kitchen = Kitchen(
        tmp_path_factory.mktemp("metrics"), broker, {"left": left}, sensors={"kitchen_gas": gas}
    )
    page = Page(kitchen, metrics_token=TOKEN, names=["pi.example"])
    try:
        _, _, ear = kitchen.start()
        kitchen.order("timer", "20m")
        kitchen.order("off")
        ear.event("trip_confirmed")
        yield page.start()
    finally:
        kitchen.close()


def test_a_shutoff_is_counted_by_its_cause_with_the_time_that_it_took(page):
    said = page.kitchen.local("metrics")
    assert said.code == 0, said
    assert value(said.out, "gasguard_up") == 1
    assert value(said.out, "gasguard_trips_total", burner="left", reason="remote") == 1
    # A first one is seen by whoever asks for the increase only if there was a 0 before.
    assert value(said.out, "gasguard_trips_total", burner="left", reason="gas_alarm") == 0
    assert value(said.out, "gasguard_events_total", burner="left", type="trip_failed") == 0
    assert value(said.out, "gasguard_trip_confirmation_seconds_count", burner="left") == 1
    seconds = value(said.out, "gasguard_trip_confirmation_seconds_sum", burner="left")
    assert seconds is not None
    assert 0 < seconds < 2
    answered = {"burner": "left", "outcome": "answered"}
    assert (value(said.out, "gasguard_relay_questions_total", **answered) or 0) >= 2
    assert value(said.out, "gasguard_sensor_silent", sensor="kitchen_gas", kind="gas_alarm") == 0


def test_the_page_serves_the_same_to_whoever_is_at_the_pi_or_has_the_token(page):
    assert value(page.get("/metrics").text, "gasguard_up") == 1
    away = Client(page.port, host=f"pi.example:{page.port}")
    refused = away.get("/metrics")
    assert (refused.status, refused.data["code"]) == (401, "token_needed")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    for wrong in (f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", TOKEN, "Bearer"):
        assert away.get("/metrics", authorization=wrong).status == 401, wrong
    let_in = away.get("/metrics", authorization=f"Bearer {TOKEN}")
    assert let_in.headers["content-type"].startswith("application/openmetrics-text")
    assert value(let_in.text, "gasguard_up") == 1


def test_a_file_for_node_exporter_is_whole_and_says_when_the_daemon_is_gone(page, tmp_path):
    file = tmp_path / "gasguard.prom"
    kitchen = page.kitchen
    config = str(kitchen.path)
    process = kitchen.process("metrics", "-c", config, "--file", str(file), "--every", "1s")
    eventually(file.exists, 10)
    assert value(file.read_text(), "gasguard_up") == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    daemon = kitchen.daemons[-1]
    daemon.stop()
    eventually(lambda: value(file.read_text(), "gasguard_up") == 0, 10)
    assert [one.name for one in tmp_path.iterdir()] == ["gasguard.prom"]
    assert process.running
    assert value(page.get("/metrics").text, "gasguard_up") == 0
    gone = kitchen.local("metrics")
    assert (gone.code, value(gone.out, "gasguard_up")) == (3, 0)
    kitchen.daemon(None)
    eventually(lambda: value(file.read_text(), "gasguard_up") == 1, 10)
    process.stop()


def test_a_folder_that_is_away_for_a_while_is_written_to_again(page, tmp_path):
    folder, away = tmp_path / "text", tmp_path / "away"
    folder.mkdir()
    file = folder / "gasguard.prom"
    config = str(page.kitchen.path)
    process = page.kitchen.process("metrics", "-c", config, "--file", str(file), "--every", "1s")
    eventually(file.exists, 10)
    folder.rename(away)
    eventually(lambda: "there is no folder" in process.output, 10)
    folder.mkdir()
    eventually(file.exists, 10)
    process.stop()


def test_too_many_clients_are_told_and_waited_for(page, tmp_path):
    file = tmp_path / "gasguard.prom"
    kitchen = page.kitchen
    config = str(kitchen.path)
    process = kitchen.process("metrics", "-c", config, "--file", str(file), "--every", "1s")
    eventually(file.exists, 10)
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_CLIENTS):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(kitchen.socket_path))
            client.sendall(b'{"command": "watch"}\n')
        process.says("clients are being served")
        eventually(lambda: value(file.read_text(), "gasguard_up") == 0, 10)
    process.says("all is well again")
    eventually(lambda: value(file.read_text(), "gasguard_up") == 1, 10)
    process.stop()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--every", "15s"], "--file"),
        (["--file", "/nonexistent/gasguard.prom"], "there is no folder /nonexistent"),
        (["--file", "x.prom", "--every", "soon"], "write for example"),
        (["--file", "x.prom", "--every", "0.1s"], "from 1s to 1h"),
    ],
)
def test_what_cannot_be_done_is_told(page, words, told):
    said = page.kitchen.local("metrics", *words)
    assert said.code == 2, said
    assert told in said.err


def test_what_is_no_file_stays_what_it_is(page, tmp_path):
    pipe, link, other = tmp_path / "pipe", tmp_path / "link", tmp_path / "other"
    os.mkfifo(pipe)
    other.write_text("theirs")
    link.symlink_to(other)
    for place in (pipe, link):
        for words in (["metrics", "--file", str(place)], ["backup", str(place), "--force"]):
            said = page.kitchen.local(*words)
            assert said.code == 2, said
            assert f"{place} is no ordinary file" in said.err
    assert pipe.is_fifo()
    assert link.is_symlink() and other.read_text() == "theirs"


def test_the_dashboard_shows_nothing_that_does_not_exist(page):
    board = json.loads(page.kitchen.cli("metrics", "--dashboard").out)
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"gasguard_\w+", re.sub(r"\{[^}]*\}", "", target["expr"]))
    }
    assert len(asked) > 10
    known = set()
    for family in families(page.get("/metrics").text):
        known |= {family.name, *(sample.name for sample in family.samples)}
        known |= {f"{family.name}_total"} if family.type == "counter" else set()
    assert not asked - known
