"""Viewer links of two web processes on one Redis, without the web processes."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from model import cluster
from tests.conftest import wait_until
from tests.protocol.conftest import RedisServer
from webapp import shared_viewers
from webapp.shared_viewers import SharedViewers
from webapp.viewers import MAX_VIEWERS


@pytest.fixture
def both(redis_server, monkeypatch) -> tuple[SharedViewers, SharedViewers]:
    monkeypatch.setattr(shared_viewers, "_RENEW_EVERY_S", 0.1)
    return SharedViewers(redis_server.url), SharedViewers(redis_server.url)


def test_viewers_of_a_closed_link_see_nothing_of_the_next(both):
    here, there = both
    first = here.open("sender")
    assert there.admit("viewer", first) == "sender"
    assert (here.of("sender"), here.count("sender"), there.count("sender")) == (("viewer",), 1, 1)
    assert here.close("sender") == {"viewer"}
    second = here.open("sender")
    assert second != first
    assert there.admit("late", first) is None
    # As if nobody had told the other web process.
    ended = []
    here.start(ended.append)
    there.start(ended.append)
    wait_until(lambda: ended == ["viewer"])
    assert (here.of("sender"), there.count("sender")) == ((), 0)
    assert there.leave("viewer") is None
    assert there.admit("other", second) == "sender"
    assert here.of("sender") == ("other",)
    assert there.leave("other") == "sender"
    assert here.of("sender") == ()


def stop(server: RedisServer) -> Callable[[], None]:
    server.stop()
    return server.start  # with nothing in its memory


def freeze(server: RedisServer) -> Callable[[], None]:
    os.kill(server.process.pid, signal.SIGSTOP)
    return lambda: os.kill(server.process.pid, signal.SIGCONT)


@pytest.mark.parametrize("lose", [stop, freeze])
def test_a_link_closed_while_redis_is_lost_ends_for_everybody(both, redis_server, lose):
    here, there = both
    ended = []
    here.start(lambda viewer: ended.append(("here", viewer)))
    there.start(lambda viewer: ended.append(("there", viewer)))
    first = here.open("sender")
    assert here.admit("near", first) == there.admit("far", first) == "sender"
    assert sorted(here.of("sender")) == ["far", "near"]
    bring_back = lose(redis_server)
    try:
        assert here.close("sender") == {"near"}
        second = here.open("sender")
    finally:
        bring_back()
    wait_until(lambda: ("there", "far") in ended)
    assert here.of("sender") == ()
    wait_until(lambda: there.admit("other", second) == "sender")
    assert here.of("sender") == ("other",)
    assert there.admit("late", first) is None


def test_a_redis_that_forgets_ends_no_link(both, redis_server):
    here, there = both
    ended = []
    assert there.admit("viewer", here.open("sender")) == "sender"
    cluster.connect(redis_server.url).flushall()
    there.start(ended.append)  # it looks before the sender's own renews
    wait_until(lambda: there._missing)
    here.start(ended.append)
    wait_until(lambda: here.of("sender") == ("viewer",))
    assert there.count("sender") == 1
    assert ended == []


def test_a_link_whose_web_process_is_gone_ends(both, monkeypatch):
    monkeypatch.setattr(shared_viewers, "_KEPT_S", 1)
    here, there = both
    ended = []
    assert there.admit("viewer", here.open("sender")) == "sender"
    there.start(ended.append)
    wait_until(lambda: ended == ["viewer"])


def test_no_more_are_admitted_than_may_watch_however_many_come_at_once(both):
    here, there = both
    token = here.open("sender")
    with ThreadPoolExecutor(16) as pool:
        asked = [
            pool.submit(web.admit, f"viewer-{i}-{at}", token)
            for i in range(MAX_VIEWERS)
            for at, web in enumerate(both)
        ]
    admitted = [each.result() for each in asked]
    assert admitted.count("sender") == MAX_VIEWERS
    assert there.count("sender") == MAX_VIEWERS
    assert there.admit("late", token) is None


@pytest.mark.parametrize("token", [None, 1, "", "no link"])
def test_no_link_admits_nobody(both, token):
    assert both[0].admit("viewer", token) is None
