"""`python -m train.robustness`: accuracy on PublicTest when the pictures are less than perfect.

Each condition changes the 48x48 pictures by a mild and a strong step. The service path sets each
picture into a camera's frame, encodes it as JPEG, and lets the served pipeline find and judge it.
"""

import json
from collections.abc import Callable
from pathlib import Path

import click
import cv2
import numpy as np
import torch

from model.card import WeightsError, sha256
from model.crop import CROP_RULES, crop_face
from model.decode import decode
from model.detector import DetectorError
from model.engine import Engine
from model.preprocess import INPUT_SIZE_PX
from train import data, ferplus, options, plots
from train.canvas import CANVAS_HW, on_canvas
from train.judge import logits_by_head
from train.loop import LABEL_HEAD, VOTE_HEAD
from train.parse import DataError

_CENTRE = (INPUT_SIZE_PX - 1) / 2
_SERVICE_JPEG_QUALITY = 70

# A change of one (48, 48) uint8 picture; the row's number varies directions, the same every time.
Change = Callable[[np.ndarray, int], np.ndarray]


def _jpeg(quality: int) -> Change:
    def change(grey: np.ndarray, _row: int) -> np.ndarray:
        encoded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)

    return change


def _blur(sigma_px: float) -> Change:
    return lambda grey, _row: cv2.GaussianBlur(grey, (0, 0), sigma_px)


def _gain(factor: float) -> Change:
    return lambda grey, _row: np.clip(grey * factor, 0, 255).astype(np.uint8)


def _noise(sigma: float) -> Change:
    def change(grey: np.ndarray, row: int) -> np.ndarray:
        noisy = grey + np.random.default_rng(row).normal(0, sigma, grey.shape)
        return np.clip(noisy.round(), 0, 255).astype(np.uint8)

    return change


def _affine(degrees: float = 0.0, shift: float = 0.0, scale: float = 0.0) -> Change:
    def change(grey: np.ndarray, row: int) -> np.ndarray:
        sign = 1 if row % 2 else -1
        matrix = cv2.getRotationMatrix2D((_CENTRE, _CENTRE), sign * degrees, 1 + sign * scale)
        direction = np.pi / 2 * (row % 4)
        matrix[:, 2] += shift * INPUT_SIZE_PX * np.array([np.cos(direction), np.sin(direction)])
        return cv2.warpAffine(
            grey, matrix, (INPUT_SIZE_PX, INPUT_SIZE_PX), borderMode=cv2.BORDER_REPLICATE
        )

    return change


def _cover(top: float, bottom: float) -> Change:
    def change(grey: np.ndarray, _row: int) -> np.ndarray:
        covered = grey.copy()
        covered[int(top * INPUT_SIZE_PX) : int(bottom * INPUT_SIZE_PX)] = int(grey.mean())
        return covered

    return change


# Name: the mild change and the strong one.
CONDITIONS: dict[str, tuple[Change, ...]] = {
    "JPEG quality 40 / 20": (_jpeg(40), _jpeg(20)),
    "blur sigma 0.7 / 1.5 px": (_blur(0.7), _blur(1.5)),
    "gain 0.6 / 0.35": (_gain(0.6), _gain(0.35)),
    "gain 1.4 / 1.8": (_gain(1.4), _gain(1.8)),
    "noise sigma 8 / 16": (_noise(8), _noise(16)),
    "rotation 15 / 30 degrees": (_affine(degrees=15), _affine(degrees=30)),
    "shift 10 / 20 %": (_affine(shift=0.1), _affine(shift=0.2)),
    "scale 10 / 20 %, both ways": (_affine(scale=0.1), _affine(scale=0.2)),
    "covered mouth": (_cover(0.62, 0.95),),
    "covered eyes": (_cover(0.2, 0.5),),
}


def service_crops(engine: Engine, detector_name: str, grey: np.ndarray, degrees: float) -> tuple:
    """What the network is given after a picture went through a camera's frame.

    Args:
        engine: finds the faces.
        detector_name: whose crop rule applies.
        grey: (N, 48, 48) uint8.
        degrees: how far the frames are turned, to the left and right in turn.

    Returns:
        found (N,) bool; crops (N, 48, 48) uint8 level with the eyes; the same, upright.
    """
    rule = CROP_RULES[detector_name]
    found = np.zeros(len(grey), bool)
    level, upright = np.zeros_like(grey), np.zeros_like(grey)
    middle = np.array([CANVAS_HW[1] / 2, CANVAS_HW[0] / 2])
    for row, picture in enumerate(grey):
        frame = on_canvas(picture, degrees if row % 2 else -degrees)
        quality = [cv2.IMWRITE_JPEG_QUALITY, _SERVICE_JPEG_QUALITY]
        frame = decode(cv2.imencode(".jpg", frame, quality)[1].tobytes())
        faces = engine.detect(frame)
        inside = [
            i
            for i, box in enumerate(faces.boxes)
            if (box[:2] < middle).all() and (middle < box[2:]).all()
        ]
        if not inside:
            continue
        best = inside[0]
        found[row] = True
        points = None if faces.landmarks is None else faces.landmarks[best]
        level[row] = crop_face(frame, faces.boxes[best], rule, points)
        upright[row] = crop_face(frame, faces.boxes[best], rule)
    return found, level, upright


@click.command(context_settings={"show_default": True})
@options.data
@options.ferplus
@options.weights
@click.option("--detector", type=click.Choice(("mtcnn", "haar")), default="mtcnn")
@click.option("--limit", type=click.IntRange(1), help="Judge only so many PublicTest rows.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Table and plot.")
def main(
    data_path: Path,
    ferplus_path: Path | None,
    weights: Path,
    detector: str,
    limit: int | None,
    out: Path | None,
) -> None:
    """Measure PublicTest accuracy under imperfect pictures and through the service path."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        split = data.load(data_path, ferplus_path).split("PublicTest")
        engine = Engine(weights, detector)
    except (DataError, WeightsError, DetectorError) as error:
        raise click.ClickException(str(error)) from None
    split = split.rows(np.arange(len(split)) < (limit or len(split)))

    def judge(grey: np.ndarray, rows: np.ndarray) -> dict[str, float]:
        logits = logits_by_head(engine.net, grey[rows], device, flip=False)
        labels = split.labels[rows]
        figures = {"accuracy": float((logits[LABEL_HEAD].argmax(1) == labels).mean())}
        if split.votes is not None and VOTE_HEAD in logits:
            counted, crowd = ferplus.majority(split.votes[rows])
            right = logits[VOTE_HEAD].argmax(1)[counted] == crowd[counted]
            figures["ferplus"] = float(right.mean())
        return figures

    every = np.ones(len(split), bool)
    table = {"unchanged": [judge(split.grey, every)]}
    for name, changes in CONDITIONS.items():
        table[name] = [
            judge(np.stack([change(g, row) for row, g in enumerate(split.grey)]), every)
            for change in changes
        ]
        click.echo(_line(name, table[name], table["unchanged"][0]))
    for degrees in (0, 20, 40):
        found, level, upright = service_crops(engine, detector, split.grey, degrees)
        for way, crops in (("level with the eyes", level), ("upright crop", upright)):
            name = f"service path, turned {degrees}°, {way}"
            found_unchanged = judge(split.grey, found)
            recall = float(found.mean())
            table[name] = [
                {**judge(crops, found), "recall": recall, "found_unchanged": found_unchanged}
            ]
            click.echo(_line(name, table[name], found_unchanged))
    if out:
        out.mkdir(parents=True, exist_ok=True)
        measured = {"weights_sha256": sha256(weights), "n": len(split), "conditions": table}
        (out / "robustness.json").write_text(json.dumps(measured, indent=2) + "\n")
        plots.robustness(table, out / "robustness.png")


def _line(name: str, figures: list[dict[str, float]], baseline: dict[str, float]) -> str:
    """One row: each step's accuracy and its drop in points from the same rows unchanged."""
    cells = []
    for step in figures:
        for key in ("accuracy", "ferplus"):
            if key in step:
                drop = 100 * (baseline[key] - step[key])
                cells.append(f"{key} {step[key]:.4f} (drop {drop:+.1f})")
        if "recall" in step:
            cells.append(f"recall {step['recall']:.3f}")
    return f"{name:48} " + "   ".join(cells)


if __name__ == "__main__":
    main()
