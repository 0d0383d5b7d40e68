from pathlib import Path

import pytest
from s3_server import ACCESS, s3_client, s3_server

from spark_jobs.extract.csv_fetch import fetch


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """A bucket on loopback with three CSV files below a prefix, and something else."""
    with (
        s3_server(tmp_path_factory.mktemp("s3") / "server.log") as address,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in {**ACCESS, "AWS_ENDPOINT_URL": address}.items():
            environment.setenv(name, value)
        client = s3_client(address)
        client.create_bucket(Bucket="reports")
        for key in ("in/may.csv", "in/old/may.csv", "in/june.CSV.GZ", "in/notes.txt"):
            client.put_object(Bucket="reports", Key=key, Body=key.encode())
        yield "s3://reports"


def test_files_on_s3_are_copied_one_by_one_or_all_below_a_prefix(bucket, tmp_path):
    fetched = fetch([f"{bucket}/in/may.csv", "/here/local.csv", f"{bucket}/in/"], tmp_path)

    copied = [(path.name, path.read_bytes()) for path in fetched.paths if path in fetched.addresses]
    assert copied == [
        ("may.csv", b"in/may.csv"),
        ("june.CSV.GZ", b"in/june.CSV.GZ"),
        ("may.csv", b"in/may.csv"),
        ("may.csv", b"in/old/may.csv"),
    ]
    assert fetched.paths[1] == Path("/here/local.csv")
    assert fetched.refused == {}
    assert fetched.as_named(f"{fetched.paths[0]}: is wrong") == f"{bucket}/in/may.csv: is wrong"


def test_what_is_not_there_is_named_and_holds_up_no_other(bucket, tmp_path):
    fetched = fetch([f"{bucket}/in/april.csv", "s3://nobodys/may.csv", f"{bucket}/in/old/may.csv"], tmp_path)

    assert [path.name for path in fetched.paths] == ["may.csv"]
    assert fetched.refused[f"{bucket}/in/april.csv"].endswith(
        "april.csv: there is no such file, and nothing below that"
    )
    assert "s3://nobodys/may.csv: " in fetched.refused["s3://nobodys/may.csv"]
