"""Faces whose expression changes: the portrait's, with brows and mouth moved."""

from pathlib import Path

import cv2
import numpy as np

# The portrait's face in its 640x480 frame: x, y, width, height.
FACE = (248, 60, 84, 105)
# What moves: where it is, how far it goes, and over which radius, in shares of the face's box.
Moves = tuple[tuple[float, float, float, float, float], ...]
SAD: Moves = (
    (0.42, 0.30, 0.00, -0.07, 0.08),
    (0.58, 0.30, 0.00, -0.07, 0.08),
    (0.22, 0.30, 0.00, 0.05, 0.08),
    (0.78, 0.30, 0.00, 0.05, 0.08),
    (0.28, 0.76, 0.18, 0.08, 0.13),
    (0.72, 0.76, -0.18, 0.08, 0.13),
)
ANGRY: Moves = (
    (0.40, 0.30, 0.08, 0.12, 0.09),
    (0.60, 0.30, -0.08, 0.12, 0.09),
    (0.28, 0.76, 0.13, 0.10, 0.13),
    (0.72, 0.76, -0.13, 0.10, 0.13),
)


def grimacing(frame: np.ndarray, moves: Moves, share: float) -> np.ndarray:
    """The portrait's frame, its face moved this share of the way, 0..1."""
    left, top, width, height = FACE
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in frame.shape[1::-1]))
    source_x, source_y = x.copy(), y.copy()
    for at_x, at_y, by_x, by_y, radius in moves:
        far_x = (x - left - at_x * width) / (radius * width)
        far_y = (y - top - at_y * height) / (radius * height)
        near = share * np.exp(-(far_x**2) - far_y**2)
        source_x -= by_x * width * near
        source_y -= by_y * height * near
    return cv2.remap(frame, source_x, source_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def two_faces(portrait: np.ndarray, sadness: float, anger: float) -> np.ndarray:
    """640x480: one face that is sad to a share, and its mirror image, angry to another."""
    left, right = (grimacing(portrait, SAD, sadness), grimacing(portrait, ANGRY, anger)[:, ::-1])
    return np.hstack([left[:, 130:450], right[:, 190:510]])


def write_webm(path: Path, frames: list[np.ndarray], rate_hz: float = 10) -> Path:
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), rate_hz, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path
