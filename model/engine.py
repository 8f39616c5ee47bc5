"""From one frame to its faces: detect, crop, classify.

from model.engine import Engine
for face in Engine().infer(frame_bgr):
    print(face.label, face.confidence, face.box)
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from model import checkpoint, detector
from model.card import DEFAULT_WEIGHTS
from model.crop import CROP_RULES, crop_corners, crop_face
from model.decode import decode
from model.geometry import area, clip, xyxy_to_xywh
from model.image_header import FrameLimits, check_header
from model.labels import LABELS
from model.preprocess import standardise
from model.saliency import layer_cam
from model.tracker import follow

# Detection runs on a frame reduced to this longer side; crops come from the full frame.
_DETECTION_SIDE_PX = 640


@dataclass(frozen=True)
class Face:
    """One face of one frame.

    Attributes:
        box: (4,) float32 xyxy of the detector, pixels, clipped to the frame.
        score: the detector's, 0..1, or None.
        probabilities: (7,) float32 in the order of `LABELS`, calibrated, sums to 1.
        confident: whether the largest probability reaches the card's threshold.
        crop: (48, 48) uint8 grey levels that the network saw.
        corners: (4, 2) float64, the crop's in pixels of the frame, clockwise from its top left.
    """

    box: np.ndarray
    score: float | None
    probabilities: np.ndarray
    confident: bool
    crop: np.ndarray
    corners: np.ndarray

    @property
    def label(self) -> str:
        return LABELS[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        return float(self.probabilities.max())

    def to_dict(self, track: int) -> dict[str, Any]:
        """The face as `result` carries it (docs/protocol.md)."""
        probabilities = {
            name: round(float(p), 6) for name, p in zip(LABELS, self.probabilities, strict=True)
        }
        return {
            "track": track,
            "box": [round(float(v), 1) for v in xyxy_to_xywh(self.box[None])[0]],
            "score": None if self.score is None else round(min(max(self.score, 0.0), 1.0), 4),
            "label": self.label,
            "confidence": probabilities[self.label],
            "confident": self.confident,
            "probabilities": probabilities,
        }


@dataclass(frozen=True)
class Analysis:
    """Faces of one frame, largest first, with the frame's size and the time each stage took."""

    width: int
    height: int
    faces: list[Face]
    timing_ms: dict[str, float]

    @property
    def boxes(self) -> np.ndarray:
        """(N, 4) float32 xyxy, pixels."""
        return np.array([face.box for face in self.faces], np.float32).reshape(-1, 4)

    def follow(
        self, state: dict[str, Any] | None, now_ms: float
    ) -> tuple[list[int], dict[str, Any]]:
        """Track number of each face, and the new state; see `model.tracker.follow`.

        In thousandths of the width: a client may change the size of its frames as it goes.
        """
        return follow(state, self.boxes * (1000 / self.width), now_ms)

    def to_dict(self, tracks: list[int] | None = None) -> dict[str, Any]:
        """Width, height and faces as `result` carries them.

        Args:
            tracks: number of each face; its position by default.
        """
        numbers = range(len(self.faces)) if tracks is None else tracks
        faces = [f.to_dict(track) for f, track in zip(self.faces, numbers, strict=True)]
        return {"width": self.width, "height": self.height, "faces": faces}


class Engine:
    """Detector and network, loaded once.

    Torch's number of threads is the process's business: see `model.worker`.

    Args:
        weights: a .safetensors file with its card beside it.
        detector_name: one of `model.names.DETECTORS`.
        detector_model: YuNet's file.

    Raises:
        model.card.WeightsError: no usable weights.
        model.detector.DetectorError: no usable detector.
    """

    def __init__(
        self,
        weights: Path = DEFAULT_WEIGHTS,
        detector_name: str = "mtcnn",
        detector_model: Path | None = None,
    ) -> None:
        self.net, self.card = checkpoint.load(weights)
        head = self.card["serving"]["head"]
        self._head = self.net.heads.index(head)
        self._temperature = self.card["serving"]["temperature"][head]
        self._unsure_below = self.card["serving"]["unsure_below"]
        self._detector = detector.create(detector_name, detector_model)
        self._crop_rule = CROP_RULES[detector_name]
        self.name = "torch-float32"

    def infer(self, frame_bgr: np.ndarray) -> list[Face]:
        """Faces of an (H, W, 3) uint8 frame, largest first."""
        return self.classify(frame_bgr, self.detect(frame_bgr))

    def analyze(self, encoded: bytes, limits: FrameLimits | None = None) -> Analysis:
        """Decode a JPEG, PNG or WebP and find its faces.

        Raises:
            model.image_header.FrameError: it is no such picture, too large, or broken.
        """
        started = time.perf_counter()
        check_header(encoded, limits or FrameLimits())
        frame = decode(encoded)
        decode_ms = (time.perf_counter() - started) * 1e3
        analysis = self.analyze_frame(frame)
        return replace(analysis, timing_ms={"decode": decode_ms, **analysis.timing_ms})

    def analyze_frame(self, frame_bgr: np.ndarray) -> Analysis:
        """Like `infer`, with the frame's size and timings."""
        started = time.perf_counter()
        detections = self.detect(frame_bgr)
        detected = time.perf_counter()
        faces = self.classify(frame_bgr, detections)
        classified = time.perf_counter()
        return Analysis(
            width=frame_bgr.shape[1],
            height=frame_bgr.shape[0],
            faces=faces,
            timing_ms={
                "detect": (detected - started) * 1e3,
                "classify": (classified - detected) * 1e3,
            },
        )

    def detect(self, frame_bgr: np.ndarray) -> detector.Detections:
        """Faces in pixels of the full frame, found on a reduced one where it is large."""
        height, width = frame_bgr.shape[:2]
        ratio = _DETECTION_SIDE_PX / max(height, width)
        if ratio >= 1:
            return self._detector.detect(frame_bgr)
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        found = self._detector.detect(cv2.resize(frame_bgr, size, interpolation=cv2.INTER_AREA))
        back = np.array([width / size[0], height / size[1]], np.float32)
        landmarks = None if found.landmarks is None else found.landmarks * back
        return detector.Detections(found.boxes * np.tile(back, 2), found.scores, landmarks)

    def classify(self, frame_bgr: np.ndarray, found: detector.Detections) -> list[Face]:
        """Expressions of detected faces, in one batch; largest face first."""
        height, width = frame_bgr.shape[:2]
        boxes = clip(found.boxes, width, height)
        order = [
            i for i in np.argsort(-area(boxes), kind="stable") if area(boxes[i : i + 1])[0] > 0
        ]
        if not order:
            return []
        squares = [
            (
                found.boxes[i],
                self._crop_rule,
                None if found.landmarks is None else found.landmarks[i],
            )
            for i in order
        ]
        crops = np.stack([crop_face(frame_bgr, *square) for square in squares])
        probabilities = self.probabilities(crops)
        return [
            Face(
                boxes[i],
                None if found.scores is None else float(found.scores[i]),
                p,
                confident=bool(p.max() >= self._unsure_below),
                crop=crop,
                corners=crop_corners(*square),
            )
            for i, p, crop, square in zip(order, probabilities, crops, squares, strict=True)
        ]

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Probabilities (N, 7) float32 of (N, 48, 48) uint8 face crops."""
        with torch.inference_mode():
            logits = self.net(_to_input(crops))[:, self._head]
            return (logits / self._temperature).softmax(-1).numpy()

    def explain(self, face: Face) -> np.ndarray:
        """(12, 12) float32, 0..1: how much each part of the face's crop speaks for its label."""
        return layer_cam(self.net, _to_input(face.crop[None]), self._head, LABELS.index(face.label))


def _to_input(crops: np.ndarray) -> torch.Tensor:
    """(N, 1, 48, 48) float32 for the network."""
    x = torch.from_numpy(standardise(crops[:, None].astype(np.float32)))
    return x.contiguous(memory_format=torch.channels_last)
