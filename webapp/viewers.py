"""Viewer links: a sender's own link admits others to the numbers of its frames, never to these."""

import secrets
import threading

# Each result goes out once for every viewer.
MAX_VIEWERS = 20


class Viewers:
    """Who watches whom, by session id; a link lasts from `open` to `close`."""

    def __init__(self) -> None:
        self._senders: dict[str, str] = {}  # by token
        self._links: dict[str, tuple[str, set[str]]] = {}  # token and viewers, by sender
        self._watching: dict[str, str] = {}  # sender, by viewer
        self._lock = threading.Lock()

    def open(self, sender: str) -> str:
        """The token of the sender's link, made at the first call."""
        with self._lock:
            if sender not in self._links:
                token = secrets.token_urlsafe(16)
                self._senders[token] = sender
                self._links[sender] = (token, set())
            return self._links[sender][0]

    def close(self, sender: str) -> set[str]:
        """End the sender's link, if there is one; who was watching."""
        with self._lock:
            token, viewers = self._links.pop(sender, (None, set()))
            self._senders.pop(token, None)
            for viewer in viewers:
                self._watching.pop(viewer, None)
            return viewers

    def admit(self, viewer: str, token: object) -> str | None:
        """Let a connection watch; the sender, or None if the link has ended or is full."""
        with self._lock:
            sender = self._senders.get(token) if isinstance(token, str) else None
            if sender is None or len(self._links[sender][1]) >= MAX_VIEWERS:
                return None
            self._links[sender][1].add(viewer)
            self._watching[viewer] = sender
            return sender

    def leave(self, viewer: str) -> str | None:
        """A connection is gone; whom it watched, if anybody."""
        with self._lock:
            sender = self._watching.pop(viewer, None)
            if sender is not None:
                self._links[sender][1].discard(viewer)
            return sender

    def of(self, sender: str) -> tuple[str, ...]:
        """Who watches a sender now."""
        with self._lock:
            return tuple(self._links[sender][1]) if sender in self._links else ()

    def count(self, sender: str) -> int:
        """How many watch a sender."""
        return len(self.of(sender))
