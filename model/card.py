"""The JSON card beside each weight file. The web process reads it: no torch, no numpy here."""

import hashlib
import json
from pathlib import Path
from typing import Any

from model.labels import LABELS
from model.preprocess import INPUT_SIZE_PX

DEFAULT_WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "moodlight.safetensors"

_KEYS = {"name", "version", "labels", "architecture", "preprocessing", "serving", "accuracy"}


class WeightsError(RuntimeError):
    """Weights or their card are missing or wrong; the message says what to do."""


def card_path(weights: Path) -> Path:
    """The card beside a weight file."""
    return weights.with_suffix(".json")


def sha256(path: Path) -> str:
    """Hex digest of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_card(weights: Path) -> dict[str, Any]:
    """Read the card of a weight file and check the file against it.

    Raises:
        WeightsError: a file is missing, is not the one that the card describes, or the card was
            written for other labels or another input size.
    """
    for file_of in (Path, card_path):  # a folder has no card
        file = file_of(weights)
        if not file.is_file():
            raise WeightsError(
                f"no weights at {file}: restore it (git checkout -- weights), name another file "
                "with --weights, or train one (python -m train)"
            )
    path = card_path(weights)
    try:
        card = json.loads(path.read_text())
    except ValueError as error:
        raise WeightsError(
            f"{path} is not valid JSON ({error}): restore it (git checkout -- weights)"
        ) from None
    if not isinstance(card, dict) or card.get("sha256") != sha256(weights):
        raise WeightsError(
            f"{weights} is not the file that {path.name} describes (its SHA-256 differs): "
            "restore both (git checkout -- weights)"
        )
    if missing := _KEYS - set(card):
        raise WeightsError(f"{path} lacks {', '.join(sorted(missing))}: was its run broken off?")
    size_px = card["preprocessing"]["input_size_px"]
    if tuple(card["labels"]) != LABELS or size_px != INPUT_SIZE_PX:
        raise WeightsError(
            f"{path} is for labels {card['labels']} at {size_px} px; this program has "
            f"{list(LABELS)} at {INPUT_SIZE_PX} px"
        )
    return card


def write_card(weights: Path, card: dict[str, Any]) -> None:
    """Write the card of a weight file."""
    card_path(weights).write_text(json.dumps(card, indent=2) + "\n")
