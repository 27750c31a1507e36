"""What schedules are told by, where the machine does not say clearly what time zone it is in."""

from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import pytest
import tzlocal

from gasguard.config.load import parse_config
from gasguard.interfaces.schedules import watch
from tests.support.kitchen import relay


@pytest.fixture
def config():
    return parse_config({"burners": {"left": {"relay": relay()}}}, Path())


def test_a_machine_of_two_minds_has_the_time_that_its_clocks_show(config, monkeypatch):
    def of_two_minds():
        raise ZoneInfoNotFoundError("Multiple conflicting time zone configurations found")

    monkeypatch.setattr(tzlocal, "get_localzone", of_two_minds)
    data = resources.files("tzdata") / "zoneinfo/Asia/Shanghai"
    with resources.as_file(data) as path:
        monkeypatch.setattr(watch, "_LOCALTIME", path)
        zone = watch._zone(config)
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=8)
