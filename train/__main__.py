"""`python -m train`: train a ResNet9 and write its weights, card, history and plots."""

import json
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
import torch
from tqdm import tqdm

from model.card import WeightsError
from train import data, distributed, options, precision, run
from train import recipe as recipes
from train.data import DataSet, Split
from train.loop import LABEL_HEAD, Tensors, Trainer, predict, to_tensors
from train.parse import DataError

_HELD_OUT = 0.1  # of the Training rows, where the data has no PublicTest


@click.command(context_settings={"show_default": True})
@options.data
@options.ferplus
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for weights, card, history, plots and the state to resume from.",
)
@click.option(
    "--recipe", "recipe_name", type=click.Choice(list(recipes.RECIPES)), default="default"
)
@click.option(
    "--set", "overrides", multiple=True, metavar="FIELD=JSON", help="Change a field of the recipe."
)
@click.option("--seed", type=click.IntRange(0), default=0)
@click.option(
    "--resume", is_flag=True, help="Go on from the state in --out, also with another end."
)
@click.option("--force", is_flag=True, help="Replace better weights in --out too.")
@click.option("--device", help="Torch device.  [default: cuda if there is one]")
@click.option(
    "--precision",
    "precision_name",
    type=click.Choice(["auto", *precision.CHOICES]),
    default="auto",
    help="auto: whichever a short trial finds faster.",
)
def main(
    data_path: Path,
    ferplus_path: Path | None,
    out: Path,
    recipe_name: str,
    overrides: tuple[str, ...],
    seed: int,
    resume: bool,
    force: bool,
    device: str | None,
    precision_name: str,
) -> None:
    """Train on FER2013's Training rows; PublicTest is only measured.

    Under torchrun several processes share every batch; the first one writes --out.
    """
    processes = click.get_current_context().with_resource(distributed.join())
    chosen = torch.device(device) if device else distributed.default_device()
    try:
        recipe = _override(recipes.RECIPES[recipe_name], overrides)
        dataset = data.load(data_path, ferplus_path)
        if recipe_name == "record" and "PublicTest" not in dataset.splits:
            raise ValueError("the record is tuned on PublicTest alone: this data has no such rows")
        training, validation = _splits(dataset, seed)
        processes.check_batches(len(training), recipe.batch_size)
        state = processes.from_first(run.load_state(out) if resume and processes.first else None)
    except (DataError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    if precision_name == "auto":
        fastest = state["precision"] if state else precision.fastest(chosen)
        precision_name = processes.from_first(fastest)
    trainer = Trainer(
        *(recipe, to_tensors(training, chosen), seed, chosen),
        *(precision.CHOICES[precision_name], processes),
    )
    try:
        trainer.check_same_run(processes.from_first(trainer.identity()))
    except ValueError as error:
        raise click.ClickException(f"not the same run as the first process's: {error}") from None
    if state:
        try:
            trainer.load_state_dict(state)
        except ValueError as error:
            raise click.ClickException(f"cannot resume {out}: {error}") from None
    if processes.first:
        out.mkdir(parents=True, exist_ok=True)
    _train(trainer, to_tensors(validation, chosen), out)
    if not processes.first:
        return
    run.write_history(trainer.history, out)
    try:
        card = run.ship(trainer, dataset, validation, out, force)
    except WeightsError as error:
        raise click.ClickException(f"{error}; the run is kept: add --resume") from None
    click.echo(json.dumps(card["accuracy"]))


def _override(recipe: recipes.Recipe, overrides: tuple[str, ...]) -> recipes.Recipe:
    values = asdict(recipe)
    for item in overrides:
        name, equals, value = item.partition("=")
        if not equals:
            raise ValueError(f"--set takes FIELD=JSON, not {item!r}")
        values[name] = json.loads(value)
    return recipes.from_dict(values)


def _splits(dataset: DataSet, seed: int) -> tuple[Split, Split]:
    """Rows to train on and rows to watch."""
    training = dataset.split("Training")
    if "PublicTest" in dataset.splits:
        return training, dataset.split("PublicTest")
    order = np.random.default_rng(seed).permutation(len(training))
    held_out = np.isin(np.arange(len(training)), order[: int(_HELD_OUT * len(training))])
    return training.rows(~held_out), training.rows(held_out)


def _train(trainer: Trainer, validation: Tensors, out: Path) -> None:
    recipe = trainer.recipe
    # Steps count by their pixels, so that the time left is right across sizes.
    costs = [recipe.size_at(e) ** 2 * trainer.steps_per_epoch for e in range(recipe.epochs)]
    with tqdm(
        total=sum(costs),
        initial=sum(costs[: trainer.epoch]),
        bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed}<{remaining}{postfix}",
        disable=not trainer.processes.first,
    ) as bar:
        while trainer.epoch < recipe.epochs:
            size_px = recipe.size_at(trainer.epoch)
            bar.set_description(f"epoch {trainer.epoch + 1}/{recipe.epochs} at {size_px} px")

            def on_step(loss: float, rate: float, cost: int = size_px**2) -> None:
                bar.set_postfix(loss=f"{loss:.3f}", rate=f"{rate:.3f}", refresh=False)
                bar.update(cost)

            trainer.run_epoch(on_step)
            if not trainer.processes.first:
                continue
            logits = predict(trainer.weights(), validation.grey, size_px=size_px)
            right = logits[:, trainer.net.heads.index(LABEL_HEAD)].argmax(1)
            accuracy = (right == validation.labels.cpu()).float().mean().item()
            trainer.history[-1]["accuracy"] = accuracy
            bar.write(
                f"epoch {trainer.epoch}: loss {trainer.history[-1]['loss']:.4f}, "
                f"validation accuracy {accuracy:.4f}"
            )
            run.save_state(trainer, out)
            run.write_history(trainer.history, out)


if __name__ == "__main__":
    main()
