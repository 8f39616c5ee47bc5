"""Which parts of a face moved the decision."""

import numpy as np
import torch

from model.resnet9 import EXPLAINED, ResNet9


def layer_cam(net: ResNet9, faces: np.ndarray, head: int, label: int) -> np.ndarray:
    """How much each part of a picture speaks for a label.

    Source: P.-T. Jiang et al., "LayerCAM: Exploring Hierarchical Class Activation Maps for
    Localization" (2021).

    Args:
        net: in evaluation mode; its gradients are left alone.
        faces: (1, 1, 48, 48) float32, standardised.
        head: position of the head asked.
        label: position of the label in `LABELS`.

    Returns:
        (12, 12) float32, 0..1; 1 at the strongest place, all 0 where nothing speaks for the label.
    """
    x = torch.from_numpy(faces).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        activation = net.features[: EXPLAINED + 1](x)
    activation.requires_grad_()
    logits = net.classify(net.features[EXPLAINED + 1 :](activation))
    (gradient,) = torch.autograd.grad(logits[0, head, label], activation)
    heat = (gradient.relu() * activation).sum(1)[0].detach().numpy()
    return heat / max(float(heat.max()), 1e-12)
