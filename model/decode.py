"""Encoded picture to pixels."""

import cv2
import numpy as np

from model.image_header import BAD_FRAME, FrameError, is_complete


def decode(encoded: bytes) -> np.ndarray:
    """Decode a whole JPEG, PNG or WebP whose header has been checked.

    Returns:
        (H, W, 3) uint8, blue-green-red, turned upright by its EXIF orientation.

    Raises:
        FrameError: `bad_frame`, it is truncated or corrupt.
        MemoryError: there is no memory for its pixels.
    """
    if not is_complete(encoded):
        raise FrameError(BAD_FRAME, "the picture is truncated: its end marker is missing")
    try:
        frame = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        frame = None
    if frame is None:
        raise FrameError(BAD_FRAME, "the picture is corrupt and cannot be decoded")
    return frame
