import pytest

from jobs_config.feed import FeedConfig
from spark_jobs.extract.csv_records import CsvRecord, read_block

FEED = FeedConfig(feed="small_feed", target="titles", key=("book_id",), columns={"book_id": "id", "title": "title"})


def read(block: bytes, feed: FeedConfig = FEED, width: int = 3) -> list[CsvRecord]:
    return list(read_block(block, feed, width, number=1, start=14))


def test_a_record_has_its_fields_its_number_its_place_and_its_bytes():
    assert read(b"1,Emma,x\n2,Ulysses,y\n") == [
        CsvRecord(1, 14, b"1,Emma,x\n", ["1", "Emma", "x"], ""),
        CsvRecord(2, 23, b"2,Ulysses,y\n", ["2", "Ulysses", "y"], ""),
    ]


@pytest.mark.parametrize("company", [b"", b'8,stray"quote,x\n'], ids=["among clean records", "beside a faulty one"])
@pytest.mark.parametrize(
    ("record", "title"),
    [
        (b'1,"Me, Myself",x\n', "Me, Myself"),
        (b'1,"The ""Best"" of",x\n', 'The "Best" of'),
        (b'1,"Two\nlines",x\n', "Two\nlines"),
        (b'1,"Two\r\nlines",x\r\n', "Two\r\nlines"),
        (b'1,"a\rb",x\n', "a\rb"),
        (b'1,"C:\\",x\n', "C:\\"),
        (b'1,"",x\n', ""),
        (b'1,"""",x\n', '"'),
        (b"1,,x\n", ""),
        (b"1, Emma ,x\n", " Emma "),
        (b"1,\xc3\x89mile,x\n", "Émile"),
        (b"1,\xe2\x80\xa8Emma,x\n", "\u2028Emma"),
    ],
    ids=[
        "a delimiter in quotes",
        "a doubled quote",
        "a line break in quotes",
        "a Windows line break in quotes",
        "a carriage return in quotes",
        "a backslash before a quote",
        "an empty field in quotes",
        "a quote alone",
        "an empty field",
        "blanks around a field",
        "UTF-8",
        "a Unicode line separator, which ends no record",
    ],
)
def test_a_field_is_read_by_rfc_4180_and_not_changed(company, record, title):
    # A block that is clean is read at once, one that is not record by record.
    first, *_ = read(record + company)

    assert (first.fields, first.fault, first.raw) == (["1", title, "x"], "", record)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (b"1,Em\x00ma,x\n", "record: a NUL byte"),
        (b"1,\xc9mile,x\n", "record: not utf-8: byte 2 of the record is 0xc9"),
        (b"1,Emma\n", "record: 2 fields where the header has 3"),
        (b"1,Emma,x,y\n", "record: 4 fields where the header has 3"),
        (b'1,"Em"ma,x\n', "record: text behind the quote that closes a field"),
        (b'1,Em"ma,x\n', "record: a quote in an unquoted field"),
        (b'1, "Emma",x\n', "record: a quote in an unquoted field"),
        (b'1,"Emma" ,x\n', "record: text behind the quote that closes a field"),
        (b"1,Em\rma,x\n", "record: a carriage return outside quotes that ends no line"),
        (b'1,"Emma"\r,x\n', "record: a carriage return outside quotes that ends no line"),
        (b" \n", "record: 1 fields where the header has 3"),
    ],
    ids=[
        "a NUL byte",
        "a wrong encoding",
        "a field too few",
        "a field too many",
        "text after a quote",
        "a quote in mid-field",
        "a blank before a quote",
        "a blank after a quote",
        "a lone carriage return",
        "one behind a quote",
        "blanks alone",
    ],
)
def test_a_record_that_cannot_be_read_says_why_and_loses_no_other(record, fault):
    unreadable, good = read(record + b"2,Ulysses,y\n")

    assert (unreadable.fields, unreadable.raw, unreadable.fault) == (None, record, fault)
    assert (good.number, good.fields, good.fault) == (2, ["2", "Ulysses", "y"], "")


def test_a_quote_that_is_never_closed_takes_the_rest_of_the_file_and_nothing_before():
    good, rest = read(b'1,Emma,x\n2,"Ulysses,y\n3,Dune,z\n')

    assert good.fields == ["1", "Emma", "x"]
    assert (rest.number, rest.start, rest.raw) == (2, 23, b'2,"Ulysses,y\n3,Dune,z\n')
    assert (rest.fields, rest.fault) == (None, "record: a quote is not closed before the file ends")


def test_the_last_record_of_a_file_needs_no_line_feed():
    _, last = read(b'1,Emma,x\n2,"Ulysses",y')

    assert (last.raw, last.fields) == (b'2,"Ulysses",y', ["2", "Ulysses", "y"])


def test_blank_lines_have_a_number_and_are_no_records():
    assert [record.number for record in read(b"\n1,Emma,x\n\r\n2,Ulysses,y\n")] == [2, 4]


def test_the_encoding_is_the_feeds():
    (record,) = read(b"1,\xc9mile,x\n", FEED.model_copy(update={"encoding": "latin-1"}))

    assert record.fields == ["1", "Émile", "x"]


def test_without_quoting_a_quote_is_a_character():
    feed = FEED.model_copy(update={"quoting": "none", "delimiter": "|"})

    first, second = read(b'1|5" disk|x\n2|"a|y\r\n', feed)

    assert (first.fields, second.fields) == (["1", '5" disk', "x"], ["2", '"a', "y"])
