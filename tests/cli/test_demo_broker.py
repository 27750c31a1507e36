"""The demo's embedded broker, where amqtt needs a hand."""

import subprocess
import sys

from tests.support.brokers import program


def test_a_message_whose_sender_leaves_at_once_arrives(make_ear, old_broker):
    """`mosquitto_pub -t gasguard/all/off/set -n`, with states retained and somebody listening."""
    ear = make_ear(old_broker, "house")
    for number in range(4):
        ear.send(f"{number}/state", "x" * 300, retain=True)
    for number in range(10):
        subprocess.run(
            [program("mosquitto_pub"), "-p", str(old_broker.port), "-t", "house/off", "-m",
             str(number)],
            check=True, timeout=10,
        )  # fmt: skip
        ear.wait("off", lambda one, text=str(number): one.text == text, within=3)


def test_nobody_gets_what_only_others_have_subscribed_to(make_ear, old_broker):
    first = make_ear(old_broker, "first")
    first.send("state", "mine", retain=True)
    second = make_ear(old_broker, "second")
    second.send("hello", "there")
    second.wait("hello")
    assert [one.topic for one in second.heard] == ["second/hello"]


def test_a_demo_without_its_broker_says_what_to_install(tmp_path):
    """Debian's package leaves amqtt out."""
    without = "import sys; sys.modules['amqtt'] = None; from gasguard.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", without, "demo", "--state-dir", str(tmp_path / "demo")],
        check=False, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no amqtt" in done.stderr and "pip install '.[demo]'" in done.stderr
    assert "Traceback" not in done.stderr
