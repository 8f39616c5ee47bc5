"""Weights on disk: a safetensors file and its card. No pickle anywhere."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from model import card as cards
from model.resnet9 import ResNet9


def save(net: ResNet9, weights: Path, card: dict[str, Any]) -> None:
    """Write float16 weights and their card; the card gets the file's SHA-256.

    Args:
        net: the network; its shape must be the one in `card["architecture"]`.
        weights: path ending in .safetensors.
        card: everything else that the card says.
    """
    tensors = {
        name: (t.half() if t.is_floating_point() else t).contiguous()
        for name, t in net.state_dict().items()
    }
    partial = weights.with_suffix(".partial")
    save_file(tensors, partial)
    partial.replace(weights)
    cards.write_card(weights, {**card, "sha256": cards.sha256(weights)})


def load(weights: Path) -> tuple[ResNet9, dict[str, Any]]:
    """Read a network in evaluation mode (float32) and its card.

    Raises:
        model.card.WeightsError: missing, corrupt, or of another shape than the card says.
    """
    card = cards.load_card(weights)
    architecture = card["architecture"]
    net = ResNet9(tuple(architecture["widths"]), tuple(architecture["heads"]))
    try:
        net.load_state_dict(load_file(weights))
    except (SafetensorError, RuntimeError) as error:
        raise cards.WeightsError(f"{weights} does not fit its card: {error}") from None
    return net.float().eval().to(memory_format=torch.channels_last), card
