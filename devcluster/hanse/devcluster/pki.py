"""The certificates of one development cluster.

In: names and addresses. Out: PEM files in the cluster's `pki/` folder: a certificate authority, server certificates
for the API server and the kubelet, client certificates whose subject is a Kubernetes user (CN) and its groups (O), the
key that signs service account tokens. They live as long as the cluster does; nothing here is for production.
"""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hanse.devcluster import files

VALIDITY = dt.timedelta(days=365)
CLOCK_SKEW = dt.timedelta(minutes=5)


class Authority:
    """A certificate authority in a folder, made on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate_file = folder / "ca.crt"
        self.key_file = folder / "ca.key"
        folder.mkdir(parents=True, exist_ok=True)
        if not self.certificate_file.exists():
            self._create()

    def server(self, name: str, hosts: list[str]) -> tuple[Path, Path]:
        """Issue a server certificate for *hosts* (names or addresses); return the files of certificate and key."""
        return self._issue(name, _subject(name, []), [ExtendedKeyUsageOID.SERVER_AUTH], hosts)

    def client(self, name: str, user: str, groups: list[str]) -> tuple[Path, Path]:
        """Issue a client certificate for a Kubernetes *user* in *groups*; return the files of certificate and key."""
        return self._issue(name, _subject(user, groups), [ExtendedKeyUsageOID.CLIENT_AUTH], [])

    def peer(self, name: str, hosts: list[str]) -> tuple[Path, Path]:
        """Issue a certificate for a server that is also a client of its like; return the files of both."""
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(name, _subject(name, []), usages, hosts)

    def signing_key(self, name: str) -> Path:
        """Make a key that signs service account tokens; return its file."""
        file = self.folder / f"{name}.key"
        if not file.exists():
            _write_key(file, ec.generate_private_key(ec.SECP256R1()))
        return file

    def _create(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _subject("hanse-devcluster", [])
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = (
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        _write_key(self.key_file, key)
        self.certificate_file.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _issue(
        self, name: str, subject: x509.Name, usages: list[x509.ObjectIdentifier], hosts: list[str]
    ) -> tuple[Path, Path]:
        certificate_file, key_file = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        authority = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        authority_key = serialization.load_pem_private_key(self.key_file.read_bytes(), password=None)
        if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self.key_file} holds no elliptic-curve key")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(subject, authority.subject, key.public_key())
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
            )
        _write_key(key_file, key)
        certificate_file.write_bytes(
            builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        return certificate_file, key_file


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + VALIDITY)
    )


def _subject(common_name: str, organizations: list[str]) -> x509.Name:
    return x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization) for organization in organizations),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    # The form in which the API server reads keys of service accounts: it does not know PKCS #8 for elliptic curves.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    files.write_secret(file, pem.decode())
