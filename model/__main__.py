"""`python -m model FILE...`: faces and expressions of pictures and videos, as JSON, CSV and MP4."""

import re
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.card import DEFAULT_WEIGHTS, WeightsError
from model.image_header import FrameError, FrameLimits, is_picture
from model.names import AUTO, DETECTORS, ENGINE_CHOICES
from model.records import Records

if TYPE_CHECKING:
    from model.engine import Engine

# A file on one's own disk may be as large as a good camera's.
_LIMITS = FrameLimits(max_frame_bytes=100_000_000, max_width=16_384, max_height=16_384)
# A frame that comes this much before its time counts: containers round times to milliseconds.
_EARLY_MS = 1.0
_STDOUT = Path("-")


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
    type=click.Path(path_type=Path, dir_okay=False),
    help="A table with a row for each face.",
)
@click.option(
    "--annotated",
    type=click.Path(path_type=Path),
    help="Pictures with boxes and bars: a folder, or an .mp4 file for one video.",
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
@click.option("--detector", type=click.Choice(DETECTORS), default="mtcnn")
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
    what could not be read. Existing outputs are overwritten. The exit status is 1 if a file could
    not be read, or not to its end.
    """
    if jsonl is None and table is None:
        jsonl = _STDOUT
    _check_outputs(files, jsonl, table, annotated)
    # Imported here, so that --help and wrong options answer at once.
    import cv2

    from model.detector import DetectorError
    from model.engine import Engine
    from model.video import VideoError

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # our errors say more
    try:
        engine = Engine(weights, detector, detector_model, engine_name)
    except (WeightsError, DetectorError) as error:
        raise click.ClickException(str(error)) from None
    failed = False
    with ExitStack() as outputs:
        try:
            lines = jsonl and outputs.enter_context(click.open_file(str(jsonl), "w", "utf-8"))
            rows = table and outputs.enter_context(table.open("w", encoding="utf-8", newline=""))
            if annotated and not _is_mp4(annotated):
                annotated.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.FileError(str(error.filename), error.strerror) from None
        records = Records(lines, rows)
        for file in files:
            try:
                if is_picture(file):
                    _picture(file, engine, records, annotated)
                else:
                    # A bar among lines of JSON would garble both.
                    bar = jsonl != _STDOUT or not sys.stdout.isatty()
                    _video(file, engine, records, annotated, every_ms, bar)
            except (OSError, FrameError, VideoError) as error:
                said = error.strerror if isinstance(error, OSError) else str(error)
                records.add_error(file, said)
                click.echo(f"{file}: {said}", err=True)
                failed = True
    sys.exit(1 if failed else 0)


def _picture(file: Path, engine: "Engine", records: Records, annotated: Path | None) -> None:
    import cv2

    from model.annotate import annotate
    from model.decode import decode

    encoded = file.read_bytes()
    analysis = engine.analyze(encoded, _LIMITS)
    records.add(file, analysis.to_dict())
    if annotated:
        if _is_mp4(annotated):
            raise click.UsageError(f"{file} is no video: name a folder with --annotated")
        target = annotated / f"{file.stem}.annotated.jpg"
        cv2.imwrite(str(target), annotate(decode(encoded), analysis.faces))


def _video(
    file: Path,
    engine: "Engine",
    records: Records,
    annotated: Path | None,
    every_ms: float,
    show_bar: bool,
) -> None:
    from model.annotate import annotate
    from model.video import Video, VideoWriter

    if annotated and not _is_mp4(annotated):
        annotated = annotated / f"{file.stem}.annotated.mp4"
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
            if step == looked_at and not annotated:
                continue
            frame = video.frame()
            if step != looked_at:
                looked_at = step
                analysis = engine.analyze_frame(frame)
                faces = analysis.faces
                numbers, tracks = analysis.follow(tracks, ms)
                records.add(file, analysis.to_dict(numbers), ms)
            if annotated:
                if writer is None:
                    size = (frame.shape[1], frame.shape[0])
                    writer = opened.enter_context(VideoWriter(annotated, video.rate_hz, size))
                writer.write(annotate(frame, faces), ms)


def _check_outputs(files: tuple[Path, ...], *outputs: Path | None) -> None:
    """No output may be an input, or another output: it would be overwritten."""
    annotated = outputs[-1]
    if annotated and _is_mp4(annotated) and len(files) > 1:
        raise click.UsageError("several files: name a folder with --annotated")
    if annotated and len({file.stem for file in files}) < len(files):
        raise click.UsageError(
            "files of one name: their annotated copies would overwrite each other"
        )
    taken = {file.resolve() for file in files}
    for output in outputs:
        if output is None or output == _STDOUT:
            continue
        if output.resolve() in taken:
            raise click.UsageError(f"{output} is named twice: name another file for the output")
        taken.add(output.resolve())


def _is_mp4(path: Path) -> bool:
    return path.suffix.lower() == ".mp4"


if __name__ == "__main__":
    main()
