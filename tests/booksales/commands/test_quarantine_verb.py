import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs_config.loader import load_feed
from jobs_config.state import open_state
from spark_jobs.extract.csv_batches import BatchReader, PlainFile
from spark_jobs.extract.csv_file import Header
from spark_jobs.extract.csv_records import CsvRecord
from spark_jobs.masking import masked

HEADER = "book_id,isbn,isbn13,authors,original_publication_year,original_title,title,language_code\n"
RAW = b'x7,,,"M\xc3\xbcller, Anna",1999,,"=Secret title",ger\n'
SHA = "ab" * 32


@pytest.fixture
def quarantine(home):
    """An installation in which one record of a CSV file and one row of the shop are aside."""
    state = open_state()
    feed, key = load_feed("goodbooks"), bytes.fromhex(state.secret("landing_key"))
    record = CsvRecord(1, 99, RAW, None, "record: 8 fields where the header has 9")
    batch = BatchReader(feed, key).batch([record], PlainFile("", SHA, Header(9, (0,) * len(feed.columns), 99)))
    columns = {
        "run_seq": [3, 2], "source": ["goodbooks", "bookstore"], "table_name": ["silver.titles", "silver.sales"],
        "row_key": [f"{SHA}/1", "bookstore/4711"], "business_date": pa.array([None, None], pa.date32()),
        "reasons": [["book_id: not a whole number", "title: required"], ["price_positive"]],
        "file_sha256": [SHA, None], "record_number": [1, None], "byte_start": [99, None], "byte_end": [150, None],
        "raw": [batch.column("_raw")[0].as_py().hex(), '{"sale_id":4711,"unit_price":-1.00}'],
    }  # fmt: skip
    write_deltalake(f"{state.lake}/silver/quarantine", pa.table(columns))
    manifest = Path(state.lake) / "bronze" / "goodbooks" / "run=00000003" / "_sealed.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"headers": {SHA: HEADER}}))
    return state


def test_an_installation_without_quarantine_says_so(booksales, home):
    assert booksales("quarantine", "list").out == "nothing is quarantined\n"
    assert booksales("quarantine", "list", "--files").out == "no file was imported yet\n"
    assert booksales("quarantine", "show").out == "nothing is quarantined\n"


def test_records_are_counted_by_their_reasons(booksales, quarantine):
    told = json.loads(booksales("quarantine", "list", "--json").out)

    assert [(row["source"], row["run_seq"], row["reason"], row["record_count"]) for row in told] == [
        ("bookstore", 2, "price_positive", 1),
        ("goodbooks", 3, "book_id: not a whole number", 1),
        ("goodbooks", 3, "title: required", 1),
    ]
    assert json.loads(booksales("quarantine", "list", "--json", "--run", "2").out) == told[:1]
    assert json.loads(booksales("quarantine", "list", "--json", "--feed", "goodbooks").out) == told[1:]
    assert json.loads(booksales("quarantine", "list", "--json", "--reason", "price").out) == told[:1]


def test_a_record_is_shown_masked_with_its_place_and_reasons(booksales, quarantine):
    told = booksales("quarantine", "show", "--feed", "goodbooks")

    assert told.code == 0
    assert f"goodbooks → silver.titles, run 3: {SHA}/1" in told.out
    assert "bytes 99 to 150" in told.out
    assert "title: required" in told.out
    assert 'x0,,,"xxxxxx, xxxx",0000,,"=xxxxxx xxxxx",xxx' in told.out
    assert "Secret" not in told.out


def test_a_record_in_the_clear_is_in_the_audit_by_who_asked_and_not_by_what_it_says(booksales, quarantine):
    told = json.loads(booksales("quarantine", "show", "--feed", "goodbooks", "--raw", "--json").out)
    masked_entries = booksales("audit", "verify", "--json")

    assert told[0]["record"] == RAW.decode()
    assert json.loads(masked_entries.out)["entries"] == 2
    assert b"Secret" not in (quarantine.root / "audit.db").read_bytes()


def test_an_export_can_be_opened_in_a_spreadsheet_and_holds_what_there_is_to_repair(booksales, quarantine, tmp_path):
    path = tmp_path / "repair.csv"

    told = booksales("quarantine", "export", "--feed", "goodbooks", "--raw", "--output", str(path))

    assert told.code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    header, row = list(csv.reader(io.StringIO(path.read_text())))
    assert header == ["row_key", "reasons", "record"]
    assert row == [f"{SHA}/1", "book_id: not a whole number; title: required", RAW.decode()]
    again = booksales("quarantine", "export", "--feed", "goodbooks", "--raw", "--output", str(path))
    assert again.code == 2
    assert "name a file that is not there yet" in again.err


def test_another_key_than_the_records_were_encrypted_with_is_named(booksales, quarantine):
    (quarantine.root / "secrets" / "landing_key").write_text("11" * 32)

    told = booksales("quarantine", "show", "--feed", "goodbooks")

    assert told.code == 2
    assert "landing_key: is not the key that the records were encrypted with" in told.err


def test_a_replay_refuses_what_is_no_export_and_who_is_not_aside(booksales, quarantine, tmp_path):
    (tmp_path / "greek.csv").write_text(f'row_key,reasons,record\n{SHA}/1,x,"1;π"\n')
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    (tmp_path / "gone.csv").write_text(f'row_key,reasons,record\n{SHA}/9,x,"1,2"\n')

    odd = booksales("quarantine", "replay", str(tmp_path / "odd.csv"), "--feed", "goodbooks")
    gone = booksales("quarantine", "replay", str(tmp_path / "gone.csv"), "--feed", "goodbooks")
    greek = booksales("quarantine", "replay", str(tmp_path / "greek.csv"), "--feed", "publisher_corrections")
    nobody = booksales("quarantine", "replay", "--feed", "nobody")

    assert (odd.code, gone.code, greek.code, nobody.code) == (2, 2, 2, 2)
    assert "is no export of the quarantine; its columns are row_key, reasons, record" in odd.err
    assert f"{SHA}/9 is not quarantined for feed goodbooks" in gone.err
    assert "greek.csv: 'π' is no character of windows-1252" in greek.err
    assert "no 'nobody' in jobs_config/feeds" in nobody.err


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Müller, 12", "xxxxxx, 00"), ('"a_b";§', '"x_x";§'), ("東京 ٣", "xx 0"), ("", "")],
)
def test_a_mask_keeps_the_form_and_hides_letters_and_digits(text, shown):
    assert masked(text) == shown
