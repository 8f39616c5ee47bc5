"""The HTTP API: one picture in, the same faces out as over Socket.IO; how to join."""

import time
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from model.image_header import BAD_FRAME, NOT_AN_IMAGE, TOO_LARGE, FrameError
from model.labels import LABELS
from webapp import protocol
from webapp.gate import Following, Ticket
from webapp.joining import JoinError
from webapp.service import Service

api = Blueprint("api", __name__, url_prefix="/api/v1")

CONSENT_HEADER = "X-Consent-Version"
CODE_HEADER = "X-Join-Code"
_CHUNK_BYTES = 65_536
_STATUS = {
    protocol.BAD_REQUEST: 400,
    protocol.NO_CONSENT: 403,
    protocol.BAD_CODE: 403,
    protocol.RATE_LIMITED: 429,
    TOO_LARGE: 413,
    NOT_AN_IMAGE: 415,
    BAD_FRAME: 422,
    protocol.DROPPED: 503,
    protocol.BUSY: 503,
}


@api.before_request
def _only_own_pages() -> ResponseReturnValue | None:
    """Pages of other sites may not use the server of whoever looks at them; programs may."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != request.host_url.rstrip("/")
    if foreign or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return _refuse(protocol.BAD_REQUEST, "pages of other sites may not use this server")
    return None


@api.post("/analyze")
def analyze() -> ResponseReturnValue:
    """Faces of the picture in the body, or in the only file of a multipart form."""
    service: Service = current_app.extensions["moodlight"]
    service.metrics.received.inc()
    request.max_content_length = service.settings.max_message_bytes
    if not service.api_rate.of(request.remote_addr).take():
        return _refuse(
            protocol.RATE_LIMITED,
            f"more than {service.settings.max_api_per_minute} requests a minute: send fewer",
        )
    try:
        service.check_code(request.headers.get(CODE_HEADER), request.remote_addr)
    except JoinError as error:
        return _refuse(protocol.BAD_CODE, str(error))
    agreed = request.headers.get(CONSENT_HEADER) == protocol.CONSENT_VERSION
    if service.settings.consent_required and not agreed:
        return _refuse(
            protocol.NO_CONSENT,
            f"send the header {CONSENT_HEADER}: {protocol.CONSENT_VERSION} once everyone agreed",
        )
    if request.mimetype == "multipart/form-data":
        files = list(request.files.values())
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
        return jsonify(protocol.refusal(error.code, str(error))), _STATUS[error.code]
    finally:
        service.api_places.give_back()
    return jsonify({key: answer[key] for key in ("width", "height", "faces", "timing_ms")})


@api.get("/share")
def share() -> ResponseReturnValue:
    """Address, join code, fingerprints and QR code, for whoever has joined."""
    service: Service = current_app.extensions["moodlight"]
    try:
        service.check_code(request.headers.get(CODE_HEADER), request.remote_addr)
    except JoinError as error:
        return _refuse(protocol.BAD_CODE, str(error))
    sharing = service.sharing
    if service.settings.behind_proxy:  # only the proxy knows what it is called
        sharing = replace(sharing, url=request.host_url)
    return sharing.to_json(), {"Cache-Control": "no-store"}


@api.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """A description of this API for programs."""
    return jsonify(_OPENAPI)


@api.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code == 413:
        return _refuse(TOO_LARGE, "the request is larger than any frame may be")
    return jsonify(protocol.refusal(protocol.BAD_REQUEST, str(error.description))), error.code


def _refuse(code: str, message: str) -> ResponseReturnValue:
    """Say why, after reading the body: whoever is still sending it would not see the answer."""
    with suppress(HTTPException):  # larger than is read at all
        while request.stream.read(_CHUNK_BYTES):
            pass
    service: Service = current_app.extensions["moodlight"]
    return jsonify(service.refuse(code, message)), _STATUS[code]


def _answer(description: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Moodlight", "version": "1", "license": {"name": "MIT"}},
    "paths": {
        "/api/v1/analyze": {
            "post": {
                "summary": "Faces of one picture and their apparent expressions",
                "parameters": [
                    {
                        "name": CONSENT_HEADER,
                        "in": "header",
                        "description": "Needed where the server runs with --require-consent.",
                        "schema": {"type": "string"},
                    },
                    {
                        "name": CODE_HEADER,
                        "in": "header",
                        "description": "Needed where the server asks for a join code.",
                        "schema": {"type": "string"},
                    },
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        **{f"image/{kind}": _BINARY for kind in ("jpeg", "png", "webp")},
                        "application/octet-stream": _BINARY,
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"image": _BINARY["schema"]},
                                "required": ["image"],
                            }
                        },
                    },
                },
                "responses": {
                    "200": _answer("The faces, largest first", "Analysis"),
                    "400": _answer("bad_request", "Refusal"),
                    "403": _answer("no_consent or bad_code", "Refusal"),
                    "413": _answer(TOO_LARGE, "Refusal"),
                    "415": _answer(NOT_AN_IMAGE, "Refusal"),
                    "422": _answer(BAD_FRAME, "Refusal"),
                    "429": _answer(protocol.RATE_LIMITED, "Refusal"),
                    "503": _answer("busy or dropped: try again", "Refusal"),
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Refusal": {
                "type": "object",
                "required": ["ok", "code", "message"],
                "properties": {
                    "ok": {"const": False},
                    "code": {"type": "string", "enum": sorted(_STATUS)},
                    "message": {"type": "string"},
                },
            },
            "Analysis": {
                "type": "object",
                "required": ["width", "height", "faces", "timing_ms"],
                "properties": {
                    "width": {"type": "integer", "description": "pixels"},
                    "height": {"type": "integer", "description": "pixels"},
                    "faces": {"type": "array", "items": {"$ref": "#/components/schemas/Face"}},
                    "timing_ms": {
                        "type": "object",
                        "additionalProperties": {"type": "number"},
                    },
                },
            },
            "Face": {
                "type": "object",
                "required": [
                    *("track", "box", "score", "label", "confidence", "confident", "probabilities")
                ],
                "properties": {
                    "track": {"type": "integer"},
                    "box": {
                        "type": "array",
                        "description": "x, y, width, height in pixels",
                        "items": {"type": "number"},
                        "minItems": 4,
                        "maxItems": 4,
                    },
                    "score": {"type": ["number", "null"]},
                    "label": {"type": "string", "enum": list(LABELS)},
                    "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                    "confident": {"type": "boolean"},
                    "probabilities": {
                        "type": "object",
                        "properties": {name: {"type": "number"} for name in LABELS},
                        "required": list(LABELS),
                    },
                },
            },
        }
    },
}
