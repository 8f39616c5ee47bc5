"""Every limit has an answer; /readyz, /metrics and the logs say how the server is."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
import socketio
import websocket

from tests.conftest import ROOT, wait_until
from tests.protocol.test_http import call

MB = 1_000_000
FLOOD = 100
PLAIN_EVENTS_A_SECOND = 20


def test_frames_over_the_rate_are_refused(start_server, connect, portrait_jpeg):
    server = start_server("--workers", "1", "--max-fps", "5")
    client, other = connect(server), connect(server)
    answers = [p.wait() for p in [client.send(b"x") for _ in range(12)]]
    codes = [a["code"] for a in answers]
    assert codes[:5] == ["not_an_image"] * 5
    assert codes.count("rate_limited") >= 5
    assert other.ask(portrait_jpeg)["ok"]  # each client has a rate of its own
    wait_until(lambda: client.ask(portrait_jpeg)["ok"])  # and gets it back
    limited = server.metrics()['moodlight_frames_dropped_total{reason="rate_limited"}']
    assert limited >= codes.count("rate_limited")


def test_the_defaults_admit_32_clients_of_one_address_at_30_frames_a_second(server, connect):
    clients = [connect(server) for _ in range(32)]
    pending = [client.send(b"x") for _ in range(30) for client in clients]
    assert {p.wait()["code"] for p in pending} == {"not_an_image"}


@pytest.mark.parametrize("option", ["--max-clients", "--max-clients-per-address"])
def test_a_full_server_says_so_and_has_room_again(start_server, connect, option):
    server = start_server("--workers", "1", option, "2", ready=None)
    server.wait_until_up()
    first, _ = connect(server), connect(server)
    refused = []
    late = socketio.Client(reconnection=False)
    late.on("connect_error", refused.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        late.connect(server.url, transports=["websocket"])
    assert refused[0]["message"] == "server_full"
    assert refused[0]["data"]["message"]
    assert server.metrics()['moodlight_clients_refused_total{reason="server_full"}'] == 1
    first.io.disconnect()
    wait_until(lambda: server.health()["clients"] == 1)
    connect(server)


def test_api_requests_over_the_rate_are_refused(start_server):
    server = start_server("--workers", "1", "--max-api-per-minute", "12", ready=None)
    server.wait_until_up()
    answers = [call(f"{server.url}/api/v1/analyze", b"x") for _ in range(4)]
    assert answers[0][2]["code"] == "not_an_image"
    assert (answers[-1][0], answers[-1][2]["code"]) == (429, "rate_limited")


def test_a_message_over_the_limit_is_not_read(server, open_raw):
    """One frame that announces more than the limit, and one that comes in fragments."""
    limit = 2 * 4 * MB + 100_000
    memory = psutil.Process(server.process.pid).memory_info
    before = memory().rss
    announced = open_raw(server)
    header = b"\x82\xff" + (limit + 1).to_bytes(8, "big") + bytes(4)
    announced.sock.sendall(header + bytes(100))
    if "threading" not in server.process.args:
        with pytest.raises((websocket.WebSocketException, OSError)):
            read_to_end(announced)
    fragments = open_raw(server)
    fragments.sock.settimeout(20)
    with pytest.raises((websocket.WebSocketException, OSError)):
        send_fragments(fragments, 20 * limit)
    wait_until(lambda: memory().rss < before + 5 * limit)


def read_to_end(raw: websocket.WebSocket) -> None:
    while True:
        if raw.recv_frame().opcode == websocket.ABNF.OPCODE_CLOSE:
            raise ConnectionError("closed")


def send_fragments(raw: websocket.WebSocket, total: int) -> None:
    frame = websocket.ABNF(fin=0, opcode=websocket.ABNF.OPCODE_BINARY, mask_value=1, data=bytes(MB))
    for _ in range(total // MB):
        raw.sock.sendall(frame.format())
        frame.opcode = websocket.ABNF.OPCODE_CONT


def test_a_poll_over_the_limit_is_not_read(server):
    path = "/socket.io/?EIO=4&transport=polling"
    with urllib.request.urlopen(server.url + path, timeout=10) as opened:
        sid = json.loads(opened.read()[1:])["sid"]
    for length in (9 * MB, -1):
        asked = f"POST {path}&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(asked.encode() + b"4")
            assert b" 400 " in connection.makefile("rb").readline()


@pytest.mark.parametrize(
    "said",
    [
        *("z", "b!!", "4", "42", '42["frame"', "4z", "45", "43", "99", "40/none,", "41", "6"),
        '4510000000-["frame",{"_placeholder":true,"num":0}]',
        "42" + "[" * 9000,
        "42" + "1" * 9000,
        '42["frame",' + '"' + "x" * 50_000 + '"]',
        '42²["frame"]',
        "4" + "{" * 9000,
    ],
)
def test_malformed_packets_leave_nothing_behind(server, connect, open_raw, said):
    bystander = connect(server)
    clients = server.health()["clients"]
    raw = open_raw(server)
    raw.send(said)
    raw.shutdown()
    wait_until(lambda: server.health()["clients"] <= clients)
    assert bystander.ask(b"x")["code"] == "not_an_image"
    assert "Traceback" not in server.log.read_text()


def test_a_flood_that_waits_for_nothing_stops_nobody(server, connect, open_raw):
    """Events are read at a bounded rate, and others are served meanwhile."""
    raw, other = open_raw(server), connect(server)
    raw.sock.settimeout(60)
    started = time.monotonic()
    for i in range(FLOOD):
        raw.send(f'42{i}["no such event"]')
    assert other.ask(b"x")["code"] == "not_an_image"
    assert server.health()["status"] == "ok"
    answered = 0
    while answered < FLOOD:
        said = raw.recv()
        answered += said.startswith("43")
        if said == "2":
            raw.send("3")
    assert answered / (time.monotonic() - started) < 1.5 * PLAIN_EVENTS_A_SECOND


def test_what_a_flood_sends_waits_in_the_network(start_server, open_raw):
    """Not on threads, where the WebSocket library reads ahead by itself."""
    raw = open_raw(start_server("--workers", "1"))
    raw.sock.settimeout(0.5)
    with pytest.raises((websocket.WebSocketTimeoutException, TimeoutError)):
        flood(raw)


def flood(raw: websocket.WebSocket) -> None:
    for _ in range(200_000):
        raw.send('42["no such event","' + "x" * 900 + '"]')


def test_ready_means_that_a_worker_answers(start_server, connect, portrait_jpeg):
    server = start_server("--workers", "1", "--deadline-ms", "300", ready=None)
    server.wait_until_up()
    statuses = []
    wait_until(lambda: statuses.append(call(f"{server.url}/readyz")[0]) or statuses[-1] == 200, 60)
    assert set(statuses[:-1]) <= {503}
    (worker,) = server.worker_pids()
    os.kill(worker, signal.SIGSTOP)
    assert connect(server).ask(portrait_jpeg)["code"] == "dropped"
    assert call(f"{server.url}/readyz")[::2] == (503, {"status": "not ready", "workers": 0})
    os.kill(worker, signal.SIGCONT)
    wait_until(lambda: call(f"{server.url}/readyz")[0] == 200)


def test_metrics_count_what_happens(start_server, connect, portrait_jpeg):
    server = start_server("--workers", "1")
    client = connect(server)
    assert client.ask(portrait_jpeg)["ok"]
    client.ask(b"x")
    client.ask(b"x", "no header")
    call(f"{server.url}/api/v1/analyze", portrait_jpeg)
    samples = server.metrics()
    assert samples["moodlight_frames_received_total"] == 4
    assert samples["moodlight_results_total"] == samples["moodlight_faces_total"] == 2
    for reason in ("not_an_image", "bad_request"):
        assert samples[f'moodlight_frames_dropped_total{{reason="{reason}"}}'] == 1
    for stage in ("queue", "decode", "detect", "classify", "total"):
        assert samples[f'moodlight_stage_seconds_count{{stage="{stage}"}}'] == 2
    assert samples["moodlight_clients"] == samples["moodlight_workers"] == 1
    assert samples["moodlight_worker_restarts_total"] == 0
    assert samples["moodlight_queue_age_seconds"] == 0
    os.kill(server.worker_pids()[0], signal.SIGKILL)
    wait_until(lambda: server.metrics()["moodlight_worker_restarts_total"] == 1)


def test_json_logs_are_one_line_an_event_without_anybody(start_server, connect, portrait_jpeg):
    server = start_server("--workers", "1", "--log-json")
    client = connect(server)
    assert client.ask(portrait_jpeg)["ok"]
    client.ask(portrait_jpeg[:5000])
    client.io.disconnect()
    wait_until(lambda: server.health()["clients"] == 0)
    assert server.stop() == 0
    events = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {"worker_ready", "client_came", "client_went"} <= {e.get("event") for e in events}
    assert all({"time", "level", "logger", "message"} <= set(e) for e in events)
    assert all(len(json.dumps(e)) < 300 for e in events)
    assert "127.0.0.1" not in "".join(json.dumps(e) for e in events if "event" in e)


def test_the_version_is_the_projects():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    command = [sys.executable, "-m", "webapp", "--version"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"Moodlight, version {project['version']}"


@pytest.mark.parametrize("name", ["connect", "disconnect", "*"])
def test_a_client_cannot_count_itself_out(empty_server, connect, name):
    """It would be in again with fresh limits, or speak in another's name."""
    client, other = connect(empty_server), connect(empty_server)
    answer = client.emit(name, other.io.get_sid()).wait()
    assert answer["code"] == "bad_request"
    assert empty_server.health()["clients"] == 2
    assert client.ask(b"x")["code"] == "not_an_image"
