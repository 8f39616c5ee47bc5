"""What the terminal shows of a server to join."""

import io

import pytest

from webapp.sharing import Sharing


class Terminal(io.StringIO):
    def __init__(self, encoding: str, is_tty: bool) -> None:
        super().__init__()
        self._encoding, self._is_tty = encoding, is_tty

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._is_tty


@pytest.mark.parametrize(
    ("encoding", "is_tty", "shows_code"),
    [("utf-8", True, True), ("utf-8", False, False), ("cp1252", True, False)],
)
def test_the_qr_code_is_for_terminals_that_can_show_it(encoding, is_tty, shows_code):
    terminal, said = Terminal(encoding, is_tty), []
    Sharing("https://192.168.7.5:5000/", "secret-1", None).show(said.append, terminal)
    assert said == ["Open https://192.168.7.5:5000/#code=secret-1", "Join code: secret-1"]
    assert ("█" in terminal.getvalue()) == shows_code
