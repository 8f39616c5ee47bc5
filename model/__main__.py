"""`python -m model FILE...`: faces and expressions of pictures and videos, as JSON, CSV and MP4."""

import os
import re
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.card import DEFAULT_WEIGHTS, WeightsError
from model.image_header import FrameError, FrameLimits, is_picture
from model.names import AUTO, DEFAULT_DETECTOR, DETECTORS, ENGINE_CHOICES
from model.records import STDOUT, Records, RecordsError

if TYPE_CHECKING:
    from model.engine import Engine

# A file on one's own disk may be as large as a good camera's.
_LIMITS = FrameLimits(max_frame_bytes=100_000_000, max_width=16_384, max_height=16_384)
# A frame that comes this much before its time counts: containers round times to milliseconds.
_EARLY_MS = 1.0
# What a name given with --annotated ends in where it is a file; the first is used in a folder.
_PICTURES, _VIDEOS = (".jpg", ".jpeg", ".png"), (".mp4",)


class _Duration(click.ParamType):
    """Milliseconds, from text like 200ms or 0.5s."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", value)
        if not number:
            self.fail(f"{value!r} is no duration: say 200ms or 0.5s", param, ctx)
        return float(number[1]) * (1000 if number[2] == "s" else 1)


@click.command(context_settings={"show_default": True})
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--jsonl",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Lines of JSON; - is standard output, where they also go without --jsonl and --csv.",
)
@click.option(
    "--csv",
    "table",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="A table with a row for each face; - is standard output.",
)
@click.option(
    "--annotated",
    type=click.Path(path_type=Path),
    help="Pictures with boxes and bars: a folder, or for one input a .jpg, .png or .mp4 file.",
)
@click.option(
    "--every",
    "every_ms",
    type=_Duration(),
    default="200ms",
    help="Time between a video's frames that are looked at, like 200ms or 0.5s; 0s is every frame. "
    "Beyond 1.5s no face keeps its number.",
)
@click.option("--weights", type=click.Path(path_type=Path), default=DEFAULT_WEIGHTS)
@click.option("--detector", type=click.Choice(DETECTORS), default=DEFAULT_DETECTOR)
@click.option("--detector-model", type=click.Path(path_type=Path), help="YuNet's ONNX file.")
@click.option(
    "--engine",
    "engine_name",
    type=click.Choice(ENGINE_CHOICES),
    default=AUTO,
    help="What computes the network; auto is the fastest on this machine.",
)
def main(
    files: tuple[Path, ...],
    jsonl: Path | None,
    table: Path | None,
    annotated: Path | None,
    every_ms: float,
    weights: Path,
    detector: str,
    detector_model: Path | None,
    engine_name: str,
) -> None:
    """Find the faces in pictures and videos and estimate their expressions.

    A line is {"file", "width", "height", "faces"}, the faces as the server sends them; a video has
    one for each frame looked at, with its time in milliseconds as "t". {"file", "error"} stands for
    what could not be read, or whose annotated copy could not be written. Existing outputs are
    overwritten. The exit status is 1 if anything could not be read, or written, to its end.
    """
    if jsonl is None and table is None:
        jsonl = STDOUT
    if jsonl == table == STDOUT:
        raise click.UsageError("--jsonl and --csv on standard output: name a file for one of them")
    if annotated and _is_file(annotated) and len(files) > 1:
        raise click.UsageError("several files: name a folder with --annotated")
    targets = [_target(file, annotated) for file in files]
    _check_outputs(files, jsonl, table, *targets)
    # Imported here, so that --help and wrong options answer at once.
    import cv2

    from model.annotate import WriteError
    from model.detector import DetectorError
    from model.engine import Engine
    from model.video import VideoError

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # our errors say more
    try:
        engine = Engine(weights, detector, detector_model, engine_name)
    except (WeightsError, DetectorError) as error:
        raise click.ClickException(str(error)) from None
    failed = False
    if annotated and not _is_file(annotated):
        try:
            annotated.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.FileError(str(annotated), error.strerror) from None
    try:
        with closing(Records(jsonl, table)) as records:
            for file, target in zip(files, targets, strict=True):
                try:
                    if is_picture(file):
                        _picture(file, engine, records, target)
                    else:
                        # A bar among the lines of an output would garble both.
                        bar = STDOUT not in (jsonl, table) or not sys.stdout.isatty()
                        _video(file, engine, records, target, every_ms, bar)
                except (OSError, FrameError, VideoError, WriteError) as error:
                    said = error.strerror if isinstance(error, OSError) else str(error)
                    records.add_error(file, said)
                    click.echo(f"{file}: {said}", err=True)
                    failed = True
    except RecordsError as error:
        raise click.ClickException(str(error)) from None
    sys.exit(1 if failed else 0)


def _picture(file: Path, engine: "Engine", records: Records, target: Path | None) -> None:
    from model.annotate import annotate, write
    from model.decode import decode

    encoded = file.read_bytes()
    analysis = engine.analyze(encoded, _LIMITS)
    records.add(file, analysis.to_dict())
    if target:
        write(target, annotate(decode(encoded), analysis.faces))


def _video(
    file: Path,
    engine: "Engine",
    records: Records,
    target: Path | None,
    every_ms: float,
    show_bar: bool,
) -> None:
    from model.annotate import annotate
    from model.video import Video, VideoWriter

    writer, tracks, faces, looked_at = None, None, [], None
    with ExitStack() as opened:
        video = opened.enter_context(closing(Video(file)))
        times = opened.enter_context(
            click.progressbar(
                video.times(),
                length=video.frame_count,
                label=file.name,
                file=sys.stderr,
                hidden=not show_bar,
            )
        )
        for ms in times:
            step = (ms + _EARLY_MS) // every_ms if every_ms else ms
            if step == looked_at and not target:
                continue
            frame = video.frame()
            if step != looked_at:
                looked_at = step
                analysis = engine.analyze_frame(frame)
                faces = analysis.faces
                numbers, tracks = analysis.follow(tracks, ms)
                records.add(file, analysis.to_dict(numbers), ms)
            if target:
                if writer is None:
                    size = (frame.shape[1], frame.shape[0])
                    writer = opened.enter_context(VideoWriter(target, video.rate_hz, size))
                writer.write(annotate(frame, faces), ms)


def _target(file: Path, annotated: Path | None) -> Path | None:
    """Where a file's annotated copy goes, if one is wanted and the file can be read."""
    if annotated is None:
        return None
    try:
        picture = is_picture(file)
    except OSError:  # said when its turn comes
        return None
    endings = _PICTURES if picture else _VIDEOS
    if not _is_file(annotated):
        return annotated / f"{file.stem}.annotated{endings[0]}"
    if annotated.suffix.lower() not in endings:
        kind = "video" if picture else "picture"
        raise click.UsageError(
            f"{file} is no {kind}: name a folder with --annotated, or a file that ends in "
            + " or ".join(endings)
        )
    return annotated


def _check_outputs(files: tuple[Path, ...], *outputs: Path | None) -> None:
    """No output may be an input, or another output: it would be overwritten."""
    taken = {os.path.realpath(file) for file in files}
    for output in outputs:
        if output is None or output == STDOUT:
            continue
        place = os.path.realpath(output)
        if place in taken:
            raise click.UsageError(
                f"{output} would overwrite an input or another output: name another file or folder"
            )
        taken.add(place)


def _is_file(annotated: Path) -> bool:
    return annotated.suffix.lower() in (*_PICTURES, *_VIDEOS)


if __name__ == "__main__":
    main()
