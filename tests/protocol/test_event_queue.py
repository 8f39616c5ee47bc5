"""What carries events between web processes hears again soon, however Redis was lost."""

import logging
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from model import cluster
from tests.conftest import wait_until
from tests.protocol.conftest import PASSWORD, RedisServer
from webapp.event_queue import EventQueue

# The queue's patience, a new connection, and a busy machine.
BACK_WITHIN_S = 15.0


class Network:
    """A way to Redis on which everything can vanish without a word."""

    def __init__(self, port: int) -> None:
        self.connections = 0
        self._redis_port, self._swallowing = port, threading.Event()
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def lose_connections(self) -> None:
        """Those that are open now carry nothing any more, and do not close; later ones work."""
        self._swallowing.set()
        self._swallowing = threading.Event()

    def close(self) -> None:
        self._closing = True
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            if select.select([self._listener], [], [], 0.1)[0]:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._redis_port))
                self.connections += 1
                arguments = (near, far, self._swallowing)
                self._threads.append(threading.Thread(target=self._carry, args=arguments))
                self._threads[-1].start()

    def _carry(self, near: socket.socket, far: socket.socket, swallowing: threading.Event) -> None:
        other = {near: far, far: near}
        with near, far:
            while not self._closing:
                for end in select.select([near, far], [], [], 0.1)[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    if not swallowing.is_set():
                        other[end].sendall(data)


class Listener(threading.Thread):
    """A web process's queue, and what it heard."""

    def __init__(self, server: RedisServer, port: int) -> None:
        super().__init__(daemon=True)
        url = f"redis://:{PASSWORD}@127.0.0.1:{port}"
        self._queue = EventQueue(url, logging.getLogger("a test"))
        self._says = cluster.connect(server.url)
        self.heard: list[bytes] = []

    def run(self) -> None:
        for said in self._queue._listen():
            self.heard.append(said)
            if said == b"end":
                return

    def hears(self, said: str) -> bool:
        """Say it once more; whether it has been heard."""
        self._says.publish("moodlight", said)
        return said.encode() in self.heard


@pytest.fixture
def network(redis_server) -> Iterator[Network]:
    network = Network(redis_server.port)
    yield network
    network.close()


@pytest.fixture
def listener(redis_server, network) -> Iterator[Listener]:
    listener = Listener(redis_server, network.port)
    listener.start()
    wait_until(lambda: listener.hears("before"))
    yield listener
    wait_until(lambda: listener.hears("end"))
    listener.join(10)


@pytest.fixture
def impatience(monkeypatch) -> None:
    monkeypatch.setattr(cluster, "WAIT_S", 0.1)
    monkeypatch.setattr(cluster, "SILENCE_LIMIT_S", 1.5)


def test_silence_is_no_loss(impatience, listener, network):
    quiet_until = time.monotonic() + 2 * cluster.SILENCE_LIMIT_S
    wait_until(lambda: time.monotonic() > quiet_until)
    wait_until(lambda: listener.hears("after"))
    assert network.connections == 1


def test_connections_that_vanish_without_a_word_are_made_again(listener, network):
    network.lose_connections()
    wait_until(lambda: listener.hears("after"), BACK_WITHIN_S)
    assert network.connections == 2


def test_a_redis_that_hung_is_heard_again(listener, network, redis_server):
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: network.connections > 1)  # it noticed
    finally:
        os.kill(redis_server.process.pid, signal.SIGCONT)
    wait_until(lambda: listener.hears("after"), BACK_WITHIN_S)
