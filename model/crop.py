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
    corners = crop_corners(box, rule, landmarks)
    side = np.linalg.norm(corners[1] - corners[0])
    # Resampling to a whole multiple first, then averaging, keeps a large face free of aliasing.
    pixels = INPUT_SIZE_PX * max(1, round(side / INPUT_SIZE_PX))
    # Maps the centre of crop pixel (u, v) to the frame (pixel centres are at +0.5).
    linear = np.column_stack([corners[1] - corners[0], corners[3] - corners[0]]) / pixels
    offset = corners[0] + linear @ np.full(2, 0.5) - 0.5
    crop = cv2.warpAffine(
        frame_bgr,
        np.column_stack([linear, offset]),
        (pixels, pixels),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (INPUT_SIZE_PX, INPUT_SIZE_PX), interpolation=cv2.INTER_AREA)


def crop_corners(
    box: np.ndarray, rule: CropRule, landmarks: np.ndarray | None = None
) -> np.ndarray:
    """(4, 2) corners of `crop_face`'s square, pixels of the frame, clockwise from its top left."""
    width, height = box[2] - box[0], box[3] - box[1]
    side = max(rule.scale * float(np.sqrt(max(width * height, 1.0))), 2.0)
    angle = roll(landmarks) if landmarks is not None else 0.0
    right = side * np.array([np.cos(angle), np.sin(angle)])
    down = side * np.array([-np.sin(angle), np.cos(angle)])
    centre = (box[:2] + box[2:]) / 2 + rule.shift_y * down
    top_left = centre - (right + down) / 2
    return np.stack([top_left, top_left + right, top_left + right + down, top_left + down])


def roll(landmarks: np.ndarray) -> float:
    """In-plane rotation of a face in radians, from its eyes; positive turns clockwise."""
    dx, dy = landmarks[1] - landmarks[0]
    return float(np.arctan2(dy, dx))
