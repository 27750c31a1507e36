"""What crashes teach the next start."""

import asyncio

import pytest

from gasguard.starts import FILE_NAME, Starts


def crash(folder, boot_id="boot", *, at: str = "") -> Starts:
    """A start that ends without a word; with `at`, while that part is being started."""

    async def start_part() -> bytes:
        async with starts.starting(at):
            return (folder / FILE_NAME).read_bytes()

    starts = Starts(folder, boot_id)
    if at:
        # What a dead process leaves.
        (folder / FILE_NAME).write_bytes(asyncio.run(start_part()))
    return starts


def test_brokers_are_approached_later_at_each_crash_up_to_five_minutes(tmp_path):
    delays = [crash(tmp_path).delay for _ in range(9)]
    assert delays == [0, 0, 10, 30, 60, 120, 300, 300, 300]


def test_an_orderly_end_a_sound_hour_and_another_boot_are_no_crashes(tmp_path):
    for _ in range(4):
        starts = crash(tmp_path)
    assert starts.crashes == 3
    asyncio.run(starts.forget())
    assert crash(tmp_path).crashes == 0
    assert crash(tmp_path).crashes == 1
    assert crash(tmp_path, "another boot").crashes == 0, "a power cut is no crash"


def test_only_crashes_in_a_row_at_the_same_part_leave_it_out(tmp_path):
    for at in ("mqtt", "mqtt", "", "mqtt", "mqtt", "bemfa", "mqtt", "mqtt"):
        assert not crash(tmp_path, at=at).is_left_out("mqtt")
    assert not crash(tmp_path, at="mqtt").is_left_out("mqtt")
    fourth = crash(tmp_path)
    assert fourth.is_left_out("mqtt")
    assert not fourth.is_left_out("bemfa")
    fifth = crash(tmp_path, at="bemfa")
    assert fifth.is_left_out("mqtt"), "for as long as starts crash"
    asyncio.run(fifth.forget())
    assert not crash(tmp_path).is_left_out("mqtt")


def test_a_part_that_was_started_is_no_suspect(tmp_path):
    async def start_all(starts: Starts) -> None:
        for part in ("mqtt", "bemfa"):
            async with starts.starting(part):
                pass

    for _ in range(5):
        starts = Starts(tmp_path, "boot")
        assert not starts.is_left_out("mqtt") and not starts.is_left_out("bemfa")
        asyncio.run(start_all(starts))


def test_what_cannot_be_taken_back_is_not_believed(tmp_path):
    for _ in range(4):
        crash(tmp_path)
    (tmp_path / "starts.new").mkdir()  # nothing can be written
    assert Starts(tmp_path, "boot").delay == 0
    assert (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize(
    "damage",
    [
        '{"boot_id": "boot", "crashes": Infinity}',
        '{"boot_id": "boot", "crashes": 1e999}',
        '{"boot_id": "boot", "crashes": -5}',
        '{"boot_id": "boot", "starting": [1]}',
        '{"boot_id": "boot", "strikes": [1]}',
        "[]",
        "\0",
    ],
)
def test_whatever_stands_in_the_file_the_guard_starts(tmp_path, damage):
    (tmp_path / FILE_NAME).write_text(damage)
    starts = Starts(tmp_path, "boot")
    assert starts.delay == 0.0
    assert not starts.is_left_out("mqtt")
