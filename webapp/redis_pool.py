"""The workers of a cluster, as one web process sees them through Redis.

Stands in for `webapp.pool.WorkerPool` with `--redis`. Frames wait in this process's gate, where the
newest wins, until a worker is free; which lists there are in Redis is said in `model.cluster`.
Sockets, threads and locks are the standard library's, so the same code runs on real threads or,
patched, on eventlet's. No lock is held while Redis is waited for.
"""

import itertools
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import redis

from model import cluster, messages
from webapp.config import Settings
from webapp.gate import Gate, Ticket

log = logging.getLogger("moodlight.pool")

_LOOK_EVERY_S = 0.5


class _UnfitError(redis.RedisError):
    """A sentence: why this Redis is not used."""


@dataclass(frozen=True)
class _Job:
    """A frame that was handed out.

    Attributes:
        ticket: the frame.
        worker: who has it.
        since: monotonic seconds.
    """

    ticket: Ticket
    worker: str
    since: float


class RedisPool:
    """Workers that announce themselves in Redis, and come and go as they like.

    Args:
        settings: `redis` is the URL.
        gate: where frames come from.
        weights: SHA-256 of the weights that workers must have.

    Raises:
        model.cluster.ClusterError: the URL is not one of Redis.
    """

    restarts = 0  # workers are restarted where they run

    def __init__(self, settings: Settings, gate: Gate, weights: str) -> None:
        self._settings, self._gate = settings, gate
        self._terms = cluster.Terms(weights, settings.detector, settings.frame_limits)
        self._redis = cluster.connect(settings.redis)
        self._name = uuid.uuid4().hex
        self._stopping = threading.Event()
        self._workers: dict[str, str] = {}  # engine of each worker that is there, by name
        self._jobs: dict[int, _Job] = {}
        self._numbers = itertools.count(1)
        self._lost: bool | None = None  # None until Redis was reached or missed for the first time
        self.refusal: str | None = "Redis has not been reached yet: try again in a moment"

    @property
    def ready_count(self) -> int:
        """Workers that can take a frame, of this web process or another."""
        return len(self._workers)

    @property
    def answering_count(self) -> int:
        """Workers that are there and owe us no answer for longer than a frame may take."""
        oldest = time.monotonic() - self._settings.deadline_ms / 1000
        owing = {job.worker for job in list(self._jobs.values()) if job.since < oldest}
        return len(set(self._workers) - owing)

    @property
    def capacity(self) -> int:
        """Frames that can be in work at once."""
        return max(1, self.ready_count)

    @property
    def engine(self) -> str | None:
        """As the workers name it."""
        return next(iter(self._workers.values()), None)

    def start(self) -> None:
        """Look for workers from now on, and return at once."""
        for step in (self._look, self._hand_out, self._collect):
            threading.Thread(target=self._repeat, args=(step,), daemon=True).start()

    def stop(self) -> None:
        """Take no more frames; the workers stay."""
        self._stopping.set()
        self._gate.close()

    def _repeat(self, step: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                step()
            except redis.RedisError as error:
                self._lose_redis(error)
                self._stopping.wait(cluster.RETRY_EVERY_S)
            except Exception:
                log.exception("the cluster's messages are not understood")
                self._stopping.wait(cluster.RETRY_EVERY_S)

    def _lose_redis(self, error: redis.RedisError) -> None:
        """Without it there are no workers, and no answers to what they have."""
        if not self._lost:
            log.error("Redis cannot be used: %s", error, extra={"event": "redis_lost"})
        self._lost, self._workers = True, {}
        unfit = isinstance(error, _UnfitError)
        self.refusal = (
            str(error) if unfit else "the server has lost its Redis: try again in a moment"
        )
        self._drop_lost_jobs()

    def _look(self) -> None:
        """See which workers are there, and drop the frames of those that are not."""
        self._find_workers()
        self._drop_lost_jobs()
        self._stopping.wait(_LOOK_EVERY_S)

    def _greet(self) -> None:
        """Redis is there, again; frames may not get from its memory to a disk."""
        try:
            said = self._redis.config_get("save", "appendonly")
        except redis.ResponseError as error:
            log.warning("cannot see whether this Redis writes frames to a disk: %s", error)
            said = {}
        if said.get("save") or said.get("appendonly") == "yes":
            raise _UnfitError(
                "this Redis would write frames to a disk: start it with --save '' --appendonly no"
            )
        if self._lost:
            log.info("Redis is back", extra={"event": "redis_back"})
        self._lost = False

    def _find_workers(self) -> None:
        if self._lost is not False:
            self._greet()
        keys = list(self._redis.scan_iter(cluster.WORKER_PATTERN, count=1000))
        signs = self._redis.mget(keys) if keys else []
        found, others = {}, None
        for key, sign in zip(keys, signs, strict=True):
            if sign is None:  # expired just now
                continue
            announced = json.loads(sign)
            if announced["terms"] == asdict(self._terms):
                found[cluster.worker_name(key)] = announced["engine"]
            else:
                others = announced["terms"]
        for worker in set(found) - set(self._workers):
            log.info("worker %s came", worker, extra={"event": "worker_ready", "worker": worker})
        for worker in set(self._workers) - set(found):
            log.warning("worker %s went", worker, extra={"event": "worker_died", "worker": worker})
        self._workers = found
        self.refusal = None if found else self._why_nobody(others)

    def _why_nobody(self, others: dict[str, Any] | None) -> str:
        if others is None:
            return "no worker is there: start one with python -m model.worker --redis URL"
        wanted = asdict(self._terms)
        differing = ", ".join(name for name in wanted if others.get(name) != wanted[name])
        return f"the workers have other {differing} than this server: start them with the same"

    def _drop_lost_jobs(self) -> None:
        oldest = time.monotonic() - self._settings.worker_timeout_ms / 1000
        for number, job in list(self._jobs.items()):
            if job.worker not in self._workers or job.since < oldest:
                self._finish(number, None)

    def _hand_out(self) -> None:
        """Give the next frame to a free worker, once there are both."""
        if not self._gate.wait_for_frame(cluster.WAIT_S):
            return
        offer = self._redis.blpop([self._terms.free_key], cluster.WAIT_S)
        if offer is None:
            return
        worker = offer[1].decode()
        if worker not in self._workers:
            self._find_workers()  # it may be new
        if worker not in self._workers:
            return  # it went without a word
        ticket = self._gate.take(0)
        if ticket is None:  # its client went meanwhile
            self._redis.lpush(self._terms.free_key, worker)
            return
        number = next(self._numbers)
        self._jobs[number] = _Job(ticket, worker, ticket.started)
        message = {
            "type": messages.FRAME,
            "job": number,
            "web": self._name,
            "limit_ms": self._settings.worker_timeout_ms,
            "t": ticket.t,
            "tracks": ticket.following.tracks,
            "explain": ticket.explain,
        }
        age_ms = int((ticket.started - ticket.received) * 1000)
        key = cluster.jobs_key(worker)
        try:
            with self._redis.pipeline() as commands:
                commands.rpush(key, messages.pack(message, ticket.encoded))
                # Should the worker die before it fetches the frame, Redis forgets it.
                commands.pexpire(key, max(1, self._settings.deadline_ms - age_ms))
                commands.execute()
        except BaseException:
            self._finish(number, None)
            raise

    def _collect(self) -> None:
        """Take one answer to a frame of ours."""
        fetched = self._redis.blpop([cluster.answers_key(self._name)], cluster.WAIT_S)
        if fetched is not None:
            answer = json.loads(fetched[1])
            self._finish(answer["job"], answer)

    def _finish(self, number: int, answer: dict[str, Any] | None) -> None:
        job = self._jobs.pop(number, None)  # None: it was given up before, or is being so
        if job is not None:
            self._gate.release(job.ticket, answer)
