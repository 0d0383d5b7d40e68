import pytest
from pydantic import ValidationError

from jobs_config.errors import ConfigError
from jobs_config.loader import load_feed, load_job, load_source, names_of
from jobs_config.model import ColumnMapping

SOURCE = """
source: corner_shop
tables:
  books:
    table: buecher
    key: nr
    columns: {book_id: nr, email_hash: {column: post, pseudonymise: email}}
"""
FEED = "feed: odd\ntarget: titles\nkey: [book_id]\ncolumns: {book_id: nr, title: titel}\nignored: [preis]\n"
JOB = "job: silver_odd\nreads: {rows: bronze.odd}\nwrites: silver.odd\nwrite_mode: overwrite\n"


@pytest.fixture
def yaml_file(tmp_path):
    """Writes a YAML file; gives its path as text."""

    def write(text):
        path = tmp_path / "odd.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def test_a_source_may_be_a_file_anywhere(yaml_file):
    mapping = load_source(yaml_file(SOURCE))

    assert mapping.source == "corner_shop"
    assert mapping.schema_name == "public"
    assert mapping.tables["books"].columns == {
        "book_id": ColumnMapping(column="nr"),
        "email_hash": ColumnMapping(column="post", pseudonymise="email"),
    }


def test_a_feed_expects_its_mapped_and_its_ignored_headers(yaml_file):
    assert load_feed(yaml_file(FEED)).headers == ("nr", "titel", "preis")


def test_what_is_loaded_does_not_change(yaml_file):
    mapping = load_source(yaml_file(SOURCE))

    with pytest.raises(ValidationError, match="frozen"):
        mapping.source = "another"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("source: [", "not readable as YAML"),
        (b"source: caf\xe9\n", "not readable as YAML"),
        ("", "expected keys and values, found NoneType"),
        ("- bookstore\n", "expected keys and values, found list"),
        ("source: corner_shop\n", "tables: Field required"),
        (SOURCE + "colour: blue\n", "colour: Extra inputs are not permitted (found 'blue')"),
        (SOURCE + "7: seven\n", "7"),
        (SOURCE.replace("key: nr", "keys: nr"), "tables.books.key: Field required"),
        (SOURCE.replace("key: nr", "key: nr\n    deletes: never"), "tables.books.deletes"),
        (SOURCE.replace("pseudonymise: email", "pseudonymise: rot13"), "columns.email_hash.pseudonymise"),
        (SOURCE.replace("corner_shop", "Corner Shop"), "(found 'Corner Shop')"),
        ("source: corner_shop\ntables: {books: buecher}\n", "tables.books"),
        ("source: corner_shop\ntables: [books]\n", "tables: "),
    ],
    ids=[
        "not YAML",
        "not UTF-8",
        "an empty file",
        "a list",
        "a missing key",
        "an unknown key",
        "a key that is a number",
        "an unknown key inside",
        "an unknown way to find deletes",
        "an unknown pseudonym",
        "a name with a blank",
        "a table without its columns",
        "tables without names",
    ],
)
def test_a_faulty_source_is_refused_with_its_file_and_fault(yaml_file, text, fault):
    path = yaml_file(text)

    with pytest.raises(ConfigError) as refused:
        load_source(path)

    assert str(refused.value).startswith(f"{path}: ")
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("load", "text", "fault"),
    [
        (load_feed, FEED + "delimiter: '||'\n", "delimiter: "),
        (load_feed, FEED + "encoding: utf-7\n", "encoding: "),
        (load_feed, FEED.replace("titles", "sales"), "target: "),
        (load_feed, FEED + "quote: '|'\n", "quote: Extra inputs are not permitted"),
        (load_job, JOB.replace("overwrite", "append"), "write_mode: Input should be 'overwrite', 'replace_source'"),
        (load_job, JOB + "lookback_days: 3\n", "lookback_days: Extra inputs are not permitted (found 3)"),
    ],
    ids=[
        "two delimiters",
        "an unknown encoding",
        "a target no feed has",
        "an unknown key of a feed",
        "an unknown write mode",
        "an unknown key of a job",
    ],
)
def test_a_faulty_feed_or_job_is_refused_with_its_file_and_fault(yaml_file, load, text, fault):
    path = yaml_file(text)

    with pytest.raises(ConfigError) as refused:
        load(path)

    assert str(refused.value).startswith(f"{path}: ")
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (load_source, r"no 'bookshop' in jobs_config/sources; it has .*bookstore"),
        (load_feed, r"no 'bookshop' in jobs_config/feeds; it has .*goodbooks"),
        (load_job, r"no 'bookshop' in jobs_config/jobs; it has gold_bridge_book_author, gold_dim_author"),
    ],
    ids=["source", "feed", "job"],
)
def test_an_unknown_name_is_answered_with_those_there_are(load, message):
    with pytest.raises(ConfigError, match=message):
        load("bookshop")


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"no 'shops/mine\.yaml' in jobs_config/sources"):
        load_source("shops/mine.yaml")


def test_names_are_those_of_the_files():
    assert names_of("sources") == ["bookstore"]
