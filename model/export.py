"""`python -m model.export`: the network as one file for other programs.

Input `faces`: (N, 1, 48, 48) float32, any N; grey face crops, each standardised to zero mean and
unit deviation (`model.crop`, `model.preprocess`). Output `logits`: (N, heads, 7) float32, heads and
classes in the order of the weights' card. For probabilities divide a head's logits by its
temperature in the card and take the softmax.
"""

import importlib
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import onnxruntime
import torch

from model import checkpoint
from model.card import DEFAULT_WEIGHTS, WeightsError
from model.preprocess import INPUT_SIZE_PX
from model.resnet9 import ResNet9

_TOLERANCE = 1e-4  # of a logit
_CHECKED_BATCHES = (1, 5)  # both differ from the batch that is traced


def to_onnx(net: ResNet9, file: Path) -> None:
    """Write a network as ONNX, weights inside.

    Raises:
        ImportError: the packages `onnx` and `onnxscript` are not installed.
    """
    for package in ("onnx", "onnxscript"):
        importlib.import_module(package)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the exporter's own, about torch's inside
        torch.onnx.export(
            net,
            (_noise(2),),
            file,
            input_names=["faces"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("N")},),
            external_data=False,
            verbose=False,
        )


def to_torchscript(net: ResNet9, file: Path) -> None:
    """Write a network as TorchScript, which `torch.jit.load` reads without this project's code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch advises torch.export
        torch.jit.trace(net, _noise(2)).save(file)


def run_onnx(file: Path, faces: np.ndarray) -> np.ndarray:
    """Logits of an ONNX file for (N, 1, 48, 48) faces, on the CPU."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"faces": faces})[0]


def run_torchscript(file: Path, faces: np.ndarray) -> np.ndarray:
    """Logits of a TorchScript file for (N, 1, 48, 48) faces, on the CPU."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        net = torch.jit.load(file)
    with torch.inference_mode():
        return net(torch.from_numpy(faces)).numpy()


FORMATS = {"onnx": (to_onnx, run_onnx), "torchscript": (to_torchscript, run_torchscript)}


def max_difference(
    net: ResNet9, file: Path, run: Callable[[Path, np.ndarray], np.ndarray]
) -> float:
    """Largest absolute difference between the file's logits and the network's, on seeded noise."""
    differences = []
    for n in _CHECKED_BATCHES:
        with torch.inference_mode():
            expected = net(_noise(n)).numpy()
        differences.append(np.abs(run(file, _noise(n).numpy()) - expected).max())
    return float(max(differences))


def _noise(n: int) -> torch.Tensor:
    shape = (n, 1, INPUT_SIZE_PX, INPUT_SIZE_PX)
    return torch.randn(shape, generator=torch.Generator().manual_seed(n))


@click.command(context_settings={"show_default": True})
@click.option("--format", "name", type=click.Choice(list(FORMATS)), required=True)
@click.option("--weights", type=click.Path(path_type=Path), default=DEFAULT_WEIGHTS)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(name: str, weights: Path, out: Path) -> None:
    """Write the network as ONNX or TorchScript and compare the file's logits with its own.

    Input: (N, 1, 48, 48) float32 for any N, grey face crops, each standardised to zero mean and
    unit deviation. Output: (N, heads, 7) float32 logits, heads and classes in the order of the
    card beside the weights.

    ONNX needs the packages onnx and onnxscript (requirements-dev.txt).
    """
    try:
        net, _ = checkpoint.load(weights)
    except WeightsError as error:
        raise click.ClickException(str(error)) from None
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    write, run = FORMATS[name]
    partial = out.with_name(f"{out.name}.partial")
    try:
        write(net, partial)
    except ImportError as error:
        raise click.ClickException(
            f"ONNX export needs onnx and onnxscript ({error}): pip install -r requirements-dev.txt"
        ) from None
    difference = max_difference(net, partial, run)
    if difference > _TOLERANCE:
        partial.unlink()
        raise click.ClickException(
            f"the {name} file's logits differ from the network's by {difference:.2g}, more than "
            f"{_TOLERANCE:g}: nothing was written"
        )
    partial.replace(out)
    click.echo(f"{out}: max abs difference of the logits {difference:.2g}")


if __name__ == "__main__":
    main()
