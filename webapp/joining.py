"""The join code: who knows it may use the server."""

import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

# Without characters that look alike; 8 of these 31 are some 40 bits.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 8
_WRONG_CODES = 10
_PER_S = 60.0


class JoinError(ValueError):
    """A sentence: why somebody may not join."""


def new_code() -> str:
    """A random join code."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


class JoinCode:
    """Compares codes, and lets each address guess only so often.

    Args:
        code: the right one.
        clock: monotonic seconds.
    """

    def __init__(self, code: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.code = code
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}  # when each address was wrong, lately
        self._lock = threading.Lock()

    def check(self, given: object, address: str) -> None:
        """Return if the code is right.

        Args:
            given: what the client sent; None if it sent none, which is no guess.
            address: where it comes from.

        Raises:
            JoinError: it is not, or this address was wrong too often.
        """
        if given is None:
            raise JoinError("this server asks for a join code: open the link that it shows")
        with self._lock:
            self._forget()
            wrong = self._wrong.get(address, deque())
            if len(wrong) >= _WRONG_CODES:
                raise JoinError("too many wrong codes: wait a minute, then try again")
            guess = given.encode("utf-8", "replace") if isinstance(given, str) else b""
            if not hmac.compare_digest(guess, self.code.encode()):
                self._wrong.setdefault(address, wrong).append(self._clock())
                raise JoinError("the join code is wrong: ask whoever runs this server")

    def _forget(self) -> None:
        """Drop what is too old to count, so that no list grows without end."""
        oldest = self._clock() - _PER_S
        for address, times in list(self._wrong.items()):
            while times and times[0] <= oldest:
                times.popleft()
            if not times:
                del self._wrong[address]
