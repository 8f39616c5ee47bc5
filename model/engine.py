"""From one frame to its faces: detect, crop, classify.

from model.engine import Engine
for face in Engine().infer(frame_bgr):
    print(face.label, face.confidence, face.box)
"""

import sys
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from model import choice, classifiers, detector, tracker
from model.analysis import TRACK_UNITS, Analysis, Face
from model.card import DEFAULT_WEIGHTS, load_card
from model.crop import CROP_RULES, crop_corners, crop_face
from model.decode import decode_reduced
from model.explainer import Explainer
from model.geometry import area, clip
from model.image_header import FrameLimits, check_header
from model.labels import LABELS
from model.names import AUTO, DEFAULT_DETECTOR

if TYPE_CHECKING:
    from model.resnet9 import ResNet9

# Detection runs on a frame reduced to this longer side; crops come from the frame as decoded.
_DETECTION_SIDE_PX = 640
# Frames are decoded no smaller than this, so that the smallest face found, of 32 px in the reduced
# frame, still has the 48 px that the network looks at.
_DECODED_SIDE_PX = 960


class Engine:
    """Detector and network, loaded once.

    Args:
        weights: a .safetensors file with its card beside it.
        detector_name: one of `model.names.DETECTORS`.
        detector_model: YuNet's file.
        engine: what computes the network: one of `model.names.ENGINE_CHOICES`.
        full_detection_ms: in a stream, known faces are only followed, and the whole frame searched
            for others once in so many milliseconds; 0 searches every frame.

    Raises:
        model.card.WeightsError: no usable weights.
        model.detector.DetectorError: no usable detector.
    """

    def __init__(
        self,
        weights: Path = DEFAULT_WEIGHTS,
        detector_name: str = DEFAULT_DETECTOR,
        detector_model: Path | None = None,
        engine: str = AUTO,
        full_detection_ms: float = 0,
    ) -> None:
        self._weights, self.card = weights, load_card(weights)
        head = self.card["serving"]["head"]
        self._head = self.card["architecture"]["heads"].index(head)
        self._temperature = self.card["serving"]["temperature"][head]
        self._unsure_below = self.card["serving"]["unsure_below"]
        self._detector = detector.create(detector_name, detector_model)
        can_follow = hasattr(self._detector, "follow")
        self._full_detection_ms = full_detection_ms if can_follow else 0
        self._crop_rule = CROP_RULES[detector_name]
        self.name = choice.fastest(weights, self.card) if engine == AUTO else engine
        self._classifier = classifiers.create(self.name, weights, self.card)

    def infer(self, frame_bgr: np.ndarray) -> list[Face]:
        """Faces of an (H, W, 3) uint8 frame, largest first."""
        return self.classify(frame_bgr, self.detect(frame_bgr))

    def analyze(
        self,
        encoded: bytes,
        limits: FrameLimits | None = None,
        state: dict[str, Any] | None = None,
        now_ms: float = 0,
    ) -> Analysis:
        """Decode a JPEG, PNG or WebP and find its faces.

        Args:
            encoded: the picture.
            limits: largest picture taken.
            state: what `Analysis.follow` returned for the stream's last frame; None for a picture
                on its own.
            now_ms: time of the frame in its stream.

        Raises:
            model.image_header.FrameError: it is no such picture, too large, or broken.
        """
        started = time.perf_counter()
        size = check_header(encoded, limits or FrameLimits())
        frame, (width, height) = decode_reduced(encoded, size, _DECODED_SIDE_PX)
        decode_ms = (time.perf_counter() - started) * 1e3
        analysis = self.analyze_frame(frame, state, now_ms).enlarged(width, height)
        return replace(analysis, timing_ms={"decode": decode_ms, **analysis.timing_ms})

    def analyze_frame(
        self, frame_bgr: np.ndarray, state: dict[str, Any] | None = None, now_ms: float = 0
    ) -> Analysis:
        """Like `infer`, with the frame's size and timings; see `analyze`."""
        started = time.perf_counter()
        height, width = frame_bgr.shape[:2]
        detections = None
        known = self._known(state, now_ms) * (width / TRACK_UNITS)
        if followed := len(known) > 0:
            detections = self.detect(frame_bgr, known)
            followed = detections is not None
        if detections is None:
            detections = self.detect(frame_bgr)
        detected = time.perf_counter()
        faces = self.classify(frame_bgr, detections)
        classified = time.perf_counter()
        return Analysis(
            width=width,
            height=height,
            faces=faces,
            timing_ms={
                "detect": (detected - started) * 1e3,
                "classify": (classified - detected) * 1e3,
            },
            followed=followed,
        )

    def _known(self, state: dict[str, Any] | None, now_ms: float) -> np.ndarray:
        """(N, 4) places of the faces that are to be followed; none if the frame is to be searched.

        A stream whose clock stands still, or goes back, is searched each time.
        """
        if state is None or not 0 < now_ms - state["searched"] < self._full_detection_ms:
            return np.zeros((0, 4))
        return tracker.expected(state, state["last"], now_ms)

    def detect(
        self, frame_bgr: np.ndarray, known: np.ndarray | None = None
    ) -> detector.Detections | None:
        """Faces in pixels of the full frame, found on a reduced one where it is large.

        Args:
            frame_bgr: (H, W, 3) uint8.
            known: (N, 4) places of faces, the only ones to look for; None searches everywhere.

        Returns:
            At most `model.detector.MAX_FACES` faces; None if one of those known is lost.
        """
        height, width = frame_bgr.shape[:2]
        ratio = min(1.0, _DETECTION_SIDE_PX / max(height, width))
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        if ratio < 1:
            frame_bgr = cv2.resize(frame_bgr, size, interpolation=cv2.INTER_AREA)
        back = np.array([width / size[0], height / size[1]], np.float32)
        if known is None:
            found = self._detector.detect(frame_bgr)
        else:
            found = self._detector.follow(frame_bgr, known / np.tile(back, 2))
        if found is None:
            return None
        found = found.best(detector.MAX_FACES)
        if ratio == 1:
            return found
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
        logits = self._classifier.logits(crops)[:, self._head] / self._temperature
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    @cached_property
    def net(self) -> "ResNet9":
        """The network itself in torch, in evaluation mode: loaded when somebody asks why."""
        from model import checkpoint

        return checkpoint.load(self._weights)[0]

    def explain(self, face: Face) -> np.ndarray:
        """(12, 12) float32, 0..1: how much each part of the face's crop speaks for its label."""
        from model.saliency import layer_cam  # importing torch takes seconds

        faces = classifiers.to_faces(face.crop[None])
        return layer_cam(self.net, faces, self._head, LABELS.index(face.label))

    def explain_soon(self, face: Face) -> np.ndarray | None:
        """Like `explain`, but None while torch would have to be loaded first; it then is."""
        if "torch" in sys.modules:
            return self.explain(face)
        return self._explainer.heat(face.crop, self._head, LABELS.index(face.label))

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._weights)
