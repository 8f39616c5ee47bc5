"""The network in torch, in 32 or 16 bits."""

import copy
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model import checkpoint
from model.classifiers import to_faces
from model.resnet9 import ResNet9


class TorchClassifier:
    """See `model.classifiers.Classifier`.

    Torch's number of threads is the process's business: see `model.worker`.

    Args:
        weights: a .safetensors file with its card beside it.
        bfloat16: compute in bfloat16; slow on processors that lack instructions for it.

    Raises:
        model.card.WeightsError: no usable weights.
    """

    def __init__(self, weights: Path, bfloat16: bool = False) -> None:
        net, _ = checkpoint.load(weights)
        self._dtype = torch.bfloat16 if bfloat16 else torch.float32
        # Folded in float32, rounded afterwards.
        self._net = fold_batch_norm(net).to(self._dtype, memory_format=torch.channels_last)

    @torch.inference_mode()
    def logits(self, crops: np.ndarray) -> np.ndarray:
        """See `model.classifiers.Classifier.logits`."""
        x = torch.from_numpy(to_faces(crops))
        x = x.to(self._dtype, memory_format=torch.channels_last)
        return self._net(x).float().numpy()


def fold_batch_norm(net: ResNet9) -> ResNet9:
    """A copy for inference whose batch norms are part of the convolutions before them."""
    folded = copy.deepcopy(net).eval()
    for block in folded.modules():
        if isinstance(block, nn.Sequential) and isinstance(block[1], nn.BatchNorm2d):
            block[0] = fuse_conv_bn_eval(block[0], block[1])
            block[1] = nn.Identity()
    return folded
