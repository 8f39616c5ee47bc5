"""What carries events to connections of other web processes, through Redis and in JSON."""

import logging
import time
from collections.abc import Iterator
from typing import Any

from redis import RedisError
from socketio import RedisManager

from model import cluster

log = logging.getLogger("moodlight.queue")

_CHANNEL = "moodlight"


class EventQueue(RedisManager):
    """Socket.IO's queue, which listens again soon after Redis is back.

    The library's own waits twice as long after each failure, up to a minute, in which viewers on
    other web processes miss everything.

    Args:
        url: of Redis.
        logger: for what the library says.
    """

    def __init__(self, url: str, logger: logging.Logger) -> None:
        options = cluster.connection_options()
        super().__init__(url, _CHANNEL, logger=logger, redis_options=options)

    def _redis_listen_with_retries(self) -> Iterator[dict[str, Any]]:
        while True:
            try:
                self._redis_connect()
                self.pubsub.subscribe(self.channel)
                yield from self.pubsub.listen()
            except RedisError as error:
                log.debug("Redis is lost: %s", error)  # the pool says so
            time.sleep(cluster.RETRY_EVERY_S)
