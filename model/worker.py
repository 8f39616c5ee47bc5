"""The inference worker process: loads the engine and answers one frame at a time.

`--connect HOST:PORT`: started by `webapp.pool`, one process each. It connects back to the web
process; when that goes away, however it ends, so does this one.
`--redis URL`: started by whoever runs the machine. It serves all web processes on that Redis
(`model.redis_worker`).
"""

import faulthandler
import functools
import logging
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model import logs, messages
from model.card import DEFAULT_WEIGHTS
from model.image_header import BAD_FRAME, FrameError, FrameLimits
from model.names import AUTO, DEFAULT_DETECTOR, DETECTORS, ENGINE_CHOICES, FULL_DETECTION_MS

if TYPE_CHECKING:  # loaded late, and slowly
    import numpy as np

    from model.analysis import Face
    from model.engine import Engine

log = logging.getLogger("moodlight.worker")

# The web process answers first, however busy the workers keep the cores.
_NICENESS = 5


class _StartError(RuntimeError):
    """A sentence for whoever runs the worker."""


# Every option but --connect is one of `python -m webapp` too, of the same name in the environment,
# range and default (webapp/config.py).
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(context_settings={"auto_envvar_prefix": "MOODLIGHT"})
@click.option("--redis", help="Serve the cluster on this Redis.")
@click.option(
    "--connect",
    "address",
    allow_from_autoenv=False,
    help="HOST:PORT of the web process; it says so itself.",
)
@click.option("--weights", type=_FILE, default=DEFAULT_WEIGHTS)
@click.option("--detector", type=click.Choice(DETECTORS), default=DEFAULT_DETECTOR)
@click.option("--detector-model", type=_FILE)
@click.option("--engine", type=click.Choice(ENGINE_CHOICES), default=AUTO)
@click.option("--full-detection-ms", type=click.IntRange(0, 10_000), default=FULL_DETECTION_MS)
@click.option(
    "--max-frame-bytes",
    type=click.IntRange(1_000, 50_000_000),
    default=FrameLimits.max_frame_bytes,
)
@click.option("--max-width", type=click.IntRange(16, 16_384), default=FrameLimits.max_width)
@click.option("--max-height", type=click.IntRange(16, 16_384), default=FrameLimits.max_height)
@click.option("--log-json", is_flag=True)
def main(
    redis: str | None,
    address: str | None,
    weights: Path,
    detector: str,
    detector_model: Path | None,
    engine: str,
    full_detection_ms: int,
    max_frame_bytes: int,
    max_width: int,
    max_height: int,
    log_json: bool,
) -> None:
    """Serve frames, for the web process that started this or for the cluster on a Redis.

    Every option but --connect is also an environment variable: MOODLIGHT_ and its name, as
    MOODLIGHT_MAX_WIDTH.
    """
    if not redis and not address:
        raise click.UsageError("name the cluster's Redis: --redis redis://HOST:6379")
    _silence_codecs()
    logs.set_up(log_json)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    limits = FrameLimits(max_frame_bytes, max_width, max_height)
    # A header that says less than the decoder finds gets no further.
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(max_width * max_height)
    # Workers are the parallelism: more threads in each would only fight over the cores.
    os.environ["OMP_NUM_THREADS"] = "1"  # torch's, should it be loaded
    load = functools.partial(_load, weights, detector, detector_model, engine, full_detection_ms)
    if address:
        _serve_web_process(address, limits, load)
    else:
        _serve_cluster(redis, weights, detector, limits, load)


def _load(
    weights: Path,
    detector_name: str,
    detector_model: Path | None,
    engine_name: str,
    full_detection_ms: int,
) -> "Engine":
    """A warm engine.

    Raises:
        _StartError: says what to do.
    """
    import cv2

    from model.card import WeightsError
    from model.detector import DetectorError
    from model.engine import Engine

    cv2.setNumThreads(1)
    try:
        engine = Engine(weights, detector_name, detector_model, engine_name, full_detection_ms)
    except (WeightsError, DetectorError) as error:
        raise _StartError(str(error)) from None
    _warm_up(engine)
    return engine


def _serve_web_process(address: str, limits: FrameLimits, load: Callable[[], "Engine"]) -> None:
    """Serve the one that started us, until the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us through the connection
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    token = os.environ.pop(messages.TOKEN_VARIABLE, "")
    messages.send(connection, {"type": messages.HELLO, "token": token})
    jobs = _start_reader(connection)
    try:
        engine = load()  # after the reader runs: a web process that dies now takes us along
    except _StartError as error:
        messages.send(connection, {"type": messages.REFUSED, "message": str(error)})
        return
    except Exception as error:
        messages.send(connection, {"type": messages.REFUSED, "message": repr(error)})
        raise
    messages.send(connection, {"type": messages.READY, "engine": engine.name})
    while True:
        message, encoded = jobs.get()
        if message["type"] == messages.PING:
            reply = {"type": messages.PONG}
        else:
            reply = answer(engine, limits, message, encoded)
        messages.send(connection, {**reply, "job": message["job"]})


def _serve_cluster(
    url: str,
    weights: Path,
    detector_name: str,
    limits: FrameLimits,
    load: Callable[[], "Engine"],
) -> None:
    """Serve all web processes on a Redis, until Ctrl-C or SIGTERM."""
    from model import cluster
    from model.redis_worker import RedisWorker

    try:
        redis = cluster.connect(url)
        engine = load()
    except (_StartError, cluster.ClusterError) as error:
        log.error("the worker cannot start: %s", error)
        sys.exit(1)
    terms = cluster.Terms(engine.card["sha256"], detector_name, limits)
    worker = RedisWorker(redis, terms, engine.name, functools.partial(answer, engine, limits))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: worker.stop())
    worker.run()


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


def answer(
    engine: "Engine", limits: FrameLimits, message: dict[str, Any], encoded: bytes
) -> dict[str, Any]:
    """The `result` or `failure` for a `frame` message (`model.messages`), without its job."""
    try:
        analysis = engine.analyze(encoded, limits, message["tracks"], message["t"])
        numbers, tracks = analysis.follow(message["tracks"], message["t"])
        reply = {
            "type": messages.RESULT,
            "detected": "followed" if analysis.followed else "full",
            "timing_ms": analysis.timing_ms,
            "tracks": tracks,
            **analysis.to_dict(numbers),
        }
        if message["explain"] in numbers:
            face = analysis.faces[numbers.index(message["explain"])]
            if (heat := engine.explain_soon(face)) is not None:
                reply["why"] = _why(face, message["explain"], heat)
        return reply
    except FrameError as error:
        return {"type": messages.FAILURE, "code": error.code, "message": str(error)}
    except MemoryError:
        raise  # a process that has run out of memory is worth less than a new one
    except Exception:
        log.exception("a frame failed")
        said = "the frame could not be analysed"
        return {"type": messages.FAILURE, "code": BAD_FRAME, "message": said}


def _why(face: "Face", track: int, heat: "np.ndarray") -> dict[str, Any]:
    """The heat map of one face as `result` carries it (docs/protocol.md)."""
    return {
        "track": track,
        "label": face.label,
        "corners": face.corners.round(1).tolist(),
        "heat": heat.round(2).tolist(),
    }


if __name__ == "__main__":
    main()
