"""Announcing must never cost the guard its broker, whatever that does about denied topics."""

import asyncio
from pathlib import Path

from gasguard.config.load import parse_config
from gasguard.interfaces.home_assistant.announcer import Announcer
from tests.support.kitchen import relay


class Denying:
    """Stands for a connection that the broker ends as soon as it is asked for such a topic."""

    backlog = 0

    def __init__(self) -> None:
        self.asked: list[str] = []

    def listen(self, topic: str) -> None:
        self.asked.append(topic)


async def _connect(announcer: Announcer) -> list[str]:
    connection = Denying()
    announcer.connected(connection, lambda: None)
    await asyncio.sleep(0)
    announcer.lost(connection)
    return connection.asked


def test_after_three_lost_connections_it_lets_the_guard_work(caplog):
    async def lose_four() -> list[list[str]]:
        announcer = Announcer(parse_config({"burners": {"left": {"relay": relay()}}}, Path()))
        return [await _connect(announcer) for _ in range(4)]

    asked = asyncio.run(lose_four())
    assert [bool(topics) for topics in asked] == [True, True, True, False]
    (warning,) = caplog.records
    assert "mqtt.home_assistant.discovery: false" in warning.getMessage()
