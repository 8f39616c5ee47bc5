"""What the documents show is what the shipped weights' card, the reports and the code say."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from model.card import DEFAULT_WEIGHTS, load_card
from model.resnet9 import ResNet9, count_macs
from train import drawings, model_card, report
from train.recipe import RECIPES
from train.render import percent

ROOT = Path(__file__).resolve().parents[2]
REGENERATE = "run the commands under 'After a new network' in docs/training.md"


@pytest.fixture(scope="module")
def card() -> dict:
    return load_card(DEFAULT_WEIGHTS)


def test_model_card_and_readme_are_what_the_command_writes(card):
    text, results = model_card.documents(card, model_card.REPORT)
    readme = model_card.README.read_text()
    assert model_card.MODEL_CARD.read_text() == text, REGENERATE
    assert model_card.put_results(readme, results) == readme, REGENERATE


@pytest.mark.parametrize("document", [model_card.MODEL_CARD, model_card.README])
def test_headline_figures_are_the_cards(card, document):
    text = document.read_text()
    for name in ("PublicTest", "PublicTest_flip", "PublicTest_ferplus", "PrivateTest"):
        assert percent(card["accuracy"][name]) in text, REGENERATE
    assert f"{card['calibration']['ece']:.3f}" in text, REGENERATE


def test_the_model_card_is_about_one_network(card, tmp_path):
    figures = json.loads((model_card.REPORT / "figures.json").read_text())
    (tmp_path / "figures.json").write_text(json.dumps(figures | {"weights_sha256": "0" * 64}))
    with pytest.raises(
        model_card.ReportError, match=r"other weights: run python -m train.evaluate"
    ):
        model_card.documents(card, tmp_path)
    with pytest.raises(model_card.ReportError, match=r"run python -m train.evaluate .* first"):
        model_card.documents(card, tmp_path / "nowhere")


def test_robustness_is_optional(card, tmp_path):
    for name in ("figures.json", "classification-report.txt"):
        (tmp_path / name).write_text((model_card.REPORT / name).read_text())
    text, _ = model_card.documents(card, tmp_path)
    assert "Not measured for these weights" in text


@pytest.mark.parametrize(
    ("recipe", "command"),
    [
        (RECIPES["default"], "python -m train DATA --seed 0"),
        (RECIPES["record"], "python -m train DATA --recipe record --seed 0"),
        (replace(RECIPES["default"], sizes=((1, 48),)), "DATA --set 'sizes=[[1, 48]]' --seed 0"),
    ],
)
def test_the_model_card_says_how_its_network_is_trained(card, recipe, command):
    recipe = json.loads(json.dumps(asdict(recipe)))
    text, _ = model_card.documents(card | {"recipe": recipe, "seed": 0}, model_card.REPORT)
    assert command in text


def test_a_recipe_of_older_code_is_reproduced_at_its_commit(card):
    older = card | {"recipe": {"sizes": [[1, 48]], "gone": 1}, "commit": "0123abc"}
    text, _ = model_card.documents(older, model_card.REPORT)
    assert "at commit `0123abc`, with the recipe above" in text


@pytest.mark.parametrize("name", drawings.DRAWINGS)
def test_drawings_are_what_the_code_draws(card, name):
    assert (ROOT / "docs/images" / name).read_text() == drawings.DRAWINGS[name](card), REGENERATE


def test_the_stages_account_for_every_multiplication():
    net = ResNet9((8, 16, 24, 32), ("a", "b"))
    steps = drawings.stages(net, 48)
    assert sum(step.macs for step in steps) == count_macs(net, 48)
    shapes = [step.shape for step in steps]
    assert shapes[0] == (8, 48, 48)
    assert shapes[-2:] == [(32, 1, 1), (14,)]
    assert tuple(net(torch.zeros(2, 1, 48, 48)).shape) == (2, 2, 7)  # no hook is left behind


def test_the_files_in_the_drawings_exist():
    names = set(re.findall(r"\b[a-z0-9_]+\.(?:py|js)\b", drawings.system()))
    assert len(names) > 10
    for name in names:
        folders = ("static/js",) if name.endswith(".js") else ("webapp", "model")
        assert any((ROOT / folder / name).is_file() for folder in folders), name
    for tool in re.findall(r"train\.([a-z_]+)", drawings.workflow()):
        assert (ROOT / "train" / f"{tool}.py").is_file(), tool


def test_pictures_in_the_documents_exist():
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"!\[[^]]*\]\(([^)]+)\)", document.read_text()):
            assert (document.parent / link).is_file(), f"{document.name}: {link}"


def test_the_shipped_weights_have_their_history(tmp_path):
    assert report.history_of(DEFAULT_WEIGHTS)[0]["epoch"] == 1
    assert report.history_of(tmp_path / "other.safetensors") is None
