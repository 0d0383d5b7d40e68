"""A shop as files: the same rows as in the database, whatever the format and however many processes made them."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date

import deltalake
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from datagen.files import export, workers
from datagen.files.export import export_shop
from datagen.files.parts import Parts
from datagen.plan import ShopPlan
from datagen.world import make_world, plan_sales, shop_tables
from jobs_config.errors import ConfigError, RefusedError
from jobs_config.progress import Progress

PLAN = ShopPlan(sales=600_000, years=1, until=date(2025, 6, 30))
SMALL = ShopPlan(sales=1_000, years=1, until=date(2025, 6, 30))


@pytest.fixture(scope="module")
def two_blocks(tmp_path_factory):
    """A shop of more than one block, made by two processes."""
    folder = tmp_path_factory.mktemp("files") / "shop"
    shop = export_shop(PLAN, folder, "parquet", 2, Progress(io.StringIO(), terminal=False))
    return folder, shop


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def test_files_hold_the_rows_that_a_database_gets(two_blocks):
    folder, shop = two_blocks
    expected = {}
    for name, rows in shop_tables(PLAN):
        expected.setdefault(name, []).append(rows)

    assert len(list((folder / "sales_sale").iterdir())) == 2
    for name, parts in expected.items():
        found, rows = pyarrow.parquet.read_table(folder / name), pa.concat_tables(parts)
        assert shop.row_counts[name] == found.num_rows == rows.num_rows
        assert found.cast(rows.schema).equals(rows), name


def test_one_process_makes_the_very_files_that_two_make(two_blocks, tmp_path, quiet):
    export_shop(PLAN, tmp_path / "shop", "parquet", 1, quiet)

    assert digests(tmp_path / "shop") == digests(two_blocks[0])


def test_a_finished_export_holds_its_manifest_and_nothing_of_how_it_was_made(two_blocks):
    folder, shop = two_blocks
    manifest = json.loads((folder / "manifest.json").read_text())

    assert manifest["rows"] == shop.row_counts
    assert manifest["plan"]["sales"] == PLAN.sales
    assert {path.name for path in folder.iterdir()} == {"manifest.json", *shop.row_counts}
    assert [path for path in folder.rglob("*") if path.name.startswith("_")] == []
    assert not folder.with_name("shop.partial").exists()


def test_money_is_exact_and_times_are_utc_in_parquet(two_blocks):
    schema = pyarrow.parquet.read_schema(two_blocks[0] / "sales_sale" / "part-00000.parquet")

    assert schema.field("unit_price").type == pa.decimal128(12, 2)
    assert schema.field("sold_at").type == pa.timestamp("us", "UTC")
    assert schema.field("quantity").type == pa.int32()


def test_a_delta_table_holds_the_same_rows_as_parquet(tmp_path, quiet):
    export_shop(SMALL, tmp_path / "delta", "delta", 1, quiet)
    export_shop(SMALL, tmp_path / "parquet", "parquet", 1, quiet)

    for name in ("sales_sale", "books_book", "etl_tombstone"):
        rows = pa.table(deltalake.DeltaTable(tmp_path / "delta" / name).to_pyarrow_table())
        assert rows.sort_by("id").equals(pyarrow.parquet.read_table(tmp_path / "parquet" / name))


def test_csv_has_a_header_and_every_row(tmp_path, quiet):
    export_shop(SMALL, tmp_path / "csv", "csv", 1, quiet)

    rows = pyarrow.csv.read_csv(tmp_path / "csv" / "sales_sale" / "part-00000.csv")
    assert rows.num_rows == SMALL.sales
    assert rows.column_names[:4] == ["id", "order_id", "line_number", "kind"]


@contextmanager
def interrupted_at(monkeypatch, name):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(export, name, interrupted)
        yield


def test_an_interrupted_export_shows_nothing_and_the_next_one_goes_on(tmp_path, quiet, monkeypatch):
    with interrupted_at(monkeypatch, "tombstones_table"):
        export_shop(SMALL, tmp_path / "shop", "parquet", 1, quiet)
    part = tmp_path / "shop.partial" / "sales_sale" / "part-00000.parquet"
    assert not (tmp_path / "shop").exists()
    made = part.stat()

    resumed = export_shop(SMALL, tmp_path / "shop", "parquet", 1, quiet)
    export_shop(SMALL, tmp_path / "whole", "parquet", 1, quiet)

    assert resumed.is_resumed
    assert (tmp_path / "shop" / "sales_sale" / part.name).stat().st_ino == made.st_ino
    assert digests(tmp_path / "shop") == digests(tmp_path / "whole")


def test_what_another_plan_left_behind_is_not_used(tmp_path, quiet, monkeypatch):
    other = ShopPlan(sales=900, years=1, until=SMALL.until)
    with interrupted_at(monkeypatch, "tombstones_table"):
        export_shop(other, tmp_path / "shop", "parquet", 1, quiet)

    assert not export_shop(SMALL, tmp_path / "shop", "parquet", 1, quiet).is_resumed
    assert pyarrow.parquet.read_table(tmp_path / "shop" / "sales_sale").num_rows == SMALL.sales


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path, quiet):
    (tmp_path / "shop").mkdir()

    with pytest.raises(RefusedError, match="there already"):
        export_shop(SMALL, tmp_path / "shop", "parquet", 1, quiet)

    assert list(tmp_path.iterdir()) == [tmp_path / "shop"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path, quiet):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot be written to"):
        export_shop(SMALL, tmp_path / "file" / "shop", "parquet", 1, quiet)


def test_two_exports_do_not_write_to_one_folder(tmp_path, quiet):
    with export.held(tmp_path / "shop.partial"), pytest.raises(RefusedError, match="another generation writes here"):
        export_shop(SMALL, tmp_path / "shop", "parquet", 1, quiet)


def test_a_process_that_fails_ends_the_others_and_says_why(tmp_path, monkeypatch):
    parts = Parts(tmp_path, PLAN, "parquet")
    (tmp_path / "sales_sale").mkdir()  # and no folder for what blocks leave to each other
    planned = plan_sales(make_world(PLAN))

    with pytest.raises(workers.ShopError, match="No such file or directory"):
        workers.make_blocks_by_processes(PLAN, parts, planned.blocks, 2, lambda _: None)


@pytest.mark.slow
def test_a_killed_generation_is_finished_by_the_next_and_becomes_the_same(two_blocks, tmp_path):
    line = [
        sys.executable,
        "-m",
        "booksales.cli",
        "generate",
        f"--sales={PLAN.sales}",
        "--years=1",
        f"--until={PLAN.until}",
    ]
    line += ["--to=parquet", f"--out={tmp_path / 'shop'}", "--processes=1"]
    first_block = tmp_path / "shop.partial" / "sales_sale" / "part-00000.parquet"
    with subprocess.Popen(line, env={**os.environ, "BOOKSALES_HOME": str(tmp_path / "home")}) as process:
        while not first_block.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "shop").exists()

    again = subprocess.run(
        line, env={**os.environ, "BOOKSALES_HOME": str(tmp_path / "home")}, capture_output=True, text=True
    )

    assert "finished what an interrupted run had begun" in again.stdout
    assert digests(tmp_path / "shop") == digests(two_blocks[0])
