"""Which engines run a weight file. The web process asks too: no torch, no numpy here.

Torch's engines read the weights themselves. `onnx-int8` reads a file of its own beside them, which
`train.quantise` makes and whose digest stands in the card; weights without it run without it.
"""

from pathlib import Path
from typing import Any

from model.card import WeightsError, sha256
from model.names import ENGINES, ONNX_INT8

# Where the int8 file says which weights it was made of.
WEIGHTS_KEY = "weights_sha256"


def int8_path(weights: Path) -> Path:
    """The int8 file beside a weight file."""
    return weights.with_suffix(".int8.onnx")


def offered(weights: Path, card: dict[str, Any]) -> tuple[str, ...]:
    """Engines that these weights can run on."""
    has_int8 = ONNX_INT8 in card.get("engines", {}) and int8_path(weights).is_file()
    return tuple(name for name in ENGINES if name != ONNX_INT8 or has_int8)


def check(name: str, weights: Path, card: dict[str, Any]) -> None:
    """Make sure that the weights can run on an engine.

    Args:
        name: one of `model.names.ENGINES`.
        weights: the weight file.
        card: the one beside it.

    Raises:
        WeightsError: they have no int8 file, or it is not the one that the card describes.
    """
    if name != ONNX_INT8:
        return
    file = int8_path(weights)
    if name not in offered(weights, card):
        raise WeightsError(
            f"{weights} has no int8 version: make one (python -m train.quantise), or choose "
            "another --engine"
        )
    if sha256(file) != card["engines"][name]["sha256"]:
        raise WeightsError(
            f"{file} is not the file that the card describes (its SHA-256 differs): restore it "
            "(git checkout -- weights) or make it again (python -m train.quantise)"
        )
