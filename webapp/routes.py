"""Pages, health and metrics."""

import time
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from webapp import certificates, config, protocol
from webapp.service import Service

pages = Blueprint("pages", __name__)

# Figures of the card that /about shows, where they were measured; the page has a text for each.
_FIGURES = ("PublicTest", "PublicTest_flip", "PublicTest_ferplus", "PrivateTest")


@pages.get("/")
def index() -> str:
    service: Service = current_app.extensions["moodlight"]
    return render_template(
        "index.html",
        figures=_figures(service.card),
        consent_version=protocol.CONSENT_VERSION,
        shared=service.settings.lan or service.settings.behind_proxy,
        clustered=service.settings.redis is not None,
    )


@pages.get("/watch")
def watch() -> str:
    """The viewer's page; the link's token is in the fragment, which is not sent here."""
    return render_template("watch.html")


@pages.get("/authority.crt")
def authority() -> Response:
    """The local authority's certificate, for phones and browsers to trust."""
    service: Service = current_app.extensions["moodlight"]
    certificate = service.sharing.certificate
    if certificate is None or certificate.authority is None:
        abort(404)
    return Response(
        certificates.to_pem(certificate.authority),
        mimetype="application/x-x509-ca-cert",
        headers={"Content-Disposition": "attachment; filename=moodlight-authority.crt"},
    )


@pages.get("/about")
def about() -> str:
    service: Service = current_app.extensions["moodlight"]
    accuracy = service.card["accuracy"]
    figures = [(name, accuracy.get(name)) for name in _FIGURES]
    return render_template(
        "about.html",
        card=service.card,
        version=config.version(),
        figures=[(name, value) for name, value in figures if value is not None],
        engine=service.pool.engine,
    )


@pages.get("/healthz")
def healthz() -> dict[str, Any]:
    """Alive: the web process answers. `workers` says how many can take a frame."""
    service: Service = current_app.extensions["moodlight"]
    return {"status": "ok", "workers": service.pool.ready_count, "clients": len(service.clients)}


@pages.get("/readyz")
def readyz() -> tuple[dict[str, Any], int]:
    """Ready: at least one worker has loaded and answers, and the server is not stopping."""
    service: Service = current_app.extensions["moodlight"]
    answering = service.pool.answering_count
    ready = answering > 0 and not service.draining
    said = {"status": "ready" if ready else "not ready", "workers": answering}
    if service.pool.refusal:
        said["message"] = service.pool.refusal
    return said, 200 if ready else 503


@pages.get("/metrics")
def metrics() -> Response:
    """Counts and times in Prometheus's text format."""
    service: Service = current_app.extensions["moodlight"]
    time.sleep(service.metrics_rate.of(request.remote_addr).owe(1))
    return Response(generate_latest(service.metrics.registry), content_type=CONTENT_TYPE_LATEST)


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
