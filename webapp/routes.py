"""Pages and health."""

from typing import Any

from flask import Blueprint, current_app, render_template

from webapp.service import Service

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> str:
    service: Service = current_app.extensions["moodlight"]
    accuracy = service.card["accuracy"]["PublicTest"]
    return render_template("index.html", accuracy=f"{accuracy:.0%}" if accuracy else None)


@pages.get("/healthz")
def healthz() -> dict[str, Any]:
    """Alive: the web process answers. `workers` says how many can take a frame."""
    service: Service = current_app.extensions["moodlight"]
    return {"status": "ok", "workers": service.pool.ready_count, "clients": len(service.clients)}
