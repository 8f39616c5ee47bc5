"""`python -m train`: train a ResNet9 and write its weights, card, history and plots."""

import json
from dataclasses import asdict
from pathlib import Path

import click
import torch
from tqdm import tqdm

from train import data
from train import recipe as recipes
from train.loop import Trainer, predict, to_tensors

STATE_FILE = "state.pt"


@click.command(context_settings={"show_default": True})
@click.option("--data", "data_path", type=click.Path(path_type=Path), required=True)
@click.option("--ferplus", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option(
    "--recipe", "recipe_name", type=click.Choice(list(recipes.RECIPES)), default="default"
)
@click.option("--set", "overrides", multiple=True)
@click.option("--seed", type=int, default=0)
@click.option("--resume", is_flag=True)
def main(data_path, ferplus, out, recipe_name, overrides, seed, resume):
    values = asdict(recipes.RECIPES[recipe_name])
    for item in overrides:
        k, _, v = item.partition("=")
        values[k] = json.loads(v)
    recipe = recipes.from_dict(values)
    out.mkdir(parents=True, exist_ok=True)
    ds = data.load(data_path, ferplus)
    device = torch.device("cpu")
    val = to_tensors(ds.split("PublicTest"), device)
    tr = Trainer(recipe, to_tensors(ds.split("Training"), device), seed, device, torch.float32)
    if resume:
        tr.load_state_dict(torch.load(out / STATE_FILE, weights_only=True))
    while tr.epoch < recipe.epochs:
        with tqdm(total=tr.steps_per_epoch, mininterval=20) as bar:

            def on(loss, lr):
                bar.update()
                bar.set_postfix(loss=f"{loss:.3f}", lr=f"{lr:.4f}", refresh=False)

            tr.run_epoch(on)
        lg = predict(tr.weights(), val.grey)
        h = tr.history[-1]
        h["accuracy"] = (lg[:, 0].argmax(1) == val.labels).float().mean().item()
        if lg.shape[1] > 1:
            h["accuracy_votes_head"] = (lg[:, 1].argmax(1) == val.labels).float().mean().item()
            top = val.votes.max(1).values
            ok = top > 0.5
            h["ferplus"] = (lg[:, 1].argmax(1) == val.votes.argmax(1))[ok].float().mean().item()
        print(json.dumps(h), flush=True)
        part = out / (STATE_FILE + ".partial")
        torch.save(tr.state_dict(), part)
        part.replace(out / STATE_FILE)


main()
