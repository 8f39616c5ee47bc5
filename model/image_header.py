"""What a picture's header says, read before anything is decoded. No numpy, no OpenCV here."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_FORMATS = ("JPEG", "PNG")

# Why a picture cannot be analysed; codes of the protocol (docs/protocol.md).
NOT_AN_IMAGE, BAD_FRAME, TOO_LARGE = "not_an_image", "bad_frame", "too_large"

# Our own limit comes first and has its own answer.
Image.MAX_IMAGE_PIXELS = None


class FrameError(ValueError):
    """A frame cannot be analysed.

    Attributes:
        code: one of the protocol's codes (docs/protocol.md).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class FrameLimits:
    """Largest frame that is decoded."""

    max_frame_bytes: int = 4_000_000
    max_width: int = 2560  # pixels
    max_height: int = 2560  # pixels


def is_picture(path: Path) -> bool:
    """Whether a file starts as a JPEG, PNG or WebP does; nothing else of it is looked at.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(12)
    return start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or _is_webp(start)


def check_header(encoded: bytes, limits: FrameLimits) -> tuple[int, int]:
    """Width and height in pixels of a JPEG, PNG or WebP within the limits.

    Raises:
        FrameError: `not_an_image` or `too_large`.
    """
    if not encoded:
        raise FrameError(NOT_AN_IMAGE, "the frame is empty (0 bytes)")
    if len(encoded) > limits.max_frame_bytes:
        raise FrameError(
            TOO_LARGE,
            f"{len(encoded)} bytes are more than {limits.max_frame_bytes}: "
            "send a smaller picture or a lower JPEG quality",
        )
    try:
        width, height = _webp_size(encoded) if _is_webp(encoded) else _size(encoded)
    except Exception:  # Pillow raises many kinds for a broken header
        raise FrameError(NOT_AN_IMAGE, "the frame is no JPEG, PNG or WebP picture") from None
    if width > limits.max_width or height > limits.max_height:
        raise FrameError(
            TOO_LARGE,
            f"{width}x{height} pixels are more than {limits.max_width}x{limits.max_height}: "
            "send a smaller picture",
        )
    return width, height


def _size(encoded: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(encoded), formats=_FORMATS) as picture:
        return picture.size


def _is_webp(encoded: bytes) -> bool:
    return encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP"


def _webp_size(encoded: bytes) -> tuple[int, int]:
    """Pillow would hand the whole file to the decoder, which allocates the canvas at once.

    Source: RFC 9649 (the container) and RFC 6386 (lossy frames).
    """
    chunk = encoded[12:16]
    if chunk == b"VP8X":
        width, height = (1 + int.from_bytes(encoded[i : i + 3], "little") for i in (24, 27))
    elif chunk == b"VP8L" and encoded[20] == 0x2F:
        bits = int.from_bytes(encoded[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif chunk == b"VP8 " and encoded[23:26] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(encoded[i : i + 2], "little") & 0x3FFF for i in (26, 28))
    else:
        raise ValueError("unknown WebP chunk")
    if len(encoded) < 30:
        raise ValueError("cut off within the header")
    return width, height


def is_complete(encoded: bytes) -> bool:
    """Whether a JPEG, PNG or WebP reaches its end marker.

    OpenCV decodes a truncated JPEG into a half-grey picture without complaint.
    """
    if encoded.startswith(b"\x89PNG"):
        return b"IEND\xaeB`\x82" in encoded
    if encoded.startswith(b"RIFF"):
        return len(encoded) >= 8 + int.from_bytes(encoded[4:8], "little")
    position = 2
    while encoded[position : position + 1] == b"\xff":
        marker = encoded[position + 1 : position + 2]
        if marker == b"\xda":  # start of scan: an FF D9 from here on can only be the end marker
            return encoded.find(b"\xff\xd9", position) >= 0
        if marker == b"\xff":  # fill byte
            position += 1
            continue
        position += 2 + int.from_bytes(encoded[position + 2 : position + 4], "big")
    return False
