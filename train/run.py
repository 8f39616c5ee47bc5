"""One run's folder: its state on disk, its history, and what it ships."""

import csv
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from model import checkpoint
from model.labels import LABELS
from model.preprocess import INPUT_SIZE_PX
from model.resnet9 import count_macs
from train import plots
from train.data import DataSet, Split
from train.judge import fit_serving, judge, logits_by_head
from train.loop import Trainer
from train.parse import DataError

_STATE_FILE = "state.pt"
_WEIGHTS_FILE = "moodlight.safetensors"
_VERSION = "1"


def save_state(trainer: Trainer, folder: Path) -> None:
    """Write everything that the next epoch depends on; the old state stays until it is whole."""
    partial = folder / f"{_STATE_FILE}.partial"
    torch.save(trainer.state_dict(), partial)
    partial.replace(folder / _STATE_FILE)


def load_state(folder: Path) -> dict[str, Any]:
    """Read what `save_state` wrote; tensors, numbers and strings only.

    Raises:
        DataError: there is none.
    """
    path = folder / _STATE_FILE
    if not path.is_file():
        raise DataError(f"nothing to resume at {path}: start without --resume")
    return torch.load(path, map_location="cpu", weights_only=True)


def write_history(history: list[dict[str, float]], folder: Path) -> None:
    """`history.csv` and the learning curves."""
    with (folder / "history.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, list(history[0]))
        writer.writeheader()
        writer.writerows(history)
    plots.learning_curves(history, folder / "learning-curves.png")


def ship(trainer: Trainer, data: DataSet, validation: Split, folder: Path) -> dict[str, Any]:
    """Measure the weights as they will be on disk (float16), then write them and their card.

    Returns:
        The card.
    """
    net = trainer.weights().half().float()
    device = trainer.device
    plain = logits_by_head(net, validation.grey, device, flip=False)
    card: dict[str, Any] = {
        "name": "moodlight-resnet9",
        "version": _VERSION,
        "labels": list(LABELS),
        "architecture": {
            "type": "ResNet9",
            "widths": list(net.widths),
            "heads": list(net.heads),
            "parameters": sum(p.numel() for p in net.parameters()),
            "gmacs": round(count_macs(net, INPUT_SIZE_PX) / 1e9, 4),
        },
        "preprocessing": {
            "input_size_px": INPUT_SIZE_PX,
            "channels": "grey",
            "normalisation": "each picture to zero mean and unit deviation",
        },
        "data": {"name": "FER2013", "sha256": data.sha256, "ferplus": len(net.heads) > 1},
        "recipe": asdict(trainer.recipe),
        "seed": trainer.seed,
        "precision": str(trainer.precision).removeprefix("torch."),
        "commit": _commit(),
        "serving": fit_serving(plain, validation),
        # A figure that was not measured stays null.
        "accuracy": {"PublicTest": None, "PublicTest_flip": None, "PrivateTest": None},
    }
    if "PublicTest" in data.splits:
        figures = judge(plain, validation, card["serving"])
        flipped = logits_by_head(net, validation.grey, device, flip=True)
        flip_figures = judge(flipped, validation, card["serving"])
        card["accuracy"]["PublicTest"] = figures["accuracy"]
        card["accuracy"]["PublicTest_flip"] = flip_figures["accuracy"]
        card["recall"] = {name: row["recall"] for name, row in figures["per_class"].items()}
        card["confusion"] = figures["confusion"]
        card["calibration"] = {key: figures[key] for key in ("ece_head", "ece", "ece_cv")}
        if "ferplus" in figures:
            card["accuracy"]["PublicTest_ferplus"] = figures["ferplus"]["accuracy"]
            card["accuracy"]["PublicTest_ferplus_flip"] = flip_figures["ferplus"]["accuracy"]
    checkpoint.save(net.cpu(), folder / _WEIGHTS_FILE, card)
    return card


def _commit() -> str | None:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
