"""The network in 8-bit integers, in ONNX Runtime."""

from pathlib import Path

import numpy as np

from model.card import WeightsError
from model.classifiers import to_faces
from model.engines import WEIGHTS_KEY
from model.onnx_session import open_session


class Int8Classifier:
    """See `model.classifiers.Classifier`.

    Args:
        file: what `train.quantise` wrote.
        weights_sha256: digest of the weights that it must have been made of.

    Raises:
        WeightsError: it was made of other weights.
    """

    def __init__(self, file: Path, weights_sha256: str) -> None:
        self._session = open_session(file)
        made_of = self._session.get_modelmeta().custom_metadata_map.get(WEIGHTS_KEY)
        if made_of != weights_sha256:
            raise WeightsError(
                f"{file} was made of other weights: make it again (python -m train.quantise)"
            )

    def logits(self, crops: np.ndarray) -> np.ndarray:
        """See `model.classifiers.Classifier.logits`."""
        return self._session.run(["logits"], {"faces": to_faces(crops)})[0]
