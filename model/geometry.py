"""Box arithmetic. Boxes are (N, 4) float32 arrays, xyxy, in pixels of the frame."""

import cv2
import numpy as np


def iou(a: np.ndarray, b: np.ndarray, over_smaller: bool = False) -> np.ndarray:
    """Intersection over union of every pair of boxes.

    Args:
        a: (N, 4) xyxy.
        b: (M, 4) xyxy.
        over_smaller: divide by the smaller box's area instead of the union's.

    Returns:
        (N, M) float32, 0..1.
    """
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    area_a, area_b = area(a)[:, None], area(b)[None]
    whole = np.minimum(area_a, area_b) if over_smaller else area_a + area_b - shared
    return shared / np.maximum(whole, 1e-9)


def area(boxes: np.ndarray) -> np.ndarray:
    """(N,) areas in square pixels; 0 for a box turned inside out."""
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def nms(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Greedy non-maximum suppression.

    Args:
        boxes: (N, 4) xyxy.
        scores: (N,), above 0.
        threshold: a box whose IoU with a better one is more than this is dropped.

    Returns:
        (K,) int positions of the boxes kept, best first.
    """
    if not len(boxes):
        return np.zeros(0, int)
    kept = cv2.dnn.NMSBoxes(xyxy_to_xywh(boxes).astype(float), scores, 0.0, threshold)
    return np.array(kept, int)


def drop_covered(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Like `nms`, but measures the overlap over the smaller box, so boxes inside others go too."""
    order = np.argsort(-scores, kind="stable")
    kept = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(best)
        overlap = iou(boxes[best : best + 1], boxes[rest], over_smaller=True)[0]
        order = rest[overlap <= threshold]
    return np.array(kept, int)


def clip(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes cut to a frame of `width` x `height`."""
    return np.clip(boxes, 0, np.array([width, height, width, height], np.float32))


def square(boxes: np.ndarray) -> np.ndarray:
    """The square around each box's centre whose side is the box's longer side."""
    side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([centre - side / 2, centre + side / 2], axis=1)


def xyxy_to_xywh(boxes: np.ndarray) -> np.ndarray:
    """Corners to corner and size."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
