"""Who stands where on loopback, and the configuration files that say so."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

PORT = 54321
"""python-miio's hello goes to this port, whatever the device's own: every relay gets an address."""
TOKEN = "00112233445566778899aabbccddeeff"
SIID, PIID = 2, 1
DEVICE_DELAY = 0.020
"""Seconds a relay takes from a datagram's arrival to its contact's move and its answer."""
REARM_AFTER = "2s"

NET = 64 + os.getpid() % 190
"""Second octet of this run's addresses: two benchmarks on one machine do not meet."""


@dataclass(frozen=True, slots=True)
class Group:
    """Relays that belong together: `count` of them, at 127.`net`.`number`.1 and up."""

    name: str
    number: int
    count: int
    net: int = NET

    def host(self, index: int) -> str:
        """Address of relay `index`, counted from 0."""
        return f"127.{self.net}.{self.number}.{index + 1}"

    def to_argument(self) -> str:
        """As one command-line argument."""
        return f"{self.name}:{self.number}:{self.count}:{self.net}"

    @classmethod
    def from_argument(cls, text: str) -> "Group":
        """The reverse of `to_argument`."""
        name, number, count, net = text.split(":")
        return cls(name, int(number), int(count), int(net))


def burner_name(index: int) -> str:
    """The burner on relay `index` of a group."""
    return f"b{index}"


def burner_index(name: str) -> int:
    """The reverse of `burner_name`."""
    return int(name.removeprefix("b"))


def write_config(folder: Path, group: Group, mqtt_port: int) -> Path:
    """A configuration with one burner a relay; base topic and state folder are the group's name."""
    burners = {
        burner_name(index): {
            "relay": {
                "driver": "miot",
                "host": group.host(index),
                "token": TOKEN,
                "switch": {"siid": SIID, "piid": PIID},
                "contact": "normally_closed",
            },
            "limits": {"rearm_after": REARM_AFTER},
        }
        for index in range(group.count)
    }
    config = {
        "mqtt": {"port": mqtt_port, "base_topic": group.name},
        "state_dir": str(folder / group.name),
        "burners": burners,
    }
    path = folder / f"{group.name}.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    return path
