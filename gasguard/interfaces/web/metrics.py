"""`/metrics`, for whoever sits at the Pi, or sends `web.metrics_token`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gasguard.interfaces.metrics.text import CONTENT_TYPE, open_metrics
from gasguard.interfaces.web.daemon import Absent, Daemon, Refused
from gasguard.interfaces.web.passwords import same_secret

_WITHIN = 3.0
"""Seconds that the daemon has to answer."""


class Metrics:
    """The route."""

    def __init__(self, daemon: Daemon, token: str | None) -> None:
        self._daemon, self._token = daemon, token

    @property
    def routes(self) -> list[Route]:
        """What is served."""
        return [Route("/metrics", self._serve)]

    async def _serve(self, request: Request) -> Response:
        if not request.state.at_the_pi and not self._may(request.headers.get("authorization", "")):
            return self._turned_away()
        try:
            answer = await self._daemon.first({"command": "metrics"}, _WITHIN)
        except (Absent, Refused):
            answer = None  # told as gasguard_up 0: a scrape that fails says less
        return Response(open_metrics(answer).encode(errors="replace"), media_type=CONTENT_TYPE)

    def _may(self, said: str) -> bool:
        scheme, _, token = said.partition(" ")
        known = self._token is not None and scheme.lower() == "bearer"
        return known and same_secret(self._token or "", token.strip())

    def _turned_away(self) -> Response:
        if self._token is None:
            told = "only at the Pi itself; elsewhere once web: metrics_token: is set"
            return JSONResponse({"code": "forbidden", "message": told}, 403)
        told = "send Authorization: Bearer and the web: metrics_token:"
        challenge = {"www-authenticate": 'Bearer realm="gasguard"'}
        return JSONResponse({"code": "token_needed", "message": told}, 401, challenge)
