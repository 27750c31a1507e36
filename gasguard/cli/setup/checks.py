"""What each answer must be: text in, a value out, or what would be right."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from gasguard.cli.setup.plan import resolved
from gasguard.cli.setup.talk import WrongAnswerError
from gasguard.cli.setup.words import Language, text
from gasguard.config.edit import FromFile
from gasguard.config.fields import DeviceTopic, Duration, Host, RelayHost
from gasguard.config.messages import Address
from gasguard.config.names import BurnerId, Name
from gasguard.config.parts import fits
from gasguard.errors import GasguardError

T = TypeVar("T")
Wiring = Literal["normally_open", "normally_closed"]
WIRINGS: dict[str, Wiring] = {
    "normally_open": "normally_open",
    "no": "normally_open",
    "常开": "normally_open",
    "normally_closed": "normally_closed",
    "nc": "normally_closed",
    "常闭": "normally_closed",
}
_ELSEWHERE = re.compile(r"(!env|!file)\s+(\S.*)")
Place = tuple[str, int]
"""Host and port."""
Channel = tuple[int, int]
"""siid and piid."""


class Checks:
    """In one language. What stands elsewhere is looked up as if it stood in a file of `folder`."""

    def __init__(self, language: Language, folder: Path) -> None:
        self._language, self._folder = language, folder

    def _wrong(self, key: str, **values: object) -> WrongAnswerError:
        return WrongAnswerError(text(self._language, key, **values))

    def _by(self, kind: Any, key: str) -> Callable[[str], str]:  # Any: as `fits` has it
        def check(said: str) -> str:
            if not fits(kind, said):
                raise self._wrong(key, said=said[:60])
            return said

        return check

    def place(self, usual_port: int, *, relay: bool = False) -> Callable[[str], Place]:
        """HOST or HOST:PORT; [ADDRESS]:PORT for IPv6."""
        host_check = self._by(RelayHost if relay else Host, "wrong_host")

        def check(said: str) -> Place:
            if set(said) & set("/@?#"):
                # Of a URL the password is not repeated.
                raise self._wrong("wrong_host", said=said.partition(":")[0][:20])
            cut = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", said) or re.fullmatch(
                r"([^:]*)(?::([^:]*))?", said
            )
            host, port = (cut[1], cut[2]) if cut else (said, None)
            host_check(host)
            if port is not None and not (
                port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535
            ):
                raise self._wrong("wrong_port", said=port[:20])
            return host, usual_port if port is None else int(port)

        return check

    def secret(self, said: str) -> str | FromFile:
        """A secret itself, or where it stands: !env NAME, !file PATH. It must be there."""
        if cut := _ELSEWHERE.fullmatch(said):
            found = FromFile(cut[1], cut[2].strip())
            self._itself(found)
            return found
        return said

    def _itself(self, secret: str | FromFile) -> str:
        try:
            return str(resolved(secret, self._folder))
        except GasguardError as error:
            raise WrongAnswerError(str(error)) from None

    def token(self, said: str) -> str | FromFile:
        """32 hexadecimal digits, or where they stand."""
        found = self.secret(said)
        digits = self._itself(found)
        if not re.fullmatch(r"[0-9a-fA-F]{32}", digits):
            raise self._wrong("wrong_token", length=len(digits))
        return found

    def token_or_none(self, said: str) -> str | FromFile | None:
        """A token, or nothing."""
        return self.token(said) if said else None

    def channel(self, said: str) -> Channel:
        """SIID/PIID."""
        cut = re.fullmatch(r"([0-9]{1,5})\s*[/.]\s*([0-9]{1,5})", said)
        if cut is None or not all(1 <= int(part) <= 65535 for part in cut.groups()):
            raise self._wrong("wrong_channel")
        return int(cut[1]), int(cut[2])

    def channel_or_none(self, said: str) -> Channel | None:
        """SIID/PIID, or none."""
        return None if said.casefold() in ("none", "no", "无", "没有") else self.channel(said)

    def wiring(self, said: str) -> Wiring:
        """One of the two."""
        found = WIRINGS.get(said.casefold().replace("-", "_"))
        if found is None:
            raise self._wrong("wrong_wiring")
        return found

    def burner(self, said: str) -> str:
        """A burner's id."""
        return self._by(BurnerId, "wrong_burner")(said)

    def name(self, said: str) -> str:
        """What people see."""
        if not said.strip() or len(said) > 64:
            raise self._wrong("wrong_name")
        return said

    def topic(self, said: str) -> str:
        """A topic of a device."""
        return self._by(DeviceTopic, "wrong_topic")(said)

    def plain(self, said: str) -> str:
        """What stands in the topics of a device."""
        if not said or said != said.strip("/ ") or set(said) & set("+#\0"):
            raise self._wrong("wrong_device")
        return said

    def payload(self, said: str) -> str:
        """Anything that is short."""
        return said

    def pin(self, said: str) -> int:
        """The number of a GPIO."""
        if not re.fullmatch(r"[0-9]{1,4}", said) or int(said) > 1023:
            raise self._wrong("wrong_pin")
        return int(said)

    def duration(self, said: str) -> str:
        """A duration as the configuration has it."""
        return self._by(Duration, "wrong_duration")(said)

    def port(self, said: str) -> int:
        """A port."""
        if not (said.isascii() and said.isdigit() and 1 <= int(said[:6]) <= 65535):
            raise self._wrong("wrong_port", said=said[:20])
        return int(said)

    def message(self, said: str) -> tuple[str, str | FromFile]:
        """NAME=ADDRESS, the address an Apprise URL or where it stands."""
        name, equals, address = said.partition("=")
        name = name.strip()
        if not equals:
            raise self._wrong("wrong_message")
        self._by(Name, "wrong_message_name")(name)
        found = self.secret(address.strip())
        self._by(Address, "wrong_address")(self._itself(found))
        return name, found

    def one_of(self, *words: str) -> Callable[[str], str]:
        """One of these words."""

        def check(said: str) -> str:
            if said.casefold() not in words:
                raise self._wrong("wrong_word", words=", ".join(words))
            return said.casefold()

        return check
