"""`python -m train.evaluate`: figures of merit of a weight file on one split.

Each label set is judged with its own head; calibration is that of the head that serves.
"""

import json
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from scipy.special import softmax

from model import checkpoint
from model.card import DEFAULT_WEIGHTS, WeightsError
from model.labels import LABELS
from train import calibration, data, ferplus, metrics, options, plots
from train.data import Split
from train.loop import LABEL_HEAD, VOTE_HEAD, predict
from train.parse import DataError

_CURVE_POINTS = 20


def judge(logits: dict[str, np.ndarray], split: Split, serving: dict[str, Any]) -> dict[str, Any]:
    """All figures of one split.

    Args:
        logits: (N, 7) by head.
        split: the rows they are for.
        serving: the card's `serving`: the head that serves, and a temperature for each head.

    Returns:
        `metrics.summarize` of the FER2013 labels, with `ece` and `ece_cv` of `ece_head`, and
        `ferplus` where the split has votes.
    """
    labels = split.labels.astype(int)
    figures = metrics.summarize(logits[LABEL_HEAD].argmax(1), labels)
    judged, truth, rows = LABEL_HEAD, labels, slice(None)
    if split.votes is not None:
        counted, crowd = ferplus.majority(split.votes)
        by = VOTE_HEAD if VOTE_HEAD in logits else LABEL_HEAD
        right = logits[by].argmax(1)[counted] == crowd[counted]
        figures["ferplus"] = {"n": int(counted.sum()), "accuracy": float(right.mean())}
        if serving["head"] == VOTE_HEAD:
            judged, truth, rows = VOTE_HEAD, crowd[counted], counted
    scores = logits[judged][rows]
    scaled = softmax(scores / serving["temperature"][judged], axis=1)
    figures["ece_head"] = judged
    figures["ece"] = calibration.ece(scaled, truth)
    figures["ece_cv"] = calibration.ece_cross_validated(scores, truth)
    return figures


def fit_serving(logits: dict[str, np.ndarray], split: Split) -> dict[str, Any]:
    """The card's `serving`: the head that serves, temperatures and the threshold of "unsure".

    The crowd's head serves where there is one: it agrees better with people.
    """
    judged = {LABEL_HEAD: (logits[LABEL_HEAD], split.labels.astype(int))}
    if VOTE_HEAD in logits and split.votes is not None:
        counted, crowd = ferplus.majority(split.votes)
        judged[VOTE_HEAD] = (logits[VOTE_HEAD][counted], crowd[counted])
    head = VOTE_HEAD if VOTE_HEAD in judged else LABEL_HEAD
    temperature = {name: calibration.fit_temperature(*rows) for name, rows in judged.items()}
    scores, truth = judged[head]
    probabilities = softmax(scores / temperature[head], axis=1)
    _, coverage, risk = calibration.risk_coverage(probabilities, truth)
    curve = [[round(float(c), 3), round(float(r), 4)] for c, r in zip(coverage, risk, strict=True)]
    return {
        "head": head,
        "temperature": temperature,
        "unsure_below": calibration.unsure_below(probabilities, truth),
        "risk_coverage": curve[:: max(1, len(curve) // _CURVE_POINTS)],
    }


def logits_by_head(
    net: torch.nn.Module, grey: np.ndarray, device: torch.device, flip: bool
) -> dict[str, np.ndarray]:
    """(N, 7) float64 logits of each head for (N, 48, 48) uint8 pictures."""
    out = predict(net.to(device), torch.from_numpy(grey).to(device), flip).double().numpy()
    return {name: out[:, i] for i, name in enumerate(net.heads)}


def _write_report(
    folder: Path, figures: dict[str, Any], predicted: np.ndarray, split: Split, title: str
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    report = metrics.text_report(predicted, split.labels.astype(int))
    (folder / "classification-report.txt").write_text(f"{title}\n\n{report}")
    (folder / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    plots.confusion(figures["confusion"], title, folder / "confusion-matrix.png")


def _print_table(figures: dict[str, Any], title: str) -> None:
    click.echo(title)
    click.echo(
        f"accuracy {figures['accuracy']:.4f}   macro-F1 {figures['macro_f1']:.4f}   "
        f"ECE {figures['ece']:.4f} (cross-validated {figures['ece_cv']:.4f}, "
        f"head {figures['ece_head']})   n {figures['n']}"
    )
    if "ferplus" in figures:
        click.echo("FER+ majority accuracy {accuracy:.4f}   n {n}".format(**figures["ferplus"]))
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
@click.option("--weights", type=click.Path(path_type=Path), default=DEFAULT_WEIGHTS)
@click.option("--tta", is_flag=True, help="Average each picture with its mirror image.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), help="Write a report.")
@click.option("--json", "json_path", help="Write the figures as JSON to a file, or - to stdout.")
def main(
    data_path: Path,
    ferplus_path: Path | None,
    usage: str,
    weights: Path,
    tta: bool,
    report: Path | None,
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
    }
    title = f"{card['name']} {card['version']} on {usage}{', flip averaging' if tta else ''}"
    if report:
        _write_report(report, figures, logits[LABEL_HEAD].argmax(1), split, title)
    if json_path == "-":
        json.dump(figures, sys.stdout)
        click.echo()
        return
    if json_path:
        Path(json_path).write_text(json.dumps(figures) + "\n")
    _print_table(figures, title)


if __name__ == "__main__":
    main()
