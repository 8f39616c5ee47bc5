"""The local authority and its leaf: what they hold, when they are made anew, who may read them."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from webapp import certificates
from webapp.certificates import CertificateError, local, own

NAMES = ["localhost", "127.0.0.1", "::1", "192.168.7.5", "desk.local"]
NOW = datetime(2030, 5, 1, tzinfo=UTC)


def leaf_of(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates((folder / "leaf.pem").read_bytes())[0]


def extension(certificate: x509.Certificate, kind: type) -> x509.Extension:
    return certificate.extensions.get_extension_for_class(kind)


def test_the_leaf_is_what_browsers_accept(tmp_path):
    made = local(tmp_path / "tls", NAMES, NOW)
    leaf = leaf_of(tmp_path / "tls")
    assert isinstance(leaf.public_key().curve, ec.SECP256R1)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=397)
    names = extension(leaf, x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"localhost", "desk.local"}
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {"127.0.0.1", "::1", "192.168.7.5"}
    assert list(extension(leaf, x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert extension(leaf, x509.BasicConstraints).value.ca is False
    assert extension(leaf, x509.KeyUsage).critical
    issuer = extension(made.authority, x509.SubjectKeyIdentifier).value.key_identifier
    assert extension(leaf, x509.AuthorityKeyIdentifier).value.key_identifier == issuer
    assert made.fingerprint == certificates.fingerprint(leaf)
    assert len(made.fingerprint.split(":")) == 32


def test_the_authority_signs_leaves_and_nothing_else(tmp_path):
    authority = local(tmp_path, NAMES).authority
    assert extension(authority, x509.BasicConstraints).critical
    assert extension(authority, x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    usage = extension(authority, x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    leaf_of(tmp_path).verify_directly_issued_by(authority)


@pytest.mark.parametrize("name", NAMES)
def test_a_client_that_trusts_the_authority_accepts_the_leaf(tmp_path, name):
    """A whole handshake in memory, by RFC 5280's strict rules."""
    made = local(tmp_path, NAMES)
    client = ssl.create_default_context(cadata=certificates.to_pem(made.authority).decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    assert handshake(client, made.context, name)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"mismatch|not valid for"):
        handshake(client, made.context, "elsewhere.example")


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> bool:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    done = [False, False]
    for _ in range(10):
        for i, end in enumerate(ends):
            try:
                end.do_handshake()
                done[i] = True
            except ssl.SSLWantReadError:
                pass
    return all(done)


def test_trust_given_once_lasts(tmp_path):
    """New addresses and a near end make a new leaf; the authority stays."""
    first = local(tmp_path, NAMES, NOW)
    assert local(tmp_path, NAMES, NOW).fingerprint == first.fingerprint
    assert local(tmp_path, NAMES[:2], NOW).fingerprint == first.fingerprint
    moved = local(tmp_path, [*NAMES, "192.168.7.6"], NOW)
    assert moved.fingerprint != first.fingerprint
    assert moved.authority == first.authority
    later = local(tmp_path, NAMES, NOW + timedelta(days=370))
    assert later.fingerprint != moved.fingerprint
    assert later.authority == first.authority
    assert local(tmp_path, NAMES, NOW + timedelta(days=3640)).authority != first.authority


def test_nobody_else_may_read_the_keys(tmp_path):
    folder = tmp_path / "new" / "tls"
    local(folder, NAMES)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {"authority.pem", "leaf.pem"}
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    folder.chmod(0o755)
    local(folder, NAMES)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_damaged_leaf_is_replaced_and_a_damaged_authority_is_said(tmp_path, content):
    first = local(tmp_path, NAMES)
    if content is None:  # another key than the certificate's
        other = tmp_path / "other"
        local(other, NAMES)
        key = (other / "leaf.pem").read_bytes().split(b"-----BEGIN CERT")[0]
        content = key + certificates.to_pem(first.authority)
    (tmp_path / "leaf.pem").write_bytes(content)
    assert local(tmp_path, NAMES).authority == first.authority
    (tmp_path / "authority.pem").write_bytes(content)
    with pytest.raises(CertificateError, match="remove it"):
        local(tmp_path, NAMES)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CertificateError, match="cannot keep certificates in"):
        local(tmp_path / "file" / "tls", NAMES)


def test_ones_own_certificate(tmp_path):
    """PEM files, as mkcert and others write them."""
    made = local(tmp_path, NAMES)
    both = tmp_path / "leaf.pem"
    assert own(both, both).fingerprint == made.fingerprint
    assert own(both, both).authority is None
    (tmp_path / "empty.pem").write_text("")
    for cert, key in [(tmp_path / "none", both), (tmp_path / "empty.pem", both)]:
        with pytest.raises(CertificateError, match="--cert"):
            own(cert, key)
    with pytest.raises(CertificateError, match="belong together"):
        own(both, tmp_path / "authority.pem")


def test_a_key_with_a_pass_phrase_is_refused_without_asking(tmp_path):
    from cryptography.hazmat.primitives import serialization

    local(tmp_path, NAMES)
    locked = tmp_path / "locked.pem"
    key = serialization.load_pem_private_key((tmp_path / "leaf.pem").read_bytes(), None)
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CertificateError, match="pass phrase"):
        own(tmp_path / "leaf.pem", locked)


def test_the_computer_is_called_by_these_names():
    names = certificates.host_names("192.168.7.5")
    assert {"localhost", "127.0.0.1", "::1", "192.168.7.5"} <= names
    assert any(name.endswith(".local") for name in names)
    assert "0.0.0.0" not in certificates.host_names("0.0.0.0")
