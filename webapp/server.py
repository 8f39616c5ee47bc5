"""Listening, logging, signals: the life of one server."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

import click
from flask import Flask

from model import logs
from model.card import WeightsError
from webapp.app import create_app
from webapp.config import Settings

log = logging.getLogger("moodlight")

_LOOK_EVERY_S = 0.1
# For frames on their way when the server is told to stop.
_DRAIN_LIMIT_S = 2.5


def run(settings: Settings, serve: Callable[[socket.socket, Flask], None]) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        settings: see `webapp.config`.
        serve: answers connections of a listening socket for ever.

    Raises:
        click.ClickException: the port is taken, or the weights are missing or corrupt.
    """
    logs.set_up(settings.log_json)
    if settings.detector == "yunet" and settings.detector_model is None:
        raise click.ClickException("yunet needs its ONNX file: name it with --detector-model FILE")
    try:
        app = create_app(settings)
    except WeightsError as error:
        raise click.ClickException(str(error)) from None
    listener = _listen(settings.host, settings.port)
    service = app.extensions["moodlight"]
    pool = service.pool
    stopping = _stop_on_signals()
    pool.start()
    shown_host = "localhost" if settings.host in ("127.0.0.1", "::1") else settings.host
    log.info("open http://%s:%d (Ctrl-C stops)", shown_host, settings.port)
    threading.Thread(target=serve, args=(listener, app), daemon=True).start()
    while not stopping:
        time.sleep(_LOOK_EVERY_S)
    log.info("stopping")
    listener.close()
    service.drain(_DRAIN_LIMIT_S)
    pool.stop()
    logging.shutdown()
    os._exit(0)  # connections still open must not hold us up


def _stop_on_signals() -> list[int]:
    """A list that gets the number of the first Ctrl-C or SIGTERM.

    A handler runs in the middle of whatever the process is doing, so it does nothing but that.
    """
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: received.append(number))
    return received


def _listen(host: str, port: int) -> socket.socket:
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
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}): is Moodlight already running? "
            "Stop it, or choose another port with --port"
        ) from None
    return listener
