"""`python -m train.crop_rule`: how a detector's box relates to FER2013's framing.

FER2013's pictures are enlarged, set on a larger canvas and given to the detector; the medians of
where it puts its box are the detector's `CropRule` in `model.crop`.
"""

from pathlib import Path

import click
import numpy as np

from model import detector
from model.crop import CropRule
from model.geometry import xyxy_to_xywh
from model.names import DETECTORS
from train import data, options
from train.canvas import CANVAS_HW, FACE_PX, on_canvas
from train.parse import DataError

# Right and down from one frame to the next: at 25 a second, half the frame's width in a second.
_MOTION_PX = (12, 6)


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
        centre_y, centre_x = CANVAS_HW[0] / 2, CANVAS_HW[1] / 2
        rows.append((x + w / 2 - centre_x, y + h / 2 - centre_y, w, h))
    columns = np.array(rows).reshape(-1, 4).T / FACE_PX
    return dict(zip(("dx", "dy", "width", "height"), columns, strict=True))


def count_followed(back_end: detector.FollowingDetector, pictures: np.ndarray) -> tuple[int, int]:
    """Faces found, and how many of them are found again near there once the frame has moved."""
    found = followed = 0
    for grey in pictures:
        frame = on_canvas(grey)
        boxes = back_end.detect(frame).boxes
        if len(boxes) == 1:
            found += 1
            moved = np.roll(frame, _MOTION_PX, (1, 0))
            followed += back_end.follow(moved, boxes) is not None
    return found, followed


def rule_from(boxes: dict[str, np.ndarray]) -> CropRule:
    """The rule that brings a typical box back to the crop."""
    side = np.median(np.sqrt(boxes["width"] * boxes["height"]))
    return CropRule(scale=float(1 / side), shift_y=float(-np.median(boxes["dy"])))


@click.command(context_settings={"show_default": True})
@options.data
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
    if hasattr(back_end, "follow"):
        found, followed = count_followed(back_end, pictures[chosen])
        click.echo(f"{followed} of {found} followed into a frame that moved by {_MOTION_PX} px")
    for key, values in boxes.items():
        click.echo(f"{key:7} median {np.median(values):+.3f}  deviation {values.std():.3f}")
    click.echo(rule_from(boxes))


if __name__ == "__main__":
    main()
