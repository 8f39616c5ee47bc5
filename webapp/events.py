"""Socket.IO handlers: each checks, asks the gate, and answers its sender alone."""

import functools
import logging
import time
from typing import Any

from flask import current_app, request
from flask_socketio import ConnectionRefusedError, SocketIO

from model.image_header import FrameError
from webapp import protocol
from webapp.gate import Following, Ticket
from webapp.joining import JoinError
from webapp.service import Service

log = logging.getLogger("moodlight.events")

_NO_SENDER = protocol.refusal(protocol.DROPPED, "this connection is closing, or only watches")


def register(socketio: SocketIO, service: Service) -> None:
    """Bind the handlers to a SocketIO object."""
    socketio.on_event("connect", _connect)
    socketio.on_event("disconnect", _disconnect)
    socketio.on_event(protocol.CONSENT, _consent)
    # Flask-SocketIO makes a request context for each event (URL, session, teardown), which costs
    # the web process more than the rest of a frame's handling: frames go past it.
    socketio.server.on(protocol.FRAME, functools.partial(_frame, service))
    socketio.on_event(protocol.SHARE, _share)
    socketio.on_event("*", _unknown)
    socketio.on_error_default(_failed)


def _service() -> Service:
    return current_app.extensions["moodlight"]


def _connect(auth: Any = None) -> None:
    service = _service()
    auth = auth if isinstance(auth, dict) else {}
    if "watch" in auth:
        sender = service.viewers.admit(request.sid, auth["watch"])
        if sender is None:
            raise _refused(protocol.BAD_LINK, "this viewer link has ended, or too many watch")
        _tell_viewers(service, sender)
    else:
        try:
            service.check_code(auth.get("code"), request.remote_addr)
        except JoinError as error:
            raise _refused(protocol.BAD_CODE, str(error)) from None
        if not service.clients.has_room(request.remote_addr):
            raise _refused(protocol.SERVER_FULL, "too many are connected: try again in a moment")
        service.clients.add(request.sid, request.remote_addr)
        log.info("a client came", extra={"event": "client_came", "clients": len(service.clients)})
    service.emit(protocol.HELLO, service.hello(), request.sid)


def _refused(code: str, message: str) -> ConnectionRefusedError:
    _service().metrics.refused_clients.labels(code).inc()
    log.warning("a client was refused: %s", code, extra={"event": "client_refused"})
    return ConnectionRefusedError(code, protocol.refusal(code, message))


def _disconnect(*_reason: Any) -> None:
    service = _service()
    service.clients.remove(request.sid)
    service.gate.remove(request.sid)
    _end_link(service, request.sid)
    sender = service.viewers.leave(request.sid)
    if sender is not None:
        _tell_viewers(service, sender)
    log.info("a client went", extra={"event": "client_went", "clients": len(service.clients)})


def _consent(*arguments: Any) -> dict[str, Any]:
    client = _service().clients.get(request.sid)
    if client is None:
        return _NO_SENDER
    try:
        protocol.parse_consent(arguments)
    except protocol.RequestError as error:
        return protocol.refusal(protocol.BAD_REQUEST, str(error))
    client.consented = True
    return {"ok": True}


def _frame(service: Service, session_id: str, *arguments: Any) -> dict[str, Any]:
    try:
        return _answer_frame(service, session_id, arguments)
    except Exception as error:
        return _failed(error)


def _answer_frame(service: Service, session_id: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The acknowledgement, after the result has been emitted."""
    client = service.clients.get(session_id)
    if client is None:
        return _NO_SENDER
    service.metrics.received.inc()
    if not client.frames.take():
        return service.refuse(
            protocol.RATE_LIMITED,
            f"more than {service.settings.max_fps} frames a second: send fewer",
        )
    if service.settings.consent_required and not client.consented:
        return service.refuse(
            protocol.NO_CONSENT, "agree to the consent text first (the consent event)"
        )
    try:
        frame = protocol.parse_frame(arguments)
    except protocol.RequestError as error:
        return service.refuse(protocol.BAD_REQUEST, str(error))
    if frame.stream != client.stream:
        client.stream, client.following = frame.stream, Following()
    t = time.monotonic() * 1e3 if frame.t is None else frame.t
    try:
        answer = service.analyze(
            Ticket(session_id, frame.encoded, client.following, t, frame.explain)
        )
    except FrameError as error:
        client.dropped += error.code == protocol.DROPPED
        return protocol.refusal(error.code, str(error))
    result = {
        "id": frame.id,
        "sent_at": frame.sent_at,
        "stream": frame.stream,
        "t": frame.t,
        "width": answer["width"],
        "height": answer["height"],
        "faces": answer["faces"],
        "detected": answer["detected"],
        "timing_ms": answer["timing_ms"],
        "dropped": client.dropped,
    }
    service.emit(protocol.RESULT, result, *service.viewers.of(session_id))
    if "why" in answer:
        result["why"] = answer["why"]
    service.emit(protocol.RESULT, result, session_id)
    return {"ok": True}


def _share(*arguments: Any) -> dict[str, Any]:
    """Make or end the sender's viewer link."""
    service = _service()
    if service.clients.get(request.sid) is None:
        return _NO_SENDER
    try:
        wanted = protocol.parse_share(arguments)
    except protocol.RequestError as error:
        return protocol.refusal(protocol.BAD_REQUEST, str(error))
    if wanted:
        return {"ok": True, "token": service.viewers.open(request.sid)}
    _end_link(service, request.sid)
    return {"ok": True}


def _end_link(service: Service, sender: str) -> None:
    for viewer in service.viewers.close(sender):
        service.end_viewer(viewer)


def _tell_viewers(service: Service, sender: str) -> None:
    service.emit(protocol.VIEWERS, {"count": service.viewers.count(sender)}, sender)


def _unknown(event: Any, *_arguments: Any) -> dict[str, Any]:
    return protocol.refusal(protocol.BAD_REQUEST, f"unknown event {str(event)[:64]!r}")


def _failed(error: Exception) -> dict[str, Any]:
    log.error("an event handler failed", exc_info=error)
    return protocol.refusal(protocol.BAD_REQUEST, "the server could not handle this event")
