"""The process that has Apprise: `python -m gasguard.interfaces.messages.child`.

It reads jobs from standard input, one JSON object a line, and answers each on standard output, in
whatever order they end. Addresses come that way alone, and no part of one ever goes back. It ends
with its standard input: when it has been idle, and when whoever started it is gone.
"""

import contextlib
import json
import os
import re
import signal
import sys
import threading
import urllib.parse
from contextvars import ContextVar
from difflib import get_close_matches
from typing import Any, NamedTuple

CONNECT_WITHIN, READ_WITHIN = 8.0, 15.0
"""Seconds. Apprise gives up after 4 s: a slow service would have the message, and get it again."""
_LONGEST = 200
_SHORT = 5
"""Characters of a part of an address that may be any word's part, too."""
_COME_AGAIN = {408, 425, 429}
"""HTTP's refusals that are no more than a "not now"."""
_NO_BY = ("errcode", "errno", "scode")
"""DingTalk's and WeCom's, then ServerChan's: Apprise takes their no for a yes."""
_WORDS_BY = ("errmsg", "error", "msg", "message", "info")
_LARGEST_ANSWER = 100_000
_SEE = "see firmware_notes/messages.md"


class Answer(NamedTuple):
    """`result` is one of `outbox.Result`; `why` is for people."""

    result: str
    why: str = ""


class Fact(NamedTuple):
    """What came of one HTTP request of a delivery."""

    status: int | None = None
    error: str = ""
    content: bytes = b""
    """The answer."""
    lost_at: int | None = None
    """The status of the redirect on which the message was left behind: a GET without it went on."""


_facts: ContextVar[list[Fact] | None] = ContextVar("facts", default=None)
"""Of the delivery at hand: services tell Apprise more than Apprise tells."""


_finding = threading.Lock()
"""Apprise loads its services at the first look for one, and not twice at once."""


def serve(answers: int) -> None:
    """Do jobs until standard input ends. `answers` is the descriptor to answer on."""
    writing = threading.Lock()

    def work(job: dict[str, Any]) -> None:
        answer = _done(job)
        line = json.dumps({"id": job.get("id"), **answer._asdict()}) + "\n"
        with writing, contextlib.suppress(OSError):
            os.write(answers, line.encode())

    for line in sys.stdin.buffer:
        with contextlib.suppress(ValueError):
            # A thread each: a service that hangs holds up nobody else.
            threading.Thread(target=work, args=(json.loads(line),), daemon=True).start()
    # Threads that hang are not waited for.
    os._exit(0)


def _done(job: dict[str, Any]) -> Answer:
    url = str(job.get("url"))
    try:
        with _finding:
            service, wrong = find_service(url)
            listen_to_requests()
        if service is None or job.get("do") == "check":
            return Answer("impossible" if wrong else "delivered", without(url, wrong))
        answer = _sent(service, job)
    except ImportError:
        return Answer("impossible", "Apprise is not installed; pip install 'apprise>=2.3,<3'")
    except Exception as error:  # noqa: BLE001 - whatever a service's plugin raises: it has failed
        # Its text is not told: nobody knows what is in it.
        return Answer("failed", f"Apprise failed ({type(error).__name__})")
    return answer._replace(why=without(url, answer.why)[:_LONGEST])


def find_service(url: str) -> tuple[Any, str]:
    """Apprise's plugin for an address, or why there is none and what to write.

    Raises ImportError where there is no Apprise.
    """
    import apprise
    from apprise.manager_plugins import NotificationManager

    scheme = url.partition("://")[0].lower()
    service = apprise.Apprise.instantiate(url)
    if service is None:
        plugins: Any = NotificationManager()  # type: ignore[no-untyped-call] # Apprise's own
        known = [str(one) for one in plugins.schemas()]
        if scheme in known and not plugins[scheme].enabled:
            needed = plugins[scheme].requirements.get("packages_required") or ()
            each = [needed] if isinstance(needed, str) else needed
            packages = " ".join(f"'{one}'" for one in each)
            install = f"; pip install {packages}" if packages else " on this machine"
            return None, f"Apprise lacks what {scheme}:// needs{install}"
        if scheme in known:
            return None, f"is no whole address of {scheme}://; {_SEE}"
        near = get_close_matches(scheme, known, 1, 0.6)
        meant = f"did you mean {near[0]}://? " if near else ""
        if scheme in ("http", "https"):
            meant = "a webhook of your own is json://HOST/PATH, or jsons:// with TLS; "
        return None, f"Apprise has no service {scheme}://; {meant}{_SEE}"
    if len(service) == 0:
        return None, f"names nobody to send to: the part behind {scheme}://HOST/ is missing; {_SEE}"
    return service, ""


def _sent(service: Any, job: dict[str, Any]) -> Answer:
    import apprise

    facts: list[Fact] = []
    _facts.set(facts)
    kind = type(service)
    if service.socket_connect_timeout == kind.socket_connect_timeout:
        service.socket_connect_timeout = CONNECT_WITHIN
    if service.socket_read_timeout == kind.socket_read_timeout:
        service.socket_read_timeout = READ_WITHIN
    courier = apprise.Apprise()
    courier.add(service)
    level = apprise.NotifyType.FAILURE if job.get("urgent") else apprise.NotifyType.INFO
    result = courier.notify(
        body=str(job.get("body")),
        title=str(job.get("title")),
        notify_type=level,
        body_format=apprise.NotifyFormat.TEXT,
    )
    logged = [str(entry.message) for entry in result.logs()] if hasattr(result, "logs") else []
    return verdict(bool(result), facts, logged)


def listen_to_requests() -> None:
    """From now on note what services answer over HTTP: Apprise takes some refusals for a yes."""
    import requests

    if getattr(requests.Session.send, "notes", False):
        return
    plain = requests.Session.send

    def send(session: Any, request: Any, **options: Any) -> Any:
        facts = _facts.get()
        try:
            response = plain(session, request, **options)
        except requests.RequestException as error:
            if facts is not None:
                facts.append(Fact(error=_in_words(error)))
            raise
        if facts is not None and not options.get("stream"):
            lost_at = _lost_at(response, request.method)
            facts.append(Fact(response.status_code, "", response.content, lost_at))
        return response

    send.notes = True  # type: ignore[attr-defined] # a mark, so that it is put in once
    session: Any = requests.Session
    session.send = send  # the one place that all plugins pass


def _lost_at(response: Any, method: str) -> int | None:
    """See `Fact.lost_at`. 303 is no such redirect: it is the answer to what was taken."""
    if response.request.method == method:
        return None
    return next(
        (hop.status_code for hop in response.history if hop.status_code in (301, 302)), None
    )


def _in_words(error: Exception) -> str:
    """By its kind: its text holds the address."""
    import requests

    for kind, words in (
        (requests.exceptions.SSLError, "its certificate is not accepted"),
        (requests.exceptions.ProxyError, "the proxy cannot be reached"),
        (requests.exceptions.ConnectTimeout, f"not reached within {CONNECT_WITHIN:g} s"),
        (requests.exceptions.ReadTimeout, f"reached, but no answer within {READ_WITHIN:g} s"),
        (requests.exceptions.ConnectionError, "not reached: look at the network and the address"),
    ):
        if isinstance(error, kind):
            return words
    return f"no request is possible ({type(error).__name__})"


def refusal(content: bytes, keys: tuple[str, ...] = _NO_BY) -> str:
    """What a service says no with in JSON, though its HTTP status says yes; empty if it does not.

    `keys` are those whose value is 0, or not there, where it says yes.
    """
    if len(content) > _LARGEST_ANSWER or not content.lstrip().startswith(b"{"):
        return ""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    code = next((code for key in keys if type(code := said.get(key)) is int and code), None)
    if code is None:
        return ""
    text = next((said[key] for key in _WORDS_BY if isinstance(said.get(key), str)), "")
    return f"{code} {text}".strip()[:_LONGEST]


def verdict(taken: bool, facts: list[Fact], logged: list[str]) -> Answer:
    """What a delivery came to. `taken` is what Apprise makes of it."""
    # Of what Apprise has not taken for a yes, any code is one of a no.
    keys = _NO_BY if taken else (*_NO_BY, "code")
    said_no = next((no for fact in facts if (no := refusal(fact.content, keys))), "")
    last = facts[-1] if facts else Fact()
    if last.lost_at is not None:
        why = f"it only redirects (HTTP {last.lost_at}), and the message is lost on the way"
        told = "write the address that it redirects to, often the same with TLS"
        return Answer("refused", f"{why}: {told}; {_SEE}")
    if said_no and last.status is not None and last.status < 400:
        return Answer("refused", f"the service refused it ({said_no}); {_SEE}")
    if taken:
        return Answer("delivered")
    if last.error:
        return Answer("failed", last.error)
    if last.status is not None and last.status >= 400:
        if last.status < 500 and last.status not in _COME_AGAIN:
            why = f"the service refused it (HTTP {last.status}): look at the address; {_SEE}"
            return Answer("refused", why)
        return Answer("failed", f"the service is out of order (HTTP {last.status})")
    told = f": {logged[-1]}" if logged else ""
    return Answer("failed", f"not delivered{told}")


def without(url: str, text: str) -> str:
    """`text`, should any part of the address have got into it, without that."""
    rest = url.partition("://")[2]
    pieces: set[str] = set()
    for form in (rest, urllib.parse.unquote(rest)):
        pieces.update(piece for piece in re.split(r"[/:@?&=,#+\s]", form) if len(piece) > 2)
        pieces.update([form] if form else [])
    for piece in sorted(pieces, key=len, reverse=True):
        # Short ones as whole words only: `json://host/in` must not black out half of what is said.
        word = re.escape(piece) if len(piece) > _SHORT else rf"(?<!\w){re.escape(piece)}(?!\w)"
        text = re.sub(word, "…", text, flags=re.IGNORECASE)
    return text


def main() -> None:
    """Answer on what standard output was: whatever plugins print goes nowhere."""
    # Should memory run out, this process is the one to go.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    with contextlib.suppress(OSError):
        os.nice(5)
    # systemd asks every process of the service to end: what is under way may end first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    serve(answers)


if __name__ == "__main__":
    main()
