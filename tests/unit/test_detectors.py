"""Each detector finds the portrait's face; the engine turns it into the protocol's fields."""

import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

from model import detector, mtcnn
from model.decode import decode
from model.geometry import iou, nms, square
from model.image_header import FrameError, FrameLimits, check_header, is_complete
from model.onnx_session import open_session
from tests.conftest import to_jpeg
from train import cascade

FACE = np.array([[250, 60, 330, 165]], np.float32)  # of the portrait, by eye


@pytest.mark.parametrize("name", ["mtcnn", "haar"])
def test_the_face_is_found(name, portrait):
    found = detector.create(name).detect(portrait)
    assert len(found) == 1
    assert iou(found.boxes, FACE)[0, 0] > 0.6
    assert found.boxes.dtype == np.float32


def test_mtcnn_gives_scores_and_landmarks(portrait):
    found = detector.create("mtcnn").detect(portrait)
    assert 0.9 < found.scores[0] <= 1
    left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]


@pytest.mark.parametrize("name", mtcnn.NETWORKS)
def test_the_rewritten_networks_give_what_the_originals_give(name):
    size_px = mtcnn.NETWORKS[name] or 37
    pictures = np.random.default_rng(0).integers(0, 256, (3, size_px, size_px, 3), np.uint8)
    before = onnxruntime.InferenceSession(cascade.original(name).SerializeToString())
    sideways = (pictures.swapaxes(1, 2).astype(np.float32) - 127.5) / 128
    said = before.run(None, {before.get_inputs()[0].name: sideways})
    expected = [*said[:-1], said[-1][..., 1:]]
    if mtcnn.NETWORKS[name] is None:
        expected = [maps.transpose(0, 3, 2, 1) for maps in expected]
    answers = open_session(mtcnn.FOLDER / f"{name}.onnx").run(None, {"faces": pictures})
    for answer, wanted in zip(answers, expected, strict=True):
        np.testing.assert_allclose(answer, wanted, atol=1e-4)


def test_the_shipped_networks_and_their_card_are_those_that_the_command_writes(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(cascade, "FOLDER", tmp_path)
    assert CliRunner().invoke(cascade.main).exit_code == 0
    for name in (*(f"{network}.onnx" for network in mtcnn.NETWORKS), mtcnn.CARD):
        assert (mtcnn.FOLDER / name).read_bytes() == (tmp_path / name).read_bytes()


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "harm", "said"),
    [
        ("rnet.onnx", Path.unlink, "needs .*rnet.onnx"),
        ("rnet.onnx", flip_a_byte, "rnet.onnx is not the file that card.json describes"),
        ("card.json", Path.unlink, "needs .*card.json"),
        ("card.json", lambda card: card.write_text("{"), "card.json says no SHA-256"),
        ("card.json", lambda card: card.write_text("[]"), "card.json says no SHA-256"),
        ("card.json", lambda card: card.write_text("{}"), "card.json says no SHA-256"),
    ],
)
def test_a_harmed_network_says_what_to_do(tmp_path, monkeypatch, name, harm, said):
    folder = shutil.copytree(mtcnn.FOLDER, tmp_path / "mtcnn")
    monkeypatch.setattr(mtcnn, "FOLDER", folder)
    detector.create("mtcnn")
    harm(folder / name)
    with pytest.raises(detector.DetectorError, match=f"{said}.*git checkout -- weights"):
        detector.create("mtcnn")


@pytest.mark.parametrize("name", ["mtcnn", "haar"])
@pytest.mark.parametrize("shape", [(480, 640, 3), (5, 5, 3), (1, 300, 3)])
def test_no_face_is_no_boxes(name, shape):
    found = detector.create(name).detect(np.zeros(shape, np.uint8))
    assert found.boxes.shape == (0, 4)


def test_a_face_across_the_edge_does_not_crash(portrait):
    detector.create("mtcnn").detect(np.ascontiguousarray(portrait[90:, 270:]))


def test_yunet_says_what_it_needs(tmp_path):
    with pytest.raises(detector.DetectorError, match="--detector-model"):
        detector.create("yunet")
    with pytest.raises(detector.DetectorError, match="no YuNet file"):
        detector.create("yunet", tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not onnx")
    with pytest.raises(detector.DetectorError, match="not a YuNet model"):
        detector.create("yunet", tmp_path / "bad.onnx")


def test_nms_keeps_the_best_of_each_cluster():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    assert nms(boxes, np.array([0.8, 0.9, 0.7]), 0.5).tolist() == [1, 2]
    assert nms(np.zeros((0, 4), np.float32), np.zeros(0), 0.5).tolist() == []


def test_square_keeps_the_centre():
    assert square(np.array([[0, 0, 10, 20]], np.float32)).tolist() == [[-5, 0, 15, 20]]


@pytest.mark.parametrize(("suffix"), [".jpg", ".png", ".webp"])
def test_headers_and_truncation(portrait, suffix):
    import cv2

    encoded = cv2.imencode(suffix, portrait)[1].tobytes()
    assert check_header(encoded, FrameLimits()) == (640, 480)
    assert is_complete(encoded)
    assert decode(encoded).shape == (480, 640, 3)
    for share in (0.3, 0.6, 0.99):
        assert check_header(encoded[: int(len(encoded) * share)], FrameLimits()) == (640, 480)
        with pytest.raises(FrameError) as caught:
            decode(encoded[: int(len(encoded) * share)])
        assert caught.value.code == "bad_frame"


def test_webp_sizes_of_every_kind(portrait):
    import io

    from PIL import Image

    picture = Image.fromarray(portrait[:301, :203])
    for options in ({"lossless": True}, {"quality": 50}, {"quality": 50, "exif": b"Exif\0\0"}):
        out = io.BytesIO()
        picture.save(out, "WEBP", **options)
        assert check_header(out.getvalue(), FrameLimits()) == (203, 301)


def test_a_webp_that_claims_a_huge_canvas_costs_nothing():
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + bytes(4) + b"\xff\x3f\x00" * 2
    encoded = b"RIFF" + len(body).to_bytes(4, "little") + body
    with pytest.raises(FrameError) as caught:
        check_header(encoded, FrameLimits())
    assert caught.value.code == "too_large"


def test_a_jpeg_with_a_thumbnail_is_not_taken_for_whole(portrait):
    """The thumbnail's own end marker stands early in the file."""
    jpeg = to_jpeg(portrait)
    thumbnail = to_jpeg(portrait[:48, :48])
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    with_thumbnail = jpeg[:2] + segment + jpeg[2:]
    assert is_complete(with_thumbnail)
    assert not is_complete(with_thumbnail[: len(with_thumbnail) // 2])
