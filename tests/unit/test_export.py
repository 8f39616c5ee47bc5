"""Exported files give the network's logits, for any batch, without the project's code."""

import sys

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from model import checkpoint, export
from model.card import DEFAULT_WEIGHTS


def export_with(*options: object) -> Result:
    return CliRunner().invoke(export.main, [str(o) for o in options], catch_exceptions=False)


@pytest.mark.parametrize("name", ["onnx", "torchscript"])
def test_the_file_gives_the_networks_logits(name, tmp_path):
    done = export_with("--format", name, "--out", tmp_path / "net")
    assert done.exit_code == 0, done.output
    assert float(done.output.split()[-1]) < 1e-4
    assert [p.name for p in tmp_path.iterdir()] == ["net"]
    net, _ = checkpoint.load(DEFAULT_WEIGHTS)
    _, run = export.FORMATS[name]
    for n in (1, 7):
        faces = np.random.default_rng(n).normal(0, 1, (n, 1, 48, 48)).astype(np.float32)
        with torch.inference_mode():
            expected = net(torch.from_numpy(faces)).numpy()
        np.testing.assert_allclose(run(tmp_path / "net", faces), expected, atol=1e-4)


def test_a_file_that_differs_is_not_written(tmp_path, monkeypatch):
    write, _ = export.FORMATS["torchscript"]
    wrong = (write, lambda _file, faces: np.zeros((len(faces), 2, 7), np.float32))
    monkeypatch.setitem(export.FORMATS, "torchscript", wrong)
    done = export_with("--format", "torchscript", "--out", tmp_path / "net")
    assert done.exit_code != 0
    assert "differ from the network's by" in done.output
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    done = export_with("--format", "onnx", "--out", tmp_path / "net")
    assert done.exit_code != 0
    assert "onnxscript" in done.output
    assert "pip install -r requirements-dev.txt" in done.output
