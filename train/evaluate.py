"""`python -m train.evaluate`: figures of merit of a weight file on one split."""

import json
import sys
from pathlib import Path
from typing import Any

import click
import torch

from model import checkpoint
from model.card import WeightsError
from model.labels import LABELS
from train import data, options, report
from train.judge import intervals, judge, logits_by_head
from train.parse import DataError


def _print_table(figures: dict[str, Any], title: str) -> None:
    def line(name: str, key: str, value: float, n: int) -> None:
        low, high = figures["intervals"][key]
        click.echo(f"{name:24}{value:.4f}   95 % interval {low:.4f} to {high:.4f}   n {n}")

    click.echo(title)
    line("accuracy", "accuracy", figures["accuracy"], figures["n"])
    line("macro-F1", "macro_f1", figures["macro_f1"], figures["n"])
    if crowd := figures.get("ferplus"):
        line("FER+ majority accuracy", "ferplus_accuracy", crowd["accuracy"], crowd["n"])
    line("ECE", "ece", figures["ece"], figures["ece_n"])
    click.echo(f"{'ECE, cross-validated':24}{figures['ece_cv']:.4f}   head {figures['ece_head']}")
    click.echo(f"{'':10}{'precision':>10}{'recall':>10}{'F1':>10}{'n':>7}")
    for name in LABELS:
        row = figures["per_class"][name]
        click.echo(
            f"{name:10}{row['precision']:10.3f}{row['recall']:10.3f}{row['f1']:10.3f}{row['n']:7}"
        )


@click.command(context_settings={"show_default": True})
@options.data
@options.ferplus
@click.option("--usage", required=True, help="PublicTest, PrivateTest, Training or test.")
@options.weights
@click.option("--tta", is_flag=True, help="Average each picture with its mirror image.")
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write figures, plots, report.html and a page of the most confident mistakes.",
)
@click.option("--json", "json_path", help="Write the figures as JSON to a file, or - to stdout.")
def main(
    data_path: Path,
    ferplus_path: Path | None,
    usage: str,
    weights: Path,
    tta: bool,
    folder: Path | None,
    json_path: str | None,
) -> None:
    """Evaluate weights on one split of FER2013."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        net, card = checkpoint.load(weights)
        split = data.load(data_path, ferplus_path).split(usage)
    except (DataError, WeightsError) as error:
        raise click.ClickException(str(error)) from None
    logits = logits_by_head(net, split.grey, device, flip=tta)
    figures = {
        "usage": usage,
        "tta": "flip" if tta else None,
        "weights_sha256": card["sha256"],
        **judge(logits, split, card["serving"]),
        "intervals": intervals(logits, split, card["serving"]),
    }
    title = f"{card['name']} {card['version']} on {usage}{', flip averaging' if tta else ''}"
    if folder:
        report.write(folder, title, figures, logits, split, card, report.history_of(weights))
    if json_path == "-":
        json.dump(figures, sys.stdout)
        click.echo()
        return
    if json_path:
        Path(json_path).write_text(json.dumps(figures) + "\n")
    _print_table(figures, title)


if __name__ == "__main__":
    main()
