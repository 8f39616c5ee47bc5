"""Video files through OpenCV: frames with their media time, and an MP4 of the same length."""

import math
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from model.paths import for_opencv

# MPEG-4 Part 2: the one MP4 codec whose encoder every OpenCV wheel has (most lack H.264's).
_CODEC = "mp4v"
# Some headers give the rate of their clock (WebM: 1000) instead of the frames'.
_RATES_HZ = (1.0, 240.0)
_USUAL_RATE_HZ = 30.0
# Headers round the length, and sound may last a little longer than the picture.
_WHOLE_SHARE = 0.9


class VideoError(ValueError):
    """A video cannot be read or written; the message says why."""


def _name(path: Path) -> str:
    try:
        return for_opencv(path)
    except ValueError as error:
        raise VideoError(str(error)) from None


class Video:
    """Frames of a video file in order, turned upright as the file's rotation asks.

    Args:
        path: any container and codec that OpenCV's FFmpeg can read.

    Attributes:
        rate_hz: frames a second as the header says, or 30 where it does not.
        frame_count: frames as the header says; None where it does not.

    Raises:
        VideoError: it cannot be opened, or has no frame that can be decoded, or its path is not
            UTF-8.
    """

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(_name(path), cv2.CAP_FFMPEG)
        if not (self._capture.isOpened() and self._capture.grab()):
            raise VideoError(
                "it is no JPEG, PNG or WebP picture, and no video with a frame that can be read: "
                "it may be cut off, have only sound, or need a codec that OpenCV lacks "
                "(MP4 with H.264 is safe)"
            )
        rate, count = (
            self._capture.get(name) for name in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_COUNT)
        )
        known = _RATES_HZ[0] <= rate <= _RATES_HZ[1]
        self.rate_hz = rate if known else _USUAL_RATE_HZ
        self.frame_count = round(count) if known and 0 < count < math.inf else None

    def times(self) -> Iterator[float]:
        """Go through the frames, once: milliseconds from the first one to each, always increasing.

        Raises:
            VideoError: after the last frame, if that comes well before the length that the header
                gives.
        """
        period_ms = 1000 / self.rate_hz
        origin_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        ms = -period_ms
        grabbed = True
        while grabbed:
            at_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC) - origin_ms
            # A frame without a time of its own comes one period after the last.
            ms = round(at_ms if at_ms > ms else ms + period_ms, 3)
            yield ms
            grabbed = self._capture.grab()
        whole_ms = (self.frame_count or 0) * period_ms
        if ms + period_ms < _WHOLE_SHARE * whole_ms:
            raise VideoError(
                f"the picture ends after {ms / 1000:.1f} s of {whole_ms / 1000:.1f} s: "
                "the file is cut off or damaged"
            )

    def frame(self) -> np.ndarray:
        """(H, W, 3) uint8, blue-green-red: the frame that `times` has reached.

        Raises:
            VideoError: it cannot be converted.
        """
        found, frame = self._capture.retrieve()
        if not found:
            raise VideoError("a frame of it cannot be decoded: convert it to MP4 with H.264")
        return frame

    def close(self) -> None:
        self._capture.release()


class VideoWriter:
    """Writes an MP4 of constant rate, without sound; use it in a `with` statement.

    Each picture stays until the next one's time, so a variable rate keeps its pace. The codec has
    even sides only: an odd one loses its last pixels.

    Args:
        path: overwritten if it exists.
        rate_hz: frames a second.
        size: width and height, pixels.

    Raises:
        VideoError: the file or the codec cannot be opened, or the path is not UTF-8; at the end of
            the `with` statement, the file is not whole.
    """

    def __init__(self, path: Path, rate_hz: float, size: tuple[int, int]) -> None:
        # Two decimals: the codec's clock has 16 bits.
        self._rate_hz = round(rate_hz, 2)
        self._path = path
        self._size = size
        self._picture: np.ndarray | None = None
        self._written = 0
        code = cv2.VideoWriter_fourcc(*_CODEC)
        self._writer = cv2.VideoWriter(_name(path), code, self._rate_hz, size)
        if not self._writer.isOpened():
            raise VideoError(
                f"cannot write {path}: its folder may be missing or write-protected, or this "
                "OpenCV lacks the MPEG-4 encoder"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._picture is not None:
            self._write()
        self._writer.release()
        if error is None and not self._is_whole():
            raise VideoError(f"cannot write {self._path} to its end: the disk may be full")

    def _write(self) -> None:
        self._writer.write(self._picture)
        self._written += 1

    def _is_whole(self) -> bool:
        """Whether the file has all frames: neither writing nor closing would have said so."""
        written = cv2.VideoCapture(_name(self._path), cv2.CAP_FFMPEG)
        return round(written.get(cv2.CAP_PROP_FRAME_COUNT)) == self._written

    def write(self, picture_bgr: np.ndarray, ms: float) -> None:
        """Show a picture from a time on.

        Args:
            picture_bgr: (H, W, 3) uint8; scaled where its size is not the file's.
            ms: milliseconds from the start, increasing; the first is 0.
        """
        while self._picture is not None and (self._written + 0.5) * 1000 / self._rate_hz < ms:
            self._write()
        if picture_bgr.shape[1::-1] != self._size:
            picture_bgr = cv2.resize(picture_bgr, self._size)
        self._picture = picture_bgr
