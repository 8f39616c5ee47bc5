"""The Flask application, put together."""

import io
import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from flask import Flask, Request
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from model import engines
from model.card import load_card
from model.names import AUTO
from webapp import events, headers, limits, packets, protocol
from webapp.api import api
from webapp.config import Settings
from webapp.event_queue import EventQueue
from webapp.gate import Gate
from webapp.pool import WorkerPool
from webapp.redis_pool import RedisPool
from webapp.routes import pages
from webapp.service import Service
from webapp.shared_viewers import SharedViewers
from webapp.sharing import Sharing
from webapp.viewers import Viewers

# Bodies that may be on their way at once, of all addresses and of each; smaller ones do not count.
_UPLOADS, _UPLOADS_OF_ONE = 32, 8
_SMALL_BYTES = 65_536
_TOO_MANY_UPLOADS = json.dumps(
    protocol.refusal(protocol.BUSY, "too many pictures are on their way: try again in a moment")
).encode()
_ROOT = Path(__file__).resolve().parent.parent

# Of what clients send, malformed or not; our own handlers log their errors themselves.
_QUIET = logging.getLogger("moodlight.socketio")
_QUIET.setLevel(logging.CRITICAL)


class _InMemory(Request):
    """A request whose uploaded files stay in memory; Werkzeug would write larger ones to a disk."""

    def _get_file_stream(self, *_sizes_and_names: object, **_more: object) -> io.BytesIO:
        return io.BytesIO()


def create_app(
    settings: Settings,
    sharing: Sharing,
    pool: WorkerPool | RedisPool | None = None,
    gate: Gate | None = None,
) -> Flask:
    """Build the application; the pool is not started here.

    Args:
        settings: see `webapp.config`.
        sharing: how others reach this server.
        pool: stands in for the real worker pool in tests.
        gate: the one that `pool` takes frames from.

    Raises:
        model.card.WeightsError: no usable weights, or not for the engine chosen.
        model.cluster.ClusterError: `settings.redis` is no URL of Redis.
    """
    card = load_card(settings.weights)
    if settings.engine != AUTO:
        engines.check(settings.engine, settings.weights, card)
    gate = gate or Gate()
    if pool is None and settings.redis:
        pool = RedisPool(settings, gate, card["sha256"])
    app = Flask(__name__, static_folder=_ROOT / "static", template_folder=_ROOT / "templates")
    app.request_class = _InMemory
    app.register_blueprint(pages)
    app.register_blueprint(api)
    socketio = SocketIO(
        app,
        async_mode=settings.async_mode,
        manage_session=False,
        max_http_buffer_size=settings.max_message_bytes,
        serializer=packets.BoundedPacket,
        json=packets.BoundedJson,
        logger=_QUIET,
        engineio_logger=_QUIET,
        client_manager=EventQueue(settings.redis, _QUIET) if settings.redis else None,
    )
    packets.register(socketio, settings)
    app.wsgi_app = _adapt(app.wsgi_app)
    headers.register(app)
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)
    viewers = SharedViewers(settings.redis) if settings.redis else Viewers()
    service = Service(
        settings, card, gate, pool or WorkerPool(settings, gate), socketio, sharing, viewers
    )
    app.extensions["moodlight"] = service
    events.register(socketio, service)
    return app


class _Discard(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


def _adapt(wsgi_app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Set right what the servers hand on, and refuse what Engine.IO should not see."""
    uploads = limits.PlacesByAddress(_UPLOADS, _UPLOADS_OF_ONE)

    def call(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        # eventlet writes lines of its own there, with addresses, when a connection breaks.
        environ["wsgi.errors"] = _Discard()
        # No permessage-deflate: JPEG does not get smaller, and it costs milliseconds a frame.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        # Engine.IO believes these of anybody; --behind-proxy has already taken what it trusts.
        environ.pop("HTTP_X_FORWARDED_PROTO", None)
        environ.pop("HTTP_X_FORWARDED_HOST", None)
        if _is_bad(environ):
            start_response("400 Bad Request", [("Connection", "close")])
            return []
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        if "eventlet.input" in environ:  # its stream ends by itself, chunked bodies included
            environ["wsgi.input_terminated"] = True
        if not chunked and int(environ.get("CONTENT_LENGTH") or 0) <= _SMALL_BYTES:
            return wsgi_app(environ, start_response)
        # A body takes memory while it arrives.
        address = environ["REMOTE_ADDR"]
        if not uploads.take(address):
            kind = [("Content-Type", "application/json"), ("Connection", "close")]
            start_response("503 Service Unavailable", kind)
            return [_TOO_MANY_UPLOADS]
        try:
            return wsgi_app(environ, start_response)
        finally:
            uploads.give_back(address)

    return call


def _is_bad(environ: dict[str, Any]) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):  # Engine.IO would read -1 bytes: for ever
        return True
    # Nothing but POST has a body here. A WebSocket with one would take an upload's place for life.
    has_body = length.strip("0") or "HTTP_TRANSFER_ENCODING" in environ
    if has_body and environ["REQUEST_METHOD"] != "POST":
        return True
    if not environ["PATH_INFO"].startswith("/socket.io/"):
        return False
    # Any site's page may read an answer in JSONP. WebSockets of before RFC 6455 have no limits.
    old = "HTTP_UPGRADE" in environ and "HTTP_SEC_WEBSOCKET_VERSION" not in environ
    return old or "j" in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
