"""Serving on threads: Werkzeug's server, to compare with, not for strangers."""

import functools
from typing import Any

from werkzeug.serving import make_server

from webapp.connections import Connections
from webapp.handshake import handshaken


def serve(listener: Any, app: Any, tls: Any, connections: Connections) -> None:
    """Answer connections for ever; see `webapp.server.run`."""
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
