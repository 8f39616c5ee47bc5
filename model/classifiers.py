"""The network behind one protocol, whatever computes it."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from model import engines
from model.names import ONNX_INT8, TORCH_BFLOAT16
from model.preprocess import standardise


class Classifier(Protocol):
    """What an engine offers."""

    def logits(self, crops: np.ndarray) -> np.ndarray:
        """(N, heads, 7) float32 logits of (N, 48, 48) uint8 face crops; N is 1 or more."""


def create(name: str, weights: Path, card: dict[str, Any]) -> Classifier:
    """The engine of that name, loaded.

    Args:
        name: one of `model.names.ENGINES`.
        weights: the weight file.
        card: the one beside it.

    Raises:
        model.card.WeightsError: the weights, or the engine's own file, are missing or wrong.
    """
    engines.check(name, weights, card)
    if name == ONNX_INT8:
        from model.int8_classifier import Int8Classifier

        return Int8Classifier(engines.int8_path(weights), card["sha256"])
    from model.torch_classifier import TorchClassifier  # importing torch takes seconds

    return TorchClassifier(weights, bfloat16=name == TORCH_BFLOAT16)


def to_faces(crops: np.ndarray) -> np.ndarray:
    """(N, 1, 48, 48) float32 for the network, from (N, 48, 48) uint8 crops."""
    return standardise(crops[:, None].astype(np.float32))
