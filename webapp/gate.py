"""Which frame goes to a worker next: the newest of each client, clients in turn.

Each client has at most one frame in a worker and one waiting. A newer frame replaces the waiting
one, which is dropped at once, so nothing is ever queued up. Blocking uses `threading`, which
eventlet makes cooperative.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Following:
    """Faces followed in one stream of frames.

    One frame of a client is in a worker at a time, so each finds what the one before it left.

    Attributes:
        tracks: state of `model.tracker` after the last frame served, or None.
    """

    tracks: dict[str, Any] | None = None


@dataclass(eq=False)
class Ticket:
    """One frame on its way through the gate.

    Attributes:
        client: whose it is.
        encoded: the picture.
        following: the stream that the frame belongs to.
        t: the frame's time in milliseconds, by whose differences faces are followed.
        explain: track of the face whose heat map is wanted, or None.
        received: monotonic seconds when it came in.
        started: monotonic seconds when a worker took it.
        outcome: the worker's answer, or None for a dropped frame; set once `finished` is.
        lost: why there is no outcome, for /metrics.
    """

    client: str
    encoded: bytes
    following: Following
    t: float
    explain: int | None = None
    received: float = field(default_factory=time.monotonic)
    started: float = 0.0
    outcome: dict[str, Any] | None = None
    lost: str | None = None
    finished: threading.Event = field(default_factory=threading.Event)

    def finish(self, outcome: dict[str, Any] | None, lost: str | None = None) -> None:
        """Wake whoever waits; only the first call counts."""
        if not self.finished.is_set():
            self.outcome, self.lost = outcome, lost
            self.finished.set()


class Gate:
    """Waiting and served frames of all clients; safe to use from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, Ticket] = {}
        self._serving: dict[str, Ticket] = {}
        self._turns: deque[str] = deque()  # clients with a waiting frame and none in a worker
        self._closed = False

    def submit(self, ticket: Ticket) -> None:
        """Let a frame wait for its turn; the frame that it replaces is dropped."""
        with self._changed:
            replaced = self._waiting.get(ticket.client)
            self._waiting[ticket.client] = ticket
            if replaced is None and ticket.client not in self._serving:
                self._turns.append(ticket.client)
                self._changed.notify()
        if replaced is not None:
            replaced.finish(None, "replaced")

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def idle(self) -> bool:
        """Whether no frame waits or is in a worker."""
        return not self._waiting and not self._serving

    def waiting_age_s(self) -> float:
        """Seconds since the oldest waiting frame came in; 0 if none waits."""
        with self._changed:
            oldest = min((ticket.received for ticket in self._waiting.values()), default=None)
        return 0.0 if oldest is None else time.monotonic() - oldest

    def wait_for_frame(self, timeout_s: float) -> bool:
        """Wait until `take` would find a frame; whether it would."""
        with self._changed:
            self._changed.wait_for(lambda: self._turns or self._closed, timeout_s)
            return bool(self._turns) and not self._closed

    def take(self, timeout_s: float | None = None) -> Ticket | None:
        """Wait for a frame and hand it to the calling worker's thread; None if there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._turns or self._closed, timeout_s)
            if self._closed or not self._turns:
                return None
            client = self._turns.popleft()
            ticket = self._waiting.pop(client)
            self._serving[client] = ticket
            ticket.started = time.monotonic()
            return ticket

    def release(self, ticket: Ticket, outcome: dict[str, Any] | None) -> None:
        """The worker is done with a frame, or lost it (outcome None).

        The state of its faces, the outcome's `tracks`, is kept for the client's next frame.
        """
        tracks = outcome.pop("tracks", None) if outcome else None
        with self._changed:
            if tracks is not None:
                ticket.following.tracks = tracks
            self._free(ticket)
        ticket.finish(outcome, None if outcome else "worker_lost")

    def give_up(self, ticket: Ticket) -> None:
        """Drop a frame wherever it is.

        One that is in a worker keeps its place there until the worker is done or replaced: a client
        whose frames hang workers takes one of them, not all.
        """
        with self._changed:
            if self._waiting.get(ticket.client) is ticket:
                self._forget_waiting(ticket.client)
        ticket.finish(None, "late")

    def remove(self, client: str) -> None:
        """The client is gone: drop what it had."""
        with self._changed:
            gone = [t for t in (self._forget_waiting(client), self._serving.pop(client, None)) if t]
        for ticket in gone:
            ticket.finish(None, "client_gone")

    def close(self) -> None:
        """Drop everything and let every `take` return None."""
        with self._changed:
            self._closed = True
            left = [*self._waiting.values(), *self._serving.values()]
            self._changed.notify_all()
        for ticket in left:
            ticket.finish(None, "stopped")

    def _free(self, ticket: Ticket) -> None:
        if self._serving.get(ticket.client) is ticket:
            del self._serving[ticket.client]
            if ticket.client in self._waiting:
                self._turns.append(ticket.client)
                self._changed.notify()

    def _forget_waiting(self, client: str) -> Ticket | None:
        if client in self._turns:
            self._turns.remove(client)
        return self._waiting.pop(client, None)
