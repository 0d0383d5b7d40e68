"""What can be wrong outside: named with its place and what would do, and nothing half published."""

import http.server
import threading
from dataclasses import replace

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from redshift_stand_in import BUCKET, ROLE
from small_star import described
from star_days import facts, whole

from warehouse.publication import PublicationError
from warehouse.redshift.warehouse import Copying, RedshiftWarehouse

KEPT = "nothing is published, the version before still serves"


def put(warehouse, exports, run_seq=1):
    return warehouse.publish(exports, described(run_seq), {}, keep=2)


def refused(place, exports, prefix=f"s3://{BUCKET}/export", role=ROLE):
    """What is said when a publication that goes there is refused."""
    with pytest.raises(PublicationError) as found:
        put(RedshiftWarehouse(place, Copying(prefix, role)), exports, 2)
    return str(found.value)


@pytest.fixture
def exports(tmp_path):
    return whole(tmp_path, 1)


@pytest.fixture
def still_serves(warehouse, exports):
    """Something serves before; after the test the same still does, and the next publication goes through."""
    put(warehouse, exports)
    yield
    for run_seq in (1, 3):
        reading = warehouse.current()
        assert reading.publication.run_seq == run_seq
        (row,) = reading.rows("select sum(quantity) as units from analytics.fact_sales")
        reading.release()
        assert row["units"] == sum(line["quantity"] for line in facts(1))
        if run_seq == 1:
            put(warehouse, exports, 3)


def changed(exports, table, change):
    """The exports with another file for a table: its rows, changed."""
    file = exports[table].files[0]
    path = f"{file}.changed"
    pq.write_table(change(pq.read_table(file)), path)
    return {**exports, table: replace(exports[table], files=[path])}


def column_set(name, values):
    return lambda rows: rows.set_column(
        rows.column_names.index(name),
        name,
        pa.array(values(rows.column(name).to_pylist()), rows.schema.field(name).type),
    )


def test_a_bucket_that_is_not_there(place, exports):
    said = refused(place, exports, prefix="s3://no-such-bucket-of-ours/export")

    assert "NoSuchBucket" in said
    assert "look at warehouse_export" in said


@pytest.mark.slow
def test_a_bucket_in_another_region(still_serves, place, exports, aws_endpoint):
    elsewhere = boto3.client("s3", endpoint_url=aws_endpoint, region_name="us-west-2")
    elsewhere.create_bucket(Bucket="far-away-exports", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})

    said = refused(place, exports, prefix="s3://far-away-exports/export")

    assert "COPY reads Parquet in its own region only" in said
    assert KEPT in said


class Refusing(http.server.BaseHTTPRequestHandler):
    """An S3 that refuses everything, for the reason that its server holds."""

    def refuse(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        code, message = self.server.reason
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
        self.send_response(400 if code == "ExpiredToken" else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET = do_HEAD = do_POST = do_DELETE = refuse

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (("ExpiredToken", "The provided token has expired."), "the credentials have expired: start the job again"),
        (("AccessDenied", "not authorized to perform: kms:GenerateDataKey on the key"), "the role lacks kms:Decrypt"),
        (("AccessDenied", "Access Denied"), "the role has no right to the bucket, or not to its KMS key"),
        (("InvalidAccessKeyId", "The key does not exist in our records"), "the access key is not known"),
    ],
    ids=["expired credentials", "no right to the key", "no right to the bucket", "a key that is not known"],
)
def test_an_s3_that_refuses_is_named_with_its_reason(place, exports, monkeypatch, reason, said):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    server.reason = reason
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    found = refused(place, exports)
    server.shutdown()
    server.server_close()

    assert said in found
    assert "export of" in found


def test_no_credentials_at_all(place, exports, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    assert "there are no AWS credentials" in refused(place, exports)


@pytest.mark.parametrize(
    ("table", "column", "values", "said"),
    [
        ("dim_genre", "genre", lambda was: [*was[:-1], "Ü" * 500], "String length exceeds DDL length"),
        ("dim_genre", "genre", lambda was: [*was[:-1], None], "Missing data for not-null field"),
    ],
    ids=["a text too long in bytes", "nothing where something must be"],
)
def test_a_value_that_cannot_be_loaded_is_named_by_row_and_column(
    still_serves, place, exports, table, column, values, said
):
    rows = len(pq.read_table(exports[table].files[0]))

    found = refused(place, changed(exports, table, column_set(column, values)))

    assert "COPY into star_000002_" in found
    assert f"row {rows} of s3://{BUCKET}/export/" in found
    assert f"column {column} (character varying 960): {said}" in found
    assert KEPT in found


def test_a_copy_that_reaches_no_file_is_not_explained_by_rows_of_an_earlier_one(place, exports, aws_endpoint):
    of_a_value = refused(place, changed(exports, "dim_genre", column_set("genre", lambda was: [*was[:-1], None])))
    elsewhere = boto3.client("s3", endpoint_url=aws_endpoint, region_name="us-east-2")
    elsewhere.create_bucket(Bucket="farther-exports", CreateBucketConfiguration={"LocationConstraint": "us-east-2"})

    of_the_files = refused(place, exports, prefix="s3://farther-exports/export")

    assert "row " in of_a_value
    assert "COPY into" in of_the_files
    assert "row " not in of_the_files


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.drop_columns(["genre"]), "its columns are genre_key, source"),
        (lambda rows: rows.rename_columns(["subgenre" if name == "genre" else "genre" if name == "subgenre" else name
                                           for name in rows.column_names]), "the contract of gold.dim_genre has"),
        (lambda rows: rows.append_column("mood", pa.array(["good"] * len(rows))), "mood, the contract"),
        (lambda rows: rows.drop_columns([rows.column_names[-1]]), "`booksales reload` writes the table anew"),
    ],
    ids=["a column too few", "two that have changed places", "a column too many", "a required one that is missing at the end"],
)  # fmt: skip
def test_a_lake_of_another_shape_is_named_before_anything_is_loaded(place, exports, change, said):
    found = refused(place, changed(exports, "dim_genre", change))

    assert said in found
    assert "the lake and this version of the software differ" in found


@pytest.mark.slow
def test_a_column_of_another_type(still_serves, place, exports):
    def as_text(rows):
        at = rows.column_names.index("genre_id")
        return rows.set_column(at, "genre_id", rows.column("genre_id").cast(pa.string()))

    found = refused(place, changed(exports, "dim_genre", as_text))

    assert "incompatible Parquet schema for column 'genre_id'" in found
    assert KEPT in found


@pytest.mark.parametrize(
    "role", ["", "booksales-copy", "arn:aws:iam::123456789012:user/me", "default'; drop schema ops"]
)
def test_a_copy_role_that_is_none(place, exports, role):
    assert "warehouse_copy_role is" in refused(place, exports, role=role)


def test_files_without_a_place_to_go(place, exports):
    assert "warehouse_export" in refused(place, exports, prefix="")


def test_a_database_that_is_not_there(exports, place):
    assert "no connection" in refused("redshift://admin@127.0.0.1:1/analytics", exports)
    assert 'database "other" does not exist' in refused(place.replace("/analytics", "/other"), exports)


def test_a_wrong_password_is_said_and_not_shown(exports, place, monkeypatch):
    monkeypatch.setenv("BOOKSALES_WAREHOUSE_PASSWORD", "a-secret-of-ours")

    found = refused(place, exports)

    assert "BOOKSALES_WAREHOUSE_PASSWORD" in found
    assert "a-secret-of-ours" not in found
