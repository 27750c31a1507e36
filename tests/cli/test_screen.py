"""What fits on a screen."""

from gasguard.cli.screen import cells, fold


def test_no_word_is_broken_and_no_line_is_longer_than_the_screen() -> None:
    text = "left: the relay cannot be reached; 请检查 its power, and the router"
    for columns in range(12, 80):
        lines = fold(text, columns, 4)
        assert " ".join(" ".join(lines).split()) == text
        assert all(cells(line) <= columns for line in lines)


def test_a_word_longer_than_the_screen_stays_whole() -> None:
    assert fold("see mqtt://user:pass@host:1883 there", 10, 2) == [
        "see",
        "  mqtt://user:pass@host:1883",
        "  there",
    ]


def test_what_is_piped_and_what_fits_is_left_alone() -> None:
    assert fold("a  b   c", None) == ["a  b   c"]
    assert fold("a  b   c", 8) == ["a  b   c"]
    assert fold("a  b   c", 4, 1) == ["a  b", " c"]
