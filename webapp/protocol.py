"""The contract (docs/protocol.md) in one place: events, headers, codes, payloads."""

from dataclasses import dataclass
from typing import Any

from model.image_header import BAD_FRAME, NOT_AN_IMAGE, TOO_LARGE

VERSION = 1

HELLO, CONSENT, FRAME, RESULT = "hello", "consent", "frame", "result"
# Viewer links: asked for by a sender, who is told how many watch; viewers are told the end.
SHARE, VIEWERS, ENDED = "share", "viewers", "ended"

# Of the text that the first screen shows; a new text gets a new version and is asked for again.
CONSENT_VERSION = "1"

# Codes of this side; those of a picture are in `model.image_header`.
BAD_REQUEST = "bad_request"
DROPPED = "dropped"
BUSY = "busy"
NO_CONSENT = "no_consent"
BAD_CODE = "bad_code"
BAD_LINK = "bad_link"
RATE_LIMITED = "rate_limited"
SERVER_FULL = "server_full"

# Of the HTTP API: what a request carries, and the status of each refusal.
CONSENT_HEADER = "X-Consent-Version"
CODE_HEADER = "X-Join-Code"
STATUS = {
    BAD_REQUEST: 400,
    NO_CONSENT: 403,
    BAD_CODE: 403,
    RATE_LIMITED: 429,
    TOO_LARGE: 413,
    NOT_AN_IMAGE: 415,
    BAD_FRAME: 422,
    DROPPED: 503,
    BUSY: 503,
}

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
    stream: int | str | None = None
    t: float | int | None = None
    explain: int | None = None


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
    stream, t, explain = (header.get(name) for name in ("stream", "t", "explain"))
    return FrameRequest(
        id=_name("id", header.get("id")),
        sent_at=_number("sent_at", header.get("sent_at")),
        encoded=bytes(encoded),
        stream=None if stream is None else _name("stream", stream),
        t=None if t is None else _number("t", t),
        explain=None if explain is None else _whole("explain", explain),
    )


def parse_consent(arguments: tuple[Any, ...]) -> None:
    """Check the argument of a `consent` event: `{version}`, the current one.

    Raises:
        RequestError: says what is wrong.
    """
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise RequestError("consent takes one argument: {version}")
    if arguments[0].get("version") != CONSENT_VERSION:
        raise RequestError(f"version must be {CONSENT_VERSION!r}: reload the page and agree again")


def parse_share(arguments: tuple[Any, ...]) -> bool:
    """Check the argument of a `share` event: `{on}`; whether a viewer link is wanted.

    Raises:
        RequestError: says what is wrong.
    """
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise RequestError("share takes one argument: {on}")
    on = arguments[0].get("on")
    if not isinstance(on, bool):
        raise RequestError("on must be true or false")
    return on


def _name(field: str, value: Any) -> int | str:
    if isinstance(value, str):
        if len(value) > _MAX_ID_CHARS:
            raise RequestError(f"{field} must have at most {_MAX_ID_CHARS} characters")
    elif not _is_whole(value):
        raise RequestError(f"{field} must be an integer or a string")
    return value


def _whole(field: str, value: Any) -> int:
    if not _is_whole(value):
        raise RequestError(f"{field} must be an integer")
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_ID


def _number(field: str, value: Any) -> float | int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # NaN and infinity pass through some JSON readers and break others.
    if not is_number or not abs(value) <= _MAX_ID:
        raise RequestError(f"{field} must be a number")
    return value


def refusal(code: str, message: str) -> dict[str, Any]:
    """The acknowledgement of a frame that has no result."""
    return {"ok": False, "code": code, "message": message}
