"""The HTTP API and what every answer carries."""

import http.client
import json
import socket
import urllib.error
import urllib.request
from contextlib import suppress

import pytest

from model.labels import LABELS
from tests.conftest import UNVERIFIED
from tests.protocol.test_contract import png_claiming


def call(
    url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict, dict]:
    """Status, headers and JSON body of an answer, refusals included."""
    asked = urllib.request.Request(
        url, body, {"Content-Type": "application/octet-stream"} | (headers or {})
    )
    try:
        with urllib.request.urlopen(asked, timeout=30, context=UNVERIFIED) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.load(error)


def multipart(*files: bytes) -> tuple[bytes, dict[str, str]]:
    parts = b"".join(
        b'--xyz\r\nContent-Disposition: form-data; name="f%d"; filename="a"\r\n\r\n%s\r\n' % (i, f)
        for i, f in enumerate(files)
    )
    return parts + b"--xyz--\r\n", {"Content-Type": "multipart/form-data; boundary=xyz"}


def test_the_page_knows_whether_frames_go_on_to_a_cluster(server, start_server, redis_server):
    web = start_server("--redis", redis_server.url, ready=0)
    for where, clustered in ((server, False), (web, True)):
        with urllib.request.urlopen(where.url, timeout=30) as answer:
            assert ("data-clustered" in answer.read().decode()) == clustered


def test_a_picture_gets_its_faces(server, portrait_jpeg):
    status, _, answer = call(f"{server.url}/api/v1/analyze", portrait_jpeg)
    assert status == 200
    assert (answer["width"], answer["height"]) == (640, 480)
    assert list(answer["faces"][0]["probabilities"]) == list(LABELS)


def test_a_form_with_a_file(server, portrait_jpeg):
    status, _, answer = call(f"{server.url}/api/v1/analyze", *multipart(portrait_jpeg))
    assert status == 200
    assert len(answer["faces"]) == 1
    status, _, answer = call(f"{server.url}/api/v1/analyze", *multipart(portrait_jpeg, b"x"))
    assert (status, answer["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("damage", "status", "code"),
    [
        (lambda jpeg: b"", 415, "not_an_image"),
        (lambda jpeg: b"text", 415, "not_an_image"),
        (lambda jpeg: jpeg[:2000], 422, "bad_frame"),
        (lambda jpeg: png_claiming(30_000, 30_000), 413, "too_large"),
        (lambda jpeg: jpeg + bytes(4_000_000), 413, "too_large"),
    ],
)
def test_bad_pictures_are_answered(server, portrait_jpeg, damage, status, code):
    answered, _, answer = call(f"{server.url}/api/v1/analyze", damage(portrait_jpeg))
    assert (answered, answer["code"]) == (status, code)
    assert answer["message"]


def test_pages_of_other_sites_may_not_use_the_api(server, portrait_jpeg):
    url = f"{server.url}/api/v1/analyze"
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        status, _, answer = call(url, portrait_jpeg, headers)
        assert (status, answer["code"]) == (400, "bad_request")
    for headers in ({}, {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}):
        assert call(url, portrait_jpeg, headers)[0] == 200


def test_a_body_that_is_not_wanted_is_not_read_to_its_end(start_server):
    """However it is refused: here as a page's of another site. Werkzeug's own server reads it."""
    server = start_server("--workers", "1", ready=0)
    head = "POST /api/v1/analyze HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(f"{head}Content-Length: 4000000000\r\n\r\n".encode())
        with suppress(OSError):
            while sent < 1_000_000_000:
                sent += connection.send(bytes(1_000_000))
    assert sent < 50_000_000


def test_every_request_counts(start_server):
    server = start_server("--workers", "1", "--max-api-per-minute", "6", ready=0)
    asked = [call(f"{server.url}/api/v1/{what}") for what in ("openapi.json", "share")]
    assert [status for status, _, _ in asked] == [200, 429]
    assert asked[1][2]["code"] == "rate_limited"
    assert "rate_limited" not in str(server.metrics())  # no frame


def test_two_files_of_one_name_are_two(server, portrait_jpeg):
    body, kind = multipart(portrait_jpeg, portrait_jpeg)
    body = body.replace(b'name="f1"', b'name="f0"')
    status, _, answer = call(f"{server.url}/api/v1/analyze", body, kind)
    assert (status, answer["message"]) == (400, "the form must hold exactly one file")


def test_what_the_api_does_not_have_is_said_in_json(server):
    status, headers, answer = call(f"{server.url}/api/v1/analyze")
    assert (status, answer["code"]) == (405, "bad_request")
    assert "POST" in headers["Allow"]
    assert call(f"{server.url}/api/v1/none")[::2][0] == 404


def test_only_a_post_has_a_body(server):
    """A WebSocket that brought one would take the place of an upload for as long as it is open."""
    head = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n"
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    for body, answer in (("", b"HTTP/1.1 101"), ("Content-Length: 70000\r\n", b"HTTP/1.1 400")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(f"{head}{upgrade}{key}{body}\r\n".encode())
            assert connection.recv(100).startswith(answer)


def test_consent_where_it_is_required(start_server, portrait_jpeg):
    server = start_server("--workers", "1", "--require-consent")
    url = f"{server.url}/api/v1/analyze"
    assert call(url, portrait_jpeg)[::2][0] == 403
    assert call(url, portrait_jpeg)[2]["code"] == "no_consent"
    assert call(url, portrait_jpeg, {"X-Consent-Version": "1"})[0] == 200


def test_the_description_names_every_answer(server):
    _, _, description = call(f"{server.url}/api/v1/openapi.json")
    answers = description["paths"]["/api/v1/analyze"]["post"]["responses"]
    assert {"200", "400", "403", "413", "415", "422", "429", "503"} == set(answers)


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/nowhere", "/static/js/main.js", "/socket.io/?EIO=4", "/socket.io/?j=1"],
)
def test_every_answer_carries_the_security_headers(server, path):
    asked = http.client.HTTPConnection("127.0.0.1", server.port)
    asked.request("GET", path)
    headers = asked.getresponse().headers
    asked.close()
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Permissions-Policy"].startswith("camera=(self)")
    assert headers["X-Content-Type-Options"] == "nosniff"
