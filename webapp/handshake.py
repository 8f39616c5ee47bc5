"""TLS on one accepted connection, in that connection's own thread: nobody else waits for it."""

import socket
import ssl

# Whoever does not finish by then is gone.
LIMIT_S = 10.0


def handshaken(connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket | None:
    """The connection with TLS on it, or None (and closed) if the client does not manage that."""
    secured = None
    try:
        secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        secured.settimeout(LIMIT_S)
        secured.do_handshake()
        secured.settimeout(None)
    except OSError:  # ssl.SSLError and TimeoutError are OSErrors
        (secured or connection).close()
        return None
    return secured
