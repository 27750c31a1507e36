"""What is let in, from whom, and what is told to those who are not."""

import pytest

from gasguard.interfaces.web import gate
from gasguard.interfaces.web.hosts import Hosts, address_of, authority
from tests.interfaces.web.conftest import AWAY, Page
from tests.support.http import Client

EVERYTHING = ("/api/state", "/api/events", "/api/history", "/api/nothing", "/anything")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("gasguard.local:8420", "gasguard.local", 8420),
        ("GasGuard.LOCAL.:8420", "gasguard.local", 8420),
        ("192.168.1.5", "192.168.1.5", None),
        ("[FE80::1]:8420", "fe80::1", 8420),
        ("[::ffff:192.168.1.5]", "192.168.1.5", None),
    ],
)
def test_what_browsers_call_a_host_is_understood(text, host, port):
    assert authority(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["", ":8420", ".", "a b", "user@pi", "pi:", "pi:0", "pi:65536", "pi:80:80", "[::1", "fe80::1",
     "[pi]", "pi/x", "pi\\x", "[fe80::1%25eth0]", "pi:+80", "pi:８０"],
)  # fmt: skip
def test_what_no_browser_calls_a_host_is_none(text):
    assert authority(text) is None


def test_the_names_and_addresses_of_this_machine_are_ours():
    names = ["Küche.example", "203.0.113.7"]
    hosts = Hosts(names, hostname=lambda: "Pi.fritz.box", is_own=lambda _: False)
    for name in (
        "203.0.113.7",
        "localhost",
        "pi",
        "pi.local",
        "pi.fritz.box",
        "xn--kche-0ra.example",
        "::1",
    ):
        assert hosts.are_ours(name), name
    for name in ("evil.example", "pi.evil.example", "xpi", "127.0.0.1.evil.example", "0.0.0.0"):
        assert not hosts.are_ours(name), name


def test_an_address_that_the_machine_gets_later_is_ours_then():
    has = {address_of("192.168.1.5")}
    hosts = Hosts(is_own=lambda address: address in has)
    assert hosts.are_ours("192.168.1.5")
    has = {address_of("192.168.7.7")}
    assert not hosts.are_ours("192.168.1.5")
    assert hosts.are_ours("192.168.7.7")


def test_only_addresses_of_this_machine_are_its_own():
    assert Hosts().are_ours("127.8.9.1")
    for address in (
        *("0.0.0.0", "::", "192.0.2.1", "8.8.8.8", "224.0.0.1", "2001:db8::1"),
        "255.255.255.255",  # a socket can be bound to it
    ):
        assert not Hosts().are_ours(address), address


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8420", "", "0.0.0.0", "pi:99999", "127.0.0.1@evil.example"],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/api/state"), ("POST", "/api/off")]
)
def test_a_foreign_name_reaches_nothing(page: Page, host, method, path):
    answer = page.client(host).request(method, path)
    assert (answer.status, answer.data["code"]) == (421, "unknown_host")
    assert not page.offs


def test_whoever_uses_a_name_that_is_not_ours_is_told_the_address(page: Page):
    answer = page.client("pi.lan").get("/", accept="text/html")
    assert answer.status == 421
    assert f'<a href="http://127.0.0.1:{page.port}/">' in answer.text
    assert "web: names:" in answer.text
    assert "pi.lan" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST.", "[::1]", "127.0.0.1:9999"])
def test_whoever_sits_at_the_pi_needs_no_login(page: Page, host):
    assert page.client(host).get("/api/state").data == {"logged_in": True}


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.3.2.1"])
@pytest.mark.parametrize("host", ["localhost", "::1", "127.0.0.1"])
def test_every_loopback_is_the_pi(peer, host):
    assert gate.is_at_the_pi(peer, host, ["host", "accept"])
    assert not gate.is_at_the_pi(peer, "192.168.1.5", ["host"])
    assert not gate.is_at_the_pi("192.168.1.5", host, ["host"])
    assert not gate.is_at_the_pi("fe80::1%eth0", host, ["host"])
    assert not gate.is_at_the_pi("", host, ["host"])


@pytest.mark.parametrize(
    "header", ["forwarded", "x_forwarded_for", "x_forwarded_proto", "via", "x_real_ip"]
)
def test_a_proxy_on_the_pi_does_not_open_the_house(page: Page, header):
    assert page.client().get("/api/state", **{header: "127.0.0.1"}).status == 401


@pytest.mark.parametrize("path", EVERYTHING)
def test_without_a_login_there_is_nothing_to_see(page: Page, path):
    answer = page.away().get(path)
    assert (answer.status, answer.data["code"]) == (401, "login_needed")


def test_without_a_login_nothing_can_be_done_but_an_off(page: Page):
    away = page.away()
    for path in ("timer", "timer/extend", "timer/cancel", "lock", "unlock", "rearm", "off/off"):
        assert away.post(f"/api/burners/left/{path}", {"duration": "8m"}).status == 401
    assert away.post("/api/schedules/night/skip").status == 401
    assert not page.bodies
    assert away.post("/api/off").status == 200
    assert away.post("/api/burners/left/off", form="").status == 200
    assert page.offs == ["all", "left"]


def test_a_browser_is_led_to_the_login(page: Page):
    answer = page.away().get("/history", accept="text/html,*/*")
    assert (answer.status, answer.headers["location"]) == (303, "/login")
    form = page.away().post("/api/burners/left/timer", form="duration=8m", accept="text/html")
    assert form.status == 401
    assert '<a href="/login">' in form.text
    assert page.away().get("/api/state", accept="text/html").status == 401


@pytest.mark.parametrize(
    "path", ["/static/../api/state", "/static/%2e%2e/api/state", "//api/state", "/api/state/",
             "/API/state", "/api/off/../state", "/api/state%00", "/static\\..\\api\\state"]
)  # fmt: skip
def test_no_other_spelling_of_a_path_opens_it(page: Page, path):
    answer = page.away().get(path)
    assert answer.status in (401, 404)
    assert b"logged_in" not in answer.body


@pytest.mark.parametrize(
    "cookie", ["gasguard_session=", "gasguard_session", "=", ";;;", "a" * 3000]
)
def test_an_empty_cookie_or_login_is_none(page: Page, cookie):
    assert page.away().get("/api/state", cookie=cookie).status == 401
    for login in ("", "Basic", "Basic Og==", "Bearer ", "Bearer None"):
        assert page.away().get("/api/state", authorization=login).status == 401


# --- other sites' pages ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://127.0.0.1:{other}", "https://127.0.0.1",
     "http://127.0.0.1:{port}.evil.example", "http://evil.example:{port}", "file://",
     "http://127.0.0.1:{port}@evil.example", "127.0.0.1:{port}", "ftp://127.0.0.1:{port}",
     "http://127.0.0.1:{port}/", "http://127.0.0.1:{port} http://evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/off", "/api/burners/left/timer", "/api/login"])
def test_what_another_sites_page_sends_does_nothing(page: Page, origin, path):
    told = origin.format(port=page.port, other=page.port + 1)
    answer = page.client().post(path, form="duration=8m", origin=told)
    assert (answer.status, answer.data["code"]) == (403, "foreign_origin")
    assert not page.offs + page.bodies


@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", f"http://{AWAY.upper()}:{{port}}"])
def test_what_our_own_page_sends_counts(page: Page, origin):
    assert page.client().post("/api/off", origin=origin.format(port=page.port)).status == 200


def test_a_proxys_page_is_ours_where_it_has_our_name(page: Page):
    proxy = page.client(AWAY)
    assert (
        proxy.post("/api/off", origin=f"https://{AWAY}", x_forwarded_for="10.0.0.1").status == 200
    )
    assert proxy.post("/api/off", origin="https://localhost").status == 403


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [(f"{AWAY}:443", f"https://{AWAY}", 200), (AWAY, f"https://{AWAY}:443", 200),
     (f"{AWAY}:80", f"http://{AWAY}", 200), (AWAY, f"http://{AWAY}:80", 200),
     (f"{AWAY}:80", f"https://{AWAY}", 403), (AWAY, f"http://{AWAY}:443", 403),
     (AWAY, f"http://{AWAY}:8080", 403)],
)  # fmt: skip
def test_a_port_that_is_usual_may_be_left_out(page: Page, host, origin, status):
    proxy = page.client(host)
    assert proxy.post("/api/off", origin=origin, x_forwarded_for="10.0.0.1").status == status


def test_two_origins_are_none(page: Page):
    own = f"http://127.0.0.1:{page.port}"
    head = f"POST /api/off HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {own}\r\nOrigin: {own}\r\n\r\n"
    assert page.client().raw(head.encode()).status == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "", "application/json, text/plain",
             "application/x-www-form-urlencoded-not"],
)  # fmt: skip
def test_a_post_is_json_or_a_form(page: Page, kind):
    for path in ("/api/off", "/api/burners/left/timer"):
        answer = page.client().request("POST", path, b'{"duration": "8m"}', content_type=kind)
        assert (answer.status, answer.data["code"]) == (415, "unsupported_type")
    assert not page.offs + page.bodies


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON; charset=utf-8", "application/x-www-form-urlencoded"],
)
def test_json_and_forms_are_understood(page: Page, kind):
    sent = page.client().request("POST", "/api/burners/left/timer", b"what", content_type=kind)
    assert sent.status == 200
    assert page.bodies == [b"what"]


def test_nobody_else_may_read_or_ask(page: Page):
    """No CORS: a preflight is answered without a word that allows anything."""
    for method in ("GET", "OPTIONS"):
        answer = page.client().request(method, "/api/state", origin="http://evil.example")
        assert not [name for name in answer.headers if name.startswith("access-control")]


# --- what every answer says ---------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/state", "/nothing", "/login", "/healthz"])
def test_every_answer_forbids_what_is_not_needed(page: Page, path):
    for client in (page.client(), page.away(), page.client("evil.example")):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in headers


def test_the_pages_own_files_are_kept_and_asked_for_again(page: Page):
    assert page.away().get("/static/page.css").headers["cache-control"] == "no-cache"


# --- requests that are none --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "statuses"),
    [
        ("POST {timer} {own}{length}4\r\n{length}9\r\n", {400}),
        ("POST {timer} {own}{length}4\r\n{encoding} chunked\r\n", {400}),
        ("POST {timer} HTTP/1.0\r\nHost: 127.0.0.1\r\n{encoding} chunked\r\n", {400}),
        ("POST {timer} {own}{encoding} gzip, chunked\r\n", {400, 501}),
        ("POST {timer} {own}Content-Length: -1\r\n", {400}),
        ("GET /api/state HTTP/1.1\r\n", {400, 421}),
        ("GET /api/state HTTP/1.0\r\n", {400, 421}),
        ("GET /api/state {own}Host: evil.example\r\n", {400, 421}),
        ("GET /api/state {own}Host : evil.example\r\n", {400, 421}),
        ("GET http://evil.example/api/state {own}", {421}),
        ("GET http://127.0.0.1/api/state HTTP/1.1\r\nHost: evil.example\r\n", {421}),
        ("GET evil.example {own}", {400}),
        ("CONNECT evil.example:443 {own}", {400}),
        ("OPTIONS * {own}", {400}),
        ("TRACE /api/state {own}Cookie: a=secret\r\n", {405}),
        ("GET /api/state HTTP/9.9\r\nHost: 127.0.0.1\r\n", {400, 505}),
        ("hello\r\n", {400}),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused(page: Page, head, statuses):
    body = "0\r\n\r\nGET /api/state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    told = head.format(
        timer="/api/burners/left/timer",
        own="HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        length="Content-Length: ",
        encoding="Transfer-Encoding:",
    )
    told += "\r\n" + body
    answer = page.client().raw(told.encode())
    assert answer.status in statuses
    if answer.status == 400:
        assert answer.data["code"] == "malformed"
    assert b"logged_in" not in answer.body
    assert b"secret" not in answer.body
    assert not page.bodies


def test_a_request_with_its_site_in_the_target_is_read_like_any_other(page: Page):
    asked = f"GET http://{AWAY}/api/state HTTP/1.1\r\nHost: {AWAY}\r\n\r\n"
    assert page.client().raw(asked.encode()).status == 401
    asked = "GET http://127.0.0.1/api/state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert page.client().raw(asked.encode()).data == {"logged_in": True}


def test_head_has_no_body(page: Page):
    answer = page.client().request("HEAD", "/api/state")
    assert (answer.status, answer.body) == (200, b"")


def test_an_off_of_http_1_0_counts(page: Page):
    answer = page.client().raw(b"POST /api/off HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert answer.status == 200
    assert page.offs == ["all"]


def test_requests_one_behind_the_other_are_judged_one_by_one(page: Page):
    client = Client(page.port, host=AWAY)
    with client.connect() as connection:
        first = f"POST /api/off HTTP/1.1\r\nHost: {AWAY}\r\n\r\n"
        second = "GET /api/state HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        connection.sendall((first + second).encode())
        data = b""
        while more := connection.recv(65536):
            data += more
    assert data.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 421" in data
