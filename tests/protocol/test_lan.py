"""`--lan`: https, join code, the plain-http page, viewer links, a proxy in front."""

import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import socketio

from tests.conftest import UNVERIFIED, Server, free_port, wait_until
from tests.protocol.conftest import Client, new_io
from tests.protocol.test_faults import MODES, run_to_end
from tests.protocol.test_http import call

CODE = "a-test-code"
WITH_CODE = {"X-Join-Code": CODE}


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def lan_server(request: pytest.FixtureRequest, start_server: Callable[..., Server]) -> Server:
    return start_server(*lan_options("--async-mode", request.param, "--code", CODE))


def lan_options(*options: str) -> tuple[str, ...]:
    """On this computer alone, so that no test depends on a network."""
    plain_port = ("--http-port", str(free_port()))
    return ("--lan", "--host", "127.0.0.1", "--workers", "1", *plain_port, *options)


@pytest.fixture
def join(connect) -> Callable[..., Client]:
    """Connect with the code, and agree to the text that --lan asks for."""

    def make(server: Server, **auth: str) -> Client:
        client = connect(server, auth or {"code": CODE})
        if "watch" not in auth:
            agreed = client.emit("consent", {"version": client.hello["consent_version"]}).wait()
            assert agreed == {"ok": True}
        return client

    return make


def refusal(server: Server, auth: object) -> dict:
    """What a client is told that may not connect."""
    told = []
    io = new_io()
    io.on("connect_error", told.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        io.connect(server.url, transports=["websocket"], auth=auth, wait_timeout=30)
    return told[0]["data"]


def folder(server: Server) -> Path:
    return server.log.parent / "moodlight" / "tls"


def test_https_that_a_device_with_the_authority_trusts(lan_server):
    with socket.create_connection(("127.0.0.1", lan_server.port)) as plain:
        trusting = ssl.create_default_context(cadata=authority_of(lan_server))
        trusting.verify_flags |= ssl.VERIFY_X509_STRICT
        with trusting.wrap_socket(plain, server_hostname="localhost") as secured:
            assert secured.version() in ("TLSv1.2", "TLSv1.3")


def authority_of(server: Server) -> str:
    with urllib.request.urlopen(f"{server.url}/authority.crt", context=UNVERIFIED) as answer:
        assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
        downloaded = answer.read().decode()
    assert "PRIVATE" not in downloaded
    assert downloaded.strip() in (folder(server) / "authority.pem").read_text()
    return downloaded


def test_unfinished_handshakes_stop_nobody(lan_server, join, portrait_jpeg):
    """Clients that say nothing, nonsense or half a greeting do not keep others waiting."""
    silent = [socket.create_connection(("127.0.0.1", lan_server.port)) for _ in range(30)]
    for i, connection in enumerate(silent):
        connection.sendall([b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"][i % 3])
    assert join(lan_server).ask(portrait_jpeg) == {"ok": True}
    for connection in silent:
        connection.close()
    assert lan_server.health()["status"] == "ok"
    assert "Traceback" not in lan_server.log.read_text()


def test_the_code_lets_in_and_only_the_code(lan_server, join, portrait_jpeg):
    client = join(lan_server)
    assert client.ask(portrait_jpeg) == {"ok": True}
    for auth in (None, {}, {"code": "wrong"}, {"code": 7}, "text"):
        refused = refusal(lan_server, auth)
        assert (refused["ok"], refused["code"]) == (False, "bad_code")


def test_the_api_asks_for_code_and_consent(lan_server, portrait_jpeg):
    url = f"{lan_server.url}/api/v1/analyze"
    status, _, answer = call(url, portrait_jpeg, {"X-Consent-Version": "1"})
    assert (status, answer["code"]) == (403, "bad_code")
    status, _, answer = call(url, portrait_jpeg, {"X-Join-Code": "wrong"})
    assert (status, answer["code"]) == (403, "bad_code")
    status, _, answer = call(url, portrait_jpeg, WITH_CODE)
    assert (status, answer["code"]) == (403, "no_consent")
    assert call(url, portrait_jpeg, WITH_CODE | {"X-Consent-Version": "1"})[0] == 200


def test_a_refusal_waits_until_its_picture_has_been_sent(lan_server):
    """A client that is still sending when the connection closes would not see it."""
    picture = bytes(200_000)
    head = (
        "POST /api/v1/analyze HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(picture)}\r\n\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", lan_server.port)) as plain,
        UNVERIFIED.wrap_socket(plain) as connection,
    ):
        connection.sendall(head.encode() + picture[:-1])
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(30)
        connection.sendall(picture[-1:])
        assert connection.recv(100).startswith(b"HTTP/1.1 403")


def test_how_to_reach_the_server_is_told_to_those_who_joined(lan_server):
    url = f"{lan_server.url}/api/v1/share"
    assert call(url)[2]["code"] == "bad_code"
    status, headers, sharing = call(url, headers=WITH_CODE)
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert sharing["url"] == f"https://localhost:{lan_server.port}/"
    assert sharing["link"] == f"{sharing['url']}#code={CODE}"
    assert sharing["qr"].startswith("data:image/svg+xml")
    shown = lan_server.log.read_text()
    for known in ("link", "code", "fingerprint", "authority_fingerprint"):
        assert sharing[known] in shown
    presented = ssl.get_server_certificate(("127.0.0.1", lan_server.port))
    import hashlib

    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(presented)).hexdigest()
    assert sharing["fingerprint"].replace(":", "").lower() == digest


def test_pages_set_no_cookies_and_need_no_code(lan_server):
    for path in ("/", "/about", "/watch", "/healthz", "/socket.io/?EIO=4&transport=polling"):
        with urllib.request.urlopen(lan_server.url + path, context=UNVERIFIED) as answer:
            assert answer.headers["Set-Cookie"] is None


def test_other_sites_pages_are_refused(lan_server):
    """With the server's own name as a forwarded one, too."""
    url = f"{lan_server.url}/socket.io/?EIO=4&transport=polling"
    own = {"Origin": lan_server.url}
    foreign = {"Origin": "https://evil.example"}
    forged = foreign | {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert [status_of(url, headers) for headers in (own, foreign, forged)] == [200, 400, 400]


def status_of(url: str, headers: dict[str, str]) -> int:
    try:
        asked = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(asked, context=UNVERIFIED) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@MODES
def test_plain_http_explains_and_leads_on(start_server, mode):
    plain = free_port()
    server = start_server(*lan_options("--async-mode", mode, "--http-port", str(plain)), ready=0)
    for path in ("/", "/watch", "/api/v1/analyze"):
        with urllib.request.urlopen(f"http://127.0.0.1:{plain}{path}") as answer:
            page = answer.read().decode()
        assert f'content="10; url=https://localhost:{server.port}/"' in page
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert server.stop() == 0


def test_a_code_is_made_where_none_is_given(start_server):
    first = start_server(*lan_options(), ready=0)
    code = first.log.read_text().split("Join code: ")[1].split()[0]
    assert len(code) == 8
    assert call(f"{first.url}/api/v1/share", headers={"X-Join-Code": code})[0] == 200


def test_open_needs_no_code(start_server, connect):
    server = start_server(*lan_options("--open"), ready=0)
    assert "Join code" not in server.log.read_text()
    connect(server)
    assert call(f"{server.url}/api/v1/share")[2]["code"] is None


def test_guesses_are_limited(start_server):
    server = start_server(*lan_options("--code", CODE), ready=0)
    url = f"{server.url}/api/v1/share"
    for _ in range(10):
        assert "wrong" in call(url, headers={"X-Join-Code": "guess"})[2]["message"]
    assert "wait a minute" in call(url, headers=WITH_CODE)[2]["message"]
    assert "wait a minute" in refusal(server, {"code": CODE})["message"]


def test_a_code_without_lan(start_server):
    server = start_server("--code", CODE, "--workers", "1", ready=0)
    assert refusal(server, None)["code"] == "bad_code"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--cert", "a.pem"), "go together"),
        (("--cert", "a.pem", "--key", "b.pem"), "PEM files"),
        (("--lan", "--host", "127.0.0.1", "--open", "--code", CODE), "contradict"),
        (("--code", "short"), "6 to 64"),
    ],
)
def test_settings_that_do_not_fit_get_a_sentence(options, words):
    status, said = run_to_end(*options, "--port", str(free_port()))
    assert status != 0
    assert words in said
    assert "Traceback" not in said


@pytest.fixture
def own_certificate(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    from webapp import certificates

    certificates.local(tmp_path, ["localhost", "127.0.0.1"])
    both = str(tmp_path / "leaf.pem")
    return ("--cert", both, "--key", both)


def test_a_certificate_of_ones_own(start_server, own_certificate):
    server = start_server(
        *own_certificate, "--workers", "1", "--http-port", str(free_port()), ready=0
    )
    assert server.health()["status"] == "ok"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{server.url}/authority.crt", context=UNVERIFIED)
    assert not folder(server).exists()


def test_behind_a_proxy_its_headers_count(start_server):
    server = start_server("--behind-proxy", "--code", CODE, "--workers", "1", ready=0)
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "mood.example"}
    sharing = call(f"{server.url}/api/v1/share", headers=forwarded | WITH_CODE)[2]
    assert sharing["url"] == "https://mood.example/"
    url = f"{server.url}/socket.io/?EIO=4&transport=polling"
    asked = forwarded | {"Origin": "https://mood.example"}
    assert status_of(url, asked) == 200
    asked["Origin"] = "https://evil.example"
    assert status_of(url, asked) == 400
    # Wrong codes count for the client that the proxy names.
    for _ in range(10):
        call(
            f"{server.url}/api/v1/share", headers={"X-Join-Code": "x", "X-Forwarded-For": "1.2.3.4"}
        )
    codes = [
        call(f"{server.url}/api/v1/share", headers=WITH_CODE | {"X-Forwarded-For": address})[0]
        for address in ("1.2.3.4", "1.2.3.5")
    ]
    assert codes == [403, 200]


def test_viewers_get_the_numbers_and_nobody_else_does(lan_server, join, portrait_jpeg):
    sender, other = join(lan_server), join(lan_server)
    told: list[tuple[str, object]] = []
    sender.io.on("viewers", lambda message: told.append(("viewers", message["count"])))
    token = sender.emit("share", {"on": True}).wait()["token"]
    assert sender.emit("share", {"on": True}).wait()["token"] == token
    viewer = join(lan_server, watch=token)
    viewer.io.on("*", lambda event, *message: told.append((event, message)))
    wait_until(lambda: ("viewers", 1) in told)
    assert sender.ask(portrait_jpeg, {"id": "mine", "sent_at": 0})["ok"]
    assert other.ask(portrait_jpeg, {"id": "others", "sent_at": 0})["ok"]
    assert sender.ask(portrait_jpeg, {"id": "again", "sent_at": 0})["ok"]
    wait_until(lambda: len(viewer.results) == 2)
    assert viewer.results == sender.results
    assert [r["id"] for r in viewer.results] == ["mine", "again"]
    assert [r["id"] for r in other.results] == ["others"]
    assert not any(isinstance(part, bytes) for part in flat(viewer.results))
    # Watching gives no right to send, share or agree.
    assert viewer.ask(portrait_jpeg)["code"] == "dropped"
    assert viewer.emit("share", {"on": True}).wait()["code"] == "dropped"
    ended = []
    viewer.io.on("ended", lambda _message: ended.append(True))
    assert sender.emit("share", {"on": False}).wait() == {"ok": True}
    wait_until(lambda: ended and not viewer.io.connected)
    assert sender.ask(portrait_jpeg)["ok"]
    assert len(viewer.results) == 2
    assert refusal(lan_server, {"watch": token})["code"] == "bad_link"


def flat(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from flat(part)
    else:
        yield value


def test_a_link_ends_with_its_sender(lan_server, join):
    sender = join(lan_server)
    told = []
    sender.io.on("viewers", lambda message: told.append(message["count"]))
    token = sender.emit("share", {"on": True}).wait()["token"]
    leaving, staying = join(lan_server, watch=token), join(lan_server, watch=token)
    leaving.io.disconnect()
    wait_until(lambda: told == [1, 2, 1])
    sender.io.disconnect()
    wait_until(lambda: not staying.io.connected)
    assert refusal(lan_server, {"watch": token})["code"] == "bad_link"


@pytest.mark.parametrize("arguments", [(), (1,), ({},), ({"on": 1},), ({"on": True}, 2)])
def test_a_share_event_that_is_not_one(server, connect, arguments):
    assert connect(server).emit("share", *arguments).wait()["code"] == "bad_request"


@pytest.mark.parametrize("token", ["guess", 7, None, {"a": 1}])
def test_a_guessed_link(server, token):
    assert refusal(server, {"watch": token})["code"] == "bad_link"
