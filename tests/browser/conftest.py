"""One browser and one household for each module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.household import Household
from tests.support.brokers import Mosquitto


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """No longer than for a module: while it is there an event loop runs in this thread, and nothing
    else in the process could run another."""
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def household(
    broker: Mosquitto, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Household]:
    """Stove, daemon and page, for a module's tests, which leave them as they found them."""
    one = Household(broker, browser, tmp_path_factory.mktemp("household"))
    try:
        yield one
    finally:
        one.close()
