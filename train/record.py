"""What a network answered on PublicTest, kept beside its weights.

With it the card's figures can be recomputed without the data, and any change of the weights, or of
the code that runs them, shows.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from model import card
from model.preprocess import INPUT_SIZE_PX
from model.resnet9 import ResNet9
from train import ferplus
from train.data import Split
from train.loop import predict

NOT_COUNTED = 255
_NOISE_PICTURES = 16


@dataclass(frozen=True)
class Record:
    """Answers of one weight file.

    Attributes:
        logits: (N, heads, 7) float16, of PublicTest's N rows without flip averaging.
        labels: (N,) uint8, FER2013's labels.
        majority: (N,) uint8, what the FER+ crowd says, or `NOT_COUNTED`.
        noise_logits: (16, heads, 7) float32, of `noise`.
        sha256: () str, hex digest of the weight file.
    """

    logits: np.ndarray
    labels: np.ndarray
    majority: np.ndarray
    noise_logits: np.ndarray
    sha256: np.ndarray


def path(weights: Path) -> Path:
    """The record beside a weight file."""
    return weights.with_suffix(".publictest.npz")


def noise(net: ResNet9) -> np.ndarray:
    """(16, heads, 7) float32 logits of a network for 16 seeded pictures of noise."""
    shape = (_NOISE_PICTURES, INPUT_SIZE_PX, INPUT_SIZE_PX)
    pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return predict(net, torch.from_numpy(pictures)).numpy()


def write(weights: Path, net: ResNet9, logits: dict[str, np.ndarray], split: Split) -> None:
    """Write the record of a weight file that is already on disk.

    Args:
        weights: the file.
        net: what is in it, on the CPU.
        logits: (N, 7) by head, for the rows of `split`.
        split: PublicTest.
    """
    majority = np.full(len(split), NOT_COUNTED, np.uint8)
    if split.votes is not None:
        counted, crowd = ferplus.majority(split.votes)
        majority[counted] = crowd[counted]
    record = Record(
        logits=np.stack([logits[head] for head in net.heads], 1).astype(np.float16),
        labels=split.labels,
        majority=majority,
        noise_logits=noise(net),
        sha256=np.array(card.sha256(weights)),
    )
    np.savez_compressed(path(weights), **asdict(record))


def load(weights: Path) -> Record:
    """Read the record of a weight file.

    Raises:
        model.card.WeightsError: there is none, or it is of other weights.
    """
    file = path(weights)
    if not file.is_file():
        raise card.WeightsError(f"no {file}: train on data that has PublicTest rows")
    with np.load(file) as arrays:
        record = Record(**arrays)
    if str(record.sha256) != card.sha256(weights):
        raise card.WeightsError(f"{file} is of other weights than {weights.name}")
    return record
