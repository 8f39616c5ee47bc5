"""`python -m model PHOTO...`: one line of JSON for each picture."""

import json
import sys
from pathlib import Path

import click

from model.card import DEFAULT_WEIGHTS, WeightsError
from model.image_header import FrameError, FrameLimits
from model.names import DETECTORS

# A file on one's own disk may be as large as a good camera's.
_LIMITS = FrameLimits(max_frame_bytes=100_000_000, max_width=16_384, max_height=16_384)


@click.command(context_settings={"show_default": True})
@click.argument("photos", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--annotated",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write the pictures with boxes and bars into this folder.",
)
@click.option("--weights", type=click.Path(path_type=Path), default=DEFAULT_WEIGHTS)
@click.option("--detector", type=click.Choice(DETECTORS), default="mtcnn")
@click.option("--detector-model", type=click.Path(path_type=Path), help="YuNet's ONNX file.")
def main(
    photos: tuple[Path, ...],
    annotated: Path | None,
    weights: Path,
    detector: str,
    detector_model: Path | None,
) -> None:
    """Find the faces in pictures and estimate their expressions.

    Each line on standard output is {"file", "width", "height", "faces"}, the faces as the server
    sends them; or {"file", "error"}. The exit status is 1 if a picture could not be read.
    """
    # Imported here, so that --help and wrong options answer at once.
    import cv2

    from model.annotate import annotate
    from model.decode import decode
    from model.detector import DetectorError
    from model.engine import Engine

    try:
        engine = Engine(weights, detector, detector_model)
    except (WeightsError, DetectorError) as error:
        raise click.ClickException(str(error)) from None
    if annotated:
        annotated.mkdir(parents=True, exist_ok=True)
    failed = False
    for photo in photos:
        try:
            encoded = photo.read_bytes()
            analysis = engine.analyze(encoded, _LIMITS)
        except (OSError, FrameError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            click.echo(json.dumps({"file": str(photo), "error": said}))
            failed = True
            continue
        click.echo(json.dumps({"file": str(photo), **analysis.to_dict()}))
        if annotated:
            target = annotated / f"{photo.stem}.annotated.jpg"
            cv2.imwrite(str(target), annotate(decode(encoded), analysis.faces))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
