"""The machine and the software that figures were measured with."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import psutil

from benchmarks.figures import Table
from model.card import DEFAULT_WEIGHTS, load_card

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = (
    *("torch", "onnxruntime", "opencv-python-headless", "numpy"),
    *("eventlet", "python-socketio", "Flask-SocketIO"),
)
# Instructions whose presence changes which arithmetic is fast.
_FLAGS = (
    *("avx2", "f16c", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16"),
    *("amx_int8", "amx_bf16", "asimd", "asimddp", "bf16", "i8mm", "sve"),
)


def describe() -> dict[str, str]:
    """Processor, memory, system, versions, commit, weights, and the load before the run."""
    cpu = _cpuinfo()
    present = set(cpu.get("flags", cpu.get("Features", "")).split())
    return {
        "processor": cpu.get("model name", platform.processor() or platform.machine()),
        "family, model, stepping": " / ".join(
            cpu.get(field, "?") for field in ("cpu family", "model", "stepping")
        ),
        "cores": str(_cores()),
        "instructions": ", ".join(flag for flag in _FLAGS if flag in present) or "not known",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
        "commit": _commit(),
        "weights": "{name} {version}".format(**load_card(DEFAULT_WEIGHTS)),
        "load average before (1 min)": f"{os.getloadavg()[0]:.2f}",
    }


def table(described: dict[str, str]) -> Table:
    """`describe()`, to be read."""
    return Table("Machine", ("", ""), list(described.items()))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpuinfo() -> dict[str, str]:
    """Fields of the first processor, where Linux tells them."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    lines = path.read_text().split("\n\n")[0].splitlines()
    return {name.strip(): value.strip() for name, _, value in (s.partition(":") for s in lines)}


def _commit() -> str:
    command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not known"
