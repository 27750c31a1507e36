"""What finds no room in the log is counted and told."""

import logging
import os

import pytest

from gasguard.logs import Log
from tests.support.waiting import eventually


@pytest.fixture
def root():
    """The root logger, put back afterwards."""
    log = logging.getLogger()
    kept = (log.handlers, log.level, logging.raiseExceptions)
    log.handlers = []
    yield log
    log.handlers, level, logging.raiseExceptions = kept
    log.setLevel(level)
    logging.captureWarnings(False)


def _record(text: str) -> logging.LogRecord:
    return logging.LogRecord("test", logging.INFO, "", 0, text, None, None)


def test_lines_without_room_are_counted_and_told_once_somebody_reads(root):
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    log = Log(writer, room=3)
    for number in range(8):
        log.put(_record(f"line {number}"))
    log.start()
    eventually(lambda: not log._is_busy, 5)
    log.put(_record("after"))
    eventually(lambda: not log._is_busy, 5)
    lines = os.read(reader, 65536).decode().splitlines()
    told = [line.split("test: ")[-1] for line in lines]
    assert told[1:] == ["line 0", "line 1", "line 2", "after"]
    assert "5 lines are lost: nobody read" in told[0]
    assert log.trouble == ""


def test_a_reader_that_is_gone_is_no_trouble_for_the_writer(root):
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.close(reader)
    log = Log(writer)
    log.start()
    for number in range(10):
        root.info("line %d", number)
    log.stop()
    assert not log._is_busy


def test_half_a_character_is_no_trouble_either(root):
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    log = Log(writer)
    log.start()
    log.put(_record("half \ud800 a character"))  # not by the root: pytest would stumble over it
    try:
        raise ValueError("its cause")
    except ValueError:
        root.exception("with a traceback")
    log.stop()
    text = os.read(reader, 65536).decode()
    assert "half \\ud800 a character" in text
    assert "Traceback" in text
    assert "ValueError: its cause" in text
