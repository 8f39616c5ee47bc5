"""Named training recipes: every number that shapes a run, in one place."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Settings of one run; saved with its checkpoints and in the model card."""

    widths: tuple[int, int, int, int] = (32, 64, 128, 256)  # channels of the four blocks
    sizes: tuple[tuple[int, int], ...] = ((9, 32), (6, 40), (3, 48))  # (epochs, input pixels)
    batch_size: int = 64  # pictures a step
    muon_lr: float = 0.01  # peak, of Muon on the convolutions; 0 leaves them to SGD
    muon_weight_decay: float = 0.1  # times the learning rate
    peak_lr: float = 0.05  # of SGD on all other weights
    warmup: float = 3.6  # epochs in which the rates rise from 0
    cooldown: float = 14.4  # last epochs, in which they fall to 0; level in between
    momentum: float = 0.9  # Nesterov, of both
    weight_decay: float = 5e-4  # of SGD, on matrices only
    label_smoothing: float = 0.1  # of FER2013's hard labels; crowd votes are soft already
    ema_decay: float = 0.998  # a step, of the averaged weights that are kept
    votes_weight: float = 0.5  # share of the loss from the FER+ head, when votes are given
    rotation_rad: float = 0.25  # uniform, both ways
    scale: float = 0.12  # uniform, both ways, as a fraction of the side
    shift: float = 0.12  # uniform, both ways, as a fraction of the side
    degrade: float = 0.0  # share of the pictures that get each of blur, gain, noise and JPEG
    erase: float = 0.0  # share of the pictures that lose a rectangle
    mixup: float = 0.0  # alpha of the Beta distribution of the mixing share; 0 mixes nothing

    @property
    def epochs(self) -> int:
        return sum(count for count, _ in self.sizes)

    def size_at(self, epoch: int) -> int:
        """Input side in pixels of epoch 0..epochs-1."""
        for count, size_px in self.sizes:
            if epoch < count:
                return size_px
            epoch -= count
        raise IndexError("epoch past the end of the recipe")

    def rate_at(self, step: int, steps_per_epoch: int) -> float:
        """Share of the peak learning rates at a step counted from 0: up, level and down, linear.

        Without a level part it is the 1cycle policy, L. N. Smith and N. Topin, "Super-Convergence"
        (2018).
        """
        warmup_steps = max(1, round(self.warmup * steps_per_epoch))
        cooldown_steps = max(1, round(self.cooldown * steps_per_epoch))
        left = self.epochs * steps_per_epoch - step
        return min(1.0, (step + 1) / warmup_steps, left / (cooldown_steps + 1))

    def differs_from(self, other: "Recipe", epochs: int, steps_per_epoch: int) -> str | None:
        """What would have gone otherwise in the first epochs under another recipe.

        Sizes, rates and the total to come may differ: a run may be given another end.

        Returns:
            A field's name, or None if those epochs would have been the same.
        """
        ours, theirs = asdict(self), asdict(other)
        for name in ours:
            if name not in _LATER and ours[name] != theirs[name]:
                return name
        if epochs > min(self.epochs, other.epochs) or any(
            self.size_at(epoch) != other.size_at(epoch) for epoch in range(epochs)
        ):
            return "sizes"
        steps = range(epochs * steps_per_epoch)
        if any(
            self.rate_at(s, steps_per_epoch) != other.rate_at(s, steps_per_epoch) for s in steps
        ):
            return "warmup or cooldown"
        return None


# Fields that also say what comes later.
_LATER = {"sizes", "warmup", "cooldown"}

RECIPES = {
    "default": Recipe(),
    # Long: two hours alone on two cores with bfloat16, many without. Compared and tuned on
    # PublicTest, and on nothing else. At full rates until epoch 32: it may be given another end.
    "record": Recipe(
        widths=(32, 64, 160, 384),
        sizes=((40, 32), (12, 40), (10, 48)),
        batch_size=128,
        muon_lr=0.014,
        peak_lr=0.08,
        warmup=1.5,
        cooldown=30,
        degrade=0.12,
        erase=0.15,
    ),
    # Two epochs of a tiny network: proves that everything runs, learns little.
    "smoke": Recipe(
        widths=(8, 8, 16, 16),
        sizes=((1, 24), (1, 48)),
        batch_size=32,
        warmup=0.4,
        cooldown=1.6,
    ),
}


def from_dict(values: dict[str, Any]) -> Recipe:
    """Recipe from JSON-like values (lists become tuples).

    Raises:
        ValueError: a name is no field of `Recipe`.
    """
    known = {field.name for field in fields(Recipe)}
    if unknown := sorted(set(values) - known):
        raise ValueError(
            f"unknown recipe field {', '.join(unknown)}: known are {', '.join(sorted(known))}"
        )
    return replace(Recipe(), **{name: _as_tuples(value) for name, value in values.items()})


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list | tuple) else value
