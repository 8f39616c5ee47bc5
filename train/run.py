"""One run's folder: its state on disk, its history, and what it ships."""

import csv
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from model import card as cards
from model import checkpoint, engines
from model.labels import LABELS
from model.preprocess import INPUT_SIZE_PX
from model.resnet9 import count_macs
from train import plots, record
from train.data import DataSet, Split
from train.judge import fit_serving, judge, logits_by_head
from train.loop import Trainer
from train.parse import DataError

_STATE_FILE = "state.pt"
WEIGHTS_FILE = "moodlight.safetensors"
_VERSION = "1"
# Figures in the card that decide which of two networks is better.
_DECIDING = {"PublicTest_ferplus": "FER+ accuracy", "PublicTest_flip": "FER2013 with flips"}


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


def refuse_worse(card: dict[str, Any], weights: Path) -> None:
    """Make sure that weights with this card do not replace better ones.

    Args:
        card: of the new weights.
        weights: the file that they would replace; it may be missing or unfinished.

    Raises:
        model.card.WeightsError: that file's card has a better figure; names them all.
    """
    try:
        old = cards.load_card(weights)["accuracy"]
    except cards.WeightsError:
        return
    measured = [name for name in _DECIDING if old.get(name) is not None]
    new = {name: card["accuracy"].get(name) for name in measured}
    if all(new[name] is not None and new[name] >= old[name] for name in measured):
        return
    compared = ", ".join(
        f"{_DECIDING[name]} {old[name]:.4f} against {_in_digits(new[name])}" for name in measured
    )
    raise cards.WeightsError(f"{weights} is better ({compared}): replace it with --force")


def _in_digits(figure: float | None) -> str:
    return "none" if figure is None else f"{figure:.4f}"


def ship(
    trainer: Trainer, data: DataSet, validation: Split, folder: Path, force: bool
) -> dict[str, Any]:
    """Measure the weights as they will be on disk (float16), then write them and their card.

    The logits for PublicTest are written besides (`train.record`).

    Args:
        trainer: the finished run.
        data: the whole data set.
        validation: the rows to measure on.
        folder: where to write.
        force: replace better weights in `folder` too.

    Returns:
        The card.

    Raises:
        model.card.WeightsError: the weights in `folder` are better.
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
        "processes": trainer.processes.count,
        "resumed_from_compact_state_at_epoch": trainer.compacted_at,
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
    weights = folder / WEIGHTS_FILE
    if not force:
        refuse_worse(card, weights)
    for beside in (record.path, engines.int8_path):  # of the weights that are replaced
        beside(weights).unlink(missing_ok=True)
    checkpoint.save(net.cpu(), weights, card)
    if "PublicTest" in data.splits:
        record.write(weights, net, plain, validation)
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
