"""Presets as they are written, and what is told of those that are none."""

import pytest

from tests.config.files import SOUND, place, where


def presets(written: str) -> str:
    return SOUND.replace("  left:\n", f"  left:\n    presets: {written}\n", 1)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("[3m, 8m, 20m]", [180, 480, 1200]),
        ("[20m, 90s]", [1200, 90]),
        ("[20, 1h30, 半小时, 24h]", [1200, 5400, 1800, 86400]),
        ("[]", []),
        ("", []),
    ],
)
def test_each_is_a_duration_and_they_keep_their_order(file, written, seconds):
    assert file.sound(presets(written)).burners["left"].presets == seconds


@pytest.mark.parametrize(
    ("written", "at", "right"),
    [
        ("[3m, soon]", "presets.1", "20m"),
        ("[3m, 0]", "presets.1", "1s"),
        ("[25h]", "presets.0", "24h"),
        ("[1.5s]", "presets.0", "whole seconds"),
        ("[3m, 180s]", "presets", "3m twice"),
        ("20m", "presets", "[a, b]"),
        ("{eggs: 8m}", "presets", "[a, b]"),
        ("[[3m]]", "presets.0", "20m"),
        (f"[{', '.join(f'{one}m' for one in range(1, 14))}]", "presets", "12"),
    ],
)
def test_a_fault_names_its_place_and_what_would_be_right(file, written, at, right):
    fault = file.fault(presets(written))
    assert place(fault) == f"burners.left.{at}"
    assert right in fault
    assert where(fault)
