"""`--engine auto`: a short race between the engines, run once and remembered."""

import hashlib
import json
import logging
import platform
import time
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from platformdirs import user_cache_path

from model import classifiers, engines
from model.classifiers import Classifier
from model.names import ENGINES, ONNX_INT8
from model.preprocess import INPUT_SIZE_PX

log = logging.getLogger("moodlight.choice")

_ROUNDS = 12
# After so many rounds, whoever takes so many times the fastest one's time is out: a processor
# without bfloat16 instructions computes in it hundreds of times slower.
_HEATS, _HOPELESS = 3, 3.0
_LOCK_LIMIT_S = 60.0


def fastest(weights: Path, card: dict[str, Any]) -> str:
    """Name of the engine that is fastest at one face on one thread of this machine.

    What was measured is kept in the user's cache folder, for these weights, this machine and these
    versions of torch and ONNX Runtime. Where that folder cannot be used it is measured each time.

    Raises:
        model.card.WeightsError: an engine's file is missing or wrong.
    """
    offered = engines.offered(weights, card)
    file = user_cache_path("moodlight") / "engines.json"
    key = _key(offered, card)
    if (name := _remembered(file).get(key)) in offered:
        return name
    with _lock(file):  # workers start together: one measures, the others wait for what it finds
        known = _remembered(file)
        if (name := known.get(key)) in offered:
            return name
        seconds = race({name: classifiers.create(name, weights, card) for name in offered})
        name = min(seconds, key=seconds.get)
        said = ", ".join(f"{name} {1e3 * s:.1f} ms" for name, s in seconds.items())
        log.info("engines at one face on one thread: %s", said)
        _remember(file, known | {key: name})
    return name


def race(racing: dict[str, Classifier]) -> dict[str, float]:
    """Seconds that each engine takes for one face on one thread: its best of several, in turns."""
    import torch

    crop = np.random.default_rng(0).integers(
        0, 256, (1, INPUT_SIZE_PX, INPUT_SIZE_PX), dtype=np.uint8
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for classifier in racing.values():
            classifier.logits(crop)  # the first pass also compiles kernels
        best = dict.fromkeys(racing, float("inf"))
        for turn in range(_ROUNDS):
            if turn == _HEATS:
                limit = _HOPELESS * min(best.values())
                racing = {name: c for name, c in racing.items() if best[name] <= limit}
            for name, classifier in racing.items():
                started = time.perf_counter()
                classifier.logits(crop)
                best[name] = min(best[name], time.perf_counter() - started)
    finally:
        torch.set_num_threads(threads)
    return best


def _key(offered: tuple[str, ...], card: dict[str, Any]) -> str:
    """Digest of everything that the race depends on."""
    int8 = card["engines"][ONNX_INT8]["sha256"] if ONNX_INT8 in offered else None
    machine = [platform.node(), platform.machine(), platform.processor()]
    programs = [version(package) for package in ("torch", "onnxruntime")]
    said = json.dumps([ENGINES, card["sha256"], int8, machine, programs])
    return hashlib.sha256(said.encode()).hexdigest()


def _remembered(file: Path) -> dict[str, str]:
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(file: Path, known: dict[str, str]) -> None:
    partial = file.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(known, indent=2) + "\n")
        partial.replace(file)
    except OSError as error:
        log.warning("cannot remember the fastest engine: %s", error)


def _lock(file: Path) -> Any:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(file.with_suffix(".lock"), timeout=_LOCK_LIMIT_S).acquire()
    except OSError:  # also filelock's own Timeout
        return nullcontext()
