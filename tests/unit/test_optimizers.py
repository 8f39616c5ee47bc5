"""Muon's steps, and which weights it takes."""

import pytest
import torch
from torch import nn

from train.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (16, 16)])
def test_orthogonalised_matrices_keep_their_directions_and_lose_their_lengths(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    found = u.T @ orthogonalise(matrix) @ v.T
    lengths = found.diagonal()
    assert lengths.min() > 0.6
    assert lengths.max() < 1.3
    assert (found - lengths.diag()).abs().max() < 1e-3


def test_a_step_does_not_depend_on_the_size_of_the_gradient():
    moved = []
    for factor in (1.0, 1000.0):
        weight = nn.Parameter(torch.zeros(4, 3, 3, 3))
        weight.grad = factor * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
        Muon([weight], lr=0.1, momentum=0.9, weight_decay=0).step()
        moved.append(weight.detach().clone())
    torch.testing.assert_close(moved[0], moved[1], rtol=1e-3, atol=1e-4)
    assert moved[0].abs().max() > 0.01


def test_weights_shrink_by_their_decay_alone_where_nothing_pulls():
    weight = nn.Parameter(torch.ones(4, 5))
    weight.grad = torch.zeros(4, 5)
    Muon([weight], lr=0.1, momentum=0.9, weight_decay=0.5).step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 5), 0.95))
