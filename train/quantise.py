"""`python -m train.quantise`: the network in 8-bit integers, and what each engine scores.

The convolutions are quantised statically: each channel of their weights has a scale of its own, and
each activation the scale of what Training pictures put there. The first convolution and the linear
layer are a small part of the arithmetic and stay in float.
"""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from scipy.special import log_softmax

from model import card as cards
from model import checkpoint, choice, classifiers, engines, export
from model.classifiers import Classifier
from model.int8_classifier import Int8Classifier
from model.names import ONNX_INT8, TORCH_BFLOAT16, TORCH_FLOAT32
from model.torch_classifier import fold_batch_norm
from train import data, options
from train.data import Split
from train.judge import judge
from train.parse import DataError

MAX_DROP, MAX_ECE = 0.003, 0.03
_CALIBRATION_ROWS = 512
_BATCH = 32
# An engine that takes so many times float32's time is no choice on this machine: not measured.
_TOO_SLOW = 10


class AccuracyError(RuntimeError):
    """The int8 version answers worse than is tolerated; the message says by how much."""


class _Faces(CalibrationDataReader):
    """Batches of what the network is given."""

    def __init__(self, grey: np.ndarray) -> None:
        self._batches = (grey[i : i + _BATCH] for i in range(0, len(grey), _BATCH))

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"faces": classifiers.to_faces(batch)}


def write_int8(weights: Path, training: np.ndarray, file: Path) -> None:
    """Write the int8 version of a weight file as ONNX: faces in, logits out, as `model.export`.

    The same weights, pictures and package versions give the same file.

    Args:
        weights: the .safetensors file.
        training: (N, 48, 48) uint8, the Training rows; some of them show what is usual where.
        file: where to write.
    """
    net, card = checkpoint.load(weights)
    chosen = np.random.default_rng(0).permutation(len(training))[:_CALIBRATION_ROWS]
    with TemporaryDirectory() as folder:
        plain, prepared = Path(folder) / "plain.onnx", Path(folder) / "prepared.onnx"
        export.to_onnx(fold_batch_norm(net), plain)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        nodes = onnx.load(prepared).graph.node
        convolutions = [node.name for node in nodes if node.op_type == "Conv"]
        linear = [node.name for node in nodes if node.op_type in ("Gemm", "MatMul")]
        quantize_static(
            prepared,
            file,
            _Faces(training[chosen]),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Of 7 bits: processors without VNNI add pairs of products in 16 bits and clip.
            reduce_range=True,
            nodes_to_exclude=[convolutions[0], *linear],
        )
    model = onnx.load(file)
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info):
        part.ClearField("metadata_props")  # the exporter's: paths on this machine
        part.ClearField("doc_string")
    onnx.helper.set_model_props(model, {engines.WEIGHTS_KEY: card["sha256"]})
    onnx.save(model, file)


def figures(classifier: Classifier, split: Split, card: dict[str, Any]) -> dict[str, Any]:
    """What an engine scores on PublicTest, under the names of the card's `accuracy`, and `ece`."""
    heads = card["architecture"]["heads"]
    batches = [split.grey[i : i + _BATCH] for i in range(0, len(split), _BATCH)]
    plain = np.concatenate([classifier.logits(batch) for batch in batches]).astype(float)
    mirrored = np.concatenate([classifier.logits(batch[:, :, ::-1]) for batch in batches])
    both = (log_softmax(plain, -1) + log_softmax(mirrored.astype(float), -1)) / 2
    judged, flipped = (
        judge({head: logits[:, i] for i, head in enumerate(heads)}, split, card["serving"])
        for logits in (plain, both)
    )
    return {
        "PublicTest": judged["accuracy"],
        "PublicTest_flip": flipped["accuracy"],
        "PublicTest_ferplus": judged["ferplus"]["accuracy"] if "ferplus" in judged else None,
        "ece": judged["ece"],
    }


def check(int8: dict[str, Any], float32: dict[str, Any]) -> None:
    """Tolerate what int8 loses.

    Args:
        int8, float32: of `figures`.

    Raises:
        AccuracyError: it is too much.
    """
    drop = float32["PublicTest"] - int8["PublicTest"]
    if drop > MAX_DROP or int8["ece"] >= MAX_ECE:
        raise AccuracyError(
            f"int8 loses {100 * drop:.2f} points of top-1 (at most {100 * MAX_DROP:.1f} are "
            f"tolerated) and its calibration error is {int8['ece']:.3f} (below {MAX_ECE} is "
            "tolerated): these weights are served without it"
        )


def quantise(weights: Path, dataset: data.DataSet) -> dict[str, dict[str, Any]]:
    """Make the int8 file beside a weight file, measure every engine, put both on the card.

    Returns:
        `figures` by engine; the int8 file's `sha256` besides.

    Raises:
        DataError: there are no Training or no PublicTest rows.
        AccuracyError: int8 loses too much; the card has the other engines' figures, and no int8
            file is left.
        model.card.WeightsError: no usable weights.
    """
    training, validation = dataset.split("Training"), dataset.split("PublicTest")
    card = {**cards.load_card(weights), "engines": {}}
    engines.int8_path(weights).unlink(missing_ok=True)
    partial = engines.int8_path(weights).with_suffix(".partial")
    write_int8(weights, training.grey, partial)
    running = {
        name: classifiers.create(name, weights, card) for name in (TORCH_FLOAT32, TORCH_BFLOAT16)
    }
    running[ONNX_INT8] = Int8Classifier(partial, card["sha256"])
    seconds = choice.race(running)
    for name, classifier in running.items():
        if seconds[name] <= _TOO_SLOW * seconds[TORCH_FLOAT32]:
            card["engines"][name] = figures(classifier, validation, card)
    int8 = card["engines"].pop(ONNX_INT8)
    try:
        check(int8, card["engines"][TORCH_FLOAT32])
        card["engines"][ONNX_INT8] = {**int8, "sha256": cards.sha256(partial)}
        partial.replace(engines.int8_path(weights))
    finally:
        partial.unlink(missing_ok=True)
        cards.write_card(weights, card)
    return card["engines"]


@click.command(context_settings={"show_default": True})
@options.data
@options.ferplus
@options.weights
def main(data_path: Path, ferplus_path: Path | None, weights: Path) -> None:
    """Make the int8 version of weights, and put each engine's figures on their card.

    It is calibrated on Training rows and measured on PublicTest, and is refused if it loses more
    than 0.3 points of top-1 or its calibration error reaches 0.03.
    """
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    try:
        measured = quantise(weights, data.load(data_path, ferplus_path))
    except (DataError, AccuracyError, cards.WeightsError) as error:
        raise click.ClickException(str(error)) from None
    for name, row in measured.items():
        said = "  ".join(f"{key} {row[key]:.4f}" for key in row if isinstance(row[key], float))
        click.echo(f"{name:15} {said}")
    click.echo(f"wrote {engines.int8_path(weights)} and its figures on {cards.card_path(weights)}")


if __name__ == "__main__":
    main()
