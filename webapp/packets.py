"""What one connection of Engine.IO may send, and what it may make us keep.

Every connection is read no faster than it may send, and nothing that it brings is unbounded. What
is above a rate or a limit of the protocol is refused elsewhere, by a code.
"""

import functools
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import engineio.exceptions
import engineio.socket
import simple_websocket
import socketio.packet
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from flask_socketio import SocketIO

from webapp.config import Settings
from webapp.limits import BURST_S, TokenBucket

log = logging.getLogger("moodlight.packets")

# A message of a connection that has not joined: it has nothing to say but its code.
STRANGERS_BYTES = 10_000
# A frame is two packets, and each 64 KiB counts as one more.
_PACKETS_A_FRAME = 4
_PACKET_BYTES = 65_536
# Then others get their turn, even if more is there already.
_PACKETS_A_TURN = 8
# Events without a picture: consent and sharing are rare.
_PLAIN_EVENTS_A_SECOND = 20
# Longest text of one event; pictures are binary.
_MAX_TEXT_CHARS = 2_000
_MAX_ATTACHMENTS = 4
_PLAIN_EVENT = str(socketio.packet.EVENT)  # how its packet begins
# python-socketio keeps its own handlers under these names, and would let a client call them:
# to be counted out and in again, with fresh limits, or in the name of another.
_RESERVED_EVENTS = ("connect", "disconnect", "connect_error", "*")
# Packets waiting to be read by a client; one that reads has a handful.
_MAX_UNREAD_PACKETS = 1000
# Whoever has opened a connection joins (says CONNECT) within this time, and again after leaving.
_JOIN_LIMIT_S = 10.0
# On threads, a connection that is closed is noticed at the latest after this time.
_LOOK_EVERY_S = 5.0


class BoundedJson:
    """The `json` module for packets: texts of bounded length and depth."""

    dumps = staticmethod(json.dumps)

    @staticmethod
    def loads(text: str, **options: Any) -> Any:
        """Parse an event's text.

        Raises:
            ValueError: it is no JSON, too long or nested too deeply.
        """
        if len(text) > _MAX_TEXT_CHARS:
            raise ValueError(f"more than {_MAX_TEXT_CHARS} characters of JSON")
        try:
            return json.loads(text, **options)
        except RecursionError:
            raise ValueError("nested too deeply") from None


class BoundedPacket(socketio.packet.Packet):
    """A Socket.IO packet that can be dispatched, with few attachments."""

    def decode(self, encoded_packet: str) -> int:
        """Parse; the number of attachments to come.

        Raises:
            ValueError: it is malformed.
        """
        attachments = super().decode(encoded_packet)
        if attachments > _MAX_ATTACHMENTS:
            raise ValueError("too many attachments")
        if self.packet_type in (socketio.packet.EVENT, socketio.packet.BINARY_EVENT) and not (
            isinstance(self.data, list) and self.data and isinstance(self.data[0], str)
        ):
            raise ValueError("an event is a list that begins with its name")
        if isinstance(self.data, list) and self.data and self.data[0] in _RESERVED_EVENTS:
            self.data[0] = f"reserved {self.data[0]}"
        return attachments


class BoundedSocket(engineio.socket.Socket):
    """An Engine.IO connection that is read at a bounded rate and never keeps much for its client.

    Its server carries `packet_rate` (packets a second) and `has_joined` (given its id).

    Attributes:
        address: where it is; set once its request is accepted.
    """

    address = ""

    def __init__(self, server: engineio.Server, sid: str) -> None:
        super().__init__(server, sid)
        self._packets = TokenBucket(server.packet_rate, server.packet_rate * BURST_S)
        self._in_turn = 0

    def receive(self, pkt: engineio.packet.Packet) -> None:
        if self.closed:
            raise engineio.exceptions.SocketIsClosedError
        size = len(pkt.data) if isinstance(pkt.data, str | bytes) else 0
        if size > STRANGERS_BYTES and not self.server.has_joined(self.sid):
            self.close(wait=False, abort=True)
            raise engineio.exceptions.SocketIsClosedError
        cost = 1 + size / _PACKET_BYTES
        if size and pkt.data[0] == _PLAIN_EVENT:
            cost += self.server.packet_rate / _PLAIN_EVENTS_A_SECOND
        # Whoever sends faster waits: its data stays in the network.
        pause_s = self._packets.owe(cost)
        self._in_turn += 1
        if pause_s or self._in_turn >= _PACKETS_A_TURN:
            self._in_turn = 0
            self.server.sleep(pause_s)
        super().receive(pkt)

    def send(self, pkt: engineio.packet.Packet) -> None:
        if self.queue.qsize() >= _MAX_UNREAD_PACKETS:
            log.warning("a client does not read its results", extra={"event": "client_unread"})
            self.close(wait=False, abort=True)
        if not self.closed:
            super().send(pkt)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Without waiting, whatever `wait` says: some clients never read their goodbye."""
        super().close(wait=False, abort=abort, reason=reason)

    def _websocket_handler(self, ws: Any) -> list:
        ws.has_joined = lambda: self.server.has_joined(self.sid)
        try:
            return super()._websocket_handler(ws)
        except Exception as error:  # malformed packets of all kinds
            log.debug("a WebSocket broke: %s", error)
            self.close(wait=False, abort=True)
            return []

    def stay_joined(self) -> None:
        """Close the connection when it has not joined in time, or has left and stays."""
        while not self.closed:
            self.server.sleep(_JOIN_LIMIT_S)
            if not self.server.has_joined(self.sid):
                self.close(wait=False, abort=True)


class ThreadWebSocket(SimpleWebSocketWSGI):
    """Engine.IO's WebSocket for threads, without two races of the library below it."""

    def wait(self) -> str | bytes | None:
        """The next message; None once the connection is closed."""
        try:
            # It announces a message that is too big before it says that the connection is closed:
            # whoever looks in between would wait for ever.
            while (message := self.ws.receive(timeout=_LOOK_EVERY_S)) is None:
                pass
            return message
        except simple_websocket.ConnectionClosed:
            return None

    def close(self) -> None:
        with suppress(OSError):  # its own thread may have closed the socket just now
            super().close()


def register(socketio: SocketIO, settings: Settings) -> None:
    """Bound what connections may do; the server must not have any yet."""
    server = socketio.server
    eio = server.eio
    # Engine.IO has no setting for its class of connections.
    engineio.socket.Socket = BoundedSocket
    eio.packet_rate = _PACKETS_A_FRAME * settings.max_fps
    eio.has_joined = lambda eio_sid: server.manager.sid_from_eio_sid(eio_sid, "/") is not None
    eio.on("connect", _unless_full(server._handle_eio_connect, eio, settings))
    if settings.async_mode == "threading":  # eventlet is told by Engine.IO itself
        bounded = functools.partial(ThreadWebSocket, max_message_size=eio.max_http_buffer_size)
        eio._async = {**eio._async, "websocket": bounded}


def _unless_full(accept: Callable, eio: engineio.Server, settings: Settings) -> Callable:
    """Connections that have not joined count too, or anyone could pile them up."""

    def connect(eio_sid: str, environ: dict[str, Any]) -> Any:
        connection = eio.sockets[eio_sid]
        connection.address = environ["REMOTE_ADDR"]
        present = [other for other in eio.sockets.values() if not other.closed]
        strangers = sum(
            other.address == connection.address and not eio.has_joined(other.sid)
            for other in present
        )
        if len(present) > 2 * settings.max_clients or strangers > settings.max_clients_per_address:
            return False
        eio.start_background_task(connection.stay_joined)
        return accept(eio_sid, environ)

    return connect
