"""Logging of the web process and the workers, to standard error: text, or JSON for programs."""

import logging

from pythonjsonlogger.json import JsonFormatter


def set_up(as_json: bool) -> None:
    """Log what is worth knowing, one line an event if `as_json`.

    A record's `extra` becomes fields of its line: `event` names what happened, numbers say which
    and how many. No record holds a frame, a result or an address.
    """
    handler = logging.StreamHandler()
    if as_json:
        handler.setFormatter(
            JsonFormatter(
                "%(levelname)s %(name)s %(message)s",
                rename_fields={"levelname": "level", "name": "logger"},
                timestamp="time",
            )
        )
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    # It would write addresses, and what strangers send, into the log.
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
