"""Random changes to a batch of pictures: one affine map each, and a mirror image for half."""

import torch
from torch import Tensor
from torch.nn import functional as F

from train.recipe import Recipe


def augment(grey: Tensor, size_px: int, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Rotate, scale, shift and mirror each picture at random and resample it to `size_px`.

    Args:
        grey: (N, H, W) uint8.
        size_px: side of the pictures that come back.
        recipe: ranges of the changes.
        generator: source of randomness, on the CPU.

    Returns:
        (N, 1, size_px, size_px) float32 on `grey`'s device, grey levels 0..255.
    """
    n = len(grey)

    def uniform(limit: float) -> Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * limit

    angle, zoom = uniform(recipe.rotation_rad), 1 + uniform(recipe.scale)
    mirror = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    # affine_grid's coordinates run from -1 to 1, so a shift of the whole side is 2.
    dx, dy = uniform(2 * recipe.shift), uniform(2 * recipe.shift)
    theta = torch.stack(
        [torch.stack([cos * mirror, -sin, dx], 1), torch.stack([sin * mirror, cos, dy], 1)], 1
    )  # (N, 2, 3)
    grid = F.affine_grid(theta.to(grey.device), [n, 1, size_px, size_px], align_corners=False)
    return F.grid_sample(
        grey[:, None].float(), grid, padding_mode="border", align_corners=False
    )  # bilinear
