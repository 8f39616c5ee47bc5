"""Heat maps from a process of its own, so that no frame waits for torch to load.

That takes seconds. On a thread it would hold Python's lock for 0.3 to 0.7 s at a stretch, longer
where the disk is slow. The process starts when somebody first asks why, and ends with the one that
it serves.
"""

import logging
import math
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from model.classifiers import to_faces
from model.preprocess import INPUT_SIZE_PX

log = logging.getLogger("moodlight.worker")

_ROOT = Path(__file__).resolve().parent.parent
_CROP = (INPUT_SIZE_PX, INPUT_SIZE_PX)
_HEAT = (INPUT_SIZE_PX // 4, INPUT_SIZE_PX // 4)  # two poolings before the stage explained
# A question: head, label and crop; an answer: the heat. READY comes before the first one.
_QUESTION = struct.Struct(f"<BB{INPUT_SIZE_PX**2}s")
_ANSWER_BYTES = 4 * math.prod(_HEAT)
_READY = b"\n"


class Explainer:
    """A process that explains, not started yet. One thread at a time may ask.

    Args:
        weights: a .safetensors file with its card beside it.
    """

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._process: subprocess.Popen | None = None
        self._starting: threading.Thread | None = None

    def heat(self, crop: np.ndarray, head: int, label: int) -> np.ndarray | None:
        """What `model.saliency.layer_cam` says of a (48, 48) uint8 crop; None until it is ready.

        The first call starts the process. One that fails is not started again.
        """
        if self._starting is None:
            self._starting = threading.Thread(target=self._start, daemon=True)
            self._starting.start()
        process = self._process
        if process is None:
            return None
        try:
            process.stdin.write(_QUESTION.pack(head, label, crop.tobytes()))
            heat = process.stdout.read(_ANSWER_BYTES)
        except OSError:
            heat = b""
        if len(heat) < _ANSWER_BYTES:
            self._process = None
            _end(process)
            log.error("the process that explains has died: no more heat maps from this worker")
            return None
        return np.frombuffer(heat, "<f4").reshape(_HEAT)

    def _start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "model.explainer", str(self._weights.resolve())],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,  # a worker's own, which is not the one that is inherited
            bufsize=0,
            start_new_session=True,  # the terminal's Ctrl-C is not for it
        )
        if process.stdout.read(1) == _READY:
            self._process = process
        else:
            _end(process)
            log.error("the process that explains cannot start: no heat maps from this worker")


def _end(process: subprocess.Popen) -> None:
    process.kill()
    with process:  # closes its pipes and waits for it
        pass


def _serve(weights: Path) -> None:
    """Answer questions from standard input until it is closed."""
    from model import checkpoint
    from model.saliency import layer_cam

    net, _ = checkpoint.load(weights)
    sys.stdout.buffer.write(_READY)
    sys.stdout.buffer.flush()
    while len(question := sys.stdin.buffer.read(_QUESTION.size)) == _QUESTION.size:
        head, label, crop = _QUESTION.unpack(question)
        faces = to_faces(np.frombuffer(crop, np.uint8).reshape(1, *_CROP))
        sys.stdout.buffer.write(layer_cam(net, faces, head, label).astype("<f4").tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
