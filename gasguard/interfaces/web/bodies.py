"""What comes with a request: a little, soon, or it is not taken."""

import asyncio

from starlette.types import Message, Receive

from gasguard.interfaces.web.refusals import Refusal

LARGEST = 16 * 1024
"""Bytes. The longest sound one is a timer with its label: some hundred."""
WITHIN = 5.0
"""Seconds from the head to the end of the body."""
OFF_WITHIN = 0.25
"""Seconds that an off waits for a body, which says nothing that matters."""


async def read(receive: Receive, *, is_off: bool) -> bytes:
    """The whole body. Raises Refusal where it is too large or slow.

    An off is carried out whether its body comes or not.
    """
    body = b""
    try:
        async with asyncio.timeout(OFF_WITHIN if is_off else WITHIN):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect" and not is_off:
                    raise Refusal(400, "malformed", "the request ended in its middle")
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > LARGEST:
                    raise too_large()
    except TimeoutError:
        if is_off:
            return b""
        raise Refusal(408, "too_slow", f"the request did not come within {WITHIN:g} s") from None
    return body


def received(body: bytes, receive: Receive) -> Receive:
    """A `receive` that has `body` first, then only whether the client has gone."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        while (message := await receive())["type"] != "http.disconnect":
            pass
        return message

    return again


def too_large() -> Refusal:
    """What a body is answered that is larger than `LARGEST`."""
    return Refusal(413, "too_large", f"a request has at most {LARGEST // 1024} KB")
