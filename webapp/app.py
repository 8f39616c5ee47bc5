"""The Flask application, put together."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from model.card import load_card
from webapp import events, headers
from webapp.api import api
from webapp.config import Settings
from webapp.gate import Gate
from webapp.pool import WorkerPool
from webapp.routes import pages
from webapp.service import Service
from webapp.sharing import Sharing

_ROOT = Path(__file__).resolve().parent.parent


def create_app(
    settings: Settings,
    sharing: Sharing,
    pool: WorkerPool | None = None,
    gate: Gate | None = None,
) -> Flask:
    """Build the application; the pool is not started here.

    Args:
        settings: see `webapp.config`.
        sharing: how others reach this server.
        pool: stands in for the real worker pool in tests.
        gate: the one that `pool` takes frames from.

    Raises:
        model.card.WeightsError: no usable weights.
    """
    card = load_card(settings.weights)
    gate = gate or Gate()
    app = Flask(__name__, static_folder=_ROOT / "static", template_folder=_ROOT / "templates")
    app.register_blueprint(pages)
    app.register_blueprint(api)
    headers.register(app)
    socketio = SocketIO(
        app,
        async_mode=settings.async_mode,
        manage_session=False,
        max_http_buffer_size=settings.max_message_bytes,
    )
    events.register(socketio)
    app.wsgi_app = _adapt(app.wsgi_app)
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)
    app.extensions["moodlight"] = Service(
        settings, card, gate, pool or WorkerPool(settings, gate), socketio, sharing
    )
    return app


def _adapt(wsgi_app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Set right what the servers hand on."""

    def call(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        # No permessage-deflate: JPEG does not get smaller, and it costs milliseconds a frame.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        # Engine.IO believes these of anybody; --behind-proxy has already taken what it trusts.
        environ.pop("HTTP_X_FORWARDED_PROTO", None)
        environ.pop("HTTP_X_FORWARDED_HOST", None)
        if "eventlet.input" in environ:  # its stream ends by itself, chunked bodies included
            environ["wsgi.input_terminated"] = True
        return wsgi_app(environ, start_response)

    return call
