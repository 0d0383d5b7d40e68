import gc
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from small_star import LAST_DAY, described, empty_tables, publish_star, tables, write_exports

from warehouse.embedded import generations
from warehouse.embedded.generations import Pointer, kept_generations, read_pointer
from warehouse.embedded.publishing import publish, resume, roll_back
from warehouse.embedded.warehouse import EmbeddedWarehouse
from warehouse.publication import (
    DamagedPublicationError,
    NoPublicationError,
    PublicationError,
    PublicationGoneError,
    RollbackError,
)

NET = "select sum(net_reporting_amount) as net from analytics.fact_sales"
ROWS = tables()


@pytest.fixture
def lake(tmp_path):
    """Exports of the small star without most of its sales: quick to publish."""
    return write_exports(tmp_path / "lake", {**ROWS, "fact_sales": ROWS["fact_sales"][:20]})


def published(warehouse, lake, run_seq=1, keep=2, ops_rows=None):
    return publish(warehouse, lake, described(run_seq), ops_rows or {}, keep=keep, memory_mb=512)


def another_database(path):
    """A DuckDB file that no publication made."""
    path.unlink()
    duckdb.connect(str(path)).close()


def test_a_publication_says_what_it_is_made_of(generation):
    publication = generation.publication

    assert publication.sale_count == len(ROWS["fact_sales"])
    assert publication.data_through == LAST_DAY
    assert publication.published_at == datetime(2025, 3, 21, 6, 30, tzinfo=UTC)


def test_before_the_first_publication_a_reader_is_told_so(warehouse):
    with pytest.raises(NoPublicationError, match="nothing is published yet; run `booksales reload`"):
        EmbeddedWarehouse(warehouse).current()


def test_a_publication_without_any_sale_has_no_span(warehouse, tmp_path):
    publication = publish_star(warehouse, tmp_path / "lake", empty_tables())

    assert (publication.sale_count, publication.data_from, publication.data_through) == (0, None, None)


def test_money_goes_through_to_the_cent(generation):
    expected = sum(row["net_reporting_amount"] for row in ROWS["fact_sales"])

    assert generation.rows(NET) == [{"net": expected}]


def test_a_reader_picks_up_a_new_publication_and_a_holder_keeps_the_old_one(warehouse, lake):
    published(warehouse, lake)
    reader = EmbeddedWarehouse(warehouse)
    held = reader.current()

    published(warehouse, lake, run_seq=2)
    published(warehouse, lake, run_seq=3)

    assert reader.current().publication.generation == 3
    assert held.publication.generation == 1
    assert held.rows(NET) == reader.current().rows(NET)


def files_open_in(folder):
    """Files of a folder that this process has open, removed ones too."""
    links = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
    return {link for link in links if link.startswith(str(folder))}


def test_an_earlier_publication_is_read_as_long_as_it_is_kept_and_then_let_go_of(warehouse, lake):
    for run_seq in (1, 2):
        published(warehouse, lake, run_seq=run_seq)
    reader = EmbeddedWarehouse(warehouse)

    assert reader.earlier(1) is reader.earlier(1)
    assert reader.earlier(1).publication.run_seq == 1
    assert reader.earlier(2) is reader.current()
    for absent in (0, 3):
        with pytest.raises(PublicationGoneError, match=f"publication {absent} is not kept"):
            reader.earlier(absent)

    reader.earlier(1)
    # As `erase` removes it, after the pointer has moved.
    for path in warehouse.glob("*.000001.duckdb"):
        path.unlink()
    reader.current()
    gc.collect()
    assert not [name for name in files_open_in(warehouse) if "000001" in name]
    with pytest.raises(PublicationGoneError):
        reader.earlier(1)


def test_one_generation_is_opened_once(warehouse, lake):
    published(warehouse, lake)
    reader = EmbeddedWarehouse(warehouse)

    assert reader.current() is reader.current()


def test_a_generation_can_be_opened_again_while_somebody_holds_it(warehouse, lake):
    published(warehouse, lake)

    first, second = EmbeddedWarehouse(warehouse).current(), EmbeddedWarehouse(warehouse).current()

    assert first.rows(NET) == second.rows(NET)


def test_as_many_generations_are_kept_as_asked_for(warehouse, lake):
    for run_seq in (1, 2, 3, 4):
        published(warehouse, lake, run_seq, keep=2)

    assert kept_generations(warehouse) == [3, 4]
    assert read_pointer(warehouse) == Pointer(generation=4, run_seq=4)


def test_the_serving_generation_is_kept_even_where_it_is_not_the_newest(warehouse, lake):
    for run_seq in (1, 2, 3):
        published(warehouse, lake, run_seq, keep=3)
    generations.swap_pointer(warehouse, Pointer(1, 1))

    generations.drop_old_generations(warehouse, keep=1)

    assert kept_generations(warehouse) == [1, 3]


def broken(lake, fault):
    fact = lake["fact_sales"]
    dim_book = lake["dim_book"]
    faulty = {
        "row count": {"fact_sales": replace(fact, row_count=fact.row_count + 1)},
        "money": {"fact_sales": replace(fact, sums={"net_reporting_amount": "1.00"})},
        "duplicate key": {
            "fact_sales": replace(fact, files=[*fact.files, *fact.files], row_count=2 * fact.row_count, sums={})
        },
        "orphan": {"dim_book": replace(dim_book, files=[], row_count=0)},
        "unreadable file": {"dim_book": replace(dim_book, files=["nowhere.parquet"])},
    }
    return {**lake, **faulty[fault]}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("row count", "analytics.fact_sales has 20 rows, the lake has 21"),
        ("money", "analytics.fact_sales.net_reporting_amount adds up to"),
        ("duplicate key", "analytics.fact_sales has 20 rows whose key (source, sale_id) is not unique"),
        ("orphan", "20 rows of analytics.fact_sales have a book_key that analytics.dim_book lacks"),
        ("unreadable file", "nowhere.parquet"),
    ],
    ids=["a row too few", "money that differs", "a key twice", "a reference to nothing", "a file that is not there"],
)
def test_a_faulty_publication_is_refused_and_the_one_before_still_serves(warehouse, lake, fault, message):
    published(warehouse, lake)

    with pytest.raises(PublicationError) as refused:
        published(warehouse, broken(lake, fault), run_seq=2)

    assert message in str(refused.value)
    assert "nothing is published, the version before still serves" in str(refused.value)
    assert EmbeddedWarehouse(warehouse).current().publication.generation == 1
    assert kept_generations(warehouse) == [1]
    assert not list((warehouse / "building").iterdir())


def test_an_older_run_does_not_replace_a_newer_one(warehouse, lake):
    published(warehouse, lake, run_seq=5)

    with pytest.raises(PublicationError, match="run 5 has published since run 4 began; nothing is changed"):
        published(warehouse, lake, run_seq=4)

    assert read_pointer(warehouse) == Pointer(generation=1, run_seq=5)
    assert kept_generations(warehouse) == [1]


def test_what_a_killed_run_left_behind_is_cleared_and_never_served(warehouse, lake):
    published(warehouse, lake)
    (warehouse / "building" / "wh.000002.duckdb").write_text("half a file")
    (warehouse / "CURRENT.new").write_text("half a poi")

    publication = published(warehouse, lake, run_seq=2)

    assert publication.generation == 2
    assert EmbeddedWarehouse(warehouse).current().publication.run_seq == 2


def test_operations_are_copied_into_the_publication(warehouse, lake):
    at = datetime(2025, 3, 21, 6, tzinfo=UTC)
    published(warehouse, lake, ops_rows={"run": [(1, "reload", "published", at, at, "")]})

    generation = EmbeddedWarehouse(warehouse).current()

    assert generation.rows("select run_seq, kind, state from ops.run") == [
        {"run_seq": 1, "kind": "reload", "state": "published"}
    ]
    (publication,) = generation.rows("select lake_versions from ops.publication")
    assert json.loads(publication["lake_versions"])["fact_sales"] == 1


def test_a_generation_is_read_only_and_reads_no_other_file(generation, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for statement in (
        "delete from analytics.fact_sales",
        f"select * from read_csv('{tmp_path}/secret.csv')",
        "set threads = 1",
    ):
        with pytest.raises(duckdb.Error):
            generation.rows(statement)


def test_times_are_utc_whatever_the_machine_says(warehouse, lake):
    published(warehouse, lake)
    script = (
        "import sys; from pathlib import Path; from warehouse.embedded.warehouse import EmbeddedWarehouse as Warehouse\n"
        "generation = Warehouse(Path(sys.argv[1])).current()\n"
        "(row,) = generation.rows('select cast(min(sold_at) as varchar) as first from analytics.fact_sales')\n"
        "print(row['first'])\n"
        "print(generation.publication.published_at.isoformat())"
    )

    run = subprocess.run(
        [sys.executable, "-c", script, str(warehouse)],
        env={**os.environ, "TZ": "America/New_York"},
        capture_output=True,
        text=True,
    )

    assert run.stdout.splitlines() == ["2024-01-01 12:00:00+00", "2025-03-21T06:30:00+00:00"], run.stderr


def test_many_threads_read_one_generation(generation):
    found = []
    threads = [threading.Thread(target=lambda: found.append(generation.rows(NET))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert all(rows == found[0] for rows in found)


def test_a_rollback_serves_the_generation_before_and_later_ones_do_not_serve_until_it_is_let_go(warehouse, lake):
    published(warehouse, lake, run_seq=1, keep=3)
    published(warehouse, lake, run_seq=2, keep=3)
    reader = EmbeddedWarehouse(warehouse)

    rolled_back = roll_back(warehouse)
    published(warehouse, lake, run_seq=3, keep=3)

    assert rolled_back.generation == 1
    assert read_pointer(warehouse) == Pointer(generation=1, run_seq=1, pinned=True)
    assert reader.current().publication.run_seq == 1
    assert kept_generations(warehouse) == [1, 2, 3]
    assert resume(warehouse).generation == 3
    assert reader.current().publication.run_seq == 3
    published(warehouse, lake, run_seq=4, keep=3)
    assert reader.current().publication.run_seq == 4


def test_a_pinned_generation_is_kept_however_many_follow(warehouse, lake):
    for run_seq in (1, 2):
        published(warehouse, lake, run_seq)
    roll_back(warehouse, 1)

    for run_seq in (3, 4, 5):
        published(warehouse, lake, run_seq)

    assert kept_generations(warehouse) == [1, 4, 5]


def test_one_generation_alone_is_left_and_serves_though_another_was_pinned(warehouse, lake):
    for run_seq in (1, 2, 3):
        published(warehouse, lake, run_seq, keep=3)
    held = EmbeddedWarehouse(warehouse).current()
    roll_back(warehouse, 1)

    dropped = generations.serve_only(warehouse, 3, 3)

    assert (dropped, kept_generations(warehouse)) == ([1, 2], [3])
    assert read_pointer(warehouse) == Pointer(3, 3)
    assert held.rows("select count(*) as rows from analytics.fact_sales") == [{"rows": 20}]
    assert generations.serve_only(warehouse, 3, 3) == []


def test_a_rollback_to_what_is_not_kept_names_what_is_and_changes_nothing(warehouse, lake):
    published(warehouse, lake)

    with pytest.raises(RollbackError, match="a generation before 1 is not kept; there are 1"):
        roll_back(warehouse)
    with pytest.raises(RollbackError, match="generation 7 is not kept; there are 1"):
        roll_back(warehouse, 7)

    assert read_pointer(warehouse) == Pointer(1, 1)


def test_while_one_is_pinned_a_run_that_was_overtaken_still_publishes_nothing(warehouse, lake):
    published(warehouse, lake, run_seq=1, keep=3)
    published(warehouse, lake, run_seq=2, keep=3)
    roll_back(warehouse)
    published(warehouse, lake, run_seq=4, keep=3)

    with pytest.raises(PublicationError, match="run 4 has published since run 3 began"):
        published(warehouse, lake, run_seq=3, keep=3)

    assert kept_generations(warehouse) == [1, 2, 3]


@pytest.mark.parametrize("text", ["", '{"gen', '{"other": 1}'], ids=["empty", "cut off", "another file's"])
def test_a_damaged_pointer_serves_nothing_and_the_next_publication_mends_it(warehouse, lake, text):
    published(warehouse, lake, run_seq=1)
    (warehouse / "CURRENT").write_text(text)

    with pytest.raises(NoPublicationError, match="CURRENT: damaged; `booksales publish` writes it anew"):
        EmbeddedWarehouse(warehouse).current()
    published(warehouse, lake, run_seq=2)

    assert read_pointer(warehouse) == Pointer(generation=2, run_seq=2)


def test_a_run_that_may_publish_no_more_leaves_readers_with_the_generation_before(warehouse, lake):
    published(warehouse, lake, run_seq=1)

    def overtaken():
        raise TimeoutError("another holds the lease")

    with pytest.raises(TimeoutError):
        publish(warehouse, lake, described(2), {}, keep=2, memory_mb=512, confirm=overtaken)

    assert (read_pointer(warehouse).generation, kept_generations(warehouse)) == (1, [1])
    assert list((warehouse / "building").iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"generation": "1", "run_seq": 1}',
        '{"generation": 1, "run_seq": null}',
        '{"generation": true, "run_seq": 1}',
        '{"generation": -1, "run_seq": 1}',
        '{"generation": 1, "run_seq": 1, "pinned": "no"}',
        "[1, 1]",
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
    ids=["text", "nothing", "a truth", "below zero", "pinned by a word", "a list", "no text"],
)
def test_a_pointer_of_the_wrong_types_is_a_damaged_one(warehouse, lake, text):
    published(warehouse, lake, run_seq=1)
    (warehouse / "CURRENT").write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(DamagedPublicationError, match="CURRENT: damaged; `booksales publish` writes it anew"):
        EmbeddedWarehouse(warehouse).current()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda path: path.unlink(),
            r"wh\.000002\.duckdb: not there, though it should serve; `booksales publish` builds",
        ),
        (
            lambda path: path.write_bytes(b"junk" * 5000),
            r"wh\.000002\.duckdb: damaged \(.*; `booksales publish` builds it anew",
        ),
        (lambda path: path.write_bytes(b""), r"wh\.000002\.duckdb: damaged \("),
        (another_database, r"wh\.000002\.duckdb: damaged \(.*publication"),
    ],
    ids=["missing", "junk", "empty", "another database"],
)
def test_a_generation_that_cannot_be_read_is_named_and_the_one_before_can_be_served(warehouse, lake, damage, said):
    published(warehouse, lake, run_seq=1)
    published(warehouse, lake, run_seq=2)
    damage(warehouse / "wh.000002.duckdb")

    with pytest.raises(DamagedPublicationError, match=said):
        EmbeddedWarehouse(warehouse).current()

    assert roll_back(warehouse, 1).generation == 1
    # Pinned, the newest is looked at for the run that made it.
    assert published(warehouse, lake, run_seq=3, keep=4).run_seq == 3
    assert resume(warehouse).run_seq == 3


@pytest.mark.parametrize(
    "name", ["wh.abc.duckdb", "wh.7.duckdb", "wh.000001.duckdb.duckdb", "wh.-00001.duckdb", "wh..duckdb"]
)
def test_a_stray_file_in_the_warehouse_is_no_generation_and_stays(warehouse, lake, name):
    published(warehouse, lake, run_seq=1)
    (warehouse / name).touch()

    published(warehouse, lake, run_seq=2)

    assert kept_generations(warehouse) == [1, 2]
    assert (warehouse / name).exists()


def test_with_every_file_gone_there_is_nothing_to_resume(warehouse, lake):
    published(warehouse, lake, run_seq=1)
    (warehouse / "wh.000001.duckdb").unlink()

    with pytest.raises(RollbackError, match="no generation is kept"):
        resume(warehouse)
