"""Muon: momentum whose step has all directions of a weight matrix equally long.

`torch.optim.Muon` takes matrices only and always computes in bfloat16, which older processors
emulate; this one takes convolutions and computes in the precision that it is given.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

# Coefficients of the quintic iteration, and how often it runs.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5
# Gives a step the root mean square that Adam's usually has, so that the rate suits all shapes.
_RMS = 0.2


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, with decoupled weight decay.

    Source: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024); step
    size and weight decay as in J. Liu et al., "Muon is Scalable for LLM Training" (2025).

    Args:
        params: weights of two or more dimensions, the first being the outputs.
        lr: step size.
        momentum: 0..1.
        weight_decay: share of the weights taken off at each step, times lr.
        precision: of the iteration; its result needs no more digits than bfloat16 has.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float,
        momentum: float,
        weight_decay: float,
        precision: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._precision = precision

    @torch.no_grad()
    def step(self) -> None:
        """Take one step; parameters without a gradient stay."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, group)

    def _update(self, weight: nn.Parameter, group: dict[str, Any]) -> None:
        momentum = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
        momentum.mul_(group["momentum"]).add_(weight.grad)
        direction = weight.grad.add(momentum, alpha=group["momentum"]).flatten(1)
        size = _RMS * max(direction.shape) ** 0.5
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        step = orthogonalise(direction.to(self._precision)).view_as(weight)
        weight.add_(step, alpha=-group["lr"] * size)


def orthogonalise(matrix: Tensor) -> Tensor:
    """The (M, N) matrix with the same singular vectors and all singular values near 1.

    Newton and Schulz's iteration leaves them between about 0.7 and 1.2, which is enough.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.T
        x = _A * x + (_B * square + _C * square @ square) @ x
    return x.T if tall else x
