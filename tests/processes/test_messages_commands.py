"""Messages from the command line and in the demo; the notes' addresses; no secret is told."""

import re
from pathlib import Path

import pytest
import yaml

from gasguard.config.messages import CAUSES
from tests.support.kitchen import TOKEN
from tests.support.messages import children
from tests.support.processes import ROOT, free_port
from tests.support.receiver import SECRET, Receiver
from tests.support.waiting import eventually


class _Plain(yaml.SafeLoader):
    """Takes what stands behind `!env` and `!file` for the value, and 22:00 for text."""


_Plain.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))
_Plain.yaml_implicit_resolvers = {}


@pytest.mark.long
def test_no_secret_is_anywhere(messaging, receiver):
    more = {"dad": f"nosuch://{SECRET}", "aunt": f"tgram://{SECRET}/{SECRET}"}
    closed = f"json://user:{SECRET}@127.0.0.1:{free_port()}/{SECRET}?+token={SECRET}"
    kitchen = messaging({"mum": receiver.url(), **more, "uncle": closed})
    _, ear = kitchen.stove(), kitchen.ear()
    env = {"GASGUARD_SECRET": SECRET}
    daemon = kitchen.run("-v", env=env)
    eventually(kitchen.ask, 15)
    ear.until(phase="ready", within=10)
    ear.send("left/off/set")
    receiver.until("was shut off")
    (child,) = children(daemon)
    seen = [
        Path(f"/proc/{child}/cmdline").read_bytes().decode(),
        Path(f"/proc/{child}/environ").read_bytes().decode(),
        Path(f"/proc/{daemon.pid}/cmdline").read_bytes().decode(),
    ]
    eventually(lambda: ear.events().count("message_failed") >= 3, 40)
    daemon.says("messages.to.aunt", 20)
    for words in (("doctor",), ("check-config",), ("history",), ("messages", "test"), ("status",)):
        said = kitchen.local(*words)
        seen.append(said.out + said.err)
    seen += [daemon.output, *(one.payload.decode() for one in ear.heard)]
    for path in kitchen.state_dir.rglob("*"):
        if path.is_file():
            seen.append(path.read_bytes().decode(errors="replace"))
    for text in seen:
        assert SECRET.lower() not in text.lower()
        assert TOKEN not in text or "burners" in text


@pytest.mark.long
def test_the_command_says_of_each_address_what_came_of_it(messaging, receiver):
    closed = f"json://127.0.0.1:{free_port()}/{SECRET}"
    kitchen = messaging({"mum": receiver.url(), "dad": closed})
    said = kitchen.local("messages", "test")
    assert said.code == 1, said
    assert said.out.startswith("mum: delivered")
    assert said.err.startswith("dad: NOT delivered: not reached: look at the network")
    assert "This is a test" in receiver.texts[0]
    assert kitchen.local("messages", "test", "MUM").code == 0
    for status, words in ((404, "HTTP 404"), (500, "out of order (HTTP 500)")):
        receiver.status = status
        said = kitchen.local("messages", "test", "mum")
        assert said.code == 1
        assert words in said.err


@pytest.mark.long
def test_a_message_that_a_redirect_leaves_behind_is_not_delivered(messaging, receiver):
    other = Receiver()
    receiver.location = other.url("elsewhere").replace("json", "http")
    try:
        kitchen = messaging()
        for status in (301, 302):
            receiver.status = status
            said = kitchen.local("messages", "test")
            assert said.code == 1, said
            assert f"NOT delivered: it only redirects (HTTP {status})" in said.err
            assert "elsewhere" not in said.err
        # Nothing is lost on these.
        for status in (307, 308):
            receiver.status = status
            assert kitchen.local("messages", "test").code == 0
        assert len(other.got) == 2
    finally:
        other.close()


def test_what_the_command_cannot_do_is_bad_usage(messaging, kitchen):
    said = messaging({"mum": "json://127.0.0.1/"}).local("messages", "test", "mom")
    assert said.code == 2
    assert "did you mean mum?" in said.err
    said = kitchen.local("messages", "test")
    assert said.code == 2
    assert "firmware_notes/messages.md" in said.err


def test_check_config_names_each_address_that_has_no_service(messaging):
    wrong = {
        "typo": "jsno://127.0.0.1/",
        "short": "tgram://abc",
        "page": "https://example.com/hook",
        "nobody": "bark://127.0.0.1/",
    }
    said = messaging(wrong).local("check-config")
    assert said.code == 2
    for name, words in (
        ("typo", "did you mean json://?"),
        ("short", "is no whole address of tgram://"),
        ("page", "jsons:// with TLS"),
        ("nobody", "names nobody"),
    ):
        (line,) = [one for one in said.err.splitlines() if f"messages.to.{name}: " in one]
        assert words in line and "(line " in line


def test_without_apprise_that_is_told(messaging, receiver, tmp_path):
    (tmp_path / "apprise.py").write_text("raise ImportError('none here')\n")
    kitchen = messaging()
    env = {"PYTHONPATH": f"{tmp_path}"}
    said = kitchen.cli("check-config", "-c", str(kitchen.path), env=env)
    assert said.code == 2
    assert "messages.to.mum: Apprise is not installed; pip install" in said.err


@pytest.mark.long
def test_the_demo_sends_messages_where_it_is_told(messaging, receiver, tmp_path):
    kitchen = messaging()
    folder = tmp_path / "demo"
    words = ["demo", "--mqtt-port", "0", "--state-dir", str(folder)]
    demo = kitchen.process(*words, env={"GASGUARD_MESSAGE_TO": receiver.url()})
    demo.says("Ctrl-C ends the demo", 20)
    demo.type("off left")
    assert receiver.until("was shut off", 20)["title"] == "gasguard: Left burner"
    receiver.status = 500
    demo.type("off right")
    demo.says("right: message to you (trip) not delivered yet", 40)
    events = kitchen.cli("history", "-c", str(folder / "config.yaml")).out
    assert "message_failed" in events and "message_sent" in events
    assert SECRET not in demo.output
    assert demo.stop() == 0
    said = kitchen.cli(*words, "--message-to", SECRET)
    assert said.code == 2
    assert "messages.to.you: is no address" in said.err
    assert SECRET not in said.err


@pytest.mark.parametrize("page", ["messages.md", "messages.zh-CN.md"])
def test_there_is_a_service_for_every_address_in_the_notes(messaging, page):
    text = (ROOT / "firmware_notes" / page).read_text()
    addresses = re.findall(r"`((?!https)[a-z]+://[^`]*[A-Z][^`]*)`", text)
    assert len(addresses) > 12
    kitchen = messaging({f"a{number}": one for number, one in enumerate(addresses)})
    said = kitchen.local("check-config")
    wrong = re.findall(r"messages\.to\.a(\d+)", said.err)
    assert not wrong, [addresses[int(number)] for number in wrong]


@pytest.mark.parametrize("page", ["messages.md", "messages.zh-CN.md"])
def test_the_configuration_in_the_notes_is_sound(messaging, page, tmp_path):
    text = (ROOT / "firmware_notes" / page).read_text()
    example = yaml.load(re.findall(r"```yaml\n(messages:.*?)```", text, re.S)[0], _Plain)[
        "messages"
    ]
    kitchen = messaging({"mum": "json://127.0.0.1/", "dad": "json://127.0.0.1/"})
    kitchen.data["messages"] = {**example, "to": kitchen.data["messages"]["to"]}
    kitchen.write()
    assert kitchen.local("check-config").code == 0
    assert set(example["to"]) == {"mum", "dad"}
    for cause in CAUSES:
        assert f"`{cause}`" in text
