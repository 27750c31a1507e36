"""What every way in does with what people ask: known burner? sound words? request, or reject."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from gasguard.core.messages import Answer, Request, Status
from gasguard.core.model import Source
from gasguard.durations import format_duration
from gasguard.errors import no_burner
from gasguard.guard.bulletins import Reply
from gasguard.guard.controller import Controller
from gasguard.interfaces.requests import BadRequest, parse_request
from gasguard.interfaces.wall_time import WallTime

_FAR = 12 * 3600.0
"""Seconds. A time of day that has just passed is named easily, and is tomorrow's; and a timer until
then outranks the longest burn all that time. Whoever meant today should read it."""


class Front:
    """One way in's counter at the guard."""

    def __init__(
        self, controller: Controller, source: Source, until: WallTime | None = None
    ) -> None:
        """Without `until` nobody may name a time of day."""
        self._controller, self.source = controller, source
        self._parse = partial(parse_request, until=until) if until else parse_request

    def check(self, name: str) -> None:
        """Raises BadRequest if there is no such burner."""
        known = self._controller.states()
        if name not in known:
            raise BadRequest("unknown_burner", no_burner(name, known))

    def ask(
        self, name: str, asks: str, payload: bytes, reply_to: Callable[[str | None], Reply]
    ) -> None:
        """Hand in what somebody asks of a known burner, or refuse it.

        `asks` is one of `topics.REQUESTS`. `reply_to` makes the reply of the id that its sender
        gave it.
        """
        try:
            parsed = self._parse(asks, payload, self.source)
        except BadRequest as bad:
            self.reject(name, bad.code, str(bad), reply_to(bad.request_id))
        else:
            reply = reply_to(parsed.request_id)
            if parsed.named_time_in is not None:
                reply = _saying(parsed.named_time_in, reply)
            self.request(name, parsed.request, reply)

    def request(self, name: str, request: Request, reply: Reply | None = None) -> None:
        """Hand in a request for a known burner; an off takes effect before this returns."""
        self._controller.request(name, request, reply)

    def reject(self, name: str, code: str, why: str, reply: Reply | None = None) -> None:
        """Refuse what never became a request of a known burner."""
        self._controller.reject(name, self.source, code, why, reply)


def _saying(how_far: float, reply: Reply) -> Reply:
    """A reply that also says of what is accepted how many seconds ahead it is, if that is far."""

    def noted(answer: Answer) -> None:
        if answer.status is Status.ACCEPTED and answer.message is None and how_far > _FAR:
            minutes = format_duration(how_far // 60 * 60)
            answer = replace(answer, message=f"that is in {minutes}")
        reply(answer)

    return noted
