"""What test_distributed.py runs alone, and under torchrun as `-m tests.unit.two_processes OUT`."""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from train import distributed
from train.distributed import ALONE, Processes
from train.loop import Tensors, Trainer
from train.recipe import Recipe

# 70 rows in batches of 33: odd batches, whose parts are unequal.
BATCH_SIZE = 33
RECIPE = Recipe(
    widths=(8, 8, 16, 16), sizes=((2, 24), (2, 32)), batch_size=BATCH_SIZE, mixup=0.2, erase=0.3
)


def _trainer(processes: Processes) -> Trainer:
    """A new run on noise whose classes differ in one band."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(70) % 7
    grey = torch.randint(0, 120, (70, 48, 48), generator=generator, dtype=torch.uint8)
    for row, label in enumerate(labels.tolist()):
        grey[row, label * 6 : label * 6 + 6] += 120
    rows = Tensors(grey, labels, F.one_hot(labels, 7) * 0.8 + 0.2 / 7)
    return Trainer(RECIPE, rows, 0, torch.device("cpu"), torch.float32, processes)


def _freeze(norm: nn.BatchNorm2d) -> None:
    norm.eval().train = lambda _mode: norm


def _no_step(_loss: float, _lr: float) -> None:
    pass


def gradients(processes: Processes) -> list[dict[str, torch.Tensor]]:
    """The gradients of each step of one epoch, batch normalisation frozen."""
    trainer = _trainer(processes)
    for layer in trainer.net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            _freeze(layer)
    steps = []

    def keep(_loss: float, _lr: float) -> None:
        steps.append({name: p.grad.clone() for name, p in trainer.net.named_parameters()})

    trainer.run_epoch(keep)
    return steps


def whole_run(processes: Processes) -> Trainer:
    """All epochs."""
    trainer = _trainer(processes)
    while trainer.epoch < RECIPE.epochs:
        trainer.run_epoch(_no_step)
    return trainer


def resumed_run(processes: Processes) -> Trainer:
    """The same, with a new start from the first process's state after two epochs."""
    first = _trainer(processes)
    first.run_epoch(_no_step)
    first.run_epoch(_no_step)
    trainer = _trainer(processes)
    trainer.load_state_dict(processes.from_first(first.state_dict()))
    while trainer.epoch < RECIPE.epochs:
        trainer.run_epoch(_no_step)
    return trainer


def everything(processes: Processes = ALONE) -> dict:
    whole, resumed = whole_run(processes), resumed_run(processes)
    return {
        "count": processes.count,
        "gradients": gradients(processes),
        "losses": [row["loss"] for row in whole.history],
        "whole": whole.weights().state_dict(),
        "resumed": resumed.weights().state_dict(),
    }


def gloo_threads() -> list[str]:
    """Names of this process's threads that talk to others; Linux tells them."""
    names = (path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm"))
    return [name for name in names if "gloo" in name]


if __name__ == "__main__":
    with distributed.join() as joined:
        found = everything(joined) | {"gloo_threads": gloo_threads()}
    found["gloo_threads_left"] = gloo_threads()
    torch.save(found, Path(sys.argv[1]) / f"rank{joined.rank}.pt")
