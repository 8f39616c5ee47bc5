"""Send cases from several connections at once, with a bystander who must not notice."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np
import psutil
import websocket

from tests.conftest import Server, wait_until
from tests.fuzz.corpus import Cases
from tests.protocol.conftest import Client

_ANSWER_LIMIT_S = 20.0
_BEFORE_HELLO = 2000
_SAMPLES = 200
# Megabytes per thousand cases in the second half, once there are that many cases.
_SLOPE_LIMIT, _ENOUGH_TO_JUDGE = 1.0, 10_000
_BYSTANDER_EVERY_S = 0.2


@dataclass
class Report:
    """What became of the cases.

    Attributes:
        sent: cases of each kind.
        answers: codes of the answers to frames, and statuses of those to requests.
        failures: what must never happen, a sentence each.
        served: frames of the bystander that were answered rightly.
        memory: megabytes of the web process and the workers together, after a share of the cases.
    """

    sent: Counter = field(default_factory=Counter)
    answers: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    served: int = 0
    memory: list[tuple[int, float]] = field(default_factory=list)

    @property
    def slope(self) -> float:
        """Megabytes for each thousand cases, over the second half of them."""
        half = np.array(self.memory[len(self.memory) // 2 :])
        return float(np.polyfit(half[:, 0] / 1000, half[:, 1], 1)[0]) if len(half) > 1 else 0.0


def fuzz(server: Server, portrait: bytes, cases: int, seed: int = 0, threads: int = 4) -> Report:
    """Run cases against a server that was started with a high `--max-fps`."""
    report = Report()
    workers = server.worker_pids()
    bystander = _Bystander(server, portrait, report)
    _speak_before_hello(server, report)
    left = [cases // threads] * threads
    attackers = [
        threading.Thread(target=_attack, args=(server, Cases(seed + i), left, i, report))
        for i in range(threads)
    ]
    for attacker in attackers:
        attacker.start()
    while any(attacker.is_alive() for attacker in attackers):
        done = cases - sum(left)
        if not report.memory or done >= report.memory[-1][0] + cases / _SAMPLES:
            report.memory.append((done, _memory_mb(server)))
        time.sleep(0.05)
    bystander.stop()
    if server.process.poll() is not None or server.worker_pids() != workers:
        report.failures.append("a process ended")
    if cases >= _ENOUGH_TO_JUDGE and report.slope > _SLOPE_LIMIT:
        report.failures.append(f"memory grows by {report.slope:.2f} MB per 1000 cases")
    if "Traceback" in server.log.read_text():
        report.failures.append("a traceback in the log")
    return report


def _attack(server: Server, cases: Cases, left: list[int], place: int, report: Report) -> None:
    attacker = _Attacker(server, report)
    kinds: list[tuple[str, Callable[[], None]]] = [
        ("frame", lambda: attacker.send_frame(cases.frame())),
        ("packets", lambda: attacker.send_packets(cases.packets())),
        ("request", lambda: attacker.request(cases.request())),
        ("websocket", lambda: attacker.send_bytes(cases.websocket_bytes())),
        ("joining", lambda: attacker.join(cases.header())),
    ]
    while left[place] > 0:
        name, send = cases.random.choices(kinds, (12, 4, 4, 1, 1))[0]
        try:
            send()
        except (OSError, websocket.WebSocketException):
            attacker.hang_up()  # as the server may have done
        except Exception as error:
            report.failures.append(f"the fuzzer itself: {error!r}")
        report.sent[name] += 1
        left[place] -= 1
    attacker.hang_up()


class _Attacker:
    """One connection, opened again whenever the server has closed it."""

    def __init__(self, server: Server, report: Report) -> None:
        self._server, self._report = server, report
        self.connection: websocket.WebSocket | None = None
        self._asked = 10_000

    def send_frame(self, packets: list[str | bytes]) -> None:
        """Wait for the acknowledgement, so that the next frame does not replace this one."""
        header, picture = packets
        name = json.loads(header[header.index("[") :])[0]
        self.send_packets([header, picture], settle=name != "frame")
        if name == "frame":
            number = header[len("451-") : header.index("[")]
            answer = self._wait_for(f"43{number}[")
            self._report.answers[answer.get("code", "ok")] += 1

    def send_packets(self, packets: list[str | bytes], settle: bool = True) -> None:
        """If `settle`, wait until the server has read them; it may also hang up."""
        connection = self._open()
        for packet in packets:
            if isinstance(packet, str):
                connection.send(packet)
            else:
                connection.send_binary(packet)
        if settle:
            self._asked += 1
            connection.send(f'42{self._asked}["sync"]')
            connection.settimeout(0.5)  # an event that awaits its attachments takes it for one
            try:
                self._wait_for(f"43{self._asked}[")
            except websocket.WebSocketTimeoutException:
                self.hang_up()

    def request(self, raw: bytes) -> None:
        at = urlsplit(self._server.url)
        with socket.create_connection((at.hostname, at.port), timeout=_ANSWER_LIMIT_S) as asking:
            asking.sendall(raw)
            with suppress(OSError):
                asking.shutdown(socket.SHUT_WR)
            answer = asking.recv(1000)
        status = answer.split(b" ", 2)[1].decode("latin-1") if b" " in answer else "none"
        self._report.answers[status] += 1
        if status.startswith("5") and status != "503":
            self._report.failures.append(f"{status} for {raw[:200]!r}")

    def send_bytes(self, raw: bytes) -> None:
        """On a connection of its own, below the WebSocket library."""
        connection = _connect(self._server)
        try:
            connection.sock.sendall(raw)
            connection.sock.shutdown(socket.SHUT_WR)
            connection.settimeout(_ANSWER_LIMIT_S)
            while connection.sock.recv(4096):
                pass
        finally:
            connection.shutdown()

    def join(self, auth: object) -> None:
        """Say CONNECT with something for a code or a viewer's token."""
        connection = _connect(self._server)
        try:
            connection.send("40" + json.dumps({"watch": auth, "code": auth}))
            connection.recv()
        finally:
            connection.shutdown()

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.shutdown()
            self.connection = None

    def _open(self) -> websocket.WebSocket:
        if self.connection is None:
            self.connection = _connect(self._server)
            self.connection.send("40")
            self._wait_for("40")
        self.connection.settimeout(_ANSWER_LIMIT_S)
        return self.connection

    def _wait_for(self, start: str) -> dict:
        while True:
            said = self.connection.recv()
            if not said:
                raise websocket.WebSocketConnectionClosedException
            if said == "2":
                self.connection.send("3")
            elif isinstance(said, str) and said.startswith(start):
                answer = json.loads(said[len(start) - 1 :] or "0") if start[1] == "3" else [{}]
                return answer[0] if answer else {}


def _connect(server: Server) -> websocket.WebSocket:
    url = f"{server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
    return websocket.create_connection(url, timeout=_ANSWER_LIMIT_S)


def _speak_before_hello(server: Server, report: Report) -> None:
    connection = _connect(server)
    with suppress(OSError, websocket.WebSocketException):
        for i in range(_BEFORE_HELLO):
            connection.send(f'42{i}["frame",{{"id":{i},"sent_at":0}}]')
    connection.shutdown()
    report.sent["before hello"] = _BEFORE_HELLO


class _Bystander:
    """A client that sends a portrait now and then; every result must be its own and the same."""

    def __init__(self, server: Server, portrait: bytes, report: Report) -> None:
        self._portrait, self._report = portrait, report
        self._client = Client(server.url)
        self._expected = self._ask(0)["faces"][0]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()
        self._client.io.disconnect()

    def _ask(self, number: int) -> dict:
        header = {"id": f"bystander-{number}", "sent_at": number, "stream": number}
        answer = self._client.ask(self._portrait, header)
        assert answer == {"ok": True}, answer
        wait_until(lambda: self._client.results)  # the client hands them on by two threads
        (result,) = self._client.results
        self._client.results.clear()
        assert (result["id"], result["sent_at"]) == (header["id"], number), result
        return result

    def _run(self) -> None:
        number = 0
        while not self._done.wait(_BYSTANDER_EVERY_S):
            number += 1
            try:
                (face,) = self._ask(number)["faces"]
                wrong = np.abs(np.subtract(face["box"], self._expected["box"])).max() > 2 or any(
                    abs(p - self._expected["probabilities"][name]) > 0.02
                    for name, p in face["probabilities"].items()
                )
                assert not wrong, face
            except Exception as error:
                self._report.failures.append(f"the bystander: {error!r}")
                return
            self._report.served += 1


def _memory_mb(server: Server) -> float:
    total = 0
    for pid in (server.process.pid, *server.worker_pids()):
        with suppress(psutil.NoSuchProcess):
            total += psutil.Process(pid).memory_info().rss
    return total / 1e6
