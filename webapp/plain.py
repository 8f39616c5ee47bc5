"""What plain http answers beside https: one page that says why, and leads on."""

from pathlib import Path

from flask import Flask, render_template

from webapp import headers

_ROOT = Path(__file__).resolve().parent.parent


def create_plain_app(url: str) -> Flask:
    """An application that answers every address with that page.

    Args:
        url: the https address to go to.
    """
    app = Flask(__name__, static_folder=_ROOT / "static", template_folder=_ROOT / "templates")
    headers.register(app)

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def explain(path: str) -> str:
        return render_template("plain.html", url=url)

    return app
