"""Frames with real faces for measurements."""

import cv2
import numpy as np


def portrait_frame(faces: int = 1) -> np.ndarray:
    """A (480, 640, 3) uint8 frame with one to four faces (NASA's portrait of Eileen Collins)."""
    from skimage import data

    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    frame = np.full((480, 640, 3), 90, np.uint8)
    if faces == 1:
        frame[:, 80:560] = cv2.resize(portrait, (480, 480), interpolation=cv2.INTER_AREA)
        return frame
    small = cv2.resize(portrait, (240, 240), interpolation=cv2.INTER_AREA)
    for i in range(faces):
        top, left = 240 * (i // 2), 40 + 280 * (i % 2)
        frame[top : top + 240, left : left + 240] = small
    return frame


def walk(count: int) -> list[np.ndarray]:
    """Frames in which one face moves about, up to 10 px each, and from the middle on two do."""
    frames = []
    for at, turn in enumerate(np.linspace(0, 2 * np.pi * count / 40, count, endpoint=False)):
        move = np.array([[1, 0, 60 * np.sin(turn)], [0, 1, 30 * np.cos(turn)]])
        still = portrait_frame(1 if at < count // 2 else 2)
        frames.append(cv2.warpAffine(still, move, (640, 480), borderValue=(90, 90, 90)))
    return frames


def to_jpeg(frame_bgr: np.ndarray, quality: int = 70) -> bytes:
    """What the page sends."""
    return cv2.imencode(".jpg", frame_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def idle_frame(size_bytes: int) -> bytes:
    """A JPEG of so many bytes with next to nothing to decode and nothing to find in it.

    16x16 pixels and a comment: it takes the whole way of a frame, and no arithmetic.
    """
    jpeg = to_jpeg(np.zeros((16, 16, 3), np.uint8))
    length = size_bytes - len(jpeg) - 2  # of a segment, its own two bytes among them
    return jpeg[:2] + b"\xff\xfe" + length.to_bytes(2, "big") + bytes(length - 2) + jpeg[2:]
