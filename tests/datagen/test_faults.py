"""Planted faults: the answer key names every record that differs from a clean export, and says how."""

import csv
import json
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from datagen.files.damaged import DAMAGES
from datagen.files.export import export_shop
from datagen.files.faults import FAULTS, REPEATED
from datagen.plan import ShopPlan
from jobs_config.errors import ConfigError

PLAN = ShopPlan(sales=3_000, years=1, until=date(2025, 6, 30))
SHARE = 0.05


@pytest.fixture(scope="module")
def clean(tmp_path_factory, quiet_progress):
    return exported(tmp_path_factory.mktemp("clean"), quiet_progress, 0.0)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory, quiet_progress):
    return exported(tmp_path_factory.mktemp("faulty"), quiet_progress, SHARE)


@pytest.fixture(scope="module")
def key(faulty):
    return json.loads((faulty / "faults.json").read_text())


def exported(folder, progress, share):
    export_shop(replace(PLAN, faults=share), folder / "shop", "csv", 1, progress)
    return folder / "shop"


def records(folder, table):
    """The records of a table as lists of texts; bytes that are no UTF-8 as escapes."""
    text = (folder / table / "part-00000.csv").read_text(encoding="utf-8", errors="backslashreplace")
    return list(csv.reader(text.splitlines(keepends=True)))


@pytest.mark.parametrize("table", FAULTS)
def test_the_key_names_each_record_that_differs_and_no_other(clean, faulty, key, table):
    planted = {fault["record"]: fault for fault in key if fault["table"] == table}
    names, *before = records(clean, table)
    _, *after = records(faulty, table)
    unread = iter(before)

    for number, found in enumerate(after, start=1):
        fault = planted.pop(number, None)
        if fault is None:
            assert found == next(unread)
        else:
            place = names.index(fault["column"])
            original = after[number - 2] if fault["fault"] == REPEATED else next(unread)
            assert [text for n, text in enumerate(found) if n != place] == [
                text for n, text in enumerate(original) if n != place
            ]
            assert original[place] == fault["before"].strip('"')
            assert found[place] == fault["after"].strip('"') != original[place]
            assert fault["key"] == original[names.index("id")]
    assert planted == {}
    assert list(unread) == []


@pytest.mark.parametrize("table", FAULTS)
def test_every_kind_of_fault_is_planted_about_as_often(key, table):
    counts = Counter(fault["fault"] for fault in key if fault["table"] == table)

    assert set(counts) == {name for name, _, _ in FAULTS[table]}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_as_many_records_are_damaged_as_were_asked_for(clean, key):
    assert sum(fault["table"] == "sales_sale" for fault in key) == round(PLAN.sales * SHARE)


def test_tables_without_faults_are_as_they_were(clean, faulty):
    assert records(clean, "sales_customer") == records(faulty, "sales_customer")


def test_files_that_are_damaged_as_a_whole_lie_beside_the_good_ones(clean, faulty):
    found = {path.stem: path.read_bytes() for path in (faulty / "damaged_files").iterdir()}
    good = (clean / "books_publisher" / "part-00000.csv").read_bytes()

    assert set(found) == set(DAMAGES)
    assert found["empty"] == b""
    assert found["byte_order_mark"] == b"\xef\xbb\xbf" + good
    assert found["delivered_twice"] == found["delivered_twice_again"] == good
    assert good.startswith(found["truncated_last_record"])
    assert not found["truncated_last_record"].endswith(b"\n")
    assert b"country_code" not in found["renamed_header"]
    widths = {name: {len(record) for record in csv.reader(found[name].decode().splitlines())} for name in found}
    whole = {len(good.splitlines()[0].split(b","))}
    assert widths["extra_column"] == {next(iter(whole)) + 1}
    assert widths["missing_column"] == {next(iter(whole)) - 1}


def test_nothing_is_planted_unasked(clean):
    assert not (clean / "faults.json").exists()
    assert not (clean / "damaged_files").exists()


@pytest.mark.parametrize(
    ("share", "format_", "said"),
    [(1.5, "csv", "from 0 to 0.5"), (-0.1, "csv", "from 0 to"), (0.1, "parquet", "CSV files")],
)
def test_impossible_faults_are_refused(tmp_path, quiet, share, format_, said):
    with pytest.raises(ConfigError, match=said):
        export_shop(replace(PLAN, faults=share), tmp_path / "shop", format_, 1, quiet)

    assert list(tmp_path.iterdir()) == []
