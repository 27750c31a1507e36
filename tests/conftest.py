"""Shared fixtures. Nothing here starts anything until a test asks for it."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.brokers import Broker, Mosquitto, OldBroker
    from tests.support.ear import Ear

# Shells have these ignored in what runs in the background, nohup does, and the processes under test
# would inherit it.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Mosquitto]":
    """A mosquitto for everyone; each kitchen has a base topic of its own on it."""
    from tests.support.brokers import Mosquitto

    mosquitto = Mosquitto(tmp_path_factory.mktemp("broker"))
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def own_broker(tmp_path: Path) -> "Iterator[Mosquitto]":
    """A mosquitto that the test may stop and freeze."""
    from tests.support.brokers import Mosquitto

    mosquitto = Mosquitto(tmp_path / "broker")
    yield mosquitto
    mosquitto.stop()


@pytest.fixture(scope="module")
def old_broker(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[OldBroker]":
    """A broker without MQTT 5."""
    from tests.support.brokers import OldBroker

    old = OldBroker(tmp_path_factory.mktemp("old"))
    yield old
    old.stop()


@pytest.fixture
def make_ear() -> "Iterator[Callable[[Broker, str], Ear]]":
    """Listeners on a broker without a kitchen, 3.1.1."""
    from tests.support.ear import Ear

    ears: list[Ear] = []

    def make(on: "Broker", base: str) -> Ear:
        ears.append(Ear(on.port, base, mqtt5=False))
        return ears[-1]

    yield make
    for ear in ears:
        ear.close()
