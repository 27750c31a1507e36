"""Every story of the demo, to its end: it says what came of it, and takes less than a minute."""

import subprocess
import time
from pathlib import Path

import pytest

from gasguard.cli.demo_stories import STORIES
from tests.support.processes import GASGUARD, ROOT

WITHIN = 60.0
"""Seconds that a story may take, the demo's start and end included."""
TOLD = {
    "forgotten": ["prewarning (max_burn", "off, confirmed in", "as long as max_burn allows"],
    "unattended": ["nobody was seen in the kitchen", "nobody was near the stove (kitchen_pir)"],
    "return": ["prewarning (unattended", "flame lit", "No shutoff of Left burner is on record"],
    "simmer": ["timer extended by 15s", "The warning was answered: 15 seconds more"],
    "away": ["nobody is at home", "it burnt while nobody was at home (anybody_home)"],
    "night": ["prewarning (schedule", "active until", 'the schedule "night" said so'],
    "gas": ["still reports", "left: re-armed", "kitchen_gas warned of gas"],
    "messages": ["mum's phone", "answers HTTP 500", "message_failed", "dad: the service is out of"],
    "hood": [
        "hood runs at high",
        "hood: low\n> hood off\nhood: off\n",
        "hood is off\nhood: low",
        "hood: off\n> hood",
    ],
}


def play(name: str, folder: Path) -> tuple[str, float]:
    """What the demo says, and how many seconds it took."""
    began = time.monotonic()
    options = ("--story", name, "--mqtt-port", "0", "--state-dir", str(folder))
    done = subprocess.run(
        [*GASGUARD, "demo", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=2 * WITHIN,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout, time.monotonic() - began


def tells(name: str, folder: Path) -> float:
    said, took = play(name, folder)
    for words in TOLD[name]:
        assert words in said, f"{words!r} is not in:\n{said}"
    assert "Traceback" not in said, said
    return took


@pytest.mark.parametrize("name", STORIES)
def test_a_story_says_what_came_of_it_in_less_than_a_minute(tmp_path, name):
    assert tells(name, tmp_path) < WITHIN
