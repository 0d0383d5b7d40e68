import json
from contextlib import closing

import psycopg2
import pytest

SMALL = ["--sales", "300", "--years", "1", "--until", "2025-06-30"]


def execute(dsn, statement):
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_dry_run_says_how_many_rows_each_table_would_get_and_leaves_no_trace(booksales, home):
    told = booksales("generate", "--sales", "1000", "--dry-run")

    titles, *rows, takes = told.out.splitlines()
    assert told.code == 0
    assert takes.startswith("takes about 0.0 GiB of disk, 0.5 GiB of memory and ")
    assert titles.split() == ["table", "rows"]
    assert len(rows) == 15
    assert rows[-2].split() == ["sales_sale", "1,000"]
    assert not home.exists()


def test_a_dry_run_says_the_same_to_programs(booksales):
    told = json.loads(booksales("generate", "--sales", "1000", "--dry-run", "--json").out)

    assert told["rows"]["sales_sale"] == 1_000
    assert told["rows"]["sales_region"] == 30
    assert told["needs"]["disk_bytes"] > 100 * 1_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sales", "0"], "sales is 0; use a number from 1 to"),
        (["--years", "51"], "years is 51; use a number from 1 to 50"),
        (["--seed", "-1"], "seed is -1; use a number from 0 to"),
        (["--until", "2999-01-01"], "until is 2999-01-01, a day that is not over"),
        (["--to", "csv"], "--to csv needs a folder: --out FOLDER"),
        (["--out", "shop"], "--out belongs to files: name a format by --to"),
        (["--to", "csv", "--out", "shop", "--replace"], "--replace belongs to the embedded shop"),
    ],
    ids=[
        "no sales",
        "too many years",
        "a negative seed",
        "a day to come",
        "no folder",
        "a folder",
        "a folder to replace",
    ],
)
def test_a_shop_that_cannot_be_is_refused_before_anything_starts(booksales, home, arguments, said):
    refused = booksales("generate", *arguments)

    assert refused.code == 2
    assert refused.err.startswith(f"booksales generate: {said}")
    assert not home.exists()


def test_a_database_that_is_not_a_generated_shop_is_refused_and_an_empty_one_is_filled(booksales, embedded_shop):
    execute(embedded_shop, "create table orders as select 1 as id")

    refused = booksales("generate", *SMALL, "--replace")

    assert (refused.code, refused.out) == (3, "")
    assert "booksales generate: the database is not a generated shop: it has no mark" in refused.err
    assert "public.orders" in refused.err
    assert execute(embedded_shop, "select id from orders") == [(1,)]

    execute(embedded_shop, "drop table orders")
    filled = booksales("generate", *SMALL)

    assert filled.code == 0
    assert filled.out.endswith("generated just now\n")
    assert execute(embedded_shop, "select count(*) from sales_sale") == [(300,)]


def test_a_shop_that_is_there_is_kept_and_another_needs_leave_to_replace_it(booksales, embedded_shop):
    booksales("generate", *SMALL)

    again = booksales("generate", *SMALL)
    other = booksales("generate", *SMALL, "--seed", "8")
    replaced = booksales("generate", *SMALL, "--seed", "8", "--replace", "--json")

    assert again.out.endswith("this shop was there already; nothing was changed\n")
    assert (again.code, other.code, replaced.code) == (0, 3, 0)
    assert "booksales generate: the database holds another generated shop" in other.err
    assert json.loads(replaced.out)["sales_sale"] == 300


def test_more_than_disk_or_memory_hold_is_refused_before_anything_starts_with_what_would_fit(booksales, home, tmp_path):
    huge = ["--sales", "1000000000", "--to", "csv", "--out", str(tmp_path / "shop")]

    for processes, said in (("1", "of disk"), ("256", "of memory")):
        sales = ["--sales", "1000000"] if said == "of memory" else []
        refused = booksales("generate", *huge, *sales, "--processes", processes)

        assert refused.code == 3
        assert said in refused.err
        assert "would fit" in refused.err
    assert list(tmp_path.glob("shop*")) == []
    assert not home.exists()


def test_a_shop_becomes_files_which_are_never_overwritten(booksales, home, tmp_path):
    files = ["--to", "parquet", "--out", str(tmp_path / "shop")]

    made = booksales("generate", *SMALL, *files)
    again = booksales("generate", *SMALL, *files)

    assert made.code == 0
    assert made.out.splitlines()[-1].endswith("0.0 GiB, generated just now")
    assert json.loads((tmp_path / "shop" / "manifest.json").read_text())["rows"]["sales_sale"] == 300
    assert again.code == 3
    assert "there already, and left as it is" in again.err
    assert not home.exists()


def test_a_preset_is_a_size_by_name(booksales):
    told = booksales("generate", "--preset", "small", "--dry-run", "--json")

    assert json.loads(told.out)["rows"]["sales_sale"] == 100_000


def test_a_report_is_of_what_is_there_and_ends_with_4_where_a_shape_is_missed(booksales, tmp_path):
    line = ["generate", *SMALL, "--to", "csv", "--out", str(tmp_path / "shop"), "--report"]
    part = tmp_path / "shop" / "sales_sale" / "part-00000.csv"

    made = booksales(*line)
    part.write_text("\n".join(part.read_text().splitlines()[:-1]))
    again = booksales(*line, "--json")

    assert made.code == 0
    assert made.out.splitlines()[-1] == f"report: {tmp_path / 'shop' / 'report.html'}"
    assert again.code == 4
    told = json.loads(again.out)
    assert told["checks"][0]["verdict"] == "missed"
    assert told["checks"][0]["found"] == 299
    assert "299" in (tmp_path / "shop" / "report.html").read_text()


def test_what_is_planted_has_an_answer_key(booksales, tmp_path):
    line = ["generate", *SMALL, "--to", "csv", "--out", str(tmp_path / "shop"), "--anomalies", "2", "--faults", "0.1"]

    made = booksales(*line)
    refused = booksales(*line, "--report")

    assert made.code == 0
    answers = json.loads((tmp_path / "shop" / "anomalies.json").read_text())
    assert [answer["kind"] for answer in answers] == ["stock_out", "demand_spike"]
    assert len(json.loads((tmp_path / "shop" / "faults.json").read_text())) > 30
    assert refused.code == 2
    assert "--report reads whole files" in refused.err
