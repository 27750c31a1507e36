"""Kitchens: gasguard as its users run it, in processes of its own.

Only the folders that `make quick` leaves out have them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.brokers import Mosquitto
from tests.support.kitchen import Kitchen, burner
from tests.support.namespaces import mounting
from tests.support.receiver import Receiver

MakeKitchen = Callable[..., Kitchen]


@pytest.fixture
def make_kitchen(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeKitchen]:
    """Builds kitchens: `make_kitchen(left=burner(), mqtt={...})`; everything ends with the test."""
    kitchens: list[Kitchen] = []

    def make(*, broker: Any = None, top: dict[str, Any] | None = None, **burners: Any) -> Kitchen:
        folder = tmp_path / f"kitchen{len(kitchens)}"
        folder.mkdir()
        kitchen = Kitchen(
            folder,
            broker or request.getfixturevalue("broker"),
            burners or {"left": burner()},
            **(top or {}),
        )
        kitchens.append(kitchen)
        return kitchen

    yield make
    faults = []
    for kitchen in kitchens:
        try:
            kitchen.close()
        except AssertionError as error:
            faults.append(str(error))
    assert not faults, "\n".join(faults)


@pytest.fixture
def kitchen(make_kitchen: MakeKitchen) -> Kitchen:
    """The plain one: burner `left`, a normally open relay, re-armed 2 s after a trip."""
    return make_kitchen()


@pytest.fixture(scope="module")
def house(broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kitchen]:
    """Two burners for the tests of a module, which leave them as they found them."""
    # A command line starts slowly on a busy machine: right must not re-arm by itself meanwhile.
    slow = burner(limits={"rearm_after": "1m"})
    burners = {"left": burner(name="左灶"), "right": slow}
    kitchen = Kitchen(tmp_path_factory.mktemp("house"), broker, burners)
    try:
        kitchen.start()
        yield kitchen
    finally:
        kitchen.close()


@pytest.fixture
def read_only() -> Callable[[Kitchen], None]:
    """From now on a kitchen's daemons find their state folder on a card that has become read-only.

    A file system of that daemon's own: a command of the kitchen's runs on such a one too.
    """

    def make(kitchen: Kitchen) -> None:
        mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"'
        kitchen.before = mounting(mount, kitchen.state_dir)

    return make


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where messages go."""
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def messaging(make_kitchen: MakeKitchen, receiver: Receiver) -> MakeKitchen:
    """Builds a kitchen whose messages go to the receiver, under the name mum."""

    def build(to: dict[str, str] | None = None, **settings: Any) -> Kitchen:
        to = {"mum": receiver.url()} if to is None else to
        kitchen = make_kitchen(left=burner(name="左灶"), right=burner())
        kitchen.data["messages"] = {"to": to, **settings}
        alarm = {"driver": "mqtt", "kind": "gas_alarm", "topic": f"{kitchen.base}_gas"}
        kitchen.data["hazards"] = {"kitchen_gas": alarm}
        kitchen.write()
        return kitchen

    return build
