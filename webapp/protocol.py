"""The Socket.IO contract (docs/protocol.md) in one place: event names, codes, payloads."""

from dataclasses import dataclass
from typing import Any

VERSION = 1

HELLO, FRAME, RESULT = "hello", "frame", "result"

BAD_REQUEST = "bad_request"
DROPPED = "dropped"
BUSY = "busy"

_MAX_ID_CHARS = 64
# Larger whole numbers do not survive JavaScript.
_MAX_ID = 2**53


class RequestError(ValueError):
    """A frame event that is not as docs/protocol.md says."""


@dataclass(frozen=True)
class FrameRequest:
    """A well-formed `frame` event; the picture itself is not checked yet."""

    id: int | str
    sent_at: float | int
    encoded: bytes


def parse_frame(arguments: tuple[Any, ...]) -> FrameRequest:
    """Check the arguments of a `frame` event: a header object and the picture's bytes.

    Raises:
        RequestError: says what is wrong.
    """
    if len(arguments) != 2:
        raise RequestError("frame takes two arguments: {id, sent_at} and the picture's bytes")
    header, encoded = arguments
    if not isinstance(header, dict):
        raise RequestError("the first argument must be an object {id, sent_at}")
    if not isinstance(encoded, bytes | bytearray):
        raise RequestError("the second argument must be the picture as binary, not text")
    frame_id, sent_at = header.get("id"), header.get("sent_at")
    if isinstance(frame_id, str):
        if len(frame_id) > _MAX_ID_CHARS:
            raise RequestError(f"id must have at most {_MAX_ID_CHARS} characters")
    elif not isinstance(frame_id, int) or isinstance(frame_id, bool) or abs(frame_id) > _MAX_ID:
        raise RequestError("id must be an integer or a string")
    if not isinstance(sent_at, int | float) or isinstance(sent_at, bool):
        raise RequestError("sent_at must be a number")
    return FrameRequest(frame_id, sent_at, bytes(encoded))


def refusal(code: str, message: str) -> dict[str, Any]:
    """The acknowledgement of a frame that has no result."""
    return {"ok": False, "code": code, "message": message}
