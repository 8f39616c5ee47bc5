"""What web processes and workers agree on when Redis stands between them (docs/scaling.md).

A worker that is free says so in a list; a web process with a waiting frame takes the worker's name
from it, and only then puts the frame, the newest it has, into that worker's own list. So a frame
lies in Redis only while a free worker fetches it. Everything in Redis is JSON and bytes, and
everything but the names of free workers expires. Imports nothing heavy, and not eventlet.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from model.image_header import FrameLimits

# A worker announces itself this often, and counts as gone when it has not for the longer time.
BEAT_EVERY_S = 0.4
GONE_AFTER_S = 2.0
# Reads from lists wait in Redis this long, then look whether there is something else to do.
WAIT_S = 1.0
# After Redis was lost, it is tried again this often.
RETRY_EVERY_S = 0.5
# Answers that nobody fetches: their web process is gone.
ANSWER_KEPT_S = 10.0
# For one command, whose own wait included; longer means that Redis or the network is gone.
SILENCE_LIMIT_S = 4.0
_CONNECT_LIMIT_S = 2.0

# Raised with every change of what is said, so that two versions can share a Redis for a while.
_PREFIX = "moodlight:2:"
_WORKERS = f"{_PREFIX}worker:"
WORKER_PATTERN = f"{_WORKERS}*"


class ClusterError(ValueError):
    """A sentence: why there can be no cluster."""


@dataclass(frozen=True)
class Terms:
    """What a worker must share with a web process to answer its frames.

    Attributes:
        weights: SHA-256 of the weight file.
        detector: name of the face detector.
        limits: what is taken of a frame.
    """

    weights: str
    detector: str
    limits: FrameLimits

    @property
    def key(self) -> str:
        """Short name of these terms."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def free_key(self) -> str:
        """List of the free workers under these terms."""
        return f"{_PREFIX}free:{self.key}"


def worker_key(worker: str) -> str:
    """Where a worker announces itself: JSON `{engine, terms}`."""
    return _WORKERS + worker


def worker_name(key: bytes) -> str:
    """The worker that announces itself under a key."""
    return key.decode().removeprefix(_WORKERS)


def jobs_key(worker: str) -> str:
    """List of the frames handed to a worker, one at a time (`model.messages.pack`)."""
    return f"{_PREFIX}jobs:{worker}"


def answers_key(web: str) -> str:
    """List of the answers for one web process, in JSON."""
    return f"{_PREFIX}answers:{web}"


def link_key(token: str) -> str:
    """Session id of the sender of a viewer link; empty once the link was closed."""
    return f"{_PREFIX}link:{token}"


def token_key(sender: str) -> str:
    """Token of a sender's viewer link."""
    return f"{_PREFIX}token:{sender}"


def watchers_key(token: str) -> str:
    """Sorted set of who watches through a link, by their last life sign (Redis's seconds)."""
    return f"{_PREFIX}watchers:{token}"


def connect(url: str) -> redis.Redis:
    """A client whose commands fail soon when Redis is lost; it connects at the first of them.

    Raises:
        ClusterError: the URL is not one of Redis.
    """
    try:
        return redis.Redis.from_url(url, **connection_options())
    except ValueError as error:
        raise ClusterError(f"--redis does not name a Redis ({error}): redis://HOST:PORT") from None


def connection_options() -> dict[str, object]:
    """How every connection to Redis is made: nothing is tried twice in secret, or waits long."""
    return {
        "socket_timeout": SILENCE_LIMIT_S,
        "socket_connect_timeout": _CONNECT_LIMIT_S,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
    }
