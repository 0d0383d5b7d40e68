"""How a Redshift is named, and what the driver is told: passwords stay outside, and IAM gives temporary ones."""

import socket
import ssl
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from warehouse.redshift.address import PASSWORD_VARIABLE, connect, parse_address
from warehouse.redshift.explaining import AddressError, WarehouseError


def test_a_password_comes_from_the_environment_and_tls_is_verified_in_full(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "a-secret")

    address = parse_address("redshift://reader@warehouse.example:5440/analytics")

    assert "a-secret" not in repr(address)
    assert address.arguments() == {
        "user": "reader",
        "password": "a-secret",
        "host": "warehouse.example",
        "port": 5440,
        "database": "analytics",
        "application_name": "booksales",
        "sslmode": "verify-full",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "redshift+cluster://publisher@books.eu-central-1/analytics",
            {"db_user": "publisher", "cluster_identifier": "books", "region": "eu-central-1"},
        ),
        (
            "redshift+serverless://books.eu-central-1/analytics",
            {"is_serverless": True, "serverless_work_group": "books", "region": "eu-central-1"},
        ),
    ],
    ids=["provisioned", "Serverless"],
)
def test_iam_signs_in_without_a_password_of_ours(text, told):
    arguments = parse_address(text).arguments()

    assert arguments == {
        "iam": True, "database": "analytics", "application_name": "booksales", "sslmode": "verify-full", **told
    }  # fmt: skip
    assert "password" not in arguments


@pytest.mark.parametrize(
    "text",
    [
        "redshift://reader:a-secret@warehouse.example/analytics",
        "redshift://warehouse.example/analytics",
        "redshift+cluster://books.eu-central-1/analytics",
        "postgresql://reader@warehouse.example/analytics",
        "redshift://reader@warehouse.example/analytics; drop schema ops",
        "redshift",
    ],
    ids=["a password in it", "no user", "no user at a cluster", "another database", "more than a name", "nothing"],
)
def test_what_is_no_address_is_refused_without_showing_it(text):
    with pytest.raises(AddressError, match=r"is none of redshift://user@host:5439/database") as refused:
        parse_address(text)

    assert "a-secret" not in str(refused.value)


@pytest.fixture
def cluster(aws_endpoint, gateway, monkeypatch):
    """A cluster that AWS's stand-in knows; where AWS names it, this machine is meant. Its host's name."""
    client = boto3.client("redshift", endpoint_url=aws_endpoint, region_name=gateway.region)
    made = client.create_cluster(
        ClusterIdentifier="books", NodeType="ra3.large", MasterUsername="owner", MasterUserPassword="Not-used-1",
        ClusterType="single-node", DBName="analytics", Port=gateway.port,
    )  # fmt: skip
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *rest, **told: real("127.0.0.1" if "redshift" in host else host, port, *rest, **told),
    )
    yield made["Cluster"]["Endpoint"]["Address"]
    client.delete_cluster(ClusterIdentifier="books", SkipFinalClusterSnapshot=True)


@pytest.fixture
def certified(gateway, tmp_path, monkeypatch):
    """Gives the gateway a certificate for a host, by an authority that the driver is told to trust."""

    def certify(host):
        context, authority = certificate_of(host, tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        gateway.tls = context
        # Whatever password IAM has made up is the right one for a user of IAM.
        gateway.vouched_for = lambda user, password: user == "IAM:admin" and len(password) > 10

    yield certify
    gateway.tls = gateway.vouched_for = None


def certificate_of(host, folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:60])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


@pytest.mark.filterwarnings("ignore::DeprecationWarning:redshift_connector")
def test_temporary_credentials_of_iam_open_a_cluster_over_verified_tls(cluster, certified, gateway):
    certified(cluster)

    connection = connect(parse_address(f"redshift+cluster://admin@books.{gateway.region}/analytics"))

    cursor = connection.cursor()
    cursor.execute("select 1")
    assert list(cursor.fetchone()) == [1]
    connection.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:redshift_connector")
def test_a_cluster_with_the_certificate_of_another_is_not_trusted(cluster, certified, gateway):
    certified(f"another.{cluster}")

    with pytest.raises(WarehouseError, match="certificate verify failed: Hostname mismatch"):
        connect(parse_address(f"redshift+cluster://admin@books.{gateway.region}/analytics"))


def test_a_cluster_that_is_not_there_is_named(gateway, aws_endpoint):
    with pytest.raises(WarehouseError, match="there is no such cluster in that region: look at warehouse_url"):
        connect(parse_address(f"redshift+cluster://admin@nowhere.{gateway.region}/analytics"))


def test_a_connection_leaves_transactions_to_us(place):
    connection = connect(parse_address(place))
    cursor = connection.cursor()

    cursor.execute("select 1")

    assert not connection.in_transaction
    connection.close()
