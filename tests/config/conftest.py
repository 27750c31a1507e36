"""A file to write configurations into."""

from pathlib import Path

import pytest

from tests.config.files import File


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path)
