"""What a picture's header says, read before anything is decoded. No numpy, no OpenCV here.

The web process reads every frame's header, so this must stay cheap whatever the bytes are. General
readers, such as Pillow, unpack a PNG's texts and walk a million JPEG segments: seconds of work.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Why a picture cannot be analysed; codes of the protocol (docs/protocol.md).
NOT_AN_IMAGE, BAD_FRAME, TOO_LARGE = "not_an_image", "bad_frame", "too_large"

_PNG = b"\x89PNG\r\n\x1a\n"
# Cameras write some tens of segments before the picture; each costs time.
_MAX_SEGMENTS = 1000
# Of a JPEG: frame headers, which hold the size, are C0 to CF without these three.
_NO_FRAME_HEADER = (0xC4, 0xC8, 0xCC)
_START_OF_SCAN = 0xDA
# Markers without a length; a decoder steps over them, and nothing good writes them here.
_STANDALONE = (0x00, 0x01, *range(0xD0, 0xDA))
_MAX_FILL_BYTES = 16


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
    is_webp = start.startswith(b"RIFF") and start[8:] == b"WEBP"
    return is_webp or start.startswith((b"\xff\xd8\xff", _PNG))


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
    width, height = _size(encoded)
    if not (width and height):
        raise FrameError(NOT_AN_IMAGE, "the frame is no JPEG, PNG or WebP picture")
    if width > limits.max_width or height > limits.max_height:
        raise FrameError(
            TOO_LARGE,
            f"{width}x{height} pixels are more than {limits.max_width}x{limits.max_height}: "
            "send a smaller picture",
        )
    return width, height


def _size(encoded: bytes) -> tuple[int, int]:
    """Width and height, or zeros."""
    if encoded.startswith(b"\xff\xd8"):
        return _jpeg_size(encoded)
    if encoded.startswith(_PNG) and encoded[12:16] == b"IHDR" and len(encoded) >= 24:
        return int.from_bytes(encoded[16:20], "big"), int.from_bytes(encoded[20:24], "big")
    if encoded.startswith(b"RIFF") and encoded[8:12] == b"WEBP" and len(encoded) >= 30:
        return _webp_size(encoded)
    return 0, 0


def _jpeg_size(encoded: bytes) -> tuple[int, int]:
    """Source: ITU-T T.81, annex B."""
    for marker, at in _segments(encoded):
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_HEADER:
            height, width = encoded[at + 3 : at + 5], encoded[at + 5 : at + 7]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
    return 0, 0


def _segments(encoded: bytes) -> Iterator[tuple[int, int]]:
    """Markers of a JPEG up to its first scan, each with where its length stands."""
    position = 2
    for _ in range(_MAX_SEGMENTS):
        fill = 0
        while encoded[position + fill : position + fill + 2] == b"\xff\xff":
            fill += 1
            if fill > _MAX_FILL_BYTES:
                return
        position += fill
        if encoded[position : position + 1] != b"\xff" or position + 4 > len(encoded):
            return
        marker, at = encoded[position + 1], position + 2
        if marker in _STANDALONE:
            return
        yield marker, at
        if marker == _START_OF_SCAN:
            return
        position = at + int.from_bytes(encoded[at : at + 2], "big")


def _webp_size(encoded: bytes) -> tuple[int, int]:
    """Source: RFC 9649 (the container) and RFC 6386 (lossy frames)."""
    chunk = encoded[12:16]
    if chunk == b"VP8X":
        width, height = (1 + int.from_bytes(encoded[i : i + 3], "little") for i in (24, 27))
    elif chunk == b"VP8L" and encoded[20] == 0x2F:
        bits = int.from_bytes(encoded[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif chunk == b"VP8 " and encoded[23:26] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(encoded[i : i + 2], "little") & 0x3FFF for i in (26, 28))
    else:
        return 0, 0
    return width, height


def is_complete(encoded: bytes) -> bool:
    """Whether a JPEG, PNG or WebP reaches its end marker.

    OpenCV decodes a truncated JPEG into a half-grey picture without complaint.
    """
    if encoded.startswith(_PNG):
        return _png_is_complete(encoded)
    if encoded.startswith(b"RIFF"):
        return len(encoded) >= 8 + int.from_bytes(encoded[4:8], "little")
    for marker, at in _segments(encoded):
        if marker == _START_OF_SCAN:  # an FF D9 from here on can only be the end marker
            return encoded.find(b"\xff\xd9", at) >= 0
    return False


def _png_is_complete(encoded: bytes) -> bool:
    """Whether all chunks lie within the file, and IEND is the last.

    OpenCV allocates as much as a chunk's length says, up to 2 GB, before it reads the chunk.
    """
    position = len(_PNG)
    while position + 12 <= len(encoded):
        length = int.from_bytes(encoded[position : position + 4], "big")
        kind = encoded[position + 4 : position + 8]
        position += 12 + length
        if kind == b"IEND":
            return position <= len(encoded)
    return False
