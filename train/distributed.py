"""One network trained by several processes, on one machine or more (`torchrun -m train ...`).

All processes draw the same batches and the same augmentation; each then takes its own part of every
batch, and their gradients are averaged, so that a step is that of the whole batch in one process.
What differs is batch normalisation: each process normalises by its own part, and the running
statistics kept are the first process's.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch

# DistributedDataParallel imports this one as it starts, and its functions' defaults then hold the
# process group for ever: gloo's threads outlive `join` and now and then abort a process at its end.
# Imported before there is a group, they hold none.
import torch.distributed.nn
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """This process's place among those that train together; by default it is alone."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def check_batches(self, rows: int, batch_size: int) -> None:
        """Make sure that every batch of an epoch has a row for each process.

        Raises:
            ValueError: one has not; says what to change.
        """
        smallest = min(batch_size, rows % batch_size or batch_size)
        if smallest < self.count:
            raise ValueError(
                f"{rows} rows in batches of {batch_size} leave one of {smallest}, too small for "
                f"{self.count} processes: start fewer or change the recipe's batch_size"
            )

    def part(self, rows: int) -> slice:
        """This process's part of a batch; the parts differ by at most one row."""
        return slice(self.rank * rows // self.count, (self.rank + 1) * rows // self.count)

    def weigh(self, loss: Tensor, part_rows: int, rows: int) -> Tensor:
        """Scale a part's mean loss, so that the mean over processes is the batch's mean loss."""
        return loss if self.count == 1 else loss * (part_rows * self.count / rows)

    def replicate(self, net: nn.Module) -> nn.Module:
        """What to call in place of `net`, so that all processes' gradients are averaged."""
        return net if self.count == 1 else DistributedDataParallel(net)

    def sum(self, value: float) -> float:
        """The sum of all processes' values."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64)
        distributed.all_reduce(total, distributed.ReduceOp.SUM)
        return total.item()

    def from_first(self, value: T) -> T:
        """The first process's value, on the CPU, in every process."""
        if self.count == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]


ALONE = Processes()


@contextmanager
def join() -> Iterator[Processes]:
    """Join the processes that `torchrun` started; without it this one is alone.

    Tensors travel by gloo where they are on the CPU and by NCCL where they are on a GPU.
    """
    if not distributed.is_torchelastic_launched():
        yield ALONE
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(default_device())
    distributed.init_process_group()
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def default_device() -> torch.device:
    """A GPU of this process's own, or the CPU where there is none."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    return torch.device("cpu")
