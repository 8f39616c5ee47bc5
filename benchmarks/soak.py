"""`python -m benchmarks.soak --minutes N`: does a server that is used for long stay as it was?"""

import itertools
import queue
import random
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

import click
import numpy as np
import psutil
import socketio

from benchmarks.frames import portrait_frame, to_jpeg, walk
from benchmarks.server import start_server
from model.engine import Engine
from model.names import FULL_DETECTION_MS

_SAMPLE_EVERY_S = 2.0
# How long a client stays before another takes its place.
_STAY_S = (3.0, 20.0)
_ANSWER_LIMIT_S = 30.0
_BOX_TOLERANCE_PX = 2.0
_PROBABILITY_TOLERANCE = 0.02
# Of a moving clip: more than three times between two searches of the whole frame.
_CLIP_FRAMES = 80
FRAME_MS = 40
_MAX_SLOPE_MB = 1.0  # a minute


class Clip:
    """Frames of one stream, and the library's answers to them, one after the other.

    Args:
        engine: follows faces as the server does.
        frames_bgr: (H, W, 3) uint8 each.
    """

    def __init__(self, engine: Engine, frames_bgr: list[np.ndarray]) -> None:
        self.frames = [to_jpeg(frame) for frame in frames_bgr]
        self.answers: list[dict] = []
        state = None
        for at, encoded in enumerate(self.frames):
            analysis = engine.analyze(encoded, state=state, now_ms=at * FRAME_MS)
            numbers, state = analysis.follow(state, at * FRAME_MS)
            detected = "followed" if analysis.followed else "full"
            self.answers.append({**analysis.to_dict(numbers), "detected": detected})

    def differs(self, at: int, result: dict) -> str | None:
        """What is wrong with a result for frame `at`, in a phrase."""
        wanted = self.answers[at]
        if result["detected"] != wanted["detected"]:
            return f"{result['detected']} instead of {wanted['detected']}"
        if len(wanted["faces"]) != len(result["faces"]):
            return f"{len(result['faces'])} faces instead of {len(wanted['faces'])}"
        for face, right in zip(result["faces"], wanted["faces"], strict=True):
            if face["track"] != right["track"]:
                return f"track {face['track']} instead of {right['track']}"
            if np.abs(np.subtract(face["box"], right["box"])).max() > _BOX_TOLERANCE_PX:
                return f"box {face['box']} instead of {right['box']}"
            for name, value in face["probabilities"].items():
                if abs(value - right["probabilities"][name]) > _PROBABILITY_TOLERANCE:
                    return f"{name} {value} instead of {right['probabilities'][name]}"
        return None


class _Client(threading.Thread):
    """Clients one after another, each plays clips; some leave in the middle of a frame."""

    def __init__(self, url: str, clips: list[Clip], seed: int, stopping: threading.Event) -> None:
        super().__init__()
        self._url, self._clips, self._stopping = url, clips, stopping
        self._random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._stay(time.monotonic() + self._random.uniform(*_STAY_S))
            except Exception as error:
                self.wrong.append(repr(error))
            self.counts["connections"] += 1

    def _stay(self, until: float) -> None:
        # Each message is handled in a thread of its own: a result's may be later than its
        # acknowledgement's.
        results: queue.Queue[dict] = queue.Queue()
        client = socketio.Client(reconnection=False)
        client.on("result", results.put)
        client.connect(self._url, transports=["websocket"])
        frame_ids = itertools.count(1)

        def is_over() -> bool:
            return time.monotonic() > until or self._stopping.is_set()

        while not is_over():
            clip, stream = self._random.choice(self._clips), next(frame_ids)
            for at, encoded in enumerate(clip.frames):
                frame_id = next(frame_ids)
                header = {"id": frame_id, "sent_at": 0, "stream": stream, "t": at * FRAME_MS}
                answer = client.call("frame", (header, encoded), timeout=_ANSWER_LIMIT_S)
                if not answer["ok"]:
                    self.counts[answer["code"]] += 1
                    break  # what follows depends on it
                result = results.get(timeout=_ANSWER_LIMIT_S)
                self.counts["results"] += 1
                if result["id"] != frame_id:
                    self.wrong.append(f"result {result['id']} instead of {frame_id}")
                self.counts["followed"] += result["detected"] == "followed"
                if said := clip.differs(at, result):
                    self.wrong.append(f"frame {at} of {len(clip.frames)}: {said}")
                if is_over():
                    break
        if self._random.random() < 0.5:
            client.emit("frame", ({"id": 0, "sent_at": 0}, self._clips[0].frames[0]))
        client.disconnect()


class _Watch:
    """Memory and files of a server and its workers."""

    def __init__(self, pid: int) -> None:
        self._server = psutil.Process(pid)
        self._started = time.monotonic()
        self.samples: list[tuple[float, float]] = []  # minutes, megabytes

    def processes(self) -> list[psutil.Process]:
        return [self._server, *self._server.children(recursive=True)]

    def files(self) -> int:
        return sum(process.num_fds() for process in self.processes())

    def sample(self) -> None:
        with suppress(psutil.NoSuchProcess):
            memory = sum(process.memory_info().rss for process in self.processes()) / 1e6
            self.samples.append(((time.monotonic() - self._started) / 60, memory))

    def slope(self) -> float:
        """Megabytes a minute, over the second half."""
        half = np.array(self.samples[len(self.samples) // 2 :])
        return float(np.polyfit(half[:, 0], half[:, 1], 1)[0])


@click.command(context_settings={"show_default": True})
@click.option("--minutes", default=15.0)
@click.option("--clients", default=6, help="At any time.")
@click.option("--workers", default="2")
@click.option("--async-mode", default="eventlet")
def main(minutes: float, clients: int, workers: str, async_mode: str) -> None:
    """Clients come, stream and go; half of them are followed from frame to frame.

    Exit with 1 if a result was wrong, something was left, or the memory grows.
    """
    engine = Engine(full_detection_ms=FULL_DETECTION_MS)
    stills = [Clip(engine, [portrait_frame(count)]) for count in range(5)]
    moving = [Clip(engine, walk(_CLIP_FRAMES))]
    process, port = start_server(("--workers", workers, "--async-mode", async_mode))
    watch = _Watch(process.pid)
    before, files_before = watch.processes(), watch.files()
    stop = threading.Event()
    running = [
        _Client(f"http://127.0.0.1:{port}", moving if seed % 2 else stills, seed, stop)
        for seed in range(clients)
    ]
    for client in running:
        client.start()
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until:
        time.sleep(_SAMPLE_EVERY_S)
        watch.sample()
    stop.set()
    for client in running:
        client.join()
    after = watch.processes()
    deadline = time.monotonic() + _ANSWER_LIMIT_S
    while (files := watch.files()) > files_before and time.monotonic() < deadline:
        time.sleep(_SAMPLE_EVERY_S)
    process.terminate()
    process.wait(10)
    orphans = [other.pid for other in after if other.is_running()]

    counts = sum((client.counts for client in running), Counter())
    wrong = [said for client in running for said in client.wrong]
    click.echo(
        f"{minutes:g} minutes, {clients} clients: {dict(counts)}\n"
        f"memory: {watch.samples[0][1]:.0f} -> {watch.samples[-1][1]:.0f} MB, "
        f"slope {watch.slope():+.2f} MB a minute (second half)\n"
        f"open files: {files_before} -> {files}; processes: {len(before)} -> {len(after)}, "
        f"replaced {len(set(after) - set(before))}, left at the end {len(orphans)}\n"
        f"wrong results: {len(wrong)}"
    )
    for said in wrong[:10]:
        click.echo(f"  {said}")
    left = orphans or set(after) != set(before) or files > files_before
    sys.exit(bool(wrong or left or watch.slope() > _MAX_SLOPE_MB))


if __name__ == "__main__":
    main()
