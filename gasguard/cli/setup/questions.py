"""Every question, with the option that answers it too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gasguard.cli.setup.checks import Checks
from gasguard.cli.setup.talk import Question
from gasguard.cli.setup.words import Language
from gasguard.config.web import USUAL_PORT

BROKER_PORT, RELAY_PORT = 1883, 54321
KINDS = ("zigbee2mqtt", "tasmota", "esphome")
FAMILIES = ("mi", "mqtt", "pin")
TOPIC_OPTIONS = ("--command-topic", "--state-topic", "--query-topic")
DEVICE_OPTIONS = ("--kind", "--device", "--channel")
PIN_OPTIONS = ("--pin", "--active", "--chip")
PAGE_PORT = USUAL_PORT


class Questions:
    """In one language, for a file in `folder`."""

    def __init__(self, language: Language, folder: Path) -> None:
        check = Checks(language, folder)
        self.broker = Question("ask_broker", "--broker", check.place(BROKER_PORT))
        self.broker_user = Question("ask_broker_user", "--broker-user", check.name)
        self.broker_password = Question(
            "ask_broker_password", "--broker-password", check.secret, secret=True
        )
        self.burner = Question("ask_burner", "--burner", check.burner)
        self.name = Question("ask_name", "--name", check.name)
        self.family = Question("ask_family", "--driver", check.one_of(*FAMILIES))
        self.relay = Question("ask_relay", "--relay", check.place(RELAY_PORT, relay=True))
        self.token = Question("ask_token", "--token", check.token, secret=True)
        self.token_again = Question("ask_token", "", check.token_or_none, secret=True)
        self.switch = Question("ask_switch", "--switch", check.channel)
        self.voice = Question("ask_voice", "--voice", check.channel_or_none)
        self.lease = Question("ask_lease", "--lease", check.duration)
        self.kind = Question("ask_kind", "--kind", check.one_of(*KINDS))
        self.device = Question("ask_device", "--device", check.plain)
        self.channel = Question("ask_channel", "--channel", check.plain)
        self.command_topic = Question("ask_command_topic", "--command-topic", check.topic)
        self.state_topic = Question("ask_state_topic", "--state-topic", check.topic)
        self.query_topic = Question("ask_query_topic", "--query-topic", check.topic)
        self.pin = Question("ask_pin", "--pin", check.pin)
        self.active = Question("ask_active", "--active", check.one_of("high", "low"))
        self.chip = Question("ask_chip", "--chip", check.plain)
        self.wiring = Question("ask_wiring", "--wiring", check.wiring)
        self.page_port = Question("ask_page_port", "--page-port", check.port)
        self.message = Question("ask_message", "--message", check.message)

    def __iter__(self) -> Iterator[Question[Any]]:
        return iter(vars(self).values())
