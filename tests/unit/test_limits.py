"""Rates by a clock that the tests turn; what a connection may leave behind."""

import json
import struct
import tempfile
import zlib
from contextlib import suppress

import pytest
import simple_websocket
from flask import Flask

from model.image_header import FrameError, FrameLimits, check_header, is_complete
from tests.protocol.test_http import multipart
from webapp import limits, packets
from webapp.app import create_app
from webapp.config import Settings
from webapp.sharing import Sharing


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    return now


def test_a_bucket_admits_its_burst_and_then_its_rate(clock):
    bucket = limits.TokenBucket(rate=10, burst=3)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock[0] += 0.1
    assert [bucket.take() for _ in range(2)] == [True, False]
    clock[0] += 1000
    assert bucket.full
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_a_debt_is_paid_at_the_rate(clock):
    bucket = limits.TokenBucket(rate=10, burst=5)
    assert bucket.owe(5) == 0
    assert bucket.owe(2) == pytest.approx(0.2)
    clock[0] += 0.2
    assert bucket.owe(0) == pytest.approx(0)


def test_addresses_have_rates_of_their_own_and_are_forgotten(clock, monkeypatch):
    monkeypatch.setattr(limits, "_MAX_ADDRESSES", 3)
    rates = limits.api_rate(Settings(max_api_per_minute=6))
    assert [rates.of(a).take() for a in "aabc"] == [True, False, True, True]
    clock[0] += 100
    assert rates.of("d").take()
    assert list(rates._by_address) == ["d"]


class Server:
    """As much of an Engine.IO server as a connection needs; time stands still."""

    packet_rate, ping_timeout, ping_interval = 100.0, 20, 25
    handlers = {}  # noqa: RUF012
    async_handlers = False

    def __init__(self, joined: bool = True) -> None:
        import logging
        import queue

        self.logger = logging.getLogger("test")
        self.create_queue = queue.Queue
        self.has_joined = lambda _sid: joined
        self.slept: list[float] = []
        self.sleep = self.slept.append
        self.reason = type("Reason", (), {"SERVER_DISCONNECT": "server"})

    def _trigger_event(self, *_arguments, **_options) -> None:
        pass


def message(text: str = "x"):
    return packets.engineio.packet.Packet(packets.engineio.packet.MESSAGE, text)


def test_a_client_that_never_reads_is_let_go():
    connection = packets.BoundedSocket(Server(), "s")
    for _ in range(2000):
        connection.send(message())
    assert connection.closed
    assert connection.queue.qsize() <= packets._MAX_UNREAD_PACKETS + 1


@pytest.mark.parametrize("looks", [1, 4])
def test_a_client_that_does_not_join_or_leaves_is_let_go(looks):
    joined = [False] + [True] * (looks - 1)
    server = Server()
    server.has_joined = lambda _sid: joined.pop()
    connection = packets.BoundedSocket(server, "s")
    connection.stay_joined()
    assert server.slept == [packets._JOIN_LIMIT_S] * looks
    assert connection.closed


@pytest.mark.parametrize("joined", [True, False])
def test_a_stranger_has_nothing_long_to_say(joined):
    connection = packets.BoundedSocket(Server(joined), "s")
    with suppress(packets.engineio.exceptions.SocketIsClosedError):
        connection.receive(message("4" + "x" * packets.STRANGERS_BYTES))
    assert connection.closed is not joined


def test_a_client_that_sends_too_fast_is_read_more_slowly(clock):
    server = Server()
    connection = packets.BoundedSocket(server, "s")
    for _ in range(100):
        connection.receive(message())
    assert sum(server.slept) < 0.1
    connection.receive(message("x" * 655_360))
    assert sum(server.slept) == pytest.approx(0.11, abs=0.02)


@pytest.mark.parametrize("text", ["[" * 9000, '"' + "x" * 10_000 + '"', "1" * 5000, "{"])
def test_packets_of_bad_json_are_value_errors(text):
    with pytest.raises(ValueError):  # noqa: PT011
        packets.BoundedJson.loads(text)


@pytest.mark.parametrize("text", ['25-["frame"]', "2", "2{}", "2[]", "2[1]", '59999999-["frame"]'])
def test_packets_that_cannot_be_dispatched_are_value_errors(monkeypatch, text):
    monkeypatch.setattr(packets.BoundedPacket, "json", json)
    with pytest.raises(ValueError):  # noqa: PT011
        packets.BoundedPacket(encoded_packet=text)


@pytest.mark.parametrize("name", ["connect", "disconnect", "*"])
def test_clients_cannot_call_the_servers_own_handlers(name):
    packet = packets.BoundedPacket(encoded_packet=f'2["{name}",{{}}]')
    assert packet.data == [f"reserved {name}", {}]


class NoWorkers:
    ready_count = answering_count = restarts = 0
    capacity = 1
    refusal = engine = None


def app_without_workers() -> Flask:
    sharing = Sharing("http://localhost:5000", code=None, certificate=None)
    return create_app(Settings(async_mode="threading"), sharing, NoWorkers())


def test_uploaded_files_never_touch_a_disk(monkeypatch):
    """Werkzeug spools a form's file of more than 500 kB to a temporary file."""

    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a temporary file")

    app = app_without_workers()
    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile"):
        monkeypatch.setattr(tempfile, name, refuse)
        monkeypatch.setattr("werkzeug.formparser." + name, refuse, raising=False)
    body, headers = multipart(b"\xff\xd8" + bytes(2_000_000))
    answer = app.test_client().post("/api/v1/analyze", data=body, headers=headers)
    assert answer.get_json()["code"] == "not_an_image"


def test_unready_is_503_and_metrics_work_without_workers():
    web = app_without_workers().test_client()
    assert web.get("/readyz").status_code == 503
    assert b"moodlight_workers 0.0" in web.get("/metrics").data


def chunk(kind: bytes, body: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum


def png(*chunks: bytes) -> bytes:
    size = struct.pack(">IIBBBBB", 100, 100, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + b"".join(chunks)


@pytest.mark.parametrize(
    "encoded",
    [
        png(*[chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**6))) for _ in range(60)]),
        png(*[chunk(b"tEXt", b"k\0")] * 200_000),
        b"\xff\xd8" + b"\xff\xe5\x00\x02" * 900_000,
        b"\xff\xd8" + b"\xff" * 3_900_000,
        b"\xff\xd8" + b"\xff\xd0" * 1_900_000,
        b"\xff\xd8\xff\xe5\x00\x00" * 600_000,
    ],
)
def test_reading_a_header_costs_little_whatever_it_holds(encoded):
    """Compared with unpacking 4 MB of zeros: it took Pillow up to 5 s."""
    import time

    def best_s(work) -> float:
        times = []
        for _ in range(3):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
        return min(times)

    def read() -> None:
        with suppress(FrameError):
            check_header(encoded, FrameLimits())

    zeros = zlib.compress(bytes(4_000_000))
    assert best_s(read) < 5 * best_s(lambda: zlib.decompress(zeros))


def test_a_png_whose_chunk_claims_a_gigabyte_is_not_decoded(portrait):
    import cv2

    good = cv2.imencode(".png", portrait)[1].tobytes()
    at = good.index(b"IDAT")
    for length in (2**30, 2**31 - 1, 2**32 - 1):
        bad = good[: at - 4] + length.to_bytes(4, "big") + good[at:]
        assert check_header(bad, FrameLimits()) == (640, 480)
        assert not is_complete(bad)
    assert is_complete(good)
    assert is_complete(good + b"trailing")


def test_a_marker_that_a_decoder_skips_hides_no_size(portrait_jpeg):
    """libjpeg steps over RST0; read as a segment, it would hide the frame header behind it."""
    small = b"\xff\xc0\x00\x11\x08\x00\x10\x00\x10"
    hidden = portrait_jpeg[:2] + b"\xff\xd0" + portrait_jpeg[2:] + small
    with pytest.raises(FrameError, match="no JPEG"):
        check_header(hidden, FrameLimits())


def test_a_thread_notices_a_connection_that_closed_without_waking_it():
    class Library:
        looks = 0

        def receive(self, timeout: float) -> None:
            self.looks += 1
            if self.looks > 2:
                raise simple_websocket.ConnectionClosed

    waiting = packets.ThreadWebSocket(None, None)
    waiting.ws = Library()
    assert waiting.wait() is None
    assert waiting.ws.looks == 3
