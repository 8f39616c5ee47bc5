"""Rates and places: how often, and how many at once, in all and by address.

All rates are measured with the monotonic clock.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable

from webapp.config import Settings

# Seconds of its rate that a client may have saved up.
BURST_S = 1.0
_API_BURST_S = 10.0
_MAX_ADDRESSES = 10_000
# Looks at /metrics a second, and at once: the text takes milliseconds to write.
_METRICS_A_SECOND, _METRICS_AT_ONCE = 20.0, 100.0


class TokenBucket:
    """Admits `rate` tokens a second on average, and `burst` at once.

    Args:
        rate: tokens a second.
        burst: tokens that can be saved up, at least one.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, max(1.0, burst)
        self._tokens, self._at = self._burst, time.monotonic()

    def take(self) -> bool:
        """Take one token if there is one."""
        self._refill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def owe(self, tokens: float) -> float:
        """Take tokens whether there are any or not; seconds until the debt is paid."""
        self._refill()
        self._tokens -= tokens
        return max(0.0, -self._tokens / self._rate)

    @property
    def full(self) -> bool:
        self._refill()
        return self._tokens >= self._burst

    def _refill(self) -> None:
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now


def frame_rate(settings: Settings) -> TokenBucket:
    """The frames of one client."""
    return TokenBucket(settings.max_fps, settings.max_fps * BURST_S)


class Rates:
    """A bucket for each address.

    Addresses are kept in memory only, and forgotten once they have been quiet for a while.

    Args:
        rate: tokens a second.
        burst: tokens that can be saved up, at least one.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._by_address: dict[str, TokenBucket] = {}

    def of(self, address: str) -> TokenBucket:
        """The bucket of an address."""
        if len(self._by_address) >= _MAX_ADDRESSES:
            busy = {a: bucket for a, bucket in self._by_address.items() if not bucket.full}
            self._by_address = busy if len(busy) < _MAX_ADDRESSES else {}
        if address not in self._by_address:
            self._by_address[address] = TokenBucket(self._rate, self._burst)
        return self._by_address[address]


def api_rate(settings: Settings) -> Rates:
    """The API requests of each address."""
    per_second = settings.max_api_per_minute / 60
    return Rates(per_second, per_second * _API_BURST_S)


def metrics_rate() -> Rates:
    """Each address's looks at /metrics."""
    return Rates(_METRICS_A_SECOND, _METRICS_AT_ONCE)


class Places:
    """So many may do something at once.

    Args:
        count: how many, now.
    """

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._taken = 0
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a place if there is one."""
        with self._lock:
            if self._taken >= self._count():
                return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        with self._lock:
            self._taken -= 1


class PlacesByAddress:
    """So many may do something at once, and so many of one address.

    Args:
        most: of all addresses.
        most_of_one: of each.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, address: str) -> bool:
        """Take a place if there is one; it must be given back."""
        with self._lock:
            free = self._taken.total() < self._most and self._taken[address] < self._most_of_one
            if free:
                self._taken[address] += 1
            return free

    def give_back(self, address: str) -> None:
        with self._lock:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]
