import os

import pytest

from jobs_config.loader import load_feed
from spark_jobs.errors import ExtractionError
from spark_jobs.extract import csv_feed

FEED = load_feed("till_archive")
CONTENT = b"RECEIPT|LINE|TYPE|EAN|STORE|TIME|QTY|PRICE\nA|1|S|9780306406157|X|20240101 000000|1|100\n\nB|2\n"


@pytest.fixture
def opened(tmp_path):
    path = tmp_path / "night.csv"
    path.write_bytes(CONTENT)
    return path, csv_feed._open(path, FEED, tmp_path)


def test_a_file_is_in_order_when_every_physical_record_is_header_blank_or_record(opened):
    _, file = opened

    checked = csv_feed._checked(file, FEED, records=2, unreadable=1)

    assert (checked.physical, checked.blank, checked.records, checked.unreadable) == (4, 1, 2, 1)


@pytest.mark.parametrize("records", [0, 1, 3])
def test_a_file_of_which_a_record_is_missing_or_too_many_is_not_loaded(opened, records):
    _, file = opened

    with pytest.raises(
        ExtractionError, match=rf"night\.csv: 4 physical records, .* 1 blank lines and {records} records"
    ):
        csv_feed._checked(file, FEED, records, 0)


@pytest.mark.parametrize("keeps_time", [False, True], ids=["as it happens", "by somebody who sets the clock back"])
def test_a_file_that_changed_while_it_was_read_is_not_loaded(opened, keeps_time):
    path, file = opened
    before = path.stat()
    path.write_bytes(CONTENT.replace(b"|100", b"|999"))
    if keeps_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    with pytest.raises(
        ExtractionError, match=r"night\.csv: changed while it was read; import it again once it is complete"
    ):
        csv_feed._checked(file, FEED, 2, 1)


def test_a_file_that_is_gone_is_named(opened):
    path, file = opened
    path.unlink()

    with pytest.raises(ExtractionError, match=r"night\.csv: cannot be read \(No such file or directory\)"):
        csv_feed._checked(file, FEED, 2, 1)
