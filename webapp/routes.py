"""Pages and health."""

from typing import Any

from flask import Blueprint, current_app, render_template

from webapp.service import Service

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> str:
    service: Service = current_app.extensions["moodlight"]
    return render_template("index.html", figures=_figures(service.card))


@pages.get("/healthz")
def healthz() -> dict[str, Any]:
    """Alive: the web process answers. `workers` says how many can take a frame."""
    service: Service = current_app.extensions["moodlight"]
    return {"status": "ok", "workers": service.pool.ready_count, "clients": len(service.clients)}


def _figures(card: dict[str, Any]) -> dict[str, Any] | None:
    """What the first screen says about how often the model errs; None if nothing was measured."""
    accuracy = card["accuracy"]
    recall = card.get("recall")
    if accuracy["PublicTest"] is None or not recall:
        return None
    worst = min(recall, key=recall.get)
    return {
        "accuracy": accuracy["PublicTest"],
        "crowd": accuracy.get("PublicTest_ferplus"),
        "worst": worst,
        "worst_recall": recall[worst],
    }
