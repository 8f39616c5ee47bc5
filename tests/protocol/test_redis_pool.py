"""Each side of Redis by itself: the pool with workers that the test plays, a worker likewise."""

import json
import threading
from collections.abc import Iterator

import pytest
import redis

from model import cluster, messages, redis_worker
from model.image_header import FrameLimits
from model.redis_worker import RedisWorker
from tests.conftest import wait_until
from tests.protocol.conftest import RedisServer
from webapp.config import Settings
from webapp.gate import Following, Gate, Ticket
from webapp.redis_pool import RedisPool

TERMS = cluster.Terms("0" * 64, "mtcnn", FrameLimits())


@pytest.fixture
def pool(redis_server) -> Iterator[tuple[RedisPool, Gate, redis.Redis]]:
    """A web process's side alone; the test plays the workers."""
    gate = Gate()
    pool = RedisPool(Settings(redis=redis_server.url, deadline_ms=3000), gate, TERMS.weights)
    pool.start()
    yield pool, gate, cluster.connect(redis_server.url)
    pool.stop()


def announce(connection: redis.Redis, worker: str, terms: cluster.Terms = TERMS) -> None:
    limits = vars(terms.limits)
    announced = {"weights": terms.weights, "detector": terms.detector, "limits": limits}
    sign = json.dumps({"engine": "a test", "terms": announced})
    connection.set(cluster.worker_key(worker), sign)
    connection.rpush(terms.free_key, worker)


def ticket(client: str, encoded: bytes = b"picture") -> Ticket:
    return Ticket(client, encoded, Following(), 0.0)


def test_redis_holds_one_frame_of_each_free_worker_and_forgets_it(pool):
    pool, gate, connection = pool
    announce(connection, "asleep")
    wait_until(lambda: pool.ready_count == 1)
    waiting = [ticket(f"client-{i}") for i in range(20)]
    for each in waiting:
        gate.submit(each)
    key = cluster.jobs_key("asleep")
    wait_until(lambda: connection.exists(key))
    assert 0 < connection.pttl(key) <= 3000
    assert connection.llen(key) == 1
    taken, encoded = messages.unpack(connection.lindex(key, 0))
    assert encoded == b"picture"
    newer = ticket("client-5", b"newer")
    gate.submit(newer)
    assert waiting[5].lost == "replaced"
    connection.delete(cluster.worker_key("asleep"))
    wait_until(lambda: waiting[0].finished.is_set())
    assert waiting[0].lost == "worker_lost"
    # An answer that comes after all is nobody's any more.
    connection.rpush(cluster.answers_key(taken["web"]), json.dumps({"job": taken["job"]}))
    wait_until(lambda: not connection.exists(cluster.answers_key(taken["web"]), key))
    assert waiting[0].outcome is None


def test_answers_find_their_frames(pool):
    pool, gate, connection = pool
    waiting = {name: ticket(name, name.encode()) for name in ("one", "two", "three")}
    for each in waiting.values():
        gate.submit(each)
        announce(connection, f"worker-{each.client}")
    handed = []
    for each in waiting:
        packed = connection.blpop([cluster.jobs_key(f"worker-{each}")], 10)[1]
        handed.append(messages.unpack(packed))
    for message, encoded in reversed(handed):
        answer = {"type": "result", "job": message["job"], "said": encoded.decode()}
        connection.rpush(cluster.answers_key(message["web"]), json.dumps(answer))
    for name, each in waiting.items():
        assert each.finished.wait(10)
        assert each.outcome["said"] == name


def test_workers_with_other_weights_are_not_asked(pool):
    pool, gate, connection = pool
    wait_until(lambda: "start one with python -m model.worker" in pool.refusal)
    announce(connection, "other", cluster.Terms("1" * 64, "mtcnn", FrameLimits()))
    wait_until(lambda: "other weights than this server" in pool.refusal)
    gate.submit(ticket("client"))
    announce(connection, "right")
    wait_until(lambda: connection.exists(cluster.jobs_key("right")))
    assert (pool.ready_count, pool.refusal) == (1, None)
    assert not connection.exists(cluster.jobs_key("other"))


def test_a_redis_that_writes_to_a_disk_is_refused(tmp_path):
    server = RedisServer(tmp_path, "--save", "60 1")
    pool = RedisPool(Settings(redis=server.url), Gate(), TERMS.weights)
    try:
        announce(cluster.connect(server.url), "ready")
        pool.start()
        wait_until(lambda: "write frames to a disk" in pool.refusal)
        assert pool.ready_count == 0
    finally:
        pool.stop()
        server.stop()


def test_a_worker_that_hangs_ends_itself(redis_server, monkeypatch):
    """Its life signs come from another thread, which would go on for ever."""
    ended = threading.Event()
    monkeypatch.setattr(redis_worker.os, "_exit", lambda _status: ended.set())
    connection = cluster.connect(redis_server.url)
    worker = RedisWorker(
        *(cluster.connect(redis_server.url), TERMS, "a test"),
        lambda _message, _encoded: {"type": "result", "late": not ended.wait(10)},
    )
    serving = threading.Thread(target=worker.run)
    serving.start()
    _, name = connection.blpop([TERMS.free_key], 10)
    job = {"type": "frame", "job": 1, "web": "a-test", "limit_ms": 100}
    connection.rpush(cluster.jobs_key(name.decode()), messages.pack(job, b"picture"))
    assert ended.wait(10)
    worker.stop()
    serving.join(10)
    assert not connection.exists(cluster.worker_key(name.decode()))
