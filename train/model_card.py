"""`python -m train.model_card`: the model card and the README's results, from what was measured.

Reads the weights' JSON card and the folder that `train.evaluate --report` and `train.robustness
--out` wrote; the words are in `train/templates`.
"""

import json
import re
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from model.card import WeightsError, load_card
from train import options
from train.recipe import RECIPES
from train.render import render

_ROOT = Path(__file__).resolve().parent.parent
MODEL_CARD, README, REPORT = (
    _ROOT / "docs/model-card.md",
    _ROOT / "README.md",
    _ROOT / "docs/report",
)
_BLOCK = re.compile(r"(<!-- results: .*?-->\n).*?(<!-- end of results -->)", re.DOTALL)


class ReportError(ValueError):
    """The report's folder does not fit; the message says what to do."""


def documents(card: dict[str, Any], report: Path) -> tuple[str, str]:
    """The model card's text and that of the README's block of results.

    Args:
        card: the weights' JSON card.
        report: holds figures.json and classification-report.txt, and robustness.json where that
            was measured.

    Raises:
        ReportError: a file is missing, or is about other weights or another split.
    """
    figures = _read(report / "figures.json", card, "train.evaluate --usage PublicTest --report")
    if figures["usage"] != "PublicTest" or figures["tta"]:
        raise ReportError(f"{report} is not about PublicTest without --tta: write it again")
    robustness = None
    if (report / "robustness.json").is_file():
        robustness = _read(report / "robustness.json", card, "train.robustness --out")
    values = {
        "card": card,
        "figures": figures,
        "classification_report": (report / "classification-report.txt").read_text().strip("\n"),
        "robustness": robustness,
        "train_options": _train_options(card["recipe"]),
        "weakest": sorted(figures["per_class"].items(), key=lambda item: item[1]["recall"])[:2],
    }
    return render("model-card.md", **values), render("results.md", **values)


def put_results(readme: str, results: str) -> str:
    """The README with its block of results replaced.

    Raises:
        ReportError: it has no such block.
    """
    if not _BLOCK.search(readme):
        raise ReportError(f"{README.name} has no block between <!-- results: ... --> and its end")
    return _BLOCK.sub(lambda found: found[1] + results + found[2], readme)


def _read(path: Path, card: dict[str, Any], command: str) -> dict[str, Any]:
    if not path.is_file():
        raise ReportError(f"no {path}: run python -m {command} {path.parent} first")
    measured = json.loads(path.read_text())
    if measured["weights_sha256"] != card["sha256"]:
        raise ReportError(
            f"{path} is about other weights: run python -m {command} {path.parent} again"
        )
    return measured


def _train_options(recipe: dict[str, Any]) -> str | None:
    """Options of `python -m train` for this recipe; None if recipes have other fields by now."""
    shortest = None
    for name, known in RECIPES.items():
        values = json.loads(json.dumps(asdict(known)))
        if set(values) != set(recipe):
            return None
        arguments = [] if name == "default" else [f"--recipe {name}"]
        arguments += [
            f"--set {shlex.quote(f'{field}={json.dumps(value)}')}"
            for field, value in recipe.items()
            if value != values[field]
        ]
        if shortest is None or len(arguments) < len(shortest):
            shortest = arguments
    return "".join(f" {option}" for option in shortest)


@click.command(context_settings={"show_default": True})
@options.weights
@click.option(
    "--report",
    type=click.Path(path_type=Path, file_okay=False),
    default=REPORT,
    show_default="docs/report",
    help="Folder that train.evaluate and train.robustness wrote.",
)
def main(weights: Path, report: Path) -> None:
    """Write docs/model-card.md and the README's results."""
    try:
        model_card, results = documents(load_card(weights), report)
        readme = put_results(README.read_text(), results)
    except (WeightsError, ReportError) as error:
        raise click.ClickException(str(error)) from None
    MODEL_CARD.write_text(model_card)
    README.write_text(readme)


if __name__ == "__main__":
    main()
