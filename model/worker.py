"""The inference worker process: `python -m model.worker --connect HOST:PORT`.

Started by `webapp.pool`, one process each. It connects back to the web process, loads the engine,
and answers one frame at a time. When the web process goes away, however it ends, so does this one.
"""

import faulthandler
import logging
import os
import queue
import signal
import socket
import sys
import threading
from pathlib import Path

import click

from model import logs, messages
from model.image_header import BAD_FRAME, FrameError, FrameLimits
from model.names import DETECTORS, ENGINE_CHOICES

log = logging.getLogger("moodlight.worker")

# The web process answers first, however busy the workers keep the cores.
_NICENESS = 5


@click.command()
@click.option("--connect", "address", required=True, help="HOST:PORT of the web process.")
@click.option("--weights", type=click.Path(path_type=Path), required=True)
@click.option("--detector", "detector_name", type=click.Choice(DETECTORS), required=True)
@click.option("--detector-model", type=click.Path(path_type=Path))
@click.option("--engine", "engine_name", type=click.Choice(ENGINE_CHOICES), required=True)
@click.option("--full-detection-ms", type=int, required=True)
@click.option("--max-frame-bytes", type=int, required=True)
@click.option("--max-width", type=int, required=True)
@click.option("--max-height", type=int, required=True)
@click.option("--log-json", is_flag=True)
def main(
    address: str,
    weights: Path,
    detector_name: str,
    detector_model: Path | None,
    engine_name: str,
    full_detection_ms: int,
    max_frame_bytes: int,
    max_width: int,
    max_height: int,
    log_json: bool,
) -> None:
    """Serve frames until the connection closes."""
    _silence_codecs()
    logs.set_up(log_json)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us through the connection
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    token = os.environ.pop(messages.TOKEN_VARIABLE, "")
    messages.send(connection, {"type": messages.HELLO, "token": token})
    jobs = _start_reader(connection)
    # A header that says less than the decoder finds gets no further.
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(max_width * max_height)
    # Workers are the parallelism: more threads in each would only fight over the cores.
    os.environ["OMP_NUM_THREADS"] = "1"  # torch's, should it be loaded
    # Imported after the reader runs, so that a web process that dies now takes us along.
    import cv2

    from model.card import WeightsError
    from model.detector import DetectorError
    from model.engine import Engine

    cv2.setNumThreads(1)
    try:
        engine = Engine(weights, detector_name, detector_model, engine_name, full_detection_ms)
        _warm_up(engine)
    except Exception as error:
        known = isinstance(error, WeightsError | DetectorError)
        said = str(error) if known else f"the model cannot start ({error!r}): see the server's log"
        messages.send(connection, {"type": messages.REFUSED, "message": said})
        if known:
            return
        raise
    messages.send(connection, {"type": messages.READY, "engine": engine.name})
    _serve(connection, jobs, engine, FrameLimits(max_frame_bytes, max_width, max_height))


def _silence_codecs() -> None:
    """Libraries of picture formats complain about broken frames straight to standard error."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    faulthandler.enable(sys.stderr)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def _start_reader(connection: socket.socket) -> queue.SimpleQueue:
    """Read jobs on a thread of its own, which ends the process when the connection does."""
    jobs: queue.SimpleQueue = queue.SimpleQueue()

    def read() -> None:
        try:
            while True:
                jobs.put(messages.receive(connection))
        except OSError:
            os._exit(0)  # even if the main thread is deep in a computation

    threading.Thread(target=read, name="reader", daemon=True).start()
    return jobs


def _warm_up(engine) -> None:
    import numpy as np

    engine.infer(np.zeros((480, 640, 3), np.uint8))
    engine.probabilities(np.zeros((1, 48, 48), np.uint8))


def _serve(connection: socket.socket, jobs: queue.SimpleQueue, engine, limits) -> None:
    while True:
        message, encoded = jobs.get()
        if message["type"] == messages.PING:
            messages.send(connection, {"type": messages.PONG, "job": message["job"]})
            continue
        try:
            analysis = engine.analyze(encoded, limits, message["tracks"], message["t"])
            numbers, tracks = analysis.follow(message["tracks"], message["t"])
            answer = {
                "type": messages.RESULT,
                "detected": "followed" if analysis.followed else "full",
                "timing_ms": analysis.timing_ms,
                "tracks": tracks,
                **analysis.to_dict(numbers),
            }
            if message["explain"] in numbers:
                face = analysis.faces[numbers.index(message["explain"])]
                answer["why"] = _why(engine, face, message["explain"])
        except FrameError as error:
            answer = {"type": messages.FAILURE, "code": error.code, "message": str(error)}
        except MemoryError:
            raise  # a process that has run out of memory is worth less than a new one
        except Exception:
            log.exception("a frame failed")
            answer = {
                "type": messages.FAILURE,
                "code": BAD_FRAME,
                "message": "the frame could not be analysed",
            }
        messages.send(connection, {**answer, "job": message["job"]})


def _why(engine, face, track: int) -> dict:
    """The heat map of one face as `result` carries it (docs/protocol.md)."""
    return {
        "track": track,
        "label": face.label,
        "corners": face.corners.round(1).tolist(),
        "heat": engine.explain(face).round(2).tolist(),
    }


if __name__ == "__main__":
    main()
