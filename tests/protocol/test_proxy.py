"""Behind the reverse proxy of the README, word for word but for its ports and certificate."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import ROOT, Server, free_port, wait_until
from tests.protocol.conftest import start_nginx
from tests.protocol.test_http import call
from webapp import certificates

CODE = "a-test-code"


@pytest.fixture(scope="module")
def behind_nginx(
    tmp_path_factory: pytest.TempPathFactory, start_server: Callable[..., Server]
) -> Iterator[Server]:
    """As it is reached through nginx; frames of 5 MB are allowed, more than nginx's own limit."""
    folder = tmp_path_factory.mktemp("proxy")
    options = ("--behind-proxy", "--code", CODE, "--workers", "1", "--max-frame-bytes", "5000000")
    web = start_server(*options)
    certificates.local(folder, ["localhost", "127.0.0.1"])
    port = free_port()
    site = re.search(r"```nginx\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    for words, ours in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:5000", f"127.0.0.1:{web.port}"),
        ("/etc/ssl/mood.pem", f"{folder}/leaf.pem"),
        ("/etc/ssl/mood-key.pem", f"{folder}/leaf.pem"),
    ):
        assert words in site
        site = site.replace(words, ours)
    nginx = start_nginx(folder, site)
    server = Server(web.process, port, web.log, "https")
    try:
        server.wait_until_up()
        yield server
    finally:
        nginx.terminate()
        nginx.wait(10)


def test_a_frame_travels_through_nginx_and_back(behind_nginx, connect, portrait_jpeg):
    client = connect(behind_nginx, {"code": CODE})
    assert client.ask(portrait_jpeg)["ok"]
    (result,) = wait_until(lambda: client.results)
    assert len(result["faces"]) == 1


def test_the_page_s_address_is_the_proxy_s(behind_nginx):
    sharing = call(f"{behind_nginx.url}/api/v1/share", headers={"X-Join-Code": CODE})[2]
    assert sharing["url"] == f"{behind_nginx.url}/"


def test_a_frame_that_we_admit_is_not_too_large_for_nginx(behind_nginx, portrait_jpeg):
    padded = portrait_jpeg + bytes(4_900_000 - len(portrait_jpeg))
    url = f"{behind_nginx.url}/api/v1/analyze"
    status, _, answer = call(url, padded, headers={"X-Join-Code": CODE})
    assert (status, len(answer["faces"])) == (200, 1)
