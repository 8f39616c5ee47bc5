"""Past one machine: Redis, two web processes and two workers behind nginx, all of them real."""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
import socketio

from model import cluster
from tests.conftest import ROOT, Server, free_port, to_jpeg, wait_until
from tests.protocol.conftest import Client, RedisServer, start_nginx
from tests.protocol.test_http import call

STREAMS = 8
# After a worker, a web process or Redis is gone.
BACK_WITHIN_S = 5.0


@dataclass
class Cluster:
    """What runs; `url` is nginx's."""

    redis: RedisServer
    webs: list[Server]
    url: str
    workers: list[subprocess.Popen] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)  # addresses, in turn of either web process

    def add_worker(self) -> None:
        command = [sys.executable, "-m", "model.worker"]
        where = {**os.environ, "MOODLIGHT_REDIS": self.redis.url}
        self.workers.append(subprocess.Popen(command, cwd=ROOT, env=where))

    def ready(self) -> list[tuple[int, dict]]:
        """What each web process answers to /readyz: status and body."""
        return [call(f"{web.url}/readyz")[::2] for web in self.webs]

    def wait_until_ready(self, limit_s: float = 90.0) -> None:
        everything = (200, {"status": "ready", "workers": 2})
        wait_until(lambda: self.ready() == [everything] * len(self.webs), limit_s)


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, start_server: Callable[..., Server]
) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    server = RedisServer(folder)
    options = ("--redis", server.url, "--behind-proxy")
    webs = [start_server(*options, ready=None, port=free_port()) for _ in range(2)]
    port = free_port()
    proxy = start_proxy(folder, port, webs)
    everything = Cluster(server, webs, f"http://127.0.0.1:{port}")
    try:
        everything.add_worker()
        everything.add_worker()
        wait_until(lambda: all(is_up(web) for web in webs))
        everything.wait_until_ready()
        everything.sources = wait_until(lambda: addresses(everything))
        yield everything
    finally:
        for process in (*everything.workers, proxy):
            process.terminate()
            process.wait(10)
        server.stop()


def start_proxy(folder: Path, port: int, webs: list[Server]) -> subprocess.Popen:
    """nginx with the configuration of docs/scaling.md, between these ports."""
    shipped = (ROOT / "docs/cluster-nginx.conf").read_text()
    servers = "\n".join(f"server 127.0.0.1:{web.port} fail_timeout=2s;" for web in webs)
    site = shipped.replace("server web:5000 fail_timeout=2s;", servers).replace(
        "listen 8080;", f"listen 127.0.0.1:{port};\nadd_header X-Web $upstream_addr;"
    )
    assert servers in site
    return start_nginx(folder, site)


def is_up(web: Server) -> bool:
    assert web.process.poll() is None, web.log.read_text()
    with suppress(OSError):
        return web.health()["status"] == "ok"
    return False


def addresses(everything: Cluster) -> list[str] | None:
    """Loopback addresses of clients, in turn of one and of the other web process.

    None while nginx sends nearly everybody to one of them.
    """
    by_web: dict[str, list[str]] = defaultdict(list)
    port = int(everything.url.rsplit(":", 1)[1])
    for number in range(1, 100):
        source = f"127.0.{number}.{number}"
        asked = http.client.HTTPConnection("127.0.0.1", port, source_address=(source, 0))
        asked.request("GET", "/healthz")
        by_web[asked.getresponse().headers["X-Web"]].append(source)
        asked.close()
        if len(by_web) == 2 and min(map(len, by_web.values())) >= STREAMS // 2:
            return [a for pair in zip(*by_web.values(), strict=False) for a in pair][:STREAMS]
    return None


class Stream(threading.Thread):
    """A client with pictures of a size of its own, which connects again whenever it must."""

    def __init__(self, url: str, source: str, number: int, portrait: np.ndarray) -> None:
        super().__init__(daemon=True)
        self.url, self.source, self.number = url, source, number
        self.size = (160 + 8 * number, 120 + 8 * number)
        self._encoded = to_jpeg(cv2.resize(portrait, self.size))
        self._stopping = threading.Event()
        self.sent_at: list[float] = []  # of the frames that have a result
        self.connections = 0
        self.wrong: list[object] = []

    def run(self) -> None:
        while not self._stopping.is_set():
            with suppress(OSError, AssertionError, socketio.exceptions.SocketIOError):
                self._stay()

    def _stay(self) -> None:
        client = Client(self.url, source=self.source)
        self.connections += 1
        for number in itertools.count():
            if self._stopping.is_set() or not client.io.connected:
                break
            sent_at = time.monotonic()
            header = {"id": f"{self.number}-{number}", "sent_at": sent_at}
            pending = client.send(self._encoded, header)
            # Those who lose their connection get no acknowledgement.
            while not pending.done.wait(0.05) and client.io.connected:
                pass
            if pending.done.is_set() and pending.answer["ok"]:
                self._check(client.results[-1], header)
        client.io.disconnect()

    def _check(self, result: dict, header: dict) -> None:
        if all(result[k] == v for k, v in header.items()) and self.size == (
            result["width"],
            result["height"],
        ):
            self.sent_at.append(header["sent_at"])
        else:
            self.wrong.append((header, result))

    def has_result_since(self, moment: float) -> bool:
        return bool(self.sent_at) and self.sent_at[-1] > moment

    def stop(self) -> None:
        self._stopping.set()
        self.join(10)


@pytest.fixture
def streams(running: Cluster, portrait: np.ndarray) -> Iterator[list[Stream]]:
    """Eight clients, half of them on each web process."""
    # nginx takes some seconds to come back to a web process that was started again.
    wait_until(lambda: addresses(running) == running.sources)
    started = [Stream(running.url, a, i, portrait) for i, a in enumerate(running.sources)]
    for stream in started:
        stream.start()
    wait_until(lambda: all(len(stream.sent_at) > 2 for stream in started))
    assert [web.health()["clients"] for web in running.webs] == [STREAMS // 2] * 2
    yield started
    for stream in started:
        stream.stop()


def listeners(running: Cluster) -> int:
    """Web processes that hear each other's events."""
    return cluster.connect(running.redis.url).pubsub_numsub("moodlight")[0][1]


def wait_for_everybody(streams: list[Stream], since: float) -> None:
    """Each client gets the result of a frame that it sent after something happened."""
    wait_until(lambda: all(stream.has_result_since(since) for stream in streams), BACK_WITHIN_S)


def kill(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


def test_a_killed_worker_and_a_killed_web_process_stop_nobody(running, streams, start_server):
    killed_at = time.monotonic()
    kill(running.workers.pop(0))
    wait_for_everybody(streams, killed_at)

    killed_at = time.monotonic()
    killed = running.webs.pop(0)
    kill(killed.process)
    wait_for_everybody(streams, killed_at)
    assert running.webs[0].health()["clients"] >= STREAMS
    assert sorted(stream.connections for stream in streams) == [1] * 4 + [2] * 4

    running.add_worker()  # both may come back at any time
    options = ("--redis", running.redis.url, "--behind-proxy")
    running.webs.append(start_server(*options, ready=1, port=killed.port))
    running.wait_until_ready()
    wait_for_everybody(streams, time.monotonic())
    for stream in streams:
        stream.stop()
    assert [stream.wrong for stream in streams] == [[]] * STREAMS


def test_redis_lost_and_back(running, streams):
    running.redis.stop()
    lost = {
        "status": "not ready",
        "workers": 0,
        "message": "the server has lost its Redis: try again in a moment",
    }
    wait_until(lambda: running.ready() == [(503, lost)] * 2, BACK_WITHIN_S)
    assert all(is_up(web) for web in running.webs)
    back_at = time.monotonic()
    running.redis.start()
    wait_for_everybody(streams, back_at)
    wait_until(lambda: listeners(running) == 2, BACK_WITHIN_S)
    running.wait_until_ready()
    assert [stream.connections for stream in streams] == [1] * STREAMS
    for stream in streams:
        stream.stop()
    assert [stream.wrong for stream in streams] == [[]] * STREAMS


def test_a_viewer_on_another_web_process(running, connect, portrait_jpeg):
    told = []
    overheard = cluster.connect(running.redis.url).pubsub(ignore_subscribe_messages=True)
    overheard.subscribe("moodlight")
    wait_until(lambda: listeners(running) == 3)
    here, there = running.webs
    sender, stranger = connect(here), connect(there)
    sender.io.on("viewers", lambda message: told.append(message["count"]))
    token = sender.emit("share", {"on": True}).wait()["token"]
    viewer = connect(there, {"watch": token})
    wait_until(lambda: told == [1])
    assert sender.ask(portrait_jpeg)["ok"]
    wait_until(lambda: viewer.results == sender.results != [])
    assert stranger.results == []
    ended = []
    viewer.io.on("ended", ended.append)
    sender.emit("share", {"on": False}).wait()
    wait_until(lambda: ended and not viewer.io.connected)
    heard = set()

    def has_heard_everything() -> bool:
        if message := overheard.get_message():
            heard.add(json.loads(message["data"]).get("event"))  # JSON, no pickle
        return {"viewers", "result", "ended"} <= heard

    wait_until(has_heard_everything)


def test_a_link_that_ends_while_redis_is_lost_ends_on_another_web_process(running, connect):
    here, there = running.webs
    running.wait_until_ready()
    sender = connect(here)
    token = sender.emit("share", {"on": True}).wait()["token"]
    viewer = connect(there, {"watch": token})
    ended = []
    viewer.io.on("ended", ended.append)
    running.redis.stop()
    assert sender.emit("share", {"on": False}).wait() == {"ok": True}
    running.redis.start()
    wait_until(lambda: ended and not viewer.io.connected)
    running.wait_until_ready()


def test_a_worker_that_is_told_to_stop_leaves(running):
    running.workers[0].send_signal(signal.SIGTERM)
    assert running.workers.pop(0).wait(10) == 0
    connection = cluster.connect(running.redis.url)
    assert len(connection.keys(cluster.WORKER_PATTERN)) == len(running.workers) == 1
    running.add_worker()
    running.wait_until_ready()
