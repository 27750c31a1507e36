"""Who may ask for what without a login: whoever sits at the Pi for all, everybody for an off."""

import re
from collections.abc import Iterable

from gasguard.interfaces.web.hosts import is_loopback

STATIC = "/static/"
"""Below it lie the page's own files, the same in every house."""
_OFF = re.compile(r"/api/(burners/[^/]+/)?off")
_ANYBODY = {
    "/",  # without a login, OFF alone
    "/login",
    "/setup",
    "/api/login",
    "/api/setup",
    "/api/logout",
    "/healthz",
    "/metrics",  # has a token of its own
    "/sw.js",
}
_PROXYS = ("forwarded", "via", "x-real-ip")


def is_off(method: str, path: str) -> bool:
    """Whether it is a request to shut off, which nothing may hold up."""
    return method == "POST" and _OFF.fullmatch(path) is not None


def is_for_anybody(method: str, path: str) -> bool:
    """Whether no login is needed. What is not known needs one."""
    return path in _ANYBODY or path.startswith(STATIC) or is_off(method, path)


def is_at_the_pi(peer: str, host: str, headers: Iterable[str]) -> bool:
    """Whether the request comes from this machine itself, not through a proxy on it.

    `host` is the Host header's, `headers` are the names of all, in lower case.
    """
    passed_on = any(name in _PROXYS or name.startswith("x-forwarded") for name in headers)
    return is_loopback(peer) and is_loopback(host) and not passed_on
