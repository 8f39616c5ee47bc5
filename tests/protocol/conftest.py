"""A server of each kind, and a Socket.IO client that remembers what it was told."""

import itertools
import os
import select
import shutil
import socket
import ssl
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
import socketio
import websocket

from model import cluster
from tests.conftest import Server, free_port, missing, wait_until


class SerialTls(ssl.SSLSocket):
    """TLS that one thread at a time reads or writes.

    The client library reads in one thread and writes in another. OpenSSL does not allow that on one
    connection, Python 3.11 does not prevent it, and now and then a read says that the other side
    is gone when it is not.
    """

    def __new__(cls, *arguments: object, **options: object) -> "SerialTls":
        made = super().__new__(cls, *arguments, **options)
        made.turn = threading.Lock()
        return made

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        if not self.pending():
            select.select([self], [], [], self.gettimeout())
        with self.turn:
            return super().recv(buflen, flags)

    def send(self, data: bytes, flags: int = 0) -> int:
        with self.turn:
            return super().send(data, flags)


def serial_tls() -> ssl.SSLContext:
    """A client's side of TLS that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.sslsocket_class = SerialTls
    return context


class Client:
    """A real Socket.IO client; `source` is the address that it comes from."""

    def __init__(self, url: str, auth: dict | None = None, source: str | None = None) -> None:
        self.hello: dict | None = None
        self.results: list[dict] = []
        self.events: list[tuple[str, object]] = []  # results and acks in the order of arrival
        self._ids = itertools.count(1)
        from_there = {"socket": connect_from(source, url)} if source else {}
        self.io = new_io(**from_there)
        self.io.on("hello", self._on_hello)
        self.io.on("result", self._on_result)
        # The library's own limit of 1 s is too short for a busy machine.
        self.io.connect(url, transports=["websocket"], auth=auth, wait_timeout=30)
        wait_until(lambda: self.hello)

    def _on_hello(self, message: dict) -> None:
        self.hello = message

    def _on_result(self, message: dict) -> None:
        self.results.append(message)
        self.events.append(("result", message["id"]))

    def send(self, encoded: object, header: object = None) -> "Pending":
        """Send a frame without waiting."""
        if header is None:
            header = {"id": next(self._ids), "sent_at": 12.5}
        return self.emit("frame", header, encoded)

    def emit(self, event: str, *arguments: object) -> "Pending":
        pending = Pending()

        def on_ack(answer: dict) -> None:
            self.events.append(("ack", answer))
            pending.answer = answer
            pending.done.set()

        self.io.emit(event, arguments, callback=on_ack)
        return pending

    def ask(self, encoded: object, header: object = None) -> dict:
        """Send a frame and wait for its acknowledgement, and for its result if it has one."""
        before = len(self.results)
        answer = self.send(encoded, header).wait()
        # The library handles each message in a thread of its own: the result's may be the later.
        wait_until(lambda: not answer["ok"] or len(self.results) > before)
        return answer


def new_io(**websocket_options: object) -> socketio.Client:
    """A client of the library, not yet connected."""
    tls = {"sslopt": {"context": serial_tls()}}
    return socketio.Client(reconnection=False, websocket_extra_options=tls | websocket_options)


def connect_from(source: str, url: str) -> socket.socket:
    """A connection to the server of a URL from an address of this machine."""
    server = urllib.parse.urlsplit(url)
    address = (server.hostname, server.port)
    return socket.create_connection(address, timeout=5, source_address=(source, 0))


PASSWORD = "a-test-password"


class RedisServer:
    """A `redis-server` of this test's own, which can be stopped and started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        if not (path := shutil.which("redis-server")):
            missing("redis-server")
        self.port = free_port()
        self._command = [
            *(path, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--requirepass", PASSWORD, "--appendonly", "no", *(options or ("--save", ""))),
        ]
        self.start()

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def _answers(self) -> bool:
        with suppress(redis.RedisError):
            return cluster.connect(self.url).ping()
        return False


def start_nginx(folder: Path, site: str) -> subprocess.Popen:
    """nginx of this test's own, all of whose files lie in a folder.

    Args:
        folder: where they are written.
        site: what stands in its `http` block.
    """
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        missing("nginx")
    temporary = "\n".join(
        f"{kind}_temp_path {folder};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{temporary}\n{site} }}\n"
    )
    command = [nginx, "-e", f"{folder}/nginx.log", "-c", f"{folder}/nginx.conf"]
    return subprocess.Popen(command)


class Pending:
    """An acknowledgement to come."""

    def __init__(self) -> None:
        self.answer: dict | None = None
        self.done = threading.Event()

    def wait(self, limit_s: float = 30.0) -> dict:
        assert self.done.wait(limit_s), "no acknowledgement"
        return self.answer


@pytest.fixture
def open_raw() -> Iterator[Callable[[Server], websocket.WebSocket]]:
    """A bare WebSocket that has joined, to say what no client library would."""
    opened = []

    def make(server: Server) -> websocket.WebSocket:
        url = f"{server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
        raw = websocket.create_connection(url, timeout=20)
        opened.append(raw)
        raw.send("40")
        while not raw.recv().startswith("40"):
            pass
        return raw

    yield make
    for raw in opened:
        raw.shutdown()


@pytest.fixture(scope="session", params=["eventlet", "threading"])
def server(request: pytest.FixtureRequest, start_server: Callable[..., Server]) -> Server:
    return start_server("--async-mode", request.param, "--workers", "1")


@pytest.fixture
def empty_server(server: Server) -> Server:
    """The same once the clients of earlier tests, whose goodbyes take a while, are gone."""
    wait_until(lambda: server.health()["clients"] == 0)
    return server


@pytest.fixture
def connect() -> Iterator[Callable[[Server], Client]]:
    clients = []

    def make(server: Server, auth: dict | None = None) -> Client:
        clients.append(Client(server.url, auth))
        return clients[-1]

    yield make
    # On threads the server leaves a client waiting 3 s for its goodbye; no test need wait too.
    for client in clients:
        threading.Thread(target=client.io.disconnect, daemon=True).start()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()
