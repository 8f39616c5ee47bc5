"""`python -m webapp`: patch, listen, start the workers, serve, stop in reverse order.

Flask and everything that uses sockets or threads is imported after eventlet's patch.
"""

import warnings

import click

from webapp.config import Settings, options, version


@click.command(context_settings={"show_default": True})
@options
@click.version_option(version(), prog_name="Moodlight")
def main(**values: object) -> None:
    """Serve the Moodlight page and analyse the frames that it sends.

    Every option is also an environment variable: MOODLIGHT_ and its name, as MOODLIGHT_PORT.
    """
    settings = Settings(**values)
    if settings.async_mode == "eventlet":
        _patch()
        from webapp.eventlet_server import serve
    else:
        from webapp.thread_server import serve
    from webapp.server import run

    run(settings, serve)


def _patch() -> None:
    # Its authors advise against new use on every import; the README says why it is here.
    warnings.filterwarnings("ignore", module="eventlet")
    warnings.filterwarnings("ignore", message="(?s).*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()


if __name__ == "__main__":
    main()
