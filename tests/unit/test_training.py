"""Training end to end on a small made-up set: it resumes exactly and ships what it says."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from model import checkpoint
from train import __main__ as train
from train import evaluate, run

FAST = ("--recipe", "smoke", "--precision", "float32")


def train_with(*options: object) -> Result:
    return CliRunner().invoke(train.main, [str(o) for o in options], catch_exceptions=False)


@pytest.fixture
def trained(fer2013_csv: Path, ferplus_csv: Path, tmp_path: Path) -> Path:
    done = train_with(
        *("--data", fer2013_csv, "--ferplus", ferplus_csv, "--out", tmp_path / "out"), *FAST
    )
    assert done.exit_code == 0, done.output
    return tmp_path / "out"


def test_a_run_writes_weights_card_history_and_plots(trained):
    net, card = checkpoint.load(trained / "moodlight.safetensors")
    assert net.heads == ("fer2013", "ferplus")
    assert card["serving"]["head"] == "ferplus"
    assert card["accuracy"]["PrivateTest"] is None
    with (trained / "history.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert (trained / "learning-curves.png").stat().st_size > 1000


def test_the_card_says_what_the_shipped_command_measures(trained, fer2013_csv, ferplus_csv):
    done = CliRunner().invoke(
        evaluate.main,
        [
            *("--data", str(fer2013_csv), "--ferplus", str(ferplus_csv), "--usage", "PublicTest"),
            *("--weights", str(trained / "moodlight.safetensors"), "--json", "-"),
        ],
        catch_exceptions=False,
    )
    figures = json.loads(done.stdout)
    _, card = checkpoint.load(trained / "moodlight.safetensors")
    assert figures["n"] == 42
    assert figures["accuracy"] == card["accuracy"]["PublicTest"]
    assert figures["ferplus"]["accuracy"] == card["accuracy"]["PublicTest_ferplus"]
    assert {"macro_f1", "ece", "ece_cv", "per_class", "confusion"} <= set(figures)
    assert np.sum(figures["confusion"]) == 42


def test_a_report_is_written(trained, fer2013_csv, ferplus_csv, tmp_path):
    CliRunner().invoke(
        evaluate.main,
        [
            *("--data", str(fer2013_csv), "--ferplus", str(ferplus_csv), "--usage", "PublicTest"),
            *("--weights", str(trained / "moodlight.safetensors"), "--report", str(tmp_path / "r")),
        ],
        catch_exceptions=False,
    )
    plots = {"confusion", "learning-curves", "precision-recall", "reliability", "risk-coverage"}
    assert {p.name for p in (tmp_path / "r").iterdir()} == {
        *(f"{name}.png" for name in plots),
        *("classification-report.txt", "figures.json", "report.html", "mistakes.html"),
    }
    page = (tmp_path / "r" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(plots)
    assert "95 % interval" in page
    figures = json.loads((tmp_path / "r" / "figures.json").read_text())
    assert set(figures["intervals"]) == {"accuracy", "macro_f1", "ece", "ferplus_accuracy"}
    low, high = figures["intervals"]["accuracy"]
    assert low <= figures["accuracy"] <= high
    mistakes = (tmp_path / "r" / "mistakes.html").read_text()
    wrong = round(figures["ferplus"]["n"] * (1 - figures["ferplus"]["accuracy"]))
    assert mistakes.count("data:image/png;base64,") == min(wrong, 60)
    assert "never\ncommit" in mistakes


def test_a_report_without_votes_or_history(trained, fer2013_csv, tmp_path):
    (trained / "history.csv").unlink()
    done = CliRunner().invoke(
        evaluate.main,
        [
            *("--data", str(fer2013_csv), "--usage", "PublicTest", "--report", str(tmp_path / "r")),
            *("--weights", str(trained / "moodlight.safetensors")),
        ],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    assert not (tmp_path / "r" / "learning-curves.png").exists()
    assert "FER+" not in (tmp_path / "r" / "report.html").read_text()


def test_resume_is_exact(fer2013_csv, tmp_path, monkeypatch):
    """A run killed after its first epoch and resumed ends with the same bits."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert train_with("--data", fer2013_csv, "--out", whole, *FAST).exit_code == 0

    save = run.save_state

    def save_and_die(trainer, folder):
        save(trainer, folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "save_state", save_and_die)
    assert train_with("--data", fer2013_csv, "--out", broken, *FAST).exit_code != 0
    monkeypatch.setattr(run, "save_state", save)
    assert torch.load(broken / "state.pt", weights_only=True)["epoch"] == 1
    assert train_with("--data", fer2013_csv, "--out", broken, *FAST, "--resume").exit_code == 0

    name = "moodlight.safetensors"
    assert (whole / name).read_bytes() == (broken / name).read_bytes()


def test_resuming_another_run_is_refused(trained, fer2013_csv, ferplus_csv):
    done = train_with(
        *("--data", fer2013_csv, "--ferplus", ferplus_csv, "--out", trained, "--resume"),
        *(*FAST, "--seed", 5),
    )
    assert done.exit_code != 0
    assert "seed was 0, not 5" in done.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--set", "peek_lr=1"), "unknown recipe field peek_lr"),
        (("--set", "peak_lr"), "--set takes FIELD=JSON"),
        (("--resume",), "nothing to resume"),
    ],
)
def test_wrong_options_say_what_is_wrong(fer2013_csv, tmp_path, options, words):
    done = train_with("--data", fer2013_csv, "--out", tmp_path / "out", *FAST, *options)
    assert done.exit_code != 0
    assert words in done.output
