"""FER2013's pictures set into frames like a camera's."""

import cv2
import numpy as np

FACE_PX = 160
CANVAS_HW = (480, 640)


def on_canvas(grey: np.ndarray, degrees: float = 0.0) -> np.ndarray:
    """A (480, 640, 3) uint8 frame with one (48, 48) picture, 160 px wide, in its middle.

    The picture's edge fades into its mean, so that the detector sees no frame around the face.

    Args:
        grey: (48, 48) uint8.
        degrees: the whole frame is turned by this, clockwise.
    """
    height, width = CANVAS_HW
    top, left = (height - FACE_PX) // 2, (width - FACE_PX) // 2
    face = cv2.resize(grey, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC)
    frame = cv2.copyMakeBorder(
        face,
        *(top, height - FACE_PX - top, left, width - FACE_PX - left),
        cv2.BORDER_REPLICATE,
    )
    inside = np.zeros(CANVAS_HW, np.float32)
    inside[top : top + FACE_PX, left : left + FACE_PX] = 1
    weight = np.maximum(inside, cv2.GaussianBlur(inside, (0, 0), 20))
    mixed = weight * frame + (1 - weight) * grey.mean()
    if degrees:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
        mixed = cv2.warpAffine(mixed, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(mixed.round().astype(np.uint8), cv2.COLOR_GRAY2BGR)
