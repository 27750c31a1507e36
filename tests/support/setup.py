"""What `gasguard setup` finds in a kitchen, and somebody at a terminal who answers it."""

import time
from pathlib import Path

from tests.support.kitchen import TOKEN, Kitchen, Said
from tests.support.terminal import Terminal

WRONG_TOKEN = "f" * 32


class Machine:
    """A kitchen whose configuration setup is to find out; `path` is where that is written."""

    def __init__(self, kitchen: Kitchen, path: Path, *, speed: float = 1.0) -> None:
        self.kitchen, self.path = kitchen, path
        self.stove = kitchen.stove(speed=speed)
        self.port = kitchen.config.burners["left"].relay.port

    @property
    def broker_at(self) -> str:
        return f"127.0.0.1:{self.kitchen.broker.port}"

    @property
    def relay_at(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def broker(self) -> tuple[str, ...]:
        """The option for it."""
        return ("--broker", self.broker_at)

    @property
    def relay(self) -> tuple[str, ...]:
        """The options for it."""
        return ("--relay", self.relay_at, "--token", TOKEN)

    def run(self, *options: str, env: dict[str, str] | None = None) -> Said:
        """Setup with options alone."""
        return self.kitchen.cli("setup", "--yes", "-c", str(self.path), *options, env=env)

    def whole(self, *more: str) -> Said:
        """All that an empty machine needs."""
        return self.run(*self.broker, *self.relay, "--wiring", "normally_open", *more)

    def left(self) -> dict[str, bytes]:
        """All files where it writes, by name."""
        return {
            str(path.relative_to(self.path.parent)): path.read_bytes()
            for path in self.path.parent.rglob("*")
            if path.is_file()
        }


class Asked(Terminal):
    """Setup at a terminal."""

    def __init__(
        self, at: Machine | Path, *options: str, language: str = "en", **more: str
    ) -> None:
        """`at`: where it writes; `more` for its environment."""
        path = at.path if isinstance(at, Machine) else at
        words = ("setup", "-c", str(path), "--language", language, *options)
        super().__init__(*words, columns=200, env=more)
        self._read_up_to = 0

    def answer(self, question: str, keys: str = "") -> None:
        """Wait until it asks that, then type the answer and Enter."""
        self.asks(question)
        self.type(f"{keys}\n")

    def asks(self, question: str, within: float = 20.0) -> None:
        """Wait until it asks that, and waits for an answer."""
        deadline = time.monotonic() + within
        while True:
            asked = self.text.find(question, self._read_up_to)
            prompt = self.text.find(" > ", asked) if asked >= 0 else -1
            if prompt >= 0:
                self._read_up_to = prompt + 3
                return
            assert time.monotonic() < deadline, f"does not ask {question!r}:\n{self.text}"
            alive = self._listen()
            assert alive or question in self.text, f"ended without {question!r}:\n{self.text}"
