"""Training end to end on a small made-up set: it resumes exactly and ships what it says."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from model import checkpoint
from train import __main__ as train
from train import compact, evaluate, record, run
from train.loop import Tensors, Trainer
from train.recipe import Recipe

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
    kept = record.load(trained / "moodlight.safetensors")
    right = kept.logits[:, 0].argmax(1) == kept.labels
    assert right.mean() == pytest.approx(card["accuracy"]["PublicTest"], abs=1 / 42)
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


@pytest.fixture
def options() -> tuple[str, ...]:
    """Of the runs below; a test may have its own."""
    return FAST


@pytest.fixture
def broken(
    fer2013_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> Path:
    """A run that was killed after its first epoch of two."""
    out, save = tmp_path / "broken", run.save_state

    def save_and_die(trainer, folder):
        save(trainer, folder)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run, "save_state", save_and_die)
        assert train_with("--data", fer2013_csv, "--out", out, *options).exit_code != 0
    assert run.load_state(out)["epoch"] == 1
    return out


@pytest.fixture
def whole(fer2013_csv: Path, tmp_path: Path, options: tuple[str, ...]) -> Path:
    """The same run, not killed."""
    assert train_with("--data", fer2013_csv, "--out", tmp_path / "whole", *options).exit_code == 0
    return tmp_path / "whole"


def test_resume_is_exact(fer2013_csv, whole, broken):
    """A run killed after its first epoch and resumed ends with the same bits."""
    assert train_with("--data", fer2013_csv, "--out", broken, *FAST, "--resume").exit_code == 0
    name = "moodlight.safetensors"
    assert (whole / name).read_bytes() == (broken / name).read_bytes()


@pytest.mark.parametrize(
    ("options", "share"),
    # Muon's steps are of one size, however small the momentum: they pass rounding on.
    [((*FAST, "--set", "muon_lr=0"), 0.01), (FAST, 0.05)],
    ids=["sgd", "muon"],
)
def test_a_run_goes_on_from_a_compact_state(fer2013_csv, whole, broken, tmp_path, options, share):
    """The rounding moves the loss by a small share of what the epochs after it move it."""
    small = tmp_path / "small"
    small.mkdir()
    done = CliRunner().invoke(
        compact.main, [str(broken), str(small / "state.pt")], catch_exceptions=False
    )
    assert "after epoch 1" in done.output
    assert train_with("--data", fer2013_csv, "--out", small, *options, "--resume").exit_code == 0

    resumed, card = checkpoint.load(small / "moodlight.safetensors")
    exact, exact_card = checkpoint.load(whole / "moodlight.safetensors")
    assert card["resumed_from_compact_state_at_epoch"] == 1
    assert exact_card["resumed_from_compact_state_at_epoch"] is None
    for ours, theirs in zip(resumed.parameters(), exact.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=5e-3, rtol=0)
    last = [run.load_state(folder)["history"][-1]["loss"] for folder in (small, whole)]
    first = run.load_state(whole)["history"][0]["loss"]
    assert abs(last[0] - last[1]) < share * abs(first - last[1])


def test_a_wide_networks_compact_state_is_at_most_40_mb(tmp_path):
    """64/128/256/512 with two heads: 6.57 M parameters, three times, two bytes each."""
    rows = Tensors(
        torch.zeros(2, 48, 48, dtype=torch.uint8), torch.zeros(2).long(), torch.full((2, 7), 1 / 7)
    )
    recipe = Recipe(widths=(64, 128, 256, 512), sizes=((1, 16),), batch_size=2)
    trainer = Trainer(recipe, rows, 0, torch.device("cpu"), torch.float32)
    trainer.run_epoch(lambda _loss, _lr: None)
    run.save_state(trainer, tmp_path)
    done = CliRunner().invoke(compact.main, [str(tmp_path), str(tmp_path / "small.pt")])
    assert done.exit_code == 0
    assert 39e6 < (tmp_path / "small.pt").stat().st_size < 40e6
    assert (tmp_path / "state.pt").stat().st_size > 78e6
    trainer.load_state_dict(torch.load(tmp_path / "small.pt", weights_only=True))
    assert {p.dtype for p in trainer.net.parameters()} == {torch.float32}


def test_better_weights_in_the_folder_are_replaced_by_force_only(fer2013_csv, whole):
    weights = whole / "moodlight.safetensors"
    net, card = checkpoint.load(weights)
    better = card | {"accuracy": card["accuracy"] | {"PublicTest_flip": 1.0}}
    checkpoint.save(net, weights, better)
    options = ("--data", fer2013_csv, "--out", whole, *FAST, "--resume")
    refused = train_with(*options)
    assert refused.exit_code != 0
    assert "FER2013 with flips 1.0000 against" in refused.output
    assert checkpoint.load(weights)[1]["accuracy"]["PublicTest_flip"] == 1.0
    assert train_with(*options, "--force").exit_code == 0
    assert checkpoint.load(weights)[1]["accuracy"]["PublicTest_flip"] < 1


LEVEL = (*FAST, "--set", "cooldown=0.9")  # full rates to the end of the first epoch


@pytest.mark.parametrize("options", [LEVEL])
def test_a_run_may_be_given_another_end(fer2013_csv, broken):
    end = ("--set", "cooldown=0.5", "--set", "sizes=[[1,24],[1,32],[1,40]]")
    done = train_with("--data", fer2013_csv, "--out", broken, *FAST, *end, "--resume")
    assert done.exit_code == 0, done.output
    assert [row["size_px"] for row in run.load_state(broken)["history"]] == [24, 32, 40]
    assert checkpoint.load(broken / "moodlight.safetensors")[1]["recipe"]["cooldown"] == 0.5


@pytest.mark.parametrize("options", [LEVEL])
@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("sizes=[[2,32]]", "its sizes was another"),
        ("cooldown=1.5", "its warmup or cooldown was another"),
        ("peak_lr=0.01", "its peak_lr was another"),
    ],
)
def test_a_run_is_not_given_another_beginning(fer2013_csv, broken, end, words):
    done = train_with("--data", fer2013_csv, "--out", broken, *LEVEL, "--set", end, "--resume")
    assert done.exit_code != 0
    assert words in done.output


def test_resuming_another_run_is_refused(trained, fer2013_csv, ferplus_csv):
    done = train_with(
        *("--data", fer2013_csv, "--ferplus", ferplus_csv, "--out", trained, "--resume"),
        *(*FAST, "--seed", 5),
    )
    assert done.exit_code != 0
    assert "seed was 0, not 5" in done.output


def test_the_record_is_tuned_on_public_test_and_nothing_else(tmp_path):
    folder = tmp_path / "pictures"
    for name in ("angry", "happy"):
        (folder / "train" / name).mkdir(parents=True)
        for i in range(12):
            picture = np.full((48, 48), 20 * i, np.uint8)
            cv2.imwrite(str(folder / "train" / name / f"{i}.png"), picture)
    done = train_with("--data", folder, "--out", tmp_path / "out", "--recipe", "record")
    assert done.exit_code != 0
    assert "tuned on PublicTest alone" in done.output


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
