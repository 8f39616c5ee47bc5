"""How others reach this server, for terminal and page: address, join code, certificate, QR code."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

import segno

from webapp import certificates
from webapp.certificates import Certificate


@dataclass(frozen=True)
class Sharing:
    """One server's address and what one needs to join.

    Attributes:
        url: the page's address.
        code: the join code, or None where anyone may join.
        certificate: what https is served with, or None for plain http.
    """

    url: str
    code: str | None
    certificate: Certificate | None

    @property
    def link(self) -> str:
        """The address with the code in its fragment, which browsers keep to themselves."""
        return f"{self.url}#code={self.code}" if self.code else self.url

    def to_json(self) -> dict[str, object]:
        """What the page shows to whoever has joined; `qr` is an SVG as a data: URL."""
        authority = self.certificate and self.certificate.authority
        return {
            "url": self.url,
            "link": self.link,
            "code": self.code,
            "qr": _qr_code(self.link),
            "fingerprint": self.certificate and self.certificate.fingerprint,
            "authority_fingerprint": authority and certificates.fingerprint(authority),
        }

    def show(self, say: Callable[[str], None], terminal: TextIO) -> None:
        """Print it; the QR code only where a person looks at a terminal that can show it."""
        say(f"Open {self.link}")
        if self.code:
            say(f"Join code: {self.code}")
        if self.certificate:
            say(f"SHA-256 of the certificate: {self.certificate.fingerprint}")
            if self.certificate.authority:
                name = certificates.fingerprint(self.certificate.authority)
                say(f"SHA-256 of the authority to install on phones: {name}")
        if terminal.isatty() and (terminal.encoding or "").lower().startswith("utf"):
            segno.make_qr(self.link).terminal(terminal, border=2, compact=True)


# Drawing one takes milliseconds. Behind a proxy there may be several addresses.
@functools.lru_cache(maxsize=16)
def _qr_code(link: str) -> str:
    return segno.make_qr(link).svg_data_uri(scale=4, light="#fff")
