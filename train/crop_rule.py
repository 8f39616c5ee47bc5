"""`python -m train.crop_rule`: how a detector's box relates to FER2013's framing.

FER2013's pictures are enlarged, set on a larger canvas and given to the detector; the medians of
where it puts its box are the detector's `CropRule` in `model.crop`.
"""

from pathlib import Path

import click
import cv2
import numpy as np

from model import detector
from model.crop import CropRule
from model.geometry import xyxy_to_xywh
from model.names import DETECTORS
from train import data
from train.parse import DataError

_FACE_PX = 160
_CANVAS_HW = (480, 640)


def on_canvas(grey: np.ndarray) -> np.ndarray:
    """A (480, 640, 3) uint8 frame with one (48, 48) picture, 160 px wide, in its middle.

    The picture's edge fades into its mean, so that the detector sees no frame around the face.
    """
    height, width = _CANVAS_HW
    top, left = (height - _FACE_PX) // 2, (width - _FACE_PX) // 2
    face = cv2.resize(grey, (_FACE_PX, _FACE_PX), interpolation=cv2.INTER_CUBIC)
    frame = cv2.copyMakeBorder(
        face,
        *(top, height - _FACE_PX - top, left, width - _FACE_PX - left),
        cv2.BORDER_REPLICATE,
    )
    inside = np.zeros(_CANVAS_HW, np.float32)
    inside[top : top + _FACE_PX, left : left + _FACE_PX] = 1
    weight = np.maximum(inside, cv2.GaussianBlur(inside, (0, 0), 20))
    mixed = weight * frame + (1 - weight) * grey.mean()
    return cv2.cvtColor(mixed.round().astype(np.uint8), cv2.COLOR_GRAY2BGR)


def measure(back_end: detector.Detector, pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Where the box lies, as fractions of the crop's side: one entry for each picture with a face.

    Args:
        back_end: the detector.
        pictures: (N, 48, 48) uint8.

    Returns:
        dx, dy (box centre right of and below the crop's), width, height: each (M,), M <= N.
    """
    rows = []
    for grey in pictures:
        found = back_end.detect(on_canvas(grey))
        if len(found) != 1:
            continue
        x, y, w, h = xyxy_to_xywh(found.boxes)[0]
        centre_y, centre_x = _CANVAS_HW[0] / 2, _CANVAS_HW[1] / 2
        rows.append((x + w / 2 - centre_x, y + h / 2 - centre_y, w, h))
    columns = np.array(rows).reshape(-1, 4).T / _FACE_PX
    return dict(zip(("dx", "dy", "width", "height"), columns, strict=True))


def rule_from(boxes: dict[str, np.ndarray]) -> CropRule:
    """The rule that brings a typical box back to the crop."""
    side = np.median(np.sqrt(boxes["width"] * boxes["height"]))
    return CropRule(scale=float(1 / side), shift_y=float(-np.median(boxes["dy"])))


@click.command(context_settings={"show_default": True})
@click.option("--data", "data_path", type=click.Path(path_type=Path), required=True)
@click.option("--detector", "name", type=click.Choice(DETECTORS), default="mtcnn")
@click.option("--detector-model", type=click.Path(path_type=Path), help="YuNet's ONNX file.")
@click.option("--count", type=click.IntRange(1), default=2000, help="Training pictures to use.")
def main(data_path: Path, name: str, detector_model: Path | None, count: int) -> None:
    """Measure a detector's crop rule on Training pictures."""
    try:
        pictures = data.load(data_path).split("Training").grey
        back_end = detector.create(name, detector_model)
    except (DataError, detector.DetectorError) as error:
        raise click.ClickException(str(error)) from None
    chosen = np.random.default_rng(0).permutation(len(pictures))[:count]
    boxes = measure(back_end, pictures[chosen])
    click.echo(f"{name}: one face in {len(boxes['dx'])} of {len(chosen)} pictures")
    for key, values in boxes.items():
        click.echo(f"{key:7} median {np.median(values):+.3f}  deviation {values.std():.3f}")
    click.echo(rule_from(boxes))


if __name__ == "__main__":
    main()
