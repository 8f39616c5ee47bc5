"""Two processes train as one does: the same gradients, the same curve, an exact resume."""

import csv
import json
import subprocess
import sys

import pytest
import torch

from model import checkpoint
from tests.conftest import ROOT
from tests.unit import two_processes
from train.distributed import ALONE, Processes

# Three interpreters that import torch take long on a busy machine.
pytestmark = pytest.mark.timeout(300)


def torchrun(*options: object) -> subprocess.CompletedProcess:
    """Run a module in two processes on this machine, by gloo."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2", "-m", *map(str, options)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("together")
    torchrun("tests.unit.two_processes", folder)
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in (0, 1)]


@pytest.fixture(scope="module")
def alone() -> dict:
    return two_processes.everything()


def test_gradients_are_those_of_one_process(together, alone):
    """Batch normalisation frozen; also where the parts of a batch are unequal, and in mixtures."""
    assert [found["count"] for found in together] == [2, 2]
    for found in together:
        assert len(found["gradients"]) == len(alone["gradients"]) == 3
        for ours, theirs in zip(found["gradients"], alone["gradients"], strict=True):
            for name, gradient in theirs.items():
                assert gradient.abs().max() > 0
                torch.testing.assert_close(ours[name], gradient, atol=1e-5, rtol=0, msg=name)


def test_the_loss_falls_as_in_one_process(together, alone):
    """Batch normalisation live, so each process normalises by its half of a small batch."""
    losses = torch.tensor([found["losses"] for found in (*together, alone)])
    assert torch.equal(losses[0], losses[1])
    torch.testing.assert_close(losses[0], losses[2], atol=0.06, rtol=0)
    assert (losses[:, -1] < losses[:, 0] - 0.3).all()


def test_both_processes_hold_the_same_weights(together):
    first, second = (found["whole"] for found in together)
    for name, value in first.items():
        if "running" not in name:  # those that count are the first process's
            assert torch.equal(value, second[name]), name


def test_resume_is_exact_in_two_processes(together):
    whole, resumed = together[0]["whole"], together[0]["resumed"]
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


@pytest.mark.skipif(sys.platform != "linux", reason="threads are named by Linux's /proc")
def test_no_thread_outlives_the_group(together):
    """One that does may want the interpreter while it ends, which aborts the process."""
    for found in together:
        assert found["gloo_threads"]
        assert not found["gloo_threads_left"]


def test_the_command_trains_in_two_processes(fer2013_csv, tmp_path):
    out = tmp_path / "out"
    options = ("--data", fer2013_csv, "--recipe", "smoke", "--precision", "auto", "--out", out)
    done = torchrun("train", *options)
    with (out / "history.csv").open() as lines:
        assert [row["epoch"] for row in csv.DictReader(lines)] == ["1", "2"]
    _, card = checkpoint.load(out / "moodlight.safetensors")
    assert card["processes"] == 2
    *epochs, accuracy = done.stdout.splitlines()
    assert len(epochs) == 2
    assert json.loads(accuracy) == card["accuracy"]
    assert "epoch 2/2" in done.stderr  # the progress bar


@pytest.mark.parametrize("rows", [2, 33, 64])
def test_the_parts_are_the_batch(rows):
    parts = [Processes(rank, 2).part(rows) for rank in (0, 1)]
    assert [row for part in parts for row in range(rows)[part]] == list(range(rows))
    assert range(rows)[ALONE.part(rows)] == range(rows)


def test_a_batch_too_small_for_all_is_refused():
    with pytest.raises(ValueError, match="leave one of 1, too small for 2 processes"):
        Processes(0, 2).check_batches(65, 64)
    Processes(0, 2).check_batches(64, 64)
    ALONE.check_batches(65, 64)
