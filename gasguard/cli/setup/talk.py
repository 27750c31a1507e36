"""The conversation: each question is answered by an option, by the file, or at the terminal."""

import select
import sys
import termios
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import click

from gasguard.cli.exits import Misused
from gasguard.cli.screen import fold, width
from gasguard.cli.setup.words import Language, text
from gasguard.errors import GasguardError

T = TypeVar("T")
_YES = {"y", "yes", "是", "好", "对", "是的", "有"}
_NO = {"n", "no", "否", "不", "没有", "不是"}
_LONGEST_ANSWER = 1000
_NOT_TEXT = "\0"
_LOOK_EVERY = 0.2
"""Seconds."""
_MARGIN = 4
"""Columns for the prompt."""


class WrongAnswerError(GasguardError):
    """What was answered is no answer to this question; the text says what would be one."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """Something that must be known."""

    words: str
    """Key of its words."""
    option: str
    """Of the command line, which answers it too: `--relay`."""
    check: Callable[[str], T]
    """Makes a value of an answer; raises WrongAnswerError."""
    secret: bool = False
    """Not shown while it is typed."""


class Talk:
    """One run's conversation. `asks`: there is somebody at a terminal."""

    def __init__(
        self, language: Language, options: Mapping[str, str | None], *, asks: bool
    ) -> None:
        self.language, self.asks = language, asks
        self._options = options

    def without_options(self) -> "Talk":
        """The same conversation, in which everything is asked."""
        return Talk(self.language, {}, asks=self.asks)

    # --- saying -------------------------------------------------------------------------------

    def text(self, key: str, **values: object) -> str:
        """The words for `key`, in this conversation's language."""
        return text(self.language, key, **values)

    def say(self, key: str, **values: object) -> None:
        """Tell something, folded to the screen."""
        self.show(self.text(key, **values))

    def show(self, words: str, *, err: bool = False) -> None:
        """Tell words that are already in the right language."""
        for line in self._folded(words):
            click.echo(line, err=err)

    @staticmethod
    def _folded(words: str) -> list[str]:
        columns = width()
        return [
            part
            for line in words.splitlines() or [""]
            for part in fold(
                line, columns and columns - _MARGIN, len(line) - len(line.lstrip(" -"))
            )
        ]

    def heading(self, key: str, **values: object) -> None:
        """Begin a part of the conversation."""
        if self.asks:
            click.echo()
            self.show(f"== {self.text(key, **values)}")

    def trouble(self, words: str) -> None:
        """Something did not work: told where it can be answered anew, else the end.

        Raises GasguardError where nobody is there to answer.
        """
        if not self.asks:
            raise GasguardError(words)
        self.show(words, err=True)

    # --- asking -------------------------------------------------------------------------------

    def given(self, question: Question[T]) -> T | None:
        """What an option answers, if it is there. Raises Misused where it is no answer."""
        said = self._options.get(question.option)
        return None if said is None else self.given_one(question, said)

    def given_one(self, question: Question[T], said: str) -> T:
        """What an option that was given so answers. Raises Misused where it is no answer."""
        if not said.isprintable() or len(said) > _LONGEST_ANSWER:
            raise Misused(f"{question.option}: {self.text('unreadable')}")
        try:
            return question.check(said)
        except WrongAnswerError as error:
            raise Misused(f"{question.option}: {error}") from None

    def check_given(self, given: Iterable[tuple[Question[Any], str]]) -> None:
        """Name every option whose answer is none. Raises Misused."""
        wrong = []
        for question, said in given:
            try:
                self.given_one(question, said)
            except Misused as error:
                wrong.append(str(error))
        if wrong:
            raise Misused("\n".join(wrong))

    def ask(
        self,
        question: Question[T],
        proposal: str | None = None,
        *,
        shown: str | None = None,
        again: bool = False,
        **values: object,
    ) -> T:
        """The answer. `proposal` is what an empty line means, `shown` what stands there for it.

        `again`: what an option said did not work. Raises Misused, naming the option, where nobody
        is there to ask and nothing is proposed.
        """
        if not again and (given := self.given(question)) is not None:
            return given
        if not self.asks:
            if proposal is None:
                raise Misused(self.text("missing", option=question.option))
            return question.check(proposal)
        while True:
            said = self._read(self.text(question.words, **values), proposal, shown, question.secret)
            if not said and proposal is None:
                self.say("needed")
                continue
            try:
                return question.check(said or proposal or "")
            except WrongAnswerError as error:
                self.show(str(error), err=True)

    def yes(self, words: str, given: bool | None = None, *, usual: bool, **values: object) -> bool:
        """Yes or no; `usual` is what an empty line means, and what holds where nobody is asked."""
        if given is not None:
            return given
        if not self.asks:
            return usual
        said = self._yes_or_no(words, self.text("yes" if usual else "no"), **values)
        return usual if said is None else said

    def saw(self, words: str, **values: object) -> bool:
        """Yes or no of what somebody has seen or heard: an empty line is no answer."""
        while (said := self._yes_or_no(words, None, **values)) is None:
            self.say("say_yes_or_no")
        return said

    def _yes_or_no(self, words: str, proposal: str | None, **values: object) -> bool | None:
        """None for an empty line."""
        beside = None if proposal else f"{self.text('yes')}/{self.text('no')}"
        while True:
            said = self._read(self.text(words, **values), proposal, beside, False).casefold()
            if said in _YES:
                return True
            if said in _NO:
                return False
            if not said:
                return None
            self.say("say_yes_or_no")

    def choose(self, words: str, choices: Sequence[tuple[str, str]], usual: str | None) -> str:
        """One of `choices` (value, words), by its number or its value. Only where somebody asks."""
        self.say(words)
        for number, (_, label) in enumerate(choices, 1):
            self.show(f"  {number}  {label}")
        values = [value for value, _ in choices]
        proposal = str(values.index(usual) + 1) if usual in values else None
        while True:
            said = self._read(self.text("which"), proposal, None, False) or proposal or ""
            if said.isdecimal() and 1 <= int(said) <= len(values):
                return values[int(said) - 1]
            if said in values:
                return said
            self.say("say_a_number", most=len(values))

    def wait(self, words: str, **values: object) -> None:
        """Until somebody has done something and says so."""
        self._read(self.text(words, **values), self.text("press_enter"), None, False)

    def _read(self, words: str, proposal: str | None, shown: str | None, secret: bool) -> str:
        """One line. Raises KeyboardInterrupt at Ctrl-C, click.Abort at the end of the input."""
        beside = shown if shown is not None else proposal
        prompt = "\n".join(self._folded(f"{words}{f' [{beside}]' if beside else ''}")) + " > "
        try:
            said = _unseen(prompt) if secret else _line(prompt)
        except EOFError:
            click.echo()
            raise GasguardError(self.text("no_more_answers")) from None
        except UnicodeDecodeError:
            said = _NOT_TEXT
        said = said.strip()
        if not said.isprintable() or len(said) > _LONGEST_ANSWER:
            self.say("unreadable")
            return self._read(words, proposal, shown, secret)
        return said


def _line(prompt: str) -> str:
    """One line. Raises EOFError, KeyboardInterrupt, UnicodeDecodeError."""
    click.echo(prompt, nl=False)
    sys.stdout.flush()
    # A Ctrl-C just before a plain read would count only with the next key.
    while not select.select([sys.stdin], [], [], _LOOK_EVERY)[0]:
        pass
    said = sys.stdin.readline()
    if not said:
        raise EOFError
    return said


def _unseen(prompt: str) -> str:
    """As `_line`, with nothing of it on the screen."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = list(before)
    silent[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
        return _line(prompt)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        click.echo()
