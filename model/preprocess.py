"""The one definition of what the network sees: 48x48 grey levels, standardised.

Serving (after `model.crop`) and training (after augmentation) call the same function. Imports
neither torch nor numpy, so that the model's card can be checked without them.
"""

from typing import TypeVar

Array = TypeVar("Array")  # numpy.ndarray or torch.Tensor

INPUT_SIZE_PX = 48

# Keeps a flat picture (a covered lens) finite; about 1 grey level of 255.
_MIN_STD = 1.0


def standardise(grey: Array) -> Array:
    """Give each picture zero mean and unit deviation, so that exposure and contrast do not matter.

    Works alike on numpy arrays and torch tensors.

    Args:
        grey: (..., H, W) float, grey levels 0..255.

    Returns:
        Same type and shape.
    """
    centred = grey - grey.mean(axis=(-2, -1), keepdims=True)
    std = (centred * centred).mean(axis=(-2, -1), keepdims=True) ** 0.5
    return centred / std.clip(min=_MIN_STD)
