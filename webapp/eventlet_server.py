"""Serving on eventlet: its WSGI server and WebSockets, with the limits that they lack.

One thread serves everybody in turn, and eventlet passes the turn on only where it has to wait.
Whoever sends without a pause would keep all others waiting, so here the turn is passed on with each
request and each frame of a WebSocket, and nothing that a connection brings may take unbounded time
or memory. To be imported after eventlet's patch of the standard library.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

import eventlet
from eventlet import websocket, wsgi

from webapp.connections import Connections
from webapp.handshake import LIMIT_S as HANDSHAKE_LIMIT_S
from webapp.handshake import handshaken
from webapp.limits import TokenBucket
from webapp.masking import apply_mask
from webapp.packets import STRANGERS_BYTES

# Whoever stops in the middle of a request, or of reading its answer, is let go. So is a connection
# on which nothing is asked for this long.
_SILENCE_LIMIT_S = 60.0
# On the clock, however slowly something trickles in.
_FIRST_LINE_LIMIT_S = 20.0
_HEAD_LIMIT_S = 15.0
_BODY_LIMIT_S = 60.0
# Of a body that nobody wants, before the connection is closed.
_DISCARDED_BYTES = 1_000_000
# All lines that announce the chunks of one body.
_CHUNK_LINES_BYTES = 200_000
# Pings, pongs and fragments of a WebSocket; whole messages are Engine.IO's matter.
_PARTS_A_SECOND, _PARTS_AT_ONCE = 100.0, 200.0
# What is read of a WebSocket at once: eventlet asks for each frame's head in pieces of some bytes.
_READ_BYTES = 16_384
# Messages that are still arriving, of all connections together.
_ARRIVING_BYTES = 256_000_000


def serve(listener: Any, app: Any, tls: Any, connections: Connections) -> None:
    """Answer connections until the listening socket is closed; see `webapp.server.run`."""
    listener.accept = functools.partial(connections.accept, listener.accept)

    def answer(state: list, server: wsgi.Server) -> None:
        address = state[0]
        pace = functools.partial(connections.pace, address)
        with connections.hold(address):
            if tls is not None:
                with eventlet.Timeout(HANDSHAKE_LIMIT_S, TimeoutError):
                    secured = handshaken(state[1], tls)
                if secured is None:
                    return
                state[1] = secured  # closed at the end by eventlet
            _Protocol(state, server, pace)

    wsgi.server(
        listener,
        app,
        log_output=False,
        debug=False,
        max_size=connections.most,
        socket_timeout=_SILENCE_LIMIT_S,
        protocol=answer,
        environ={"wsgi.url_scheme": "https" if tls else "http"},
    )


class _Protocol(wsgi.HttpProtocol):
    """HTTP on one connection.

    Args:
        state: eventlet's.
        server: eventlet's.
        pace: seconds to wait before the next request.
    """

    def __init__(self, state: list, server: wsgi.Server, pace: Callable[[], float]) -> None:
        self._pace = pace
        self._line_limit_s = _FIRST_LINE_LIMIT_S
        super().__init__(state, server)

    def handle_one_request(self) -> None:
        eventlet.sleep(self._pace())
        super().handle_one_request()

    def _read_request_line(self) -> bytes:
        with eventlet.Timeout(self._line_limit_s, False):
            self._line_limit_s = _SILENCE_LIMIT_S
            return super()._read_request_line()
        return b""  # as if the client had hung up

    def parse_request(self) -> bool:
        with eventlet.Timeout(_HEAD_LIMIT_S, False):
            return super().parse_request()
        self.close_connection = True
        return False


class _Input(wsgi.Input):
    """A request's body, which must arrive in time."""

    def __init__(self, rfile: Any, *arguments: Any, chunked_input: bool, **options: Any) -> None:
        rfile = _ShortLines(rfile) if chunked_input else rfile
        super().__init__(rfile, *arguments, chunked_input=chunked_input, **options)
        self._ends_at: float | None = None

    def read(self, length: int | None = None) -> bytes:
        now = time.monotonic()
        self._ends_at = self._ends_at or now + _BODY_LIMIT_S
        with eventlet.Timeout(max(0.0, self._ends_at - now), TimeoutError):
            return super().read(length)

    def discard(self, buffer_size: int = 65_536) -> None:
        left = _DISCARDED_BYTES
        while data := self.read(buffer_size):
            left -= len(data)
            if left < 0:
                raise OSError("the rest of a body that nobody wants is too long")


class _ShortLines:
    """The lines that announce chunks; eventlet reads them whatever their length."""

    def __init__(self, rfile: Any) -> None:
        self._rfile = rfile
        self._left = _CHUNK_LINES_BYTES
        self.read = rfile.read

    def readline(self) -> bytes:
        line = self._rfile.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise wsgi.ChunkReadError("too much between the chunks")
        return line


class _Message(websocket.RFC6455WebSocket.Message):
    """eventlet bounds each fragment of a message, but takes any number of them."""

    arriving = 0  # bytes, of all messages
    size = 0

    def push(self, data: bytes, final: bool = False) -> None:
        size = len(data) + 1  # an empty fragment costs memory too
        self.size += size
        _Message.arriving += size
        if self.size > self.max_frame_length:
            raise websocket.FailedConnectionError(1009, "the message is too large")
        if _Message.arriving > _ARRIVING_BYTES:
            raise websocket.FailedConnectionError(1013, "try again later")
        super().push(data, final)

    def getvalue(self) -> bytes | str:
        value = super().getvalue()
        self._let_go()
        return value

    def _let_go(self) -> None:
        _Message.arriving -= self.size
        self.size = 0
        self.data = []  # eventlet keeps the last message until the next comes

    def __del__(self) -> None:
        self._let_go()


class _Buffered:
    """A socket that is read in large pieces, whatever is asked for."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._read = b""

    def recv(self, size: int) -> bytes:
        if not self._read:
            if size >= _READ_BYTES:
                return self._connection.recv(size)
            self._read = self._connection.recv(_READ_BYTES)
        given, self._read = self._read[:size], self._read[size:]
        return given

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _WebSocket(websocket.RFC6455WebSocket):
    """A WebSocket that is read no faster than its client may send."""

    Message = _Message
    # eventlet unmasks byte by byte: 10 ms of the whole web process for a frame of 20 KB.
    _apply_mask = staticmethod(apply_mask)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.has_joined: Callable[[], bool] = lambda: False  # the Engine.IO connection's to say
        self._parts = TokenBucket(_PARTS_A_SECOND, _PARTS_AT_ONCE)
        super().__init__(*arguments, **options)
        self.socket = _Buffered(self.socket)

    @property
    def max_frame_length(self) -> int:
        return self._most if self.has_joined() else min(self._most, STRANGERS_BYTES)

    @max_frame_length.setter
    def max_frame_length(self, most: int) -> None:
        self._most = most

    def _recv_frame(self, message: _Message | None = None) -> _Message:
        frame = super()._recv_frame(message)
        if frame.opcode & 8 or not frame.finished:
            eventlet.sleep(self._parts.owe(1))
        return frame


wsgi.Input = _Input
websocket.RFC6455WebSocket = _WebSocket
