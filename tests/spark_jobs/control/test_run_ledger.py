from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa

from spark_jobs.control.database import control_engine
from spark_jobs.control.results import FileResult, StepResult
from spark_jobs.control.run_ledger import PURGED, RunLedger
from spark_jobs.errors import LeaseLostError, LedgerError
from spark_jobs.expectations import CheckResult
from spark_jobs.extract.position import SourcePosition, TablePosition
from spark_jobs.extract.source_totals import SourceTotal


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def url(request, tmp_path):
    """Every test of the ledger holds for both databases."""
    return (
        f"sqlite:///{tmp_path / 'ledger.db'}"
        if request.param == "SQLite"
        else request.getfixturevalue("control_database")
    )


@pytest.fixture
def ledger(url):
    return RunLedger(url)


def state(ledger: RunLedger, run_seq: int) -> tuple[str, str]:
    run = ledger.run(run_seq)
    assert run is not None
    return run["state"], run["detail"]


def test_runs_are_numbered_upwards_also_after_the_ledger_was_opened_again(ledger, url):
    first = ledger.start("reload", "bookstore")
    second = RunLedger(url).start("import", "goodbooks")

    assert (first, second) == (1, 2)
    assert [(run["run_seq"], run["kind"], run["source"]) for run in ledger.runs()] == [
        (2, "import", "goodbooks"),
        (1, "reload", "bookstore"),
    ]


def test_a_new_ledger_beside_an_old_lake_goes_on_above_the_lakes_numbers(ledger):
    beside_an_old_lake = ledger.start("reload", "bookstore", above=41)
    following = ledger.start("reload", "bookstore", above=41)
    beside_a_lake_that_is_behind = ledger.start("reload", "bookstore", above=7)

    assert (beside_an_old_lake, following, beside_a_lake_that_is_behind) == (42, 43, 44)


def test_a_run_that_crashed_is_closed_by_the_next_start(ledger):
    published, crashed = ledger.start("reload", "bookstore"), ledger.start("reload", "bookstore")
    ledger.finish(published, "published")

    following = ledger.start("reload", "bookstore")

    assert state(ledger, crashed) == ("failed", "ended without a word")
    assert ledger.run(crashed)["finished_at"] is not None
    assert state(ledger, following) == ("running", "")


def test_a_finished_run_stays_as_it_was_at_the_next_start(ledger):
    run_seq = ledger.start("reload", "bookstore")
    ledger.finish(run_seq, "published", "generation 1")
    finished_at = ledger.run(run_seq)["finished_at"]

    ledger.start("reload", "bookstore")

    assert state(ledger, run_seq) == ("published", "generation 1")
    assert ledger.run(run_seq)["finished_at"] == finished_at


def test_the_first_word_about_the_end_of_a_run_stands(ledger):
    run_seq = ledger.start("reload", "bookstore")

    ledger.finish(run_seq, "failed", "the source went away")
    ledger.finish(run_seq, "published", "generation 1")

    assert state(ledger, run_seq) == ("failed", "the source went away")


def test_the_moment_of_the_snapshot_is_kept_in_utc_with_what_amounts_and_dates_mean(ledger):
    run_seq = ledger.start("reload", "bookstore")

    ledger.snapshot_taken(
        run_seq, datetime(2024, 5, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))), {"time_zone": "UTC"}
    )

    assert ledger.run(run_seq)["snapshot_at"] == "2024-04-30T23:30:00+00:00"
    assert ledger.run(run_seq)["meaning"] == '{"time_zone": "UTC"}'


def test_a_run_keeps_its_steps_its_checks_and_what_the_source_said(ledger):
    run_seq = ledger.start("reload", "bookstore")

    ledger.record_step(run_seq, StepResult("silver_books", "silver.books", 10, 9, 1, 4, 0.5))
    ledger.record_step(run_seq, StepResult("check_works", "silver.works", 10, 10, 0, None, 0.5))
    ledger.record_quality(run_seq, [CheckResult("silver.books", "known_format", "quarantine", 1, 10)])
    ledger.record_source_totals(
        run_seq, [SourceTotal("sales", "2024-05", "EUR", 3, 2, 5, Decimal("12345678901234567.89"))]
    )

    assert [(step["name"], step["rows_written"], step["rows_quarantined"]) for step in ledger.steps(run_seq)] == [
        ("check_works", 10, 0),
        ("silver_books", 9, 1),
    ]
    assert [(check["expectation"], check["failed_rows"]) for check in ledger.quality(run_seq)] == [("known_format", 1)]
    assert [total["live_gross"] for total in ledger.source_totals(run_seq)] == ["12345678901234567.89"]


def test_findings_of_a_table_that_a_run_writes_twice_are_added_up(ledger):
    for failed, checked in ((1, 10), (2, 5)):
        ledger.record_quality(1, [CheckResult("silver.books", "known_format", "quarantine", failed, checked)])

    assert [(check["failed_rows"], check["checked_rows"]) for check in ledger.quality(1)] == [(3, 15)]


def test_a_run_keeps_the_versions_it_leaves_the_lake_at(ledger):
    ledger.record_versions(1, {"silver.books": 3, "gold.dim_book": 2}, {})
    ledger.record_versions(1, {"silver.books": 4, "silver.works": 1}, {"silver.books": 90})

    assert ledger.lake_versions(1) == {"silver.books": 4, "silver.works": 1}
    assert [ledger.rows_at(table, version) for table, version in (("silver.books", 4), ("silver.books", 3), ("silver.works", 1))] == [
        90, None, None
    ]  # fmt: skip


def test_a_file_is_known_by_its_content_once_it_was_loaded(ledger):
    ledger.record_files(7, "goodbooks", [FileResult("ab" * 32, "may.csv", 101, 0, 100, 100, 0, 0)])

    assert ledger.file("ab" * 32)["run_seq"] == 7
    assert ledger.file("cd" * 32) is None


def test_the_last_read_is_the_newest_complete_run_that_read_a_source(ledger):
    ends = (("reload", "published"), ("sync", "unchanged"), ("sync", "failed"), ("import", "published"))
    for kind, end in ends:
        ledger.finish(ledger.start(kind, "bookstore"), end)

    assert ledger.last_read()["run_seq"] == 2
    assert ledger.last_read(up_to=1)["run_seq"] == 1


def test_there_is_no_last_read_before_the_first(ledger):
    ledger.start("reload", "bookstore")

    assert ledger.last_read() is None


def position(snapshot: str) -> SourcePosition:
    moment = datetime(2024, 5, 1, 6, tzinfo=UTC)
    tables = {"sales": TablePosition("public.sales_sale", 4711, 4712, "id", snapshot)}
    return SourcePosition("7301", 1, 16384, moment, snapshot, moment, tables)


def test_a_position_counts_once_its_run_is_complete(ledger):
    def read(snapshot: str, state: str) -> None:
        run_seq = ledger.start("sync", "bookstore")
        ledger.record_position(run_seq, "bookstore", position(snapshot))
        ledger.finish(run_seq, state)

    read("10:12:", "failed")
    assert ledger.position("bookstore") is None

    read("20:22:", "unchanged")
    read("30:32:", "failed")
    assert ledger.position("bookstore") == position("20:22:")
    assert ledger.position("kiosk") is None

    read("40:42:", "published")
    assert ledger.position("bookstore") == position("40:42:")


@pytest.mark.parametrize("end", ["failed", "interrupted"])
def test_a_run_that_kept_a_position_and_did_not_end_well_may_have_left_tables_half_done(ledger, end):
    ledger.finish(ledger.start("reload", "bookstore"), "published")
    ledger.finish(ledger.start("sync", "bookstore"), end)
    assert ledger.unfinished_read(1) is None

    reading = ledger.start("sync", "bookstore")
    ledger.record_position(reading, "bookstore", position("10:12:"))
    ledger.finish(reading, end)

    assert ledger.unfinished_read(1)["run_seq"] == reading
    assert ledger.unfinished_read(reading) is None


def test_versions_recorded_again_take_the_place_of_those_before(ledger):
    run_seq = ledger.start("reload", "bookstore")
    ledger.record_versions(run_seq, {"gold.dim_book": 3, "silver.books": 4}, {})
    ledger.record_versions(run_seq, {"gold.dim_book": 3}, {"gold.dim_book": 70})

    assert ledger.lake_versions(run_seq) == {"gold.dim_book": 3}
    assert ledger.rows_at("gold.dim_book", 3) == 70


def test_a_run_that_crashed_after_it_had_published_is_complete(ledger):
    published, crashed = ledger.start("sync", "bookstore"), ledger.start("sync", "bookstore")
    ledger.finish(published, "published")

    ledger.start("sync", "bookstore", published=crashed)

    assert state(ledger, crashed) == ("published", "ended without a word after it had published")


def test_the_newest_count_of_a_table_is_that_of_a_complete_run(ledger):
    for end, table in (("published", "sales"), ("unchanged", "books"), ("failed", "sales")):
        run_seq = ledger.start("sync", "bookstore")
        ledger.record_source_totals(run_seq, [SourceTotal(table, "", "", 3, 3, 0, Decimal(0))])
        ledger.finish(run_seq, end)

    assert (ledger.run_that_counted("sales", 3), ledger.run_that_counted("books", 3)) == (1, 2)
    assert ledger.run_that_counted("books", 1) is None


def test_an_erasure_overtakes_earlier_counts_but_for_those_it_carries_on(ledger):
    counted = ledger.start("reload", "bookstore")
    totals = [SourceTotal(table, "", "", 3, 3, 0, Decimal("1.50")) for table in ("sales", "books")]
    ledger.record_source_totals(counted, totals)
    ledger.finish(counted, "published")
    erasure = ledger.start("erase", "bookstore")
    ledger.carry_source_totals(erasure, [("books", counted)])
    not_through = ledger.run_that_counted("sales", erasure)

    ledger.finish(erasure, "published")

    assert (ledger.tables_counted(erasure), not_through) == (["books", "sales"], counted)
    assert ledger.run_that_counted("sales", erasure) is None
    assert ledger.run_that_counted("sales", counted) == counted
    assert ledger.run_that_counted("books", erasure) == erasure
    assert [(row["table_name"], row["live_gross"]) for row in ledger.source_totals(erasure)] == [("books", "1.50")]


def test_an_erasure_is_unfinished_until_the_newest_one_got_through(ledger):
    nobody = ledger.unfinished_erasure()
    published = ledger.start("erase", "bookstore")
    ledger.finish(published, "published")
    killed = ledger.unfinished_erasure()
    again = ledger.start("erase", "bookstore")
    ledger.record_step(again, StepResult(PURGED, "", 0, 0, 0, None, 0.0))

    assert (nobody, killed, ledger.unfinished_erasure()) == (None, published, None)


def test_a_ledger_of_an_earlier_version_gets_the_columns_that_came_since(url):
    engine = control_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "create table step (run_seq bigint, name varchar(80), table_name varchar(80), rows_read bigint, "
                "rows_written bigint, rows_quarantined bigint, lake_version bigint, seconds float)"
            )
        )
        connection.execute(sa.text("insert into step values (1, 'silver_books', 'silver.books', 1, 1, 0, 0, 0.1)"))

    (step,) = RunLedger(url).steps(1)

    assert (step["name"], step["rows_inserted"]) == ("silver_books", None)


def test_publications_come_newest_first_with_the_run_that_built_their_tables(ledger):
    ledger.record_publication(1, run_seq=3, lake_run_seq=3)
    ledger.record_publication(2, run_seq=5, lake_run_seq=3)

    assert [(row["generation"], row["run_seq"], row["lake_run_seq"]) for row in ledger.publications()] == [
        (2, 5, 3),
        (1, 3, 3),
    ]


def test_a_run_says_who_holds_it_and_since_when(ledger):
    before = datetime.now(UTC) - timedelta(seconds=1)

    run = ledger.run(ledger.start("reload", "bookstore"))

    assert " process " in run["held_by"]
    assert before < datetime.fromisoformat(run["started_at"]) <= datetime.now(UTC)


def test_a_damaged_ledger_is_named_with_what_would_do(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_text("this is no database, and is longer than the header of one" * 10)

    with pytest.raises(LedgerError, match=r"ledger\.db: file is not a database.*move it away"):
        RunLedger(f"sqlite:///{path}")


def test_a_reload_that_wrote_and_did_not_publish_is_unfinished_until_one_publishes(ledger):
    published = ledger.start("reload", "bookstore")
    ledger.finish(published, "published")
    wrote_nothing = ledger.start("reload", "bookstore")
    ledger.finish(wrote_nothing, "failed")
    before = ledger.unfinished_read(published)

    wrote = ledger.start("reload", "bookstore")
    ledger.record_step(wrote, StepResult("silver_sales", "silver.sales", 1, 1, 0, 3, 0.1))
    ledger.finish(wrote, "failed")
    after = ledger.unfinished_read(published)
    last = ledger.start("reload", "bookstore")
    ledger.finish(last, "published")

    assert (before, after["run_seq"], ledger.unfinished_read(last)) == (None, wrote, None)


def test_what_is_kept_may_be_as_long_and_as_odd_as_a_source_makes_it(ledger):
    run_seq = ledger.start("reload", "bookstore")

    ledger.record_source_totals(run_seq, [SourceTotal("sales", "12024-05", "DOLLARS", 3, 2, 5, Decimal("1E+50"))])
    ledger.finish(run_seq, "failed", "a name with \0 in it; " + "ß" * 100_000)

    assert ledger.source_totals(run_seq)[0]["currency"] == "DOLLARS"
    assert ledger.run(run_seq)["detail"] == "a name with  in it; " + "ß" * 100_000


def test_many_may_open_a_new_ledger_at_once(url):
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: RunLedger(url).runs(), range(8)))

    assert opened == [[]] * 8


class TakenOver:
    """The lease of a run that another took over."""

    def confirm(self):
        raise LeaseLostError("taken over")

    def note_run(self, run_seq):
        self.confirm()


def test_a_run_that_lost_its_lease_writes_nothing_to_the_ledger_either(url):
    run_seq = RunLedger(url).start("reload", "bookstore")
    late = RunLedger(url, TakenOver())

    with pytest.raises(LeaseLostError):
        late.record_publication(1, run_seq, run_seq)
    with pytest.raises(LeaseLostError):
        late.start("reload", "bookstore")

    assert (late.publications(), len(late.runs())) == ([], 1)
