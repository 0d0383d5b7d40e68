"""Records are told apart in three ways: over whole blocks, field by field, and by the counter that shares nothing with them."""

import random

import pytest

from jobs_config.feed import FeedConfig
from spark_jobs.extract import csv_boundaries, csv_count, csv_file
from spark_jobs.extract.csv_count import count_physical_records
from spark_jobs.extract.csv_file import blocks_of
from spark_jobs.extract.csv_records import read_block

FEED = FeedConfig(feed="small_feed", target="titles", key=("book_id",), columns={"book_id": "id", "title": "title"})
HEADER = b"id,title\n"
# What decides where a record ends, and little else.
ALPHABET = b'a,"\n\r'


def ends(block: bytes) -> tuple[list[int], bool]:
    found, well_placed = csv_boundaries.record_ends(block, FEED)
    return found.tolist(), well_placed


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"a,b\nc,d\n", ([4, 8], True)),
        (b"a,b\nc,d", ([4], True)),
        (b'"a\n","b"\nc,d\n', ([9, 13], True)),
        (b'a,""\n', ([5], True)),
        (b'a,"""\n"""\n', ([10], True)),
        (b'a,"\nb,c\n', ([], True)),
        (b'a,"b"\r\nc\n', ([7, 9], True)),
        (b'a,b"\nc\n', ([5, 7], False)),
        (b'a,"b"c\n"d"\n', ([7, 11], False)),
        (b'a\n,a",\n', ([2, 7], False)),
    ],
    ids=[
        "no quotes",
        "no line feed at the end",
        "a line feed in quotes",
        "an empty field in quotes",
        "doubled quotes around a line feed",
        "a quote that is not closed",
        "a quote before a Windows line break",
        "a quote in mid-field",
        "text after a quote",
        "a stray quote in the last record",
    ],
)
def test_a_record_ends_at_a_line_feed_outside_quotes(block, expected):
    assert ends(block) == expected


def test_both_ways_find_the_same_ends_wherever_the_first_is_sure(monkeypatch):
    generator = random.Random(20260)
    blocks = [bytes(generator.choices(ALPHABET, k=generator.randrange(1, 25))) for _ in range(20_000)]
    sure = [block for block in blocks if ends(block)[1]]

    differing = [block for block in sure if ends(block)[0] != list(csv_boundaries._exact_ends(block, ","))]

    assert differing == []
    assert len(sure) > 5_000
    # The control: were every quote believed, some ends would be others.
    monkeypatch.setattr(csv_boundaries, "_are_well_placed", lambda *_: True)
    assert any(ends(block)[0] != list(csv_boundaries._exact_ends(block, ",")) for block in blocks)


def test_the_counter_finds_as_many_records_as_the_reader_in_blocks_of_any_size(tmp_path, monkeypatch):
    path, generator = tmp_path / "some.csv", random.Random(20261)
    for _ in range(3_000):
        monkeypatch.setattr(csv_count, "BLOCK", generator.randrange(1, 9))
        monkeypatch.setattr(csv_file, "BLOCK", generator.randrange(1, 40))
        path.write_bytes(HEADER + bytes(generator.choices(ALPHABET, k=generator.randrange(0, 40))))
        content = path.read_bytes()

        blocks = list(blocks_of(path, FEED, len(HEADER)))
        read = [
            record
            for block in blocks
            for record in read_block(content[block.start : block.end], FEED, 2, block.number, block.start)
        ]

        counted = count_physical_records(path, ",")
        assert counted == 1 + sum(block.records for block in blocks), content
        assert counted == 1 + sum(block.blank for block in blocks) + len(read), content
        numbers = [record.number for record in read]
        assert numbers == sorted(set(numbers)), content


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"id,title\n1,Emma\n2,Ulysses\n", 3),
        (b"id,title\n1,Emma\n2,Ulysses", 3),
        (b"id,title\r\n1,Emma\r\n\r\n", 3),
        (b'\xef\xbb\xbf"id",title\n1,"Two\nlines and ""three\n"""\n', 2),
        (b'id,title\n1,"' + b"long\n" * 1_200_000 + b'"\n2,Ulysses\n', 3),
        (b'id,title\n1,"never closed\n2,Ulysses\n', 2),
        (b"", 0),
    ],
    ids=[
        "a line feed at the end",
        "none at the end",
        "a blank line",
        "a byte order mark before a quote",
        "a record over more than one block",
        "a quote that is not closed",
        "an empty file",
    ],
)
def test_physical_records_are_counted_by_what_a_person_would_count(tmp_path, content, count):
    (tmp_path / "some.csv").write_bytes(content)

    assert count_physical_records(tmp_path / "some.csv", ",") == count
