"""Face detectors behind one protocol, looked up by name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from model.geometry import area
from model.paths import for_opencv

# Faces of one frame that are looked at: each costs some 2 ms more, and a picture can show hundreds.
MAX_FACES = 32


class DetectorError(RuntimeError):
    """A detector cannot be loaded; the message says what to do."""


@dataclass(frozen=True)
class Detections:
    """Faces found in one frame; N may be 0.

    Attributes:
        boxes: (N, 4) float32 xyxy, pixels of the frame, not clipped to it.
        scores: (N,) float32 0..1, or None where the detector has no such score.
        landmarks: (N, 5, 2) float32 x, y of the eye on the picture's left, the eye on its right,
            nose, mouth corners left and right; or None.
    """

    boxes: np.ndarray
    scores: np.ndarray | None = None
    landmarks: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def best(self, count: int) -> "Detections":
        """At most `count` of them: those with the highest scores, or without scores the largest."""
        if len(self) <= count:
            return self
        value = area(self.boxes) if self.scores is None else self.scores
        kept = np.argsort(-value, kind="stable")[:count]
        return Detections(
            self.boxes[kept],
            None if self.scores is None else self.scores[kept],
            None if self.landmarks is None else self.landmarks[kept],
        )


class Detector(Protocol):
    """What a back end offers."""

    def detect(self, frame_bgr: np.ndarray) -> Detections:
        """Find faces in an (H, W, 3) uint8 frame, blue-green-red."""


class FollowingDetector(Detector, Protocol):
    """A back end that finds known faces again for much less than it costs to search a frame."""

    def follow(self, frame_bgr: np.ndarray, boxes: np.ndarray) -> Detections | None:
        """Faces near (N, 4) xyxy boxes of a frame, N at least 1; None if one of them is lost."""


def create(name: str, model_path: Path | None = None) -> Detector:
    """The back end of that name.

    Args:
        name: one of `model.names.DETECTORS`.
        model_path: YuNet's ONNX file.

    Raises:
        DetectorError: a file it needs is missing or wrong.
    """
    if name == "mtcnn":
        from model.mtcnn import Mtcnn  # keeps ONNX Runtime out of the other back ends

        return Mtcnn()
    return Haar() if name == "haar" else YuNet(model_path)


class Haar:
    """OpenCV's frontal-face cascade, with the settings of the program this project grew from.

    Source: P. Viola and M. Jones, "Rapid Object Detection using a Boosted Cascade" (2001).
    """

    def __init__(self) -> None:
        if not hasattr(cv2, "CascadeClassifier"):
            raise DetectorError("haar needs OpenCV 4 (pip install -r requirements.txt)")
        path = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier(str(path))

    def detect(self, frame_bgr: np.ndarray) -> Detections:
        grey = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
        found = self._cascade.detectMultiScale(grey, scaleFactor=1.3, minNeighbors=5)
        boxes = np.array(found, np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return Detections(boxes)


class YuNet:
    """OpenCV's YuNet, from a file that the user fetches from the OpenCV model zoo.

    Source: W. Wu, H. Peng and S. Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023).
    """

    _MIN_SCORE = 0.7

    def __init__(self, model_path: Path | None) -> None:
        if model_path is None:
            raise DetectorError("yunet needs its ONNX file: name it with --detector-model FILE")
        if not model_path.is_file():
            raise DetectorError(f"no YuNet file at {model_path}: check --detector-model")
        try:
            self._net = cv2.FaceDetectorYN.create(
                for_opencv(model_path), "", (320, 320), score_threshold=self._MIN_SCORE
            )
        except cv2.error as error:
            raise DetectorError(f"{model_path} is not a YuNet model: {error.err}") from None
        except ValueError as error:
            raise DetectorError(str(error)) from None

    def detect(self, frame_bgr: np.ndarray) -> Detections:
        height, width = frame_bgr.shape[:2]
        self._net.setInputSize((width, height))
        _, found = self._net.detect(frame_bgr)
        found = np.zeros((0, 15), np.float32) if found is None else found
        boxes = found[:, :4].copy()
        boxes[:, 2:] += boxes[:, :2]
        return Detections(boxes, found[:, 14], found[:, 4:14].reshape(-1, 5, 2))
