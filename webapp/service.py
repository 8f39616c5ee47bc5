"""What handlers and routes share: settings, model card, gate, pool, connections."""

import time
from dataclasses import dataclass
from typing import Any

import engineio.packet
import socketio.packet
from flask_socketio import SocketIO

from model import messages
from model.image_header import FrameError, check_header
from model.labels import LABELS
from webapp import protocol
from webapp.clients import Clients
from webapp.config import Settings
from webapp.gate import Gate, Ticket
from webapp.joining import JoinCode
from webapp.limits import Places, api_rate, metrics_rate
from webapp.metrics import Metrics
from webapp.pool import WorkerPool
from webapp.redis_pool import RedisPool
from webapp.shared_viewers import SharedViewers
from webapp.sharing import Sharing
from webapp.viewers import Viewers

_LOOK_EVERY_S = 0.05


@dataclass
class Service:
    """One running server's parts."""

    settings: Settings
    card: dict[str, Any]
    gate: Gate
    pool: WorkerPool | RedisPool
    socketio: SocketIO
    sharing: Sharing
    viewers: Viewers | SharedViewers
    draining: bool = False

    def __post_init__(self) -> None:
        self.clients = Clients(self.settings)
        self.api_rate = api_rate(self.settings)
        self.metrics_rate = metrics_rate()
        self.metrics = Metrics(
            [
                ("moodlight_clients", "Connections now.", lambda: len(self.clients)),
                ("moodlight_workers", "Workers that answer.", lambda: self.pool.answering_count),
                (
                    "moodlight_queue_age_seconds",
                    "Age of the oldest frame that waits for a worker.",
                    self.gate.waiting_age_s,
                ),
            ],
            lambda: self.pool.restarts,
        )
        # Requests are served in turn with the live clients; this many may take part at once.
        self.api_places = Places(lambda: 2 * self.pool.capacity)
        self._join_code = JoinCode(self.sharing.code) if self.sharing.code else None

    def check_code(self, given: object, address: str) -> None:
        """Return if somebody may join; see `JoinCode.check`.

        Raises:
            JoinError: this server asks for a code, and it was not given or is wrong.
        """
        if self._join_code is not None:
            self._join_code.check(given, address)

    def emit(self, event: str, payload: dict[str, Any], *session_ids: str) -> None:
        """Send an event to these connections alone, on this web process or others.

        Args:
            event: its name.
            payload: as JSON; without bytes.
            session_ids: who gets it.
        """
        server = self.socketio.server
        packet = None  # one for all who are here
        for session_id in session_ids:
            try:
                connection = server.manager.eio_sid_from_sid(session_id, "/")
            except KeyError:  # the last connection is just going
                connection = None
            if connection is None:
                self.socketio.emit(event, payload, to=session_id)
                continue
            if packet is None:
                # The library looks for bytes in all of it, unless told that there are none.
                said = server.packet_class(
                    socketio.packet.EVENT, data=[event, payload], binary=False
                ).encode()
                packet = engineio.packet.Packet(engineio.packet.MESSAGE, said)
            server.eio.send_packet(connection, packet)

    def end_viewer(self, viewer: str) -> None:
        """Tell a viewer, of this web process or another, that its link has ended, and part."""
        self.emit(protocol.ENDED, {}, viewer)
        self.socketio.server.disconnect(viewer, namespace="/")

    def refuse(self, code: str, message: str) -> dict[str, Any]:
        """Count a frame that is refused before it is looked at, and say why."""
        self.metrics.dropped.labels(code).inc()
        return protocol.refusal(code, message)

    def drain(self, limit_s: float) -> None:
        """Take no more frames, and wait for those that have been taken."""
        self.draining = True
        deadline = time.monotonic() + limit_s
        while not self.gate.idle and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
        time.sleep(_LOOK_EVERY_S)  # the last results go out

    def analyze(self, ticket: Ticket) -> dict[str, Any]:
        """Send a frame through the gate and wait for its answer.

        Returns:
            The worker's `result` message, its `timing_ms` completed by `queue` and `total`.

        Raises:
            FrameError: `busy`, `dropped`, `not_an_image`, `too_large` or `bad_frame`.
        """
        try:
            answer = self._analyze(ticket)
        except FrameError as error:
            # What became of a dropped frame is worth knowing here, not to its sender.
            self.metrics.dropped.labels(ticket.lost or error.code).inc()
            raise
        self.metrics.answered(answer)
        return answer

    def _analyze(self, ticket: Ticket) -> dict[str, Any]:
        check_header(ticket.encoded, self.settings.frame_limits)
        if self.draining:
            raise FrameError(protocol.BUSY, "the server is stopping: try again in a moment")
        if not self.pool.ready_count:
            reason = self.pool.refusal or "the model is starting: try again in a moment"
            raise FrameError(protocol.BUSY, reason)
        self.gate.submit(ticket)
        if not ticket.finished.wait(self.settings.deadline_ms / 1000):
            self.gate.give_up(ticket)
        answer = ticket.outcome
        if answer is None:
            raise FrameError(
                protocol.DROPPED, "a newer frame came, or this one came too late: send another"
            )
        if answer["type"] == messages.FAILURE:
            raise FrameError(answer["code"], answer["message"])
        timing = {
            "queue": (ticket.started - ticket.received) * 1e3,
            **answer["timing_ms"],
            "total": (time.monotonic() - ticket.received) * 1e3,
        }
        return {**answer, "timing_ms": {name: round(ms, 2) for name, ms in timing.items()}}

    def hello(self) -> dict[str, Any]:
        """What every client is told first."""
        limits = self.settings.frame_limits
        return {
            "protocol": protocol.VERSION,
            "consent_version": protocol.CONSENT_VERSION,
            "labels": list(LABELS),
            "model": {
                "name": self.card["name"],
                "version": self.card["version"],
                "accuracy": self.card["accuracy"]["PublicTest"],
                "engine": self.pool.engine,
                "unsure_below": self.card["serving"]["unsure_below"],
            },
            "limits": {
                "max_frame_bytes": limits.max_frame_bytes,
                "max_width": limits.max_width,
                "max_height": limits.max_height,
                "max_fps": self.settings.max_fps,
            },
        }
