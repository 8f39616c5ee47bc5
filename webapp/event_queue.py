"""What carries events to connections of other web processes, through Redis and in JSON."""

import logging
import time
from collections.abc import Iterator
from typing import Any

from redis import RedisError, TimeoutError
from redis.client import PubSub
from socketio import RedisManager

from model import cluster

log = logging.getLogger("moodlight.queue")

_CHANNEL = "moodlight"


class EventQueue(RedisManager):
    """Socket.IO's queue, which listens again soon after Redis is back.

    The library's own waits twice as long after each failure, up to a minute, in which viewers on
    other web processes miss everything; and where the network swallows what is sent without a word,
    it goes on listening to nothing.

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
                # Of its own: the library replaces the other one whenever it cannot publish.
                connection = cluster.connect(self.redis_url)
                with connection.pubsub(ignore_subscribe_messages=True) as pubsub:
                    pubsub.subscribe(self.channel)
                    yield from _hear(pubsub)
            except RedisError as error:
                log.debug("Redis is lost: %s", error)  # the pool says so
            time.sleep(cluster.RETRY_EVERY_S)


def _hear(pubsub: PubSub) -> Iterator[dict[str, Any]]:
    """Messages, until for too long not even a question whether Redis is there is answered."""
    heard_at = time.monotonic()
    while time.monotonic() - heard_at < cluster.SILENCE_LIMIT_S:
        message = pubsub.get_message(timeout=cluster.WAIT_S)
        if message is None:
            pubsub.ping()  # the answer is a message, too
            continue
        yield message
        heard_at = time.monotonic()
    raise TimeoutError("nothing was heard")
