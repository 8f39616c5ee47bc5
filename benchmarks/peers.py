"""What does a face cost in the classifiers of comparable packages?

They are installed into a folder of their own, never beside Moodlight's packages.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch

from benchmarks.figures import Table, in_new_process, median_and_p95, quantiles, time_in_turn
from benchmarks.stages import engines

DEFAULT_FOLDER = Path(platformdirs.user_cache_dir("moodlight")) / "peers"

_HERE = Path(__file__).resolve().parent
# fer without what it needs for video and for its own detector.
_FER = (("--no-deps", "fer==25.10.3"), ("tensorflow-cpu==2.21.0",))
_NODE = (
    *("@vladmandic/face-api@1.7.15", "@vladmandic/human@3.3.6"),
    *("@tensorflow/tfjs@4.22.0", "@tensorflow/tfjs-backend-wasm@4.22.0"),
)
_INSTALL_LIMIT_S = 900
_RUN_LIMIT_S = 120
# In a folder that is set up.
_DONE = "ready"


def is_set_up(folder: Path) -> bool:
    """Whether an earlier run has installed the packages."""
    return (folder / _DONE).is_file()


def measure(seconds: float, folder: Path) -> dict[str, Any]:
    """Milliseconds a face, or the reason why there are none, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "fer" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    failed: dict[str, str] = {}
    if not is_set_up(folder):
        fer = [(sys.executable, "-m", "venv", str(folder / "fer"))]
        fer += [(str(python), "-m", "pip", "install", "--quiet", *what) for what in _FER]
        npm = ("npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-save", *_NODE)
        for name, commands in (("fer", fer), ("@vladmandic", [npm])):
            if reason := _first_failure(commands):
                failed[name] = reason
        if not failed:
            (folder / _DONE).touch()
    answers = dict(in_new_process(_ours, seconds))
    for name, command in (
        ("fer", (str(python), str(_HERE / "peer_fer.py"), str(seconds))),
        ("@vladmandic", ("node", str(_HERE / "peer_node.js"), str(folder), str(seconds))),
    ):
        answers |= {name: {"reason": failed[name]}} if name in failed else _run(name, command)
    return {
        name: {"ms": quantiles(answer["times_ms"])} if "times_ms" in answer else answer
        for name, answer in answers.items()
    }


def _first_failure(commands: list[tuple[str, ...]]) -> str | None:
    """The last thing that the first failing command said; None if all went well."""
    for command in commands:
        try:
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=_INSTALL_LIMIT_S
            )
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines()
            return f"does not install: {said[-1] if said else error.returncode}"
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"does not install: {error}"
    return None


def _run(name: str, command: tuple[str, ...]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=_RUN_LIMIT_S
        )
        return json.loads(done.stdout.splitlines()[-1])
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines()
        return {name: {"reason": f"does not run: {said[-1] if said else error.returncode}"}}
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        return {name: {"reason": f"does not run: {error}"}}


def _ours(seconds: float) -> dict[str, Any]:
    """Each engine with one face on one thread."""
    torch.set_num_threads(1)
    crop = np.zeros((1, 48, 48), np.uint8)
    ways = {
        f"Moodlight, {name}": lambda engine=engine: engine.probabilities(crop)
        for name, engine in engines().items()
    }
    return {name: {"ms": times} for name, times in time_in_turn(ways, seconds).items()}


def tables(result: dict[str, Any]) -> list[Table]:
    """`measure()`, to be read."""
    return [
        Table(
            "Other packages: the classifier alone, a face at a time on one thread",
            ("", "ms a face, median / p95"),
            [
                (name, median_and_p95(answer["ms"]) if "ms" in answer else answer["reason"])
                for name, answer in result.items()
            ],
            "One after another in one run. fer is called as its own code calls it; the Node "
            "packages run on the WebAssembly back end that their Node builds use. Their networks "
            "differ in size and in what they were trained on.",
        )
    ]
