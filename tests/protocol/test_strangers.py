"""Strangers, on the level of connections: many, silent, slow, too fast or endless."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import psutil
import pytest

from tests.conftest import ROOT, UNVERIFIED, Server, free_port, wait_until
from tests.protocol.test_faults import MODES
from tests.protocol.test_lan import lan_options

MB = 1_000_000


def silent(port: int, count: int) -> list[socket.socket]:
    """Connections from an address of their own that say nothing."""
    source = ("127.0.0.2", 0)
    return [
        socket.create_connection(("127.0.0.1", port), source_address=source) for _ in range(count)
    ]


def is_answered(port: int) -> bool:
    """Whether that address gets anything now."""
    asked = http.client.HTTPConnection("127.0.0.1", port, source_address=("127.0.0.2", 0))
    with suppress(OSError), closing(asked):
        asked.request("GET", "/healthz")
        return asked.getresponse().status == 200
    return False


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


@MODES
def test_silent_connections_have_a_limit(start_server, connect, portrait_jpeg, mode):
    options = ("--workers", "1", "--async-mode", mode, "--max-clients-per-address", "2")
    server = start_server(*options)
    opened = silent(server.port, 100)
    assert connect(server).ask(portrait_jpeg)["ok"]
    wait_until(lambda: sum(map(is_open, opened)) == 80)  # eight for each client, and 64
    assert not is_answered(server.port)
    assert server.log.read_text().count("connections are refused") == 1
    for connection in opened:
        connection.close()
    wait_until(lambda: is_answered(server.port))


@MODES
def test_more_connections_than_files(start_server, connect, portrait_jpeg, mode):
    """However few the system grants: those who are there go on, and others come once there are."""
    server = start_server("--workers", "1", "--async-mode", mode)
    client = connect(server)
    process = psutil.Process(server.process.pid)
    granted = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + 5, granted[1]))
    opened = silent(server.port, 40)
    for _ in range(3):
        assert client.ask(portrait_jpeg)["ok"]
    wait_until(lambda: "connections are refused" in server.log.read_text())
    for connection in opened:
        connection.close()
    assert connect(server).ask(portrait_jpeg)["ok"]
    assert "Traceback" not in server.log.read_text()


_SHORT_LIMITS = """
import eventlet
eventlet.monkey_patch()
from webapp import eventlet_server as limits
limits.HANDSHAKE_LIMIT_S = limits._FIRST_LINE_LIMIT_S = limits._HEAD_LIMIT_S = 2.0
limits._SILENCE_LIMIT_S = limits._BODY_LIMIT_S = 2.0
from webapp.__main__ import main
main()
"""


@pytest.fixture(scope="module", params=["http", "https"])
def impatient_server(request, tmp_path_factory) -> Iterator[Server]:
    """Its limits of time are 2 s."""
    port, folder = free_port(), tmp_path_factory.mktemp("impatient")
    options = ["--port", str(port), "--workers", "1"]
    if request.param == "https":
        options += ["--lan", "--host", "127.0.0.1", "--http-port", str(free_port())]
    log = folder / "log.txt"
    with log.open("w") as out:
        command = [sys.executable, "-W", "ignore", "-c", _SHORT_LIMITS, *options]
        own = {**os.environ, "XDG_DATA_HOME": str(folder)}
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env=own)
    server = Server(process, port, log, request.param)
    server.wait_until_up()
    yield server
    process.kill()
    process.wait()


def opened(server: Server) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    return UNVERIFIED.wrap_socket(connection) if server.scheme == "https" else connection


TRICKLES = {
    "nothing": (b"", b""),
    "request line": (b"GET /", b"a"),
    "head": (b"GET / HTTP/1.1\r\nHost: local", b"a"),
    "body": (b"POST /api/v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", b"a"),
    "chunks": (
        b"POST /api/v1/analyze HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\na\r\n",
    ),
    "next request": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b""),
}


@pytest.mark.parametrize("slow", TRICKLES)
def test_whoever_is_too_slow_is_let_go(impatient_server, slow):
    """However they keep on sending a little."""
    begin, more = TRICKLES[slow]
    with opened(impatient_server) as connection:
        connection.sendall(begin)
        assert is_closed_in_time(connection, more)
    assert "Traceback" not in impatient_server.log.read_text()


def is_closed_in_time(connection: socket.socket, more: bytes) -> bool:
    connection.settimeout(0.2)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(TimeoutError):
            try:
                if not connection.recv(1000):
                    return True
                connection.sendall(more)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                return True
        with suppress(OSError):
            connection.sendall(more)
    return False


def test_a_handshake_that_trickles_is_let_go(impatient_server):
    """On plain http it is a request line without an end."""
    with socket.create_connection(("127.0.0.1", impatient_server.port)) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        assert is_closed_in_time(connection, b"\x00")


def frame(opcode: int, data: bytes, final: bool = True) -> bytes:
    """A masked frame of a WebSocket, the mask all zeros."""
    return bytes([opcode | (0x80 if final else 0), 0x80 | len(data)]) + bytes(4) + data


UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
FLOODS = {
    "pongs": (UPGRADE, frame(0xA, b"") * 5000),
    "pings": (UPGRADE, frame(0x9, b"x" * 100) * 500),
    "fragments": (UPGRADE + frame(1, b"4", final=False), frame(0, b"", final=False) * 5000),
    "packets": (UPGRADE, frame(1, b"6") * 5000),
    "requests": (b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 200),
}


@pytest.fixture(scope="module", params=["http", "https"])
def flooded_server(request, start_server: Callable[..., Server]) -> Server:
    return start_server(*(lan_options("--open") if request.param == "https" else ()))


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_keeps_nobody_waiting(flooded_server, connect, kind):
    """Mostly of what Engine.IO never sees."""
    begin, more = FLOODS[kind]
    other = connect(flooded_server)
    with flood(flooded_server, begin, more):
        for _ in range(5):
            assert flooded_server.health()["status"] == "ok"
            assert other.ask(b"x")["code"] in ("not_an_image", "no_consent")


def test_a_flooded_server_ends_when_it_is_told_to(start_server):
    server = start_server("--workers", "1")
    with flood(server, *FLOODS["pongs"]):
        assert server.health()["status"] == "ok"
        server.process.terminate()
        assert server.process.wait(10) == 0


@contextmanager
def flood(server: Server, begin: bytes, more: bytes) -> Iterator[None]:
    """Send without a pause, and read what comes back, in threads of their own."""
    connection = opened(server)
    connection.sendall(begin)
    ended = threading.Event()

    def send() -> None:
        with suppress(OSError):
            while not ended.is_set():
                connection.sendall(more)

    def read() -> None:
        with suppress(OSError):
            while connection.recv(MB):
                pass

    # TLS does not bear two threads.
    works = [send] if server.scheme == "https" else [send, read]
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)
        connection.close()


def test_a_chunk_without_an_end_takes_no_memory(flooded_server):
    memory = psutil.Process(flooded_server.process.pid).memory_info
    before = memory().rss
    head = b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with opened(flooded_server) as connection, suppress(OSError):
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(b"1" * MB)
            assert memory().rss < before + 30 * MB


def test_a_body_that_nobody_wants_is_not_read_for_ever(flooded_server):
    head = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000000\r\n\r\n"
    with opened(flooded_server) as connection:
        connection.sendall(head)
        assert not all(is_taken(connection, bytes(MB)) for _ in range(1000))


def is_taken(connection: socket.socket, data: bytes) -> bool:
    """Whether the other side still reads."""
    try:
        connection.sendall(data)
    except OSError:
        return False
    return True


def test_strangers_of_one_address_do_not_fill_the_server(start_server, connect):
    """Engine.IO sessions that nobody joins."""
    server = start_server("--workers", "1", "--max-clients", "20", "--max-clients-per-address", "8")
    statuses = [polled(server, "127.0.0.2") for _ in range(60)]
    assert statuses.count(200) == 8
    assert connect(server).ask(b"x")["code"] == "not_an_image"


def polled(server: Server, source: str, query: str = "") -> int:
    """The status of an attempt to open an Engine.IO session."""
    asked = http.client.HTTPConnection("127.0.0.1", server.port, source_address=(source, 0))
    with closing(asked):
        asked.request("GET", f"/socket.io/?EIO=4&transport=polling{query}")
        return asked.getresponse().status


def test_no_session_for_pages_of_other_sites(server):
    """JSONP would give them one."""
    assert polled(server, "127.0.0.3", "&j=1") == 400


def test_unfinished_bodies_of_one_address_have_a_limit(start_server):
    server = start_server("--workers", "1")
    head = (
        b"POST /api/v1/analyze HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Length: 4000000\r\n\r\n"
    )
    connections = [opened(server) for _ in range(20)]
    for connection in connections:
        connection.sendall(head + bytes(100_000))
    refused = wait_until(lambda: [c for c in connections if answers(c)])
    wait_until(lambda: len([c for c in connections if answers(c)]) == 12)
    refused[0].settimeout(20)
    answer = b"".join(iter(lambda: refused[0].recv(1000), b""))
    assert answer.startswith(b"HTTP/1.1 503")
    assert json.loads(answer.split(b"\r\n\r\n")[1])["code"] == "busy"
    for connection in connections:
        connection.close()


def answers(connection: socket.socket) -> bool:
    """Whether there is something to read."""
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return False
