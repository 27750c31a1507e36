"""The MQTT page of the notes, taken apart."""

import re
from typing import NamedTuple

from tests.support.processes import ROOT

NOTES = ROOT / "firmware_notes"
ENGLISH, CHINESE = NOTES / "mqtt.md", NOTES / "mqtt.zh-CN.md"
ACL = ROOT / "gasguard" / "data" / "mosquitto.acl"


class Block(NamedTuple):
    """A fenced block of the page."""

    language: str
    text: str


def blocks(page) -> list[Block]:
    """Every fenced block in order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.M | re.S)
    return [Block(*one) for one in found]


def block(language: str, having: str = "") -> str:
    """The one block of this language that holds `having`."""
    (text,) = (b.text for b in blocks(ENGLISH) if b.language == language and having in b.text)
    return text
