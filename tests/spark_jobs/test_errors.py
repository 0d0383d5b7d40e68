"""What a failure deep inside Spark, the driver or DuckDB becomes: one line with its cause and what would do."""

import pytest

from spark_jobs.errors import explained

CUT_WIRE = """An error occurred while calling o48188.jdbc.
: org.postgresql.util.PSQLException: The connection attempt failed.
\tat org.postgresql.core.v3.ConnectionFactoryImpl.openConnectionImpl(ConnectionFactoryImpl.java:439)
Caused by: java.net.SocketException: Connection reset
\t... 27 more"""
FULL_DISK = """An error occurred while calling o1.save.
Caused by: org.apache.spark.SparkException: Task failed
Caused by: java.io.IOException: No space left on device"""
# As S3A words what S3 answers.
NO_BUCKET = """An error occurred while calling o61.load.
: org.apache.hadoop.fs.s3a.UnknownStoreException: `s3a://no-such-lake/': Bucket does not exist"""
EXPIRED = """An error occurred while calling o61.save.
: org.apache.hadoop.fs.s3a.AWSBadRequestException: getFileStatus on s3a://lake/silver
Caused by: software.amazon.awssdk.services.s3.model.S3Exception: The provided token has expired. (Service: S3, Status Code: 400)"""
NO_KEY = (
    """Caused by: java.nio.file.AccessDeniedException: s3a://lake/gold: is not authorized to perform: kms:Decrypt"""
)
FAR_AWAY = (
    """: org.apache.hadoop.fs.s3a.AWSRedirectException: Received permanent redirect response to region eu-west-1"""
)


@pytest.mark.parametrize(
    ("text", "cause", "advice"),
    [
        (CUT_WIRE, "PSQLException: The connection attempt failed.", "the source went away while it was read"),
        (FULL_DISK, "IOException: No space left on device", "the disk is full"),
        ("could not write block to file x", "could not write block to file x", "the disk is full"),
        (NO_BUCKET, "UnknownStoreException: `s3a://no-such-lake/': Bucket does not exist", "there is no such bucket"),
        (
            EXPIRED,
            "S3Exception: The provided token has expired. (Service: S3, Status Code: 400)",
            "the credentials for S3",
        ),
        (
            NO_KEY,
            "AccessDeniedException: s3a://lake/gold: is not authorized to perform: kms:Decrypt",
            "the job's role lacks that",
        ),
        (
            FAR_AWAY,
            "AWSRedirectException: Received permanent redirect response to region eu-west-1",
            "the bucket is in another",
        ),
        (
            "Caused by: java.nio.file.AccessDeniedException: s3a://lake/gold: getFileStatus",
            "AccessDeniedException: s3a://lake/gold: getFileStatus",
            "the job's role has no right",
        ),
        (
            "Caused by: java.nio.file.AccessDeniedException: /data/lake/tmp",
            "AccessDeniedException: /data/lake/tmp",
            "--verbose shows the whole",
        ),
        ("Caused by: a.b.StrangeException: whatever", "StrangeException: whatever", "--verbose shows the whole"),
        ("first line\nsecond", "RuntimeError: first line", "--verbose shows the whole"),
    ],
)
def test_the_cause_is_named_without_its_package_and_followed_by_what_would_do(
    text: str, cause: str, advice: str
) -> None:
    said = str(explained(RuntimeError(text)))

    assert said.startswith(f"{cause}; {advice}")
    assert said.endswith("the version before still serves")
