"""Socket.IO handlers: each checks, asks the gate, and answers its sender alone."""

import logging
import time
from typing import Any

from flask import current_app, request
from flask_socketio import SocketIO

from model.image_header import FrameError, check_header
from webapp import protocol
from webapp.gate import Ticket
from webapp.service import Service

log = logging.getLogger("moodlight.events")


def register(socketio: SocketIO) -> None:
    """Bind the handlers to a SocketIO object."""
    socketio.on_event("connect", _connect)
    socketio.on_event("disconnect", _disconnect)
    socketio.on_event(protocol.FRAME, _frame)
    socketio.on_event("*", _unknown)
    socketio.on_error_default(_failed)


def _service() -> Service:
    return current_app.extensions["moodlight"]


def _connect(_auth: Any = None) -> None:
    service = _service()
    service.clients.add(request.sid)
    service.emit(protocol.HELLO, service.hello(), request.sid)


def _disconnect(*_reason: Any) -> None:
    service = _service()
    service.clients.remove(request.sid)
    service.gate.remove(request.sid)


def _frame(*arguments: Any) -> dict[str, Any]:
    """Answer with the acknowledgement, after the result has been emitted."""
    service = _service()
    client = service.clients.get(request.sid)
    if client is None:
        return protocol.refusal(protocol.DROPPED, "this connection is closing")
    try:
        frame = protocol.parse_frame(arguments)
        check_header(frame.encoded, service.settings.frame_limits)
    except protocol.RequestError as error:
        return protocol.refusal(protocol.BAD_REQUEST, str(error))
    except FrameError as error:
        return protocol.refusal(error.code, str(error))
    if not service.pool.ready_count:
        reason = service.pool.refusal or "the model is starting: try again in a moment"
        return protocol.refusal(protocol.BUSY, reason)
    ticket = Ticket(request.sid, frame.encoded)
    service.gate.submit(ticket)
    if not ticket.finished.wait(service.settings.deadline_ms / 1000):
        service.gate.give_up(ticket)
    answer = ticket.outcome
    if answer is None:
        client.dropped += 1
        return protocol.refusal(protocol.DROPPED, "a newer frame came, or this one came too late")
    if "code" in answer:
        return protocol.refusal(answer["code"], answer["message"])
    timing = {name: round(ms, 2) for name, ms in answer["timing_ms"].items()}
    result = {
        "id": frame.id,
        "sent_at": frame.sent_at,
        "width": answer["width"],
        "height": answer["height"],
        "faces": answer["faces"],
        "timing_ms": {
            "queue": round((ticket.started - ticket.received) * 1e3, 2),
            **timing,
            "total": round((time.monotonic() - ticket.received) * 1e3, 2),
        },
        "dropped": client.dropped,
    }
    service.emit(protocol.RESULT, result, request.sid)
    return {"ok": True}


def _unknown(event: str, *_arguments: Any) -> dict[str, Any]:
    return protocol.refusal(protocol.BAD_REQUEST, f"unknown event {event[:64]!r}")


def _failed(error: Exception) -> dict[str, Any]:
    log.error("an event handler failed", exc_info=error)
    return protocol.refusal(protocol.BAD_REQUEST, "the server could not handle this event")
