"""What `gasguard doctor` tells of messages. It sends none."""

import os
from collections.abc import AsyncIterator

from gasguard.config.load import Config
from gasguard.config.messages import Messages
from gasguard.drivers.base import Finding
from gasguard.interfaces.messages.addresses import wrong_addresses
from gasguard.interfaces.messages.shelf import FILE_NAME, read


async def message_rows(config: Config, settings: Messages) -> AsyncIterator[Finding]:
    """A row for what waits, and one for each address."""
    yield _waiting(config)
    wrong = await wrong_addresses(settings)
    for name in settings.to:
        if name in wrong:
            yield Finding(f"message {name}", "fail", wrong[name])
        else:
            text = f"there is a service for it; gasguard messages test {name} sends a message"
            yield Finding(f"message {name}", "ok", text)


def _waiting(config: Config) -> Finding:
    path = config.state_dir / FILE_NAME
    if path.exists() and not os.access(path, os.R_OK):
        return Finding("messages waiting", "warn", f"{path} cannot be read: ask as gasguard's user")
    letters = read(path).letters
    if not letters:
        return Finding("messages waiting", "ok", "none")
    to = ", ".join(sorted({letter.to for letter in letters}))
    text = f"{len(letters)}, for {to}: gasguard history says why, if it is not for quiet hours"
    return Finding("messages waiting", "warn", text)
