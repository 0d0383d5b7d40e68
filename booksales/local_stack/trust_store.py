"""The certificate authorities this machine trusts, in a form that Java reads."""

import os
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore

from booksales.local_stack.files import write_in_one_step

# Where Debian and Red Hat keep the machine's authorities for Java.
MACHINE_STORES = (Path("/etc/ssl/certs/java/cacerts"), Path("/etc/pki/ca-trust/extracted/java/cacerts"))


def machine_trust_store(folder: Path, stores: tuple[Path, ...] = MACHINE_STORES) -> Path | None:
    """The machine's own Java trust store, else one made in `folder` from the authorities Python trusts.

    None where the machine names no authority; Java then has only its own.
    """
    for store in stores:
        if store.is_file() and os.access(store, os.R_OK):
            return store
    # Reads SSL_CERT_FILE, else OpenSSL's own file.
    authorities = ssl.create_default_context().get_ca_certs(binary_form=True)
    return _write_store(folder / "cacerts.p12", authorities) if authorities else None


def _write_store(store: Path, authorities: list[bytes]) -> Path:
    certificates = [
        PKCS12Certificate(certificate, f"authority-{number}".encode())
        for number, certificate in enumerate(_readable(authorities))
    ]
    write_in_one_step(store, serialize_java_truststore(certificates, NoEncryption()))
    return store


def _readable(authorities: list[bytes]) -> Iterator[x509.Certificate]:
    # Machines still trust a few old authorities that break today's rules for certificates.
    for authority in authorities:
        try:
            with warnings.catch_warnings(action="ignore"):
                certificate = x509.load_der_x509_certificate(authority)
        except ValueError:
            continue
        yield certificate
