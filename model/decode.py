"""Encoded picture to pixels."""

import cv2
import numpy as np

from model.image_header import BAD_FRAME, FrameError, is_complete

# A JPEG decoder gives a smaller picture for less than the whole one costs.
_REDUCED = {4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}


def decode(encoded: bytes) -> np.ndarray:
    """Decode a whole JPEG, PNG or WebP whose header has been checked.

    Returns:
        (H, W, 3) uint8, blue-green-red, turned upright by its EXIF orientation.

    Raises:
        FrameError: `bad_frame`, it is truncated or corrupt.
        MemoryError: there is no memory for its pixels.
    """
    return _decode(encoded, cv2.IMREAD_COLOR)


def decode_reduced(
    encoded: bytes, size: tuple[int, int], enough_px: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """Like `decode`, but a JPEG comes at a half or a quarter of its size if that is large enough.

    Args:
        encoded: the picture.
        size: width and height that its header says.
        enough_px: the longer side is not reduced below this.

    Returns:
        The frame, and the width and height of the whole picture, upright.

    Raises:
        FrameError, MemoryError: see `decode`.
    """
    divisor = _divisor(size, enough_px) if encoded.startswith(b"\xff\xd8") else 1
    if divisor == 1:
        frame = decode(encoded)
        return frame, (frame.shape[1], frame.shape[0])
    frame = _decode(encoded, _REDUCED[divisor])
    turned = frame.shape[1] != -(-size[0] // divisor)  # by a right angle, as its EXIF says
    return frame, size[::-1] if turned else size


def _divisor(size: tuple[int, int], enough_px: int) -> int:
    for divisor in _REDUCED:
        width, height = (-(-side // divisor) for side in size)
        # Where the reduced sides are equal they do not tell whether the picture was turned.
        tells = width != height or size[0] == size[1]
        if max(size) // divisor >= enough_px and tells:
            return divisor
    return 1


def _decode(encoded: bytes, flags: int) -> np.ndarray:
    if not is_complete(encoded):
        raise FrameError(BAD_FRAME, "the picture is truncated: its end marker is missing")
    try:
        frame = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        frame = None
    if frame is None:
        raise FrameError(BAD_FRAME, "the picture is corrupt and cannot be decoded")
    return frame
