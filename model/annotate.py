"""Pictures with boxes, labels and bars drawn on them."""

from pathlib import Path

import cv2
import numpy as np

from model.analysis import Face
from model.labels import LABELS

# As in static/js/expressions.js; blue-green-red.
COLOURS_BGR = {
    "Anger": (42, 95, 220),
    "Disgust": (115, 148, 52),
    "Fear": (155, 111, 170),
    "Happy": (68, 197, 240),
    "Neutral": (180, 179, 178),
    "Sad": (242, 143, 134),
    "Surprise": (245, 214, 140),
}
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE, _DARK = (255, 255, 255), (22, 18, 16)


class WriteError(RuntimeError):
    """A picture cannot be written; the message says which and why."""


def write(path: Path, picture_bgr: np.ndarray) -> None:
    """Write an (H, W, 3) uint8 picture as what the file's name ends in, .jpg or .png.

    Raises:
        WriteError: the file cannot be written.
    """
    _, encoded = cv2.imencode(path.suffix, picture_bgr)
    try:
        path.write_bytes(encoded)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror}") from None


def annotate(frame_bgr: np.ndarray, faces: list[Face]) -> np.ndarray:
    """A copy of an (H, W, 3) uint8 frame with each face's box, label and seven bars."""
    picture = frame_bgr.copy()
    unit = max(0.4, max(picture.shape[:2]) / 1400)
    for face in faces:
        x1, y1, x2, y2 = (round(float(v)) for v in face.box)
        colour = COLOURS_BGR[face.label]
        cv2.rectangle(picture, (x1, y1), (x2, y2), colour, max(2, round(3 * unit)), cv2.LINE_AA)
        title = f"{face.label} {face.confidence:.0%}"
        (width, height), below = cv2.getTextSize(title, _FONT, unit, max(1, round(2 * unit)))
        top = max(0, y1 - height - 2 * below)
        cv2.rectangle(picture, (x1, top), (x1 + width + 8, top + height + 2 * below), _DARK, -1)
        _write(picture, title, (x1 + 4, top + height + below), unit)
        _draw_bars(picture, face, unit)
    return picture


def _draw_bars(picture: np.ndarray, face: Face, unit: float) -> None:
    step, name_width, bar_width = round(26 * unit), round(110 * unit), round(110 * unit)
    width, height = name_width + bar_width + step, 7 * step + step // 2
    left = round(float(face.box[2])) + step // 3
    if left + width > picture.shape[1]:
        left = round(float(face.box[0])) - width - step // 3
    left = max(0, left)
    top = int(np.clip(face.box[1], 0, max(0, picture.shape[0] - height)))
    plate = picture[top : top + height, left : left + width]
    plate[:] = plate // 4 + np.array(_DARK, np.uint8) // 2
    for i, (name, p) in enumerate(zip(LABELS, face.probabilities, strict=True)):
        base = top + (i + 1) * step
        _write(picture, name, (left + step // 3, base), 0.75 * unit)
        start = (left + name_width, base - round(14 * unit))
        end = (left + name_width + round(bar_width * float(p)), base)
        cv2.rectangle(picture, start, end, COLOURS_BGR[name], -1)


def _write(picture: np.ndarray, text: str, at: tuple[int, int], scale: float) -> None:
    cv2.putText(picture, text, at, _FONT, scale, _WHITE, max(1, round(2 * scale)), cv2.LINE_AA)
