"""Who is connected, and each connection's own counters."""

from dataclasses import dataclass, field

from webapp import limits
from webapp.config import Settings
from webapp.gate import Following


@dataclass
class Client:
    """One connection.

    Attributes:
        address: where it is.
        frames: what is left of its frames a second.
        dropped: frames dropped since it connected.
        consented: whether it agreed to the current consent text.
        stream: what its frames belong to; another value starts new tracks.
        following: faces followed in that stream.
    """

    address: str
    frames: limits.TokenBucket
    dropped: int = 0
    consented: bool = False
    stream: int | str | None = None
    following: Following = field(default_factory=Following)


class Clients:
    """Connections by session id; adding and removing twice does no harm."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._by_id: dict[str, Client] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def has_room(self, address: str) -> bool:
        """Whether one more may connect from this address."""
        there = sum(client.address == address for client in self._by_id.values())
        return (
            len(self) < self._settings.max_clients
            and there < self._settings.max_clients_per_address
        )

    def add(self, session_id: str, address: str) -> Client:
        new = Client(address, limits.frame_rate(self._settings))
        return self._by_id.setdefault(session_id, new)

    def get(self, session_id: str) -> Client | None:
        return self._by_id.get(session_id)

    def remove(self, session_id: str) -> None:
        self._by_id.pop(session_id, None)
