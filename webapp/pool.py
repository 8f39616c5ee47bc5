"""Inference workers: started, fed from the gate, watched, restarted.

One thread for each worker asks the gate for a frame, sends it, waits for the answer. Sockets,
threads and locks are the standard library's, so the same code runs on real threads or, patched, on
eventlet's.
"""

import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from model import messages
from webapp.config import Settings
from webapp.gate import Gate, Ticket

log = logging.getLogger("moodlight.pool")

_ROOT = Path(__file__).resolve().parent.parent
_START_LIMIT_S = 120.0
_STOP_LIMIT_S = 2.0
_BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
# How soon the death of an idle worker is noticed.
_LOOK_EVERY_S = 0.5
# A worker says hello as soon as it has connected; whoever does not is a stranger.
_HELLO_LIMIT_S = 2.0
# An idle worker is asked this often whether it still answers.
_PING_EVERY_S = 5.0


class WorkerPool:
    """A fixed number of worker processes.

    Args:
        settings: how many workers, and what they load.
        gate: where frames come from.
    """

    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._settings, self._gate = settings, gate
        self._stopping = threading.Event()
        self._processes: dict[int, subprocess.Popen] = {}  # by position
        self._ready: set[int] = set()
        self._asked: dict[int, float] = {}  # since when a worker owes an answer, by position
        self.restarts = 0
        self.engine: str | None = None  # as the workers name it, once one is ready
        self.refusal: str | None = None  # why workers cannot start, in a sentence

    @property
    def ready_count(self) -> int:
        """Workers that can take a frame."""
        return len(self._ready)

    @property
    def capacity(self) -> int:
        """Frames that can be in work at once."""
        return self._settings.workers

    @property
    def answering_count(self) -> int:
        """Workers that have loaded and owe no answer for longer than a frame may take."""
        patience_s = self._settings.deadline_ms / 1000
        oldest = time.monotonic() - patience_s
        return sum(self._asked.get(position, oldest) >= oldest for position in list(self._ready))

    def start(self) -> None:
        """Start all workers and return at once; `ready_count` grows as they load."""
        for position in range(self._settings.workers):
            threading.Thread(target=self._keep_running, args=(position,), daemon=True).start()

    def stop(self) -> None:
        """End all workers within a few seconds."""
        self._stopping.set()
        self._gate.close()
        deadline = time.monotonic() + _STOP_LIMIT_S
        for process in list(self._processes.values()):
            process.terminate()
        for process in list(self._processes.values()):
            _end(process, max(0.0, deadline - time.monotonic()))

    def _keep_running(self, position: int) -> None:
        failures = 0
        while not self._stopping.is_set():
            served = False
            try:
                served = self._run_one(position)
            except Exception as error:  # whatever it was, the next worker may do better
                log.warning("worker %d: %s", position, error)
            if self._stopping.is_set():
                return
            if not served and not self.refusal:
                self.refusal = "the workers end while they start: see the server's log"
            failures = 0 if served else failures + 1
            # A worker that died at work is replaced at once; one that cannot start, ever later.
            pause_s = 0.0 if served else _BACKOFF_S[min(failures, len(_BACKOFF_S)) - 1]
            self.restarts += 1
            log.warning(
                "worker %d ended; restarting in %.1f s",
                *(position, pause_s),
                extra=_event("worker_restart", position),
            )
            self._stopping.wait(pause_s)

    def _run_one(self, position: int) -> bool:
        """One worker process from start to end; whether it got ready."""
        token = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
            process = self._spawn(listener.getsockname()[1], token)
            self._processes[position] = process
            try:
                connection = _accept(listener, process, token)
            except BaseException:
                _end(process, 0)
                raise
        with connection:
            try:
                message, _ = messages.receive(connection)
                if message["type"] == messages.REFUSED:
                    # The worker's own words, which say where files lie, are not for strangers.
                    self.refusal = "the model could not be loaded: see the server's log"
                    log.error("a worker cannot start: %s", message["message"])
                    return False
                self.engine, self.refusal = message["engine"], None
                connection.settimeout(self._settings.worker_timeout_ms / 1000)
                self._ready.add(position)
                log.info(
                    "worker %d ready (%s)",
                    *(position, self.engine),
                    extra=_event("worker_ready", position),
                )
                self._feed(connection, process, position)
                return True
            finally:
                self._ready.discard(position)
                _end(process, 0)

    def _feed(self, connection: socket.socket, process: subprocess.Popen, position: int) -> None:
        """Frames to the worker and answers back, until either side ends."""
        job = 0
        answered = time.monotonic()
        while not self._gate.closed:
            if process.poll() is not None:
                log.error("worker %d died", position, extra=_event("worker_died", position))
                return
            ticket = self._gate.take(_LOOK_EVERY_S)
            if ticket is None and time.monotonic() - answered < _PING_EVERY_S:
                continue
            job += 1
            answer = None
            self._asked[position] = time.monotonic()
            try:
                answer = _ask(connection, job, ticket)
            except TimeoutError:
                log.error(
                    "worker %d is stuck and will be replaced",
                    position,
                    extra=_event("worker_stuck", position),
                )
                return
            except OSError:
                log.error("worker %d died", position, extra=_event("worker_died", position))
                return
            finally:
                del self._asked[position]
                if answer is None:
                    self._ready.discard(position)
                if ticket is not None:
                    self._gate.release(ticket, answer)
            answered = time.monotonic()

    def _spawn(self, port: int, token: str) -> subprocess.Popen:
        s = self._settings
        command = [
            *(sys.executable, "-m", "model.worker", "--connect", f"127.0.0.1:{port}"),
            *("--weights", str(s.weights.resolve()), "--detector", s.detector),
            *("--engine", s.engine, "--full-detection-ms", str(s.full_detection_ms)),
            *("--max-frame-bytes", str(s.max_frame_bytes)),
            *("--max-width", str(s.max_width), "--max-height", str(s.max_height)),
        ]
        if s.log_json:
            command.append("--log-json")
        if s.detector_model is not None:
            command += ["--detector-model", str(s.detector_model.resolve())]
        return subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, messages.TOKEN_VARIABLE: token},
            start_new_session=True,  # the terminal's Ctrl-C is for the web process alone
        )


def _event(name: str, position: int) -> dict[str, str | int]:
    return {"event": name, "worker": position}


def _ask(connection: socket.socket, job: int, ticket: Ticket | None) -> dict:
    """The worker's answer to a frame, or to none: that it is there."""
    if ticket is None:
        messages.send(connection, {"type": messages.PING, "job": job})
    else:
        message = {
            "type": messages.FRAME,
            "job": job,
            "t": ticket.t,
            "tracks": ticket.following.tracks,
            "explain": ticket.explain,
        }
        messages.send(connection, message, ticket.encoded)
    answer, _ = messages.receive(connection)
    if answer["job"] != job:
        raise ConnectionError(f"answer to frame {answer['job']} instead of {job}")
    return answer


def _accept(listener: socket.socket, process: subprocess.Popen, token: str) -> socket.socket:
    """The connection of the worker just started, which proves itself by its token."""
    deadline = time.monotonic() + _START_LIMIT_S
    listener.settimeout(1.0)
    while time.monotonic() < deadline:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            if process.poll() is not None:
                raise ConnectionError(f"ended at start with status {process.returncode}") from None
            continue
        try:
            connection.settimeout(_HELLO_LIMIT_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            message, _ = messages.receive(connection, limit=1000)
            if secrets.compare_digest(message["token"].encode(), token.encode()):
                connection.settimeout(_START_LIMIT_S)
                return connection
        except Exception as error:
            log.warning("a stranger knocked at a worker's door: %s", error)
        connection.close()
    raise ConnectionError(f"did not connect within {_START_LIMIT_S:.0f} s")


def _end(process: subprocess.Popen, patience_s: float) -> None:
    """Wait for a process, and kill it when patience ends."""
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
