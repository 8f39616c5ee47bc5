"""Cutting a face out of a frame the way FER2013's pictures are cut.

Frames are uint8, blue-green-red; crops are what `model.preprocess` takes.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from model.preprocess import INPUT_SIZE_PX


@dataclass(frozen=True)
class CropRule:
    """How FER2013's framing relates to a detector's box; measured by `train.crop_rule`.

    Attributes:
        scale: side of the square crop over the geometric mean of the box's sides.
        shift_y: the crop's centre below the box's, as a fraction of the crop's side.
    """

    scale: float
    shift_y: float


CROP_RULES = {
    "mtcnn": CropRule(scale=1.07, shift_y=-0.007),
    "haar": CropRule(scale=1.01, shift_y=0.003),
    "yunet": CropRule(scale=1.12, shift_y=-0.010),
}


def crop_face(
    frame_bgr: np.ndarray, box: np.ndarray, rule: CropRule, landmarks: np.ndarray | None = None
) -> np.ndarray:
    """Cut one face out of a frame, as a square that is level with the eyes.

    Args:
        frame_bgr: (H, W, 3) uint8.
        box: (4,) xyxy of the face, pixels.
        rule: the detector's rule.
        landmarks: (5, 2) as in `model.detector.Detections`; without them the square is upright.

    Returns:
        (48, 48) uint8 grey levels; outside the frame its edge is repeated.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    side = max(rule.scale * float(np.sqrt(max(width * height, 1.0))), 2.0)
    angle = roll(landmarks) if landmarks is not None else 0.0
    cos, sin = np.cos(angle), np.sin(angle)
    centre = (box[:2] + box[2:]) / 2 + rule.shift_y * side * np.array([-sin, cos])
    # Resampling to a whole multiple first, then averaging, keeps a large face free of aliasing.
    times = max(1, round(side / INPUT_SIZE_PX))
    pixels = INPUT_SIZE_PX * times
    step = side / pixels
    # Maps the centre of crop pixel (u, v) to the frame (pixel centres are at +0.5).
    linear = step * np.array([[cos, -sin], [sin, cos]])
    offset = centre - 0.5 - linear @ np.full(2, (pixels - 1) / 2)
    crop = cv2.warpAffine(
        frame_bgr,
        np.column_stack([linear, offset]),
        (pixels, pixels),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (INPUT_SIZE_PX, INPUT_SIZE_PX), interpolation=cv2.INTER_AREA)


def roll(landmarks: np.ndarray) -> float:
    """In-plane rotation of a face in radians, from its eyes; positive turns clockwise."""
    dx, dy = landmarks[1] - landmarks[0]
    return float(np.arctan2(dy, dx))
