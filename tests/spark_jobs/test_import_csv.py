"""Which files of a call are loaded, which were, and which cannot be; without Spark."""

from pathlib import Path

import pytest

from jobs_config.errors import ConfigError
from jobs_config.loader import load_feed
from spark_jobs.control.results import FileResult
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.csv_file import content_hash
from spark_jobs.import_csv import Asked, replaced_hash, sort_files

FEED = load_feed("goodbooks")


@pytest.fixture
def ledger(tmp_path):
    return RunLedger(f"sqlite:///{tmp_path / 'ledger.db'}")


def written(folder: Path, *names: str) -> list[Path]:
    """Files that hold their own name."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return paths


def note_loaded(ledger: RunLedger, path: Path, run_seq: int, feed: str = "goodbooks") -> str:
    sha256 = content_hash(path)
    ledger.record_files(run_seq, feed, [FileResult(sha256, path.name, 3, 0, 2, 2, 0, 0)])
    return sha256


def test_a_folder_stands_for_the_csv_files_below_it(tmp_path, ledger):
    written(tmp_path, "in/b.csv", "in/deep/a.CSV", "in/c.csv.gz", "in/notes.txt", "in/.hidden")

    found = sort_files([tmp_path / "in"], ledger)

    assert [path.name for path in found.fresh] == ["b.csv", "c.csv.gz", "a.CSV"]
    assert (found.known, found.refused) == ({}, {})


def test_what_is_no_file_is_refused_and_holds_up_no_other(tmp_path, ledger):
    (good,) = written(tmp_path, "good.csv")
    (tmp_path / "empty_folder").mkdir()

    found = sort_files([tmp_path / "missing.csv", tmp_path / "empty_folder", good, Path("/dev/null")], ledger)

    assert found.fresh == [good]
    assert [reason.partition(": ")[2] for reason in found.refused.values()] == [
        "cannot be read (No such file or directory)",
        "no file below it ends in .csv or .csv.gz",
        "is no regular file; copy what it gives into one",
    ]


def test_a_file_is_loaded_once_under_whatever_name(tmp_path, ledger):
    may, june = written(tmp_path, "may.csv", "june.csv")
    copy = tmp_path / "copy.csv"
    copy.write_bytes(june.read_bytes())
    note_loaded(ledger, may, 3)

    found = sort_files([may, june, copy, june], ledger)

    assert (found.known, found.fresh) == ({may: 3}, [june])
    assert sort_files([may], ledger, again=True).fresh == [may]


def test_the_file_that_is_replaced_is_found_by_name_content_or_hash(tmp_path, ledger):
    may, june, july = written(tmp_path, "may.csv", "june.csv", "july.csv")
    sha256 = note_loaded(ledger, may, 3)
    note_loaded(ledger, june, 4, feed="another")

    assert replaced_hash(Asked(FEED, []), ledger) == ""
    for name in ("may.csv", str(may), sha256):
        assert replaced_hash(Asked(FEED, [], name), ledger) == sha256
    for name in ("june.csv", str(june), str(july), "nothing"):
        with pytest.raises(ConfigError, match="was never loaded for feed goodbooks"):
            replaced_hash(Asked(FEED, [], name), ledger)


def test_a_name_that_was_loaded_twice_says_too_little(tmp_path, ledger):
    first, second = written(tmp_path, "a/report.csv", "b/report.csv")
    second.write_text("other")
    hashes = [note_loaded(ledger, first, 3), note_loaded(ledger, second, 4)]

    with pytest.raises(
        ConfigError, match=r"report\.csv: .* was loaded 2 times for feed goodbooks; give the content hash"
    ):
        replaced_hash(Asked(FEED, [], "report.csv"), ledger)

    ledger.forget_file(hashes[0])
    assert replaced_hash(Asked(FEED, [], "report.csv"), ledger) == hashes[1]
