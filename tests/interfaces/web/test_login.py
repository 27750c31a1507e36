"""Who gets in, how, for how long, and who does not."""

import contextlib
import re
import select
import stat
import threading
import time

import pytest

from gasguard.interfaces.web.keyring import forget_all
from gasguard.luck import LUCK
from tests.interfaces.web.conftest import Page
from tests.support.http import Answer, Client, answer_on
from tests.support.waiting import eventually

RIGHT = "gas-stove 7"


def set_up(page: Page, password: str = RIGHT) -> Client:
    """Somebody who has just chosen the password."""
    client = page.away()
    answer = client.post("/api/setup", {"code": page.code(), "password": password})
    assert answer.status == 200, answer.text
    client.cookie = answer.cookie
    return client


def log_in(page: Page, password: str = RIGHT, source: str = "127.0.0.1") -> Answer:
    return page.away(source).post("/api/login", {"password": password})


def test_the_first_password_needs_the_code(page: Page):
    for code in ("", "AAAAA-AAAAA", page.code()[:-1]):
        answer = page.away().post("/api/setup", {"code": code, "password": RIGHT})
        assert (answer.status, answer.data["code"]) == (401, "wrong_code")
    client = set_up(page)
    assert client.get("/api/state").data == {"logged_in": True}


def test_the_code_may_be_written_in_any_way(page: Page):
    code = f" {page.code().lower().replace('-', ' ')} "
    assert page.away().post("/api/setup", {"code": code, "password": RIGHT}).status == 200


def test_the_code_works_once(page: Page):
    code = page.code()
    set_up(page)
    again = page.away().post("/api/setup", {"code": code, "password": "another one"})
    assert (again.status, again.data["code"]) == (409, "already_set")
    assert not (page.folder / "setup-code").exists()
    assert log_in(page, "another one").status == 401
    assert log_in(page).status == 200


def test_of_many_who_have_the_code_one_sets_the_password(page: Page):
    code = page.code()
    answers: dict[str, Answer] = {}

    def choose(password: str) -> None:
        answers[password] = page.away().post("/api/setup", {"code": code, "password": password})

    choosing = [threading.Thread(target=choose, args=(f"choice {number}",)) for number in range(8)]
    for one in choosing:
        one.start()
    for one in choosing:
        one.join()
    (won,) = [password for password, answer in answers.items() if answer.status == 200]
    late = [answer for password, answer in answers.items() if password != won]
    assert {(answer.status, answer.data["code"]) for answer in late} == {(409, "already_set")}
    assert log_in(page, won).status == 200


@pytest.mark.parametrize(
    ("password", "code"),
    [("", "short"), ("a b c d", "short"), ("12345678", "easy"), ("aaaaaaab", "easy"),
     ("x1y2" * 100, "long")],
)  # fmt: skip
def test_a_password_that_is_too_easy_is_refused(page: Page, password, code):
    answer = page.away().post("/api/setup", {"code": page.code(), "password": password})
    assert (answer.status, answer.data["code"]) == (400, code)
    set_up(page)  # the code still works


@pytest.mark.parametrize("path", ["/api/login", "/api/setup"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"password": null}', b'{"password": ["a"]}',
             b'{"password": {"a": 1}}', b"\xff\xfe", b"[" * 5000],
)  # fmt: skip
def test_what_is_no_login_is_told(page: Page, path, body):
    answer = page.away().request("POST", path, body, content_type="application/json")
    assert (answer.status, answer.data["code"]) == (400, "malformed")


def test_before_there_is_a_password_nobody_logs_in(page: Page):
    for password in ("", "admin", RIGHT):
        answer = page.away().post("/api/login", {"password": password})
        assert (answer.status, answer.data["code"]) == (409, "setup_needed")
    assert page.away().get("/login").headers["location"] == "/setup"


def test_the_right_password_lets_in_and_no_other(page: Page):
    set_up(page, "Küche-Nr. 7")
    assert log_in(page, "Küche-Nr. 7").status == 200
    assert log_in(page, "Ku\u0308che-Nr. 7").status == 200  # as some keyboards write it
    for wrong in ("küche-nr. 7", "Küche-Nr. 7 ", ""):
        answer = log_in(page, wrong)
        assert (answer.status, answer.data["code"]) == (401, "wrong_password")
        assert not answer.cookies


def test_the_cookie_is_for_this_page_alone(page: Page):
    set_up(page)
    cookie, *attributes = log_in(page).cookies[0].split("; ")
    assert re.fullmatch(r"gasguard_session=[0-9a-f]{64}", cookie)
    assert attributes == ["Max-Age=7776000", "Path=/", "HttpOnly", "SameSite=Strict"]
    for proto, is_secure in (("https", True), ("HTTPS, http", True), ("http, https", False)):
        proxied = page.away().post("/api/login", {"password": RIGHT}, x_forwarded_proto=proto)
        assert ("Secure" in proxied.cookies[0].split("; ")) == is_secure


def test_a_session_that_somebody_brings_along_stays_worthless(page: Page):
    """Session fixation: the id is made at the login, whatever was sent with it."""
    set_up(page)
    planted = "0" * 64
    client = page.away()
    client.cookie = f"gasguard_session={planted}"
    answer = client.post("/api/login", {"password": RIGHT})
    assert answer.status == 200
    assert planted not in answer.cookie
    assert client.get("/api/state").status == 401


def test_logging_in_again_ends_the_old_session(page: Page):
    client = set_up(page)
    answer = client.post("/api/login", {"password": RIGHT})
    assert client.get("/api/state").status == 401
    client.cookie = answer.cookie
    assert client.get("/api/state").status == 200


def test_logging_out_ends_the_session_and_its_streams(page: Page):
    client = set_up(page)
    with client.connect() as stream:
        said = f"Host: {client.host}\r\nCookie: {client.cookie}"
        stream.sendall(f"GET /api/events HTTP/1.1\r\n{said}\r\n\r\n".encode())
        assert stream.recv(100)
        answer = client.post("/api/logout")
        assert answer.status == 200
        assert "max-age=0" in answer.cookies[0].lower()
        assert client.get("/api/state").status == 401
        eventually(lambda: page.streams == 0)


def test_a_cookie_of_another_program_on_this_machine_does_not_hide_ours(page: Page):
    client = set_up(page)
    assert (
        client.get("/api/state", cookie=f"a=b; gasguard_session=x; {client.cookie}").status == 200
    )


def test_what_is_kept_lets_nobody_in(page: Page):
    client = set_up(page)
    assert stat.S_IMODE(page.folder.stat().st_mode) == 0o700
    for path in page.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        kept = path.read_text()
        assert RIGHT not in kept
        assert client.cookie.partition("=")[2] not in kept
        for word in re.findall(r"[0-9a-f]{32,}", kept):
            assert page.away().get("/api/state", cookie=f"gasguard_session={word}").status == 401


def test_sessions_outlive_the_process(page: Page):
    client = set_up(page)
    page.stop()
    after = Page(page.folder)
    try:
        client.port, client.host = after.port, after.away().host
        assert client.get("/api/state").status == 200
    finally:
        after.stop()


@pytest.mark.parametrize(
    "kept", ["", "{", "null", "[]", '{"a": 1}', "[[", '"*"', '{"x": "y"}', "\0" * 100, "[" * 9999]
)
@pytest.mark.parametrize("name", ["sessions.json", "password.json"])
def test_a_damaged_file_lets_nobody_in(page: Page, name, kept):
    client = set_up(page)
    page.stop()
    (page.folder / name).write_text(kept)
    after = Page(page.folder)
    try:
        client.port, client.host = after.port, after.away().host
        if name == "sessions.json":
            assert client.get("/api/state").status == 401
            assert log_in(after).status == 200
        else:
            for password in ("", RIGHT):
                assert log_in(after, password).status == 503
            assert client.post("/api/setup", {"code": "", "password": RIGHT}).status == 409
    finally:
        after.stop()


def test_a_reset_from_outside_logs_everybody_out(page: Page):
    client = set_up(page)
    code = forget_all(page.folder, LUCK)
    assert log_in(page).data["code"] == "setup_needed"
    assert page.code() == code
    eventually(lambda: client.get("/api/state").status == 401)
    set_up(page, "another one")
    assert log_in(page, "another one").status == 200


def test_there_is_a_bound_to_sessions(page: Page):
    first = set_up(page)
    cookies = [log_in(page).cookie for _ in range(70)]
    assert first.get("/api/state").status == 401
    client = page.away()
    client.cookie = cookies[-1]
    assert client.get("/api/state").status == 200
    assert (page.folder / "sessions.json").read_text().count(":") == 64


def test_wrong_passwords_are_slowed_and_the_right_one_still_works(page: Page):
    set_up(page)
    took = [log_in(page, f"wrong {number}").took for number in range(6)]
    assert took[0] < took[-1]
    assert took[-1] > 0.9
    answer = log_in(page)
    assert answer.status == 200
    assert answer.took < 5.0
    assert log_in(page).took < 3.0


def test_brute_force_locks_nobody_out(page: Page):
    """Forty who guess at once from one address; the family comes from another."""
    set_up(page)
    over = threading.Event()
    answers: list[Answer] = []

    def guess() -> None:
        while not over.is_set():
            answers.append(log_in(page, "wrong"))

    guessers = [threading.Thread(target=guess) for _ in range(40)]
    for one in guessers:
        one.start()
    try:
        eventually(lambda: any(answer.status == 429 for answer in answers))
        begun = time.monotonic()
        while (answer := log_in(page, source="127.0.0.9")).status == 429:
            time.sleep(0.1)
        assert answer.status == 200
        assert time.monotonic() - begun < 20.0
        assert page.away("127.0.0.9").post("/api/off").took < 3.0
    finally:
        over.set()
        for one in guessers:
            one.join(120)
    refused = [answer for answer in answers if answer.status == 429]
    assert refused[0].data["code"] == "too_many"
    assert int(refused[0].headers["retry-after"]) > 0
    assert not [answer for answer in answers if answer.status == 200]


def test_guesses_of_those_who_went_away_hold_up_nobody(page: Page):
    set_up(page)
    client, body = page.away(), b'{"password": "wrong"}'
    said = f"Host: {client.host}\r\nContent-Length: {len(body)}"
    head = f"POST /api/login HTTP/1.1\r\n{said}\r\nContent-Type: application/json\r\n\r\n"
    with contextlib.ExitStack() as stack:
        those = [stack.enter_context(client.connect()) for _ in range(30)]
        for connection in those:
            connection.sendall(head.encode() + body)
        # One answer, and with it all are in the queue.
        ready, _, _ = select.select(those, [], [], 10)
        assert answer_on(ready[0]).status == 401
    begun = time.monotonic()
    assert log_in(page).status == 200
    assert time.monotonic() - begun < 4.0


# --- without JavaScript ------------------------------------------------------------------------

HTML = {"accept": "text/html,application/xhtml+xml"}


def test_the_password_is_chosen_by_a_plain_form(page: Page):
    shown = page.away().get("/setup", **HTML)
    assert re.search(r'<form method="post" action="/api/setup">', shown.text)
    weak = page.away().post("/api/setup", form=f"code={page.code()}&password=short", **HTML)
    assert weak.status == 400
    assert "at least 8" in weak.text
    done = page.away().post("/api/setup", form=f"code={page.code()}&password=gas+stove%207", **HTML)
    assert (done.status, done.headers["location"]) == (303, "/")
    assert log_in(page, "gas stove 7").status == 200


def test_one_logs_in_and_out_by_plain_forms(page: Page):
    set_up(page)
    client = page.away()
    assert 'action="/api/login"' in client.get("/login", **HTML).text
    wrong = client.post("/api/login", form="password=wrong", **HTML)
    assert wrong.status == 401
    assert 'role="alert">This is not the password.' in wrong.text
    right = client.post("/api/login", form=f"password={RIGHT.replace(' ', '+')}", **HTML)
    assert (right.status, right.headers["location"]) == (303, "/")
    client.cookie = right.cookie
    assert client.get("/api/state").status == 200
    assert 'action="/api/logout"' in client.get("/login", **HTML).text
    assert client.post("/api/logout", form="", **HTML).status == 303
    assert client.get("/api/state").status == 401


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("de,en;q=0.5,zh;q=0.1", "en"), ("", "en"), ("fr", "en"),
     ("en;q=0.1, zh;q=0.9", "zh"), ("fr, zh-TW; q=0.8, en-GB;q=0.80", "zh"), ("zh;q=0, de", "en"),
     ("zh;q=much,en;q=0.2", "en"), ("zhuang", "en"), (",;;q=,zh", "zh")],
)  # fmt: skip
def test_it_speaks_the_browsers_language(page: Page, accepted, language):
    text = page.away().get("/setup", accept_language=accepted).text
    assert f'<html lang="{language}">' in text
    assert ("密码" in text) == (language == "zh")


def test_off_is_on_the_login_page_too(page: Page):
    set_up(page)
    for path in ("/login",):
        text = page.away().get(path).text
        assert '<form method="post" action="/api/off"' in text
    answer = page.away().post("/api/off", form="", **HTML)
    assert answer.status == 200
    assert page.offs == ["all"]


def test_nothing_on_the_pages_is_inline(page: Page):
    set_up(page)
    for text in (page.away().get("/login").text, page.client("evil").get("/", **HTML).text):
        assert not re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", text)


def test_what_is_typed_is_not_repeated(page: Page):
    set_up(page)
    typed = "%3Cscript%3Ealert(1)%3C/script%3E"
    answer = page.away().post("/api/login", form=f"password={typed}", **HTML)
    assert "script" not in answer.text
