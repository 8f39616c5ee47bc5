"""What the web process and a worker say to each other, and how it is framed between them.

Each message is a header of two 4-byte lengths, a JSON object, and raw bytes (the encoded frame, or
nothing). No pickle. Imports nothing heavy.
"""

import json
import socket
import struct
from typing import Any

# web -> worker: {"type": "frame", "job": int, "t": ms, "tracks": what it last returned or null,
#                 "explain": track or null} + encoded frame; through Redis also "web": who asks,
#                 "limit_ms": how long it may take
#                {"type": "ping", "job": int}   are you there?
# worker -> web: {"type": "hello", "token": str}
#                {"type": "ready", "engine": str}
#                {"type": "refused", "message": str}   cannot start; for the log only
#                {"type": "result", "job": int, "width", "height", "faces", "detected", "timing_ms",
#                 "tracks", "why" if asked}
#                {"type": "pong", "job": int}
#                {"type": "failure", "job": int, "code": str, "message": str}
HELLO, READY, REFUSED = "hello", "ready", "refused"
FRAME, RESULT, FAILURE = "frame", "result", "failure"
PING, PONG = "ping", "pong"

TOKEN_VARIABLE = "MOODLIGHT_WORKER_TOKEN"

_LENGTHS = struct.Struct(">II")


def send(connection: socket.socket, message: dict[str, Any], blob: bytes = b"") -> None:
    """Write one message.

    Raises:
        OSError: the other side is gone.
    """
    connection.sendall(pack(message, blob))


def pack(message: dict[str, Any], blob: bytes = b"") -> bytes:
    """One message and its bytes as they travel."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return b"".join((_LENGTHS.pack(len(body), len(blob)), body, blob))


def unpack(packed: bytes) -> tuple[dict[str, Any], bytes]:
    """The message and the bytes of `pack`.

    Raises:
        ValueError: it is something else.
    """
    if len(packed) < _LENGTHS.size:
        raise ValueError("a message without a header")
    body_length, blob_length = _LENGTHS.unpack_from(packed)
    if len(packed) != _LENGTHS.size + body_length + blob_length:
        raise ValueError("a message of another length than its header says")
    end = _LENGTHS.size + body_length
    return json.loads(packed[_LENGTHS.size : end]), packed[end:]


def receive(connection: socket.socket, limit: int | None = None) -> tuple[dict[str, Any], bytes]:
    """Read one message and its bytes.

    Args:
        connection: a stream socket.
        limit: largest message taken, in bytes.

    Raises:
        ConnectionError: the other side is gone.
        TimeoutError: the socket's own time limit passed.
    """
    body_length, blob_length = _LENGTHS.unpack(_read(connection, _LENGTHS.size))
    if limit is not None and body_length + blob_length > limit:
        raise ConnectionError(f"a message of {body_length + blob_length} bytes")
    return json.loads(_read(connection, body_length)), bytes(_read(connection, blob_length))


def _read(connection: socket.socket, length: int) -> bytearray:
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        count = connection.recv_into(view)
        if not count:
            raise ConnectionError("connection closed")
        view = view[count:]
    return buffer
