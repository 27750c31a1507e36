"""What the command line answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gasguard.cli.setup.questions import Questions
from gasguard.cli.setup.talk import Question


@dataclass(frozen=True, slots=True)
class Given:
    """Options as they were typed; None where a question is open."""

    answers: Mapping[str, str | None] = field(default_factory=dict)
    """By option, `--relay`: those that are texts."""
    messages: tuple[str, ...] = ()
    broker_tls: bool = False
    page: bool | None = None
    service: bool | None = None
    watchdog: bool | None = None
    sheet: Path | None = None

    def get(self, option: str) -> str | None:
        """What stands behind an option."""
        return self.answers.get(option)

    def any_of(self, *options: str) -> bool:
        """Whether one of them is there."""
        return any(self.get(option) is not None for option in options)

    def answered(self, questions: Questions) -> Iterator[tuple[Question[Any], str]]:
        """Each question that an option answers, with the answer."""
        for question in questions:
            said = self.get(question.option)
            if said is not None:
                yield question, said
        yield from ((questions.message, said) for said in self.messages)

    @property
    def broker_ca(self) -> str | None:
        """The authority's certificates of a broker with TLS."""
        return self.get("--broker-ca")
