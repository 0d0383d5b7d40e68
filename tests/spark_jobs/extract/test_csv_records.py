import hashlib
from pathlib import Path

import pytest

from jobs_config.model import FeedConfig
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.csv_records import (
    CsvRecord,
    RecordCounts,
    content_hash,
    count_physical_records,
    read_records,
)

FEED = FeedConfig(
    feed="small_feed", target="titles", columns={"title": "title", "book_id": "id"}, ignored=("note", "image")
)
HEADER = b"id,title,note\n"


@pytest.fixture
def written(tmp_path):
    def write(content: bytes) -> Path:
        path = tmp_path / "titles.csv"
        path.write_bytes(content)
        return path

    return write


def read(path: Path, feed: FeedConfig = FEED) -> tuple[list[CsvRecord], RecordCounts]:
    counts = RecordCounts()
    return list(read_records(path, feed, counts)), counts


def test_a_record_has_the_mapped_fields_its_number_its_place_and_its_bytes(written):
    path = written(b"id,title,note\n1,Emma,x\n2,Ulysses,y\n")

    records, counts = read(path)

    assert records == [
        CsvRecord(1, 14, b"1,Emma,x\n", ["Emma", "1"], ""),
        CsvRecord(2, 23, b"2,Ulysses,y\n", ["Ulysses", "2"], ""),
    ]
    assert counts == RecordCounts(header=1, blank=0, records=2)


def test_fields_are_found_by_their_header_and_not_by_their_place(written):
    records, _ = read(written(b"note,title,image,id\nx,Emma,y,1\n"))

    assert [record.values for record in records] == [["Emma", "1"]]


@pytest.mark.parametrize(
    ("record", "title"),
    [
        (b'1,"Me, Myself",x\n', "Me, Myself"),
        (b'1,"The ""Best"" of",x\n', 'The "Best" of'),
        (b'1,"Two\nlines",x\n', "Two\nlines"),
        (b'1,"Two\r\nlines",x\r\n', "Two\r\nlines"),
        (b"1,,x\n", ""),
        (b"1, Emma ,x\n", " Emma "),
        (b"1,\xc3\x89mile,x", "Émile"),
        (b"1,\xe2\x80\xa8Emma,x\n", "\u2028Emma"),
    ],
    ids=[
        "a delimiter in quotes",
        "a doubled quote",
        "a line break in quotes",
        "a Windows line break in quotes",
        "an empty field",
        "blanks around a field",
        "no line break at the end of the file",
        "a Unicode line separator, which ends no record",
    ],
)
def test_a_field_is_read_by_rfc_4180_and_not_changed(written, record, title):
    records, _ = read(written(HEADER + record))

    assert [(found.values, found.fault) for found in records] == [([title, "1"], "")]


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (b"1,Em\x00ma,x\n", "a NUL byte"),
        (b"1,\xc9mile,x\n", "not utf-8: byte 2 of the record is 0xc9"),
        (b"1,Emma\n", "2 fields where the header has 3"),
        (b"1,Emma,x,y\n", "4 fields where the header has 3"),
        (b'1,"Em"ma,x\n', "not well-formed: ',' expected after '\"'"),
        (b"1,Em\rma,x\n", "not well-formed: new-line character seen in unquoted field"),
    ],
    ids=["a NUL byte", "a wrong encoding", "a field too few", "a field too many", "text after a quote", "a lone CR"],
)
def test_a_record_that_cannot_be_read_says_why_and_loses_no_other(written, record, fault):
    records, counts = read(written(HEADER + record + b"2,Ulysses,y\n"))

    unreadable, good = records
    assert (unreadable.values, unreadable.raw) == (None, record)
    assert unreadable.fault.startswith(fault)
    assert (good.number, good.values, good.fault) == (2, ["Ulysses", "2"], "")
    assert counts == RecordCounts(header=1, blank=0, records=2)


def test_the_encoding_is_the_feeds(written):
    records, _ = read(written(HEADER + b"1,\xc9mile,x\n"), FEED.model_copy(update={"encoding": "latin-1"}))

    assert [record.values for record in records] == [["Émile", "1"]]


def test_a_byte_order_mark_is_no_part_of_the_header(written):
    records, _ = read(written(b'\xef\xbb\xbf"id",title,note\n1,Emma,x\n'))

    assert [record.values for record in records] == [["Emma", "1"]]


def test_blank_lines_are_counted_and_have_no_number(written):
    records, counts = read(written(HEADER + b"\n1,Emma,x\n\r\n2,Ulysses,y\n"))

    assert [record.number for record in records] == [1, 2]
    assert counts == RecordCounts(header=1, blank=2, records=2)


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (b"id,title,id\n", "twice 'id'"),
        (b"id,note\n", "missing 'title'"),
        (b"id,title,price\n", "unknown 'price'"),
        (b"id,id,price\n", "twice 'id'; missing 'title'; unknown 'price'"),
        (b"ID,title\n", "missing 'id'; unknown 'ID'"),
        (b"id;title\n", "missing 'title', 'id'; unknown 'id;title'"),
        (b"", "no header (the file is empty); feed small_feed expects title, id, note, image"),
        (b"\n1,Emma\n", "no header"),
        (b"id,ti\x00tle\n", "no header (a NUL byte)"),
    ],
    ids=[
        "a name twice",
        "a missing name",
        "an unknown name",
        "every fault at once",
        "other capitals",
        "another delimiter",
        "an empty file",
        "a blank first line",
        "a NUL byte",
    ],
)
def test_a_header_that_is_not_the_feeds_is_refused_by_name(written, header, fault):
    path = written(header)

    with pytest.raises(ExtractionError) as refused:
        read(path)

    assert str(refused.value).startswith(f"{path}: ")
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"id,title,note\n1,Emma,x\n2,Ulysses,y\n", 3),
        (b"id,title,note\n1,Emma,x\n2,Ulysses,y", 3),
        (b"id,title,note\r\n1,Emma,x\r\n\r\n", 3),
        (b'id,title,note\n1,"Two\nlines and ""three\n""",x\n', 2),
        (b"id,title,note\n1," + b'"' + b"long\n" * 300_000 + b'"' + b",x\n2,Ulysses,y\n", 3),
    ],
    ids=[
        "a line break at the end",
        "none at the end",
        "a blank line",
        "line breaks in quotes",
        "a record over more than one block",
    ],
)
def test_records_counted_another_way_are_as_many_as_were_read(written, content, count):
    path = written(content)

    _, counts = read(path)

    assert count_physical_records(path) == count
    assert counts.header + counts.blank + counts.records == count


def test_a_quote_that_is_never_closed_is_refused_at_once_and_not_after_the_whole_file(written):
    # Short lines: whoever adds up the whole record at every line does not come to an end.
    path = written(HEADER + b'1,"Emma,x\n' + b"2,Ulysses,y\n" * 1_500_000)

    with pytest.raises(ExtractionError, match="the record at byte 14 has no end within 16 MiB; a quote is not closed"):
        read(path)


def test_a_file_is_known_by_its_content_and_not_by_its_name(tmp_path):
    for name in ("may.csv", "june.csv"):
        (tmp_path / name).write_bytes(b"id,title\n")

    assert content_hash(tmp_path / "may.csv") == content_hash(tmp_path / "june.csv")
    assert content_hash(tmp_path / "may.csv") == hashlib.sha256(b"id,title\n").hexdigest()


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ExtractionError, match=r"may\.csv: cannot be read \(No such file or directory\)"):
        content_hash(tmp_path / "may.csv")


def test_a_quote_that_is_never_closed_is_refused_however_short_the_file(written):
    path = written(HEADER + b'1,Emma,x\n2,"Ulysses,y\n3,Dune,z\n')

    with pytest.raises(ExtractionError, match="the record at byte 23 has no end; a quote is not closed"):
        read(path)
