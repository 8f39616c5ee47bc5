"""What handlers and routes share: settings, model card, gate, pool, connections."""

from dataclasses import dataclass, field
from typing import Any

from flask_socketio import SocketIO

from model.labels import LABELS
from webapp import protocol
from webapp.clients import Clients
from webapp.config import Settings
from webapp.gate import Gate
from webapp.pool import WorkerPool


@dataclass
class Service:
    """One running server's parts."""

    settings: Settings
    card: dict[str, Any]
    gate: Gate
    pool: WorkerPool
    socketio: SocketIO
    clients: Clients = field(default_factory=Clients)

    def emit(self, event: str, payload: dict[str, Any], session_id: str) -> None:
        """Send an event to one connection and nobody else."""
        self.socketio.emit(event, payload, to=session_id)

    def hello(self) -> dict[str, Any]:
        """What every client is told first."""
        limits = self.settings.frame_limits
        return {
            "protocol": protocol.VERSION,
            "labels": list(LABELS),
            "model": {
                "name": self.card["name"],
                "version": self.card["version"],
                "accuracy": self.card["accuracy"]["PublicTest"],
                "engine": self.pool.engine,
            },
            "limits": {
                "max_frame_bytes": limits.max_frame_bytes,
                "max_width": limits.max_width,
                "max_height": limits.max_height,
            },
        }
