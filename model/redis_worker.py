"""A worker of a cluster: offers itself in Redis, answers the frames that it is handed.

Which lists there are, and why, is said in `model.cluster`. Used by `model.worker` only.
"""

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import redis

from model import cluster, messages

log = logging.getLogger("moodlight.worker")

Answer = Callable[[dict[str, Any], bytes], dict[str, Any]]


class RedisWorker:
    """One worker process on a Redis.

    Args:
        connection: see `model.cluster.connect`.
        terms: whose frames it can answer.
        engine: the engine's name.
        answer: gives the `result` or `failure` for a `frame` message and its picture.
    """

    def __init__(
        self, connection: redis.Redis, terms: cluster.Terms, engine: str, answer: Answer
    ) -> None:
        self._redis, self._terms, self._answer = connection, terms, answer
        self._announcement = json.dumps({"engine": engine, "terms": asdict(terms)})
        self._name = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        self._stopping = threading.Event()
        # When the frame that is being answered must be done, in monotonic seconds.
        self._due: float | None = None

    def run(self) -> None:
        """Serve until `stop`; a Redis that is lost is waited for."""
        beating = threading.Thread(target=self._beat, name="beat", daemon=True)
        beating.start()
        log.info("worker %s serves", self._name, extra={"event": "worker_ready"})
        lost = False
        while not self._stopping.is_set():
            try:
                self._serve_one()
                if lost:
                    log.info("Redis is back", extra={"event": "redis_back"})
                lost = False
            except redis.RedisError as error:
                if not lost:
                    log.error("Redis is lost: %s", error, extra={"event": "redis_lost"})
                lost = True
                self._stopping.wait(cluster.RETRY_EVERY_S)
        beating.join()  # it would announce us again
        try:
            self._withdraw()
        except redis.RedisError:
            log.warning("Redis is lost: the web processes will notice by themselves")

    def stop(self) -> None:
        """Answer the frame at hand, take no more."""
        self._stopping.set()

    def _serve_one(self) -> None:
        """Be free until a frame comes or it is time to say so again, and answer it."""
        with self._redis.pipeline() as commands:
            commands.set(*self._life_sign(), px=_ms(cluster.GONE_AFTER_S))
            # Once in the list, whatever became of the last offer: the web process that took it may
            # be gone, or Redis may have forgotten.
            commands.lrem(self._terms.free_key, 0, self._name)
            commands.rpush(self._terms.free_key, self._name)
            commands.execute()
        handed = self._redis.blpop([cluster.jobs_key(self._name)], cluster.WAIT_S)
        if handed is None:
            return
        try:
            message, encoded = messages.unpack(handed[1])
        except ValueError as error:
            log.warning("a stranger writes to this Redis: %s", error)
            return
        self._due = time.monotonic() + message["limit_ms"] / 1000
        try:
            answer = {**self._answer(message, encoded), "job": message["job"]}
        finally:
            self._due = None
        key = cluster.answers_key(message["web"])
        with self._redis.pipeline() as commands:
            commands.rpush(key, json.dumps(answer, separators=(",", ":")))
            commands.pexpire(key, _ms(cluster.ANSWER_KEPT_S))
            commands.execute()

    def _life_sign(self) -> tuple[str, str]:
        return cluster.worker_key(self._name), self._announcement

    def _beat(self) -> None:
        """Announce the worker while it is well, from a thread of its own."""
        while not self._stopping.wait(cluster.BEAT_EVERY_S):
            due = self._due
            if due is not None and time.monotonic() > due:
                log.error("a frame takes too long: ending", extra={"event": "worker_stuck"})
                os._exit(1)  # whoever started this process starts another
            try:
                self._redis.set(*self._life_sign(), px=_ms(cluster.GONE_AFTER_S))
            except redis.RedisError:
                continue  # the main thread says so

    def _withdraw(self) -> None:
        with self._redis.pipeline() as commands:
            commands.lrem(self._terms.free_key, 0, self._name)
            commands.delete(cluster.worker_key(self._name), cluster.jobs_key(self._name))
            commands.execute()


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
