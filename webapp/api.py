"""The HTTP API: one picture in, the same faces out as over Socket.IO; how to join."""

import json
import time
import uuid
from contextlib import suppress
from dataclasses import replace

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from model.image_header import TOO_LARGE, FrameError
from webapp import protocol
from webapp.gate import Following, Ticket
from webapp.joining import JoinError
from webapp.openapi import DESCRIPTION
from webapp.service import Service

api = Blueprint("api", __name__, url_prefix="/api/v1")

_CHUNK_BYTES = 65_536
_ANALYZE = "api.analyze"


@api.before_request
def _admit() -> ResponseReturnValue | None:
    """No address asks too often. Pages of other sites may not use the server of whoever looks at
    them; programs may."""
    service: Service = current_app.extensions["moodlight"]
    request.max_content_length = service.settings.max_message_bytes
    if request.endpoint == _ANALYZE:
        service.metrics.received.inc()
    if not service.api_rate.of(request.remote_addr).take():
        return _refuse(
            protocol.RATE_LIMITED,
            f"more than {service.settings.max_api_per_minute} requests a minute: send fewer",
        )
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != request.host_url.rstrip("/")
    if foreign or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return _refuse(protocol.BAD_REQUEST, "pages of other sites may not use this server")
    return None


@api.post("/analyze")
def analyze() -> ResponseReturnValue:
    """Faces of the picture in the body, or in the only file of a multipart form."""
    service: Service = current_app.extensions["moodlight"]
    try:
        service.check_code(request.headers.get(protocol.CODE_HEADER), request.remote_addr)
    except JoinError as error:
        return _refuse(protocol.BAD_CODE, str(error))
    agreed = request.headers.get(protocol.CONSENT_HEADER) == protocol.CONSENT_VERSION
    if service.settings.consent_required and not agreed:
        return _refuse(
            protocol.NO_CONSENT,
            f"send the header {protocol.CONSENT_HEADER}: {protocol.CONSENT_VERSION} once everyone "
            "agreed",
        )
    if request.mimetype == "multipart/form-data":
        files = [file for _, file in request.files.items(multi=True)]
        if len(files) != 1:
            return _refuse(protocol.BAD_REQUEST, "the form must hold exactly one file")
        encoded = files[0].read()
    else:
        encoded = request.get_data()
    # Each request is a client of its own: it neither replaces nor follows another's frames.
    ticket = Ticket(f"api-{uuid.uuid4()}", encoded, Following(), time.monotonic() * 1e3)
    if not service.api_places.take():
        return _refuse(protocol.BUSY, "too many requests are being answered: try again in a moment")
    try:
        answer = service.analyze(ticket)
    except FrameError as error:
        return jsonify(protocol.refusal(error.code, str(error))), protocol.STATUS[error.code]
    finally:
        service.api_places.give_back()
    return jsonify({key: answer[key] for key in ("width", "height", "faces", "timing_ms")})


@api.get("/share")
def share() -> ResponseReturnValue:
    """Address, join code, fingerprints and QR code, for whoever has joined."""
    service: Service = current_app.extensions["moodlight"]
    try:
        service.check_code(request.headers.get(protocol.CODE_HEADER), request.remote_addr)
    except JoinError as error:
        return _refuse(protocol.BAD_CODE, str(error))
    sharing = service.sharing
    if service.settings.behind_proxy:  # only the proxy knows what it is called
        sharing = replace(sharing, url=request.host_url)
    return sharing.to_json(), {"Cache-Control": "no-store"}


@api.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """A description of this API for programs."""
    return jsonify(DESCRIPTION)


@api.app_errorhandler(HTTPException)
def _http_error(error: HTTPException) -> ResponseReturnValue | HTTPException:
    if not request.path.startswith(f"{api.url_prefix}/"):
        return error
    if error.code == 413:
        return _refuse(TOO_LARGE, "the request is larger than any frame may be")
    answer = error.get_response()  # with its headers, such as Allow
    answer.data = json.dumps(protocol.refusal(protocol.BAD_REQUEST, str(error.description)))
    answer.content_type = "application/json"
    return answer


def _refuse(code: str, message: str) -> ResponseReturnValue:
    """Say why, after reading the body: whoever is still sending it would not see the answer."""
    with suppress(HTTPException):  # larger than is read at all
        while request.stream.read(_CHUNK_BYTES):
            pass
    service: Service = current_app.extensions["moodlight"]
    is_frame = request.endpoint == _ANALYZE  # only those count as dropped
    refuse = service.refuse if is_frame else protocol.refusal
    return jsonify(refuse(code, message)), protocol.STATUS[code]
