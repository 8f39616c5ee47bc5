"""The OpenAPI description of `webapp.api`, for programs."""

from typing import Any

from model.image_header import BAD_FRAME, NOT_AN_IMAGE, TOO_LARGE
from model.labels import LABELS
from webapp import protocol


def _answer(description: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


_BINARY = {"schema": {"type": "string", "format": "binary"}}
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Moodlight", "version": "1", "license": {"name": "MIT"}},
    "paths": {
        "/api/v1/analyze": {
            "post": {
                "summary": "Faces of one picture and their apparent expressions",
                "parameters": [
                    {
                        "name": protocol.CONSENT_HEADER,
                        "in": "header",
                        "description": "Needed where the server runs with --require-consent.",
                        "schema": {"type": "string"},
                    },
                    {
                        "name": protocol.CODE_HEADER,
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
                    "code": {"type": "string", "enum": sorted(protocol.STATUS)},
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
