"""Listening, logging, signals: the life of one server."""

import errno
import gc
import logging
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable

import click
from flask import Flask

from model import logs
from model.card import WeightsError
from model.cluster import ClusterError
from webapp import certificates
from webapp.app import create_app
from webapp.certificates import Certificate, CertificateError
from webapp.config import Settings
from webapp.connections import Connections, for_settings
from webapp.joining import new_code
from webapp.plain import create_plain_app
from webapp.sharing import Sharing

log = logging.getLogger("moodlight")

_LOOK_EVERY_S = 0.1
# For frames on their way when the server is told to stop.
_DRAIN_LIMIT_S = 2.5


Serve = Callable[[socket.socket, Flask, ssl.SSLContext | None, Connections], None]


def run(settings: Settings, serve: Serve) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        settings: see `webapp.config`.
        serve: answers connections of a listening socket until it is closed, over TLS if a context
            is given.

    Raises:
        click.ClickException: the port is taken, the weights are missing or corrupt, or the
            certificate or the network cannot be used.
    """
    logs.set_up(settings.log_json)
    own_workers = settings.redis is None
    if own_workers and settings.detector == "yunet" and settings.detector_model is None:
        raise click.ClickException("yunet needs its ONNX file: name it with --detector-model FILE")
    if own_workers and settings.detector_model and not settings.detector_model.is_file():
        raise click.ClickException(f"no file at {settings.detector_model}: see --detector-model")
    host = settings.host or (_lan_address() if settings.lan else "127.0.0.1")
    try:
        certificate = _certificate(settings, host)
        sharing = _sharing(settings, host, certificate)
        app = create_app(settings, sharing)
    except (WeightsError, CertificateError, ClusterError) as error:
        raise click.ClickException(str(error)) from None
    listener = _listen(host, settings.port, "--port")
    if certificate:
        plain = _listen(host, settings.plain_port, "--http-port")
    service = app.extensions["moodlight"]
    pool = service.pool
    stopping = _stop_on_signals()
    pool.start()
    if settings.redis:
        service.viewers.start(service.end_viewer)
    log.info("open %s (Ctrl-C stops)", sharing.url)
    if certificate or sharing.code:
        sharing.show(click.echo, sys.stdout)
    tls = certificate.context if certificate else None
    connections = for_settings(settings)
    serving = [threading.Thread(target=serve, args=(listener, app, tls, connections), daemon=True)]
    if certificate:
        answered_plainly = (plain, create_plain_app(sharing.url), None, connections)
        serving.append(threading.Thread(target=serve, args=answered_plainly, daemon=True))
    # What start has made stays: a collection that looked through all of it again would hold up
    # every client.
    gc.collect()
    gc.freeze()
    for thread in serving:
        thread.start()
    while not stopping and all(thread.is_alive() for thread in serving):
        time.sleep(_LOOK_EVERY_S)
    if not stopping:  # whoever looks after this process can start it again
        log.critical("the server can no longer be reached, and ends")
    log.info("stopping")
    listener.close()
    service.drain(_DRAIN_LIMIT_S)
    pool.stop()
    logging.shutdown()
    os._exit(0 if stopping else 1)  # connections still open must not hold us up


def _stop_on_signals() -> list[int]:
    """A list that gets the number of the first Ctrl-C or SIGTERM.

    A handler runs in the middle of whatever the process is doing, so it does nothing but that.
    """
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: received.append(number))
    return received


def _lan_address() -> str:
    address = certificates.lan_address()
    if address is None:
        raise click.ClickException(
            "this computer has no address in a local network: connect it, or name the address to "
            "listen on with --host"
        )
    return address


def _certificate(settings: Settings, host: str) -> Certificate | None:
    """What https is served with; None for plain http."""
    if (settings.cert is None) != (settings.key is None):
        raise click.ClickException("--cert and --key go together: name both files")
    if settings.cert is not None:
        return certificates.own(settings.cert, settings.key)
    if settings.lan:
        return certificates.local(certificates.data_folder(), certificates.host_names(host))
    return None


def _sharing(settings: Settings, host: str, certificate: Certificate | None) -> Sharing:
    if settings.open and settings.code:
        raise click.ClickException("--open and --code contradict each other: choose one")
    code = settings.code or (new_code() if settings.lan and not settings.open else None)
    if host in ("0.0.0.0", "::"):
        host = certificates.lan_address() or "localhost"
    elif host in ("127.0.0.1", "::1"):
        host = "localhost"
    scheme = "https" if certificate else "http"
    name = f"[{host}]" if ":" in host else host
    return Sharing(f"{scheme}://{name}:{settings.port}/", code, certificate)


def _listen(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":  # on Windows it would let two servers share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit it. Without it a result followed by its acknowledgement waits 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        advice = "name an address of this computer with --host"
        if error.errno == errno.EADDRINUSE:
            advice = f"is Moodlight already running? Stop it, or choose another port with {option}"
        elif error.errno == errno.EACCES:
            advice = f"choose a port from 1024 on with {option}"
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}): {advice}"
        ) from None
    return listener
