"""Join codes and viewer links, by themselves."""

import pytest

from webapp.joining import JoinCode, JoinError, new_code
from webapp.viewers import MAX_VIEWERS, Viewers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_codes_are_random_and_easy_to_read_out():
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert not set("".join(codes)) & set("01ilo")
    assert {len(code) for code in codes} == {8}


@pytest.mark.parametrize("given", [None, "", "Secret-1", "secret-1 ", 7, {}, "\ud800"])
def test_only_the_code_itself_is_right(given):
    code = JoinCode("secret-1")
    code.check("secret-1", "10.0.0.1")
    with pytest.raises(JoinError):
        code.check(given, "10.0.0.1")


def test_guessing_is_slow_for_the_guesser_alone():
    clock = Clock()
    code = JoinCode("secret-1", clock)
    for i in range(10):
        with pytest.raises(JoinError, match="is wrong"):
            code.check(f"guess-{i}", "10.0.0.1")
    with pytest.raises(JoinError, match="too many"):
        code.check("secret-1", "10.0.0.1")
    code.check("secret-1", "10.0.0.2")
    clock.now = 61
    code.check("secret-1", "10.0.0.1")


def test_coming_without_a_code_is_no_guess():
    code = JoinCode("secret-1")
    for _ in range(50):
        with pytest.raises(JoinError, match="asks for a join code"):
            code.check(None, "10.0.0.1")
    code.check("secret-1", "10.0.0.1")


def test_a_link_admits_to_its_senders_numbers_alone():
    viewers = Viewers()
    link = viewers.open("sender")
    assert viewers.open("sender") == link
    other = viewers.open("other")
    assert other != link
    assert viewers.admit("a", link) == "sender"
    assert viewers.of("sender") == ("a",)
    assert viewers.of("other") == ()
    assert viewers.leave("a") == "sender"
    assert viewers.leave("a") is None
    assert viewers.of("sender") == ()


@pytest.mark.parametrize("token", [None, "", "guess", 7, [], {}])
def test_a_wrong_link_admits_nobody(token):
    viewers = Viewers()
    viewers.open("sender")
    assert viewers.admit("a", token) is None


def test_an_ended_link_is_dead():
    viewers = Viewers()
    link = viewers.open("sender")
    viewers.admit("a", link)
    assert viewers.close("sender") == {"a"}
    assert viewers.close("sender") == set()
    assert viewers.admit("b", link) is None
    assert viewers.leave("a") is None
    assert viewers.open("sender") != link


def test_a_link_admits_so_many():
    viewers = Viewers()
    link = viewers.open("sender")
    for i in range(MAX_VIEWERS):
        assert viewers.admit(f"viewer-{i}", link)
    assert viewers.admit("one-more", link) is None
