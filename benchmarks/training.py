"""How many pictures a second does the default recipe train on, and what would the machine allow?"""

import json
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np
import torch

from benchmarks.figures import Table, in_new_process, number
from model.resnet9 import ResNet9, count_macs
from train import precision
from train.recipe import RECIPES
from webapp.config import default_workers

_RECIPE = RECIPES["default"]
# A step runs the network forward, and backward for weights and for inputs.
_PASSES = 3
_MATMUL_SIDE = 2048


def measure(seconds: float) -> dict[str, Any]:
    """One process on one core and on all, and a process on each core, in one number format."""
    cores = default_workers()
    alone, together = (1, 1), (1, cores)
    # Each would choose for itself, and not all alike: different work would be compared.
    name = in_new_process(_fastest_format)
    runs = [_run(*how, seconds, name) for how in dict.fromkeys((alone, together, (cores, 1)))]
    return {"cores": cores, "precision": name, "runs": runs}


def _fastest_format() -> str:
    torch.set_num_threads(1)
    return precision.fastest(torch.device("cpu"))


def _run(processes: int, threads: int, seconds: float, name: str) -> dict[str, Any]:
    """The recipe in that number format under `torchrun`, on synthetic rows."""
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *("--nproc-per-node", str(processes), "-m", "benchmarks.training_steps"),
        *(str(seconds), name),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"training ended with {done.returncode}:\n{done.stderr[-2000:]}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return {"processes": processes, "threads": threads, **said}


def matmul_flops(dtype: torch.dtype) -> float:
    """Floating-point operations a second of a large matrix product, the best of several."""
    a, b = (torch.randn(_MATMUL_SIDE, _MATMUL_SIDE).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(6):
        started = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - started)
    return 2 * _MATMUL_SIDE**3 / best


def flops_a_picture(size_px: int) -> float:
    """Of one training step, by the network's multiply-accumulates alone."""
    net = ResNet9(_RECIPE.widths, ("fer2013", "ferplus"))
    return 2 * _PASSES * count_macs(net, size_px)


def pictures_per_s(run: dict[str, Any]) -> float:
    """Over the whole recipe: its epochs at each size take turns."""
    seconds = sum(epochs / run["pictures_per_s"][str(size_px)] for epochs, size_px in _RECIPE.sizes)
    return _RECIPE.epochs / seconds


def share_of_peak(run: dict[str, Any]) -> float:
    """Of the measured matrix product, over the whole recipe."""
    flops = [epochs * flops_a_picture(size_px) for epochs, size_px in _RECIPE.sizes]
    mean = float(np.sum(flops)) / _RECIPE.epochs
    return pictures_per_s(run) * mean / run["matmul_flops"]


def tables(result: dict[str, Any]) -> list[Table]:
    """`measure()`, to be read."""
    sizes = [str(size_px) for _, size_px in _RECIPE.sizes]
    base = pictures_per_s(result["runs"][0])
    return [
        Table(
            "Training, default recipe",
            (
                *("processes x threads", "pictures/s"),
                *(f"at {size} px" for size in sizes),
                *("times one core", "matrix product, GFLOP/s", "share of it"),
            ),
            [
                (
                    f"{run['processes']} x {run['threads']}",
                    number(pictures_per_s(run)),
                    *(number(run["pictures_per_s"][size]) for size in sizes),
                    f"{pictures_per_s(run) / base:.2f}",
                    number(run["matmul_flops"] / 1e9),
                    f"{share_of_peak(run):.2f}",
                )
                for run in result["runs"]
            ],
            f"All in {result['precision']}, the faster format of one process on one thread. Whole "
            "steps on noise with votes: augmentation, forward, backward, Muon and SGD, averaging. "
            "The share counts the network's own operations (forward, and twice as many backward) "
            f"against a product of {_MATMUL_SIDE}x{_MATMUL_SIDE} matrices in the same format; "
            "processes are measured at the same time and their products added.",
        )
    ]
