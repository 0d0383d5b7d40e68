import ssl
import subprocess

import pytest

from booksales.local_stack.java import bundled_runtime
from booksales.local_stack.trust_store import machine_trust_store


def test_the_machines_own_store_is_used(tmp_path):
    store = tmp_path / "cacerts"
    store.touch()

    assert machine_trust_store(tmp_path, stores=(tmp_path / "none", store)) == store


@pytest.mark.skipif(
    not ssl.create_default_context().get_ca_certs(), reason="missing: /etc/ssl/certs/ca-certificates.crt"
)
def test_without_one_java_trusts_what_python_trusts(tmp_path):
    store = machine_trust_store(tmp_path, stores=())

    list_all = [bundled_runtime() / "bin" / "keytool", "-J-Duser.language=en", "-list", "-keystore", store]
    listed = subprocess.run(list_all, input="\n", capture_output=True, text=True, check=True).stdout
    assert f"contains {len(ssl.create_default_context().get_ca_certs())} entries" in listed


def test_a_machine_without_authorities_leaves_java_its_own(tmp_path, monkeypatch):
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))

    assert machine_trust_store(tmp_path, stores=()) is None
