"""Judging by the FER+ crowd.

Source: E. Barsoum et al., "Training Deep Networks for Facial Expression Recognition with
Crowd-Sourced Label Distribution" (2016).
"""

import numpy as np

from train.parse import VOTE_COLUMNS, VOTE_NAMES


def majority(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows on which the crowd agrees, and what it says there.

    A row counts if its top vote is unique, is one of our seven classes, and is more than half of
    the votes that are not "not a face".

    Args:
        votes: (N, 10) in the order of `VOTE_NAMES`.

    Returns:
        counted (N,) bool, labels (N,) int in the order of `LABELS` (meaningless where not counted).
    """
    ours = votes[:, VOTE_COLUMNS].astype(int)
    faces = votes[:, : VOTE_NAMES.index("NF")].sum(1)
    top = votes.max(1)
    unique = (votes == top[:, None]).sum(1) == 1
    return unique & (ours.max(1) == top) & (2 * top > faces), ours.argmax(1)
