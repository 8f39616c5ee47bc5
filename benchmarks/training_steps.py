"""Started by `benchmarks.training` under `torchrun`: steps of the default recipe for a while."""

import json
import sys
import time
from dataclasses import replace

import numpy as np
import torch

from benchmarks.training import matmul_flops
from train import distributed, precision
from train.loop import Tensors, Trainer
from train.recipe import RECIPES

_STEPS = 4  # an epoch here
_EPOCHS_AT_LEAST = 3


def main() -> None:
    """Pictures a second at each size of the recipe, printed as JSON by the first process."""
    seconds, name = float(sys.argv[1]), sys.argv[2]
    recipe = RECIPES["default"]
    with distributed.join() as processes:
        dtype = precision.CHOICES[name]
        flops = processes.sum(matmul_flops(dtype))
        rates = {}
        for _, size_px in recipe.sizes:
            # Without an end: the rates of learning do not matter here.
            longer = replace(recipe, sizes=((10_000, size_px),))
            trainer = Trainer(longer, _rows(recipe), 0, torch.device("cpu"), dtype, processes)
            until, epochs_s = time.perf_counter() + seconds / len(recipe.sizes), []
            while True:
                started = time.perf_counter()
                trainer.run_epoch(lambda _loss, _rate: None)
                epochs_s.append(time.perf_counter() - started)
                done = len(epochs_s) > _EPOCHS_AT_LEAST and time.perf_counter() > until
                if processes.from_first(done):
                    break
            # The first epoch also finds kernels and buffers.
            rates[size_px] = _STEPS * recipe.batch_size / float(np.median(epochs_s[1:]))
        if processes.first:
            print(json.dumps({"matmul_flops": flops, "pictures_per_s": rates}))


def _rows(recipe) -> Tensors:
    count = _STEPS * recipe.batch_size
    generator = torch.Generator().manual_seed(0)
    return Tensors(
        torch.randint(0, 256, (count, 48, 48), generator=generator, dtype=torch.uint8),
        torch.randint(0, 7, (count,), generator=generator),
        torch.rand(count, 7, generator=generator).softmax(1),
    )


if __name__ == "__main__":
    main()
