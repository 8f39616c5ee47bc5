"""`python -m train.drawings`: the network, the system and the way to new weights, as SVG.

The network's drawing is taken from the module itself, built as the weights' card says.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import torch
from torch import Tensor, nn

from model.card import WeightsError, load_card
from model.labels import LABELS
from model.resnet9 import ResidualPair, ResNet9, layer_macs
from train import options
from train.render import percent
from train.sketch import BLUE, GREEN, GREY, MUTED, ORANGE, Sheet

# What a stage of each class is called, in two lines, and its colour.
_KINDS: dict[type, tuple[str, str, str]] = {
    nn.Sequential: ("3x3 conv,", "norm, ReLU", BLUE),
    ResidualPair: ("residual pair:", "two such convs", ORANGE),
    nn.MaxPool2d: ("max pool", "2x2", GREY),
    nn.AdaptiveMaxPool2d: ("max pool", "global", GREY),
    nn.Linear: ("linear", "", GREEN),
}


@dataclass(frozen=True)
class Stage:
    """One step of the network on one picture.

    Attributes:
        layer: its class.
        shape: of what comes out: channels, height, width; or features.
        macs: multiply-accumulates.
    """

    layer: type
    shape: tuple[int, ...]
    macs: int


def stages(net: ResNet9, size_px: int) -> list[Stage]:
    """The network's steps in order, for one (1, size, size) picture."""
    macs = layer_macs(net, size_px)
    found = []

    def hook_of(name: str) -> Callable:
        def add(layer: nn.Module, _inputs: tuple, out: Tensor) -> None:
            own = sum(n for key, n in macs.items() if f"{key}.".startswith(f"{name}."))
            found.append(Stage(type(layer), tuple(out.shape[1:]), own))

        return add

    steps = [(f"features.{name}", layer) for name, layer in net.features.named_children()]
    steps.append(("classifier", net.classifier))
    hooks = [layer.register_forward_hook(hook_of(name)) for name, layer in steps]
    with torch.inference_mode():
        net.eval()(torch.zeros(1, 1, size_px, size_px))
    for hook in hooks:
        hook.remove()
    return [stage for stage in found if stage.layer in _KINDS]  # without reshapes


def network(card: dict[str, Any]) -> str:
    """SVG of the network that a card describes: each stage's shape and cost."""
    heads = card["architecture"]["heads"]
    size_px = card["preprocessing"]["input_size_px"]
    net = ResNet9(tuple(card["architecture"]["widths"]), tuple(heads))
    steps = stages(net, size_px)
    total = sum(step.macs for step in steps)
    parameters = sum(p.numel() for p in net.parameters())
    pitch, left, middle, chart = 94, 28, 180, 438
    sheet = Sheet(
        2 * left + pitch * (len(steps) + 2),
        500,
        "The network: ResNet9",
        f"{parameters / 1e6:.2f} M parameters, {total / 1e9:.3f} GMAC a face. "
        "Under each stage: what comes out (channels x height x width) and what it costs.",
    )

    def column(i: int, slab_wh: tuple[float, float], words: tuple[str, str, str], c: str) -> float:
        x = left + pitch * (i + 0.5)
        sheet.slab(x - slab_wh[0] / 2, middle - slab_wh[1] / 2, *slab_wh, c)
        for row, word in enumerate(words[:2]):
            sheet.text(x, 284 + 16 * row, word, anchor="middle")
        sheet.text(x, 324, words[2], anchor="middle", mono=True, size=11.5, colour=MUTED)
        return x

    def slab_wh(shape: tuple[int, ...]) -> tuple[float, float]:
        channels, side = shape[0], shape[1] if len(shape) > 1 else 1
        return 8 + 2.6 * math.sqrt(channels), 14 + 130 * side / size_px

    before = slab_wh((1, size_px))
    x = column(0, before, ("grey face,", "standardised", f"1x{size_px}x{size_px}"), GREY)
    for i, step in enumerate(steps, 1):
        first, second, colour = _KINDS[step.layer]
        size = slab_wh(step.shape)
        after = column(i, size, (first, second, "x".join(map(str, step.shape))), colour)
        sheet.arrow((x + before[0] / 2 + 4, middle), (after - size[0] / 2 - 4, middle))
        if step.layer is ResidualPair:  # the input is added to the output
            top = middle - size[1] / 2 - 16
            start, end = after - pitch / 2, after + size[0] / 2 + 9
            sheet.arrow((start, middle), (start, top), (end, top), (end, middle - 4))
        if step.macs:
            height = 60 * step.macs / max(s.macs for s in steps)
            sheet.bar(after - 22, chart - height, 44, height, colour)
            share = step.macs / total
            share = percent(share) if share >= 5e-4 else "< 0.1 %"
            sheet.text(after, chart - height - 6, share, anchor="middle")
            gmacs = f"{step.macs / 1e9:.3f}" if step.macs >= 5e5 else "< 0.001"
            sheet.text(after, chart + 18, gmacs, anchor="middle", colour=MUTED, size=11.5)
        x, before = after, size
    sheet.text(left + pitch / 2, chart - 4, "GMAC", anchor="middle", bold=True)
    sheet.text(left + pitch / 2, chart + 12, "and share", anchor="middle", colour=MUTED)
    sheet.line((left, chart), (left + pitch * (len(steps) + 2), chart))

    x_end = left + pitch * (len(steps) + 1.5)
    sheet.arrow((x + before[0] / 2 + 4, middle), (x_end - 34, middle))
    for row, head in enumerate(heads):
        y = middle + 40 * (row - (len(heads) - 1) / 2)
        serves = head == card["serving"]["head"]
        sheet.slab(x_end - 32, y - 16, 64, 32, GREEN if serves else GREY)
        sheet.text(x_end, y + 4, head, anchor="middle", bold=serves)
    sheet.text(x_end, 284, f"{len(heads)} head{'s' * (len(heads) > 1)} of", anchor="middle")
    sheet.text(x_end, 300, f"{len(LABELS)} logits", anchor="middle")
    sheet.text(x_end, 324, "(green serves)", anchor="middle", colour=MUTED, size=11.5)
    return sheet.svg()


def system() -> str:
    """SVG of the way of a frame: browser, web process, workers and back."""
    sheet = Sheet(
        1080,
        640,
        "How a frame travels",
        "For each client one frame is in a worker and one waits; a newer one replaces it. "
        "Frames live in memory only.",
    )
    sheet.area(28, 90, 290, 522, "browser", "static/js, plain modules")
    sheet.area(395, 90, 290, 522, "web process", "webapp/: eventlet, I/O only, no torch")
    for shift in (16, 8):
        sheet.slab(762 + shift, 90 + shift, 274, 506, GREY)
    sheet.area(762, 90, 274, 506, "worker processes", "model/: one thread of torch each")

    down = (
        (48, BLUE, ("camera.js", "getUserMedia"), ("encoder.js", "canvas to JPEG")),
        (
            415,
            ORANGE,
            ("events.py", "checks header and sizes"),
            ("gate.py", "newest of each client,", "clients in turn"),
        ),
    )
    for x, colour, *cards in down:
        for row, words in enumerate(cards):
            sheet.card(x, 155 + 84 * row, 250, 58, *words, colour=colour)
        sheet.arrow((x + 125, 213), (x + 125, 237))
        sheet.arrow((x + 125, 297), (x + 125, 321))
    sheet.card(48, 323, 250, 58, "transport.js", "Socket.IO, one or two in flight", colour=BLUE)
    sheet.card(415, 323, 250, 58, "pool.py", "to an idle worker", colour=ORANGE)
    steps = (
        ("decode.py", "JPEG to pixels"),
        ("mtcnn.py", "faces and landmarks"),
        ("crop.py", "48x48 grey, level with the eyes"),
        ("preprocess.py", "standardise"),
        ("resnet9.py", "logits"),
        ("engine.py", "probabilities"),
        ("tracker.py", "each face keeps its number"),
    )
    for row, words in enumerate(steps):
        sheet.card(782, 150 + 62 * row, 234, 46, *words, colour=GREEN)
        if row:
            sheet.arrow((899, 134 + 62 * row), (899, 148 + 62 * row))

    sheet.arrow((298, 352), (356, 352), (356, 184), (413, 184), words="frame", at=(356, 176))
    sheet.arrow((665, 352), (724, 352), (724, 173), (780, 173), words="JPEG", at=(724, 165))
    sheet.card(415, 492, 250, 58, "events.py", "to its sender alone", colour=ORANGE)
    sheet.card(48, 464, 250, 58, "main.js", "the newest result counts", colour=BLUE)
    sheet.card(48, 546, 250, 56, "overlay.js, bars.js", "box, label, bars", colour=BLUE)
    sheet.arrow((782, 545), (724, 545), (724, 521), (667, 521), words="faces", at=(724, 563))
    sheet.arrow((415, 514), (300, 514), words="result", at=(356, 530))
    acknowledged = ((415, 502), (356, 502), (356, 372), (300, 372))
    sheet.arrow(*acknowledged, words="then ack", at=(356, 364), dashed=True)
    sheet.arrow((173, 522), (173, 544))
    return sheet.svg()


def workflow() -> str:
    """SVG of the way from data to served weights and to the documents about them."""
    sheet = Sheet(
        1080,
        500,
        "From data to the page",
        "Every figure and drawing in the documents comes from these commands.",
    )
    sheet.card(28, 132, 190, 58, "fer2013.csv", "pictures and labels", colour=GREY)
    sheet.card(28, 214, 190, 58, "fer2013new.csv", "FER+: ten votes a picture", colour=GREY)
    steps = ("augment, forward, loss,", "backward, step, average;", "then fit temperatures")
    sheet.card(286, 152, 216, 100, "python -m train", *steps, colour=BLUE)
    sheet.area(554, 88, 242, 246, "a run's folder", "served from weights/ when shipped")
    files = (
        ("moodlight.safetensors", "weights, float16"),
        ("moodlight.json", "card: recipe, figures, SHA-256"),
        ("history.csv", "loss and accuracy by epoch"),
    )
    uses = (
        ("python -m webapp", "the page and its HTTP API"),
        ("python -m model", "pictures to JSON"),
        ("model.engine", "as a library"),
    )
    for row, (file, use) in enumerate(zip(files, uses, strict=True)):
        y = 144 + 62 * row
        sheet.card(570, y, 210, 52, *file, colour=GREEN)
        sheet.card(862, y, 190, 52, *use, colour=ORANGE)
        sheet.arrow((796, 232), (828, 232), (828, y + 26), (860, y + 26))
    sheet.arrow((218, 161), (252, 161), (252, 194), (284, 194))
    sheet.arrow((218, 243), (252, 243), (252, 210), (284, 210))
    sheet.arrow((502, 202), (552, 202))

    tools = (
        (28, "train.drawings", "network, system, workflow", "as SVG"),
        (290, "train.evaluate", "figures, intervals, plots,", "page of mistakes"),
        (552, "train.robustness", "noise, blur, light, turns,", "the service path"),
    )
    sheet.line((675, 334), (675, 358))
    for x, *words in tools:
        sheet.card(x, 384, 218, 74, *words, colour=BLUE)
        sheet.arrow((675, 358), (x + 109, 358), (x + 109, 382))
    documents = ("docs/model-card.md", "and README's results")
    sheet.card(842, 384, 210, 74, "train.model_card", *documents, colour=BLUE)
    sheet.arrow((675, 358), (947, 358), (947, 382))
    sheet.arrow((770, 421), (840, 421), words="figures", at=(805, 412))
    sheet.arrow((399, 458), (399, 480), (947, 480), (947, 460))
    return sheet.svg()


DRAWINGS: dict[str, Callable[[dict[str, Any]], str]] = {
    "network.svg": network,
    "system.svg": lambda _card: system(),
    "workflow.svg": lambda _card: workflow(),
}


@click.command(context_settings={"show_default": True})
@options.weights
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for network.svg, system.svg and workflow.svg.",
)
def main(weights: Path, out: Path) -> None:
    """Draw the network, the system and the way to new weights."""
    try:
        card = load_card(weights)
    except WeightsError as error:
        raise click.ClickException(str(error)) from None
    out.mkdir(parents=True, exist_ok=True)
    for name, draw in DRAWINGS.items():
        (out / name).write_text(draw(card))


if __name__ == "__main__":
    main()
