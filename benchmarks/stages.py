"""What do the stages of a frame cost by themselves, and what did they in the seed's way?"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import torch
from socketio import packet

from benchmarks.figures import Table, in_new_process, median_and_p95, number, time_in_turn
from benchmarks.frames import portrait_frame, to_jpeg
from benchmarks.seed import Seed
from model.crop import CROP_RULES, crop_face
from model.decode import decode
from model.engine import Analysis, Engine

THREADS = (1, 2)
FACES = (1, 3)  # in the frames that go the whole way
BATCHES = (1, 2, 4, 8, 16)
STAGES = ("decode", "detect", "crop", "classify", "encode")


def engines() -> dict[str, Engine]:
    """Each way to run the network that this machine can take, by name; the default first."""
    default = Engine()
    return {default.name: default}


def measure(seconds: float) -> dict[str, Any]:
    """All stages, with each number of threads in a process of its own."""
    return {str(threads): in_new_process(_measure, threads, seconds) for threads in THREADS}


def _measure(threads: int, seconds: float) -> dict[str, Any]:
    _use_threads(threads)
    known, seed = engines(), Seed()
    default = next(iter(known.values()))
    encoded = to_jpeg(portrait_frame(1))
    frame = decode(encoded)
    box = seed.detect(frame).boxes[0]
    crop = seed.crop(frame, box)
    classify = {
        f"classify {count}, {name}": _classifier(engine, count)
        for name, engine in known.items()
        for count in BATCHES
    }
    ways = {
        **_stages(default, encoded),
        **classify,
        "seed: detect": lambda: seed.detect(frame),
        "seed: crop": lambda: seed.crop(frame, box),
        "seed: classify 1": lambda: seed.classify(crop),
    }
    del ways["classify"]  # said for each engine
    frames = {count: to_jpeg(portrait_frame(count)) for count in FACES}
    wholes: dict[str, Callable] = {}
    for count, jpeg in frames.items():
        wholes[f"ours, {count}"] = lambda jpeg=jpeg: _to_packet(default.analyze(jpeg))
        wholes[f"seed, {count}"] = lambda jpeg=jpeg: seed.whole(jpeg)
    return {
        "engine": default.name,
        "engines": list(known),
        "found": {
            str(count): {
                "ours": len(default.detect(decode(jpeg))),
                "seed": len(seed.detect(decode(jpeg))),
            }
            for count, jpeg in frames.items()
        },
        "stages_ms": time_in_turn(ways, seconds),
        "wholes_ms": time_in_turn(wholes, seconds),
    }


def pure_ms(faces: int, seconds: float) -> dict[str, float]:
    """Median of each of `STAGES` for a frame, as a worker runs them: on one thread, in order.

    Call it `in_new_process`.
    """
    _use_threads(1)
    ways = _stages(Engine(), to_jpeg(portrait_frame(faces)))
    return {name: times["p50"] for name, times in time_in_turn(ways, seconds).items()}


def _use_threads(threads: int) -> None:
    """Of torch and OpenCV; ONNX Runtime, which detects, always has one (`model.mtcnn`)."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


def _stages(engine: Engine, encoded: bytes) -> dict[str, Callable]:
    """Each of `STAGES` for one frame, alone."""
    frame = decode(encoded)
    found = engine.detect(frame)
    squares = list(zip(found.boxes, found.landmarks, strict=True))
    analysis = engine.analyze(encoded)
    crops = np.stack([face.crop for face in analysis.faces])
    return {
        "decode": lambda: decode(encoded),
        "detect": lambda: engine.detect(frame),
        "crop": lambda: [
            crop_face(frame, box, CROP_RULES["mtcnn"], points) for box, points in squares
        ],
        "classify": lambda: engine.probabilities(crops),
        "encode": lambda: _to_packet(analysis),
    }


def _classifier(engine: Engine, count: int) -> Callable:
    crops = np.random.default_rng(0).integers(0, 256, (count, 48, 48), np.uint8)
    return lambda: engine.probabilities(crops)


def _to_packet(analysis: Analysis) -> str | list:
    """The `result` event as it goes out."""
    result = {
        "id": 1,
        "sent_at": 0.0,
        "stream": None,
        "t": None,
        **analysis.to_dict(),
        "timing_ms": analysis.timing_ms,
        "dropped": 0,
    }
    return packet.Packet(packet.EVENT, data=["result", result]).encode()


def whole_ms(result: dict[str, Any], threads: int, way: str, faces: int = 1) -> float:
    """Median of a frame from its bytes to its result."""
    return result[str(threads)]["wholes_ms"][f"{way}, {faces}"]["p50"]


def speed_up(result: dict[str, Any], threads: int, faces: int = 1) -> float:
    """How many times the seed's frames a second, in one process."""
    ours, seed = (whole_ms(result, threads, way, faces) for way in ("ours", "seed"))
    return seed / ours


def classify_ms(
    result: dict[str, Any], threads: int, batch: int, engine: str | None = None
) -> float:
    """Median of one batch; by default in the engine that serves."""
    measured = result[str(threads)]
    return measured["stages_ms"][f"classify {batch}, {engine or measured['engine']}"]["p50"]


def seed_classify_ms(result: dict[str, Any], threads: int) -> float:
    """Median of one face in the seed's network."""
    return result[str(threads)]["stages_ms"]["seed: classify 1"]["p50"]


def seed_fps(result: dict[str, Any], cores: int, faces: int = 1) -> float:
    """Frames a second of the seed's way, in whichever use of the cores is faster.

    One process whose threads take all cores, or a process of one thread on each core; the second is
    reckoned from one such process alone.
    """
    together = 1e3 / whole_ms(result, min(cores, max(THREADS)), "seed", faces)
    return max(together, cores * 1e3 / whole_ms(result, 1, "seed", faces))


def tables(result: dict[str, Any]) -> list[Table]:
    """`measure()`, to be read."""
    threads = list(result)
    columns = tuple(f"{count} thread{'s' * (count != '1')}" for count in threads)
    names = list(result["1"]["stages_ms"])
    stages = Table(
        "Stages",
        ("stage, ms (median / p95)", *columns),
        [
            (name, *(median_and_p95(result[count]["stages_ms"][name]) for count in threads))
            for name in names
        ],
        "A 640x480 JPEG with one face, all rows in turn. Threads are torch's and OpenCV's; the "
        "detector always has one. `encode`: the result as a Socket.IO packet. `seed`: OpenCV's "
        "Haar cascade (scale 1.3, full frame) and a ResNet9 of 1.86 GMAC in torch float32.",
    )
    wholes = Table(
        "Whole frames, from bytes to result",
        (
            "faces in the frame (found: ours, seed's way)",
            "threads",
            "ours, ms",
            "seed's way, ms",
            "ratio",
        ),
        [
            (
                f"{faces} ({found['ours']}, {found['seed']})",
                count,
                median_and_p95(result[count]["wholes_ms"][f"ours, {faces}"]),
                median_and_p95(result[count]["wholes_ms"][f"seed, {faces}"]),
                number(speed_up(result, int(count), faces)),
            )
            for faces in FACES
            for count in threads
            for found in [result[count]["found"][str(faces)]]
        ],
        "Full detection on every frame, median / p95.",
    )
    faces_a_second = Table(
        "Classifier, faces a second on one thread",
        ("engine", *(f"batch {batch}" for batch in BATCHES), "times the seed's at batch 1"),
        [
            (
                engine,
                *(number(batch * 1e3 / classify_ms(result, 1, batch, engine)) for batch in BATCHES),
                number(seed_classify_ms(result, 1) / classify_ms(result, 1, 1, engine)),
            )
            for engine in result["1"]["engines"]
        ]
        + [
            (
                "seed's network",
                number(1e3 / seed_classify_ms(result, 1)),
                *("",) * (len(BATCHES) - 1),
                "1",
            )
        ],
        "Standardising, network and softmax; the last column is batch 1 against batch 1.",
    )
    return [stages, wholes, faces_a_second]
