"""`python -m train.install`: make a run's weights the ones that Moodlight ships and serves."""

import shutil
from pathlib import Path

import click

from model import engines
from model.card import DEFAULT_WEIGHTS, WeightsError, card_path, load_card
from model.names import ONNX_INT8
from train import record, run


def install(source: Path, target: Path, force: bool) -> None:
    """Copy weights, their card, record and int8 file, unless those in place are better.

    Args:
        source: a run's weight file.
        target: the weight file to replace.
        force: replace better ones too.

    Raises:
        WeightsError: a file of the run is missing or wrong, or the weights in place are better.
    """
    card = load_card(source)
    record.load(source)
    if has_int8 := ONNX_INT8 in engines.offered(source, card):
        engines.check(ONNX_INT8, source, card)
    if not force:
        run.refuse_worse(card, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    for beside in (Path, card_path, record.path):
        shutil.copyfile(beside(source), beside(target))
    engines.int8_path(target).unlink(missing_ok=True)
    if has_int8:
        shutil.copyfile(engines.int8_path(source), engines.int8_path(target))


@click.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--weights",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_WEIGHTS.parent,
    help="Folder to install into.  [default: the repository's weights/]",
)
@click.option("--force", is_flag=True, help="Replace better weights too.")
def main(folder: Path, weights: Path, force: bool) -> None:
    """Install the weights, card, PublicTest logits and int8 file of the finished run in folder RUN.

    Refused if the installed card's FER+ accuracy, or FER2013 accuracy with flips, is better.
    """
    target = weights / run.WEIGHTS_FILE
    if not (folder / run.WEIGHTS_FILE).is_file():
        raise click.ClickException(f"no finished run in {folder}: train one (python -m train)")
    try:
        install(folder / run.WEIGHTS_FILE, target, force)
    except WeightsError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"installed {target}")


if __name__ == "__main__":
    main()
