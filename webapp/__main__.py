"""`python -m webapp`: patch, listen, start the workers, serve, stop in reverse order.

The only place that names eventlet. Flask and everything that uses sockets or threads is imported
after the patch.
"""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import click

from webapp.config import Settings, options, version

# Whoever stops in the middle of a request, or of reading its answer, is let go.
_SILENCE_LIMIT_S = 60.0


@click.command(context_settings={"show_default": True})
@options
@click.version_option(version(), prog_name="Moodlight")
def main(**values: object) -> None:
    """Serve the Moodlight page and analyse the frames that it sends.

    Every option is also an environment variable: MOODLIGHT_ and its name, as MOODLIGHT_PORT.
    """
    settings = Settings(**values)
    on_eventlet = settings.async_mode == "eventlet"
    serve = _patch_for_eventlet() if on_eventlet else _serve_on_threads
    from webapp.server import run

    run(settings, serve)


def _patch_for_eventlet() -> Callable[[Any, Any, Any, Any], None]:
    # Its authors advise against new use on every import; the README says why it is here.
    warnings.filterwarnings("ignore", module="eventlet")
    warnings.filterwarnings("ignore", message="(?s).*Eventlet is deprecated")
    import eventlet
    from eventlet import websocket, wsgi

    from webapp.masking import apply_mask

    eventlet.monkey_patch()
    from webapp.handshake import handshaken

    # eventlet unmasks byte by byte: 10 ms of the whole web process for a frame of 20 KB.
    websocket.RFC6455WebSocket._apply_mask = staticmethod(apply_mask)
    _bound_fragments(websocket)

    def serve(listener: Any, app: Any, tls: Any, connections: Any) -> None:
        listener.accept = functools.partial(connections.accept, listener.accept)

        def answer(state: list, server: Any) -> None:
            with connections.hold(state[0]):
                if tls is None:
                    wsgi.HttpProtocol(state, server)
                elif connection := handshaken(state[1], tls):
                    state[1] = connection  # closed at the end by eventlet
                    wsgi.HttpProtocol(state, server)

        wsgi.server(
            listener,
            app,
            log_output=False,
            debug=False,
            max_size=connections.most,
            socket_timeout=_SILENCE_LIMIT_S,
            protocol=answer,
            environ={"wsgi.url_scheme": "https" if tls else "http"},
        )

    return serve


def _bound_fragments(websocket: Any) -> None:
    """eventlet bounds each fragment of a message, but takes any number of them."""

    class BoundedMessage(websocket.RFC6455WebSocket.Message):
        size = 0

        def push(self, data: bytes, final: bool = False) -> None:
            self.size += len(data) + 1  # an empty fragment costs memory too
            if self.size > self.max_frame_length:
                raise websocket.FailedConnectionError(1009, "the message is too large")
            super().push(data, final)

    websocket.RFC6455WebSocket.Message = BoundedMessage


def _serve_on_threads(listener: Any, app: Any, tls: Any, connections: Any) -> None:
    from werkzeug.serving import make_server

    from webapp.handshake import handshaken

    host, port = listener.getsockname()[:2]
    server = make_server(host, port, app, threaded=True, fd=listener.fileno())
    handle = server.RequestHandlerClass

    def answer(accepted: Any, address: Any, server: Any) -> None:
        with connections.hold(address):
            if tls is None:
                handle(accepted, address, server)
            elif connection := handshaken(accepted, tls):
                with connection:
                    handle(connection, address, server)

    server.RequestHandlerClass = answer
    server.get_request = functools.partial(connections.accept, server.socket.accept)
    server.ssl_context = tls  # only says https: werkzeug would shake hands before it accepts
    server.serve_forever()


if __name__ == "__main__":
    main()
