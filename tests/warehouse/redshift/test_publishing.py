"""Publishing to Redshift's stand-in: what serves is what the lake has, whole or in part, and nothing else ever serves."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from small_star import LAST_DAY, described, empty_tables, published_once, tables, write_exports
from star_days import facts, of_last_day, whole

from warehouse.ddl import gold_contracts
from warehouse.embedded.warehouse import EmbeddedWarehouse
from warehouse.publication import NoPublicationError, PublicationError, PublicationGoneError, RollbackError
from warehouse.redshift.address import PASSWORD_VARIABLE
from warehouse.redshift.layout import table_names
from warehouse.redshift.warehouse import RedshiftWarehouse
from warehouse.semantic import load_model

ROWS = tables()
SCHEMAS = "select nspname from pg_namespace where nspname like 'sta%' and nspname not like 'statistics%'"


def put(warehouse, exports, run_seq, keep=3, **told):
    base = warehouse.newest() if exports["fact_sales"].days is not None else None
    return warehouse.publish(exports, described(run_seq), told.pop("ops_rows", {}), keep=keep, base=base, **told)


def quantity(warehouse):
    """Units on the last day, as the publication that serves has them in the fact, and its number."""
    reading = warehouse.current()
    (row,) = reading.rows(
        "select sum(quantity) as units from analytics.fact_sales where sale_date = $day", {"day": LAST_DAY}
    )
    reading.release()
    return reading.publication.generation, row["units"]


def units(number):
    return sum(row["quantity"] for row in facts(number) if row["sale_date"] == LAST_DAY)


def redshift_rows(redshift, statement):
    cursor = redshift().cursor()
    cursor.execute(statement)
    return cursor.fetchall() if cursor.description else []


def contents(warehouse):
    """Every table of the star, as whoever reads now sees it."""
    reading = warehouse.current()
    rows = {name: sorted(map(repr, reading.rows(f"select * from analytics.{name}"))) for name in table_names()}
    reading.release()
    return rows


def test_the_servers_own_record_has_the_queries_of_a_reading_under_its_label(warehouse, tmp_path):
    warehouse.publish(write_exports(tmp_path / "lake", ROWS), described(1), {}, keep=2)
    label = "select current_setting('query_group') as label"

    first = warehouse.current("request 4711")
    asked = first.rows(label)
    first.release()
    # On the same connection.
    second = warehouse.current("request '; drop table analytics.fact_sales --")

    assert asked == [{"label": "request 4711"}]
    assert second.rows(label) == [{"label": "request '; drop table analytics.fact_sales --"}]
    second.release()
    third = warehouse.current()
    assert "request" not in third.rows(label)[0]["label"]
    third.release()


def test_a_build_before_the_one_that_serves_can_be_read_as_long_as_it_is_kept(warehouse, tmp_path):
    for number in (1, 2, 3):
        rows = {**ROWS, "fact_sales": ROWS["fact_sales"][: 10 * number]}
        warehouse.publish(write_exports(tmp_path / str(number), rows), described(number), {}, keep=2)
    counted = "select count(*) as n from analytics.fact_sales"

    def rows_of(generation):
        reading = warehouse.earlier(generation)
        try:
            return reading.publication.generation, reading.rows(counted)[0]["n"]
        finally:
            reading.release()

    assert [rows_of(2), rows_of(3)] == [(2, 20), (3, 30)]
    opened = len(warehouse._pool._idle.queue)
    for gone in (1, 4):
        with pytest.raises(PublicationGoneError, match=f"publication {gone} is not kept"):
            rows_of(gone)
    # To ask for what is gone costs no connection.
    assert len(warehouse._pool._idle.queue) == opened == 1
    warehouse.roll_back(2)
    with pytest.raises(PublicationGoneError):
        rows_of(3)


def test_every_table_is_as_in_the_embedded_warehouse(warehouse, tmp_path, tmp_path_factory):
    warehouse.publish(write_exports(tmp_path / "lake", ROWS), described(1), {}, keep=2)
    embedded = EmbeddedWarehouse(published_once(tmp_path_factory.getbasetemp() / "small_star")).current()
    reading = warehouse.current()

    assert reading.publication == embedded.publication
    for contract in gold_contracts():
        # The driver of DuckDB has no moments with a zone; they are looked at below.
        names = [name for name, column in contract.columns.items() if column.type != "timestamp"]
        listed = ", ".join(name for name in names if name not in contract.partition_by)
        query = f"select {listed} from analytics.{contract.name} order by {', '.join(contract.key)}"
        assert reading.rows(query) == embedded.rows(query), contract.name
    sold = reading.rows("select sale_id, sold_at from analytics.fact_sales order by sale_id limit 3")
    assert [row["sold_at"].replace(tzinfo=UTC) for row in sold] == [row["sold_at"] for row in ROWS["fact_sales"][:3]]
    for name in (*load_model().rollups, "sales_by_day", "sales_by_region", "sales_by_genre"):
        query = f"select * from analytics.{name}"
        assert sorted(map(repr, map(plain, reading.rows(query)))) == sorted(map(repr, map(plain, embedded.rows(query))))
    reading.release()


def plain(row):
    """Numbers as Decimal: engines differ in how they call the type of a sum."""
    return {name: Decimal(value) if type(value) is int else value for name, value in row.items()}


def test_before_the_first_publication_a_reader_is_told_so(warehouse):
    with pytest.raises(NoPublicationError, match="nothing is published yet; run `booksales reload`"):
        warehouse.current()
    assert (warehouse.newest(), warehouse.newest_run(), warehouse.kept()) == (None, 0, [])


@pytest.mark.slow
def test_a_publication_without_any_sale_has_no_span(warehouse, tmp_path):
    publication = warehouse.publish(write_exports(tmp_path / "lake", empty_tables()), described(1), {}, keep=2)

    assert (publication.sale_count, publication.data_from, publication.data_through) == (0, None, None)


def test_a_day_that_is_replaced_gives_what_a_whole_publication_gives(warehouse, tmp_path, ask):
    put(warehouse, whole(tmp_path, 1), 1)
    before = contents(warehouse)
    put(warehouse, of_last_day(tmp_path, 5), 2)
    in_part = contents(warehouse)
    assert len(ask(SCHEMAS)) == 1

    put(warehouse, whole(tmp_path, 5), 3)

    assert in_part == contents(warehouse)
    assert before["rollup_book_daily"] != in_part["rollup_book_daily"]
    base = warehouse.newest()
    assert (base.generation, base.increments, base.lake_versions["fact_sales"]) == (3, 0, 5)
    assert base.last_sale_date == LAST_DAY
    assert len(ask(SCHEMAS)) == 2


@pytest.mark.slow
def test_a_changed_dimension_is_replaced_with_the_days(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)
    exports = of_last_day(tmp_path, 2)
    genres = [{**row, "genre": "Novels" if row["genre"] == "Fiction" else row["genre"]} for row in ROWS["dim_genre"]]
    changed = write_exports(tmp_path / "changed", {**ROWS, "dim_genre": genres})["dim_genre"]

    put(warehouse, {**exports, "dim_genre": replace(changed, lake_version=2)}, 2)

    reading = warehouse.current()
    found = reading.rows("select distinct genre from analytics.dim_genre where genre in ('Novels', 'Fiction')")
    reading.release()
    assert found == [{"genre": "Novels"}]


FAULTS = {
    "a row too few": ("fact_sales", {"row_count": 41}, "the lake has 41"),
    "money that differs": ("fact_sales", {"sums": {"gross_amount": "0.01"}}, "gross_amount adds up to"),
    "a key twice": ("dim_genre", {}, "analytics.dim_genre has 9 rows whose key (genre_key) is not unique"),
    "a reference to nothing": ("dim_genre", {"files": (), "row_count": 0}, "have a genre_key that analytics.dim_genre lacks"),
}  # fmt: skip


@pytest.mark.parametrize("make", [pytest.param(whole, marks=pytest.mark.slow), of_last_day], ids=["whole", "in part"])
def test_a_faulty_publication_is_refused_and_the_one_before_still_serves(warehouse, tmp_path, make, ask):
    put(warehouse, whole(tmp_path, 1), 1)

    for table, fault, said in FAULTS.values():
        exports = make(tmp_path, 2)
        export = whole(tmp_path, 2)["dim_genre"] if table == "dim_genre" else exports[table]
        if said.endswith("not unique"):
            fault = {"files": [*export.files, *export.files], "row_count": 2 * export.row_count}
        exports[table] = replace(export, lake_version=2, **fault)

        with pytest.raises(PublicationError) as refused:
            put(warehouse, exports, 2)

        assert said in str(refused.value)
        assert "nothing is published, the version before still serves" in str(refused.value)
        assert quantity(warehouse) == (1, units(1))
    put(warehouse, make(tmp_path, 2), 2)
    assert quantity(warehouse) == (2, units(2))
    # What the refused ones had built is gone.
    assert len(ask(SCHEMAS)) == (2 if make is whole else 1)


@pytest.mark.slow
@pytest.mark.parametrize("make", [whole, of_last_day], ids=["whole", "in part"])
def test_an_older_run_does_not_replace_a_newer_one(warehouse, tmp_path, make):
    put(warehouse, whole(tmp_path, 5), 5)

    with pytest.raises(PublicationError, match="run 5 has published since run 4 began; nothing is changed"):
        put(warehouse, make(tmp_path, 4), 4)

    assert quantity(warehouse) == (1, units(5))


def test_a_run_that_was_overtaken_while_it_loaded_publishes_nothing(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)
    overtaken = of_last_day(tmp_path, 2)

    def overtake(step):
        if step == "loading fact_sales":
            put(warehouse, of_last_day(tmp_path, 3), 3)

    with pytest.raises(PublicationError, match="run 3 has published since"):
        put(warehouse, overtaken, 2, report=overtake)

    assert quantity(warehouse) == (2, units(3))


@pytest.mark.slow
def test_a_run_that_may_publish_no_more_leaves_readers_with_what_they_had(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)

    def overtaken():
        raise PublicationError("another holds the lease")

    with pytest.raises(PublicationError, match="another holds the lease"):
        put(warehouse, of_last_day(tmp_path, 2), 2, confirm=overtaken)

    assert quantity(warehouse) == (1, units(1))


@pytest.mark.slow
def test_who_holds_a_publication_keeps_it_whatever_is_published(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)
    held = warehouse.current()

    put(warehouse, of_last_day(tmp_path, 2), 2)
    put(warehouse, whole(tmp_path, 3), 3)

    query = "select sum(quantity) as units from analytics.fact_sales where sale_date = $day"
    assert held.rows(query, {"day": LAST_DAY}) == [{"units": units(1)}]
    assert held.publication.generation == 1
    held.release()
    assert quantity(warehouse) == (3, units(3))


def test_a_rollback_serves_the_build_before_and_later_ones_do_not_serve_until_it_is_let_go(warehouse, tmp_path, ask):
    put(warehouse, whole(tmp_path, 1), 1)
    put(warehouse, of_last_day(tmp_path, 2), 2)
    put(warehouse, whole(tmp_path, 3), 3)
    assert warehouse.kept() == [2, 3]

    assert warehouse.roll_back().generation == 2
    put(warehouse, of_last_day(tmp_path, 4), 4)

    assert (quantity(warehouse), warehouse.serving().pinned) == ((2, units(2)), True)
    seen = f"select sum(quantity) from analytics.fact_sales where sale_date = '{LAST_DAY}'"
    assert ask(seen) == [[units(2)]]
    assert warehouse.kept() == [2, 4]
    assert warehouse.resume().generation == 4
    assert (quantity(warehouse), ask(seen)) == ((4, units(4)), [[units(4)]])
    with pytest.raises(RollbackError, match="generation 7 is not kept; there are 2, 4"):
        warehouse.roll_back(7)


@pytest.mark.slow
def test_a_pinned_build_is_kept_however_many_follow(warehouse, tmp_path):
    for number in (1, 2):
        put(warehouse, whole(tmp_path, number), number)
    warehouse.roll_back(1)

    for number in (3, 4):
        put(warehouse, whole(tmp_path, number), number, keep=1)

    assert (warehouse.kept(), quantity(warehouse)) == ([1, 4], (1, units(1)))


@pytest.mark.slow
def test_the_newest_build_is_not_changed_while_it_is_pinned(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)
    warehouse.roll_back(1)

    assert warehouse.newest() is None
    assert warehouse.finish().generation == 1


@pytest.mark.slow
def test_one_build_alone_is_left_when_people_are_erased(warehouse, tmp_path, ask):
    for number in (1, 2):
        put(warehouse, whole(tmp_path, number), number)
    warehouse.roll_back()

    assert warehouse.serve_only(warehouse.finish().publication) == [1]

    assert (warehouse.kept(), quantity(warehouse), len(ask(SCHEMAS))) == ([2], (2, units(2)), 1)


@pytest.mark.slow
def test_operations_are_copied_into_the_publication(warehouse, tmp_path):
    at = datetime(2025, 3, 21, 6, tzinfo=UTC)
    runs = [(number, "reload", "published", at + timedelta(hours=1), None, "ö" * 40_000) for number in range(1, 203)]

    put(warehouse, whole(tmp_path, 1), 1, ops_rows={"run": runs, "quality_result": []})

    reading = warehouse.current()
    (found,) = reading.rows(
        "select count(*) as runs, min(started_at) as first, max(octet_length(detail)) as longest from ops.run"
    )
    reading.release()
    assert found == {"runs": 202, "first": datetime(2025, 3, 21, 7), "longest": 65_000}


@pytest.mark.slow
def test_schemas_of_others_stay(warehouse, tmp_path, redshift, ask):
    redshift().cursor().execute("create schema star_wars")
    redshift().cursor().execute("create schema stage_0123abcd")

    put(warehouse, whole(tmp_path, 1), 1)

    names = {name for (name,) in ask(SCHEMAS)}
    assert "star_wars" in names
    assert "stage_0123abcd" not in names


def test_a_collision_with_another_transaction_is_tried_again(warehouse, tmp_path, redshift, ask):
    put(warehouse, whole(tmp_path, 1), 1)
    steps = []

    def collide(step):
        # By then the snapshot is taken: the other's change of a row that is to be replaced comes in between.
        if step == "building rollup_sales_daily" and step not in steps:
            (star,) = (name for (name,) in ask(SCHEMAS) if name.startswith("star"))
            redshift().cursor().execute(
                f"update {star}.rollup_book_daily set cost = cost where sale_date = '{LAST_DAY}'"
            )
        steps.append(step)

    put(warehouse, of_last_day(tmp_path, 2), 2, report=collide)

    assert "trying again after ProgrammingError" in steps
    assert quantity(warehouse) == (2, units(2))


def test_into_tables_of_an_older_contract_nothing_is_brought_and_the_next_build_is_whole(warehouse, tmp_path, redshift):
    put(warehouse, whole(tmp_path, 1), 1)
    assert warehouse.newest() is not None
    (star,) = redshift_rows(redshift, "select star from ops.publication")[0]
    redshift_rows(redshift, f"alter table {star}.dim_book rename column page_count to pages")

    assert warehouse.newest() is None
    assert warehouse.finish().generation == 1

    put(warehouse, whole(tmp_path, 2), 2)
    assert warehouse.newest().generation == 2
    assert quantity(warehouse) == (2, units(2))


def test_a_user_who_may_make_schemas_and_nothing_else_publishes(
    warehouse, place, tmp_path, redshift, gateway, monkeypatch
):
    redshift_rows(redshift, "create user pipeline password disable")
    gateway.passwords["pipeline"] = "of the pipeline"
    monkeypatch.setenv(PASSWORD_VARIABLE, gateway.passwords["pipeline"])
    of_pipeline = RedshiftWarehouse(place.replace("admin@", "pipeline@"), warehouse._copying)
    try:
        with pytest.raises(PublicationError, match="permission denied for database"):
            put(of_pipeline, whole(tmp_path, 1), 1)

        gateway.let_make_schemas("pipeline")

        put(of_pipeline, whole(tmp_path, 1), 1)
        put(of_pipeline, of_last_day(tmp_path, 2), 2)
        assert quantity(of_pipeline) == (2, units(2))
    finally:
        of_pipeline.close()
        gateway.wipe()
        gateway.forget_roles(["pipeline"])


@pytest.mark.slow
def test_what_was_put_on_s3_is_removed_again(warehouse, tmp_path, s3):
    # What killed publications of other tests have left is not this one's to remove.
    before = s3.list_objects_v2(Bucket="booksales-test-lake", Prefix="export/")["KeyCount"]
    put_there = []

    put(
        warehouse,
        whole(tmp_path, 1),
        1,
        report=lambda _: put_there.append(
            s3.list_objects_v2(Bucket="booksales-test-lake", Prefix="export/")["KeyCount"]
        ),
    )

    assert max(put_there) > before
    assert s3.list_objects_v2(Bucket="booksales-test-lake", Prefix="export/")["KeyCount"] == before


@pytest.mark.slow
def test_files_of_a_lake_on_s3_are_loaded_where_they_are(warehouse, tmp_path, s3):
    exports = whole(tmp_path, 1)
    for name, export in exports.items():
        key = f"lake/gold/{name}/part 0.parquet"
        s3.upload_file(export.files[0], "booksales-test-lake", key)
        exports[name] = replace(export, files=[f"s3a://booksales-test-lake/{key}"])

    put(warehouse, exports, 1)

    assert quantity(warehouse) == (1, units(1))
    assert s3.list_objects_v2(Bucket="booksales-test-lake", Prefix="lake/")["KeyCount"] == len(exports)


@pytest.mark.slow
def test_a_column_that_was_added_last_is_empty_in_files_from_before(warehouse, tmp_path, s3):
    import pyarrow.parquet as pq

    exports = whole(tmp_path, 1)
    file = exports["dim_date"].files[0]
    rows = pq.read_table(file)
    assert rows.column_names[-1] == "event"
    pq.write_table(rows.drop_columns(["event"]), file)

    put(warehouse, exports, 1)

    assert quantity(warehouse)[0] == 1


@pytest.mark.slow
def test_dates_of_long_ago_come_through(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)
    reading = warehouse.current()

    (row,) = reading.rows("select min(valid_from) as first, max(valid_to) as last from analytics.dim_book")

    reading.release()
    assert (row["first"].date(), row["last"].date()) == (date(1, 1, 1), date(9999, 12, 31))
