"""`python -m model` on video files, and how these are read and written."""

import csv
import json
import os
import resource
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from model import video
from model.__main__ import main
from model.detector import DetectorError, YuNet
from model.labels import LABELS
from model.video import Video, VideoError, VideoWriter
from tests.conftest import ROOT

SMALL = (64, 48)


def make_clip(path: Path, frames: list[np.ndarray], rate_hz: float = 10, codec="mp4v") -> Path:
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), rate_hz, (width, height))
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def write(path: Path, frames: list[np.ndarray], rate_hz: float) -> None:
    with VideoWriter(path, rate_hz, SMALL) as writer:
        for i, frame in enumerate(frames):
            writer.write(frame, 1000 * i / rate_hz)


def shades(count: int) -> list[np.ndarray]:
    """Frames without a face, each of its own brightness: 8 more than the last."""
    return [np.full((SMALL[1], SMALL[0], 3), 8 * i, np.uint8) for i in range(count)]


def noise(count: int) -> list[np.ndarray]:
    """Frames that cannot be packed, so that half of the bytes are half of the frames."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (SMALL[1], SMALL[0], 3), np.uint8) for _ in range(count)]


def with_uneven_times(clip: Path, short: int, long: int) -> Path:
    """Rewrite the table of times of an MP4: this many short frames, then frames of 5 times that."""
    mp4 = bytearray(clip.read_bytes())
    at = mp4.index(b"stts")
    (unit,) = struct.unpack_from(">I", mp4, at + 16)
    table = struct.pack(">IIIIIII", 0, 2, short, unit, long, 5 * unit, 0)[4:24]
    mp4[at + 8 : at + 20] = table
    for box in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts"):  # 8 bytes longer each
        start = mp4.index(box) - 4
        mp4[start : start + 4] = struct.pack(">I", struct.unpack_from(">I", mp4, start)[0] + 8)
    clip.write_bytes(mp4.replace(b"edts", b"free"))  # the edit list would cut it at the old length
    return clip


def times(path: Path) -> list[float]:
    return list(Video(path).times())


def run(*options: object):
    return CliRunner().invoke(main, [str(option) for option in options])


def read_back(path: Path) -> tuple[float, float, list[np.ndarray]]:
    """Rate, declared number of frames, and the frames."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT), frames


@pytest.fixture(scope="module")
def two_faces(portrait, tmp_path_factory) -> Path:
    """A second at 10 Hz, 960x480: two faces, the left one moving to the right."""
    face = portrait[:, 80:560]
    frames = [np.hstack([np.roll(face, 4 * i, axis=1), face]) for i in range(10)]
    return make_clip(tmp_path_factory.mktemp("clip") / "two.avi", frames, codec="MJPG")


def test_a_clip_becomes_a_table_lines_and_a_clip(two_faces, tmp_path):
    table, lines, drawn = (tmp_path / name for name in ("out.csv", "out.jsonl", "out.mp4"))
    done = run(
        two_faces, "--csv", table, "--jsonl", lines, "--annotated", drawn, "--every", "300ms"
    )
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    results = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [result["t"] for result in results] == [0, 300, 600, 900]
    assert [{face["track"] for face in result["faces"]} for result in results] == [{0, 1}] * 4
    assert {result["file"] for result in results} == {str(two_faces)}
    assert (results[0]["width"], results[0]["height"]) == (960, 480)

    text = table.read_bytes().decode()
    assert text.count("\r\n") == text.count("\n") == 9
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["ms"] for row in rows[::2]] == ["0", "300", "600", "900"]
    face = results[0]["faces"][0]
    assert [float(rows[0][name]) for name in ("x", "y", "width", "height")] == face["box"]
    assert rows[0]["label"] == face["label"]
    assert rows[0]["confident"] == str(face["confident"]).lower()
    assert {k: float(v) for k, v in rows[0].items() if k.startswith("p_")} == {
        f"p_{label}": face["probabilities"][label] for label in LABELS
    }
    left = [row for row in rows if float(row["x"]) < 480]
    assert len({row["track"] for row in left}) == 1
    assert float(left[-1]["x"]) > float(left[0]["x"]) + 20

    rate, count, frames = read_back(drawn)
    assert (rate, count, len(frames)) == (10, 10, 10)
    assert {frame.shape for frame in frames} == {(480, 960, 3)}
    _, _, plain = read_back(two_faces)
    for before, after in zip(plain, frames, strict=True):  # drawn between samples, too
        assert (np.abs(after.astype(int) - before).max(2) > 60).sum() > 500


def test_columns_are_those_of_the_page(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", shades(1))
    assert run(clip, "--csv", tmp_path / "a.csv").exit_code == 0
    (header,) = csv.reader((tmp_path / "a.csv").read_text().splitlines())
    assert header == [
        *("file", "ms", "track", "x", "y", "width", "height", "label", "confidence", "confident"),
        *(f"p_{label}" for label in LABELS),
    ]


def test_lines_go_to_standard_output_and_say_that_there_is_no_face(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", shades(4))
    for options in ([], ["--jsonl", "-", "--csv", tmp_path / "a.csv"]):
        done = run(clip, *options)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(line["t"], line["faces"]) for line in lines] == [(0, []), (200, [])]


@pytest.mark.parametrize(("to_terminal", "shown"), [(False, True), (True, False)])
def test_a_bar_shows_how_far_it_is_but_not_among_lines(to_terminal, shown, tmp_path):
    import pty

    clip = make_clip(tmp_path / "a.mp4", shades(4))
    terminal, inside = pty.openpty()
    with (tmp_path / "lines").open("w") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "model", str(clip)],
            cwd=ROOT,
            stdout=inside if to_terminal else lines,
            stderr=inside,
        )
    os.close(inside)
    said = b""
    with suppress(OSError):  # Linux's way to say that the other end is closed
        while part := os.read(terminal, 4096):
            said += part
    os.close(terminal)
    assert process.wait(60) == 0
    assert (b"a.mp4  [####################################]  100%" in said) == shown
    assert (b'"faces": []' in said) == to_terminal


def test_pictures_and_videos_together(portrait_jpeg, tmp_path):
    clip = make_clip(tmp_path / "a.mp4", shades(2))
    (tmp_path / "b.jpg").write_bytes(portrait_jpeg)
    out = tmp_path / "out"
    done = run(
        *(clip, tmp_path / "b.jpg", "--annotated", out, "--csv", tmp_path / "t.csv"),
        *("--jsonl", "-", "--every", "0s"),
    )
    assert done.exit_code == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("t") for line in lines] == [0, 100, None]
    assert sorted(path.name for path in out.iterdir()) == [*("a.annotated.mp4", "b.annotated.jpg")]
    (row,) = csv.DictReader((tmp_path / "t.csv").read_text().splitlines())
    assert (row["file"], row["ms"], row["track"]) == (str(tmp_path / "b.jpg"), "", "0")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--every", "5"], "say 200ms or 0.5s"),
        (["--every", "-1s"], "say 200ms or 0.5s"),
        (["--jsonl", "{clip}"], "would overwrite"),
        (["--annotated", "{clip}"], "would overwrite"),
        (["--csv", "x.mp4", "--annotated", "x.mp4"], "would overwrite"),
        (["{clip}", "--annotated", "x"], "would overwrite"),
        (["b.mp4", "--annotated", "x.mp4"], "name a folder"),
        (["--annotated", "x.jpg"], "is no picture"),
        (["--csv", "-", "--jsonl", "-"], "for one of them"),
        (["--csv", "{clip}.none/a.csv"], "No such file"),
    ],
)
def test_wrong_options_are_refused_and_destroy_nothing(options, words, tmp_path):
    clip = make_clip(tmp_path / "a.mp4", shades(2))
    before = clip.read_bytes()
    done = run(clip, *(option.format(clip=clip) for option in options))
    assert done.exit_code != 0
    assert words in done.stderr
    assert clip.read_bytes() == before


def test_existing_outputs_are_overwritten(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", shades(3))
    lines, drawn = tmp_path / "a.jsonl", tmp_path / "b.mp4"
    lines.write_text("old\n" * 99)
    drawn.write_text("old")
    assert run(clip, "--jsonl", lines, "--annotated", drawn).exit_code == 0
    assert len(lines.read_text().splitlines()) == 2
    assert read_back(drawn)[1] == 3


def test_a_picture_is_not_written_as_a_video(portrait_jpeg, tmp_path):
    (tmp_path / "b.jpg").write_bytes(portrait_jpeg)
    done = run(tmp_path / "b.jpg", "--annotated", tmp_path / "out.mp4")
    assert done.exit_code == 2
    assert "is no video" in done.stderr
    assert done.stdout == ""


def test_no_annotated_copy_overwrites_an_input(portrait_jpeg, tmp_path):
    first, second = tmp_path / "a.jpg", tmp_path / "a.annotated.jpg"
    for file in (first, second):
        file.write_bytes(portrait_jpeg)
    done = run(first, second, "--annotated", tmp_path)
    assert done.exit_code == 2
    assert f"{second} would overwrite" in done.stderr
    assert second.read_bytes() == portrait_jpeg


def test_a_picture_and_a_video_of_one_name_go_together(portrait_jpeg, tmp_path):
    clip = make_clip(tmp_path / "a.mp4", shades(2))
    (tmp_path / "a.jpg").write_bytes(portrait_jpeg)
    assert run(clip, tmp_path / "a.jpg", "--annotated", tmp_path / "out").exit_code == 0
    names = [path.name for path in (tmp_path / "out").iterdir()]
    assert sorted(names) == ["a.annotated.jpg", "a.annotated.mp4"]


@pytest.mark.parametrize("name", ["out.jpg", "out.JPEG", "out.png"])
def test_one_picture_can_be_given_a_target(name, portrait_jpeg, portrait, tmp_path):
    (tmp_path / "a.jpg").write_bytes(portrait_jpeg)
    assert run(tmp_path / "a.jpg", "--annotated", tmp_path / name).exit_code == 0
    assert cv2.imread(str(tmp_path / name)).shape == portrait.shape


def test_an_annotated_picture_that_cannot_be_written_is_an_error(portrait_jpeg, tmp_path):
    (tmp_path / "a.jpg").write_bytes(portrait_jpeg)
    (tmp_path / "a.annotated.jpg").mkdir()
    done = run(tmp_path / "a.jpg", "--annotated", tmp_path)
    assert done.exit_code == 1
    assert f"cannot write {tmp_path / 'a.annotated.jpg'}: Is a directory" in done.stderr


def test_a_video_that_cannot_be_written_to_its_end_is_an_error(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(VideoError, match="to its end"):
            write(tmp_path / "a.mp4", noise(50), 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_name_that_is_not_utf8_gets_a_sentence(tmp_path):
    name = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    make_clip(tmp_path / "a.mp4", shades(1)).rename(name)
    for opening in (lambda: Video(name), lambda: VideoWriter(name, 10, SMALL)):
        with pytest.raises(VideoError, match="not UTF-8"):
            opening()
    with pytest.raises(DetectorError, match="not UTF-8"):
        YuNet(name)


def test_a_picture_whose_name_is_not_utf8_is_a_picture_all_the_same(portrait_jpeg, tmp_path):
    name = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    name.write_bytes(portrait_jpeg)
    table = tmp_path / "t.csv"
    assert run(name, "--csv", table, "--annotated", tmp_path / "out").exit_code == 0
    (row,) = csv.DictReader(table.read_text().splitlines())
    assert row["file"] == str(tmp_path / r"caf\udce9.jpg")
    assert os.listdir(os.fsencode(tmp_path / "out")) == [b"caf\xe9.annotated.jpg"]
    assert (
        b"udce9"
        in subprocess.run(
            [sys.executable, "-m", "model", name, "--csv", "-"], cwd=ROOT, capture_output=True
        ).stdout
    )


def test_a_link_to_itself_gets_a_sentence(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    done = run(tmp_path / "loop")
    assert done.exit_code == 1
    assert "symbolic links" in json.loads(done.stdout)["error"]


@pytest.mark.parametrize("options", [["--csv", "/dev/full"], ["--jsonl", "/dev/full"], []])
def test_a_full_disk_gets_one_sentence(options, portrait_jpeg, tmp_path):
    (tmp_path / "a.jpg").write_bytes(portrait_jpeg)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "model", tmp_path / "a.jpg", *options],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    name = options[1] if options else "standard output"
    assert done.stderr == f"Error: cannot write {name}: No space left on device\n"


def test_the_table_can_go_to_standard_output(portrait_jpeg, tmp_path):
    (tmp_path / "a.jpg").write_bytes(portrait_jpeg)
    done = run(tmp_path / "a.jpg", "--csv", "-")
    (row,) = csv.DictReader(done.stdout.splitlines())
    assert row["file"] == str(tmp_path / "a.jpg")


@pytest.mark.parametrize("content", [b"", b"text\n", b"RIFF\x24\0\0\0WAVEfmt "])
def test_what_is_neither_picture_nor_video_gets_a_sentence(content, tmp_path):
    (tmp_path / "a.mp4").write_bytes(content)
    done = run(tmp_path / "a.mp4", "--annotated", tmp_path / "out.mp4", "--jsonl", "-")
    assert done.exit_code == 1
    assert "no video with a frame" in json.loads(done.stdout)["error"]
    assert "no video with a frame" in done.stderr
    assert not (tmp_path / "out.mp4").exists()


def test_sound_alone_gets_a_sentence(tmp_path):
    import wave

    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 8000, "NONE", ""))
        sound.writeframes(bytes(16_000))
    with pytest.raises(VideoError, match="only sound"):
        Video(tmp_path / "a.wav")


def test_frames_that_cannot_be_decoded_get_a_sentence(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", noise(3))
    mp4 = bytearray(clip.read_bytes())
    start, end = mp4.index(b"mdat") + 4, mp4.index(b"moov") - 4
    mp4[start:end] = bytes(end - start)
    clip.write_bytes(mp4)
    with pytest.raises(VideoError, match="no video with a frame"):
        Video(clip)


def test_a_video_cut_off_is_read_as_far_as_it_goes(tmp_path):
    clip = make_clip(tmp_path / "a.webm", noise(20), codec="VP80")
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    done = run(clip)
    assert done.exit_code == 1
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert 2 < len(lines) < 8
    assert "of 2.0 s" in last["error"]


def test_an_mp4_without_its_index_cannot_be_read(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", noise(20))
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(VideoError, match="cut off"):
        Video(clip)


def test_a_video_of_unknown_length_is_read_to_its_end(tmp_path):
    clip = make_clip(tmp_path / "a.webm", shades(20), codec="VP80")
    # Recorders that stream leave the length out: element 4489 of 8 bytes becomes an empty one.
    clip.write_bytes(clip.read_bytes().replace(b"\x44\x89\x88", b"\xec\x89\x00"))
    assert Video(clip).frame_count is None
    assert times(clip) == [100 * i for i in range(20)]
    done = run(clip, "--annotated", tmp_path / "b.mp4")
    assert done.exit_code == 0
    assert read_back(tmp_path / "b.mp4")[1] == 20


def test_a_phones_rotation_is_heeded(tmp_path):
    frame = np.zeros((SMALL[1], SMALL[0], 3), np.uint8)
    frame[:, : SMALL[0] // 2] = 255  # the left half is at the top after a quarter turn
    mp4 = bytearray(make_clip(tmp_path / "a.mp4", [frame] * 3).read_bytes())
    at = mp4.index(b"tkhd") + 44
    mp4[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    (tmp_path / "a.mp4").write_bytes(mp4)
    reader = Video(tmp_path / "a.mp4")
    next(reader.times())
    upright = reader.frame()
    assert upright.shape == (SMALL[0], SMALL[1], 3)
    assert upright[:20].mean() > 200
    assert upright[-20:].mean() < 50
    assert run(tmp_path / "a.mp4", "--annotated", tmp_path / "b.mp4").exit_code == 0
    assert read_back(tmp_path / "b.mp4")[2][0].shape == upright.shape


def test_a_variable_rate_keeps_its_times_and_its_pace(tmp_path):
    clip = with_uneven_times(make_clip(tmp_path / "a.mp4", shades(10)), short=6, long=4)
    expected = [*(100 * i for i in range(6)), *(600 + 500 * i for i in range(4))]
    assert times(clip) == expected
    drawn = tmp_path / "b.mp4"
    done = run(clip, "--every", "1s", "--annotated", drawn)
    assert [json.loads(line)["t"] for line in done.stdout.splitlines()] == [0, 1100, 2100]
    rate, count, frames = read_back(drawn)
    assert count / rate == pytest.approx(2.1, abs=1 / rate + 1e-6)
    shown = [round(frame.mean() / 8) for frame in frames]
    at = [shown[min(len(shown) - 1, round(ms * rate / 1000))] for ms in expected]
    assert at == pytest.approx(range(10), abs=1)


def test_a_rate_that_is_none_is_replaced(tmp_path):
    clip = make_clip(tmp_path / "a.avi", shades(4), rate_hz=1000, codec="MJPG")
    reader = Video(clip)
    assert (reader.rate_hz, reader.frame_count) == (30, None)


@pytest.mark.parametrize("rate_hz", [23.976, 29.97003, 125.1234, 239.7602])
def test_any_rate_can_be_written(rate_hz, tmp_path):
    write(tmp_path / "a.mp4", shades(12), rate_hz)
    rate, count, frames = read_back(tmp_path / "a.mp4")
    assert rate == pytest.approx(rate_hz, abs=0.01)
    assert count == len(frames) == 12


def test_a_picture_of_another_size_is_scaled(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 10, SMALL) as writer:
        writer.write(np.zeros((SMALL[1], SMALL[0], 3), np.uint8), 0)
        writer.write(np.full((100, 100, 3), 255, np.uint8), 100)
    assert [frame.mean() > 128 for frame in read_back(tmp_path / "a.mp4")[2]] == [False, True]


def test_a_codec_that_is_missing_gets_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "_CODEC", "none")
    clip = make_clip(tmp_path / "a.mp4", shades(2))
    done = run(clip, "--annotated", tmp_path / "b.mp4")
    assert done.exit_code == 1
    assert "lacks the MPEG-4 encoder" in done.stderr
