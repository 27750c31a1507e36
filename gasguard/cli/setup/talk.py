"""The conversation: each question is answered by an option, by the file, or at the terminal."""

import getpass
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import click

from gasguard.cli.exits import Misused
from gasguard.cli.screen import fold, width
from gasguard.cli.setup.words import Language, text
from gasguard.errors import GasguardError

T = TypeVar("T")
_YES = {"y", "yes", "j", "ja", "是", "好", "对", "是的", "有"}
_NO = {"n", "no", "否", "不", "没有", "不是"}
_LONGEST_ANSWER = 1000


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

    # --- saying -------------------------------------------------------------------------------

    def text(self, key: str, **values: object) -> str:
        """The words for `key`, in this conversation's language."""
        return text(self.language, key, **values)

    def say(self, key: str, **values: object) -> None:
        """Tell something, folded to the screen."""
        self.show(self.text(key, **values))

    def show(self, words: str, *, err: bool = False) -> None:
        """Tell words that are already in the right language."""
        for line in words.splitlines() or [""]:
            indent = len(line) - len(line.lstrip(" -"))
            for part in fold(line, width(), indent):
                click.echo(part, err=err)

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

    @staticmethod
    def given_one(question: Question[T], said: str) -> T:
        """What an option that was given so answers. Raises Misused where it is no answer."""
        try:
            return question.check(said)
        except WrongAnswerError as error:
            raise Misused(f"{question.option}: {error}") from None

    def check_given(self, questions: Iterable[Question[Any]]) -> None:
        """Name every option whose answer is none. Raises Misused."""
        wrong = []
        for question in questions:
            try:
                self.given(question)
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
        proposal = self.text("yes" if usual else "no")
        while True:
            said = self._read(self.text(words, **values), proposal, None, False).casefold()
            if said in _YES or (not said and usual):
                return True
            if said in _NO or not said:
                return False
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
        self.show(words)
        prompt = f"{'' if beside is None else f'[{beside}] '}> "
        try:
            said = getpass.getpass(prompt) if secret else self._line(prompt)
        except EOFError:
            click.echo()
            raise GasguardError(self.text("no_more_answers")) from None
        said = said.strip()
        if not said.isprintable() or len(said) > _LONGEST_ANSWER:
            self.say("unreadable")
            return self._read(words, proposal, shown, secret)
        return said

    @staticmethod
    def _line(prompt: str) -> str:
        click.echo(prompt, nl=False)
        sys.stdout.flush()
        said = sys.stdin.readline()
        if not said:
            raise EOFError
        return said
