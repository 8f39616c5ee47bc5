"""Viewer links of a cluster: sender and viewer may be on different web processes.

Stands in for `webapp.viewers.Viewers` with `--redis`. Redis knows each link's sender and who
watches; both expire unless the web process that has the connection renews them, so none outlives
its process, and Redis learns them again should it have been restarted.
"""

import logging
import secrets
import threading
import time

import redis

from model import cluster
from webapp.viewers import MAX_VIEWERS

log = logging.getLogger("moodlight.viewers")

_RENEW_EVERY_S = 2.0
_KEPT_S = 10


class SharedViewers:
    """Who watches whom, by session id; a link lasts from `open` to `close`.

    Args:
        url: of Redis.

    Raises:
        model.cluster.ClusterError: the URL is not one of Redis.
    """

    def __init__(self, url: str) -> None:
        self._redis = cluster.connect(url)
        self._tokens: dict[str, str] = {}  # by sender, of this web process
        self._watching: dict[str, str] = {}  # sender, by viewer of this web process

    def start(self) -> None:
        """Renew what this web process has, from now on, and return at once."""
        threading.Thread(target=self._keep_renewing, daemon=True).start()

    def open(self, sender: str) -> str:
        """The token of the sender's link, made at the first call."""
        token = self._tokens.setdefault(sender, secrets.token_urlsafe(16))
        try:
            self._redis.set(cluster.link_key(token), sender, ex=_KEPT_S)
        except redis.RedisError as error:
            log.warning("a viewer link works once Redis is back: %s", error)
        return token

    def close(self, sender: str) -> set[str]:
        """End the sender's link, if there is one; who was watching."""
        token = self._tokens.pop(sender, None)
        if token is None:
            return set()
        watchers = cluster.watchers_key(sender)
        try:
            with self._redis.pipeline() as commands:
                commands.zrange(watchers, 0, -1)
                commands.delete(watchers, cluster.link_key(token))
                return {viewer.decode() for viewer in commands.execute()[0]}
        except redis.RedisError as error:
            log.warning("viewers are not told that a link ended: %s", error)
            return set()

    def admit(self, viewer: str, token: object) -> str | None:
        """Let a connection watch; the sender, or None if the link has ended or is full."""
        if not isinstance(token, str):
            return None
        try:
            found = self._redis.get(cluster.link_key(token))
            if found is None or self.count(sender := found.decode()) >= MAX_VIEWERS:
                return None
            self._renew_viewers({viewer: sender})
        except redis.RedisError as error:
            log.warning("a viewer was refused: %s", error)
            return None
        self._watching[viewer] = sender
        return sender

    def leave(self, viewer: str) -> str | None:
        """A connection is gone; whom it watched, if anybody."""
        sender = self._watching.pop(viewer, None)
        if sender is not None:
            try:
                self._redis.zrem(cluster.watchers_key(sender), viewer)
            except redis.RedisError as error:
                log.warning("a viewer expires in some seconds: %s", error)
        return sender

    def of(self, sender: str) -> tuple[str, ...]:
        """Who watches a sender of this web process now."""
        if sender not in self._tokens:
            return ()
        try:
            watchers = self._redis.zrange(cluster.watchers_key(sender), 0, -1)
        except redis.RedisError:
            return ()  # they miss a result
        return tuple(viewer.decode() for viewer in watchers)

    def count(self, sender: str) -> int:
        """How many watch a sender of any web process."""
        try:
            return self._redis.zcard(cluster.watchers_key(sender))
        except redis.RedisError:
            return 0

    def _keep_renewing(self) -> None:
        while True:
            time.sleep(_RENEW_EVERY_S)
            try:
                self._renew_links()
                self._renew_viewers(dict(self._watching))
            except redis.RedisError as error:
                log.debug("Redis is lost: %s", error)  # the pool says so

    def _renew_links(self) -> None:
        tokens = dict(self._tokens)
        if not tokens:
            return
        oldest = self._now_s() - _KEPT_S
        with self._redis.pipeline() as commands:
            for sender, token in tokens.items():
                commands.set(cluster.link_key(token), sender, ex=_KEPT_S)
                commands.zremrangebyscore(cluster.watchers_key(sender), 0, oldest)
            commands.execute()

    def _renew_viewers(self, watching: dict[str, str]) -> None:
        if not watching:
            return
        now = self._now_s()
        with self._redis.pipeline() as commands:
            for viewer, sender in watching.items():
                commands.zadd(cluster.watchers_key(sender), {viewer: now})
                commands.expire(cluster.watchers_key(sender), _KEPT_S)
            commands.execute()

    def _now_s(self) -> int:
        """Redis's own clock: those of the machines may differ."""
        return self._redis.time()[0]
