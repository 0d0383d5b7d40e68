"""COPY … FORMAT PARQUET by its documentation: order, count and types of columns, manifest, transaction, load errors."""

import io
import json

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import redshift_connector
from redshift_stand_in import BUCKET, ROLE

BOOKS = {
    "book_id": pa.array([1, 2], pa.int64()),
    "title": pa.array(["Zebra", 'Ö, "a"\nb']),
    "pages": pa.array([10, None], pa.int32()),
}


@pytest.fixture
def put(s3):
    """Writes Parquet files and a manifest of them; returns the manifest's address."""

    def put(*files, length=0, mandatory=True, keep_length=True):
        entries = []
        for number, columns in enumerate(files):
            sink = io.BytesIO()
            pq.write_table(pa.table(columns), sink)
            s3.put_object(Bucket=BUCKET, Key=f"copy/{number}.parquet", Body=sink.getvalue())
            meta = {"meta": {"content_length": len(sink.getvalue()) + length}} if keep_length else {}
            entries.append({"url": f"s3://{BUCKET}/copy/{number}.parquet", "mandatory": mandatory, **meta})
        s3.put_object(Bucket=BUCKET, Key="copy/manifest.json", Body=json.dumps({"entries": entries}))
        return f"s3://{BUCKET}/copy/manifest.json"

    return put


@pytest.fixture
def book(run):
    run("create table shop.book (book_id bigint not null, title varchar(10), pages int)")
    return run


def copy(manifest, options="manifest", table="shop.book"):
    return f"copy {table} from '{manifest}' iam_role '{ROLE}' format as parquet {options}"


def test_every_row_of_every_file_is_loaded_and_counted(book, put):
    book(copy(put(BOOKS, BOOKS)))

    assert book("select book_id, title, pages, count(*) from shop.book group by 1, 2, 3 order by 1") == [
        [1, "Zebra", 10, 2],
        [2, 'Ö, "a"\nb', None, 2],
    ]
    assert book("select pg_last_copy_count()") == [[4]]


def test_columns_go_by_order_not_by_name(book, put):
    renamed = dict(zip(["pages", "x", "y"], BOOKS.values(), strict=True))

    book(copy(put(renamed)))

    assert book("select max(book_id) from shop.book") == [[2]]


def test_a_copy_is_part_of_the_transaction(redshift, book, put):
    writer = redshift(autocommit=False)
    writer.cursor().execute(copy(put(BOOKS)))

    assert book("select count(*) from shop.book") == [[0]]
    writer.rollback()
    assert book("select count(*) from shop.book") == [[0]]
    book(copy(put(BOOKS)))
    assert book("select count(*) from shop.book") == [[2]]


@pytest.mark.parametrize("option", ["region 'eu-central-1'", "maxerror 5", "acceptanydate", "gzip", "delimiter '|'"])
def test_an_option_that_parquet_does_not_go_with_is_refused(book, put, option):
    with pytest.raises(redshift_connector.ProgrammingError, match="not supported for PARQUET"):
        book(copy(put(BOOKS), f"manifest {option}"))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("copy shop.book from '{}' format parquet manifest", "needs IAM_ROLE"),
        (f"copy shop.book from '{{}}' iam_role '{ROLE}' csv", "FORMAT PARQUET only"),
        (f"copy shop.book from 'file:///x' iam_role '{ROLE}' format parquet", "from s3:// only"),
        (f"copy shop.book from '{{}}' iam_role '{ROLE}' format parquet manifest nonsense", "syntax error"),
    ],
    ids=["no role", "another format", "another place", "another word"],
)
def test_a_copy_that_is_not_offered_is_refused(book, put, statement, said):
    with pytest.raises(redshift_connector.ProgrammingError, match=said):
        book(statement.format(put(BOOKS)))


@pytest.mark.parametrize(
    ("files", "settings", "said"),
    [
        ([{"book_id": BOOKS["book_id"]}], {}, "Unmatched number of columns"),
        ([{**BOOKS, "pages": BOOKS["book_id"]}], {}, "Spectrum Scan Error"),
        ([BOOKS], {"length": 1}, "content_length"),
        ([BOOKS], {"keep_length": False}, "lacks meta.content_length"),
        ([], {}, "None of the files"),
    ],
    ids=["a column too few", "another type", "a wrong length", "no length", "no file"],
)
def test_files_that_do_not_fit_load_nothing(book, put, files, settings, said):
    with pytest.raises(redshift_connector.ProgrammingError, match=said):
        book(copy(put(*files, **settings)))

    assert book("select count(*) from shop.book") == [[0]]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("title", ["short", "übermäßig!"], ["title", 2, 1204, "String length exceeds DDL length"]),
        ("book_id", [1, None], ["book_id", 2, 1213, "Missing data for not-null field"]),
    ],
    ids=["a text too long in bytes", "nothing where something must be"],
)
def test_a_value_that_does_not_fit_is_in_the_load_errors_though_all_is_rolled_back(
    redshift, book, put, column, values, said
):
    writer = redshift(autocommit=False)
    with pytest.raises(redshift_connector.ProgrammingError, match="stl_load_errors"):
        writer.cursor().execute(copy(put({**BOOKS, column: pa.array(values, BOOKS[column].type)})))
    writer.rollback()

    found = "select column_name, line_number, error_code, error_message from sys_load_error_detail"
    assert book(found) == [said]
    assert book("select trim(colname) from stl_load_errors") == [[column]]


@pytest.mark.parametrize("mandatory", [True, False], ids=["mandatory", "not mandatory"])
def test_a_file_that_is_gone_matters_where_it_is_mandatory(book, put, s3, mandatory):
    manifest = put(BOOKS, BOOKS, mandatory=mandatory)
    s3.delete_object(Bucket=BUCKET, Key="copy/1.parquet")

    if mandatory:
        with pytest.raises(redshift_connector.ProgrammingError, match="NoSuchKey"):
            book(copy(manifest))
    else:
        book(copy(manifest))
        assert book("select pg_last_copy_count()") == [[2]]


def test_a_bucket_of_another_region_is_not_read(book, aws_endpoint):
    elsewhere = boto3.client("s3", endpoint_url=aws_endpoint, region_name="eu-west-1")
    elsewhere.create_bucket(Bucket="elsewhere-lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    with pytest.raises(redshift_connector.ProgrammingError, match="different region from this cluster"):
        book(copy("s3://elsewhere-lake/manifest.json"))


def test_a_bucket_that_is_not_there_is_named_as_s3_names_it(book):
    with pytest.raises(redshift_connector.ProgrammingError, match="Error NoSuchBucket"):
        book(copy("s3://no-such-bucket-anywhere/manifest.json"))


@pytest.mark.parametrize("option", ["manifest", "manifest fillrecord"], ids=["as it is", "FILLRECORD"])
def test_a_trailing_column_that_a_file_lacks_is_null_with_fillrecord_only(book, put, option):
    manifest = put({name: BOOKS[name] for name in ("book_id", "title")})

    if option == "manifest":
        with pytest.raises(redshift_connector.ProgrammingError, match="Unmatched number of columns"):
            book(copy(manifest, option))
    else:
        book(copy(manifest, option))
        assert book("select distinct pages from shop.book") == [[None]]
