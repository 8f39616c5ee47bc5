"""Which number format trains faster on this machine."""

import time

import torch
from torch import nn

CHOICES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def fastest(device: torch.device) -> str:
    """Name in `CHOICES` of the faster format for a small convolution, forward and backward.

    Old processors emulate bfloat16 hundreds of times slower, new ones run it 3 times faster, so the
    trial is tiny.
    """
    seconds = {name: _trial_s(dtype, device) for name, dtype in CHOICES.items()}
    return min(seconds, key=seconds.get)


def _trial_s(dtype: torch.dtype, device: torch.device) -> float:
    conv = nn.Conv2d(32, 32, 3, padding=1).to(device, memory_format=torch.channels_last)
    x = torch.zeros(4, 32, 12, 12, device=device).contiguous(memory_format=torch.channels_last)
    best = float("inf")
    for _ in range(5):  # the first pass also compiles kernels
        started = time.perf_counter()
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            y = conv(x)
        y.float().sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - started)
    return best
