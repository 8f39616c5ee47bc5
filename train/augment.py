"""Random changes to a batch: where the face is, how the camera saw it, what hides it."""

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from train.recipe import Recipe

_MAX_BLUR_PX = 1.2  # sigma
_GAIN = (0.5, 1.8)
_MAX_NOISE = 16.0  # sigma, of 255
_JPEG_QUALITY = (15, 90)
_ERASED_SIDE = (0.15, 0.45)  # of the picture's side


def augment(grey: Tensor, size_px: int, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Change each picture at random and resample it to `size_px`.

    Args:
        grey: (N, H, W) uint8.
        size_px: side of the pictures that come back.
        recipe: ranges of the changes.
        generator: source of randomness, on the CPU.

    Returns:
        (N, 1, size_px, size_px) float32 on `grey`'s device, grey levels 0..255.
    """
    x = _move(grey, size_px, recipe, generator)
    if recipe.degrade:
        x = _degrade(x, recipe.degrade, generator)
    if recipe.erase:
        x = _erase(x, recipe.erase, generator)
    return x


def _move(grey: Tensor, size_px: int, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Rotate, scale, shift and mirror."""
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


def _degrade(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Blur, gain with clipping, sensor noise and JPEG, each for its own `share` of the batch."""
    n = len(x)

    def chosen() -> Tensor:
        return (torch.rand(n, generator=generator) < share).to(x.device)

    def uniform(low: float, high: float) -> Tensor:
        return (low + (high - low) * torch.rand(n, generator=generator)).to(x.device)

    def where(mask: Tensor, changed: Tensor) -> Tensor:
        return torch.where(mask[:, None, None, None], changed, x)

    x = where(chosen(), _blur(x, uniform(0.3, _MAX_BLUR_PX)))
    x = where(chosen(), x * uniform(*_GAIN)[:, None, None, None])
    noise = torch.randn(x.shape, generator=generator).to(x.device)
    x = where(chosen(), x + noise * uniform(0, _MAX_NOISE)[:, None, None, None])
    x = x.clamp(0, 255)
    quality = uniform(*_JPEG_QUALITY).int().tolist()
    for row in chosen().nonzero()[:, 0].tolist():
        x[row, 0] = torch.from_numpy(_jpeg(x[row, 0].cpu().numpy(), quality[row])).to(x)
    return x


def _blur(x: Tensor, sigma_px: Tensor) -> Tensor:
    """Gaussian blur with a sigma of its own for each picture, (N,)."""
    reach = torch.arange(-3, 4, device=x.device)
    kernel = torch.exp(-(reach**2) / (2 * sigma_px[:, None] ** 2))
    kernel = kernel / kernel.sum(1, keepdim=True)  # (N, 7)
    planes = F.pad(x.transpose(0, 1), (3, 3, 3, 3), mode="replicate")
    planes = F.conv2d(planes, kernel[:, None, None, :], groups=len(x))
    return F.conv2d(planes, kernel[:, None, :, None], groups=len(x)).transpose(0, 1)


def _jpeg(grey: np.ndarray, quality: int) -> np.ndarray:
    encoded = cv2.imencode(
        ".jpg", grey.round().astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )[1]
    return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)


def _erase(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Fill a rectangle with the picture's mean, for `share` of the batch.

    Source: Z. Zhong et al., "Random Erasing Data Augmentation" (2017).
    """
    n, side = len(x), x.shape[-1]
    low, high = _ERASED_SIDE

    def covered() -> Tensor:
        """(N, side) bool: one random interval each."""
        length = (low + (high - low) * torch.rand(n, 1, generator=generator)) * side
        start = torch.rand(n, 1, generator=generator) * (side - length)
        at = torch.arange(side)
        return (start <= at) & (at < start + length)

    chosen = torch.rand(n, 1, generator=generator) < share
    hidden = ((covered() & chosen)[:, :, None] & covered()[:, None, :]).to(x.device)
    return torch.where(hidden[:, None], x.mean((2, 3), keepdim=True), x)
