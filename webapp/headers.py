"""Security headers of every answer, Engine.IO's included."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def register(app: Flask) -> None:
    """Add the headers to whatever is answered; after everything else that wraps the application."""
    answer = app.wsgi_app

    def call(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable:
            return start_response(status, [*headers, *_HEADERS.items()], *error)

        return answer(environ, start)

    app.wsgi_app = call
