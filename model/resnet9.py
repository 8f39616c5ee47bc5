"""The network: a ResNet9 for small grey pictures, one linear head for each label set.

Source: the 9-layer residual network of D. Page, "How to train your ResNet" (2018-19), with residual
pairs after the second and the last convolution block.
"""

import torch
from torch import Tensor, nn

from model.labels import LABELS


def conv_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU; keeps height and width."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class ResidualPair(nn.Module):
    """x + block(block(x)), the same shape out as in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(conv_block(channels, channels), conv_block(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.blocks(x)


# The stage of `ResNet9.features` that `model.saliency` looks at: the deepest whose places still
# tell eyes from mouth.
EXPLAINED = 6


class ResNet9(nn.Module):
    """Logits of the seven expressions for each face and each label set.

    Args:
        widths: channels of the four convolution blocks.
        heads: names of the label sets, one linear head each.
    """

    def __init__(self, widths: tuple[int, int, int, int], heads: tuple[str, ...]) -> None:
        super().__init__()
        a, b, c, d = widths
        self.widths = tuple(widths)
        self.heads = tuple(heads)
        self.features = nn.Sequential(  # shapes for a 48x48 input
            conv_block(1, a),  # (N, a, 48, 48)
            conv_block(a, b),
            nn.MaxPool2d(2),  # (N, b, 24, 24)
            ResidualPair(b),
            conv_block(b, c),
            nn.MaxPool2d(2),  # (N, c, 12, 12)
            conv_block(c, d),  # (N, d, 12, 12), number `EXPLAINED`
            nn.MaxPool2d(2),  # (N, d, 6, 6)
            ResidualPair(d),
            nn.AdaptiveMaxPool2d(1),  # global: any input of 8x8 or more works
            nn.Flatten(),  # (N, d)
        )
        self.classifier = nn.Linear(d, len(heads) * len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 1, H, W) float32, standardised by `model.preprocess`, to (N, heads, 7) logits."""
        return self.classify(self.features(x))

    def classify(self, pooled: Tensor) -> Tensor:
        """Map (N, d) float32, the output of `features`, to (N, heads, 7) logits."""
        return self.classifier(pooled).unflatten(1, (len(self.heads), len(LABELS)))


def layer_macs(net: ResNet9, size_px: int) -> dict[str, int]:
    """Multiply-accumulates of each convolution and linear layer for one (1, size, size) picture.

    Returns:
        By the layer's name in `net.named_modules()`.
    """
    macs = {}
    names = {m: name for name, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}

    def add(layer: nn.Module, _inputs: tuple, out: Tensor) -> None:
        macs[names[layer]] = out[0].numel() * layer.weight[0].numel()

    hooks = [layer.register_forward_hook(add) for layer in names]
    was_training = net.training
    with torch.inference_mode():
        net.eval()(torch.zeros(1, 1, size_px, size_px))
    net.train(was_training)
    for hook in hooks:
        hook.remove()
    return macs


def count_macs(net: ResNet9, size_px: int) -> int:
    """Sum of `layer_macs`."""
    return sum(layer_macs(net, size_px).values())
