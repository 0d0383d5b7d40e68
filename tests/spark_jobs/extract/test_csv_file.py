import gzip
import hashlib
import os

import pytest

from jobs_config.feed import FeedConfig
from spark_jobs.errors import ExtractionError
from spark_jobs.extract import csv_file
from spark_jobs.extract.csv_file import (
    Header,
    blocks_of,
    content_hash,
    decompress,
    is_compressed,
    read_header,
    state_of,
)

FEED = FeedConfig(
    feed="small_feed",
    target="titles",
    key=("book_id",),
    columns={
        "title": {"header": "title", "required": True},
        "book_id": {"header": "id", "aliases": ["nr"], "required": True},
        "language": "lang",
    },
    ignored=("note", "image"),
)


@pytest.fixture
def written(tmp_path):
    def write(content: bytes, name: str = "titles.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (b"id,title,note\n1,Emma,x\n", Header(3, (1, 0, -1), 14, "id,title,note\n")),
        (b"note,lang,title,nr\r\n", Header(4, (2, 3, 1), 20, "note,lang,title,nr\r\n")),
        (b'\xef\xbb\xbf"id",title\n', Header(2, (1, 0, -1), 14, '"id",title\n')),
        (b"id,title", Header(2, (1, 0, -1), 8, "id,title")),
    ],
    ids=["other places", "an alias and an optional column", "a byte order mark", "nothing but a header"],
)
def test_columns_are_found_by_their_header_and_not_by_their_place(written, content, header):
    assert read_header(written(content), FEED) == header


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"id,title,id\n", "twice 'id'"),
        (b"id,title,nr\n", "twice 'id and nr'"),
        (b"id,note\n", "missing 'title'"),
        (b"id,title,price\n", "unknown 'price'"),
        (b"id,id,price\n", "twice 'id'; missing 'title'; unknown 'price'"),
        (b"ID,title\n", "missing 'id'; unknown 'ID'"),
        (b"id;title\n", "missing 'title', 'id'; unknown 'id;title'"),
        (b"id,title,\n", "unknown ''"),
        (b"", "no header (the file is empty); feed small_feed expects title, id, nr, lang, note, image"),
        (b"\n1,Emma\n", "no header (its first line is blank)"),
        (b"id,ti\x00tle\n", "no header (a NUL byte)"),
        (b"id,title\r1,Emma\r", "no header (a carriage return outside quotes that ends no line)"),
        (b'id,"title\n1,Emma\n', "its first record has no end within 4 MiB; a quote is not closed"),
        ("id,title\n".encode("utf-16"), "is UTF-16; feed small_feed expects text in utf-8"),
        (b"PK\x03\x04 and so on", "is a zip archive or a spreadsheet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no header (not utf-8"),
    ],
    ids=[
        "a name twice",
        "a name and its alias",
        "a missing name",
        "an unknown name",
        "every fault at once",
        "other capitals",
        "another delimiter",
        "a blank name",
        "an empty file",
        "a blank first line",
        "a NUL byte",
        "line breaks of old Macs",
        "a quote that is not closed",
        "UTF-16",
        "a spreadsheet",
        "a picture",
    ],
)
def test_a_file_that_is_not_the_feeds_is_refused_with_what_it_is(written, content, fault):
    path = written(content)

    with pytest.raises(ExtractionError) as refused:
        read_header(path, FEED)

    assert str(refused.value).startswith(f"{path}: ")
    assert fault in str(refused.value)


def test_a_file_is_known_by_its_content_and_not_by_its_name(written):
    may, june = written(b"id,title\n", "may.csv"), written(b"id,title\n", "june.csv")

    assert content_hash(may) == content_hash(june) == hashlib.sha256(b"id,title\n").hexdigest()


def test_what_is_no_readable_file_is_named_with_what_would_do(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")

    with pytest.raises(ExtractionError, match=r"may\.csv: cannot be read \(No such file or directory\)"):
        state_of(tmp_path / "may.csv")
    with pytest.raises(ExtractionError, match=r"folder\.csv: is a folder"):
        content_hash(tmp_path / "folder.csv")
    with pytest.raises(ExtractionError, match=r"pipe\.csv: is no regular file"):
        content_hash(tmp_path / "pipe.csv")


def test_gzip_is_told_by_its_first_bytes_and_unpacked(written, tmp_path):
    path = written(gzip.compress(b"id,title\n1,Emma\n"), "titles.csv")

    decompress(path, tmp_path / "plain")

    assert is_compressed(path)
    assert (tmp_path / "plain").read_bytes() == b"id,title\n1,Emma\n"
    assert not is_compressed(tmp_path / "plain")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (gzip.compress(os.urandom(5_000))[:-2_000], "the gzip file is cut short after"),
        (gzip.compress(b"id,title\n" * 99)[:-8] + b"\0" * 8, "the gzip file is damaged"),
        (gzip.compress(b"\0" * (64 << 20)), "grows to more than 200 times its size"),
    ],
    ids=["cut short", "a wrong check sum", "a bomb"],
)
def test_a_gzip_file_that_is_not_whole_or_grows_beyond_measure_is_refused(written, tmp_path, content, fault):
    path = written(content, "titles.csv.gz")

    with pytest.raises(ExtractionError, match=fault) as refused:
        decompress(path, tmp_path / "plain")

    assert str(refused.value).startswith(f"{path}: ")


def test_a_record_that_is_too_long_is_named_by_number_and_place_and_not_held_in_memory(written, monkeypatch):
    monkeypatch.setattr(csv_file, "BLOCK", 1 << 10)
    monkeypatch.setattr(csv_file, "LONGEST_RECORD", 1 << 20)
    path = written(b"id,title\n1,Emma\n2," + b"x" * (3 << 20) + b"\n3,Dune\n")

    with pytest.raises(ExtractionError, match=r"titles\.csv: record 2, at byte 16, has no end within 1 MiB"):
        list(blocks_of(path, FEED, 9))
