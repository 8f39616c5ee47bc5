"""How many connections may be open at all, by address: the files of a process are few.

Counted from accept on, before a byte is read, because somebody who only connects costs a file too.
"""

import contextlib
import errno
import logging
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None

from webapp.config import Settings
from webapp.limits import PlacesByAddress, Rates

log = logging.getLogger("moodlight.connections")

# Browsers open up to six connections for a page, and one for its WebSocket.
_PER_CLIENT = 8
# For visitors beyond that: they are to be told that the server is full.
_SPARE = 64
# Requests a second of an address on all its connections, and at once: a page is some fifty files.
_REQUESTS_A_SECOND, _REQUESTS_AT_ONCE = 200.0, 1000.0
# Files for what is not a connection: listeners, workers, Redis, libraries.
_OTHER_FILES = 128
# The system's own limits are reached: some connection will end.
_WAIT_S = 0.1
_SAY_EVERY_S = 60.0
_LISTENER_IS_CLOSED = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK)


class Connections:
    """What is connected now.

    Args:
        most: connections in all.
        most_of_one: connections of one address.
        paced: whether an address's requests are answered at a bounded rate.
    """

    def __init__(self, most: int, most_of_one: int, paced: bool = True) -> None:
        self.most = most
        self._requests = Rates(_REQUESTS_A_SECOND, _REQUESTS_AT_ONCE) if paced else None
        self._places = PlacesByAddress(most, most_of_one)
        self._said_at = -math.inf

    def accept(self, accept: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
        """Wait for the next connection that has room; others are closed at once.

        Args:
            accept: of the listening socket.

        Returns:
            As `accept` returns; its address must be passed to `hold` then.

        Raises:
            OSError: the listening socket is closed.
        """
        while True:
            try:
                connection, address = accept()
            except OSError as error:
                if error.errno in _LISTENER_IS_CLOSED:
                    raise
                self._say_full(error.strerror)
                time.sleep(_WAIT_S)
                continue
            if self._places.take(address[0]):
                return connection, address
            connection.close()
            self._say_full()
            time.sleep(0)  # others get their turn, however fast somebody knocks

    @contextlib.contextmanager
    def hold(self, address: tuple) -> Iterator[None]:
        """An accepted connection is in use."""
        try:
            yield
        finally:
            self._places.give_back(address[0])

    def pace(self, address: tuple) -> float:
        """Seconds to wait before the next request from an address is answered."""
        return self._requests.of(address[0]).owe(1) if self._requests else 0.0

    def _say_full(self, why: str = "too many are open") -> None:
        now = time.monotonic()
        if now - self._said_at > _SAY_EVERY_S:
            self._said_at = now
            log.warning("connections are refused: %s", why, extra={"event": "connections_full"})


def for_settings(settings: Settings) -> Connections:
    """Room for all clients and their pages, as far as the system grants files for them."""
    wanted = _PER_CLIENT * settings.max_clients + _SPARE
    most = _files(wanted)
    if settings.behind_proxy:  # all come from the proxy's address
        return Connections(most, most, paced=False)
    of_one = _PER_CLIENT * settings.max_clients_per_address + _SPARE
    return Connections(most, of_one if most == wanted else min(of_one, most // 2))


def _files(wanted: int) -> int:
    """Files that connections may take; the process's limit is raised as far as it may be."""
    if resource is None:
        return wanted
    needed = wanted + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    raised = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with contextlib.suppress(OSError, ValueError):  # macOS grants less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        soft = raised
    if soft >= needed:
        return wanted
    log.warning("this system grants %d open files; %d would serve all clients", soft, needed)
    return max(1, soft - _OTHER_FILES)
