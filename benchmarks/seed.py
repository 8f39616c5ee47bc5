"""The way of the program that this project grew from, at the size of its network.

Random weights: only its speed is looked at.
"""

import cv2
import numpy as np
import torch

from model.detector import Detections, Haar
from model.preprocess import INPUT_SIZE_PX
from model.resnet9 import ResNet9

# 1.86 GMAC and 10.9 M parameters for one face; that network had 1.87 and 10.8.
WIDTHS = (80, 240, 288, 640)


class Seed:
    """Haar on the full frame, then a large ResNet9 in torch float32, one face at a time."""

    def __init__(self) -> None:
        self._haar = Haar()
        # Channels-last is the faster of torch's two layouts here.
        self.net = ResNet9(WIDTHS, ("one",)).eval().to(memory_format=torch.channels_last)

    def detect(self, frame_bgr: np.ndarray) -> Detections:
        return self._haar.detect(frame_bgr)

    def crop(self, frame_bgr: np.ndarray, box: np.ndarray) -> np.ndarray:
        """(48, 48) uint8: the detector's rectangle."""
        left, top, right, bottom = box.astype(int)
        grey = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)[top:bottom, left:right]
        return cv2.resize(grey, (INPUT_SIZE_PX, INPUT_SIZE_PX), interpolation=cv2.INTER_AREA)

    def classify(self, crop: np.ndarray) -> np.ndarray:
        """(7,) float32 probabilities of one face."""
        with torch.inference_mode():
            x = torch.from_numpy(crop[None, None]).float() / 255
            return (
                self.net(x.contiguous(memory_format=torch.channels_last)).softmax(-1)[0, 0].numpy()
            )

    def whole(self, encoded: bytes) -> list[np.ndarray]:
        """From the encoded frame to the probabilities of its faces."""
        frame = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
        return [self.classify(self.crop(frame, box)) for box in self.detect(frame).boxes]
