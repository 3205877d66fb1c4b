"""A certificate for this machine, and the authorities by which the local cloud trusts it."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_VALID = timedelta(days=30)
_RENEWED = timedelta(days=7)
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
_NAMES = x509.SubjectAlternativeName(
    [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
)


def context(folder: Path) -> ssl.SSLContext:
    """The side of the host, with the certificate of the folder, or a new one."""
    file = folder / "host.pem"
    if not file.exists() or _is_old(file.read_bytes()):
        file.touch(mode=0o600)
        file.write_bytes(_made())
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    (folder / "authority.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return made


def bundle(folder: Path) -> Path:
    """The public authorities of this machine and the host's certificate, for `SSL_CERT_FILE`."""
    file = folder / "bundle.pem"
    public = ssl.create_default_context().get_ca_certs(binary_form=True)
    texts = [ssl.DER_cert_to_PEM_cert(one) for one in public]
    file.write_text("".join([*texts, (folder / "authority.pem").read_text()]))
    return file


def _is_old(pem: bytes) -> bool:
    ends = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    return ends - datetime.now(UTC) < _RENEWED


def _made() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(_NAMES, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
