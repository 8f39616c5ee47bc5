"""Who is connected, and each connection's own counters."""

from dataclasses import dataclass, field

from webapp.gate import Following


@dataclass
class Client:
    """One connection.

    Attributes:
        dropped: frames dropped since it connected.
        consented: whether it agreed to the current consent text.
        stream: what its frames belong to; another value starts new tracks.
        following: faces followed in that stream.
    """

    dropped: int = 0
    consented: bool = False
    stream: int | str | None = None
    following: Following = field(default_factory=Following)


class Clients:
    """Connections by session id; adding and removing twice does no harm."""

    def __init__(self) -> None:
        self._by_id: dict[str, Client] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, session_id: str) -> Client:
        return self._by_id.setdefault(session_id, Client())

    def get(self, session_id: str) -> Client | None:
        return self._by_id.get(session_id)

    def remove(self, session_id: str) -> None:
        self._by_id.pop(session_id, None)
