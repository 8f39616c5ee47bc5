"""The certificate that `--lan` serves with: a local authority, made once, and a leaf signed by it.

Phones and browsers trust the authority once; leaves come and go with the computer's addresses.
Both lie, readable by their owner only, in one folder, each in one file with its private key.
"""

import ipaddress
import os
import socket
import ssl
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import platformdirs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFETIME = timedelta(days=3650)
# Browsers refuse more than 398 days; validity counts both ends.
LEAF_LIFETIME = timedelta(days=396)
RENEW_BEFORE_END = timedelta(days=30)
# A phone's clock may be behind.
_BACKDATED = timedelta(days=1)


class CertificateError(ValueError):
    """A sentence: why there is no certificate to serve with, and what to do."""


@dataclass(frozen=True)
class Certificate:
    """What TLS is served with.

    Attributes:
        context: holds the certificate, its chain and its key.
        fingerprint: SHA-256 of the certificate, as browsers show it (AB:CD:...).
        authority: the local authority to trust, or None for a certificate of one's own.
    """

    context: ssl.SSLContext
    fingerprint: str
    authority: x509.Certificate | None = None


def data_folder() -> Path:
    """Where this installation keeps its authority and leaf."""
    return platformdirs.user_data_path("moodlight") / "tls"


def local(folder: Path, names: Iterable[str], now: datetime | None = None) -> Certificate:
    """The certificate for this computer; authority and leaf are made where they are missing.

    A leaf is made anew when a name is new, the end is near, or it is not the authority's.

    Args:
        folder: where both are kept; made, private, if it is not there.
        names: host names and IP addresses to be valid for.
        now: stands in for the present time in tests.

    Raises:
        CertificateError: the folder or the authority in it cannot be used.
    """
    now = now or datetime.now(UTC)
    names = sorted(set(names))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A restored or copied folder may have lost its privacy; without it nobody reads the files.
        folder.chmod(0o700)
        authority, key = _authority(folder / "authority.pem", now)
        leaf_file = folder / "leaf.pem"
        if not _serves(leaf_file, authority, names, now):
            _write_private(leaf_file, _make_leaf(authority, key, names, now))
    except OSError as error:
        raise CertificateError(f"cannot keep certificates in {folder}: {error.strerror}") from None
    return Certificate(
        context=_context(leaf_file),
        fingerprint=fingerprint(x509.load_pem_x509_certificates(leaf_file.read_bytes())[0]),
        authority=authority,
    )


def own(cert: Path, key: Path) -> Certificate:
    """The certificate of `--cert` and `--key`, PEM files.

    Raises:
        CertificateError: they cannot be read, do not belong together or need a pass phrase.
    """
    try:
        context = _context(cert, key)
        return Certificate(
            context=context,
            fingerprint=fingerprint(x509.load_pem_x509_certificates(cert.read_bytes())[0]),
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CertificateError(
            f"cannot serve with --cert {cert} and --key {key}: they must be PEM files that belong "
            f"together, the key without a pass phrase ({error})"
        ) from None


def lan_address() -> str | None:
    """This computer's address in its local network, or None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: it only chooses the way to an address kept for documentation.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


def host_names(listening_on: str) -> set[str]:
    """Names and addresses by which this computer may be called."""
    name = socket.gethostname()
    # Phones find a computer by its name with .local (multicast DNS).
    names = {"localhost", "127.0.0.1", "::1", name, f"{name.removesuffix('.local')}.local"}
    with suppress(OSError):  # not every computer knows its own name
        names |= {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    if address := lan_address():
        names.add(address)
    if listening_on not in ("0.0.0.0", "::"):
        names.add(listening_on)
    # Without an address's interface; a certificate holds ASCII only.
    return {name.split("%")[0] for name in names if name.isascii()}


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in hexadecimal, as AB:CD:..."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def to_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _authority(file: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if file.exists():
        try:
            certificate, key = _read(file)
        except ValueError:
            raise CertificateError(
                f"{file} is damaged: remove it, start again, and install the new authority on the "
                "devices that trusted the old one"
            ) from None
        if certificate.not_valid_after_utc > now + LEAF_LIFETIME:
            return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"Moodlight on {socket.gethostname()}"[:64])]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _builder(name, name, key, now, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_private(file, _key_pem(key) + to_pem(certificate))
    return certificate, key


def _make_leaf(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    names: list[str],
    now: datetime,
) -> bytes:
    """Key, leaf and authority as PEM, which is what a server sends."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Moodlight")])
    authority_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    leaf = (
        _builder(subject, authority.subject, key, now, LEAF_LIFETIME)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    return _key_pem(key) + to_pem(leaf) + to_pem(authority)


def _serves(file: Path, authority: x509.Certificate, names: list[str], now: datetime) -> bool:
    """Whether the leaf kept in a file is good for these names for some time yet."""
    try:
        leaf, _ = _read(file)
        leaf.verify_directly_issued_by(authority)
        known = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    in_time = leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - RENEW_BEFORE_END
    return in_time and {_general_name(name) for name in names} <= set(known)


def _read(file: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Certificate and key of one file.

    Raises:
        ValueError: they are not there or do not belong together.
    """
    held = file.read_bytes()
    certificate = x509.load_pem_x509_certificates(held)[0]
    key = serialization.load_pem_private_key(held, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key that this program makes")
    if certificate.public_key() != key.public_key():
        raise ValueError("the key is another certificate's")
    return certificate, key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    begins = now - _BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + lifetime)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(**used: bool) -> x509.KeyUsage:
    names = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: used.get(name, False) for name in names})


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    descriptor, unfinished = tempfile.mkstemp(dir=file.parent)  # private from the start
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        os.replace(unfinished, file)
    except BaseException:
        os.unlink(unfinished)
        raise


def _context(cert: Path, key: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # TLS 1.2 or newer
    # Without an answer OpenSSL would ask for a pass phrase in the terminal.
    context.load_cert_chain(cert, key, password=lambda: "")
    return context
