"""Viewer links of a cluster: sender and viewer may be on different web processes.

Stands in for `webapp.viewers.Viewers` with `--redis`. Redis knows each link's sender and who
watches it; both expire unless the web process that has the connection renews them, so none outlives
its process, and Redis learns them again should it have been restarted.
"""

import logging
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable

import redis

from model import cluster
from webapp.viewers import MAX_VIEWERS

log = logging.getLogger("moodlight.viewers")

_RENEW_EVERY_S = 2.0
_KEPT_S = 10
# In place of the sender of a link that was closed. A link that is not there at all may come back:
# Redis can have been restarted, and its sender's web process has not yet renewed it.
_CLOSED = ""

# Scripts, so that no link is closed, and nobody else admitted, between their steps. Each takes the
# link's key and its watchers' key.
_ADMIT = """
local sender = redis.call('GET', KEYS[1])
if not sender or sender == '' or redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[2]) then
  return false
end
redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return sender
"""
# Returns the sender, `_CLOSED`, or nothing if the link is not there.
_RENEW = """
local sender = redis.call('GET', KEYS[1])
if sender and sender ~= '' then
  local now = redis.call('TIME')[1]
  for at = 2, #ARGV do
    redis.call('ZADD', KEYS[2], now, ARGV[at])
  end
  redis.call('EXPIRE', KEYS[2], ARGV[1])
end
return sender
"""


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
        self._closed: set[str] = set()  # tokens that Redis must yet be told of, or told again
        self._watching: dict[str, tuple[str, str]] = {}  # token and sender, by viewer of this one
        self._missing: dict[str, float] = {}  # since when in monotonic seconds, by token

    def start(self, end: Callable[[str], None]) -> None:
        """Renew what this web process has, from now on, and return at once.

        Args:
            end: called with each viewer of this web process whose link turns out to have ended.
        """
        threading.Thread(target=self._keep_renewing, args=(end,), daemon=True).start()

    def open(self, sender: str) -> str:
        """The token of the sender's link, made at the first call."""
        token = self._tokens.setdefault(sender, secrets.token_urlsafe(16))
        try:
            with self._redis.pipeline() as commands:
                _set_link(commands, sender, token)
                commands.execute()
        except redis.RedisError as error:
            log.warning("a viewer link works once Redis is back: %s", error)
        return token

    def close(self, sender: str) -> set[str]:
        """End the sender's link, if there is one; who was watching, as far as is known."""
        token = self._tokens.pop(sender, None)
        if token is None:
            return set()
        # Repeated at the next renewal: the one that is on its way now may still set the link.
        self._closed.add(token)
        here = {viewer for viewer, (watched, _) in list(self._watching.items()) if watched == token}
        try:
            with self._redis.pipeline() as commands:
                commands.zrange(cluster.watchers_key(token), 0, -1)
                _close_link(commands, token)
                commands.delete(cluster.token_key(sender))
                return here | {viewer.decode() for viewer in commands.execute()[0]}
        except redis.RedisError as error:
            log.warning("viewers elsewhere wait for Redis to learn of a link's end: %s", error)
            return here

    def admit(self, viewer: str, token: object) -> str | None:
        """Let a connection watch; the sender, or None if the link has ended or is full."""
        if not isinstance(token, str):
            return None
        try:
            found = self._redis.eval(_ADMIT, 2, *_keys(token), viewer, MAX_VIEWERS, _KEPT_S)
        except redis.RedisError as error:
            log.warning("a viewer was refused: %s", error)
            return None
        if found is None:
            return None
        sender = found.decode()
        self._watching[viewer] = token, sender
        return sender

    def leave(self, viewer: str) -> str | None:
        """A connection is gone; whom it watched, if anybody."""
        token, sender = self._watching.pop(viewer, (None, None))
        if token is not None:
            try:
                self._redis.zrem(cluster.watchers_key(token), viewer)
            except redis.RedisError as error:
                log.warning("a viewer expires in some seconds: %s", error)
        return sender

    def of(self, sender: str) -> tuple[str, ...]:
        """Who watches a sender of this web process now."""
        token = self._tokens.get(sender)
        if token is None:
            return ()
        try:
            watchers = self._redis.zrange(cluster.watchers_key(token), 0, -1)
        except redis.RedisError:
            return ()  # they miss a result
        return tuple(viewer.decode() for viewer in watchers)

    def count(self, sender: str) -> int:
        """How many watch a sender of any web process."""
        try:
            token = self._redis.get(cluster.token_key(sender))
            return 0 if token is None else self._redis.zcard(cluster.watchers_key(token.decode()))
        except redis.RedisError:
            return 0

    def _keep_renewing(self, end: Callable[[str], None]) -> None:
        while True:
            time.sleep(_RENEW_EVERY_S)
            try:
                self._renew_links()
                ended = self._renew_viewers()
            except redis.RedisError as error:
                log.debug("Redis is lost: %s", error)  # the pool says so
                self._missing.clear()
                continue
            for viewer in ended:
                try:
                    end(viewer)
                except Exception:
                    log.exception("a viewer was not told that its link ended")

    def _renew_links(self) -> None:
        tokens, closed = dict(self._tokens), set(self._closed)
        if not tokens and not closed:
            return
        oldest = self._redis.time()[0] - _KEPT_S  # by Redis's clock: the machines' may differ
        with self._redis.pipeline() as commands:
            for sender, token in tokens.items():
                _set_link(commands, sender, token)
                commands.zremrangebyscore(cluster.watchers_key(token), 0, oldest)
            for token in closed:
                _close_link(commands, token)
            commands.execute()
        self._closed -= closed

    def _renew_viewers(self) -> list[str]:
        """Renew who watches; those whose links have ended, who no longer do."""
        viewers = defaultdict(list)
        for viewer, (token, _) in list(self._watching.items()):
            viewers[token].append(viewer)
        if not viewers:
            return []
        with self._redis.pipeline(transaction=False) as commands:
            for token, watching in viewers.items():
                commands.eval(_RENEW, 2, *_keys(token), _KEPT_S, *watching)
            senders = commands.execute()
        now, ended = time.monotonic(), []
        missing, self._missing = self._missing, {}
        for (token, watching), sender in zip(viewers.items(), senders, strict=True):
            if sender is None:
                self._missing[token] = missing.get(token, now)
            if sender == _CLOSED.encode() or now - self._missing.get(token, now) > _KEPT_S:
                ended += watching
        return [viewer for viewer in ended if self._watching.pop(viewer, None)]


def _keys(token: str) -> tuple[str, str]:
    return cluster.link_key(token), cluster.watchers_key(token)


def _set_link(commands: redis.client.Pipeline, sender: str, token: str) -> None:
    commands.set(cluster.link_key(token), sender, ex=_KEPT_S)
    commands.set(cluster.token_key(sender), token, ex=_KEPT_S)


def _close_link(commands: redis.client.Pipeline, token: str) -> None:
    # It stays long enough for every web process to see it at a renewal.
    commands.set(cluster.link_key(token), _CLOSED, ex=_KEPT_S)
    commands.delete(cluster.watchers_key(token))
