"""Hostile files through bronze into silver and quarantine, held against the answer key of their generator."""

from collections import Counter
from pathlib import Path

import pytest
from hostile_files import FAULTS, ODDITIES, WHOLE_FILE, HostileFile, HostileRecord, hostile_files

from jobs_config.feed import FeedConfig
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.csv_batches import BatchReader, PlainFile, decrypted
from spark_jobs.extract.csv_count import count_physical_records
from spark_jobs.extract.csv_feed import Secrets, deliver
from spark_jobs.extract.csv_file import content_hash, decompress, is_compressed, read_header
from spark_jobs.feed_merge import Imported, check_files, merge_feed
from spark_jobs.quarantine import QUARANTINE
from spark_jobs.runner import Run
from spark_jobs.tables import Lake

SEED = 20_261_127
KEY = bytes(range(32))
FEED = FeedConfig(
    feed="hostile", target="titles", key=("book_id",),
    columns={
        "book_id": {"header": "number", "type": "bigint", "required": True},
        "title": {"header": "title", "required": True},
        "author_names": {"header": "authors", "required": True},
        "isbn13": {"header": "isbn", "required": True},
        "published_year": {"header": "year", "type": "int", "required": False},
        "price": {"header": "price", "type": "decimal(12,2)"},
        "sold_on": {"header": "day", "type": "date", "formats": ["YYYY-MM-DD"]},
    },
)  # fmt: skip
# Their names in the answer key.
SAID = {
    "book_id": "number",
    "title": "title",
    "isbn13": "isbn",
    "published_year": "year",
    "price": "price",
    "sold_on": "day",
}


def write(folder: Path, files: list[HostileFile]) -> None:
    for file in files:
        (folder / file.name).write_bytes(file.content)


def wanted(file: HostileFile) -> list[HostileRecord]:
    return [record for record in file.records if not record.is_blank]


def test_the_generator_plants_every_fault_and_is_repeatable():
    files = list(hostile_files(60, SEED))
    planted = Counter(record.what for file in files for record in file.records)

    assert [file.content for file in hostile_files(60, SEED)] == [file.content for file in files]
    assert {file.what for file in files if file.is_refused} == {what for what, _ in WHOLE_FILE}
    assert len(planted) >= len({*ODDITIES}) + len(FAULTS)
    refused = sum(record.values is None for file in files for record in wanted(file))
    assert 0.2 < refused / sum(len(wanted(file)) for file in files) < 0.5


def judge(spark, tmp_path, count: int) -> None:
    files = list(hostile_files(count, SEED))
    write(tmp_path, files)
    lake, by_name = Lake(spark, str(tmp_path / "lake")), {file.name: file for file in files}

    delivery = deliver(lake, FEED, [tmp_path / file.name for file in files], 1, Secrets(KEY))

    assert {path.name for path in delivery.refused} == {file.name for file in files if file.is_refused}
    assert all(str(path) in reason for path, reason in delivery.refused.items())
    of_hash = {file.sha256: by_name[file.path.name] for file in delivery.files}
    run = Run(1, lake, RunLedger(f"sqlite:///{tmp_path / 'ledger.db'}"), FEED.feed, {"feed": FEED.feed, "run_seq": 1})
    imported = Imported(FEED, delivery.files)
    compared = merge_feed(run, imported)
    accepted = check_files(run, imported, compared)
    for file in delivery.files:
        records = of_hash[file.sha256].records
        assert file.physical == 1 + len(records)
        assert file.blank == sum(record.is_blank for record in records)
        assert accepted.get(file.sha256, 0) == sum(record.values is not None for record in records), file.path.name
    titles = lake.read("silver.titles").collect()
    answers = {
        (sha256, place): record
        for sha256, file in of_hash.items()
        for place, record in enumerate(file.records, start=1)
        if not record.is_blank
    }
    for row in titles:
        answer = answers.pop((row["file_sha256"], row["record_number"])).values
        assert answer is not None, row
        assert (row["book_id"], row["title"], row["isbn13"], row["published_year"], row["author_names"]) == (
            answer["number"], answer["title"], answer["isbn"], answer["year"], [answer["authors"]],
        )  # fmt: skip
    for row in lake.read(QUARANTINE).collect():
        answer = answers.pop((row["file_sha256"], row["record_number"]))
        assert answer.values is None, (answer, row["reasons"])
        assert row["reasons"], answer
        assert all(": " in reason or reason == "isbn13_check_digit" for reason in row["reasons"]), row["reasons"]
        assert decrypted(bytes.fromhex(row["raw"]), KEY) == answer.raw
    assert answers == {}


def test_sixty_hostile_files_end_as_their_answer_key_says(spark, tmp_path):
    judge(spark, tmp_path, 60)


@pytest.mark.slow  # a thousand files
def test_a_thousand_hostile_files_end_as_their_answer_key_says(spark, tmp_path):
    judge(spark, tmp_path, 1_000)


def test_no_value_of_a_thousand_hostile_files_is_read_wrong(tmp_path):
    """Every column, without Spark: what is accepted is what was meant. That an ISBN is wrong, silver says."""
    files = [file for file in hostile_files(1_000, SEED) if not file.is_refused]
    reader = BatchReader(FEED, KEY)
    for file in files:
        path, plain = tmp_path / file.name, tmp_path / "plain"
        path.write_bytes(file.content)
        if is_compressed(path):
            decompress(path, plain)
        else:
            plain = path
        header = read_header(plain, FEED)
        size = plain.stat().st_size
        block = {"start": header.length, "end": size, "number": 1}
        read = reader.batch(
            reader._records(PlainFile(str(plain), "", header), block), PlainFile("", "", header)
        ).to_pylist()

        assert count_physical_records(plain, ",") == 1 + len(file.records), file.name
        assert len(read) == len(wanted(file)), file.name
        for row, answer in zip(read, wanted(file), strict=True):
            if answer.values is not None:
                assert row["_refused"] == [], answer
                assert {name: row[name] for name in SAID} == {name: answer.values[said] for name, said in SAID.items()}
            else:
                assert row["_refused"] or answer.what.startswith("isbn"), answer
    assert content_hash(tmp_path / files[0].name)
