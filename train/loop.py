"""The training loop: augment, forward, loss, backward, step, schedule, average."""

import copy
import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.labels import LABELS
from model.preprocess import INPUT_SIZE_PX, standardise
from model.resnet9 import ResNet9
from train.augment import augment
from train.data import Split
from train.distributed import ALONE, Processes
from train.muon import Muon
from train.parse import VOTE_COLUMNS
from train.recipe import Recipe, from_dict

LABEL_HEAD, VOTE_HEAD = "fer2013", "ferplus"


@dataclass(frozen=True)
class Tensors:
    """A split on the training device.

    Attributes:
        grey: (N, 48, 48) uint8.
        labels: (N,) int64.
        votes: (N, 7) float32, shares that sum to 1, or all 0 where no vote is one of the seven.
    """

    grey: Tensor
    labels: Tensor
    votes: Tensor | None


def to_tensors(split: Split, device: torch.device) -> Tensors:
    """Move a split to `device`, with its votes as shares of our seven classes."""
    votes = None
    if split.votes is not None:
        votes = torch.from_numpy(split.votes[:, VOTE_COLUMNS]).float()
        votes = (votes / votes.sum(1, keepdim=True).clip(min=1)).to(device)
    return Tensors(
        torch.from_numpy(split.grey).to(device),
        torch.from_numpy(split.labels).long().to(device),
        votes,
    )


class Trainer:
    """One run's whole state: network, averaged network, optimizer and epochs done.

    Args:
        recipe: what to do.
        train: the Training rows; with votes, the network gets a second head.
        seed: of the initial weights, the order of rows and the augmentation.
        device: where to compute.
        precision: torch.float32 or torch.bfloat16 (autocast).
        processes: those that train together; each takes its part of every batch.
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Tensors,
        seed: int,
        device: torch.device,
        precision: torch.dtype,
        processes: Processes = ALONE,
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.train, self.seed = recipe, train, seed
        self.device, self.precision, self.processes = device, precision, processes
        heads = (LABEL_HEAD,) if train.votes is None else (LABEL_HEAD, VOTE_HEAD)
        net = ResNet9(recipe.widths, heads).to(device, memory_format=torch.channels_last)
        self.net = net
        self.averaged = AveragedModel(
            net, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema_decay), use_buffers=True
        )
        self._replica = processes.replicate(net)
        self.optimizers = _optimizers(net, recipe, precision)
        self._peaks = [[g["lr"] for g in o.param_groups] for o in self.optimizers]
        self._rows_sha256 = _digest(train)
        self.epoch = 0
        self.compacted_at: int | None = None  # epochs done when the state was rounded to 16 bits
        self.history: list[dict[str, float]] = []

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.train.grey) / self.recipe.batch_size)

    def loss(self, logits: Tensor, rows: Tensor) -> Tensor:
        """Mean loss of (N, heads, 7) logits for these rows of the training split."""
        labels = F.cross_entropy(
            logits[:, 0], self.train.labels[rows], label_smoothing=self.recipe.label_smoothing
        )
        if self.train.votes is None:
            return labels
        votes = F.cross_entropy(logits[:, 1], self.train.votes[rows])
        return labels.lerp(votes, self.recipe.votes_weight)

    def run_epoch(self, on_step: Callable[[float, float], None]) -> None:
        """Train for one epoch; its randomness depends on the seed and the epoch alone.

        Args:
            on_step: called after each step with its loss and the share of the peak rates.
        """
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        order = torch.randperm(len(self.train.grey), generator=generator)
        size_px = self.recipe.size_at(self.epoch)
        started, loss_sum = time.monotonic(), 0.0
        self.net.train()
        for i, batch in enumerate(order.split(self.recipe.batch_size)):
            rows = batch.to(self.device)
            step = self.epoch * self.steps_per_epoch + i
            rate = self.recipe.rate_at(step, self.steps_per_epoch)
            for optimizer, peaks in zip(self.optimizers, self._peaks, strict=True):
                for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                    group["lr"] = rate * peak
            x = standardise(augment(self.train.grey[rows], size_px, self.recipe, generator))
            share, partners = self._mixing(rows, generator)
            if partners is not None:
                x = x.lerp(x[partners], 1 - share)
            part = self.processes.part(len(rows))
            x = x[part].contiguous(memory_format=torch.channels_last)
            with torch.autocast(
                self.device.type, self.precision, enabled=self.precision != torch.float32
            ):
                logits = self._replica(x)
            loss = self.loss(logits.float(), rows[part])
            if partners is not None:
                others = rows[partners][part]
                loss = loss * share + self.loss(logits.float(), others) * (1 - share)
            self.net.zero_grad(set_to_none=True)
            self.processes.weigh(loss, len(x), len(rows)).backward()
            for optimizer in self.optimizers:
                optimizer.step()
            self.averaged.update_parameters(self.net)
            loss_sum += loss.item() * len(x)
            on_step(loss.item(), rate)
        self.epoch += 1
        self.history.append(
            {
                "epoch": self.epoch,
                "size_px": size_px,
                "rate": rate,
                "loss": self.processes.sum(loss_sum) / len(order),
                "seconds": time.monotonic() - started,
            }
        )

    def _mixing(self, rows: Tensor, generator: torch.Generator) -> tuple[float, Tensor | None]:
        """Each picture's share in its mixture, and the places (N,) of the partners in the batch.

        Source: H. Zhang et al., "mixup: Beyond Empirical Risk Minimization" (2017).
        """
        if not self.recipe.mixup:
            return 1.0, None
        seed = int(torch.randint(2**31, (1,), generator=generator))
        share = np.random.default_rng(seed).beta(self.recipe.mixup, self.recipe.mixup)
        return float(share), torch.randperm(len(rows), generator=generator).to(rows.device)

    def weights(self) -> ResNet9:
        """A copy of the averaged network, in evaluation mode."""
        return copy.deepcopy(self.averaged.module).eval()

    def state_dict(self) -> dict:
        """Everything that the next epoch depends on; tensors, numbers and strings only."""
        return {
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "epoch": self.epoch,
            "history": self.history,
            "compacted_at": self.compacted_at,
            **self.identity(),
        }

    def identity(self) -> dict:
        """What makes this run this run, and no other."""
        return {
            "recipe": json.dumps(asdict(self.recipe)),
            "seed": self.seed,
            "rows": self._rows_sha256,
            "precision": str(self.precision).removeprefix("torch."),
        }

    def load_state_dict(self, state: dict) -> None:
        """Go on from `state_dict()` of a run with the same seed, rows and precision.

        Its recipe may have planned another end (see `Recipe.differs_from`).

        Raises:
            ValueError: the run was another one; names the difference.
        """
        planned = from_dict(json.loads(state["recipe"]))
        different = self.recipe.differs_from(planned, state["epoch"], self.steps_per_epoch)
        if different:
            raise ValueError(f"its {different} was another up to epoch {state['epoch']}")
        self.check_same_run({**state, "recipe": self.identity()["recipe"]})
        self.net.load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.epoch, self.history = state["epoch"], state["history"]
        self.compacted_at = state.get("compacted_at")

    def check_same_run(self, other: dict) -> None:
        """Compare with another run's `identity()`.

        Raises:
            ValueError: names the first difference.
        """
        for name, value in self.identity().items():
            if other[name] != value:
                raise ValueError(f"its {name} was {other[name]}, not {value}")


def _optimizers(
    net: ResNet9, recipe: Recipe, precision: torch.dtype
) -> list[torch.optim.Optimizer]:
    """Muon for the convolutions between channels, SGD for the rest."""
    # The first convolution has one input channel: nothing there to orthogonalise.
    convolutions = [p for p in net.parameters() if p.ndim == 4 and p.shape[1] > 1]
    by_muon = convolutions if recipe.muon_lr else []
    others = [p for p in net.parameters() if all(p is not q for q in by_muon)]
    sgd = torch.optim.SGD(
        [
            {
                "params": [p for p in others if p.ndim > 1],
                "weight_decay": recipe.weight_decay,
            },
            {"params": [p for p in others if p.ndim <= 1]},
        ],
        lr=recipe.peak_lr,
        momentum=recipe.momentum,
        nesterov=True,
    )
    if not by_muon:
        return [sgd]
    muon = Muon(by_muon, recipe.muon_lr, recipe.momentum, recipe.muon_weight_decay, precision)
    return [muon, sgd]


def _digest(rows: Tensors) -> str:
    """SHA-256 of everything that is trained on."""
    total = hashlib.sha256()
    for part in (rows.grey, rows.labels, rows.votes):
        if part is not None:
            total.update(part.cpu().numpy().tobytes())
    return total.hexdigest()


@torch.inference_mode()
def predict(
    net: nn.Module,
    grey: Tensor,
    flip: bool = False,
    size_px: int = INPUT_SIZE_PX,
    batch_size: int = 256,
) -> Tensor:
    """Logits for whole pictures.

    Args:
        net: a ResNet9 in evaluation mode.
        grey: (N, 48, 48) uint8.
        flip: average the log-probabilities of each picture and its mirror image.
        size_px: resample the pictures to this side first.

    Returns:
        (N, heads, 7) float32 on the CPU.
    """
    parts = []
    for batch in grey.split(batch_size):
        x = batch[:, None].float()
        if size_px != x.shape[-1]:
            x = F.interpolate(x, size=(size_px, size_px), mode="bilinear", antialias=False)
        x = standardise(x).contiguous(memory_format=torch.channels_last)
        logits = net(x)
        if flip:
            logits = (logits.log_softmax(-1) + net(x.flip(-1)).log_softmax(-1)) / 2
        parts.append(logits.float().cpu())
    return torch.cat(parts) if parts else torch.empty(0, 1, len(LABELS))
