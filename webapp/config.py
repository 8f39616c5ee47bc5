"""Every setting of the web process: its option, environment variable, default and range."""

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from model.card import DEFAULT_WEIGHTS
from model.image_header import FrameLimits
from model.names import AUTO, DEFAULT_DETECTOR, DETECTORS, ENGINE_CHOICES, FULL_DETECTION_MS

ENV_PREFIX = "MOODLIGHT_"
LAST_PORT = 65_535
ASYNC_MODES = ("eventlet", "threading")
# What survives links, headers and dictation.
_CODE = re.compile(r"[A-Za-z0-9_-]{6,64}")


def _option(flag: str, **settings: object) -> Callable:
    """A click option that is also MOODLIGHT_<ITS NAME>, said in --help and in complaints."""
    name = flag.split("/")[0].removeprefix("--")
    variable = ENV_PREFIX + name.replace("-", "_").upper()
    return click.option(flag, envvar=variable, show_envvar=True, **settings)


def _join_code(_context: click.Context, _option: click.Option, code: str | None) -> str | None:
    if code is not None and not _CODE.fullmatch(code):
        raise click.BadParameter("must be 6 to 64 letters, digits, '-' or '_'", _context, _option)
    return code


def _redis_url(_context: click.Context, _option: click.Option, url: str | None) -> str | None:
    if url is not None and not url.startswith(("redis://", "rediss://")):
        raise click.BadParameter("must begin with redis:// or rediss://", _context, _option)
    return url


def version() -> str:
    """Of the project, as pyproject.toml says it."""
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]


@dataclass(frozen=True)
class Settings:
    """What `python -m webapp` was told."""

    host: str | None = None
    port: int = 5000
    lan: bool = False
    http_port: int | None = None
    cert: Path | None = None
    key: Path | None = None
    code: str | None = None
    open: bool = False
    behind_proxy: bool = False
    workers: int = 1
    redis: str | None = None
    weights: Path = DEFAULT_WEIGHTS
    detector: str = DEFAULT_DETECTOR
    detector_model: Path | None = None
    engine: str = AUTO
    full_detection_ms: int = FULL_DETECTION_MS
    max_frame_bytes: int = FrameLimits.max_frame_bytes
    max_width: int = FrameLimits.max_width
    max_height: int = FrameLimits.max_height
    max_fps: int = 60
    max_clients: int = 256
    max_clients_per_address: int = 64
    max_api_per_minute: int = 600
    deadline_ms: int = 5000
    worker_timeout_ms: int = 10_000
    async_mode: str = "eventlet"
    require_consent: bool | None = None
    log_json: bool = False

    @property
    def max_message_bytes(self) -> int:
        """What is read at all; well above the frame limit, so that `too_large` can be said."""
        return 2 * self.max_frame_bytes + 100_000

    @property
    def consent_required(self) -> bool:
        return self.lan if self.require_consent is None else self.require_consent

    @property
    def plain_port(self) -> int:
        """Where plain http is answered beside https."""
        return self.http_port or (self.port + 1 if self.port < LAST_PORT else self.port - 1)

    @property
    def frame_limits(self) -> FrameLimits:
        return FrameLimits(self.max_frame_bytes, self.max_width, self.max_height)


def default_workers() -> int:
    """One worker a core, up to four: each takes some 200 MB, more once asked why."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(4, cores or 1))


def _number(flag: str, lowest: int, highest: int, text: str) -> Callable:
    """An option whose default is that of its field of `Settings`."""
    field = flag.removeprefix("--").replace("-", "_")
    kind = click.IntRange(lowest, highest)
    return _option(flag, type=kind, default=getattr(Settings, field), help=text)


def options(command: Callable) -> Callable:
    """Decorator that gives a click command one option for each field of `Settings`."""
    file = click.Path(path_type=Path, dir_okay=False)
    for option in reversed(
        (
            _option(
                "--host",
                show_default="127.0.0.1; with --lan this computer's address in its network",
                help="Address to listen on.",
            ),
            _option("--port", type=click.IntRange(1, LAST_PORT), default=Settings.port),
            _option(
                "--lan",
                is_flag=True,
                help="Serve the local network: https, a join code and consent are the default.",
            ),
            _option(
                "--http-port",
                type=click.IntRange(1, LAST_PORT),
                show_default="the port after --port, or before the last",
                help="Beside https: plain http, one page that leads to https.",
            ),
            _option("--cert", type=file, help="Serve https with this certificate chain (PEM)."),
            _option("--key", type=file, help="The private key of --cert (PEM)."),
            _option(
                "--code",
                callback=_join_code,
                show_default="with --lan a new one at each start",
                help="Code that clients must know to join.",
            ),
            _option("--open", is_flag=True, help="With --lan: let anyone join, without a code."),
            _option(
                "--behind-proxy",
                is_flag=True,
                help="Trust the X-Forwarded headers of the one reverse proxy in front.",
            ),
            _option(
                "--workers",
                type=click.IntRange(1, 64),
                default=default_workers,
                show_default="one a core, at most 4",
                help="Inference processes.",
            ),
            _option(
                "--redis",
                metavar="URL",
                callback=_redis_url,
                help="Have the workers on this Redis (python -m model.worker --redis URL) look at "
                "the frames, and start none; redis://[:PASSWORD@]HOST[:PORT].",
            ),
            _option(
                "--weights",
                type=file,
                default=DEFAULT_WEIGHTS,
                show_default="the shipped ones",
                help="A .safetensors file with its .json card beside it.",
            ),
            _option(
                "--detector",
                type=click.Choice(DETECTORS),
                default=Settings.detector,
                help="Face detector.",
            ),
            _option("--detector-model", type=file, help="YuNet's ONNX file."),
            _option(
                "--engine",
                type=click.Choice(ENGINE_CHOICES),
                default=Settings.engine,
                help="What computes the network; auto is the fastest on this machine.",
            ),
            _number(
                "--full-detection-ms",
                0,
                10_000,
                "Between searches of the whole frame, known faces are followed; 0: search each.",
            ),
            _number("--max-frame-bytes", 1_000, 50_000_000, "Largest encoded frame."),
            _number("--max-width", 16, 16_384, "Widest frame, in pixels."),
            _number("--max-height", 16, 16_384, "Highest frame, in pixels."),
            _number("--max-fps", 1, 1000, "Frames a second that are taken from one client."),
            _number("--max-clients", 1, 1000, "Connections at once."),
            _number("--max-clients-per-address", 1, 1000, "Connections at once from one address."),
            _number(
                "--max-api-per-minute",
                1,
                1_000_000,
                "Requests to the HTTP API that are taken from one address.",
            ),
            _number("--deadline-ms", 100, 60_000, "A frame older than this is dropped."),
            _number(
                "--worker-timeout-ms",
                500,
                600_000,
                "A worker that takes longer for one frame is restarted.",
            ),
            _option(
                "--async-mode",
                type=click.Choice(ASYNC_MODES),
                default=Settings.async_mode,
                help="How the web process waits for many clients.",
            ),
            _option(
                "--require-consent/--no-require-consent",
                default=None,
                show_default="on with --lan, else off",
                help="Refuse frames from whoever has not agreed to the consent text.",
            ),
            _option("--log-json", is_flag=True, help="Log one line of JSON an event."),
        )
    ):
        command = option(command)
    return command
