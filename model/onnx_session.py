"""ONNX Runtime as this program uses it: on the CPU, on one thread."""

from pathlib import Path

import onnxruntime


def open_session(file: Path) -> onnxruntime.InferenceSession:
    """A session of one thread for an ONNX file: worker processes are the parallelism."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
