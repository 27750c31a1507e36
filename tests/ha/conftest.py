"""A house for each core that is installed, and each form of discovery that it understands."""

from collections.abc import Iterator

import pytest

from tests.ha.cores import CORES, Core
from tests.ha.house import House

_FORMS = [
    pytest.param((core, form), id=f"{core.version}-{form}")
    for core in CORES
    if core.installed
    for form in (("component", "device") if core.device_form else ("component",))
]
assert _FORMS, "no Home Assistant is installed: make test-ha does that"


@pytest.fixture(scope="module", params=_FORMS)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    core: Core
    core, form = request.param
    house = House(core, form, tmp_path_factory.mktemp(f"house-{core.version}"))
    yield house
    house.close()
