"""The contract of docs/protocol.md, spoken by a real client to a real server."""

import struct
import zlib

import pytest
import websocket

from model.labels import LABELS
from tests.conftest import to_jpeg, wait_until


def test_hello_says_who_serves(server, connect):
    hello = connect(server).hello
    assert hello["protocol"] == 1
    assert hello["labels"] == list(LABELS)
    assert hello["consent_version"]
    assert set(hello["model"]) == {"name", "version", "accuracy", "engine", "unsure_below"}
    assert set(hello["limits"]) == {"max_frame_bytes", "max_width", "max_height", "max_fps"}


def test_a_face_gets_a_box_a_label_and_probabilities(server, connect, portrait_jpeg):
    client = connect(server)
    assert client.ask(portrait_jpeg, {"id": "a-1", "sent_at": 3.25, "extra": 1}) == {"ok": True}
    (result,) = client.results
    assert (result["id"], result["sent_at"]) == ("a-1", 3.25)
    assert (result["width"], result["height"], result["dropped"]) == (640, 480, 0)
    (face,) = result["faces"]
    x, y, w, h = face["box"]
    assert x < 290 < x + w
    assert y < 115 < y + h
    assert face["track"] == 0
    assert 0.5 < face["score"] <= 1
    assert list(face["probabilities"]) == list(LABELS)
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert face["confidence"] == max(face["probabilities"].values())
    assert face["probabilities"][face["label"]] == face["confidence"]
    timing = result["timing_ms"]
    assert set(timing) == {"queue", "decode", "detect", "classify", "total"}
    assert timing["total"] >= timing["decode"] + timing["detect"] + timing["classify"]


def test_faces_keep_their_numbers_within_a_stream(server, connect, portrait, portrait_jpeg):
    """A second face appears on the left: the first keeps number 0; a new stream counts anew.

    Known faces are followed between searches of the whole frame, which find the new one.
    """
    import numpy as np

    two = np.full_like(portrait, 90)
    two[:, :320] = two[:, 320:] = portrait[:, 160:480]
    one = two.copy()
    one[:, :320] = 90
    client = connect(server)
    sent = [(one, 0, "a"), (two, 40, "a"), (two, 440, "a"), (two, 480, "a"), (two, 520, "b")]
    for i, (frame, t, stream) in enumerate(sent):
        client.ask(to_jpeg(frame), {"id": i, "sent_at": 0, "stream": stream, "t": t})
    assert [r["stream"] for r in client.results] == [stream for _, _, stream in sent]
    assert [r["t"] for r in client.results] == [t for _, t, _ in sent]
    ways = ["full", "followed", "full", "followed", "full"]
    assert [r["detected"] for r in client.results] == ways
    (lone,) = client.results[0]["faces"]
    for result, numbers in zip(client.results[1:4], ({0}, {0, 1}, {0, 1}), strict=True):
        by_track = {face["track"]: face["box"] for face in result["faces"]}
        assert set(by_track) == numbers
        assert by_track[0] == pytest.approx(lone["box"], abs=6)
    assert {face["track"] for face in client.results[4]["faces"]} == {0, 1}


def test_a_heat_map_comes_when_asked_for(server, connect, portrait_jpeg):
    client, track = connect(server), 0

    def explained() -> dict | None:
        """A result with a heat map; the first have none, as the worker has yet to load torch."""
        nonlocal track
        assert client.ask(portrait_jpeg, {"id": 1, "sent_at": 0, "explain": track})["ok"]
        result = client.results[-1]
        track = result["faces"][0]["track"]  # another one after a pause
        return result if "why" in result else None

    result = wait_until(explained)
    why = result["why"]
    (face,) = result["faces"]
    assert (why["track"], why["label"]) == (track, face["label"])
    assert [len(row) for row in why["heat"]] == [12] * 12
    xs, ys = zip(*why["corners"], strict=True)
    assert min(xs) < 290 < max(xs)
    assert min(ys) < 115 < max(ys)
    assert client.ask(portrait_jpeg, {"id": 2, "sent_at": 0, "explain": track + 7})["ok"]
    assert client.ask(portrait_jpeg, {"id": 3, "sent_at": 0})["ok"]
    assert all("why" not in result for result in client.results[-2:])
    refused = client.ask(portrait_jpeg, {"id": 4, "sent_at": 0, "explain": "0"})
    assert refused["code"] == "bad_request"


def test_no_frame_waits_for_torch(start_server, connect, portrait_jpeg):
    server = start_server(
        *("--workers", "1", "--engine", "onnx-int8", "--worker-timeout-ms", "2000")
    )
    client, track = connect(server), 0
    client.ask(portrait_jpeg)

    def explained() -> bool:
        nonlocal track
        assert client.ask(portrait_jpeg, {"id": 1, "sent_at": 0, "explain": track})["ok"]
        track = client.results[-1]["faces"][0]["track"]
        return "why" in client.results[-1]

    assert not explained()
    wait_until(explained, 60)
    assert server.metrics()["moodlight_worker_restarts_total"] == 0


def test_consent_is_asked_for_where_it_is_required(start_server, connect, portrait_jpeg):
    server = start_server("--workers", "1", "--require-consent")
    client, other = connect(server), connect(server)
    assert client.ask(portrait_jpeg)["code"] == "no_consent"
    assert client.emit("consent", {"version": "0"}).wait()["code"] == "bad_request"
    assert client.emit("consent").wait()["code"] == "bad_request"
    assert client.emit("consent", {"version": client.hello["consent_version"]}).wait() == {
        "ok": True
    }
    assert client.ask(portrait_jpeg)["ok"]
    assert other.ask(portrait_jpeg)["code"] == "no_consent"  # one consents for oneself


def test_the_result_comes_before_its_acknowledgement(server, connect, portrait_jpeg):
    client = connect(server)
    client.ask(portrait_jpeg, {"id": 7, "sent_at": 0})
    assert client.events == [("result", 7), ("ack", {"ok": True})]


def test_no_face_is_a_result_without_faces(server, connect, empty_jpeg):
    client = connect(server)
    assert client.ask(empty_jpeg)["ok"]
    assert client.results[0]["faces"] == []


def test_hundreds_of_faces_are_answered_in_time_with_the_best(server, connect, crowd):
    client = connect(server)
    assert client.ask(to_jpeg(crowd)) == {"ok": True}
    assert len(client.results[0]["faces"]) == 32


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_other_formats(server, connect, portrait, suffix):
    import cv2

    client = connect(server)
    assert client.ask(cv2.imencode(suffix, portrait)[1].tobytes())["ok"]
    assert len(client.results[0]["faces"]) == 1


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a huge picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def recoded(jpeg: bytes, suffix: str) -> bytes:
    import cv2
    import numpy as np

    frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(suffix, frame)[1].tobytes()


GOOD = {"id": 1, "sent_at": 0}


@pytest.mark.parametrize(
    ("header", "damage", "code"),
    [
        (GOOD, lambda jpeg: b"", "not_an_image"),
        (GOOD, lambda jpeg: b"hello, this is text", "not_an_image"),
        (GOOD, lambda jpeg: b"GIF89a" + jpeg, "not_an_image"),
        (GOOD, lambda jpeg: jpeg[: len(jpeg) // 2], "bad_frame"),
        (GOOD, lambda jpeg: recoded(jpeg, ".webp")[:5000], "bad_frame"),
        (GOOD, lambda jpeg: recoded(jpeg, ".png")[:5000], "bad_frame"),
        (GOOD, lambda jpeg: png_claiming(100, 100), "bad_frame"),
        (GOOD, lambda jpeg: png_claiming(30_000, 30_000), "too_large"),
        (GOOD, lambda jpeg: jpeg + bytes(4_000_000), "too_large"),
        (GOOD, lambda jpeg: "text", "bad_request"),
        (GOOD, lambda jpeg: None, "bad_request"),
        (GOOD, lambda jpeg: [1, 2], "bad_request"),
        ({"sent_at": 0}, lambda jpeg: jpeg, "bad_request"),
        ({"id": 1}, lambda jpeg: jpeg, "bad_request"),
        ({"id": [1], "sent_at": 0}, lambda jpeg: jpeg, "bad_request"),
        ({"id": True, "sent_at": 0}, lambda jpeg: jpeg, "bad_request"),
        ({"id": "x" * 65, "sent_at": 0}, lambda jpeg: jpeg, "bad_request"),
        ({"id": 1, "sent_at": "now"}, lambda jpeg: jpeg, "bad_request"),
        (GOOD | {"t": "soon"}, lambda jpeg: jpeg, "bad_request"),
        (GOOD | {"t": 1e300}, lambda jpeg: jpeg, "bad_request"),
        (GOOD | {"stream": {}}, lambda jpeg: jpeg, "bad_request"),
        ("header", lambda jpeg: jpeg, "bad_request"),
        (7, lambda jpeg: jpeg, "bad_request"),
    ],
)
def test_bad_frames_are_answered_and_do_no_harm(
    server, connect, portrait_jpeg, header, damage, code
):
    client = connect(server)
    answer = client.ask(damage(portrait_jpeg), header)
    assert (answer["ok"], answer["code"]) == (False, code)
    assert answer["message"]
    assert client.ask(portrait_jpeg)["ok"]  # the connection and the worker go on


def test_too_many_pixels(server, connect, portrait):
    import cv2

    client = connect(server)
    twenty_megapixels = to_jpeg(cv2.resize(portrait, (5200, 3900)), 30)
    assert client.ask(twenty_megapixels)["code"] == "too_large"


@pytest.mark.parametrize("arguments", [(), (GOOD,), (GOOD, b"x", 3)])
def test_a_wrong_number_of_arguments(server, connect, arguments):
    assert connect(server).emit("frame", *arguments).wait()["code"] == "bad_request"


def test_an_unknown_event(server, connect):
    assert connect(server).emit("no such event", 1).wait()["code"] == "bad_request"


def test_messages_are_not_compressed(server):
    """JPEG does not get smaller, and deflate would cost the web process milliseconds a frame."""
    url = f"{server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    raw = websocket.create_connection(url, timeout=20, header=offer)
    answered = raw.getheaders()
    raw.shutdown()
    assert "sec-websocket-accept" in answered
    assert "sec-websocket-extensions" not in answered


def test_busy_while_no_worker_is_ready(start_server, connect, portrait_jpeg):
    server = start_server("--workers", "1", ready=None)
    server.wait_until_up()  # the page answers before the model has loaded
    client = connect(server)
    answers = []

    def served() -> bool:
        answers.append(client.ask(portrait_jpeg))
        return answers[-1]["ok"]

    wait_until(served, 60)
    assert {a["code"] for a in answers[:-1]} == {"busy"}
