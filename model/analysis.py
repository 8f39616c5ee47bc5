"""What is found in one frame, and how it is said to others."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from model import tracker
from model.geometry import xyxy_to_xywh
from model.labels import LABELS

# The width of any frame, in units of the tracks' state.
TRACK_UNITS = 1000


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
    """Faces of one frame.

    Attributes:
        width, height: of the frame, pixels.
        faces: largest first.
        timing_ms: the time that each stage took.
        followed: whether only known faces were looked for, not the whole frame.
    """

    width: int
    height: int
    faces: list[Face]
    timing_ms: dict[str, float]
    followed: bool = False

    @property
    def boxes(self) -> np.ndarray:
        """(N, 4) float32 xyxy, pixels."""
        return np.array([face.box for face in self.faces], np.float32).reshape(-1, 4)

    def follow(
        self, state: dict[str, Any] | None, now_ms: float
    ) -> tuple[list[int], dict[str, Any]]:
        """Track number of each face, and the new state; see `model.tracker.follow`.

        In thousandths of the width: a client may change the size of its frames as it goes. The
        state also says when the last frame was, and when a whole frame was last searched.
        """
        numbers, tracks = tracker.follow(state, self.boxes * (TRACK_UNITS / self.width), now_ms)
        searched = state["searched"] if self.followed else now_ms
        return numbers, {**tracks, "last": now_ms, "searched": searched}

    def enlarged(self, width: int, height: int) -> "Analysis":
        """The same in pixels of a frame of another size."""
        across = np.array([width / self.width, height / self.height], np.float32)
        faces = [
            replace(face, box=face.box * np.tile(across, 2), corners=face.corners * across)
            for face in self.faces
        ]
        return replace(self, width=width, height=height, faces=faces)

    def to_dict(self, tracks: list[int] | None = None) -> dict[str, Any]:
        """Width, height and faces as `result` carries them.

        Args:
            tracks: number of each face; its position by default.
        """
        numbers = range(len(self.faces)) if tracks is None else tracks
        faces = [f.to_dict(track) for f, track in zip(self.faces, numbers, strict=True)]
        return {"width": self.width, "height": self.height, "faces": faces}
