"""Floods, killed and stuck workers, shutdown: nobody else is slowed and nothing is left behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest
import socketio

from tests.conftest import ROOT, free_port, to_jpeg, wait_until
from tests.protocol.test_http import call, multipart

MODES = pytest.mark.parametrize("mode", ["eventlet", "threading"])


def test_two_clients_never_see_each_others_results(server, connect, portrait_jpeg, empty_jpeg):
    """One sends a face, the other none, both as fast as they can, under the same ids."""
    clients = {True: connect(server), False: connect(server)}

    def stream(has_face: bool) -> None:
        for i in range(15):
            encoded = portrait_jpeg if has_face else empty_jpeg
            assert clients[has_face].ask(encoded, {"id": i, "sent_at": float(has_face)})["ok"]

    threads = [threading.Thread(target=stream, args=(kind,)) for kind in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for has_face, client in clients.items():
        assert [r["id"] for r in client.results] == list(range(15))
        assert {r["sent_at"] for r in client.results} == {float(has_face)}
        assert {bool(r["faces"]) for r in client.results} == {has_face}


def test_a_flood_is_dropped_and_counted_never_queued(server, connect, portrait_jpeg):
    client, other = connect(server), connect(server)
    pending = [client.send(portrait_jpeg) for _ in range(60)]
    assert other.ask(portrait_jpeg)["ok"]  # nobody else waits for the flood
    answers = [p.wait() for p in pending]
    refused = [a for a in answers if not a["ok"]]
    assert {a["code"] for a in refused} == {"dropped"}
    assert answers[-1] == {"ok": True}  # the newest frame wins
    assert len(answers) == 60
    client.ask(portrait_jpeg)
    assert client.results[-1]["dropped"] == len(refused)
    assert len(client.results) == 61 - len(refused)


def test_the_deadline_drops_what_waits_too_long(start_server, connect, portrait_jpeg):
    server = start_server("--workers", "1", "--deadline-ms", "300")
    client = connect(server)
    assert client.ask(portrait_jpeg)["ok"]
    (worker,) = server.worker_pids()
    os.kill(worker, signal.SIGSTOP)
    try:
        assert client.ask(portrait_jpeg)["code"] == "dropped"
    finally:
        os.kill(worker, signal.SIGCONT)
    wait_until(lambda: client.ask(portrait_jpeg)["ok"])


@MODES
def test_a_killed_worker_costs_one_frame(start_server, connect, portrait_jpeg, mode):
    server = start_server("--async-mode", mode, "--workers", "2", ready=2)
    client = connect(server)
    answers = []
    stop = threading.Event()

    def stream() -> None:
        while not stop.is_set():
            answers.append(client.ask(portrait_jpeg))

    streaming = threading.Thread(target=stream)
    streaming.start()
    wait_until(lambda: len(answers) > 5)
    victim = server.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    killed_at = len(answers)
    wait_until(lambda: len(answers) > killed_at + 10)
    wait_until(lambda: server.health()["workers"] == 2, 60)
    stop.set()
    streaming.join(30)
    refused = [a for a in answers if not a["ok"]]
    assert len(refused) <= 1
    assert {a["code"] for a in refused} <= {"dropped"}
    assert victim not in server.worker_pids()


@MODES
def test_a_stuck_worker_stops_nobody_and_is_replaced(start_server, connect, portrait_jpeg, mode):
    """The web process keeps ticking while a worker sleeps on a frame, then replaces the worker."""
    server = start_server(
        *("--async-mode", mode, "--workers", "1", "--worker-timeout-ms", "3000"),
        *("--max-frame-bytes", "3000000"),
    )
    client = connect(server)
    assert client.ask(portrait_jpeg)["ok"]
    (stuck,) = server.worker_pids()
    os.kill(stuck, signal.SIGSTOP)
    # Far more than the socket's buffer holds: a blocking send would stop everything.
    pending = client.send(to_jpeg_of_noise())
    ticks = []
    for _ in range(20):
        started = time.monotonic()
        server.health()
        ticks.append(time.monotonic() - started)
        time.sleep(0.05)
    assert len(ticks) == 20
    assert max(ticks) < 1
    assert not pending.done.is_set()
    assert pending.wait()["code"] == "dropped"
    wait_until(lambda: server.worker_pids() not in ([], [stuck]))
    wait_until(lambda: client.ask(portrait_jpeg)["ok"], 60)


def to_jpeg_of_noise() -> bytes:
    import numpy as np

    noise = np.random.default_rng(0).integers(0, 255, (1200, 1600, 3), np.uint8)
    encoded = to_jpeg(noise, 95)
    assert 1_000_000 < len(encoded) < 3_000_000
    return encoded


def test_a_client_that_leaves_in_mid_frame_does_no_harm(server, connect, portrait_jpeg):
    for _ in range(5):
        client = connect(server)
        client.send(portrait_jpeg)
        client.send(portrait_jpeg)
        client.io.disconnect()
    client = connect(server)
    assert client.ask(portrait_jpeg)["ok"]
    wait_until(lambda: server.health()["clients"] == 1)


def alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@MODES
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_ends_everything(start_server, connect, portrait_jpeg, mode, number):
    server = start_server("--async-mode", mode, "--workers", "2", ready=2)
    assert connect(server).ask(portrait_jpeg)["ok"]
    workers = server.worker_pids()
    assert len(workers) == 2
    server.process.send_signal(number)
    assert server.process.wait(10) == 0
    assert not any(alive(pid) for pid in workers)
    assert "Traceback" not in server.log.read_text()


@MODES
def test_open_connections_do_not_hold_up_the_end(start_server, mode):
    """A request that was only half sent, and a client that polls."""
    server = start_server("--async-mode", mode, "--workers", "1")
    half = socket.create_connection(("127.0.0.1", server.port))
    half.sendall(b"POST /api/v1/analyze HTTP/1.1\r\nContent-Length: 1000\r\n\r\nx")
    polling = socketio.Client(reconnection=False)
    polling.connect(server.url, transports=["polling"])
    assert server.stop() == 0
    half.close()
    polling.disconnect()


def test_the_death_of_an_idle_worker_is_noticed(start_server, connect, portrait_jpeg):
    server = start_server("--workers", "1")
    (worker,) = server.worker_pids()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: server.health()["workers"] == 0, 5)
    wait_until(lambda: server.health()["workers"] == 1, 60)
    assert connect(server).ask(portrait_jpeg)["ok"]


def test_no_worker_outlives_a_killed_web_process(start_server):
    server = start_server("--workers", "2", ready=2)
    workers = server.worker_pids()
    assert len(workers) == 2
    server.process.kill()
    wait_until(lambda: not any(alive(pid) for pid in workers), 10)


def test_a_stopped_worker_dies_with_its_web_process_once_it_goes_on(start_server):
    server = start_server("--workers", "1")
    (worker,) = server.worker_pids()
    os.kill(worker, signal.SIGSTOP)
    server.process.kill()
    os.kill(worker, signal.SIGCONT)
    wait_until(lambda: not alive(worker), 10)


def run_to_end(*options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "webapp", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_busy_port_gets_a_sentence(server):
    status, said = run_to_end("--port", str(server.port))
    assert status == 1
    assert "choose another port with --port" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--host", "203.0.113.5"], "name an address of this computer with --host"),
        (["--host", "nonsense.invalid"], "name an address of this computer with --host"),
        (["--weights", ""], "no weights at ."),
        (["--detector", "yunet", "--detector-model", "none.onnx"], "no file at none.onnx"),
    ],
)
def test_what_cannot_be_used_gets_its_own_sentence(options, sentence):
    status, said = run_to_end("--port", str(free_port()), *options)
    assert (status, "Traceback" in said) == (1, False)
    assert sentence in said
    assert "already running" not in said


def test_workers_that_end_while_they_start_are_said_to(start_server, monkeypatch, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'model.worker' in sys.orig_argv: os._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = start_server("--workers", "1", ready=0)

    def said() -> str:
        status, _, answer = call(f"{server.url}/readyz")
        assert status == 503
        return answer.get("message", "")

    wait_until(lambda: "end while they start" in said())


def test_missing_and_corrupt_weights_get_a_sentence(tmp_path):
    status, said = run_to_end("--port", str(free_port()), "--weights", str(tmp_path / "none"))
    assert (status, "Traceback" in said) == (1, False)
    assert "no weights at" in said
    assert "python -m train" in said

    from model.card import DEFAULT_WEIGHTS, card_path

    corrupt = tmp_path / "net.safetensors"
    corrupt.write_bytes(DEFAULT_WEIGHTS.read_bytes()[:-1] + b"\0")
    card_path(corrupt).write_bytes(card_path(DEFAULT_WEIGHTS).read_bytes())
    status, said = run_to_end("--port", str(free_port()), "--weights", str(corrupt))
    assert (status, "Traceback" in said) == (1, False)
    assert "SHA-256 differs" in said


def test_a_detector_that_cannot_load_is_said_in_the_log_only(
    start_server, connect, portrait_jpeg, tmp_path
):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    status, said = run_to_end("--detector", "yunet")
    assert (status, "--detector-model" in said) == (1, True)
    server = start_server("--detector", "yunet", "--detector-model", str(broken), ready=None)
    wait_until(lambda: "a worker cannot start" in server.log.read_text())
    answer = connect(server).ask(portrait_jpeg)
    said = "the model could not be loaded: see the server's log"
    assert answer == {"ok": False, "code": "busy", "message": said}
    unready = {"status": "not ready", "workers": 0, "message": said}
    assert call(f"{server.url}/readyz")[::2] == (503, unready)


def test_a_worker_out_of_memory_costs_that_worker_only(start_server, connect, portrait_jpeg):
    import cv2
    import numpy as np

    server = start_server("--workers", "1")
    client = connect(server)
    assert client.ask(portrait_jpeg)["ok"]
    (worker,) = (psutil.Process(pid) for pid in server.worker_pids())
    worker.rlimit(psutil.RLIMIT_AS, (worker.memory_info().vms + 5_000_000,) * 2)
    # 20 MB of pixels; a JPEG would be decoded smaller.
    largest = cv2.imencode(".png", np.zeros((2560, 2560, 3), np.uint8))[1].tobytes()
    assert client.ask(largest)["code"] == "dropped"
    wait_until(lambda: client.ask(portrait_jpeg)["ok"], 60)
    assert client.ask(largest)["ok"]  # its successor has no such limit
    assert server.metrics()["moodlight_worker_restarts_total"] == 1


def test_clients_are_told_while_all_workers_are_down(start_server, connect, portrait_jpeg):
    # Workers that load torch take long enough to start for somebody to notice.
    server = start_server("--workers", "2", "--engine", "torch-float32", ready=2)
    client = connect(server)
    for worker in server.worker_pids():
        os.kill(worker, signal.SIGKILL)
    answers = []
    wait_until(lambda: answers.append(client.ask(portrait_jpeg)) or answers[-1]["ok"], 60)
    codes = [a["code"] for a in answers[:-1]]
    assert set(codes) <= {"busy", "dropped"}
    assert "busy" in codes


def test_a_client_that_never_reads_its_results_slows_nobody(
    empty_server, connect, open_raw, portrait_jpeg
):
    deaf, other = open_raw(empty_server), connect(empty_server)
    for i in range(300):
        deaf.send(f'451-{i}["frame",{{"id":{i},"sent_at":0}},{{"_placeholder":true,"num":0}}]')
        deaf.send_binary(portrait_jpeg)
    for _ in range(5):
        assert other.ask(portrait_jpeg)["ok"]
    deaf.shutdown()
    wait_until(lambda: empty_server.health()["clients"] == 1)


def test_a_client_that_vanishes_within_a_message_is_forgotten(empty_server, connect, open_raw):
    raw = open_raw(empty_server)
    raw.send('451-["frame",{"id":1,"sent_at":0},{"_placeholder":true,"num":0}]')
    # The beginning of a message of 70,000 bytes; shorter ones may not say so in eight bytes.
    raw.sock.sendall(b"\x82\xff" + (70_000).to_bytes(8, "big") + bytes(4) + bytes(1000))
    wait_until(lambda: empty_server.health()["clients"] == 1)
    raw.shutdown()
    wait_until(lambda: empty_server.health()["clients"] == 0)
    assert connect(empty_server).ask(b"x")["code"] == "not_an_image"


def test_200_connects_and_disconnects_leave_nothing_behind(server, open_raw, portrait_jpeg):
    process = psutil.Process(server.process.pid)

    def come_and_go(times: int) -> None:
        for i in range(times):
            raw = open_raw(server)
            raw.send(f'451-{i}["frame",{{"id":{i},"sent_at":0}},{{"_placeholder":true,"num":0}}]')
            raw.send_binary(portrait_jpeg)
            raw.shutdown()
        wait_until(lambda: server.health()["clients"] == 0, 60)

    come_and_go(20)
    files, memory = process.num_fds(), process.memory_info().rss
    come_and_go(200)
    wait_until(lambda: process.num_fds() <= files + 2)
    assert process.memory_info().rss < memory + 20_000_000


def test_a_full_disk_changes_nothing(start_server, connect, portrait_jpeg):
    """No process may write to a file any more, its log included."""
    server = start_server("--workers", "1")
    for pid in (server.process.pid, *server.worker_pids()):
        psutil.Process(pid).rlimit(psutil.RLIMIT_FSIZE, (0, 0))
    logged = server.log.stat().st_size
    client = connect(server)
    assert client.ask(portrait_jpeg)["ok"]
    assert client.ask(portrait_jpeg[:5000])["code"] == "bad_frame"
    large = to_jpeg_of_noise()
    body, headers = multipart(large)
    assert call(f"{server.url}/api/v1/analyze", body, headers)[0] == 200
    os.kill(server.worker_pids()[0], signal.SIGKILL)
    wait_until(lambda: client.ask(portrait_jpeg)["ok"], 60)
    assert server.log.stat().st_size == logged


_SHIFTED_CLOCK = """
import signal, time
real, offset = time.time, 0
def jump(number, frame):
    global offset
    offset += 86_400 if number == signal.SIGUSR1 else -2 * 86_400
time.time = lambda: real() + offset
signal.signal(signal.SIGUSR1, jump)
signal.signal(signal.SIGUSR2, jump)
"""


@MODES
def test_a_clock_that_jumps_changes_nothing(
    start_server, connect, portrait_jpeg, mode, tmp_path, monkeypatch
):
    (tmp_path / "sitecustomize.py").write_text(_SHIFTED_CLOCK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = start_server("--async-mode", mode, "--workers", "1")
    client = connect(server)
    assert client.ask(portrait_jpeg)["ok"]
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1):
        for pid in (server.process.pid, *server.worker_pids()):
            os.kill(pid, number)
        for _ in range(3):
            assert client.ask(portrait_jpeg)["ok"]
    samples = server.metrics()
    assert samples["moodlight_worker_restarts_total"] == 0
    assert samples['moodlight_stage_seconds_sum{stage="total"}'] < 60


@MODES
def test_frames_on_their_way_are_answered_before_the_end(start_server, connect, portrait, mode):
    server = start_server("--async-mode", mode, "--workers", "1")
    clients = connect(server), connect(server)  # one frame in the worker, one waiting
    pending = [client.send(to_jpeg(portrait[::8, ::8])) for client in clients]
    wait_until(lambda: server.metrics()["moodlight_frames_received_total"] == 2)
    server.process.send_signal(signal.SIGTERM)
    assert [p.wait() for p in pending] == [{"ok": True}] * 2
    assert server.process.wait(5) == 0


def test_a_server_that_cannot_be_reached_ends():
    code = (
        "from webapp.config import Settings; from webapp.server import run; "
        f"run(Settings(port={free_port()}, async_mode='threading'), lambda *_: None)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, timeout=60, stderr=subprocess.PIPE
    )
    assert ended.returncode == 1
    assert b"can no longer be reached" in ended.stderr
