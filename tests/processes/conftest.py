"""Kitchens: gasguard as its users run it, in processes of its own.

Only the folders that `make quick` leaves out have them.
"""

import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.kitchen import Kitchen, burner

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


@pytest.fixture
def read_only() -> Callable[[Kitchen], None]:
    """From now on a kitchen's daemons find their state folder on a card that has become read-only.

    A file system of that daemon's own: a command of the kitchen's runs on such a one too.
    """

    def make(kitchen: Kitchen) -> None:
        own = [] if os.geteuid() == 0 else ["--map-root-user"]
        folder = shlex.quote(str(kitchen.state_dir))
        mount = f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}"
        kitchen.before = ["unshare", *own, "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh"]

    return make
