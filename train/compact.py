"""`python -m train.compact`: a run's state in 16 bits, half as large.

Convolution and linear weights, also averaged, become float16 (their range is small and their
precision matters); the optimizer's momenta become bfloat16 (theirs is large). Biases and batch
normalisation stay as they are: they are few. `python -m train --resume` reads it like any state.
"""

from pathlib import Path
from typing import Any

import click
import torch

from train import run
from train.parse import DataError


def compact(state: dict[str, Any]) -> dict[str, Any]:
    """A trainer's state with 16-bit matrices, marked with the epoch after which it was rounded."""
    return {
        **state,
        "net": _round(state["net"], torch.float16),
        "averaged": _round(state["averaged"], torch.float16),
        "optimizers": _round(state["optimizers"], torch.bfloat16),
        "compacted_at": state["epoch"],
    }


def _round(part: Any, dtype: torch.dtype) -> Any:
    """The same nested dicts and lists, with every matrix in them as `dtype`."""
    if isinstance(part, dict):
        return {name: _round(value, dtype) for name, value in part.items()}
    if isinstance(part, list):
        return [_round(value, dtype) for value in part]
    if isinstance(part, torch.Tensor) and part.is_floating_point() and part.ndim > 1:
        return part.to(dtype)
    return part


@click.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def main(folder: Path, file: Path) -> None:
    """Write the state of the run in folder RUN to FILE, in 16 bits.

    To go on from it, put FILE into a folder as state.pt and start `python -m train --resume` with
    that folder as --out. The run then ends a little differently, and its card says so.
    """
    try:
        state = compact(run.load_state(folder))
    except DataError as error:
        raise click.ClickException(str(error)) from None
    torch.save(state, file)
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, after epoch {state['epoch']}")


if __name__ == "__main__":
    main()
